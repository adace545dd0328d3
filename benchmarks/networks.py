#!/usr/bin/env python3
"""Measures gradients, curvature and training of networks against the tools that a user would take instead; writes
results-networks.md.

    python benchmarks/networks.py            # everything, some fifteen minutes on an idle machine
    python benchmarks/networks.py --quick    # few repeats and no large network: shows that everything runs
    python benchmarks/networks.py --repeats 9

As in run.py, all tools of a case take turns, and two are compared by the median of the ratios of neighbouring turns.
"""

import argparse
import dataclasses
import datetime
import pathlib
import statistics
import subprocess
import sys
import tempfile

from machine import (CORES, HERE, PYTHON, ROOT, Contestant, busy, install_peers, meanwhile, processor, simd_levels,
                     target_directory, version_of)
from network_report import write

OURS = "sgdyn"
TOOLS = {"numpy": "numpy", "jax": "jax", "torch": "torch"}
SMALL, LARGE, TRAINED = "64-128-10", "64-960-960-10", "64-16-10"


@dataclasses.dataclass(frozen=True)
class Case:
    """A request, how it is shown, and how many times as fast as a peer we want to be."""

    request: str
    title: str
    aims: dict[str, float] = dataclasses.field(default_factory=dict)
    # Where the work is not one call: replicas times steps.
    updates: int = 0
    # Turns of what takes long, none of them left out: what is compiled is compiled before.
    turns: int = 0


CASES = [
    Case(f"gradients {SMALL} 10", "all per-sample gradients", {"numpy": 1.2}),
    Case(f"covariance {SMALL} 10", "top 20 of the covariance of the gradient", {"numpy": 1.55}),
    Case(f"product {SMALL} 200", "Hessian-vector product", {"jax": 1.075}),
    Case(f"hessian {SMALL} 2", "top 20 of the Hessian", {"jax": 1.3}),
    Case(f"product {LARGE} 5", "Hessian-vector product", {"jax": 1.41, "numpy": 1.65}),
    Case(f"hessian {LARGE} 1", "top 20 of the Hessian", {"jax": 1.54, "numpy": 1.82}, turns=2),
    Case("train-softmax 64-10 1000 500", "1,000 softmax regressions", {"jax": 2, "numpy": 2}, 500_000),
    Case(f"train-network {TRAINED} 1000 300", "1,000 networks", {"jax": 2, "numpy": 2}, 300_000),
]


def prepare():
    """Builds both programs and the environment of the peers; says which tools there are."""
    subprocess.run(["cargo", "build", "--release", "-p", "sgdyn", "--example", "network_speed"], cwd=ROOT, check=True)
    subprocess.run(["cargo", "build", "--release"], cwd=HERE / "limits", check=True)
    return install_peers(TOOLS)


def measure(case, running, repeats):
    """Rounds of answers, one by each tool in turn: tool → list of answers."""
    # A first answer is not counted: a peer compiles during it.
    present = [tool for tool in running if case.turns or running[tool].ask(case.request)]
    rounds = {tool: [] for tool in present}
    for _ in range(case.turns or repeats):
        for tool in present:
            rounds[tool].append(running[tool].ask(case.request))
    return {tool: answers for tool, answers in rounds.items() if all(answers)}


def row(tool, answers, ours):
    ratios = [theirs["seconds"] / mine["seconds"] for theirs, mine in zip(answers, ours)]
    return {
        "tool": tool,
        "seconds": statistics.median(answer["seconds"] for answer in answers),
        "times": (statistics.median(ratios), min(ratios), max(ratios)),
        "found": answers[-1]["found"],
    }


def peak(repeats):
    """Fused multiply-adds of f32 on registers alone, in GFLOP/s on one core: the best of some turns."""
    limit = Contestant("limit", [target_directory(HERE / "limits") / "release" / "limits"], 1)
    answers = [limit.ask("fused-multiply-add f32 1000 1000000") for _ in range(repeats + 1)]
    limit.close()
    return max(2e-9 * answer["work"] / answer["seconds"] for answer in answers)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two turns, small networks")
    parser.add_argument("--repeats", type=int, default=5, help="turns of every tool (default 5)")
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "results-networks.md", help="where the tables go")
    return parser.parse_args()


def main():
    asked = arguments()
    repeats = 2 if asked.quick else asked.repeats
    peers = prepare()
    before = busy()
    gigaflops = peak(repeats)
    with tempfile.TemporaryDirectory() as folder:
        names = [PYTHON, HERE / "peers" / "networks.py", folder, SMALL, LARGE]
        subprocess.run(names, check=True)
        commands = {OURS: [target_directory(ROOT) / "release" / "examples" / "network_speed"]}
        commands |= {tool: [PYTHON, HERE / "peers" / f"networks_{tool}.py"] for tool, _ in peers}
        running = {tool: Contestant(tool, [*command, "--weights", folder], 1) for tool, command in commands.items()}
        results = []
        for case in CASES:
            if asked.quick and LARGE in case.request:
                continue
            print(case.request, file=sys.stderr)
            rounds = measure(case, running, repeats)
            rows = [row(tool, answers, rounds[OURS]) for tool, answers in rounds.items()]
            results.append({"case": case, "rows": rows})
            for each in rows:
                print(f"  {each['tool']:6} {each['seconds']:.4g} s, sgdyn × {each['times'][0]:.2f}", file=sys.stderr)
        for contestant in running.values():
            contestant.close()
    others, stolen = meanwhile(before)
    write(asked.output, {
        "quick": asked.quick,
        "repeats": repeats,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "processor": processor(),
        "cores": len(CORES),
        "simd": simd_levels()[0],
        "busy": others,
        "stolen": stolen,
        "versions": [version_of("rustc", "--version"), version_of("git", "describe", "--always", "--dirty"),
                     f"Python {sys.version.split()[0]}", *(f"{TOOLS[tool]} {version}" for tool, version in peers)],
        "peak": gigaflops,
        "results": results,
    })
    print(f"written to {asked.output}", file=sys.stderr)


if __name__ == "__main__":
    main()
