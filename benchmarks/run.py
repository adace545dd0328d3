#!/usr/bin/env python3
"""Measures sgdyn against the tools that a user would take instead, and against plain loops, and writes results.md.

    python benchmarks/run.py                 # everything, some twenty minutes on an idle machine
    python benchmarks/run.py --quick         # the same on tiny sizes: shows that everything runs, measures nothing
    python benchmarks/run.py --only double-well ou --repeats 9

All tools of a case take turns, and every figure that compares two of them is the median of the ratios of
neighbouring turns, with the least and the greatest: what else the machine does then disturbs both alike.
"""

import argparse
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys

from cases import CASES, DIFFRAX_SIZES, FORMULA_COST, MEMORY, NUMBA_SIZES, ON_TWO, TWO_THREADS
from machine import (CORES, HERE, PYTHON, ROOT, Contestant, busy, install_peers, meanwhile, processor, simd_levels,
                     target_directory, version_of)
from report import write

OURS = "sgdyn"
LIMIT = "plain loops (limit)"


def prepare():
    """Builds both programs and the environment of the peers; says which tools there are."""
    subprocess.run(["cargo", "build", "--release", "-p", "sgdyn", "--example", "throughput"], cwd=ROOT, check=True)
    subprocess.run(["cargo", "build", "--release"], cwd=HERE / "limits", check=True)
    return install_peers({tool: tool for tool in ("numpy", "numba", "jax", "diffrax", "torch")})


def contestants(peers, threads, levels):
    """All processes of one number of threads; ours first, at its best SIMD level."""
    throughput = target_directory(ROOT) / "release" / "examples" / "throughput"
    limits = target_directory(HERE / "limits") / "release" / "limits"
    processes = [(OURS, [throughput])]
    processes += [(f"{OURS}, {level}", [throughput, "--simd", level]) for level in levels]
    processes += [(LIMIT, [limits]), ("scalar Rust, rand_distr", [limits, "--scalar"])]
    processes += [(f"{tool} {version}", [PYTHON, HERE / "peers" / f"with_{tool}.py"]) for tool, version in peers]
    return [Contestant(name, command, threads) for name, command in processes]


def size_for(name, case, shrink):
    """How much a contestant is asked for."""
    size = case.size if name in (OURS, LIMIT) else case.peer_size
    if name.startswith(OURS) and name != OURS:
        # Without fused multiply-adds of the processor the library emulates them, many times slower.
        part = 100 if name.endswith("portable") else 2
        size = (max(case.size[0] // part, 64), case.size[1])
    elif name.startswith("scalar") and case.peer_size != (0, 0):
        size = case.peer_size
    elif name.startswith("diffrax"):
        size = DIFFRAX_SIZES.get(case.key, (0, 0))
    elif name.startswith("numba"):
        size = NUMBA_SIZES.get(case.key, size)
    if size[0] == 0:
        return None
    return max(size[0] // shrink, 16), size[1]


def ask(contestant, case, size):
    """The answer to one request, with its rate; `None` where the case is not offered."""
    answer = contestant.ask(f"{case.name} {case.precision} {size[0]} {size[1]}")
    return answer and answer | {"rate": answer["work"] / answer["seconds"]}


def measure(case, running, repeats, shrink):
    """Rounds of answers, one by each contestant in turn: name → list of answers."""
    taking_part = {}
    for contestant in running:
        size = size_for(contestant.name, case, shrink)
        # The first answer is not counted: a peer compiles during it.
        if size and ask(contestant, case, size):
            taking_part[contestant] = size
    rounds = {contestant.name: [] for contestant in taking_part}
    for _ in range(repeats):
        for contestant, size in taking_part.items():
            rounds[contestant.name].append(ask(contestant, case, size))
    return rounds


def ratios(ours, theirs):
    """The median, the least and the greatest of ours over theirs, turn by turn."""
    each = [a["rate"] / b["rate"] for a, b in zip(ours, theirs)]
    return statistics.median(each), min(each), max(each)


def rows_of(rounds, exact):
    """One row a contestant: rate, how many times as fast ours is, value and how far it is from the exact one."""
    rows = []
    for name, answers in rounds.items():
        weight = [answer["stderr"] ** -2 for answer in answers]
        value = sum(w * answer["value"] for w, answer in zip(weight, answers)) / sum(weight)
        error = sum(weight) ** -0.5
        rows.append({
            "name": name,
            "rate": statistics.median(answer["rate"] for answer in answers),
            "ratio": ratios(rounds[OURS], answers),
            "value": value,
            "stderr": error,
            "z": (value - exact) / error if exact is not None else None,
        })
    if exact is None:
        # No exact value: the distance is that from ours.
        ours = rows[0]
        for row in rows[1:]:
            row["z"] = (row["value"] - ours["value"]) / (row["stderr"] ** 2 + ours["stderr"] ** 2) ** 0.5
    return rows


def memory(replicas, threads):
    """The peak of resident memory of a process that runs so many replicas, in KiB, with its answer."""
    throughput = target_directory(ROOT) / "release" / "examples" / "throughput"
    done = subprocess.run([throughput, "--threads", str(threads)], input=f"memory f64 {replicas} 0\n",
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny sizes, two repeats")
    parser.add_argument("--repeats", type=int, default=5, help="turns of every tool (default 5)")
    parser.add_argument("--only", nargs="+", metavar="CASE", help="names of cases, such as ou, or memory")
    parser.add_argument("--memory-replicas", type=int, default=MEMORY[0], help="replicas of the memory case")
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "results.md", help="where the tables go")
    return parser.parse_args()


def main():
    asked = arguments()
    shrink, repeats = (100, 2) if asked.quick else (1, asked.repeats)
    replicas = 100_000 if asked.quick else asked.memory_replicas
    chosen = [case for case in CASES if not asked.only or case.name in asked.only]
    peers = prepare()
    exact = json.loads(subprocess.run([PYTHON, HERE / "peers" / "reference.py"], capture_output=True, text=True,
                                      check=True).stdout)
    best, *lower = simd_levels()
    before = busy()
    one = contestants(peers, 1, lower)
    two = contestants([peer for peer in peers if peer[0] in ("numba", "jax", "torch")], 2, []) if len(CORES) > 1 else []
    results = []
    for case in chosen:
        print(f"{case.title}, {case.precision}", file=sys.stderr)
        rounds = measure(case, one, repeats, shrink)
        result = {"case": case, "rows": rows_of(rounds, exact.get(case.name)), "two": None}
        if two and case.key in ON_TWO:
            result["two"] = on_two(case, one, two, repeats, shrink, exact.get(case.name))
        results.append(result)
        for row in result["rows"]:
            print(f"  {row['name']:28} {row['rate']:.3g} {case.unit}, sgdyn × {row['ratio'][0]:.2f}", file=sys.stderr)
    formula = [cost_of_formula(precision, one[0], repeats, shrink) for precision in ("f64", "f32")
               if not asked.only or "double-well-formula" in asked.only]
    for contestant in one + two:
        contestant.close()
    others, stolen = meanwhile(before)
    held = memory(replicas, min(len(CORES), 2) or 1) if not asked.only or "memory" in asked.only else None
    write(asked.output, {
        "quick": asked.quick,
        "repeats": repeats,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "processor": processor(),
        "cores": len(CORES) or os.cpu_count(),
        "simd": best,
        "busy": others,
        "stolen": stolen,
        "versions": [version_of("rustc", "--version"), version_of("git", "describe", "--always", "--dirty"),
                     f"Python {sys.version.split()[0]}", *(" ".join(peer) for peer in peers)],
        "results": results,
        "formula": formula,
        "formula_cost": FORMULA_COST,
        "two_threads": TWO_THREADS,
        "memory": (replicas, held, MEMORY[1]) if held else None,
        "exact": exact,
    })
    print(f"written to {asked.output}", file=sys.stderr)


def on_two(case, one, two, repeats, shrink, exact):
    """A second set of rounds: everyone on two threads, with ours and the limit on one thread among them."""
    rounds = measure(case, two, repeats, shrink)
    alone = {contestant.name: contestant for contestant in one}
    speedup = {}
    for name in (OURS, LIMIT):
        pair = [alone[name], next(contestant for contestant in two if contestant.name == name)]
        size = size_for(name, case, shrink)
        if ask(pair[0], case, size) is None:
            continue
        turns = [[ask(contestant, case, size) for contestant in pair] for _ in range(repeats)]
        speedup[name] = ratios([turn[1] for turn in turns], [turn[0] for turn in turns])
    return {"rows": rows_of(rounds, exact), "speedup": speedup}


def cost_of_formula(precision, ours, repeats, shrink):
    """How many times longer a step of a typed formula takes than one by hand."""
    by_hand, typed = (next(case for case in CASES if case.key == f"{name} {precision}")
                      for name in ("double-well", "double-well-formula"))
    size = max(by_hand.size[0] // shrink, 16), 0
    turns = [(ask(ours, by_hand, size), ask(ours, typed, size)) for _ in range(repeats)]
    return precision, ratios([turn[0] for turn in turns], [turn[1] for turn in turns])


if __name__ == "__main__":
    main()
