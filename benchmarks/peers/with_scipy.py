"""Chains written by hand with SciPy's sparse matrices, solved with its LU factors (SuperLU)."""

import functools

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu, spsolve
from wells import BETA, HALF, TEMPERATURE, centres, distance_to_gibbs, line, plane, serve


def bernoulli(x):
    """x/(eˣ − 1)."""
    small = np.abs(x) < 1e-10
    return np.where(small, 1 - x / 2, x / np.expm1(np.where(small, 1.0, x)))


def generator(cells):
    """L, rows summing to 0, of the well in the plane: Scharfetter–Gummel rates between neighbours."""
    x = centres(cells)
    potential = BETA * plane(x[:, None], x)
    number = np.arange(cells * cells).reshape(cells, cells)
    scale = (cells / (2 * HALF)) ** 2 / BETA
    from_, to, rate = [], [], []
    for axis in (0, 1):
        rise = np.diff(potential, axis=axis).ravel()
        low, high = (np.delete(number, end, axis).ravel() for end in (-1, 0))
        from_ += [low, high]
        to += [high, low]
        rate += [scale * bernoulli(rise), scale * bernoulli(-rise)]
    places = np.concatenate(from_), np.concatenate(to)
    jumps = sp.csr_array((np.concatenate(rate), places), shape=(number.size, number.size))
    return (jumps - sp.diags_array(jumps.sum(axis=1))).tocsc(), potential


def stationary(cells, solve):
    """π L = 0 with one mass fixed, at the bottom of a well."""
    chain, potential = generator(cells)
    fixed = int(potential.argmin())
    rest = np.delete(np.arange(cells * cells), fixed)
    transposed = chain.T.tocsc()
    masses = np.ones(cells * cells)
    masses[rest] = solve(transposed[rest][:, rest].tocsc(), -transposed[rest][:, [fixed]].toarray().ravel())
    return lambda: {"distance": distance_to_gibbs(masses.reshape(cells, cells))}


def symmetric_order(matrix, right):
    """What helps SuperLU most with such matrices: the order of Aᵀ + A, and pivots on the diagonal."""
    options = {"SymmetricMode": True}
    return splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options).solve(right)


def passage(cells):
    """The mean time from −1 to 1: L τ = −1 on the centres before 1."""
    width = 4 / cells
    x = -2 + width * np.arange(3 * cells // 4 + 1)
    rise = np.diff(line(x)) / TEMPERATURE
    up, down = TEMPERATURE / width**2 * bernoulli(rise), TEMPERATURE / width**2 * bernoulli(-rise)
    # The last step up leads to the target; the first cell has a wall below.
    chain = sp.diags_array([down[:-1], -up - np.append(0.0, down[:-1]), up[:-1]], offsets=[-1, 0, 1]).tocsc()
    times = spsolve(chain, -np.ones(len(up)))

    def look():
        # Without subtractions: from i to i + 1 it takes t_i = (1 + down_i t_{i−1})/up_i.
        step, total = 0.0, 0.0
        for i, rate in enumerate(up):
            step = (1 + (down[i - 1] * step if i else 0.0)) / rate
            total += step if i >= cells // 4 else 0.0
        return {"time": float(times[cells // 4]), "chain": total}

    return look


serve(
    {
        "stationary": functools.partial(stationary, solve=spsolve),
        "stationary-symmetric": functools.partial(stationary, solve=symmetric_order),
        "passage-line": passage,
    }
)
