"""The cases of networks in NumPy and SciPy, derivatives by hand."""

import functools

import numpy as np
from networks import BATCH, COUNT, LEARNING_RATE, TOLERANCE, begin, biases, curvature, data, serve, weights_of
from protocol import digits

generator = np.random.default_rng(1)


def passes(layers, x, y):
    """Activations and errors ∂ℓ/∂z of all layers, with what ∂ℓ/∂a was before the slope of tanh."""
    activations = [x]
    for layer, (weights, bias) in enumerate(layers):
        z = activations[-1] @ weights + bias
        activations.append(z if layer == len(layers) - 1 else np.tanh(z))
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    errors, before = [p.copy()], []
    errors[0][np.arange(len(y)), y] -= 1
    for layer in range(len(layers) - 1, 0, -1):
        before.insert(0, errors[0] @ layers[layer][0].T)
        errors.insert(0, before[0] * (1 - activations[layer] ** 2))
    return activations, errors, before, p


def gradients(name):
    x, y = data()
    layers = weights_of(name)
    out = np.empty((len(x), sum(w.size + b.size for w, b in layers)), np.float32)

    def fill():
        activations, errors, _, _ = passes(layers, x, y)
        place = 0
        for (weights, bias), a, d in zip(layers, activations, errors):
            part = out[:, place:place + weights.size].reshape(-1, *weights.shape)
            np.multiply(a[:, :, None], d[:, None, :], out=part)
            out[:, place + weights.size:place + weights.size + bias.size] = d
            place += weights.size + bias.size

    fill()
    found = float(np.einsum("ij,ij->", out, out, dtype="float64") / len(x))

    def work():
        fill()
        return [found]

    return work


def covariance(name):
    """Layer by layer through the Gram matrix: nothing of the size of all gradients."""
    from scipy.sparse.linalg import eigsh

    x, y = data()
    layers = weights_of(name)
    start = generator.standard_normal(len(x)).astype(np.float32)

    def work():
        activations, errors, _, _ = passes(layers, x, y)
        gram = sum((a @ a.T + 1) * (d @ d.T) for a, d in zip(activations, errors))
        gram -= gram.mean(0)
        gram -= gram.mean(1, keepdims=True)
        gram /= len(x)
        values = eigsh(gram, COUNT, tol=TOLERANCE, v0=start, return_eigenvectors=False)
        return [0, *sorted(map(float, values), reverse=True)]

    return work


def hessian_product(name):
    """v → Hv with the passes kept: Pearlmutter's forward and backward passes along v."""
    x, y = data()
    layers = weights_of(name)
    activations, errors, before, p = passes(layers, x, y)
    cuts = np.cumsum([0] + [size for weights, bias in layers for size in (weights.size, bias.size)])

    def product(v):
        along = [(v[cuts[2 * i]:cuts[2 * i + 1]].reshape(w.shape), v[cuts[2 * i + 1]:cuts[2 * i + 2]])
                 for i, (w, _) in enumerate(layers)]
        tangents = [None]
        for layer, ((weights, _), (dw, db)) in enumerate(zip(layers, along)):
            z = activations[layer] @ dw + db
            if layer:
                z += tangents[layer] @ weights
            tangents.append(z if layer == len(layers) - 1 else z * (1 - activations[layer + 1] ** 2))
        z = tangents.pop()
        d = p * (z - (p * z).sum(1, keepdims=True))
        out = []
        for layer in range(len(layers) - 1, -1, -1):
            a = activations[layer]
            gradient = a.T @ d
            if layer:
                gradient += tangents[layer].T @ errors[layer]
            out[:0] = [gradient.ravel(), d.sum(0)]
            if layer:
                d = (d @ layers[layer][0].T + errors[layer] @ along[layer][0].T) * (1 - a * a) \
                    - 2 * a * tangents[layer] * before[layer - 1]
        return np.concatenate(out) / np.float32(len(x))

    return product, int(cuts[-1])


def train_softmax(_, models, steps):
    pixels, classes = map(np.asarray, digits_once())
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
    return biases(weights[:, 64])


@functools.cache
def digits_once():
    return digits()


def train_network(name, models, steps):
    pixels, classes = data()
    hot = np.eye(10, dtype=np.float32)[classes]
    layers = begin(name, models, generator)
    rate = np.float32(LEARNING_RATE / BATCH)
    for _ in range(steps):
        batch = generator.integers(0, len(pixels), (models, BATCH))
        activations = [pixels[batch]]
        for layer, (weights, bias) in enumerate(layers):
            z = activations[-1] @ weights + bias
            activations.append(np.tanh(z) if layer < len(layers) - 1 else z)
        d = np.exp(z - z.max(axis=2, keepdims=True))
        d /= d.sum(axis=2, keepdims=True)
        d -= hot[batch]
        for layer in range(len(layers) - 1, -1, -1):
            weights, bias = layers[layer]
            a = activations[layer]
            before = d @ weights.transpose(0, 2, 1) * (1 - a * a) if layer else None
            weights -= rate * (a.transpose(0, 2, 1) @ d)
            bias -= rate * d.sum(axis=1, keepdims=True)
            d = before
    return biases(layers[-1][1])


serve(
    {"gradients": gradients, "covariance": covariance} | curvature(hessian_product),
    {"train-softmax": train_softmax, "train-network": train_network},
)
