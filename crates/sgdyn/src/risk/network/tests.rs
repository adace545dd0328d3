//! Networks against finite differences and against what their definitions say.

use faer::Mat;

use super::evaluation::Evaluation;
use super::pass::Trace;
use super::{Activation, Dense, Loss, Network, NetworkError};
use crate::lanes::{Block, Layout, Real, SimdLevel, force_simd_level, simd_level};
use crate::random::{MinibatchStream, Purpose, Sampling, Seed};
use crate::risk::fixtures::scattered;
use crate::risk::{Dataset, EmpiricalRisk, Labels, SampleCurvature, Workspace};
use crate::statistics::Moments;

const FEATURES: usize = 5;
const ACTIVATIONS: [Activation; 6] = [
    Activation::Identity,
    Activation::Tanh,
    Activation::Relu,
    Activation::Gelu,
    Activation::Softplus,
    Activation::Sigmoid,
];

/// Samples without structure, with 3 classes or real targets.
fn data(samples: usize, classes: bool) -> Dataset {
    let labels = if classes {
        Labels::Classes {
            of_sample: (0..samples).map(|sample| (sample * sample % 3) as u32).collect(),
            names: (0..3).map(|class| class.to_string()).collect(),
        }
    } else {
        Labels::Targets(scattered(samples, 0.3))
    };
    let names = (0..FEATURES).map(|feature| format!("x{feature}")).collect();
    Dataset::new("fixture", scattered(samples * FEATURES, 0.1), names, labels).unwrap()
}

/// 5-19-4-3 or 5-19-4-1, the second width beyond a panel, with l2 = 0.05.
fn network<R: Real>(samples: usize, activation: Activation, loss: Loss, classes: bool) -> Network<R> {
    let outputs = if classes { 3 } else { 1 };
    let layers =
        [(FEATURES, 19), (19, 4), (4, outputs)].map(|(inputs, outputs)| (inputs, outputs, activation));
    let mut layers = layers.map(|(inputs, outputs, activation)| Dense { inputs, outputs, activation });
    layers[2].activation = Activation::Identity;
    Network::new(&data(samples, classes), &layers, loss, 0.05).unwrap()
}

/// All activations with softmax, and the squared loss of classes and of targets.
fn networks(samples: usize) -> Vec<Network<f64>> {
    let softmax = ACTIVATIONS.map(|activation| (activation, Loss::SoftmaxCrossEntropy, true));
    let squared = [(Activation::Tanh, Loss::Squared, true), (Activation::Gelu, Loss::Squared, false)];
    softmax
        .into_iter()
        .chain(squared)
        .map(|(activation, loss, classes)| network(samples, activation, loss, classes))
        .collect()
}

fn point<R: Real>(network: &Network<R>, phase: f64) -> Vec<R> {
    scattered(network.dimension(), phase).into_iter().map(|value| R::from_f64(0.9 * value)).collect()
}

pub(super) fn moved(at: &[f64], step: f64, along: &[f64]) -> Vec<f64> {
    at.iter().zip(along).map(|(at, along)| at + step * along).collect()
}

/// The derivative along a direction by differences of order 4, component by component. Error about h⁴/30 times the
/// fifth derivative and ε/h: 1e-12 each, of values of order 1.
pub(super) fn difference(at: &[f64], along: &[f64], of: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let step = 5e-4;
    let [far, near, plus, plus_far] = [-2.0, -1.0, 1.0, 2.0].map(|times| of(&moved(at, times * step, along)));
    (0..near.len()).map(|i| (8.0 * (plus[i] - near[i]) - (plus_far[i] - far[i])) / (12.0 * step)).collect()
}

pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

pub(super) fn norm(x: &[f64]) -> f64 {
    dot(x, x).sqrt()
}

pub(super) fn close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len());
    let error: Vec<f64> = found.iter().zip(expected).map(|(found, expected)| found - expected).collect();
    let relative = norm(&error) / norm(expected);
    assert!(relative <= tolerance, "{what}: {relative:e}");
}

fn gradient(network: &Network<f64>, at: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; at.len()];
    network.evaluate(at).unwrap().gradient(&mut Workspace::new(), &mut out).unwrap();
    out
}

fn per_sample(evaluation: &Evaluation<'_, f64>, samples: usize) -> Vec<Vec<f64>> {
    let dimension = evaluation.at().len();
    let mut out = vec![0.0; samples * dimension];
    evaluation.per_sample_gradients(&mut out).unwrap();
    out.chunks_exact(dimension).map(<[f64]>::to_vec).collect()
}

/// Scaled so that no hidden unit of the fixture changes its sign within a difference.
fn direction(network: &Network<f64>, phase: f64) -> Vec<f64> {
    let scale = if network.layers()[0].activation == Activation::Relu { 1e-3 } else { 0.5 };
    scattered(network.dimension(), phase).into_iter().map(|value| scale * value).collect()
}

#[test]
fn gradients_are_those_of_differences() {
    for network in networks(41) {
        let name = network.layers()[0].activation.name();
        let at = point(&network, 0.8);
        let mean = |at: &[f64]| vec![network.losses(at).unwrap().iter().sum::<f64>() / 41.0];
        let found = gradient(&network, &at);
        for phase in [0.2, 0.45, 0.7] {
            let along = direction(&network, phase);
            let expected = difference(&at, &along, mean)[0];
            let scale = norm(&found) * norm(&along) / (at.len() as f64).sqrt();
            let error = (dot(&found, &along) - expected).abs();
            // Differences over a direction of length 1e-3 lose three digits more.
            assert!(error < 1e-7 * scale, "{name}: {:e}", error / scale);
        }
        assert!((network.loss_at(&at) - mean(&at)[0]).abs() < 1e-14);
    }
}

#[test]
fn per_sample_gradients_are_those_of_differences() {
    for network in networks(41) {
        let name = network.layers()[0].activation.name();
        let at = point(&network, 0.8);
        let evaluation = network.evaluate(&at).unwrap();
        let gradients = per_sample(&evaluation, 41);
        let along = direction(&network, 0.3);
        let expected = difference(&at, &along, |at| network.losses(at).unwrap());
        let found: Vec<f64> = gradients.iter().map(|gradient| dot(gradient, &along)).collect();
        close(&found, &expected, 1e-7, name);
        let mut derivatives = vec![0.0; 41];
        evaluation.directional_derivatives(&along, &mut derivatives).unwrap();
        close(&derivatives, &found, 1e-13, name);
        let mut one = vec![0.0; at.len()];
        network.sample_gradient(&at, 17, &mut one);
        close(&one, &gradients[17], 1e-15, name);
        let mut weighted = vec![0.0; at.len()];
        let weights = scattered(41, 0.9);
        evaluation.weighted_gradient(&weights, &mut Workspace::new(), &mut weighted).unwrap();
        let mut expected = vec![0.0; at.len()];
        for (gradient, weight) in gradients.iter().zip(&weights) {
            expected = moved(&expected, *weight, gradient);
        }
        close(&weighted, &expected, 1e-13, name);
    }
}

#[test]
fn hessian_products_are_those_of_differences() {
    for network in networks(41) {
        let name = network.layers()[0].activation.name();
        let at = point(&network, 0.8);
        let evaluation = network.evaluate(&at).unwrap();
        let mut found = vec![0.0; at.len()];
        for phase in [0.2, 0.6] {
            let along = direction(&network, phase);
            evaluation.hessian_vector(&along, &mut Workspace::new(), &mut found).unwrap();
            let expected = difference(&at, &along, |at| gradient(&network, at));
            close(&found, &expected, 1e-7, name);
            let mut through_trait = vec![0.0; at.len()];
            SampleCurvature::hessian_vector(&network, &at, &along, &mut through_trait);
            assert_eq!(found, through_trait);
        }
    }
}

/// The outputs of all samples, `[samples × outputs]`.
fn outputs(network: &Network<f64>, at: &[f64]) -> Vec<f64> {
    let samples = network.samples_from(0, network.samples());
    let mut padded = vec![0.0; network.plan.padded()];
    network.plan.pad(at, &mut padded);
    let mut trace = Trace::<Vec<f64>>::zeros(&network.plan, samples.rows);
    network.plan.forward(&padded, samples.features, samples.rows, &mut trace.as_mut());
    let place = &network.plan.places[2];
    let rows = place.outputs(&trace.outputs, samples.rows).chunks_exact(place.output_stride);
    rows.flat_map(|row| row[..place.dense.outputs].to_vec()).collect()
}

#[test]
fn gauss_newton_products_are_those_of_their_definition() {
    for network in networks(41) {
        let name = network.layers()[0].activation.name();
        let width = network.layers()[2].outputs;
        let at = point(&network, 0.8);
        let (v, w) = (direction(&network, 0.2), direction(&network, 0.55));
        let values = outputs(&network, &at);
        // (Jv, A Jw), with Jv and Jw by differences of the outputs.
        let jv = difference(&at, &v, |at| outputs(&network, at));
        let jw = difference(&at, &w, |at| outputs(&network, at));
        let mut expected = 0.05 * dot(&v, &w);
        for sample in 0..41 {
            let row = sample * width..(sample + 1) * width;
            let (z, x, y) = (&values[row.clone()], &jv[row.clone()], &jw[row]);
            expected += match network.loss_function() {
                Loss::Squared => dot(x, y),
                Loss::SoftmaxCrossEntropy => {
                    let exps: Vec<f64> = z.iter().map(|z| z.exp()).collect();
                    let sum: f64 = exps.iter().sum();
                    let mean =
                        |f: &dyn Fn(usize) -> f64| (0..width).map(|k| exps[k] / sum * f(k)).sum::<f64>();
                    mean(&|k| x[k] * y[k]) - mean(&|k| x[k]) * mean(&|k| y[k])
                }
            } / 41.0;
        }
        let evaluation = network.evaluate(&at).unwrap();
        let mut product = vec![0.0; at.len()];
        evaluation.gauss_newton_vector(&w, &mut Workspace::new(), &mut product).unwrap();
        let scale = norm(&v) * norm(&product) / (at.len() as f64).sqrt();
        assert!((dot(&v, &product) - expected).abs() < 1e-7 * scale, "{name}");
        if network.layers()[0].activation == Activation::Identity {
            // A product of matrices is not linear in its parameters either.
            let mut hessian = vec![0.0; at.len()];
            evaluation.hessian_vector(&w, &mut Workspace::new(), &mut hessian).unwrap();
            assert!(norm(&moved(&hessian, -1.0, &product)) > 1e-3 * norm(&product));
        }
    }
}

#[test]
fn gram_matrix_norms_and_fisher_products_are_those_of_the_gradients() {
    // 501 samples: two whole pieces and a part.
    for (samples, loss) in [(501, Loss::SoftmaxCrossEntropy), (37, Loss::Squared)] {
        let network = network::<f64>(samples, Activation::Tanh, loss, true);
        let at = point(&network, 0.8);
        let evaluation = network.evaluate(&at).unwrap();
        let gradients = per_sample(&evaluation, samples);
        let gram = evaluation.gram();
        let mut norms = vec![0.0; samples];
        evaluation.squared_norms(&mut norms).unwrap();
        let scale = norms.iter().fold(0.0_f64, |largest, &norm| largest.max(norm));
        for i in 0..samples {
            assert!((norms[i] - dot(&gradients[i], &gradients[i])).abs() < 1e-13 * scale);
            for j in 0..samples {
                let expected = dot(&gradients[i], &gradients[j]);
                assert!((gram.row(i)[j] - expected).abs() < 1e-13 * scale, "{i} {j}");
                assert_eq!(gram.row(i)[j], gram.row(j)[i]);
            }
        }
        let mut mean = vec![0.0; at.len()];
        for gradient in &gradients {
            mean = moved(&mean, 1.0 / samples as f64, gradient);
        }
        close(&gradient(&network, &at), &mean, 1e-13, "mean");
        let along = direction(&network, 0.4);
        for centred in [false, true] {
            let mut expected = vec![0.0; at.len()];
            for gradient in &gradients {
                let gradient = if centred { moved(gradient, -1.0, &mean) } else { gradient.clone() };
                expected = moved(&expected, dot(&gradient, &along) / samples as f64, &gradient);
            }
            let mut found = vec![0.0; at.len()];
            evaluation.empirical_fisher_vector(&along, centred, &mut Workspace::new(), &mut found).unwrap();
            close(&found, &expected, 1e-12, "Fisher");
        }
    }
}

#[test]
fn matrices_of_a_small_network() {
    let layers = [
        Dense { inputs: FEATURES, outputs: 2, activation: Activation::Sigmoid },
        Dense { inputs: 2, outputs: 3, activation: Activation::Identity },
    ];
    let network = Network::<f64>::new(&data(17, true), &layers, Loss::SoftmaxCrossEntropy, 0.05).unwrap();
    let dimension = network.dimension();
    assert_eq!((dimension, network.parameter_ranges()), (21, vec![0..12, 12..21]));
    let at = point(&network, 0.8);
    let hessian = network.hessian(&at);
    let single = |sample: usize| {
        let one = data(17, true).subset(&[sample]).unwrap();
        Network::<f64>::new(&one, &layers, Loss::SoftmaxCrossEntropy, 0.05).unwrap().hessian(&at)
    };
    let shape = scattered(dimension * dimension, 0.6);
    let covariance =
        Mat::from_fn(dimension, dimension, |i, j| shape[i * dimension + j] + shape[j * dimension + i]);
    let mut mean = Mat::<f64>::zeros(dimension, dimension);
    let mut fluctuation = Mat::<f64>::zeros(dimension, dimension);
    for sample in 0..17 {
        let one = single(sample);
        mean += &one * faer::Scale(1.0 / 17.0);
        fluctuation += &one * &covariance * &one * faer::Scale(1.0 / 17.0);
    }
    assert!((&hessian - &mean).norm_max() < 1e-15);
    let found = network.fluctuation(&at, covariance.as_ref());
    assert!((&found - &fluctuation).norm_max() < 1e-13 * fluctuation.norm_max());
}

/// All results of an evaluation, as numbers.
fn results<R: Real>(network: &Network<R>, evaluation: &Evaluation<'_, R>) -> Vec<R> {
    let (samples, dimension) = (network.samples(), network.dimension());
    let mut workspace = Workspace::new();
    let along = point(network, 0.25);
    let mut all = evaluation.gram().values().to_vec();
    let mut vector = vec![R::ZERO; dimension];
    evaluation.gradient(&mut workspace, &mut vector).unwrap();
    all.extend(&vector);
    evaluation.hessian_vector(&along, &mut workspace, &mut vector).unwrap();
    all.extend(&vector);
    evaluation.gauss_newton_vector(&along, &mut workspace, &mut vector).unwrap();
    all.extend(&vector);
    evaluation.empirical_fisher_vector(&along, true, &mut workspace, &mut vector).unwrap();
    all.extend(&vector);
    let mut norms = vec![R::ZERO; samples];
    evaluation.squared_norms(&mut norms).unwrap();
    all.extend(norms);
    all
}

fn bits_do_not_depend_on_the_machine<R: Real>() {
    for activation in [Activation::Gelu, Activation::Tanh] {
        let network = network::<R>(2100, activation, Loss::SoftmaxCrossEntropy, true);
        let at = point(&network, 0.8);
        let reference = results(&network, &network.evaluate(&at).unwrap());
        let same = |found: &[R]| found.iter().zip(&reference).all(|(found, expected)| found == expected);
        // Nothing kept: traces are made again for every product.
        assert!(same(&results(&network, &network.evaluate_within(&at, 0).unwrap())));
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert!(same(&pool.install(|| results(&network, &network.evaluate(&at).unwrap()))));
        }
        let best = simd_level();
        for level in [SimdLevel::Avx2, SimdLevel::Avx512] {
            if force_simd_level(level).is_ok() {
                assert!(same(&results(&network, &network.evaluate(&at).unwrap())));
            }
        }
        force_simd_level(best).unwrap();
    }
}

#[test]
fn bits_depend_on_neither_threads_memory_nor_instructions() {
    bits_do_not_depend_on_the_machine::<f32>();
    bits_do_not_depend_on_the_machine::<f64>();
}

#[test]
fn the_formats_agree() {
    for activation in ACTIVATIONS {
        let wide = network::<f64>(300, activation, Loss::SoftmaxCrossEntropy, true);
        let narrow = network::<f32>(300, activation, Loss::SoftmaxCrossEntropy, true);
        let at = point(&narrow, 0.8);
        let exact: Vec<f64> = at.iter().map(|&value| f64::from(value)).collect();
        let found = results(&narrow, &narrow.evaluate(&at).unwrap());
        let expected = results(&wide, &wide.evaluate(&exact).unwrap());
        let found: Vec<f64> = found.into_iter().map(f64::from).collect();
        // Rounding of f32, 6e-8, of features and through the layers.
        close(&found, &expected, 3e-6, activation.name());
    }
}

#[test]
fn batches_are_means_of_their_samples_in_every_lane() {
    let network = network::<f64>(41, Activation::Gelu, Loss::SoftmaxCrossEntropy, true);
    let dimension = network.dimension();
    let mut at = Block::zeros(dimension, 3, Layout::ReplicaMajor);
    for lane in 0..3 {
        at.replica_mut(lane).copy_from_slice(&point(&network, 0.1 * (lane + 1) as f64));
    }
    let batch = 7;
    let indices: Vec<u32> = (0..3 * batch as u32).map(|index| index * index % 41).collect();
    let mut workspace = Workspace::new();
    let mut out = at.zeros_like();
    network.minibatch_gradient(&at, &indices, batch, &mut workspace, &mut out);
    for lane in 0..3 {
        let gradients = per_sample(&network.evaluate(at.replica(lane)).unwrap(), 41);
        let mut expected = vec![0.0; dimension];
        for row in 0..batch {
            let sample = indices[row * 3 + lane] as usize;
            expected = moved(&expected, 1.0 / batch as f64, &gradients[sample]);
        }
        close(out.replica(lane), &expected, 1e-13, "batch");
        let mut alone = Block::zeros(dimension, 1, Layout::ReplicaMajor);
        alone.replica_mut(0).copy_from_slice(at.replica(lane));
        let own: Vec<u32> = indices.iter().skip(lane).step_by(3).copied().collect();
        let mut one = alone.zeros_like();
        network.minibatch_gradient(&alone, &own, batch, &mut workspace, &mut one);
        assert_eq!(one.replica(0), out.replica(lane));
    }
    network.gradient(&at, &mut workspace, &mut out);
    close(out.replica(1), &gradient(&network, at.replica(1)), 1e-13, "all");
}

#[test]
fn products_keep_their_digits_where_all_samples_are_fitted() {
    // Outputs so large that p of the right class is 1 − 1e-10 or so, and H is of the size of 1e-10.
    let labels = Labels::Classes { of_sample: vec![0; 30], names: ["a", "b", "c"].map(String::from).into() };
    let names = data(30, true).feature_names().to_vec();
    let data = Dataset::new("fitted", scattered(30 * FEATURES, 0.1), names, labels).unwrap();
    let layers = [Dense { inputs: FEATURES, outputs: 3, activation: Activation::Identity }];
    let narrow = Network::<f32>::new(&data, &layers, Loss::SoftmaxCrossEntropy, 0.0).unwrap();
    let wide = Network::<f64>::new(&data, &layers, Loss::SoftmaxCrossEntropy, 0.0).unwrap();
    let mut at = vec![0.0_f32; 18];
    at[15] = 24.0;
    let exact: Vec<f64> = at.iter().map(|&value| f64::from(value)).collect();
    let along = point(&wide, 0.3);
    let narrow_along: Vec<f32> = along.iter().map(|&value| value as f32).collect();
    let (mut found, mut expected) = (vec![0.0; 18], vec![0.0; 18]);
    let evaluation = narrow.evaluate(&at).unwrap();
    evaluation.hessian_vector(&narrow_along, &mut Workspace::new(), &mut found).unwrap();
    wide.evaluate(&exact).unwrap().hessian_vector(&along, &mut Workspace::new(), &mut expected).unwrap();
    let found: Vec<f64> = found.into_iter().map(f64::from).collect();
    assert!(norm(&expected) < 1e-8);
    close(&found, &expected, 1e-5, "fitted");
}

#[test]
fn what_does_not_fit_is_named() {
    let dense = |inputs, outputs, activation| Dense { inputs, outputs, activation };
    let build = |layers: &[Dense], classes: bool, loss, l2| {
        Network::<f32>::new(&data(5, classes), layers, loss, l2).unwrap_err().to_string()
    };
    let (tanh, identity) = (Activation::Tanh, Activation::Identity);
    let softmax = Loss::SoftmaxCrossEntropy;
    let good = [dense(5, 4, tanh), dense(4, 3, identity)];
    assert_eq!(build(&[], true, softmax, 0.0), "a network needs at least one layer");
    assert_eq!(
        build(&[dense(5, 4, tanh), dense(6, 3, identity)], true, softmax, 0.0),
        "layer 2 takes 6 inputs, and layer 1 has 4 outputs: the widths must meet"
    );
    assert_eq!(
        build(&[dense(7, 3, identity)], true, softmax, 0.0),
        "layer 1 takes 7 inputs, and fixture has 5 features: the widths must meet"
    );
    assert_eq!(
        build(&[dense(5, 4, identity)], true, softmax, 0.0),
        "layer 1, the last, has 4 outputs, and the labels of fixture need 3"
    );
    assert!(build(&[dense(5, 3, tanh)], true, softmax, 0.0).contains("it must be identity"));
    assert!(build(&[dense(5, 0, tanh), dense(0, 3, identity)], true, softmax, 0.0).contains("at least 1"));
    assert!(build(&[dense(5, 1, identity)], false, softmax, 0.0).contains("the squared loss takes them"));
    assert_eq!(
        build(&good, true, softmax, -1.0),
        "l2 = -1 is not a penalty: it must be finite and at least 0"
    );
    let network = Network::<f32>::new(&data(5, true), &good, softmax, 0.0).unwrap();
    assert!(matches!(network.evaluate(&[0.0; 3]), Err(NetworkError::Length { expected: 39, found: 3, .. })));
    let mut at = vec![0.5_f32; 39];
    at[30] = f32::NAN;
    assert!(matches!(network.evaluate(&at), Err(NetworkError::Parameter { index: 30, layer: 2, .. })));
    at[30] = 3e38;
    at[29] = 3e38;
    let error = network.evaluate(&at).unwrap_err();
    assert!(matches!(error, NetworkError::NotFinite { layer: 2, format: "f32", .. }), "{error}");
}

/// The mean of |ĝ − ∇L|² over batches is tr Σ/B with replacement, and (N − B)/(N − 1) of it without. Oracle: the norms of
/// all per-sample gradients. 5,120 batches from seed 11 each time, at 4 standard errors of the batches themselves: of
/// four, one is wrongly refused in some 4,000 seeds.
#[test]
fn the_noise_of_a_minibatch_falls_as_one_over_its_size() {
    const SAMPLES: usize = 50;
    let network = network::<f64>(SAMPLES, Activation::Tanh, Loss::SoftmaxCrossEntropy, true);
    let parameters: Vec<f64> = scattered(network.dimension(), 0.6);
    let evaluation = network.evaluate(&parameters).unwrap();
    let (mut workspace, mut mean) = (Workspace::new(), vec![0.0; parameters.len()]);
    evaluation.gradient(&mut workspace, &mut mean).unwrap();
    let mut squares = vec![0.0; SAMPLES];
    evaluation.squared_norms(&mut squares).unwrap();
    let trace = squares.iter().sum::<f64>() / SAMPLES as f64 - mean.iter().map(|g| g * g).sum::<f64>();
    let (lanes, fill) = (40, 16);
    let mut at = Block::zeros(parameters.len(), lanes, network.layout());
    for lane in 0..lanes {
        for (coordinate, &value) in parameters.iter().enumerate() {
            at.set(coordinate, lane, value);
        }
    }
    let mut gradients = at.zeros_like();
    let replicas: Vec<u64> = (0..lanes as u64).collect();
    for (batch, sampling) in [1, 8]
        .into_iter()
        .flat_map(|batch| [(batch, Sampling::WithReplacement), (batch, Sampling::WithoutReplacement)])
    {
        let mut batches = MinibatchStream::new(Purpose::Minibatch, SAMPLES, batch, sampling, lanes, fill);
        let mut moments = Moments::new();
        for first in (0..120).step_by(fill) {
            batches.fill(Seed::new(11, batch as u64), &replicas, &vec![first as u64; lanes]);
            for step in 0..fill {
                network.minibatch_gradient(&at, batches.step(step), batch, &mut workspace, &mut gradients);
                for lane in 0..lanes {
                    let square = |(c, mean): (usize, &f64)| (gradients.get(c, lane) - mean).powi(2);
                    moments.push(mean.iter().enumerate().map(square).sum());
                }
            }
        }
        let finite = match sampling {
            Sampling::WithReplacement => 1.0,
            _ => (SAMPLES - batch) as f64 / (SAMPLES - 1) as f64,
        };
        let (found, expected) = (moments.mean(), finite * trace / batch as f64);
        let z = (found.value - expected) / found.stderr;
        assert!(z.abs() < 4.0, "B = {batch}, {sampling:?}: {found:?}, expected {expected}");
    }
}
