"""The tables of results-density.md."""

from report import heading, spread

TITLES = {
    "stationary": "stationary law",
    "passage-plane": "mean first passage of x ≤ −½ from all cells",
    "cube": "mean first passage of x ≥ ½ from all cells",
    "cube-occupation": "mean time in every cell from one start until x ≥ ½",
    "rotating": "rotating Ornstein–Uhlenbeck, ω = 0.8",
    "non-commuting": "H = [[1, 0.3], [0.3, 2]], D = [[0.5, 0.35], [0.35, 0.4]]",
}


def write(path, found):
    """Writes what density.py found; every table says what its figures mean."""
    turns = f"{found['repeats']} turns each, {found['big_repeats']} of the large grids"
    lines = heading("Benchmark results: densities", "density.py", "README.md#densities", turns, found)
    lines += [
        "## Aims",
        "",
        *aims(found),
        "",
        "## Stationary law of a double well in the plane",
        "",
        "U = x⁴ − 2x² + 2y² + xy/2 at β = 3 in ±2.5, one thread: making the chain and solving. “times sgdyn” is how many times as",
        "long a tool takes: the median over the turns, with the least and the greatest. The distance is Σ|p − q| to the Gibbs",
        "masses q at the centres of cells.",
    ]
    for case in found["stationary"]:
        lines += ["", f"### {case['cells']} × {case['cells']}", "", *stationary(case["rows"])]
    lines += [
        "",
        "## First passage at a low temperature",
        "",
        "From −1 to 1 in V = x⁴/4 − x²/2, dX = −V' dt + √(2ε) dW, ε = 0.0125, one thread: making the chain and solving. The error",
        f"is relative to quadrature, {found['line'][0]['exact']:.10e}. What LU loses is its distance from the exact answer of its own",
        "chain, which a recursion without subtractions gives; the rest is the error of its chain.",
    ]
    for case in found["line"]:
        lines += ["", f"### {case['cells']} cells", "", *line(case["rows"])]
    lines += [
        "",
        "## Large grids",
        "",
        "Two threads, a fresh process for each run: making the chain and solving. “seconds” are the clock's, “processor” those of",
        "all threads together; the peak is of resident memory.",
        "",
        *large(found),
        "",
        "In the plane, the well of above. From (1, 0) the mean time is "
        + ", ".join(f"{time:.8g}" for time in found["convergence"]["times"])
        + " with a quarter, half and all of",
        f"the cells along an axis: order {found['convergence']['order']:.3f} in the width, limit"
        f" {found['convergence']['limit']:.8g}. In the cube U = x⁴ − 2x² + y²/2 + z² at β = 5 in ±2,",
        "by iteration; the error is the greatest relative difference from elimination on the first axis alone, on the same",
        "grid (of the mean time to leave, where times in cells are asked for).",
        "",
        "## Currents",
        "",
        "Gaussian stationary states with a current, in a box of 4.75 standard deviations to each side, one thread. The current's",
        "error is its greatest in the box over the greatest current; those of entropy production are relative: from the rates of",
        "the chain, and as ∫ JᵀD⁻¹J/p from the current.",
        "",
        *currents(found["gaussians"]),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def stationary(rows):
    lines = ["| tool | seconds | processor | times sgdyn, clock | times sgdyn, processor | distance |",
             "|---|---:|---:|---:|---:|---:|"]
    for row in rows:
        times = [spread(row["times"][clock]) if row["times"][clock] and row is not rows[0] else ""
                 for clock in ("seconds", "cpu")]
        lines.append(f"| {row['name']} | {row['seconds']:.3g} | {row['cpu']:.3g} | {times[0]} | {times[1]} |"
                     f" {row['found']['distance']:.1e} |")
    return lines


def line(rows):
    lines = ["| tool | milliseconds | times sgdyn | error | lost by LU |", "|---|---:|---:|---:|---:|"]
    for row in rows:
        times = spread(row["times"]["seconds"]) if row is not rows[0] else ""
        rounding = f"{row['rounding']:.1e}" if row["rounding"] is not None else ""
        lines.append(f"| {row['name']} | {1e3 * row['seconds']:.3g} | {times} | {row['error']:.1e} | {rounding} |")
    return lines


def large(found):
    lines = ["| what | cells | seconds | processor | peak | error |", "|---|---:|---:|---:|---:|---:|"]
    for case in found["plane"] + found["cube"]:
        power = "²" if case in found["plane"] else "³"
        lines.append(f"| {TITLES[case['case']]} | {case['cells']}{power} | {case['seconds']:.3g} | {case['cpu']:.3g} |"
                     f" {case['gib']:.2f} GiB | {error_of(case, found)} |")
    return lines


def error_of(case, found):
    """The figure that tells how right a large case is."""
    if case["case"] == "passage-plane":
        limit = found["convergence"]["limit"]
        return f"{abs(case['found']['time'] / limit - 1):.1e} from the limit"
    if case["case"] == "stationary":
        return f"{case['found']['distance']:.1e}"
    return f"{case['found']['difference']:.1e}"


def currents(cases):
    lines = ["| case | cells | seconds | current | entropy production | from the current |", "|---|---:|---:|---:|---:|---:|"]
    for case in cases:
        errors = case["found"]
        lines.append(f"| {TITLES[case['case']]} | {case['cells']}² | {case['seconds']:.2g} | {errors['current']:.1e} |"
                     f" {errors['entropy']:.1e} | {errors['dissipation']:.1e} |")
    return lines


def aims(found):
    """What was aimed at against what was reached."""
    lines = ["| aim | reached | met |", "|---|---:|---|"]

    def aim(text, reached, met):
        lines.append(f"| {text} | {reached} | {'yes' if met else 'no'} |")

    for case in found["stationary"]:
        for row in case["rows"]:
            if row["aim"]:
                # The processor's time where it is known: others may keep us waiting.
                clock = "cpu" if row["times"]["cpu"] else "seconds"
                text = f"stationary law, {case['asked']}²: {row['aim']} times as fast as {row['name']}"
                aim(text, spread(row["times"][clock]), row["times"][clock][0] >= row["aim"])
    for case in found["line"]:
        error = abs(case["rows"][0]["error"])
        aim(f"low temperature, {case['cells']} cells: relative error below 1e-6", f"{error:.1e}", error < 1e-6)
    for case in found["plane"] + found["cube"]:
        seconds, gib, most = case["aims"]
        wanted, reached, met = [f"{seconds} s"], [f"{case['seconds']:.3g} s"], case["seconds"] < seconds
        if gib is not None:
            wanted.append(f"{gib} GiB")
            reached.append(f"{case['gib']:.2f} GiB")
            met &= case["gib"] < gib
        if most is not None:
            wanted.append(f"{most:.0e} from one axis")
            reached.append(error_of(case, found))
            met &= case["found"]["difference"] < most
        power = "²" if case in found["plane"] else "³"
        aim(f"{TITLES[case['case']]}, {case['cells']}{power}: within " + ", ".join(wanted), ", ".join(reached), met)
    for case in found["gaussians"]:
        errors, most = case["found"], case["most"]
        aim(f"{TITLES[case['case']]}, {case['cells']}²: current and entropy production to {most:.0e}",
            f"{errors['current']:.1e}, {errors['entropy']:.1e}", max(errors["current"], errors["entropy"]) <= most)
    return lines
