#!/usr/bin/env python3
"""Compares splitting with pyTAMS on the double well of pyTAMS's own examples; writes results-rare-event.md.

    python benchmarks/rare_event.py              # some minutes, nearly all of them the peer's
    python benchmarks/rare_event.py --runs 4     # fewer runs of the peer

V = x⁴/4 − x²/2 + y², dX = −∇V dt + √0.2 dW by Euler–Maruyama with Δt = 0.01, from (−0.92, 0): the probability to get to a score
of 0.95 within t = 10. Both see paths at steps and use the score of the example as coordinate.
"""

import argparse
import csv
import datetime
import json
import math
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

from machine import CORES, HERE, PYTHON, ROOT, busy, install_peers, meanwhile, processor, target_directory, version_of

SCORE = "0.5 - 0.5*exp(-8*((x + 1)^2 + y^2)) + 0.5*exp(-8*((x - 1)^2 + y^2))"
STUDY = """
study = "rare-event"
landscape.formula = "x^4/4 - x^2/2 + y^2"
rule = {{ name = "langevin", beta = 10, step_size = 0.01, integrator = "euler-maruyama" }}
ensemble.replicas = 400_000
[rare-event]
start = [-0.92, 0.0]
target = "{score} >= 0.95"
within_time = 10
crossing_correction = false
method = "{method}"
{size}
"""
TRAJECTORIES = 25


def ours(program, method, runs, paths, replaced):
    """What sgdyn finds, with its time as a whole process on one thread."""
    size = ""
    if method != "ensemble":
        size = f'coordinate = "{SCORE}"\npaths = {paths}\nruns = {runs}\n'
    if method == "splitting":
        size += f"replaced = {replaced}\n"
    with tempfile.TemporaryDirectory() as folder:
        study, out = pathlib.Path(folder, "peer.toml"), pathlib.Path(folder, "out")
        study.write_text(STUDY.format(score=SCORE, method=method, size=size))
        began, used = time.perf_counter(), children()
        subprocess.run([program, "run", study, "--out", out, "--threads", "1"], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        seconds, cpu = time.perf_counter() - began, children() - used
        row = next(csv.DictReader((out / "tables" / "rows.csv").open(encoding="utf-8")))
    number = {key: float(row[key]) for key in ("probability", "probability_stderr", "probability_lower", "probability_upper")}
    name = {"splitting": "sgdyn, splitting", "forward-flux": "sgdyn, forward flux", "ensemble": "sgdyn, brute force"}[method]
    size = f"{runs} × {paths}" if runs else row["paths"]
    return {"name": name, "size": size, "value": number["probability"], "stderr": number["probability_stderr"],
            "interval": (number["probability_lower"], number["probability_upper"]), "seconds": seconds, "cpu": cpu}


def children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def peer(runs):
    """What pyTAMS finds: the mean of its runs, with Student's interval."""
    command = [PYTHON, HERE / "peers" / "with_pytams.py", str(runs), str(TRAJECTORIES)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().splitlines()[-1]
    found = json.loads(answer)
    mean, error = statistics.mean(found["runs"]), statistics.stdev(found["runs"]) / math.sqrt(runs)
    half = student(runs - 1) * error
    return {"name": "pyTAMS", "size": f"{runs} × {TRAJECTORIES}", "value": mean, "stderr": error,
            "interval": (max(mean - half, 0), mean + half), "seconds": found["seconds"], "cpu": found["cpu"]}


def student(degrees):
    """The 97.5 % quantile of Student's t, by bisection of Simpson's integral of its density."""
    scale = math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)) / math.sqrt(degrees * math.pi)
    density = lambda t: scale * (1 + t * t / degrees) ** (-(degrees + 1) / 2)

    def below(end, panels=2000):
        width = end / panels
        inner = sum((4 if k % 2 else 2) * density(k * width) for k in range(1, panels))
        return 0.5 + (density(0) + inner + density(end)) * width / 3

    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) < 0.975 else (low, middle)
    return low


def table(rows):
    """A line for each contestant; processor seconds to a relative standard error of 5 % go with the inverse square of the error."""
    lines = ["| | runs × paths | probability | 95 % interval | relative error | processor s | processor s for 5 % |",
             "|---|---|---|---|---|---|---|"]
    for row in rows:
        relative = row["stderr"] / row["value"]
        low, high = row["interval"]
        lines.append(f"| {row['name']} | {row['size']} | {row['value']:.5f} | {low:.5f} to {high:.5f} | {100 * relative:.1f} % "
                     f"| {row['cpu']:.2f} | {row['cpu'] * (relative / 0.05) ** 2:.3g} |")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10, help="runs of the peer (its example makes 10)")
    parser.add_argument("--program", type=pathlib.Path, help="a built sgdyn, instead of building one")
    options = parser.parse_args()
    program = options.program
    if not program:
        subprocess.run(["cargo", "build", "--release", "-p", "sgdyn-cli"], cwd=ROOT, check=True)
        program = target_directory(ROOT) / "release" / "sgdyn"
    peers = dict(install_peers({"pytams": "pytams"}))
    before = busy()
    rows = [ours(program, "splitting", options.runs, TRAJECTORIES, 1), ours(program, "splitting", 40, 1000, 50),
            ours(program, "forward-flux", 40, 1000, 0), ours(program, "ensemble", 0, 0, 0)]
    if "pytams" in peers:
        rows.insert(0, peer(options.runs))
    others, stolen = meanwhile(before)
    brute = rows[-1]
    distances = [abs(row["value"] - brute["value"]) / math.hypot(row["stderr"], brute["stderr"]) for row in rows[:-1]]
    lines = [
        "# Benchmark results: rare events",
        "",
        "Written by `python benchmarks/rare_event.py`; what is compared and how is in [README.md](README.md#rare-events).",
        "",
        f"{datetime.date.today()}, {processor()}, {len(CORES)} cores; one run. Meanwhile other processes kept {others:.2f} cores "
        f"busy, and the host took {100 * stolen:.0f} % of the processor time away.",
        "",
        "; ".join([version_of(str(program), "--version"), *(f"{name} {version}" for name, version in peers.items())]) + ".",
        "",
        *table(rows),
        "",
        f"Distances from brute force: at most {max(distances):.1f} standard errors of the difference.",
        "",
    ]
    (HERE / "results-rare-event.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))
    return 0 if max(distances) < 4 else 1


if __name__ == "__main__":
    sys.exit(main())
