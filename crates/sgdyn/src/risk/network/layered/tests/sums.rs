//! Sums over samples: independent of pieces, threads and instructions; batches; the chain of dense layers.

use super::{cases, dense, function, per_sample, point};
use crate::lanes::{Block, Layout, Real, SimdLevel, force_simd_level, simd_level};
use crate::risk::network::layered::{LayeredNetwork, LayeredPoint};
use crate::risk::network::tests::{close, moved};
use crate::risk::network::{Activation, Dense, Network, NetworkPoint, NetworkRisk};
use crate::risk::{EmpiricalRisk, Workspace};

/// All results at a point, as numbers.
fn results<R: Real>(network: &LayeredNetwork<R>, evaluation: &dyn NetworkPoint<R>) -> Vec<Vec<R>> {
    let (samples, dimension) = (network.samples(), network.dimension());
    let mut workspace = Workspace::new();
    let along = point(network, 0.25);
    let mut all = vec![evaluation.gram().values().to_vec()];
    let mut vector = vec![R::ZERO; dimension];
    evaluation.gradient(&mut workspace, &mut vector).unwrap();
    all.push(vector.clone());
    evaluation.hessian_vector(&along, &mut workspace, &mut vector).unwrap();
    all.push(vector.clone());
    evaluation.gauss_newton_vector(&along, &mut workspace, &mut vector).unwrap();
    all.push(vector.clone());
    evaluation.empirical_fisher_vector(&along, true, &mut workspace, &mut vector).unwrap();
    all.push(vector);
    let mut norms = vec![R::ZERO; samples];
    evaluation.squared_norms(&mut norms).unwrap();
    all.push(norms);
    all
}

fn all_results<R: Real>(network: &LayeredNetwork<R>) -> Vec<Vec<R>> {
    results(network, &network.evaluate(&point(network, 0.8)).unwrap())
}

#[test]
fn answers_do_not_depend_on_the_pieces() {
    for case in cases() {
        let mut network = case.network::<f64>(100);
        let expected = all_results(&network);
        // 13 pieces of 8, and of 9 with a short last one.
        for piece in [8, 9, 1] {
            network.piece = piece;
            for (found, expected) in all_results(&network).iter().zip(&expected) {
                close(found, expected, 1e-12, case.name);
            }
        }
    }
}

fn bits_do_not_depend_on_the_machine<R: Real>() {
    for case in cases() {
        let mut network = case.network::<R>(100);
        network.piece = 8;
        let reference = all_results(&network);
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert!(pool.install(|| all_results(&network)) == reference, "{} {threads}", case.name);
        }
        let best = simd_level();
        for level in [SimdLevel::Avx2, SimdLevel::Avx512] {
            if force_simd_level(level).is_ok() {
                assert!(all_results(&network) == reference, "{} {level:?}", case.name);
            }
        }
        force_simd_level(best).unwrap();
    }
}

#[test]
fn bits_depend_on_neither_threads_nor_instructions() {
    bits_do_not_depend_on_the_machine::<f32>();
    bits_do_not_depend_on_the_machine::<f64>();
}

#[test]
fn the_formats_agree() {
    for case in cases() {
        let (wide, narrow) = (case.network::<f64>(100), case.network::<f32>(100));
        let at = point(&narrow, 0.8);
        let exact: Vec<f64> = at.iter().map(|&value| f64::from(value)).collect();
        let found = results(&narrow, &narrow.evaluate(&at).unwrap());
        let expected = results(&wide, &wide.evaluate(&exact).unwrap());
        for (found, expected) in found.iter().zip(&expected) {
            let found: Vec<f64> = found.iter().map(|&value| f64::from(value)).collect();
            // Rounding of f32, 6e-8, of features and through the layers.
            close(&found, expected, 2e-5, case.name);
        }
    }
}

#[test]
fn batches_are_means_of_their_samples_in_every_lane() {
    for case in cases() {
        let mut network = case.network::<f64>(41);
        network.piece = 4;
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
            close(out.replica(lane), &expected, 1e-13, case.name);
            let mut loss = vec![0.0; 3];
            network.loss(&at, &mut loss);
            let mean = network.sample_losses(at.replica(lane)).unwrap().iter().sum::<f64>() / 41.0;
            assert!((loss[lane] - mean).abs() < 1e-14, "{}", case.name);
        }
    }
}

/// The same function and the same products as the network made for dense layers.
#[test]
fn a_chain_of_dense_layers_is_the_network_of_dense_layers() {
    for activation in [Activation::Tanh, Activation::Relu, Activation::Gelu] {
        let mut case = cases().swap_remove(0);
        case.layers =
            vec![dense(5, 19), function(activation), dense(19, 8), function(activation), dense(8, 3)];
        let layered = case.network::<f64>(300);
        let plan = [(5, 19, activation), (19, 8, activation), (8, 3, Activation::Identity)];
        let plan = plan.map(|(inputs, outputs, activation)| Dense { inputs, outputs, activation });
        let chain = Network::<f64>::new(&case.data(300), &plan, case.loss, 0.05).unwrap();
        assert_eq!(NetworkRisk::parameter_tensors(&chain), layered.parameter_tensors());
        let at = point(&layered, 0.8);
        let one: LayeredPoint<'_, f64> = layered.evaluate(&at).unwrap();
        let other = chain.evaluate(&at).unwrap();
        for (found, expected) in results(&layered, &one).iter().zip(results(&layered, &other)) {
            close(found, &expected, 1e-13, activation.name());
        }
        let losses =
            [layered.sample_losses(&at), NetworkRisk::sample_losses(&chain, &at)].map(Result::unwrap);
        close(&losses[0], &losses[1], 1e-14, activation.name());
        let accuracy = NetworkRisk::accuracy(&layered, &at).unwrap();
        assert_eq!(accuracy, NetworkRisk::accuracy(&chain, &at).unwrap());
        assert!(accuracy.is_some_and(|accuracy| accuracy > 0.1 && accuracy < 0.9));
    }
}
