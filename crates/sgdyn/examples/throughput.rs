//! How many steps, variates and updates the library makes per second, on the cases that `benchmarks/run.py` compares.
//!
//! ```text
//! cargo build --release -p sgdyn --example throughput
//! echo "double-well f64 100000 0" | target/release/examples/throughput --threads 1 --lanes 256 --simd avx2
//! ```
//! Each line of the input is a request `CASE PRECISION REPLICAS STEPS`; each is answered by one line of JSON: the
//! seconds it took, the work done in that time, a value that tells whether the work was right with its standard error,
//! and the process's peak of resident memory so far. Starting threads, making the problem and summarising the replicas
//! are part of the time.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use sgdyn::ensemble::exit::{ExitProgram, HalfSpace, Side, Targets};
use sgdyn::ensemble::horizon::{HorizonProgram, Observations};
use sgdyn::ensemble::{Outcome, Plan, Start, UnitProgram, Units, run};
use sgdyn::landscape::{Field, formula_field, named};
use sgdyn::lanes::force_simd_level;
use sgdyn::noise::Isotropic;
use sgdyn::observe::Projection;
use sgdyn::oracle::{Minibatch, NoisyField};
use sgdyn::random::{Demand, LaneStream, Law, Purpose, Sampling, Seed, Variate};
use sgdyn::risk::{Dataset, GeneralisedLinear, Link};
use sgdyn::rule::continuous::{Diffusion, Equation, EulerMaruyama, Heun};
use sgdyn::rule::discrete::{Descent, StochasticGradientDescent};
use sgdyn::rule::{Rule, Schedule};
use sgdyn::statistics::{Estimate, Moments};

/// β of the double-well cases, and of the one that only fills memory.
const BETA: f64 = 3.0;
const MEMORY_BETA: f64 = 1.0;
const TIME_STEP: f64 = 0.005;
const TARGET: f64 = -0.5;
/// The learning rate and the standard deviation of the gradient noise of the Ornstein–Uhlenbeck case.
const LEARNING_RATE: f64 = 0.1;
const NOISE: f64 = 0.5;
/// Replicas advanced together unless `--lanes` says otherwise.
const LANES: usize = 256;
/// The index of the stable variates.
const ALPHA: f64 = 1.5;

/// What a request asks for, and how it is to run.
#[derive(Clone, Copy)]
struct Request {
    replicas: u64,
    steps: u64,
    threads: usize,
    /// Replicas advanced together in cases of one dimension.
    lanes: usize,
    seed: Seed,
}

/// What a case did and found.
struct Measured {
    work: f64,
    value: Estimate,
}

type Answer = Result<Measured, Box<dyn Error>>;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let option = |name: &str| {
        arguments.iter().position(|argument| argument == name).and_then(|place| arguments.get(place + 1))
    };
    let threads = option("--threads").map_or(Ok(1), |threads| threads.parse())?;
    let lanes = option("--lanes").map_or(Ok(LANES), |lanes| lanes.parse())?;
    if let Some(level) = option("--simd") {
        force_simd_level(level.parse()?)?;
    }
    for (number, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line?;
        let begin = Instant::now();
        match answer(&line, threads, lanes, Seed::new(1, number as u64)) {
            Ok(Measured { work, value }) => println!(
                r#"{{"seconds": {}, "work": {work}, "value": {}, "stderr": {}, "peak_kib": {}}}"#,
                begin.elapsed().as_secs_f64(),
                value.value,
                value.stderr,
                peak_kib()
            ),
            Err(error) => println!(r#"{{"error": {:?}}}"#, error.to_string()),
        }
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn answer(line: &str, threads: usize, lanes: usize, seed: Seed) -> Answer {
    let [case, precision, replicas, steps] = line.split_whitespace().collect::<Vec<_>>()[..] else {
        return Err(format!("`{line}` is not CASE PRECISION REPLICAS STEPS").into());
    };
    let request = Request { replicas: replicas.parse()?, steps: steps.parse()?, threads, lanes, seed };
    match precision {
        "f64" => in_precision::<f64>(case, request),
        "f32" => in_precision::<f32>(case, request),
        _ => Err(format!("precision `{precision}` is neither f64 nor f32").into()),
    }
}

fn in_precision<R: Variate>(case: &str, request: Request) -> Answer {
    let by_hand = || named::<R>("double-well", &BTreeMap::new());
    let by_formula = || formula_field::<R>("x^4 - 2*x^2", None, &BTreeMap::new());
    match case {
        "double-well" => exits(&EulerMaruyama::new(langevin(&by_hand()?, BETA), TIME_STEP), false, request),
        "double-well-formula" => {
            exits(&EulerMaruyama::new(langevin(&by_formula()?.0, BETA), TIME_STEP), false, request)
        }
        "double-well-heun" => exits(&Heun::new(langevin(&by_hand()?, BETA), TIME_STEP), true, request),
        "memory" => exits(&EulerMaruyama::new(langevin(&by_hand()?, MEMORY_BETA), TIME_STEP), false, request),
        "ou" => ornstein_uhlenbeck::<R>(request),
        "softmax" => softmax::<R>(request),
        "normals" => Ok(variates::<R>(Law::Normal, request)),
        "stable" => Ok(variates::<R>(Law::Stable { alpha: ALPHA }, request)),
        _ => Err(format!("there is no case `{case}`").into()),
    }
}

/// `dX = b dt + √(2/β) dW`.
fn langevin<R: Variate>(field: &Field<R>, beta: f64) -> Equation<R> {
    Equation { drift: field.drift.clone(), diffusion: Diffusion::Isotropic((2.0 / beta).sqrt()) }
}

/// Runs an ensemble to its end, with no store for checkpoints.
fn finish<P: UnitProgram>(program: &P, units: Units, request: Request) -> Result<P::Summary, Box<dyn Error>> {
    let stop = AtomicBool::new(false);
    let plan = Plan {
        threads: request.threads,
        stop: &stop,
        progress: None,
        store: None,
        save_every: Duration::from_secs(30),
    };
    match run(program, units, &plan)? {
        Outcome::Finished(summary) => Ok(summary),
        Outcome::Stopped(replicas) => Err(format!("stopped after {replicas} replicas").into()),
    }
}

/// The time of the first passage of `TARGET` from the right well; with Heun's rule, corrected inside steps.
fn exits<R: Variate>(rule: &dyn Rule<R>, correct_crossings: bool, request: Request) -> Answer {
    let target = HalfSpace { coordinate: 0, threshold: TARGET, side: Side::Below };
    let program = ExitProgram {
        rule,
        start: &Start::Point(vec![1.0]),
        targets: &Targets::nested(&[target]).ok_or("a target")?,
        correct_crossings,
        most_steps: 1 << 39,
        seed: request.seed,
        lanes: request.lanes,
    };
    let summary = finish(&program, Units::new(request.replicas, 1 << 14), request)?;
    let passages = if correct_crossings { &summary.corrected } else { &summary.at_steps };
    Ok(Measured { work: summary.steps as f64, value: passages[0].time.mean() })
}

/// Moments of the components along `directions` after so many steps from `start`.
fn horizon<R: Variate>(
    rule: &dyn Rule<R>,
    start: f64,
    directions: Vec<f64>,
    lanes: u64,
    request: Request,
) -> Result<Moments, Box<dyn Error>> {
    let observations = Observations {
        projection: Projection { reference: vec![0.0; rule.dimension()], directions },
        snapshots: vec![request.steps],
        covariance: false,
        displacement: false,
        logarithms: false,
        quantiles: false,
        histogram: None,
        average: None,
        paths: 0,
    };
    let program = HorizonProgram {
        rule,
        start: &Start::Point(vec![start; rule.dimension()]),
        steps: request.steps,
        observations: &observations,
        seed: request.seed,
    };
    let summary = finish(&program, Units::new(request.replicas, lanes), request)?;
    summary.snapshots.first().and_then(|last| last.components.first().copied()).ok_or("no steps".into())
}

/// SGD on `x²/2` with Gaussian noise; the value is the variance at the end.
fn ornstein_uhlenbeck<R: Variate>(request: Request) -> Answer {
    let noise = Isotropic { amplitude: NOISE, law: Law::Normal, dimension: 1 };
    let drift = named::<R>("quadratic", &BTreeMap::new())?.drift;
    let oracle = Arc::new(NoisyField { drift, noise: Some(Arc::new(noise)) });
    let rule = StochasticGradientDescent(Descent::new(oracle, LEARNING_RATE, Schedule::Constant, 0.0));
    let moments = horizon(&rule, 1.0, vec![1.0], request.lanes as u64, request)?;
    Ok(Measured { work: (request.replicas * request.steps) as f64, value: moments.variance() })
}

/// Softmax regression of the digits by SGD with batches of 32; the value is the mean of `Σ cos(i) θᵢ`.
fn softmax<R: Variate>(request: Request) -> Answer {
    let digits = Dataset::ready("digits")?.divided_by(16.0)?.with_intercept();
    let risk = Arc::new(GeneralisedLinear::<R>::new(Link::Softmax, &digits, 0.0)?);
    let oracle = Arc::new(Minibatch { risk, batch_size: 32, sampling: Sampling::WithReplacement });
    let rule = StochasticGradientDescent(Descent::new(oracle, LEARNING_RATE, Schedule::Constant, 0.0));
    let direction = (0..rule.dimension()).map(|coordinate| (coordinate as f64).cos()).collect();
    let moments = horizon(&rule, 0.0, direction, 16, request)?;
    Ok(Measured { work: (request.replicas * request.steps) as f64, value: moments.mean() })
}

/// Variates alone, as a simulation takes them; the value is the mean of `exp(−z²/2)`, which exists for every law.
fn variates<R: Variate>(law: Law, request: Request) -> Measured {
    const FILL: u64 = 16;
    let replicas: Vec<u64> = (0..LANES as u64).collect();
    let mut stream = LaneStream::<R>::new(Demand::new(Purpose::GradientNoise, law, 1), LANES, FILL as usize);
    let fills = (request.replicas * request.steps).div_ceil(FILL * LANES as u64);
    let mut values = Moments::new();
    for fill in 0..fills {
        stream.fill(request.seed, &replicas, &[fill * FILL; LANES]);
        let z = stream.step(0)[0].to_f64();
        values.push((-0.5 * z * z).exp());
    }
    Measured { work: (fills * FILL * LANES as u64) as f64, value: values.mean() }
}

/// The most memory that the process held at once, in KiB; 0 where the system does not say.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim_end_matches("kB").trim().parse().ok()).unwrap_or(0)
}
