"""The double well and the Ornstein–Uhlenbeck case in diffrax, in f32: one solve for each replica, under `vmap`.

The gradient's noise makes SGD with learning rate η the Euler–Maruyama scheme of dX = −X dt + √η s dW with Δt = η.
"""

import functools

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from protocol import BETA, LEARNING_RATE, NOISE, TARGET, TIME_STEP, passage, serve, variance_of

seeds = iter(range(1, 1 << 30))


def solve(key, drift, spread, step_size, steps, event):
    path = diffrax.UnsafeBrownianPath(shape=(), key=key)
    terms = diffrax.MultiTerm(
        diffrax.ODETerm(lambda t, x, _: drift(x)), diffrax.ControlTerm(lambda t, x, _: spread, path)
    )
    solution = diffrax.diffeqsolve(
        terms, diffrax.Euler(), 0.0, step_size * steps, step_size, 1.0, max_steps=None, event=event,
        adjoint=diffrax.ForwardMode(), throw=False,
    )
    return solution.ys[0], solution.stats["num_steps"]


@functools.partial(jax.jit, static_argnums=1)
def escapes(key, replicas):
    event = diffrax.Event(lambda t, x, args, **_: x <= TARGET)
    spread = (2 / BETA) ** 0.5

    def one(key):
        return solve(key, lambda x: 4 * (x - x * x * x), spread, TIME_STEP, 2_000_000, event)[1]

    return jax.vmap(one)(jax.random.split(key, replicas))


@functools.partial(jax.jit, static_argnums=(1, 2))
def paths(key, replicas, steps):
    spread = LEARNING_RATE**0.5 * NOISE

    def one(key):
        return solve(key, lambda x: -x, spread, LEARNING_RATE, steps, None)[0]

    return jax.vmap(one)(jax.random.split(key, replicas))


serve(
    {
        ("double-well", "f32"): lambda replicas, _: passage(np.asarray(escapes(jax.random.key(next(seeds)), replicas))),
        ("ou", "f32"): lambda replicas, steps: variance_of(
            np.asarray(paths(jax.random.key(next(seeds)), replicas, steps)), steps
        ),
    }
)
