"""The tables of results.md."""


def heading(title, program, explained, turns, found):
    """The first lines of a file of results: where it comes from, the machine and what else ran on it."""
    lines = [
        f"# {title}",
        "",
        f"Written by `python benchmarks/{program}`; what is compared and how is in [README.md]({explained}).",
        "",
    ]
    if found["quick"]:
        lines += ["**Small sizes (`--quick`): these figures show that everything runs. They measure nothing.**", ""]
    return lines + [
        f"{found['date']}, {found['processor']}, {found['cores']} cores, SIMD level {found['simd']}; {turns}. Meanwhile other "
        f"processes kept {found['busy']:.2f} cores busy, and the host took {100 * found['stolen']:.0f} % of the processor time away.",
        "",
        "; ".join(found["versions"]) + ".",
        "",
    ]


def write(path, found):
    """Writes what run.py found; every table says what its figures mean."""
    lines = heading("Benchmark results", "run.py", "README.md", f"{found['repeats']} turns each", found)
    lines += [
        "## Aims",
        "",
        *aims(found),
        "",
        "## One thread",
        "",
        "“sgdyn ×” is how many times as fast sgdyn is: the median over the turns, with the least and the greatest. The last",
        "column is the distance of the value found from the exact one in standard errors (from sgdyn's where none is exact).",
    ]
    for result in found["results"]:
        case = result["case"]
        lines += ["", f"### {case.title}, {case.precision}", "", *table(result["rows"], case.unit)]
    on_two = [result for result in found["results"] if result["two"]]
    if on_two:
        lines += ["", "## Two threads"]
    for result in on_two:
        case = result["case"]
        lines += ["", f"### {case.title}, {case.precision}", "", *table(result["two"]["rows"], case.unit)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def spread(ratio):
    median, least, greatest = ratio
    return f"{median:.3g} ({least:.3g}–{greatest:.3g})"


def table(rows, unit):
    lines = [f"| tool | {unit} | sgdyn × | value | distance |", "|---|---:|---:|---:|---:|"]
    for row in rows:
        distance = "" if row["z"] is None else f"{row['z']:+.1f}"
        times = "" if row["name"] == "sgdyn" else spread(row["ratio"])
        lines.append(
            f"| {row['name']} | {row['rate']:.3g} | {times} | {row['value']:.5g} ± {row['stderr']:.1g} | {distance} |"
        )
    return lines


def aims(found):
    """What was aimed at against what was reached; speed also as a part of what plain loops reach in the same turns."""
    lines = ["| aim | reached | of the plain loops' speed | met |", "|---|---:|---:|---|"]

    def line(aim, reached, of_limit, met):
        lines.append(f"| {aim} | {reached} | {of_limit} | {'yes' if met else 'no'} |")

    for result in found["results"]:
        case, rows = result["case"], {row["name"]: row for row in result["rows"]}
        limit = rows.get("plain loops (limit)")
        of_limit = spread(limit["ratio"]) if limit else ""
        if case.target:
            rate = rows["sgdyn"]["rate"]
            line(f"{case.key}: {case.target:.2g} {case.unit}", f"{rate:.3g}", of_limit, rate >= case.target)
    for result in found["results"]:
        speedup = (result["two"] or {}).get("speedup", {})
        if "sgdyn" in speedup:
            others = speedup.get("plain loops (limit)")
            of_limit = f"plain loops: {spread(others)}" if others else ""
            ours = speedup["sgdyn"]
            aim = f"{result['case'].key}: second thread × {found['two_threads']}"
            line(aim, spread(ours), of_limit, ours[0] >= found["two_threads"])
    for precision, cost in found["formula"]:
        aim = f"a typed formula costs at most × {found['formula_cost']}, {precision}"
        line(aim, spread(cost), "", cost[0] <= found["formula_cost"])
    if found["memory"]:
        replicas, answer, most = found["memory"]
        aim = f"{replicas:.0e} escapes at β = 1 within {most // 1024} MiB"
        z = (answer["value"] - found["exact"]["memory"]) / answer["stderr"]
        reached = f"{answer['peak_kib'] / 1024:.0f} MiB, {answer['seconds']:.0f} s, {z:+.1f} standard errors"
        line(aim, reached, "", answer["peak_kib"] <= most)
    return lines
