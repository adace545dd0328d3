"""The cases of networks in JAX, compiled, in f32; SciPy's eigensolver."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from networks import BATCH, LEARNING_RATE, begin, biases, curvature, data, serve, weights_of
from protocol import digits

seeds = iter(range(1, 1 << 30))


def outputs(layers, x):
    for weights, bias in layers[:-1]:
        x = jnp.tanh(x @ weights + bias)
    return x @ layers[-1][0] + layers[-1][1]


def cross_entropy(z, y):
    return (jax.nn.logsumexp(z, axis=1) - jnp.take_along_axis(z, y[:, None], 1)[:, 0]).mean()


def problem(name):
    x, y = map(jnp.asarray, data())
    at, unravel = ravel_pytree([(jnp.asarray(w), jnp.asarray(b)) for w, b in weights_of(name)])
    # Weights and data are arguments everywhere: XLA would fold constants into the passes.
    return at, x, y, lambda at, x, y: cross_entropy(outputs(unravel(at), x), y)


def gradients(name):
    at, x, y, loss = problem(name)
    each = jax.jit(jax.vmap(lambda at, x, y: jax.grad(loss)(at, x[None], y[None]), (None, 0, 0)))
    found = float((np.asarray(each(at, x, y), "float64") ** 2).sum() / len(x))

    def work():
        each(at, x, y).block_until_ready()
        return [found]

    return work


# Compiled once.
@functools.cache
def hessian_product(name):
    at, x, y, loss = problem(name)
    multiply = jax.jit(lambda at, x, y, v: jax.jvp(lambda at: jax.grad(loss)(at, x, y), (at,), (v,))[1])
    product = lambda v: np.asarray(multiply(at, x, y, jnp.asarray(v)))
    product(np.zeros(len(at), np.float32))
    return product, len(at)


@functools.partial(jax.jit, static_argnums=(2, 3))
def trained(key, layers, steps, rows, pixels, classes):
    models = len(layers[0][0])
    gradients = jax.vmap(jax.grad(lambda layers, x, y: cross_entropy(outputs(layers, x), y)))

    def step(layers, key):
        batch = jax.random.randint(key, (models, BATCH), 0, rows)
        moves = gradients(layers, pixels[batch], classes[batch])
        return jax.tree.map(lambda value, move: value - LEARNING_RATE * move, layers, moves), None

    return jax.lax.scan(step, layers, jax.random.split(key, steps))[0]


@functools.cache
def on_device():
    return tuple(map(jnp.asarray, data()))


def train_network(name, models, steps):
    seed = next(seeds)
    layers = [tuple(map(jnp.asarray, layer)) for layer in begin(name, models, np.random.default_rng(seed))]
    pixels, classes = on_device()
    layers = trained(jax.random.key(seed), layers, steps, len(pixels), pixels, classes)
    return biases(layers[-1][1])


@functools.cache
def with_intercept():
    return tuple(map(jnp.asarray, digits()))


@functools.partial(jax.jit, static_argnums=(1, 2))
def regressions(key, models, steps, pixels, classes):
    gradients = jax.vmap(jax.grad(lambda weights, x, y: cross_entropy(x @ weights, y)))

    def step(weights, key):
        batch = jax.random.randint(key, (models, BATCH), 0, len(pixels))
        return weights - LEARNING_RATE * gradients(weights, pixels[batch], classes[batch]), None

    return jax.lax.scan(step, jnp.zeros((models, 65, 10)), jax.random.split(key, steps))[0]


def train_softmax(_, models, steps):
    return biases(regressions(jax.random.key(next(seeds)), models, steps, *with_intercept())[:, 64])


serve(
    {"gradients": gradients} | curvature(hessian_product),
    {"train-softmax": train_softmax, "train-network": train_network},
)
