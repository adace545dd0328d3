//! How long gradients, curvature and training of networks take, on the cases that `benchmarks/networks.py` compares.
//!
//! ```text
//! cargo build --release -p sgdyn --example network_speed
//! echo "product 64-128-10 100" | target/release/examples/network_speed --threads 1 --weights FOLDER
//! ```
//! All 1,797 digits go through networks with tanh, in f32, with the weights of `FOLDER/64-128-10.safetensors`. Each line
//! of the input is a request `CASE NETWORK REPEATS`, for training `train-… NETWORK MODELS STEPS`; each is answered by
//! one line of JSON: the shortest time of one piece of work in seconds, and what was found. The passes through the network are
//! part of the time, but for `product`, which keeps them.

use std::error::Error;
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use sgdyn::ensemble::horizon::{HorizonProgram, Observations};
use sgdyn::ensemble::{Outcome, Plan, Start, Units, run};
use sgdyn::krylov::{Eigenpairs, Lanczos, SymmetricMatrix, VectorProduct};
use sgdyn::observe::Projection;
use sgdyn::oracle::Minibatch;
use sgdyn::random::{Sampling, Seed};
use sgdyn::risk::network::{Activation, Dense, Loss, Network, NetworkRisk, read_weights};
use sgdyn::risk::{Dataset, EmpiricalRisk, GeneralisedLinear, Link, Workspace};
use sgdyn::rule::Schedule;
use sgdyn::rule::discrete::{Descent, StochasticGradientDescent};

/// Eigenvalues asked for, and the relative residual that they must have.
const COUNT: usize = 20;
const TOLERANCE: f64 = 1e-3;
/// Training.
const BATCH: usize = 32;
const LEARNING_RATE: f64 = 0.1;

type Answer = Result<(f64, Vec<f64>), Box<dyn Error>>;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let option = |name: &str| {
        arguments.iter().position(|argument| argument == name).and_then(|place| arguments.get(place + 1))
    };
    let threads = option("--threads").map_or(Ok(1), |threads| threads.parse())?;
    let weights = PathBuf::from(option("--weights").ok_or("give --weights FOLDER")?);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        match pool.install(|| answer(&line, &weights, threads).map_err(|error| error.to_string())) {
            Ok((seconds, found)) => {
                println!(r#"{{"seconds": {seconds}, "found": {found:?}, "peak_kib": {}}}"#, peak_kib());
            }
            Err(error) => println!(r#"{{"error": {error:?}}}"#),
        }
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn answer(line: &str, weights: &std::path::Path, threads: usize) -> Answer {
    let words: Vec<&str> = line.split_whitespace().collect();
    let digits = Dataset::ready("digits")?.divided_by(16.0)?;
    match words[..] {
        ["train-softmax", _, models, steps] => {
            let risk = GeneralisedLinear::<f32>::new(Link::Softmax, &digits.with_intercept(), 0.0)?;
            let start = Start::Point(vec![0.0; risk.dimension()]);
            train(Arc::new(risk), &start, models.parse()?, steps.parse()?, threads)
        }
        ["train-network", name, models, steps] => {
            let network = network(&digits, name)?;
            let start = Start::Parameters(network.initial_parameters());
            train(Arc::new(network), &start, models.parse()?, steps.parse()?, threads)
        }
        [case, name, repeats] => {
            let network = network(&digits, name)?;
            let at = read_weights(&network, weights.join(format!("{name}.safetensors")))?;
            let repeats = repeats.parse()?;
            match case {
                "gradients" => per_sample_gradients(&network, &at, repeats),
                "covariance" => covariance(&network, &at, repeats),
                "product" => product(&network, &at, repeats),
                "hessian" => hessian(&network, &at, repeats),
                _ => Err(format!("there is no case `{case}`").into()),
            }
        }
        _ => Err(format!("`{line}` is no request").into()),
    }
}

/// The network of a name such as `64-128-10`.
fn network(digits: &Dataset, name: &str) -> Result<Network<f32>, Box<dyn Error>> {
    let widths = name.split('-').map(str::parse).collect::<Result<Vec<usize>, _>>()?;
    let last = widths.len().saturating_sub(2);
    let layer = |(layer, pair): (usize, &[usize])| {
        let activation = if layer == last { Activation::Identity } else { Activation::Tanh };
        Dense { inputs: pair[0], outputs: pair[1], activation }
    };
    let layers: Vec<Dense> = widths.windows(2).enumerate().map(layer).collect();
    Ok(Network::new(digits, &layers, Loss::SoftmaxCrossEntropy, 0.0)?)
}

/// The shortest time of so many runs, other processes only adding to it, and what the last found.
fn shortest<T>(
    repeats: usize,
    mut work: impl FnMut() -> Result<T, Box<dyn Error>>,
) -> Result<(f64, T), Box<dyn Error>> {
    let mut shortest = f64::INFINITY;
    let mut once = || {
        let begin = Instant::now();
        let found = work()?;
        shortest = shortest.min(begin.elapsed().as_secs_f64());
        Ok::<T, Box<dyn Error>>(found)
    };
    for _ in 1..repeats {
        once()?;
    }
    let last = once()?;
    Ok((shortest, last))
}

/// All ∇ℓᵢ; found: the mean of |∇ℓᵢ|².
fn per_sample_gradients(network: &Network<f32>, at: &[f32], repeats: usize) -> Answer {
    let mut gradients = vec![0.0; network.samples() * network.dimension()];
    let (seconds, ()) =
        shortest(repeats, || Ok(network.evaluate(at)?.per_sample_gradients(&mut gradients)?))?;
    let total: f64 = gradients.iter().map(|&value| f64::from(value).powi(2)).sum();
    Ok((seconds, vec![total / network.samples() as f64]))
}

/// The largest eigenvalues of the covariance of the ∇ℓᵢ, through the Gram matrix.
fn covariance(network: &Network<f32>, at: &[f32], repeats: usize) -> Answer {
    let samples = network.samples();
    let (seconds, pairs) = shortest(repeats, || {
        let gram = network.evaluate(at)?.gram();
        let matrix = SymmetricMatrix::new(gram.values(), gram.stride(), samples, 1.0 / samples as f64)?;
        let lanczos = Lanczos { block: 4, tolerance: TOLERANCE, ..Lanczos::largest(COUNT) };
        Ok(lanczos.run(matrix.centred())?)
    })?;
    Ok((seconds, found(&pairs)))
}

/// Hv of one v; found: v·Hv/v·v.
fn product(network: &Network<f32>, at: &[f32], repeats: usize) -> Answer {
    let evaluation = network.evaluate(at)?;
    let vector: Vec<f32> = (0..at.len()).map(|index| ((index * index) as f32).cos()).collect();
    let mut workspace = Workspace::new();
    let mut out = vec![0.0; at.len()];
    let (seconds, ()) =
        shortest(repeats, || Ok(evaluation.hessian_vector(&vector, &mut workspace, &mut out)?))?;
    let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum::<f64>();
    Ok((seconds, vec![dot(&vector, &out) / dot(&vector, &vector)]))
}

/// The largest eigenvalues of the Hessian.
fn hessian(network: &Network<f32>, at: &[f32], repeats: usize) -> Answer {
    let mut workspace = Workspace::new();
    let (seconds, pairs) = shortest(repeats, || {
        let evaluation = network.evaluate(at)?;
        let product = VectorProduct::new(at.len(), |vector: &[f32], out: &mut [f32]| {
            evaluation.hessian_vector(vector, &mut workspace, out).expect("lengths agree");
        });
        Ok(Lanczos { tolerance: TOLERANCE, ..Lanczos::largest(COUNT) }.run(product)?)
    })?;
    Ok((seconds, found(&pairs)))
}

/// Products, and the eigenvalues.
fn found(pairs: &Eigenpairs<f32>) -> Vec<f64> {
    std::iter::once(pairs.products as f64).chain(pairs.values.iter().copied()).collect()
}

/// SGD of many models at once; found: the mean of Σ cos(i) bᵢ over the biases of the last layer, and its standard error.
fn train(
    risk: Arc<dyn EmpiricalRisk<f32>>,
    start: &Start,
    models: u64,
    steps: u64,
    threads: usize,
) -> Answer {
    let dimension = risk.dimension();
    let oracle = Arc::new(Minibatch { risk, batch_size: BATCH, sampling: Sampling::WithReplacement });
    let rule = StochasticGradientDescent(Descent::new(oracle, LEARNING_RATE, Schedule::Constant, 0.0));
    let directions = (0..dimension).map(|place| {
        // The last ten of a network; of the regression, whose θ is `[65 × 10]`, the intercepts.
        place.checked_sub(dimension - 10).map_or(0.0, |class| (class as f64).cos())
    });
    let observations = Observations {
        projection: Projection { reference: vec![0.0; dimension], directions: directions.collect() },
        snapshots: vec![steps],
        covariance: false,
        displacement: false,
        logarithms: false,
        quantiles: false,
        histogram: None,
        average: None,
        paths: 0,
    };
    let stop = AtomicBool::new(false);
    let plan =
        Plan { threads, stop: &stop, progress: None, store: None, save_every: Duration::from_secs(30) };
    let begin = Instant::now();
    let program =
        HorizonProgram { rule: &rule, start, steps, observations: &observations, seed: Seed::new(1, 1) };
    let Outcome::Finished(summary) = run(&program, Units::new(models, 16), &plan)? else {
        return Err("stopped".into());
    };
    let seconds = begin.elapsed().as_secs_f64();
    let last = summary.snapshots.first().and_then(|last| last.components.first()).ok_or("no steps")?;
    Ok((seconds, vec![last.mean().value, last.mean().stderr]))
}

/// The most memory that the process held at once, in KiB; 0 where the system does not say.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim_end_matches("kB").trim().parse().ok()).unwrap_or(0)
}
