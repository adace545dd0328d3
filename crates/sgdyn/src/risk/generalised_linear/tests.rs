//! Tests of losses and gradients against each other, across kernels, lanes and SIMD levels.

use super::*;
use crate::lanes::{SimdLevel, force_simd_level, simd_level};
use crate::risk::SampleCurvature;
use crate::risk::fixtures::{data, models, scattered};

fn indices(count: usize, samples: usize) -> Vec<u32> {
    (0..count).map(|place| (place * 2_654_435_761 % samples) as u32).collect()
}

fn block<R: Real>(risk: &GeneralisedLinear<R>, lanes: usize) -> Block<R> {
    let mut block = Block::zeros(risk.dimension(), lanes, risk.layout());
    for lane in 0..lanes {
        let values = scattered(risk.dimension(), 0.77 * lane as f64);
        for (coordinate, &value) in values.iter().enumerate() {
            block.set(coordinate, lane, R::from_f64(value));
        }
    }
    block
}

#[test]
fn gradients_are_those_of_central_differences_of_the_loss() {
    for risk in models::<f64>() {
        let at = block(&risk, 3);
        let mut gradient = at.clone();
        risk.gradient(&at, &mut Workspace::new(), &mut gradient);
        let step = 1e-5;
        for coordinate in 0..risk.dimension() {
            let mut losses = [[0.0; 3]; 2];
            for (losses, sign) in losses.iter_mut().zip([1.0, -1.0]) {
                let mut shifted = at.clone();
                for lane in 0..3 {
                    shifted.set(coordinate, lane, at.get(coordinate, lane) + sign * step);
                }
                risk.loss(&shifted, losses);
            }
            for (lane, (above, below)) in losses[0].iter().zip(&losses[1]).enumerate() {
                let difference = (above - below) / (2.0 * step);
                // Truncation ~ step² and rounding ~ ε·loss/step.
                let error = gradient.get(coordinate, lane) - difference;
                let tolerance = 1e-9 * (1.0 + above);
                assert!(error.abs() < tolerance, "{:?} {coordinate} {lane}: {error:e}", risk.link());
            }
        }
    }
}

#[test]
fn a_batch_of_all_samples_and_the_mean_of_samples_are_the_full_gradient() {
    for risk in models::<f64>() {
        let (dimension, samples) = (risk.dimension(), risk.samples());
        let at = block(&risk, 1);
        let (mut full, mut batch) = (at.clone(), at.clone());
        let mut workspace = Workspace::new();
        risk.gradient(&at, &mut workspace, &mut full);
        let backwards: Vec<u32> = (0..samples as u32).rev().collect();
        risk.minibatch_gradient(&at, &backwards, samples, &mut workspace, &mut batch);
        let mut mean = vec![0.0; dimension];
        let mut one = vec![0.0; dimension];
        for sample in 0..samples {
            risk.sample_gradient(at.values(), sample, &mut one);
            mean.iter_mut().zip(&one).for_each(|(mean, one)| *mean += one / samples as f64);
        }
        for (coordinate, mean) in mean.iter().enumerate() {
            let full = full.get(coordinate, 0);
            // 41 terms of order 1, each rounded a few times.
            assert!((full - batch.get(coordinate, 0)).abs() < 1e-14);
            assert!((full - mean).abs() < 1e-14, "{:?} {coordinate}", risk.link());
        }
    }
}

#[test]
fn minibatches_are_means_of_their_own_samples() {
    for risk in models::<f64>() {
        let (lanes, size) = (5, 11);
        let at = block(&risk, lanes);
        let chosen = indices(lanes * size, risk.samples());
        let mut out = at.clone();
        risk.minibatch_gradient(&at, &chosen, size, &mut Workspace::new(), &mut out);
        for lane in 0..lanes {
            let theta: Vec<f64> = (0..risk.dimension()).map(|c| at.get(c, lane)).collect();
            let mut mean = vec![0.0; risk.dimension()];
            let mut one = mean.clone();
            for sample in 0..size {
                risk.sample_gradient(&theta, chosen[sample * lanes + lane] as usize, &mut one);
                mean.iter_mut().zip(&one).for_each(|(mean, one)| *mean += one / size as f64);
            }
            for (coordinate, mean) in mean.iter().enumerate() {
                assert!((out.get(coordinate, lane) - mean).abs() < 1e-14);
            }
        }
    }
}

fn bits_of_a_lane<R: Real>() {
    for risk in models::<R>() {
        let (lanes, size) = (37, 13);
        let at = block(&risk, lanes);
        let chosen = indices(lanes * size, risk.samples());
        let mut workspace = Workspace::new();
        let mut reference = at.clone();
        risk.minibatch_gradient(&at, &chosen, size, &mut workspace, &mut reference);
        let best = simd_level();
        for level in [SimdLevel::Portable, SimdLevel::Avx2, SimdLevel::Avx512] {
            if force_simd_level(level).is_err() {
                continue;
            }
            let mut out = at.clone();
            risk.minibatch_gradient(&at, &chosen, size, &mut workspace, &mut out);
            force_simd_level(best).expect("the level was in use");
            assert_eq!(out.values(), reference.values(), "{:?} at {}", risk.link(), level.name());
        }
        for lane in 0..lanes {
            let mut alone = Block::zeros(risk.dimension(), 1, risk.layout());
            for coordinate in 0..risk.dimension() {
                alone.set(coordinate, 0, at.get(coordinate, lane));
            }
            let own: Vec<u32> = (0..size).map(|sample| chosen[sample * lanes + lane]).collect();
            let mut out = alone.clone();
            risk.minibatch_gradient(&alone, &own, size, &mut Workspace::new(), &mut out);
            for coordinate in 0..risk.dimension() {
                assert_eq!(out.get(coordinate, 0), reference.get(coordinate, lane));
            }
        }
    }
}

#[test]
fn bits_of_a_lane_depend_on_nothing_else() {
    bits_of_a_lane::<f64>();
    bits_of_a_lane::<f32>();
}

#[test]
fn single_precision_agrees_to_its_rounding() {
    for (single, double) in models::<f32>().iter().zip(models::<f64>()) {
        let (at, at_double) = (block(single, 2), block(&double, 2));
        let (mut out, mut expected) = (at.clone(), at_double.clone());
        let chosen = indices(14, single.samples());
        single.minibatch_gradient(&at, &chosen, 7, &mut Workspace::new(), &mut out);
        double.minibatch_gradient(&at_double, &chosen, 7, &mut Workspace::new(), &mut expected);
        for (value, expected) in out.values().iter().zip(expected.values()) {
            // Outputs are sums of up to 79 products of order 1: 79 ε ≈ 1e-5.
            assert!((f64::from(*value) - expected).abs() < 1e-5, "{:?}", single.link());
        }
    }
}

#[test]
fn extreme_outputs_neither_overflow_nor_vanish() {
    for (link, features, classes) in [(Link::Logistic, 1, 2), (Link::Softmax, 1, 3), (Link::Softmax, 30, 3)] {
        let risk = GeneralisedLinear::<f64>::new(link, &data(link, features, classes), 0.0).unwrap();
        let mut at = block(&risk, 1);
        at.values_mut().iter_mut().for_each(|value| *value *= 1e5);
        let mut out = at.clone();
        risk.gradient(&at, &mut Workspace::new(), &mut out);
        let mut loss = [0.0];
        risk.loss(&at, &mut loss);
        assert!(loss[0].is_finite() && out.values().iter().all(|value| value.abs() <= 1.0), "{link:?}");
    }
}

#[test]
fn labels_and_penalties_that_do_not_fit_are_refused() {
    let error = |link, labels_of, classes, l2| {
        GeneralisedLinear::<f64>::new(link, &data(labels_of, 2, classes), l2).unwrap_err()
    };
    assert!(matches!(error(Link::Linear, Link::Logistic, 2, 0.0), RiskError::Labels { .. }));
    assert!(matches!(error(Link::Softmax, Link::Linear, 2, 0.0), RiskError::Labels { .. }));
    assert_eq!(
        error(Link::Logistic, Link::Softmax, 3, 0.0).to_string(),
        "fixture: logistic regression needs 2 classes (softmax regression takes more), and the labels are 3 classes"
    );
    for l2 in [-0.1, f64::NAN, f64::INFINITY] {
        assert!(matches!(error(Link::Linear, Link::Linear, 0, l2), RiskError::L2(_)));
    }
}
