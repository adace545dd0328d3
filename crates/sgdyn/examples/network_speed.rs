//! How long the analyses of a small network take: all 1,797 digits through 64-128-10, in f32, on one core.
//!
//! `cargo run --release --example network_speed [tanh | relu | gelu | softplus | sigmoid]`

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use sgdyn::krylov::{Lanczos, SymmetricMatrix, VectorProduct, Which};
use sgdyn::lanes::{Block, Layout, Real};
use sgdyn::risk::network::{Activation, Dense, Evaluation, Loss, Network};
use sgdyn::risk::{Dataset, EmpiricalRisk, Workspace};

/// The shortest time of several runs, in milliseconds: other processes only add to it.
fn best(runs: usize, mut work: impl FnMut()) -> f64 {
    let once = |_| {
        let begin = Instant::now();
        work();
        begin.elapsed().as_secs_f64() * 1e3
    };
    (0..runs).map(once).fold(f64::INFINITY, f64::min)
}

fn line(what: &str, milliseconds: f64, note: &str) {
    println!("{what:<52} {milliseconds:>9.3} ms  {note}");
}

/// Weights as PyTorch draws them, uniform in ±1/√inputs, by the golden ratio.
fn start<R: Real>(network: &Network<R>) -> Vec<R> {
    let mut parameters = Vec::with_capacity(network.dimension());
    for layer in network.layers() {
        let bound = (layer.inputs as f64).sqrt().recip();
        for _ in 0..layer.parameters() {
            // Squares of indices: multiples alone would be a lattice.
            let index = parameters.len() as f64;
            let uniform = (0.618_033_988_749_894_9 * index * (index + 1.0) / 2.0).fract();
            parameters.push(R::from_f64(bound * (2.0 * uniform - 1.0)));
        }
    }
    parameters
}

fn main() -> Result<(), Box<dyn Error>> {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global()?;
    let activation = match std::env::args().nth(1).as_deref() {
        None | Some("tanh") => Activation::Tanh,
        Some("relu") => Activation::Relu,
        Some("gelu") => Activation::Gelu,
        Some("softplus") => Activation::Softplus,
        Some("sigmoid") => Activation::Sigmoid,
        Some(other) => return Err(format!("no activation is named {other}").into()),
    };
    let digits = Dataset::ready("digits")?.divided_by(16.0)?;
    let layers = [
        Dense { inputs: 64, outputs: 128, activation },
        Dense { inputs: 128, outputs: 10, activation: Activation::Identity },
    ];
    let network = Network::<f32>::new(&digits, &layers, Loss::SoftmaxCrossEntropy, 0.0)?;
    let mut parameters = start(&network);
    measure("at the start", &network, &parameters)?;
    let mut workspace = Workspace::new();
    let mut velocity = vec![0.0; parameters.len()];
    let mut gradient = vec![0.0; parameters.len()];
    for _ in 0..200 {
        network.evaluate(&parameters)?.gradient(&mut workspace, &mut gradient)?;
        for ((theta, velocity), gradient) in parameters.iter_mut().zip(&mut velocity).zip(&gradient) {
            *velocity = 0.9 * *velocity + gradient;
            *theta -= 0.05 * *velocity;
        }
    }
    measure("after 200 steps of gradient descent", &network, &parameters)
}

fn measure(place: &str, network: &Network<f32>, parameters: &[f32]) -> Result<(), Box<dyn Error>> {
    let (samples, dimension) = (network.samples(), network.dimension());
    let losses = network.losses(parameters)?;
    println!("\n{place}: loss {:.4}", losses.iter().sum::<f64>() / samples as f64);
    line("evaluation (forwards, backwards)", best(20, || drop(black_box(network.evaluate(parameters)))), "");
    let evaluation = network.evaluate(parameters)?;
    let mut workspace = Workspace::new();
    let mut out = vec![0.0; dimension];
    let time = best(20, || evaluation.gradient(&mut workspace, &mut out).expect("lengths agree"));
    line("gradient of an evaluation", time, "");

    let mut gradients = vec![0.0; samples * dimension];
    let time = best(5, || {
        let evaluation = network.evaluate(parameters).expect("finite");
        evaluation.per_sample_gradients(&mut gradients).expect("lengths agree");
    });
    line("all per-sample gradients", time, "with the evaluation; bar 10");
    drop(gradients);
    let mut norms = vec![0.0; samples];
    line("their norms", best(20, || evaluation.squared_norms(&mut norms).expect("lengths agree")), "");
    line("their Gram matrix", best(5, || drop(black_box(evaluation.gram()))), "");
    let mut covariance = Vec::new();
    let mut products = 0;
    let time = best(5, || {
        let evaluation = network.evaluate(parameters).expect("finite");
        let gram = evaluation.gram();
        let matrix = SymmetricMatrix::new(gram.values(), gram.stride(), samples, 1.0 / samples as f64);
        let lanczos = Lanczos { block: 8, tolerance: 1e-3, ..Lanczos::largest(20) };
        let pairs = lanczos.run(matrix.expect("a square matrix").centred()).expect("converges");
        (covariance, products) = (pairs.values, pairs.products);
    });
    line("top 20 eigenvalues of their covariance", time, &format!("{products} products; bar 20"));
    println!("    {:.4e} … {:.4e}", covariance[0], covariance[19]);

    let vector: Vec<f32> = start(network);
    let flops = 2.0 * samples as f64 * (2.0 * 64.0 * 128.0 + 6.0 * 128.0 * 10.0);
    let time =
        best(50, || evaluation.hessian_vector(&vector, &mut workspace, &mut out).expect("lengths agree"));
    line("Hessian-vector product", time, &format!("{:.1} GFLOP/s; bar 0.8", flops / time / 1e6));
    let time = best(50, || {
        evaluation.gauss_newton_vector(&vector, &mut workspace, &mut out).expect("lengths agree");
    });
    line("Gauss–Newton-vector product", time, "");
    let time = best(20, || {
        evaluation.empirical_fisher_vector(&vector, true, &mut workspace, &mut out).expect("lengths agree");
    });
    line("covariance-vector product", time, "");
    let mut hessian = Vec::new();
    let time = best(3, || {
        let evaluation = network.evaluate(parameters).expect("finite");
        let pairs = hessian_eigenpairs(&evaluation, &mut workspace);
        (hessian, products) = (pairs.values, pairs.products);
    });
    line("top 20 eigenvalues of the Hessian to 1e-3", time, &format!("{products} products; bar 100"));
    println!("    {:.4e} … {:.4e}", hessian[0], hessian[19]);

    let (lanes, batch) = (64, 32);
    let mut at = Block::zeros(dimension, lanes, Layout::ReplicaMajor);
    for lane in 0..lanes {
        at.replica_mut(lane).copy_from_slice(parameters);
    }
    let indices: Vec<u32> = (0..(lanes * batch) as u32).map(|index| index * 7919 % samples as u32).collect();
    let mut gradients = at.zeros_like();
    let time = best(10, || network.minibatch_gradient(&at, &indices, batch, &mut workspace, &mut gradients));
    line("minibatch gradients of 64 replicas, B = 32", time, &format!("{:.3e} /s", 64e3 / time));
    Ok(())
}

fn hessian_eigenpairs(
    evaluation: &Evaluation<'_, f32>,
    workspace: &mut Workspace<f32>,
) -> sgdyn::krylov::Eigenpairs<f32> {
    let product = VectorProduct::new(evaluation.at().len(), |vector: &[f32], out: &mut [f32]| {
        evaluation.hessian_vector(vector, workspace, out).expect("lengths agree");
    });
    Lanczos { which: Which::Largest, tolerance: 1e-3, ..Lanczos::largest(20) }
        .run(product)
        .expect("converges")
}
