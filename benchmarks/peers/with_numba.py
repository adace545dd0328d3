"""The cases as loops compiled by Numba, as a user would write them.

On one thread with NumPy's Generator, which is Numba's fastest source of normal variates; on several with `prange` and
`numpy.random`, which has a state for each thread.
"""

import functools

import numba
import numpy as np
from protocol import (ALPHA, BATCH, BETA, LEARNING_RATE, NOISE, TARGET, THREADS, TIME_STEP, bell_of, digits, passage,
                      serve, variance_of, weights_of)

generator = np.random.default_rng(1)
SPREAD = np.sqrt(2 * TIME_STEP / BETA)
FACTOR = -LEARNING_RATE * NOISE


@numba.njit(fastmath=True)
def exits_on_one(generator, exits):
    for replica in range(len(exits)):
        x, steps = 1.0, 0
        while x > TARGET:
            x += 4 * TIME_STEP * (x - x * x * x) + SPREAD * generator.standard_normal()
            steps += 1
        exits[replica] = steps


@numba.njit(fastmath=True, parallel=True)
def exits_on_many(exits):
    for replica in numba.prange(len(exits)):
        x, steps = 1.0, 0
        while x > TARGET:
            x += 4 * TIME_STEP * (x - x * x * x) + SPREAD * np.random.standard_normal()
            steps += 1
        exits[replica] = steps


@numba.njit(fastmath=True)
def paths_on_one(generator, x, steps):
    for replica in range(len(x)):
        place = 1.0
        for _ in range(steps):
            place = (1 - LEARNING_RATE) * place + FACTOR * generator.standard_normal()
        x[replica] = place


@numba.njit(fastmath=True, parallel=True)
def paths_on_many(x, steps):
    for replica in numba.prange(len(x)):
        place = 1.0
        for _ in range(steps):
            place = (1 - LEARNING_RATE) * place + FACTOR * np.random.standard_normal()
        x[replica] = place


@numba.njit(fastmath=True)
def normals_on_one(generator, z):
    for i in range(len(z)):
        z[i] = generator.standard_normal()


@numba.njit(fastmath=True, parallel=True)
def normals_on_many(z):
    for i in numba.prange(len(z)):
        z[i] = np.random.standard_normal()


@numba.njit(fastmath=True, parallel=True)
def stable_variates(z):
    for i in numba.prange(len(z)):
        angle = np.pi * (np.random.random() - 0.5)
        clock = np.random.standard_exponential()
        z[i] = (
            np.sin(ALPHA * angle)
            / np.cos(angle) ** (1 / ALPHA)
            * (np.cos((1 - ALPHA) * angle) / clock) ** ((1 - ALPHA) / ALPHA)
        )


@numba.njit(fastmath=True, parallel=True)
def regressions(weights, pixels, classes, steps):
    samples, features = pixels.shape
    rate = np.float32(LEARNING_RATE / BATCH)
    for model in numba.prange(len(weights)):
        w = weights[model]
        gradient = np.empty((features, 10), np.float32)
        p = np.empty(10, np.float32)
        for _ in range(steps):
            gradient[:] = 0
            for _ in range(BATCH):
                sample = np.random.randint(samples)
                p[:] = 0
                for f in range(features):
                    for k in range(10):
                        p[k] += pixels[sample, f] * w[f, k]
                largest = p.max()
                total = np.float32(0)
                for k in range(10):
                    p[k] = np.exp(p[k] - largest)
                    total += p[k]
                for k in range(10):
                    p[k] /= total
                p[classes[sample]] -= 1
                for f in range(features):
                    for k in range(10):
                        gradient[f, k] += pixels[sample, f] * p[k]
            for f in range(features):
                for k in range(10):
                    w[f, k] -= rate * gradient[f, k]


def double_well(replicas, _):
    exits = np.zeros(replicas, np.int64)
    exits_on_one(generator, exits) if THREADS == 1 else exits_on_many(exits)
    return passage(exits)


def ornstein_uhlenbeck(replicas, steps):
    x = np.empty(replicas)
    paths_on_one(generator, x, steps) if THREADS == 1 else paths_on_many(x, steps)
    return variance_of(x, steps)


def normals(replicas, steps):
    z = np.empty(replicas * steps)
    normals_on_one(generator, z) if THREADS == 1 else normals_on_many(z)
    return bell_of(z)


def stable(replicas, steps):
    z = np.empty(replicas * steps)
    stable_variates(z)
    return bell_of(z)


@functools.cache
def digits_once():
    return digits()


def softmax(models, steps):
    weights = np.zeros((models, 65, 10), np.float32)
    regressions(weights, *digits_once(), steps)
    return weights_of(weights, steps)


numba.set_num_threads(THREADS)
serve(
    {
        ("double-well", "f64"): double_well,
        ("ou", "f64"): ornstein_uhlenbeck,
        ("normals", "f64"): normals,
        ("stable", "f64"): stable,
        ("softmax", "f32"): softmax,
    }
)
