//! The answers for a small network against its explicit matrices.

use faer::{Mat, Side};

use super::*;
use crate::krylov::{Diagonal, HutchPlusPlus, Lanczos, SymmetricOperator};
use crate::lanes::Real;
use crate::random::Seed;
use crate::risk::network::{Activation, Dense, Loss, Network, NetworkError, NetworkPoint, NetworkRisk};
use crate::risk::{Dataset, Labels, SampleCurvature, Workspace};

const AMPLE: Memory = Memory { bytes: 1 << 30 };

/// Values without structure in [−1, 1): the golden-ratio sequence.
fn scattered(count: usize, phase: f64) -> Vec<f64> {
    (0..count).map(|index| 2.0 * (0.618_033_988_749_894_9 * index as f64 + phase).fract() - 1.0).collect()
}

fn data(samples: usize) -> Dataset {
    let labels = Labels::Classes {
        of_sample: (0..samples).map(|sample| (sample * sample % 3) as u32).collect(),
        names: ["a", "b", "c"].map(str::to_owned).into(),
    };
    let names = (0..5).map(|feature| format!("x{feature}")).collect();
    Dataset::new("small", scattered(samples * 5, 0.1), names, labels).unwrap()
}

/// 5-4-3: 39 parameters.
fn network<R: Real>(data: &Dataset) -> Network<R> {
    let layers = [
        Dense { inputs: 5, outputs: 4, activation: Activation::Tanh },
        Dense { inputs: 4, outputs: 3, activation: Activation::Identity },
    ];
    Network::new(data, &layers, Loss::SoftmaxCrossEntropy, 0.01).unwrap()
}

fn at() -> Vec<f64> {
    scattered(39, 0.7).iter().map(|value| 1.3 * value).collect()
}

/// The explicit covariance of the per-sample gradients, from their definition.
fn covariance(network: &Network<f64>) -> Mat<f64> {
    let (samples, dimension) = (NetworkRisk::at(network, &at()).unwrap().samples(), at().len());
    let mut gradients = vec![vec![0.0; dimension]; samples];
    for (sample, gradient) in gradients.iter_mut().enumerate() {
        network.sample_gradient(&at(), sample, gradient);
    }
    let count = samples as f64;
    let mean: Vec<f64> =
        (0..dimension).map(|i| gradients.iter().map(|g| g[i]).sum::<f64>() / count).collect();
    Mat::from_fn(dimension, dimension, |i, j| {
        gradients.iter().map(|g| (g[i] - mean[i]) * (g[j] - mean[j])).sum::<f64>() / count
    })
}

/// Eigenvalues, the largest first.
fn eigenvalues(matrix: &Mat<f64>) -> Vec<f64> {
    matrix.self_adjoint_eigenvalues(Side::Lower).unwrap().into_iter().rev().collect()
}

fn probes(question: u64) -> Probes {
    Probes::new(Seed::new(11, 0), 0, question)
}

/// With a subspace of all directions: what is left to chance is what its images hold to rounding.
fn exact() -> HutchPlusPlus {
    HutchPlusPlus { subspace: 39, tolerance: 0.1, fewest: 2, most: 10 }
}

#[test]
fn eigenpairs_are_those_of_the_explicit_hessian() {
    let network = network::<f64>(&data(41));
    let expected = eigenvalues(&network.hessian(&at()));
    let point = NetworkRisk::at(&network, &at()).unwrap();
    let hessian = CurvatureMatrix::Hessian;
    let lanczos = Lanczos { tolerance: 1e-10, ..Lanczos::largest(6) };
    let pairs = eigenpairs(CurvatureOperator::new(&*point, hessian), hessian, &lanczos, AMPLE).unwrap();
    for ((found, residual), expected) in pairs.values.iter().zip(&pairs.residuals).zip(&expected) {
        assert!((found - expected).abs() <= residual + 1e-13, "{found} {expected} ± {residual}");
    }
    let smallest = Lanczos { which: crate::krylov::Which::Smallest, ..lanczos };
    let pairs = eigenpairs(CurvatureOperator::new(&*point, hessian), hessian, &smallest, AMPLE).unwrap();
    assert!((pairs.values[0] - expected[38]).abs() <= pairs.residuals[0] + 1e-13);
    // A network in single precision is another by rounding: 1e-7 times the condition of a sum over layers.
    let single = self::network::<f32>(&data(41));
    let at: Vec<f32> = at().iter().map(|&value| value as f32).collect();
    let point = NetworkRisk::at(&single, &at).unwrap();
    let lanczos = Lanczos { tolerance: 1e-4, ..lanczos };
    let pairs = eigenpairs(CurvatureOperator::new(&*point, hessian), hessian, &lanczos, AMPLE).unwrap();
    assert!((pairs.values[0] / expected[0] - 1.0).abs() < 1e-5, "{} {}", pairs.values[0], expected[0]);
}

#[test]
fn scaled_operators_and_blocks_are_those_of_the_explicit_matrix() {
    let network = network::<f64>(&data(41));
    let hessian = network.hessian(&at());
    let point = NetworkRisk::at(&network, &at()).unwrap();
    let scale: Vec<f64> = at().iter().map(|value| value.abs()).collect();
    let scaled = Mat::from_fn(39, 39, |i, j| scale[i] * hessian[(i, j)] * scale[j]);
    let lanczos = Lanczos { tolerance: 1e-10, ..Lanczos::largest(2) };
    let matrix = CurvatureMatrix::Hessian;
    let operator = CurvatureOperator::new(&*point, matrix).scaled(scale);
    let found = eigenpairs(operator, matrix, &lanczos, AMPLE).unwrap().values[0];
    assert!((found - eigenvalues(&scaled)[0]).abs() < 1e-10);

    let noise = covariance(&network);
    let whole: f64 = (0..39).map(|i| noise[(i, i)]).sum();
    let question = LayerQuestion { matrix, lanczos, traces: exact(), memory: AMPLE };
    let found = layers(&*point, &network.parameter_tensors(), &question, probes).unwrap();
    assert_eq!(found.len(), 4);
    for layer in &found {
        let (begin, length) = (layer.tensor.range.start, layer.tensor.range.len());
        let block = Mat::from_fn(length, length, |i, j| hessian[(begin + i, begin + j)]);
        let trace: f64 = (0..length).map(|i| block[(i, i)]).sum();
        let share: f64 = layer.tensor.range.clone().map(|i| noise[(i, i)]).sum::<f64>() / whole;
        let largest = layer.largest.as_ref().unwrap();
        assert!((largest.value - eigenvalues(&block)[0]).abs() < 1e-10, "{}", layer.tensor.name);
        // Blocks that are smaller than the subspace are exact.
        assert!((layer.trace.value - trace).abs() < 1e-11 && layer.trace.stderr == 0.0, "{}", layer.trace);
        assert!((layer.noise_share.value - share).abs() < 1e-11, "{}", layer.noise_share);
    }
    assert!((found.iter().map(|layer| layer.noise_share.value).sum::<f64>() - 1.0).abs() < 1e-11);

    // The blocks of weights, 20 × 20 and 12 × 12, take more than 6 products; those of the biases, 4 × 4 and 3 × 3, do not.
    let lanczos = Lanczos { tolerance: 1e-12, largest_products: 6, ..lanczos };
    let short = layers(&*point, &network.parameter_tensors(), &LayerQuestion { lanczos, ..question }, probes);
    let short = short.unwrap();
    for (short, whole) in short.iter().zip(&found) {
        assert_eq!(short.largest.is_err(), short.tensor.range.len() > 6, "{}", short.tensor.name);
        assert_eq!((short.trace, short.noise_share), (whole.trace, whole.noise_share));
    }
}

#[test]
fn the_gram_matrix_gives_the_spectrum_of_the_covariance() {
    let network = network::<f64>(&data(41));
    let noise = covariance(&network);
    let expected = eigenvalues(&noise);
    let point = NetworkRisk::at(&network, &at()).unwrap();
    let all = all_by_gram(&*point, AMPLE).unwrap().values;
    assert_eq!(all.len(), 41);
    for (found, expected) in all.iter().zip(&expected) {
        // Rounding of the largest: what is small beside it has an absolute error.
        assert!(
            (found - expected).abs() < 1e-14 * 41.0 * expected.max(expected.abs()).max(all[0]),
            "{found}"
        );
    }
    let lanczos = Lanczos { tolerance: 1e-10, ..Lanczos::largest(4) };
    let top = top_by_gram(&*point, &lanczos, AMPLE).unwrap();
    let matrix = CurvatureMatrix::Covariance;
    let free = eigenpairs(CurvatureOperator::new(&*point, matrix), matrix, &lanczos, AMPLE).unwrap();
    assert_eq!((top.values.len(), free.values.len()), (4, 4));
    for ((top, free), expected) in top.values.iter().zip(&free.values).zip(&expected) {
        assert!((top / expected - 1.0).abs() < 1e-12);
        assert!((free / expected - 1.0).abs() < 1e-12);
    }
    let trace: f64 = (0..39).map(|i| noise[(i, i)]).sum();
    assert!((covariance_trace(&*point).unwrap() / trace - 1.0).abs() < 1e-12);
    assert!(gram_is_smaller(41, 39, &Lanczos::largest(10)) && !gram_is_smaller(60_000, 1000, &lanczos));
}

#[test]
fn traces_diagonals_and_densities_lie_within_their_errors() {
    let network = network::<f64>(&data(41));
    let hessian = network.hessian(&at());
    let trace_exact: f64 = (0..39).map(|i| hessian[(i, i)]).sum();
    let point = NetworkRisk::at(&network, &at()).unwrap();
    let operator = || CurvatureOperator::new(&*point, CurvatureMatrix::Hessian);
    let method = HutchPlusPlus { subspace: 5, tolerance: 0.0, fewest: 2, most: 60 };
    let found = trace(operator(), method, probes(0), AMPLE).unwrap().trace;
    // 4.5 standard errors of 60 terms: 3e-5 by chance (t distribution); signs are the same in every run.
    assert!(found.z_score(trace_exact).abs() < 4.5 && found.stderr > 0.0, "{found} {trace_exact}");
    let method = Diagonal { tolerance: 0.0, fewest: 2, most: 400 };
    let found = diagonal(operator(), method, probes(1)).unwrap();
    for i in 0..39 {
        let away = (found.values[i] - hessian[(i, i)]) / found.stderrs[i];
        // 39 entries at 5 standard errors: below 1e-4 together.
        assert!(away.abs() < 5.0, "{i}: {away}");
    }
    let found = density(operator(), 200, 39, probes(2), AMPLE).unwrap();
    let values = eigenvalues(&hessian);
    for x in [-0.05, 0.0, 0.1, 0.3] {
        let width = 0.05;
        let kernel = |value: &f64| (-0.5 * ((x - value) / width).powi(2)).exp();
        let norm = 1.0 / (width * std::f64::consts::TAU.sqrt() * 39.0);
        let exact = norm * values.iter().map(kernel).sum::<f64>();
        let smoothed = found.smoothed(x, width);
        assert!(smoothed.z_score(exact).abs() < 4.5, "{x}: {smoothed} {exact}");
        let below = values.iter().filter(|&&value| value <= x).count() as f64 / 39.0;
        let [lower, upper] = found.cumulative_bounds(x);
        let stderr = found.cumulative(x).stderr;
        assert!(lower - 4.5 * stderr <= below && below <= upper + 4.5 * stderr, "{x}: {below}");
    }
}

#[test]
fn alignment_is_that_of_the_explicit_matrices() {
    let network = network::<f64>(&data(41));
    let (hessian, noise) = (network.hessian(&at()), covariance(&network));
    let product = |a: &Mat<f64>, b: &Mat<f64>| -> f64 {
        (0..39).flat_map(|i| (0..39).map(move |j| (i, j))).map(|(i, j)| a[(i, j)] * b[(j, i)]).sum()
    };
    let point = NetworkRisk::at(&network, &at()).unwrap();
    let found = alignment(&*point, CurvatureMatrix::Hessian, exact(), probes).unwrap();
    assert!((found.product_trace.value / product(&hessian, &noise) - 1.0).abs() < 1e-4);
    let cosine = product(&hessian, &noise) / (product(&hessian, &hessian) * product(&noise, &noise)).sqrt();
    assert!((found.cosine().value - cosine).abs() < 1e-4);
    let basis = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
    assert_eq!(overlap(&basis, &[0.0, 1.0, 0.0, 0.0, 0.0, 1.0], 3), 0.5);
    assert_eq!(overlap(&basis, &basis, 3), 1.0);
}

#[test]
fn parts_of_the_data_give_the_whole_with_their_weights() {
    let all = data(600);
    let whole = network::<f64>(&all);
    let vector = scattered(39, 0.2);
    let multiply = |network: &Network<f64>, matrix| {
        let point = NetworkRisk::at(network, &at()).unwrap();
        let mut out = vec![0.0; 39];
        CurvatureOperator::new(&*point, matrix).multiply(&vector, &mut out);
        out
    };
    for matrix in [CurvatureMatrix::Hessian, CurvatureMatrix::GaussNewton, CurvatureMatrix::EmpiricalFisher] {
        let expected = multiply(&whole, matrix);
        let mut sum = vec![0.0; 39];
        // The last part is short.
        for part in [0..250, 250..500, 500..600] {
            let samples: Vec<usize> = part.collect();
            let weight = samples.len() as f64 / 600.0;
            let network = network::<f64>(&all.subset(&samples).unwrap());
            for (sum, value) in sum.iter_mut().zip(multiply(&network, matrix)) {
                *sum += weight * value;
            }
        }
        let norm = expected.iter().map(|value| value * value).sum::<f64>().sqrt();
        for (sum, expected) in sum.iter().zip(&expected) {
            assert!((sum - expected).abs() < 1e-12 * norm, "{sum} {expected}");
        }
    }
}

#[test]
fn threads_do_not_change_bits() {
    let network = network::<f64>(&data(600));
    let look = || {
        let point = NetworkRisk::at(&network, &at()).unwrap();
        let matrix = CurvatureMatrix::Hessian;
        let operator = || CurvatureOperator::new(&*point, matrix);
        let pairs = eigenpairs(operator(), matrix, &Lanczos::largest(3), AMPLE).unwrap();
        let method = HutchPlusPlus { subspace: 4, tolerance: 0.0, fewest: 2, most: 10 };
        let trace = trace(operator(), method, probes(0), AMPLE).unwrap().trace.value;
        let top = top_by_gram(&*point, &Lanczos::largest(3), AMPLE).unwrap().values;
        (pairs, trace, top)
    };
    let on = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(look);
    let one = on(1);
    assert_eq!(one, on(2));
    assert_eq!(one, on(5));
}

#[test]
fn what_cannot_be_had_is_refused_with_its_numbers() {
    let network = network::<f64>(&data(41));
    let point = NetworkRisk::at(&network, &at()).unwrap();
    let matrix = CurvatureMatrix::Hessian;
    let ask = |lanczos: Lanczos, memory| {
        eigenpairs(CurvatureOperator::new(&*point, matrix), matrix, &lanczos, memory).unwrap_err()
    };
    let error = ask(Lanczos::largest(40), AMPLE).to_string();
    assert_eq!(error, "40 eigenpairs of hessian were asked for, which has 39: ask for at most 39");
    let error = ask(Lanczos::largest(5), Memory { bytes: 39 * 8 * 33 }).to_string();
    assert!(error.contains("10.1 KiB is allowed: 3 eigenpairs would fit"), "{error}");
    let error = ask(Lanczos::largest(5), Memory { bytes: 500 }).to_string();
    assert!(error.contains("not even one eigenpair would fit"), "{error}");
    let few = Lanczos { tolerance: 1e-12, largest_products: 8, ..Lanczos::largest(5) };
    assert_eq!(ask(few, AMPLE).unconverged().unwrap().asked, 5);
    assert!(ask(few, Memory { bytes: 500 }).unconverged().is_err());
    let error = top_by_gram(&*point, &Lanczos::largest(3), Memory { bytes: 5000 }).unwrap_err().to_string();
    assert!(
        error.starts_with("the Gram matrix of 41 samples takes 13.1 KiB, and 4.9 KiB is allowed"),
        "{error}"
    );
    let error = top_by_gram(&*point, &Lanczos::largest(42), AMPLE).unwrap_err();
    assert!(matches!(error, SpectrumError::TooMany { available: 41, .. }), "{error}");
    let method = HutchPlusPlus { subspace: 10, tolerance: 0.1, fewest: 2, most: 4 };
    let operator = CurvatureOperator::new(&*point, matrix);
    let error = trace(operator, method, probes(0), Memory { bytes: 1000 }).unwrap_err().to_string();
    assert!(error.contains("3 vectors would fit"), "{error}");
}

/// A network that refuses every product: its own error is told, not that of the method.
struct Refusing;

impl NetworkPoint<f64> for Refusing {
    fn samples(&self) -> usize {
        1
    }
    fn dimension(&self) -> usize {
        4
    }
    fn gradient(&self, _: &mut Workspace<f64>, _: &mut [f64]) -> Result<(), NetworkError> {
        Err(NetworkError::NoLayers)
    }
    fn hessian_vector(&self, _: &[f64], _: &mut Workspace<f64>, _: &mut [f64]) -> Result<(), NetworkError> {
        Err(NetworkError::NoLayers)
    }
    fn gauss_newton_vector(
        &self,
        _: &[f64],
        _: &mut Workspace<f64>,
        _: &mut [f64],
    ) -> Result<(), NetworkError> {
        Err(NetworkError::NoLayers)
    }
    fn empirical_fisher_vector(
        &self,
        _: &[f64],
        _: bool,
        _: &mut Workspace<f64>,
        _: &mut [f64],
    ) -> Result<(), NetworkError> {
        Err(NetworkError::NoLayers)
    }
    fn squared_norms(&self, _: &mut [f64]) -> Result<(), NetworkError> {
        Err(NetworkError::NoLayers)
    }
    fn gram(&self) -> crate::risk::network::Gram<f64> {
        unreachable!("a Gram matrix is asked of networks that multiply")
    }
}

#[test]
fn a_network_that_refuses_is_named_as_the_cause() {
    let matrix = CurvatureMatrix::Hessian;
    let operator = CurvatureOperator::new(&Refusing, matrix);
    let error = eigenpairs(operator, matrix, &Lanczos::largest(2), AMPLE).unwrap_err();
    assert_eq!(error, SpectrumError::Network(NetworkError::NoLayers));
}
