"""The cases in PyTorch, eager: one tensor of replicas, one vectorised step at a time."""

import functools

import torch
from protocol import (BATCH, BETA, LEARNING_RATE, NOISE, TARGET, THREADS, TIME_STEP, bell_of, digits, passage, serve,
                      variance_of, weights_of)

torch.set_num_threads(THREADS)
torch.manual_seed(1)


def double_well(kind, replicas, _):
    spread = (2 * TIME_STEP / BETA) ** 0.5
    x = torch.ones(replicas, dtype=kind)
    who = torch.arange(replicas)
    exits = torch.zeros(replicas, dtype=torch.int64)
    done = 0
    while len(x):
        done += 1
        x += 4 * TIME_STEP * (x - x * x * x) + spread * torch.randn_like(x)
        inside = x <= TARGET
        if inside.any():
            exits[who[inside]] = done
            x, who = x[~inside], who[~inside]
    return passage(exits.numpy())


def ornstein_uhlenbeck(kind, replicas, steps):
    x = torch.ones(replicas, dtype=kind)
    z = torch.empty_like(x)
    for _ in range(steps):
        x.mul_(1 - LEARNING_RATE).add_(z.normal_(), alpha=-LEARNING_RATE * NOISE)
    return variance_of(x.numpy(), steps)


@functools.cache
def digits_once():
    pixels, classes = digits()
    return torch.tensor(pixels), torch.tensor(classes).long()


def softmax(models, steps):
    pixels, classes = digits_once()
    loss = torch.nn.functional.cross_entropy
    gradients = torch.func.vmap(torch.func.grad(lambda weights, x, y: loss(x @ weights, y)))
    weights = torch.zeros(models, 65, 10)
    for _ in range(steps):
        batch = torch.randint(0, len(pixels), (models, BATCH))
        weights -= LEARNING_RATE * gradients(weights, pixels[batch], classes[batch])
    return weights_of(weights.numpy(), steps)


def normals(kind, replicas, steps):
    return bell_of(torch.empty(replicas * steps, dtype=kind).normal_())


def in_both(case, function):
    kinds = {"f64": torch.float64, "f32": torch.float32}
    return {(case, name): functools.partial(function, kind) for name, kind in kinds.items()}


serve(
    in_both("double-well", double_well)
    | in_both("ou", ornstein_uhlenbeck)
    | in_both("normals", normals)
    | {("softmax", "f32"): softmax}
)
