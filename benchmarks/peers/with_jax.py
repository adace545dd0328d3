"""The cases in JAX, in f32 as it is meant to be used: `scan` over steps of a whole ensemble, compiled."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from protocol import (ALPHA, BATCH, BETA, LEARNING_RATE, NOISE, TARGET, TIME_STEP, bell_of, digits, passage, serve,
                      variance_of, weights_of)

seeds = iter(range(1, 1 << 30))


def next_key():
    return jax.random.key(next(seeds))


# Steps between two looks at who has left; then the rest moves on in an array half as long, or shorter.
CHUNK = 256


@jax.jit
def escape_chunk(key, x, exits, done):
    spread = float(np.sqrt(2 * TIME_STEP / BETA))

    def step(state, inputs):
        x, exits = state
        key, number = inputs
        x = x + 4 * TIME_STEP * (x - x * x * x) + spread * jax.random.normal(key, x.shape)
        exits = jnp.where((exits == 0) & (x <= TARGET), number, exits)
        return (x, exits), None

    numbers = done + 1 + jnp.arange(CHUNK)
    (x, exits), _ = jax.lax.scan(step, (x, exits), (jax.random.split(key, CHUNK), numbers))
    return x, exits


def double_well(replicas, _):
    x, exits = jnp.ones(replicas), jnp.zeros(replicas, jnp.int32)
    done, found = 0, []
    live = replicas
    while live:
        x, exits = escape_chunk(next_key(), x, exits, done)
        done += CHUNK
        host = np.asarray(exits)
        running = np.flatnonzero(host == 0)
        live = len(running)
        if live <= len(host) // 2:
            found.append(host[host > 0])
            # Those who ran out leave; the array is filled up to its half with ones that do not count.
            size = max(len(host) // 2, 64) if live else 0
            places, flags = np.asarray(x)[running], np.zeros(live, np.int32)
            spare = size - live
            x = jnp.asarray(np.concatenate([places, np.full(spare, 1.0, np.float32)]))
            exits = jnp.asarray(np.concatenate([flags, np.full(spare, -1, np.int32)]))
    steps = np.concatenate(found) if found else np.zeros(0)
    return passage(steps[steps > 0])


@functools.partial(jax.jit, static_argnums=(1, 2))
def paths(key, replicas, steps):
    def step(x, key):
        return (1 - LEARNING_RATE) * x - LEARNING_RATE * NOISE * jax.random.normal(key, x.shape), None

    return jax.lax.scan(step, jnp.ones(replicas), jax.random.split(key, steps))[0]


def ornstein_uhlenbeck(replicas, steps):
    return variance_of(np.asarray(paths(next_key(), replicas, steps)), steps)


def loss(weights, x, y):
    outputs = x @ weights
    return (jax.nn.logsumexp(outputs, axis=1) - jnp.take_along_axis(outputs, y[:, None], 1)[:, 0]).mean()


@functools.partial(jax.jit, static_argnums=(1, 2))
def regressions(key, models, steps, pixels, classes):
    gradients = jax.vmap(jax.grad(loss))

    def step(weights, key):
        batch = jax.random.randint(key, (models, BATCH), 0, len(pixels))
        return weights - LEARNING_RATE * gradients(weights, pixels[batch], classes[batch]), None

    return jax.lax.scan(step, jnp.zeros((models, 65, 10)), jax.random.split(key, steps))[0]


@functools.cache
def digits_once():
    return tuple(map(jnp.asarray, digits()))


def softmax(models, steps):
    return weights_of(np.asarray(regressions(next_key(), models, steps, *digits_once())), steps)


@functools.partial(jax.jit, static_argnums=1)
def normal_variates(key, count):
    return jax.random.normal(key, (count,))


@functools.partial(jax.jit, static_argnums=1)
def stable_variates(key, count):
    first, second = jax.random.split(key)
    angle = jnp.pi * (jax.random.uniform(first, (count,)) - 0.5)
    clock = jax.random.exponential(second, (count,))
    return (
        jnp.sin(ALPHA * angle)
        / jnp.cos(angle) ** (1 / ALPHA)
        * (jnp.cos((1 - ALPHA) * angle) / clock) ** ((1 - ALPHA) / ALPHA)
    )


serve(
    {
        ("double-well", "f32"): double_well,
        ("ou", "f32"): ornstein_uhlenbeck,
        ("softmax", "f32"): softmax,
        ("normals", "f32"): lambda replicas, steps: bell_of(normal_variates(next_key(), replicas * steps)),
        ("stable", "f32"): lambda replicas, steps: bell_of(stable_variates(next_key(), replicas * steps)),
    }
)
