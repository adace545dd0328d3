"""What both programs of measurements share: the processes they ask, the peers' environment, and facts about the machine."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
PYTHON = HERE / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


class Contestant:
    """A process that answers requests, pinned to as many cores as it has threads."""

    def __init__(self, name, command, threads):
        self.name, self.threads = name, threads
        environment = os.environ | {"JAX_PLATFORMS": "cpu", "PYTHONWARNINGS": "ignore"}
        for library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
            environment[f"{library}_NUM_THREADS"] = str(threads)
        cores = CORES[:threads]
        self.process = subprocess.Popen(
            [*map(str, command), "--threads", str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
            preexec_fn=(lambda: os.sched_setaffinity(0, cores)) if CORES else None,
        )

    def ask(self, request):
        """The answer to one request; `None` where the case is not offered."""
        self.process.stdin.write(f"{request}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            print(f"  {self.name} ended without an answer to {request}", file=sys.stderr)
            return None
        answer = json.loads(line)
        return None if "error" in answer else answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def install_peers(tools):
    """Makes the environment of the peers; says which of the tools (modules) there are, with their versions."""
    stamp = PYTHON.parent.parent / "installed"
    wanted = (HERE / "requirements.txt").read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", PYTHON.parent.parent], check=True)
        subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", "-r", HERE / "requirements.txt"], check=True)
        stamp.write_text(wanted)
    peers = []
    for tool, package in tools.items():
        # fplanck has no __version__.
        look = f"import {tool}, importlib.metadata; print(importlib.metadata.version('{package}'))"
        found = subprocess.run([PYTHON, "-c", look], capture_output=True, text=True)
        if found.returncode == 0:
            peers.append((tool, found.stdout.strip()))
        else:
            print(f"{tool} cannot be imported and is left out", file=sys.stderr)
    return peers


def target_directory(folder):
    metadata = subprocess.run(["cargo", "metadata", "--no-deps", "--format-version", "1"], cwd=folder,
                              capture_output=True, text=True, check=True)
    return pathlib.Path(json.loads(metadata.stdout)["target_directory"])


def processor():
    """The model's name, with family and model numbers: hypervisors shorten names."""
    fields = {}
    with contextlib.suppress(OSError):
        for line in open("/proc/cpuinfo", encoding="utf-8"):
            key, _, value = line.partition(":")
            fields.setdefault(key.strip(), value.strip())
    if "model name" not in fields:
        return "unknown"
    family = fields.get("cpu family", "?")
    # Of AMD's family 25, Zen 3 has no AVX-512.
    zen_4 = family == "25" and "avx512f" in fields.get("flags", "").split()
    kind = ", Zen 4: 512 bits in two halves" if zen_4 else ""
    return f"{fields['model name']} (family {family}, model {fields.get('model', '?')}{kind})"


def simd_levels():
    """What this processor has, the best first."""
    with contextlib.suppress(OSError):
        flags = next((line for line in open("/proc/cpuinfo", encoding="utf-8") if line.startswith("flags")), "").split()
        return [level for level, flag in (("avx512", "avx512dq"), ("avx2", "avx2")) if flag in flags] + ["portable"]
    return ["portable"]


def busy():
    """Seconds of all cores so far: in all, spent by other processes than ours, taken by the host."""
    with contextlib.suppress(OSError):
        ticks = [int(word) / os.sysconf("SC_CLK_TCK")
                 for word in open("/proc/stat", encoding="utf-8").readline().split()[1:9]]
        ours = sum(os.times()[:4])
        return sum(ticks), sum(ticks) - ticks[3] - ticks[4] - ticks[7] - ours, ticks[7]
    return 1, 0, 0


def meanwhile(before):
    """What happened since `before = busy()`: how many cores others kept busy, and the share that the host took. Our own
    processes must have ended, as only then is their time known."""
    after = busy()
    total = max(after[0] - before[0], 1)
    return max(after[1] - before[1], 0) / total * (os.cpu_count() or 1), (after[2] - before[2]) / total


def version_of(*command):
    with contextlib.suppress(OSError):
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout.strip()
    return "unknown"
