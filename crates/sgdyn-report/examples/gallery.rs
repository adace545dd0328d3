//! Writes the typical figures (SVG, PNG) and a report made of synthetic numbers to the folder given as argument.
//!
//! `cargo run -p sgdyn-report --example gallery -- /tmp/gallery`

use std::error::Error;
use std::f64::consts::PI;
use std::path::PathBuf;

use sgdyn_report::{
    Axis, Dash, Figure, HeatMap, Holds, Legend, Panel, Report, Series, Table, Values, Verdict,
};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("usage: gallery FOLDER")?);
    std::fs::create_dir_all(&folder)?;
    let figures = [
        ("variance", variance(), "Stationary variance of five modes; bars are 95 % intervals."),
        ("escape", escape(), "Mean escape time and the errors of two integrators."),
        ("survival", survival(), "Exits become exponential after the relaxation time."),
        ("histogram", histogram(), "A histogram and its density."),
        ("displacement", displacement(), "Reshuffled epochs return a flat mode to its start."),
        ("tail", tail(), "A Kesten tail with its fitted exponent."),
        ("heat", heat(), "Two matrices in colours."),
        ("groups", groups(), "Estimates by group."),
        ("edge_cases", edge_cases(), "What cannot be drawn is counted."),
    ];
    let mut report = report();
    for (name, figure, caption) in figures {
        std::fs::write(folder.join(format!("{name}.svg")), figure.to_svg())?;
        std::fs::write(folder.join(format!("{name}.png")), figure.to_png(2.0)?)?;
        report = report.figure(figure, caption);
    }
    std::fs::write(folder.join("report.html"), report.to_html())?;
    Ok(())
}

/// Synthetic scatter: the fractional parts of multiples of an irrational number, centred, of unit variance.
fn scatter(index: usize) -> f64 {
    ((index as f64 * 0.754_877_666 + 0.31).fract() - 0.5) * 12f64.sqrt()
}

fn geometric(low: f64, high: f64, count: usize) -> Vec<f64> {
    (0..count).map(|i| low * (high / low).powf(i as f64 / (count - 1) as f64)).collect()
}

fn linear(low: f64, high: f64, count: usize) -> Vec<f64> {
    (0..count).map(|i| low + (high - low) * i as f64 / (count - 1) as f64).collect()
}

fn map(x: &[f64], f: impl Fn(f64) -> f64) -> Vec<f64> {
    x.iter().map(|&x| f(x)).collect()
}

fn variance() -> Figure {
    let curvatures = [16.0, 8.0, 4.0, 2.0, 1.0];
    let rates = geometric(1e-3, 0.11, 9);
    let fine = geometric(1e-3, 0.11, 60);
    let mut main = Panel::new(Axis::log("learning rate η"), Axis::log("variance along the mode"));
    let mut ratio =
        Panel::new(Axis::log("learning rate η"), Axis::linear("measured / predicted").range(0.94, 1.06))
            .series(Series::band(fine.clone(), vec![0.98; 60], vec![1.02; 60]).color(7))
            .series(Series::horizontal(1.0));
    for (mode, &h) in curvatures.iter().enumerate() {
        let discrete = |rate: f64| rate * h / (h * (2.0 - rate * h));
        let sde = |rate: f64| rate / 2.0;
        let second = |rate: f64| rate / 2.0 / (1.0 + rate * h / 2.0);
        let measured: Vec<f64> = rates
            .iter()
            .enumerate()
            .map(|(i, &r)| discrete(r) * (1.0 + 0.01 * scatter(9 * mode + i)))
            .collect();
        let stderr = map(&measured, |value| 0.01 * value);
        let shift = 1.0 + 0.02 * (mode as f64 - 2.0);
        let scaled = |values: Vec<f64>| map(&values, |value| value * h);
        main = main
            .series(Series::line(fine.clone(), scaled(map(&fine, discrete))).color(mode))
            .series(Series::line(fine.clone(), scaled(map(&fine, sde))).color(mode).dash(Dash::Dashed))
            .series(Series::line(fine.clone(), scaled(map(&fine, second))).color(mode).dash(Dash::Dotted))
            .series(
                Series::points(rates.clone(), scaled(measured.clone()))
                    .error(scaled(stderr.clone()), 1.96)
                    .color(mode)
                    .label(format!("mode {}, λ = {h}", mode + 1)),
            );
        let quotient: Vec<f64> = rates.iter().zip(&measured).map(|(&r, m)| m / discrete(r)).collect();
        ratio = ratio.series(
            Series::points(map(&rates, |rate| rate * shift), quotient).error(vec![0.01; 9], 1.96).color(mode),
        );
    }
    let key = |label: &str, dash| Series::line([], []).ink().dash(dash).label(label);
    main = main
        .series(Series::band([], [], []).color(7).label("± 2 % (lower panel)"))
        .series(key("discrete SGD", Dash::Solid))
        .series(key("SDE, order 1", Dash::Dashed))
        .series(key("SME-2", Dash::Dotted));
    Figure::new("Stationary variance against three predictions")
        .subtitle("Quadratic valley, white noise; synthetic numbers; error bars: 95 %")
        .panel(main)
        .panel(ratio)
        .share_x()
        .panel_size(480.0, 320.0)
        .row_heights([1.0, 0.4])
}

fn escape() -> Figure {
    let beta = linear(1.0, 6.0, 11);
    let kramers = map(&beta, |b| PI / 8f64.sqrt() * b.exp());
    let exact: Vec<f64> =
        beta.iter().zip(&kramers).map(|(b, k)| k * (1.0 + 0.375 / b + 0.3 / (b * b))).collect();
    let times = Panel::new(Axis::linear("inverse temperature β"), Axis::log("mean escape time τ (time)"))
        .title("(a) escape from x = 1 to x = −1")
        .series(Series::line(beta.clone(), exact.clone()).color(0).label("exact (quadrature)"))
        .series(Series::line(beta.clone(), kramers).color(5).dash(Dash::Dashed).label("Eyring–Kramers"))
        .series(
            Series::points(beta.clone(), exact.clone())
                .error(map(&exact, |value| 0.01 * value), 1.96)
                .color(1)
                .label("Euler–Maruyama"),
        );
    let errors = |bias: f64, offset: usize| -> Vec<f64> {
        (0..beta.len()).map(|i| bias * (1.0 + 0.3 * beta[i]) + 0.25 * scatter(i + offset)).collect()
    };
    let relative = Panel::new(Axis::linear("inverse temperature β"), Axis::linear("relative error of τ (%)"))
        .title("(b) error at dt = 0.01")
        .series(Series::horizontal(0.0).label("exact"))
        .series(
            Series::points(beta.clone(), errors(-0.8, 0))
                .error(vec![0.25; 11], 1.96)
                .color(1)
                .label("Euler–Maruyama"),
        )
        .series(
            Series::points(map(&beta, |b| b + 0.06), errors(-0.03, 40))
                .error(vec![0.25; 11], 1.96)
                .color(2)
                .label("stochastic Heun"),
        );
    Figure::new("Escape time of the double well U = x⁴ − 2x²")
        .subtitle("Synthetic numbers; error bars: 95 %")
        .panel(times)
        .panel(relative)
        .columns(2)
        .panel_size(340.0, 260.0)
}

fn survival() -> Figure {
    let times: Vec<f64> = (0..300)
        .map(|i| 0.9 - 24.4 * (1.0 - (f64::from(i) + 0.5) / 300.0).ln() * (1.0 + 0.03 * scatter(i as usize)))
        .collect();
    let mut sorted = times;
    sorted.sort_by(f64::total_cmp);
    let mut x = vec![0.0];
    x.extend(&sorted);
    let y: Vec<f64> = (0..=300).map(|i| 1.0 - f64::from(i) / 300.0).collect();
    let error = map(&y, |s| 1.96 * (s * (1.0 - s) / 300.0).sqrt());
    // A band follows the steps when each value is given at both ends of its interval.
    let band =
        |sign: f64| y.iter().zip(&error).flat_map(|(s, e)| [s + sign * e; 2]).take(600).collect::<Vec<_>>();
    let ends: Vec<f64> = x.windows(2).flat_map(|pair| [pair[0], pair[1]]).collect();
    let reference = linear(0.0, 140.0, 50);
    let panel = Panel::new(Axis::linear("time t"), Axis::log("survival probability P(T > t)").lower(2e-3))
        .series(Series::band(ends, band(-1.0), band(1.0)).color(0))
        .series(Series::steps(x, y).color(0).label("measured, n = 300"))
        .series(
            Series::line(reference.clone(), map(&reference, |t| (-t / 24.4).exp()))
                .color(1)
                .dash(Dash::Dashed)
                .label("exponential, mean 24.4"),
        )
        .series(Series::vertical(12.7).label("relaxation time"));
    Figure::new("Survival in the left well").subtitle("Synthetic numbers; band: pointwise 95 %").panel(panel)
}

fn histogram() -> Figure {
    let edges = linear(-4.0, 4.0, 41);
    let density = |x: f64| (-x * x / 2.0).exp() / (2.0 * PI).sqrt();
    let heights: Vec<f64> =
        (0..40).map(|i| density(f64::midpoint(edges[i], edges[i + 1])) * (1.0 + 0.05 * scatter(i))).collect();
    let fine = linear(-4.0, 4.0, 200);
    let panel = |y: Axis| {
        Panel::new(Axis::linear("θ/σ"), y)
            .series(Series::bars(edges.clone(), heights.clone()).color(0).label("replicas"))
            .series(Series::line(fine.clone(), map(&fine, density)).color(1).label("Gaussian"))
    };
    Figure::new("Stationary density")
        .panel(panel(Axis::linear("density p(θ)")).title("(a) linear"))
        .panel(panel(Axis::log("density p(θ)")).title("(b) logarithmic").legend(Legend::Hidden))
        .columns(2)
        .panel_size(300.0, 230.0)
}

fn displacement() -> Figure {
    let batches = 50.0;
    let steps: Vec<f64> = (1..=250).map(f64::from).collect();
    let schemes = Panel::new(Axis::log("steps k"), Axis::log("mean-square displacement"))
        .series(Series::line(steps.clone(), map(&steps, |k| 1e-4 * k)).label("with replacement"))
        .series(Series::line(steps.clone(), map(&steps, |k| 0.8e-4 * k)).label("without, inside a batch"))
        .series(
            Series::line(
                steps.clone(),
                map(&steps, |k| {
                    let within = k % batches;
                    1e-4 * within * (batches - within) / (batches - 1.0)
                }),
            )
            .label("reshuffled epochs"),
        )
        .series(
            Series::line(steps.clone(), map(&steps, |k| 2e-5 * (1.0 - (-k / 10.0).exp())))
                .label("curved mode"),
        );
    Figure::new("Mean-square displacement of a flat mode")
        .subtitle("M = 50 batches per epoch; synthetic numbers")
        .panel(schemes)
}

fn tail() -> Figure {
    let sizes = geometric(0.1, 3e3, 60);
    let survival = map(&sizes, |x| (1.0 + x * x).powf(-1.0));
    let measured: Vec<f64> =
        survival.iter().enumerate().map(|(i, s)| s * (1.0 + 0.08 * scatter(i))).collect();
    let fitted = geometric(5.0, 3e3, 2);
    let panel = Panel::new(Axis::log("|θ|/σ"), Axis::log("P(|θ|/σ > x)"))
        .series(Series::points(sizes, measured).color(0).label("measured"))
        .series(
            Series::line(fitted.clone(), map(&fitted, |x| x.powf(-2.0)))
                .color(1)
                .label("fit beyond 5: κ = 1.98(4)"),
        )
        .series(Series::vertical(5.0).label("start of the fit"));
    Figure::new("Tail of the stationary law")
        .subtitle("Linear regression, d = 1, B = 1, η = 2/3: κ = 2 exactly; synthetic numbers")
        .panel(panel)
}

fn heat() -> Figure {
    let edges = linear(-2.0, 2.0, 61);
    let centers: Vec<f64> = edges.windows(2).map(|e| f64::midpoint(e[0], e[1])).collect();
    let grid = |f: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
        centers.iter().flat_map(|&y| centers.iter().map(move |&x| f(x, y)).collect::<Vec<_>>()).collect()
    };
    let potential = |x: f64, y: f64| (x * x - 1.0).powi(2) / 4.0 + 0.5 * (1.0 + 3.0 * x * x) * y * y;
    let density = HeatMap {
        x_edges: edges.clone(),
        y_edges: edges.clone(),
        values: grid(&|x, y| (-2.0 * potential(x, y)).exp()),
        label: "density (unnormalised)".into(),
        log: true,
    };
    let current = HeatMap {
        x_edges: edges.clone(),
        y_edges: edges.clone(),
        values: grid(&|x, y| x * (-x * x - y * y).exp()),
        label: "current along x".into(),
        log: false,
    };
    let panel = |map, title: &str| {
        Panel::new(Axis::linear("x"), Axis::linear("y")).title(title).series(Series::heat_map(map))
    };
    let path = Series::line(linear(-1.0, 1.0, 9), vec![0.0; 9]).ink().label("minimum-action path");
    Figure::new("Density and current in the plane")
        .panel(panel(density, "(a)").series(path))
        .panel(panel(current, "(b)"))
        .columns(2)
        .panel_size(260.0, 260.0)
}

fn groups() -> Figure {
    let names = ["with replacement", "without, inside a batch", "reshuffled epochs", "single shuffle"];
    let panel = Panel::new(Axis::categories("", names), Axis::linear("variance / prediction"))
        .legend(Legend::Outside)
        .series(Series::horizontal(1.0).label("prediction"))
        .series(
            Series::points([-0.08, 0.92, 1.92, 2.92], [1.01, 0.99, 0.72, 0.64])
                .error([0.02, 0.02, 0.03, 0.05], 1.96)
                .label("B = 1"),
        )
        .series(
            Series::points([0.08, 1.08, 2.08, 3.08], [0.98, 1.02, 0.81, f64::NAN])
                .error([0.02, 0.02, 0.03, 0.05], 1.96)
                .label("B = 16"),
        );
    Figure::new("Sampling schemes").subtitle("Synthetic numbers; error bars: 95 %").panel(panel)
}

fn edge_cases() -> Figure {
    let axes = |title: &str| Panel::new(Axis::linear("x"), Axis::linear("y")).title(title);
    let long: Vec<f64> = (0..100_000).map(f64::from).collect();
    let noise = (0..100_000).map(|i| scatter(i) + (i as f64 / 8000.0).sin() * 3.0).collect::<Vec<_>>();
    Figure::new("Edge cases: what has no place is counted, never drawn wrongly")
        .columns(3)
        .panel_size(220.0, 150.0)
        .panel(axes("empty"))
        .panel(axes("one point").series(Series::points([2.0], [3.0]).error([0.5], 1.0)))
        .panel(axes("equal values").series(Series::line([0.0, 1.0, 2.0], [1e6, 1e6, 1e6])))
        .panel(axes("gaps, infinities").series(Series::line(
            [0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
            [1.0, 2.0, f64::NAN, 3.0, f64::INFINITY, 2.0],
        )))
        .panel(
            Panel::new(Axis::linear("x"), Axis::log("y"))
                .title("zeros on a logarithmic axis")
                .series(Series::points([0.0, 1.0, 2.0, 3.0], [1.0, 0.0, -2.0, 30.0])),
        )
        .panel(axes("a hundred thousand points").series(Series::line(long, noise)))
        .panel(
            axes("narrow range about a large value")
                .series(Series::line([0.0, 1.0], [1e6 + 0.001, 1e6 + 0.009])),
        )
        .panel(axes("tiny and huge").series(Series::line([0.0, 3e-9], [-2e7, 5e7])))
        .panel(
            Panel::new(Axis::log("x"), Axis::log("y"))
                .title("many decades")
                .series(Series::line([1e-200, 1e200], [1e-40, 1e90])),
        )
}

fn report() -> Report {
    let beta = linear(1.0, 5.0, 20);
    let tau = map(&beta, |b| PI / 8f64.sqrt() * b.exp() * (1.0 + 0.375 / b));
    let error = map(&tau, |t| t * 0.0123);
    Report::new("Escape, stationary variance and tails of SGD")
        .description(
            "A gallery of the figures and tables that a study writes. All numbers are synthetic: they show the form of a \
             report, not a result.",
        )
        .verdict(Verdict {
            claim: "τ grows as exp(βΔU) between β = 3 and 5".into(),
            holds: Holds::Yes,
            detail: "slope 0.998(4) against 1; χ² = 9.1 on 11 degrees of freedom".into(),
        })
        .verdict(Verdict {
            claim: "SME-2 improves the stationary variance".into(),
            holds: Holds::No,
            detail: "relative error 9.5(1) % against 5.0(1) % of the first order, at η = 0.1".into(),
        })
        .verdict(Verdict {
            claim: "The tail exponent differs from 2".into(),
            holds: Holds::NotResolved,
            detail: "κ = 1.98(4); the 95 % interval holds 2".into(),
        })
        .table(
            Table::new("escape", "Mean escape times by inverse temperature.")
                .column("beta", Values::Number(beta.clone()))
                .column("tau", Values::Number(tau.clone()))
                .column("tau_stderr", Values::Number(error))
                .column("kramers", Values::Number(map(&beta, |b| PI / 8f64.sqrt() * b.exp())))
                .column("exits", Values::Integer((0..20).map(|i| 10_000 - 37 * i).collect()))
                .column("resolved", Values::Bool((0..20).map(|i| i < 18).collect())),
        )
        .settings("name = \"escape\"\nseed = 7\n\n[landscape]\nkind = \"double_well\"\n\n[sweep]\nbeta = [1.0, 3.0, 5.0] # <5 & >1\n")
        .provenance("version", "0.1.0")
        .provenance("seed", "7")
        .provenance("machine", "x86_64, AVX2")
        .provenance("threads", "2")
}
