"""How a peer is asked: one request `CASE PRECISION REPLICAS STEPS` a line, one line of JSON for each.

The parameters of the cases are those of crates/sgdyn/examples/throughput.rs. The number of threads comes from
`--threads`; run.py also pins the process to as many cores.
"""

import json
import math
import sys
import time

# β, Δt and the threshold of the double well U = x⁴ − 2x², from x = 1.
BETA, TIME_STEP, TARGET = 3.0, 0.005, -0.5
# SGD on x²/2 from x = 1: learning rate, and standard deviation of the gradient's noise.
LEARNING_RATE, NOISE = 0.1, 0.5
# Softmax regression.
BATCH = 32
ALPHA = 1.5

THREADS = int(sys.argv[sys.argv.index("--threads") + 1]) if "--threads" in sys.argv else 1


def passage(steps):
    """The answer for an array of first-passage steps."""
    n = len(steps)
    work = float(steps.sum(dtype="float64"))
    return work, work / n * TIME_STEP, float(steps.std(dtype="float64")) / math.sqrt(n) * TIME_STEP


def variance_of(x, steps):
    """The answer for the final places of an ensemble."""
    variance = float(x.var(dtype="float64"))
    return len(x) * steps, variance, variance * math.sqrt(2 / len(x))


def bell_of(z):
    """The answer for variates: the mean of exp(−z²/2) of a few, which exists for every law."""
    import numpy as np

    some = np.exp(-0.5 * np.asarray(z[:100_000], dtype="float64") ** 2)
    return len(z), float(some.mean()), float(some.std()) / math.sqrt(len(some))


def weights_of(weights, steps):
    """The answer for an ensemble of regressions, `[models × 65 × 10]`: the mean of Σ cos(i) θᵢ."""
    import numpy as np

    along = weights.reshape(len(weights), -1).astype("float64") @ np.cos(np.arange(650.0))
    return len(weights) * steps, float(along.mean()), float(along.std()) / math.sqrt(len(weights))


def digits():
    """The digits with pixels in 0…1 and an intercept, `[1797 × 65]` in f32, and their classes."""
    import gzip
    import pathlib

    import numpy as np

    file = pathlib.Path(__file__).parents[2] / "data" / "digits.csv.gz"
    with gzip.open(file, "rt") as text:
        table = np.genfromtxt(text, delimiter=",")
    pixels = np.concatenate([table[:, :64] / 16, np.ones((len(table), 1))], axis=1)
    return pixels.astype(np.float32), table[:, 64].astype(np.int32)


def serve(cases):
    """Answers requests from `cases`: (case, precision) → function of (replicas, steps) → (work, value, stderr)."""
    for line in sys.stdin:
        case, precision, replicas, steps = line.split()
        run = cases.get((case, precision))
        if run is None:
            print(json.dumps({"error": "no such case here"}), flush=True)
            continue
        begin = time.perf_counter()
        work, value, error = run(int(replicas), int(steps))
        seconds = time.perf_counter() - begin
        print(json.dumps({"seconds": seconds, "work": work, "value": value, "stderr": error}), flush=True)
