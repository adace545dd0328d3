"""The problems of the densities' cases, which are those of crates/sgdyn/examples/density_speed.rs, and how a peer is asked.

One request `CASE CELLS` a line, with the cells along an axis; one line of JSON for each: the seconds it took, those of the
processor, and what was found.
"""

import json
import sys
import time

import numpy as np

# U = x⁴ − 2x² + 2y² + xy/2 in ±2.5, dX = −∇U dt + √(2/β) dW.
BETA, HALF = 3.0, 2.5
# V = x⁴/4 − x²/2 at ε, from −1 to 1.
TEMPERATURE = 0.0125


def plane(x, y):
    return x**4 - 2 * x**2 + 2 * y**2 + 0.5 * x * y


def line(x):
    return x**4 / 4 - x**2 / 2


def centres(cells):
    """Along one axis of the plane."""
    return -HALF + 2 * HALF / cells * (np.arange(cells) + 0.5)


def distance_to_gibbs(masses):
    """Σ|p − q| with q the Gibbs masses at the centres, `[cells × cells]`."""
    x = centres(len(masses))
    gibbs = np.exp(-BETA * (plane(x[:, None], x) + 1))
    return float(np.abs(masses / masses.sum() - gibbs / gibbs.sum()).sum())


def serve(cases):
    """Answers requests from `cases`: name → function of the cells → a function that looks at what was found; only the
    first is timed."""
    for request in sys.stdin:
        case, cells = request.split()
        if case not in cases:
            print(json.dumps({"error": "no such case here"}), flush=True)
            continue
        begin, before = time.perf_counter(), time.process_time()
        look = cases[case](int(cells))
        seconds, processor = time.perf_counter() - begin, time.process_time() - before
        print(json.dumps({"seconds": seconds, "cpu": processor, "found": look()}), flush=True)
