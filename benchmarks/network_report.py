"""The tables of results-networks.md."""

from report import heading, spread

SAMPLES = 1797


def write(path, found):
    """Writes what networks.py found; every table says what its figures mean."""
    lines = heading("Benchmark results: networks", "networks.py", "README.md#networks", f"{found['repeats']} turns each, fewer of what takes long", found)
    lines += [
        "## Aims",
        "",
        "| aim | reached | met |",
        "|---|---:|---|",
        *aims(found["results"]),
        "",
        "## One thread, f32",
        "",
        "“× sgdyn” is how many times as long a tool takes: the median over the turns, with the least and the greatest. Rates of",
        "products count 2 products of matrices in the first layer and 6 in each other; fused multiply-adds on registers alone",
        f"reach {found['peak']:.0f} GFLOP/s on this core.",
    ]
    for result in found["results"]:
        case = result["case"]
        network = case.request.split()[1]
        lines += ["", f"### {case.title[0].upper()}{case.title[1:]}, {network}", "", *table(case, result["rows"], found["peak"])]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def table(case, rows, peak):
    what, name = case.request.split()[:2]
    rate = {"product": "GFLOP/s | of the peak", "train-softmax": "updates/s", "train-network": "updates/s"}.get(what, "products")
    lines = [f"| tool | milliseconds | × sgdyn | {rate} | found |", "|---|---:|---:|---:|" + "---:|" * (1 + rate.count("|"))]
    for row in rows:
        times = "" if row is rows[0] else spread(row["times"])
        middle, found = "", row["found"]
        if what == "product":
            gigaflops = 1e-9 * flops(name) / row["seconds"]
            middle = f"{gigaflops:.1f} | {100 * gigaflops / peak:.0f} %"
        elif case.updates:
            middle = f"{case.updates / row['seconds']:.3g}"
        elif what in ("covariance", "hessian"):
            middle = f"{found[0]:.0f}" if found[0] else ""
            found = [*found[1:4], found[-1]]
        shown = f"{found[0]:.4g} ± {found[1]:.1g}" if case.updates else ", ".join(f"{value:.5g}" for value in found)
        lines.append(f"| {row['tool']} | {1e3 * row['seconds']:.3g} | {times} | {middle} | {shown} |")
    return lines


def flops(name):
    """Of a Hessian-vector product over all samples with the passes kept."""
    widths = [int(width) for width in name.split("-")]
    return SAMPLES * sum((12 if layer else 4) * a * b for layer, (a, b) in enumerate(zip(widths, widths[1:])))


def aims(results):
    for result in results:
        case = result["case"]
        rows = {row["tool"]: row for row in result["rows"]}
        for tool, aim in case.aims.items():
            if tool in rows:
                times = rows[tool]["times"]
                met = "yes" if times[0] >= aim else "no"
                yield f"| {case.title}, {case.request.split()[1]}: {aim} × {tool} | {spread(times)} | {met} |"
