"""The cases in NumPy: one array of replicas, one vectorised step at a time."""

import functools

import numpy as np
from protocol import (ALPHA, BATCH, BETA, LEARNING_RATE, NOISE, TARGET, TIME_STEP, bell_of, digits, passage, serve,
                      variance_of, weights_of)

generator = np.random.default_rng(1)


def double_well(kind, replicas, _):
    step, spread = kind(TIME_STEP), kind(np.sqrt(2 * TIME_STEP / BETA))
    x = np.ones(replicas, kind)
    who = np.arange(replicas)
    exits = np.zeros(replicas, np.int64)
    done = 0
    while len(x):
        done += 1
        z = generator.standard_normal(len(x), kind)
        x += 4 * step * (x - x * x * x) + spread * z
        inside = x <= kind(TARGET)
        if inside.any():
            exits[who[inside]] = done
            x, who = x[~inside], who[~inside]
    return passage(exits)


def ornstein_uhlenbeck(kind, replicas, steps):
    x = np.ones(replicas, kind)
    z = np.empty_like(x)
    for _ in range(steps):
        generator.standard_normal(dtype=kind, out=z)
        z *= kind(-LEARNING_RATE * NOISE)
        x *= kind(1 - LEARNING_RATE)
        x += z
    return variance_of(x, steps)


def softmax(models, steps):
    pixels, classes = digits_once()
    hot = np.eye(10, dtype=np.float32)[classes]
    weights = np.zeros((models, 65, 10), np.float32)
    for _ in range(steps):
        batch = generator.integers(0, len(pixels), (models, BATCH))
        x = pixels[batch]
        p = x @ weights
        np.exp(p - p.max(axis=2, keepdims=True), out=p)
        p /= p.sum(axis=2, keepdims=True)
        p -= hot[batch]
        weights -= np.float32(LEARNING_RATE / BATCH) * (x.transpose(0, 2, 1) @ p)
    return weights_of(weights, steps)


@functools.cache
def digits_once():
    return digits()


def normals(kind, replicas, steps):
    return bell_of(generator.standard_normal(replicas * steps, kind))


def stable(kind, replicas, steps):
    """Chambers, Mallows and Stuck (1976), in pieces that stay in the cache."""
    pieces = []
    np.seterr(divide="ignore")  # An exponential variate of f32 can be 0.
    for _ in range(replicas):
        angle = np.pi * (generator.random(steps, kind) - kind(0.5))
        clock = generator.standard_exponential(steps, kind)
        pieces.append(
            np.sin(ALPHA * angle)
            / np.cos(angle) ** kind(1 / ALPHA)
            * (np.cos((1 - ALPHA) * angle) / clock) ** kind((1 - ALPHA) / ALPHA)
        )
    return bell_of(np.concatenate(pieces))


def in_both(case, function):
    kinds = {"f64": np.float64, "f32": np.float32}
    return {(case, name): functools.partial(function, kind) for name, kind in kinds.items()}


serve(
    in_both("double-well", double_well)
    | in_both("ou", ornstein_uhlenbeck)
    | in_both("normals", normals)
    | in_both("stable", stable)
    | {("softmax", "f32"): softmax}
)
