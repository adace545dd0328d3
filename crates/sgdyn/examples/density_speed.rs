//! How long densities take and how many digits they have, on the cases that `benchmarks/density.py` compares.
//!
//! ```text
//! cargo build --release -p sgdyn --example density_speed
//! echo "stationary 200" | target/release/examples/density_speed --threads 1
//! ```
//! Each line of the input is a request `CASE CELLS`, with the cells along an axis; each is answered by one line of JSON: the
//! seconds it took, those of the processor on all threads, what was found, and the process's peak of resident memory so far.
//! Making the chain is part of the time, looking at the answer is not.

use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

use sgdyn::density::{
    Axis, DensityError, DiffusionProcess, FirstPassage, Grid, Method, ProbabilityCurrent, Rates, Solver,
    SparseSolver, Target, entropy_production, generator, generator_until, nodal_chain, occupation,
};
use sgdyn::theory::{
    Interpretation, Irreversibility, LinearDynamics, irreversibility, stationary_covariance,
};

/// β of the wells in the plane and in space.
const PLANE_BETA: f64 = 3.0;
const SPACE_BETA: f64 = 5.0;
/// ε of the well on a line, dX = −V' dt + √(2ε) dW.
const LINE_TEMPERATURE: f64 = 0.0125;
/// The plane's box is ±2.5, the cube's ±2.
const PLANE_HALF: f64 = 2.5;
const SPACE_HALF: f64 = 2.0;
/// What the factors of an elimination may take.
const FACTOR_BYTES: usize = 6 << 30;
/// Gaussians get a box of so many standard deviations to each side.
const DEVIATIONS: f64 = 4.75;

/// Seconds of the clock and of the processor, and what was found.
struct Measured {
    seconds: f64,
    processor_seconds: f64,
    found: Vec<(&'static str, f64)>,
}

type Answer = Result<Measured, Box<dyn Error>>;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let place = arguments.iter().position(|argument| argument == "--threads");
    let threads =
        place.and_then(|place| arguments.get(place + 1)).map_or(Ok(1), |threads| threads.parse())?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        match pool.install(|| answer(&line).map_err(|error| error.to_string())) {
            Ok(measured) => {
                let found = measured.found.iter().map(|(name, value)| format!(r#""{name}": {value:e}"#));
                println!(
                    r#"{{"seconds": {}, "cpu": {}, "peak_kib": {}, "found": {{{}}}}}"#,
                    measured.seconds,
                    measured.processor_seconds,
                    peak_kib(),
                    found.collect::<Vec<_>>().join(", ")
                );
            }
            Err(error) => println!(r#"{{"error": {error:?}}}"#),
        }
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn answer(line: &str) -> Answer {
    let [case, cells] = line.split_whitespace().collect::<Vec<_>>()[..] else {
        return Err(format!("`{line}` is not CASE CELLS").into());
    };
    let cells = cells.parse()?;
    match case {
        "stationary" => stationary_in_the_plane(cells),
        "passage-plane" => passage_in_the_plane(cells),
        "passage-line" => passage_on_a_line(cells, generator_until_target),
        "passage-line-nodal" => passage_on_a_line(cells, |process, grid, target| {
            nodal_chain(process, grid, Interpretation::Ito, Some(target))
        }),
        "cube" => passage_in_space(cells),
        "cube-occupation" => occupation_in_space(cells),
        "rotating" => gaussian(cells, [[1.0, -0.8], [0.8, 1.0]], [[0.5, 0.0], [0.0, 0.5]]),
        "non-commuting" => gaussian(cells, [[1.0, 0.3], [0.3, 2.0]], [[0.5, 0.35], [0.35, 0.4]]),
        _ => Err(format!("there is no case `{case}`").into()),
    }
}

/// What `question` takes and finds.
fn timed<T>(question: impl FnOnce() -> Result<T, DensityError>) -> Result<(T, f64, f64), DensityError> {
    let before = processor_seconds();
    let begin = Instant::now();
    let found = question()?;
    let seconds = begin.elapsed().as_secs_f64();
    Ok((found, seconds, processor_seconds() - before))
}

fn solver(method: Method) -> SparseSolver {
    SparseSolver::new(method, FACTOR_BYTES)
}

fn generator_until_target(
    process: &DiffusionProcess,
    grid: &Grid,
    target: &Target,
) -> Result<(Rates, Vec<usize>), DensityError> {
    generator_until(process, grid, Interpretation::Ito, target)
}

fn quartic(x: f64) -> f64 {
    x.powi(4) - 2.0 * x * x
}

/// U = x⁴ − 2x² + 2y² + xy/2 at β = 3.
fn plane_potential(x: &[f64]) -> f64 {
    quartic(x[0]) + 2.0 * x[1] * x[1] + 0.5 * x[0] * x[1]
}

fn plane(cells: usize) -> Result<(DiffusionProcess, Grid), DensityError> {
    let slope = |x: &[f64], gradient: &mut [f64]| {
        gradient[0] = 4.0 * (x[0].powi(3) - x[0]) + 0.5 * x[1];
        gradient[1] = 4.0 * x[1] + 0.5 * x[0];
    };
    let axis = Axis::uniform(-PLANE_HALF, PLANE_HALF, cells);
    Ok((
        DiffusionProcess::gibbs(2, plane_potential, slope, 1.0 / PLANE_BETA)?,
        Grid::new(vec![axis.clone(), axis])?,
    ))
}

/// The stationary law; found: Σ|p − q| against the Gibbs masses q at the centres.
fn stationary_in_the_plane(cells: usize) -> Answer {
    let ((grid, masses), seconds, processor_seconds) = timed(|| {
        let (process, grid) = plane(cells)?;
        let chain = generator(&process, &grid, Interpretation::Ito)?;
        let masses = solver(Method::Direct).stationary(&chain)?;
        Ok((grid, masses))
    })?;
    let mut centre = [0.0; 2];
    let weights: Vec<f64> = (0..grid.cells())
        .map(|cell| {
            grid.centre(cell, &mut centre);
            (-PLANE_BETA * (plane_potential(&centre) + 1.0)).exp()
        })
        .collect();
    let total: f64 = weights.iter().sum();
    let distance = masses.iter().zip(&weights).map(|(mass, weight)| (mass - weight / total).abs()).sum();
    Ok(Measured { seconds, processor_seconds, found: vec![("distance", distance)] })
}

/// The mean time from (1, 0) to x ≤ −0.5: the mean over the four cells that meet there, whose error falls with the
/// square of the width as does the chain's.
fn passage_in_the_plane(cells: usize) -> Answer {
    let ((kept, times), seconds, processor_seconds) = timed(|| {
        let (process, grid) = plane(cells)?;
        let target = Target::half_space(vec![1.0, 0.0], -0.5);
        let (chain, kept) = generator_until_target(&process, &grid, &target)?;
        let mut times = vec![0.0; chain.states()];
        solver(Method::Direct).resolvent(&chain)?.backward(&vec![1.0; chain.states()], &mut times)?;
        Ok((kept, times))
    })?;
    let (column, row) = ((0.7 * cells as f64).round() as usize, cells / 2);
    let around = [(column - 1, row - 1), (column - 1, row), (column, row - 1), (column, row)];
    let mut time = 0.0;
    for (column, row) in around {
        let state = kept.binary_search(&(column * cells + row)).map_err(|_| "the start is in the target")?;
        time += 0.25 * times[state];
    }
    Ok(Measured { seconds, processor_seconds, found: vec![("time", time)] })
}

/// The mean time from −1 to 1 in V = x⁴/4 − x²/2 at ε = 0.0125; both are centres of cells.
fn passage_on_a_line(
    cells: usize,
    chain_until: impl Fn(&DiffusionProcess, &Grid, &Target) -> Result<(Rates, Vec<usize>), DensityError>,
) -> Answer {
    let ((kept, times), seconds, processor_seconds) = timed(|| {
        let process = DiffusionProcess::gibbs(
            1,
            |x| x[0].powi(4) / 4.0 - x[0] * x[0] / 2.0,
            |x, gradient| gradient[0] = x[0].powi(3) - x[0],
            LINE_TEMPERATURE,
        )?;
        let width = 4.0 / cells as f64;
        let grid = Grid::new(vec![Axis::uniform(-2.0 - 0.5 * width, 2.0 - 0.5 * width, cells)])?;
        // The last bit of the centre that is 1 must not decide where the target begins.
        let target = Target::half_space(vec![-1.0], -1.0 + 1e-12);
        let (chain, kept) = chain_until(&process, &grid, &target)?;
        let mut times = vec![0.0; chain.states()];
        solver(Method::Direct).resolvent(&chain)?.backward(&vec![1.0; chain.states()], &mut times)?;
        Ok((kept, times))
    })?;
    let state = kept.binary_search(&(cells / 4)).map_err(|_| "the start is in the target")?;
    Ok(Measured { seconds, processor_seconds, found: vec![("time", times[state])] })
}

/// U = x⁴ − 2x² + y²/2 + z² at β = 5 until x ≥ 0.5, or its first axis alone: the chain and its cells.
fn space(dimension: usize, cells: usize) -> Result<(Rates, Vec<usize>), DensityError> {
    let process = DiffusionProcess::gibbs(
        dimension,
        |x| quartic(x[0]) + x.get(1).map_or(0.0, |y| 0.5 * y * y) + x.get(2).map_or(0.0, |z| z * z),
        |x, gradient| {
            for (axis, entry) in gradient.iter_mut().enumerate() {
                *entry = if axis == 0 { 4.0 * (x[0].powi(3) - x[0]) } else { axis as f64 * x[axis] };
            }
        },
        1.0 / SPACE_BETA,
    )?;
    let grid = Grid::new(vec![Axis::uniform(-SPACE_HALF, SPACE_HALF, cells); dimension])?;
    let mut normal = vec![0.0; dimension];
    normal[0] = -1.0;
    generator_until_target(&process, &grid, &Target::half_space(normal, -0.5))
}

/// Mean times on the first axis alone, by elimination.
fn times_on_the_first_axis(cells: usize) -> Result<Vec<f64>, DensityError> {
    Ok(FirstPassage::new(&space(1, cells)?.0, &solver(Method::Direct))?.mean)
}

/// Mean times from all cells by iteration; found: the greatest relative difference from those on the first axis alone.
fn passage_in_space(cells: usize) -> Answer {
    let line = times_on_the_first_axis(cells)?;
    let ((kept, times), seconds, processor_seconds) = timed(|| {
        let (chain, kept) = space(3, cells)?;
        let mut times = vec![0.0; chain.states()];
        solver(Method::Iterative).resolvent(&chain)?.backward(&vec![1.0; chain.states()], &mut times)?;
        Ok((kept, times))
    })?;
    let differences =
        kept.iter().zip(&times).map(|(cell, time)| (time / line[cell / (cells * cells)] - 1.0).abs());
    let found = vec![("time", times[0]), ("difference", differences.fold(0.0, f64::max))];
    Ok(Measured { seconds, processor_seconds, found })
}

/// The mean time spent in every cell from one start; found: by how much its sum differs from the mean time on the first
/// axis alone, relatively. Unlike the mean times, the answer varies along all axes.
fn occupation_in_space(cells: usize) -> Answer {
    let line = times_on_the_first_axis(cells)?;
    let (times, seconds, processor_seconds) = timed(|| {
        let (chain, kept) = space(3, cells)?;
        let start = (cells / 4 * cells + cells / 3) * cells + cells / 3;
        let law: Vec<f64> = kept.iter().map(|&cell| f64::from(u8::from(cell == start))).collect();
        occupation(&chain, &solver(Method::Iterative), &law)
    })?;
    let time: f64 = times.iter().sum();
    let found = vec![("time", time), ("difference", (time / line[cells / 4] - 1.0).abs())];
    Ok(Measured { seconds, processor_seconds, found })
}

/// dX = −A x dt + √(2D) dW; found: how far the current (over its greatest), the chain's entropy production and the
/// dissipation of the current (relatively) are from the closed forms.
fn gaussian(cells: usize, drift: [[f64; 2]; 2], tensor: [[f64; 2]; 2]) -> Answer {
    let (circulation, covariance, production) = closed_form(drift, tensor)?;
    let half = [covariance[0][0], covariance[1][1]].map(|variance| DEVIATIONS * variance.sqrt());
    let process = DiffusionProcess::from_functions(
        2,
        move |x, b| {
            for (entry, row) in b.iter_mut().zip(drift) {
                *entry = -row[0] * x[0] - row[1] * x[1];
            }
        },
        move |_, d| d.copy_from_slice(tensor.as_flattened()),
    )?;
    let grid = Grid::new(half.map(|half| Axis::uniform(-half, half, cells)).to_vec())?;
    let ((current, entropy, dissipation), seconds, processor_seconds) = timed(|| {
        let chain = generator(&process, &grid, Interpretation::Ito)?;
        let masses = solver(Method::Direct).stationary(&chain)?;
        let current = ProbabilityCurrent::new(&chain, &grid, &masses)?;
        let dissipation = current.dissipation(&process, &grid, &masses)?;
        Ok((current, entropy_production(&chain, &masses)?, dissipation))
    })?;
    let [[xx, xy], [_, yy]] = covariance;
    let determinant = xx * yy - xy * xy;
    let (mut worst, mut largest) = (0.0_f64, 0.0_f64);
    let mut centre = [0.0; 2];
    for cell in 0..grid.cells() {
        grid.centre(cell, &mut centre);
        let [x, y] = centre;
        // S⁻¹x and the Gaussian density.
        let force = [(yy * x - xy * y) / determinant, (xx * y - xy * x) / determinant];
        let density =
            (-0.5 * (x * force[0] + y * force[1])).exp() / (std::f64::consts::TAU * determinant.sqrt());
        let want = circulation.map(|row| (row[0] * force[0] + row[1] * force[1]) * density);
        let got = current.at(cell);
        worst = worst.max((got[0] - want[0]).hypot(got[1] - want[1]));
        largest = largest.max(want[0].hypot(want[1]));
    }
    let found = vec![
        ("current", worst / largest),
        ("entropy", (entropy / production - 1.0).abs()),
        ("dissipation", (dissipation / production - 1.0).abs()),
    ];
    Ok(Measured { seconds, processor_seconds, found })
}

type Matrix = [[f64; 2]; 2];

/// Q with J = QS⁻¹x p, the covariance S, and the entropy production. A drift that is a unit decay and a rotation by ω has
/// S = D, Q = [[0, ω], [−ω, 0]] D and 2ω² (isotropic D); a symmetric one is [`irreversibility`]'s.
fn closed_form(drift: Matrix, tensor: Matrix) -> Result<(Matrix, Matrix, f64), Box<dyn Error>> {
    if drift[0][1] == -drift[1][0] {
        let omega = drift[1][0];
        let turned = omega * tensor[0][0];
        return Ok(([[0.0, turned], [-turned, 0.0]], tensor, 2.0 * omega * omega));
    }
    let matrix = |m: Matrix, factor: f64| faer::Mat::from_fn(2, 2, |row, column| factor * m[row][column]);
    let (hessian, noise) = (matrix(drift, 1.0), matrix(tensor, 2.0));
    let dynamics = LinearDynamics::FirstOrderSde;
    let covariance = stationary_covariance(hessian.as_ref(), noise.as_ref(), 1.0, dynamics)?.covariance;
    let Irreversibility { circulation, entropy_production, .. } =
        irreversibility(hessian.as_ref(), noise.as_ref(), 1.0)?;
    let entries = |m: &faer::Mat<f64>| [0, 1].map(|row| [0, 1].map(|column| m[(row, column)]));
    Ok((entries(&circulation), entries(&covariance), entropy_production))
}

/// What all threads have had of the processor; 0 where the system does not say.
fn processor_seconds() -> f64 {
    // What a running thread has had so far is booked when it stops.
    std::thread::yield_now();
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return 0.0 };
    let nanoseconds = threads.flatten().filter_map(|thread| {
        let line = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        line.split_whitespace().next()?.parse::<f64>().ok()
    });
    nanoseconds.sum::<f64>() * 1e-9
}

/// The most memory that the process held at once, in KiB; 0 where the system does not say.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim_end_matches("kB").trim().parse().ok()).unwrap_or(0)
}
