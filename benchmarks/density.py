#!/usr/bin/env python3
"""Measures densities and first passage on grids against the tools that a user would take instead; writes results-density.md.

    python benchmarks/density.py             # everything, some five minutes on an idle machine
    python benchmarks/density.py --quick     # the same on small grids: shows that everything runs, measures nothing
    python benchmarks/density.py --repeats 9

As in run.py, all tools of a case take turns, and two are compared by the median of the ratios of neighbouring turns.
"""

import argparse
import datetime
import json
import math
import pathlib
import statistics
import subprocess
import sys

from density_report import write
from machine import (CORES, HERE, PYTHON, ROOT, Contestant, busy, install_peers, meanwhile, processor, simd_levels,
                     target_directory, version_of)

OURS = "sgdyn"
TOOLS = {"scipy": "scipy", "fplanck": "fplanck", "pde": "py-pde"}

# Who answers which request, and how much faster we want to be, by cells along an axis.
STATIONARY = {
    200: [
        (OURS, "stationary", None),
        ("scipy", "stationary", ("scipy, spsolve", 2)),
        ("scipy", "stationary-symmetric", ("scipy, splu told that the pattern is symmetric", None)),
        ("fplanck", "stationary", ("fplanck", 10)),
        ("pde", "stationary", ("py-pde, explicit Euler until t = 5", 50)),
        ("pde", "stationary-longest", ("py-pde, with the longest stable steps", None)),
    ],
    300: [
        (OURS, "stationary", None),
        ("scipy", "stationary", ("scipy, spsolve", None)),
        ("scipy", "stationary-symmetric", ("scipy, splu told that the pattern is symmetric", None)),
        ("fplanck", "stationary", ("fplanck", 10)),
    ],
}
LINE = [(OURS, "passage-line", None), (OURS, "passage-line-nodal", "sgdyn, chain exact at the centres"),
        ("scipy", "passage-line", "scipy, spsolve")]
LINE_CELLS = [4_000, 64_000]
# Case, cells, what the most seconds, GiB and the greatest error may be.
PLANE = [("stationary", 1_000, 20, 6, None), ("passage-plane", 1_000, 20, 6, None)]
CUBE = [("cube", 100, 120, None, 1e-6), ("cube-occupation", 100, 120, None, 1e-6)]
GAUSSIANS = [("rotating", 200, 1e-3), ("non-commuting", 200, 1e-3)]
BIG_REPEATS = 3


def prepare():
    """Builds the program and the environment of the peers; says which tools there are."""
    subprocess.run(["cargo", "build", "--release", "-p", "sgdyn", "--example", "density_speed"], cwd=ROOT, check=True)
    return install_peers(TOOLS)


def program():
    return target_directory(ROOT) / "release" / "examples" / "density_speed"


def turns(running, who, cells, repeats):
    """Rounds of answers, one to each request in turn: (tool, case) → list of answers."""
    present = [(tool, case) for tool, case, *_ in who if tool in running]
    # The first answer is not counted: a peer compiles during it.
    present = [(tool, case) for tool, case in present if running[tool].ask(f"{case} {cells}")]
    rounds = {key: [] for key in present}
    for _ in range(repeats):
        for tool, case in present:
            rounds[tool, case].append(running[tool].ask(f"{case} {cells}"))
    return rounds


def row(name, answers, ours):
    """Medians of one contestant; how many times as long it takes as we do, turn by turn, by the clock and by the processor."""
    times = {}
    for clock in ("seconds", "cpu"):
        ratios = [theirs[clock] / mine[clock] for theirs, mine in zip(answers, ours) if mine[clock] > 0]
        times[clock] = (statistics.median(ratios), min(ratios), max(ratios)) if ratios else None
    return {
        "name": name,
        "seconds": statistics.median(answer["seconds"] for answer in answers),
        "cpu": statistics.median(answer["cpu"] for answer in answers),
        "times": times,
        "found": answers[-1]["found"],
    }


def stationary(running, cells, who, size, repeats):
    print(f"stationary law, {size} × {size}", file=sys.stderr)
    rounds = turns(running, who, size, repeats)
    rows = []
    for tool, case, shown in who:
        if (tool, case) in rounds:
            name, aim = shown or (OURS, None)
            rows.append(row(name, rounds[tool, case], rounds[OURS, "stationary"]) | {"aim": aim})
    return {"cells": size, "asked": cells, "rows": rows}


def line(running, size, repeats):
    print(f"first passage on a line, {size}", file=sys.stderr)
    rounds = turns(running, LINE, size, repeats)
    exact = passage_by_quadrature()
    rows = []
    for tool, case, name in LINE:
        if (tool, case) in rounds:
            found = row(name or OURS, rounds[tool, case], rounds[OURS, "passage-line"])
            time, chain = found["found"]["time"], found["found"].get("chain")
            rows.append(found | {"error": time / exact - 1, "rounding": chain and time / chain - 1})
    return {"cells": size, "rows": rows, "exact": exact}


def passage_by_quadrature():
    """The mean time from −1 to 1, (1/ε) ∫ e^{V(y)/ε} ∫_{−∞}^y e^{−V(z)/ε} dz dy, by Gauss's rule with 400 nodes."""
    script = """
import sys; sys.path.insert(0, sys.argv[1])
import numpy as np
from wells import TEMPERATURE, line
nodes, weights = np.polynomial.legendre.leggauss(400)
z = -2.5 + (nodes[:, None] + 2.5) * (nodes + 1) / 2
inner = (nodes + 2.5) / 2 * (np.exp((line(nodes)[:, None] - line(z)) / TEMPERATURE) @ weights)
print(repr(float(weights @ inner / TEMPERATURE)))
"""
    done = subprocess.run([PYTHON, "-c", script, HERE / "peers"], capture_output=True, text=True, check=True)
    return float(done.stdout)


def big(case, size, repeats):
    """Fresh processes on two threads, so that peaks of memory are this case's alone."""
    print(f"{case}, {size}", file=sys.stderr)
    answers = []
    for _ in range(repeats):
        contestant = Contestant(OURS, [program()], min(len(CORES), 2) or 1)
        answers.append(contestant.ask(f"{case} {size}"))
        contestant.close()
    return {
        "case": case,
        "cells": size,
        "seconds": statistics.median(answer["seconds"] for answer in answers),
        "cpu": statistics.median(answer["cpu"] for answer in answers),
        "gib": max(answer["peak_kib"] for answer in answers) / 2**20,
        "found": answers[-1]["found"],
    }


def convergence(ours, size):
    """Mean times in the plane with a quarter and half of the cells, then all: where they tend, and with which order."""
    times = [ours.ask(f"passage-plane {size * part // 4}")["found"]["time"] for part in (1, 2, 4)]
    before, last = times[1] - times[0], times[2] - times[1]
    return {"times": times, "order": math.log2(before / last), "limit": times[2] + last / 3}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small grids, two repeats")
    parser.add_argument("--repeats", type=int, default=5, help="turns of every tool (default 5)")
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "results-density.md", help="where the tables go")
    return parser.parse_args()


def main():
    asked = arguments()
    shrink, repeats = (5, 2) if asked.quick else (1, asked.repeats)
    peers = prepare()
    before = busy()
    running = {tool: Contestant(tool, [PYTHON, HERE / "peers" / f"with_{tool}.py"], 1) for tool, _ in peers}
    running[OURS] = Contestant(OURS, [program()], 1)
    found = {
        "stationary": [stationary(running, cells, who, cells // shrink, repeats) for cells, who in STATIONARY.items()],
        "line": [line(running, cells // shrink, repeats) for cells in LINE_CELLS],
        "gaussians": [],
    }
    for case, cells, most in GAUSSIANS:
        errors = running[OURS].ask(f"{case} {cells // shrink}")
        found["gaussians"].append({"case": case, "cells": cells // shrink, "most": most, **errors})
    for contestant in running.values():
        contestant.close()
    big_repeats = 1 if asked.quick else BIG_REPEATS
    found["plane"] = [big(case, cells // shrink, big_repeats) | {"aims": aims} for case, cells, *aims in PLANE]
    found["cube"] = [big(case, cells // shrink, big_repeats) | {"aims": aims} for case, cells, *aims in CUBE]
    ours = Contestant(OURS, [program()], min(len(CORES), 2) or 1)
    found["convergence"] = convergence(ours, PLANE[1][1] // shrink)
    ours.close()
    others, stolen = meanwhile(before)
    write(asked.output, found | {
        "quick": asked.quick,
        "repeats": repeats,
        "big_repeats": big_repeats,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "processor": processor(),
        "cores": len(CORES),
        "simd": simd_levels()[0],
        "busy": others,
        "stolen": stolen,
        "versions": [version_of("rustc", "--version"), version_of("git", "describe", "--always", "--dirty"),
                     f"Python {sys.version.split()[0]}", *(f"{TOOLS[tool]} {version}" for tool, version in peers)],
    })
    print(f"written to {asked.output}", file=sys.stderr)
    print(json.dumps(found["convergence"]), file=sys.stderr)


if __name__ == "__main__":
    main()
