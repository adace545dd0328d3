"""pyTAMS on the double well of its own examples, asked by benchmarks/rare_event.py: prints the runs and their time as JSON.

    python peers/with_pytams.py RUNS TRAJECTORIES

V = x⁴/4 − x²/2 + y², dX = −∇V dt + √ε dW with ε = 0.2, Δt = 0.01, from (−0.92, 0) within t = 10 to a score of 0.95.
"""

import json
import os
import pathlib
import resource
import sys
import tempfile
import time

import numpy as np
from pytams.fmodel import ForwardModelBaseClass
from pytams.tams import TAMS

EPSILON, STEP, END, START, SCORE = 0.2, 0.01, 10.0, (-0.92, 0.0), 0.95


class DoubleWell(ForwardModelBaseClass):
    """The double well in the plane."""

    def _init_model(self, m_id, params):
        self._state = np.array(START)
        self._random = np.random.default_rng()

    def _advance(self, step, time, dt, noise, need_end_state):
        x, y = self._state
        self._state = self._state + dt * np.array([x - x**3, -2 * y]) + np.sqrt(dt * EPSILON) * noise
        return dt

    def get_current_state(self):
        return self._state

    def set_current_state(self, state):
        self._state = state

    def make_noise(self):
        return self._random.standard_normal(2)

    def score(self):
        x, y = self._state
        return 0.5 - 0.5 * np.exp(-8 * ((x + 1) ** 2 + y**2)) + 0.5 * np.exp(-8 * ((x - 1) ** 2 + y**2))


def processor_seconds():
    """Of this process and of those that it started."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in usage)


def main():
    runs, trajectories = int(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        pathlib.Path("input.toml").write_text(
            f"[tams]\nntrajectories = {trajectories}\nnsplititer = {40 * trajectories}\nloglevel = \"ERROR\"\n"
            f"[runner]\ntype = \"asyncio\"\nnworker_init = 1\nnworker_iter = 1\n"
            f"[trajectory]\nend_time = {END}\nstep_size = {STEP}\ntargetscore = {SCORE}\n[model]\n"
        )
        began = time.perf_counter()
        found = [float(TAMS(fmodel_t=DoubleWell, a_args=[]).compute_probability()) for _ in range(runs)]
        seconds = time.perf_counter() - began
    print(json.dumps({"runs": found, "seconds": seconds, "cpu": processor_seconds()}))


if __name__ == "__main__":
    main()
