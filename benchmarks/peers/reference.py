"""The exact values that the cases must find, to a relative error far below that of any run."""

import json
import math

import numpy as np
from protocol import ALPHA, BETA, LEARNING_RATE, NOISE, TARGET, TIME_STEP


def chain(beta):
    """The mean first-passage time of the Euler–Maruyama chain: u = Δt + ∫ p(x, y) u(y) dy by Nyström's method."""
    nodes, weights = np.polynomial.legendre.leggauss(600)
    half = (2.6 - TARGET) / 2
    y, w = TARGET + half * (nodes + 1), half * weights
    variance = 2 * TIME_STEP / beta

    def kernel(x):
        mean = x + 4 * TIME_STEP * (x - x**3)
        return np.exp(-((y - mean[:, None]) ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance) * w

    times = np.linalg.solve(np.eye(len(y)) - kernel(y), np.full(len(y), TIME_STEP))
    return float(TIME_STEP + kernel(np.array([1.0]))[0] @ times)


def diffusion(beta):
    """The mean first-passage time of the diffusion, β ∫ₜ¹ exp(βU(y)) ∫_y^∞ exp(−βU(z)) dz dy."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    loss = lambda x: x**4 - 2 * x**2
    half = (1 - TARGET) / 2
    outer = TARGET + half * (nodes + 1)
    total = 0.0
    for y, w in zip(outer, half * weights):
        reach = (3.5 - y) / 2
        z = y + reach * (nodes + 1)
        total += w * np.exp(beta * loss(y)) * (reach * weights @ np.exp(-beta * loss(z)))
    return float(beta * total)


def bell_of_stable():
    """E exp(−Z²/2) = E exp(iGZ) = E exp(−|G|^α) with G normal."""
    nodes, weights = np.polynomial.legendre.leggauss(400)
    g = 6 * (nodes + 1)
    return float(6 * weights @ (np.exp(-(g**ALPHA) - g**2 / 2) * math.sqrt(2 / math.pi)))


keep = 1 - LEARNING_RATE
print(
    json.dumps(
        {
            "double-well": chain(BETA),
            "double-well-formula": chain(BETA),
            "double-well-heun": diffusion(BETA),
            "memory": chain(1.0),
            "ou": (LEARNING_RATE * NOISE) ** 2 / (1 - keep**2),
            "normals": math.sqrt(0.5),
            "stable": bell_of_stable(),
        }
    )
)
