//! Every kind of layer against finite differences.

use super::super::tape::Tape;
use super::{Case, cases, per_sample, point};
use crate::risk::Workspace;
use crate::risk::network::layered::LayeredNetwork;
use crate::risk::network::tests::{close, difference, dot, moved, norm};
use crate::risk::network::{Loss, NetworkPoint, NetworkRisk};

const SAMPLES: usize = 17;

fn gradient(network: &LayeredNetwork<f64>, at: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; at.len()];
    network.evaluate(at).unwrap().gradient(&mut Workspace::new(), &mut out).unwrap();
    out
}

#[test]
fn gradients_are_those_of_differences() {
    for case in cases() {
        let network = case.network::<f64>(SAMPLES);
        let at = point(&network, 0.8);
        let found = gradient(&network, &at);
        let gradients = per_sample(&network.evaluate(&at).unwrap(), SAMPLES);
        let mut mean = vec![0.0; at.len()];
        for gradient in &gradients {
            mean = moved(&mean, 1.0 / SAMPLES as f64, gradient);
        }
        close(&found, &mean, 1e-13, case.name);
        for phase in [0.3, 0.65] {
            let along = case.direction(&network, phase);
            let expected = difference(&at, &along, |at| network.sample_losses(at).unwrap());
            let found: Vec<f64> = gradients.iter().map(|gradient| dot(gradient, &along)).collect();
            close(&found, &expected, 1e-7, case.name);
            let mut derivatives = vec![0.0; SAMPLES];
            network.evaluate(&at).unwrap().directional_derivatives(&along, &mut derivatives).unwrap();
            close(&derivatives, &found, 1e-12, case.name);
        }
    }
}

/// A partial derivative could hide in one along a direction that the layers share: tensor by tensor.
#[test]
fn gradients_of_each_tensor_are_those_of_differences() {
    for case in cases() {
        let network = case.network::<f64>(SAMPLES);
        let at = point(&network, 0.8);
        let found = gradient(&network, &at);
        for tensor in network.parameter_tensors() {
            let mut along = vec![0.0; at.len()];
            let values = case.direction(&network, 0.15);
            along[tensor.range.clone()].copy_from_slice(&values[tensor.range.clone()]);
            let mean =
                |at: &[f64]| vec![network.sample_losses(at).unwrap().iter().sum::<f64>() / SAMPLES as f64];
            let expected = difference(&at, &along, mean)[0];
            let scale = norm(&found) * norm(&along) / (at.len() as f64).sqrt();
            let error = (dot(&found, &along) - expected).abs() / scale;
            assert!(error < 1e-7, "{}, {}: {error:e}", case.name, tensor.name);
        }
    }
}

#[test]
fn hessian_products_are_those_of_differences() {
    for case in cases() {
        let network = case.network::<f64>(SAMPLES);
        let at = point(&network, 0.8);
        let evaluation = network.evaluate(&at).unwrap();
        let mut found = vec![0.0; at.len()];
        for phase in [0.2, 0.6] {
            let along = case.direction(&network, phase);
            evaluation.hessian_vector(&along, &mut Workspace::new(), &mut found).unwrap();
            let expected = difference(&at, &along, |at| gradient(&network, at));
            close(&found, &expected, 1e-7, case.name);
        }
    }
}

/// The outputs of all samples, `[samples × outputs]`.
fn outputs(network: &LayeredNetwork<f64>, at: &[f64]) -> Vec<f64> {
    let tape: &Tape = &network.tape;
    let padded = network.padded(at);
    let mut values = vec![0.0; tape.length() * SAMPLES];
    network.read(0..SAMPLES, &mut values[tape.range(0, SAMPLES)]);
    tape.forward(&padded, SAMPLES, &mut values, &mut vec![0.0; tape.scratch]);
    let shape = tape.last().shape;
    let rows = values[tape.range(tape.slots.len() - 1, SAMPLES)].chunks_exact(shape.stride());
    rows.flat_map(|row| row[..shape.channels].to_vec()).collect()
}

/// v·Gw with Jv and Jw by differences of the outputs.
fn gauss_newton(case: &Case, network: &LayeredNetwork<f64>, at: &[f64], v: &[f64], w: &[f64]) -> f64 {
    let values = outputs(network, at);
    let jv = difference(at, v, |at| outputs(network, at));
    let jw = difference(at, w, |at| outputs(network, at));
    let width = values.len() / SAMPLES;
    let samples = values.chunks_exact(width).zip(jv.chunks_exact(width).zip(jw.chunks_exact(width)));
    let sum: f64 = samples
        .map(|(z, (x, y))| match case.loss {
            Loss::Squared => dot(x, y),
            Loss::SoftmaxCrossEntropy => {
                let exps: Vec<f64> = z.iter().map(|z| z.exp()).collect();
                let sum: f64 = exps.iter().sum();
                let mean = |f: &dyn Fn(usize) -> f64| (0..width).map(|k| exps[k] / sum * f(k)).sum::<f64>();
                mean(&|k| x[k] * y[k]) - mean(&|k| x[k]) * mean(&|k| y[k])
            }
        })
        .sum();
    sum / SAMPLES as f64 + 0.05 * dot(v, w)
}

#[test]
fn gauss_newton_products_are_those_of_their_definition() {
    for case in cases() {
        let network = case.network::<f64>(SAMPLES);
        let at = point(&network, 0.8);
        let evaluation = network.evaluate(&at).unwrap();
        let mut product = vec![0.0; at.len()];
        for (one, other) in [(0.2, 0.55), (0.7, 0.35)] {
            let (v, w) = (case.direction(&network, one), case.direction(&network, other));
            evaluation.gauss_newton_vector(&w, &mut Workspace::new(), &mut product).unwrap();
            let scale = norm(&v) * norm(&product) / (at.len() as f64).sqrt();
            let error = (dot(&v, &product) - gauss_newton(&case, &network, &at, &v, &w)).abs() / scale;
            assert!(error < 1e-7, "{}: {error:e}", case.name);
        }
    }
}

#[test]
fn fisher_products_norms_and_gram_matrices_are_those_of_the_gradients() {
    for case in cases() {
        let network = case.network::<f64>(SAMPLES);
        let at = point(&network, 0.8);
        let evaluation = network.evaluate(&at).unwrap();
        let gradients = per_sample(&evaluation, SAMPLES);
        let mean = gradient(&network, &at);
        let along = case.direction(&network, 0.4);
        for centred in [false, true] {
            let mut expected = vec![0.0; at.len()];
            for gradient in &gradients {
                let gradient = if centred { moved(gradient, -1.0, &mean) } else { gradient.clone() };
                expected = moved(&expected, dot(&gradient, &along) / SAMPLES as f64, &gradient);
            }
            let mut found = vec![0.0; at.len()];
            evaluation.empirical_fisher_vector(&along, centred, &mut Workspace::new(), &mut found).unwrap();
            close(&found, &expected, 1e-12, case.name);
        }
        let gram = evaluation.gram();
        let mut norms = vec![0.0; SAMPLES];
        evaluation.squared_norms(&mut norms).unwrap();
        let scale = norms.iter().fold(0.0_f64, |largest, &norm| largest.max(norm));
        for i in 0..SAMPLES {
            assert!((norms[i] - dot(&gradients[i], &gradients[i])).abs() < 1e-13 * scale, "{}", case.name);
            for j in 0..SAMPLES {
                let expected = dot(&gradients[i], &gradients[j]);
                assert!((gram.row(i)[j] - expected).abs() < 1e-13 * scale, "{} {i} {j}", case.name);
                assert_eq!(gram.row(i)[j], gram.row(j)[i]);
            }
        }
    }
}
