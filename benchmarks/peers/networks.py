"""What the peers of networks.py share: weights, data, and how they are asked.

A request is `CASE NETWORK REPEATS`, or `train-… NETWORK MODELS STEPS`; an answer is a line of JSON with the shortest time
of one piece of work and what was found, as from crates/sgdyn/examples/network_speed.rs.
"""

import functools
import json
import pathlib
import struct
import sys
import time

import numpy as np
from protocol import BATCH, LEARNING_RATE, digits

COUNT, TOLERANCE = 20, 1e-3
FOLDER = pathlib.Path(sys.argv[sys.argv.index("--weights") + 1]) if "--weights" in sys.argv else None


def widths_of(name):
    return [int(width) for width in name.split("-")]


def weights_of(name):
    """W, `[inputs × outputs]`, and b of each layer: normal with standard deviation 1.5/√inputs, and 0."""
    generator = np.random.default_rng(0)
    widths = widths_of(name)
    return [((generator.standard_normal(pair) * 1.5 / pair[0] ** 0.5).astype(np.float32), np.zeros(pair[1], np.float32))
            for pair in zip(widths[:-1], widths[1:])]


def begin(name, models, generator):
    """Weights and biases as PyTorch draws them, uniform within ±1/√inputs, of many models: `[models × …]` each."""
    widths = widths_of(name)
    draw = lambda shape, inputs: generator.uniform(-1, 1, (models, *shape)).astype(np.float32) / np.float32(inputs**0.5)
    return [(draw(pair, pair[0]), draw((1, pair[1]), pair[0])) for pair in zip(widths[:-1], widths[1:])]


def biases(last):
    """The answer for trained models: the mean of Σ cos(i) bᵢ over the biases `last`, `[models × 10]`, and its error."""
    along = np.asarray(last, "float64").reshape(-1, 10) @ np.cos(np.arange(10.0))
    return [float(along.mean()), float(along.std() / len(along) ** 0.5)]


@functools.cache
def data():
    """Pixels in 0…1, `[1797 × 64]`, and classes."""
    pixels, classes = digits()
    return np.ascontiguousarray(pixels[:, :64]), classes


def write_weights(name, path):
    """As safetensors under the names of `torch.nn.Sequential(Linear, Tanh, …)`."""
    header, content = {}, b""
    for layer, (weights, bias) in enumerate(weights_of(name)):
        for what, tensor in (("weight", weights.T), ("bias", bias)):
            values = np.ascontiguousarray(tensor).tobytes()
            header[f"{2 * layer}.{what}"] = {"dtype": "F32", "shape": list(tensor.shape),
                                             "data_offsets": [len(content), len(content) + len(values)]}
            content += values
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content)


def largest(operator, dimension):
    """The `COUNT` largest eigenvalues of what `operator` multiplies a vector with, by ARPACK, and the products used."""
    from scipy.sparse.linalg import LinearOperator, eigsh

    products = 0

    def multiply(vector):
        nonlocal products
        products += 1
        return operator(np.ascontiguousarray(vector.reshape(-1), np.float32))

    start = np.random.default_rng(5).standard_normal(dimension).astype(np.float32)
    values = eigsh(LinearOperator((dimension, dimension), matvec=multiply, dtype=np.float32), COUNT, which="LA",
                   tol=TOLERANCE, v0=start, return_eigenvectors=False)
    return [products, *sorted(map(float, values), reverse=True)]


def curvature(hessian_product):
    """The cases of products and eigenvalues, from a function of the network that makes its passes and returns v → Hv and
    the number of parameters. The passes are part of the time of eigenvalues alone."""

    def product(name):
        multiply, dimension = hessian_product(name)
        v = np.random.default_rng(7).standard_normal(dimension).astype(np.float32)
        found = float(v @ multiply(v) / (v @ v))

        def work():
            multiply(v)
            return [found]

        return work

    return {"product": product, "hessian": lambda name: lambda: largest(*hessian_product(name))}


def serve(cases, trainings):
    """Answers requests from `cases`: name → function of the network → the work to time, which returns what was found;
    and from `trainings`: name → function of network, models and steps."""
    prepared = functools.cache(lambda case, name: cases[case](name))
    for line in sys.stdin:
        case, name, *numbers = line.split()
        if case in cases:
            work, repeats = prepared(case, name), int(numbers[0])
        elif case in trainings:
            work, repeats = functools.partial(trainings[case], name, *map(int, numbers)), 1
        else:
            print(json.dumps({"error": "no such case here"}), flush=True)
            continue
        shortest = float("inf")
        for _ in range(repeats):
            start = time.perf_counter()
            found = work()
            shortest = min(shortest, time.perf_counter() - start)
        print(json.dumps({"seconds": shortest, "found": found}), flush=True)


if __name__ == "__main__":
    # networks.py FOLDER NETWORK…: the weights that every tool begins with.
    for network in sys.argv[2:]:
        write_weights(network, pathlib.Path(sys.argv[1]) / f"{network}.safetensors")
