//! The chain in steps against closed forms and against an independent discretisation.

use super::*;
use crate::density::{Axis, DensityError, Grid};
use crate::landscape::analytic::{DiagonalQuadratic, DoubleWell, FullQuadratic};
use crate::landscape::{Field, Pointwise};
use crate::noise::{ConstantRoot, Isotropic};
use crate::random::Law;
use crate::risk::{Dataset, Labels, PointRisk};
use crate::theory::{ChainTarget, LinearDynamics, chain_first_passage, stationary_covariance};

fn line(lower: f64, upper: f64, cells: usize) -> Grid {
    Grid::new(vec![Axis::uniform(lower, upper, cells)]).unwrap()
}

fn quadratic(curvature: f64) -> Field<f64> {
    Field::landscape(DiagonalQuadratic::new(&[curvature]))
}

fn isotropic(amplitude: f64, law: Law) -> Isotropic {
    Isotropic { amplitude, law, dimension: 1 }
}

/// x⁴ − 2x².
fn double_well() -> Field<f64> {
    Field::landscape(Pointwise(DoubleWell::new(1.0, 2.0, 0.0)))
}

/// Every row is a law, and a step conserves mass to rounding.
fn assert_conserves(chain: &Transition) {
    let states = chain.states();
    let masses = vec![1.0 / states as f64; states];
    let mut next = vec![0.0; states];
    let mut masses = masses;
    let mut lost = 0.0;
    for _ in 0..50 {
        lost += chain.advance(&masses, &mut next);
        std::mem::swap(&mut masses, &mut next);
        assert!(masses.iter().all(|&mass| mass >= 0.0));
    }
    assert!((masses.iter().sum::<f64>() + lost - 1.0).abs() < 1e-13);
}

/// S = ηC/(h(2 − ηh)), approached with the even powers of the width; two grids extrapolate to five figures more.
#[test]
fn the_stationary_variance_is_the_closed_form_with_order_two() {
    for (learning_rate, curvature, deviation) in [(0.1, 1.0, 1.0), (1.5, 1.0, 0.7), (0.3, 2.0, 0.4)] {
        let (field, noise) = (quadratic(curvature), isotropic(deviation, Law::Normal));
        let step = SgdStep { field: &field, noise: Some(&noise), learning_rate };
        assert!(step.stability_limit(&[0.0]).unwrap() > learning_rate);
        let exact = learning_rate * deviation * deviation / (curvature * (2.0 - learning_rate * curvature));
        let reach = 9.0 * exact.sqrt();
        let errors: Vec<f64> = [200, 400, 800]
            .into_iter()
            .map(|cells| {
                let grid = line(-reach, reach, cells);
                let chain = step.transition(&grid, Outside::Reflected).unwrap();
                assert_conserves(&chain);
                let masses = chain.stationary().unwrap();
                assert!(chain.mass_beyond(&masses) < 1e-12, "{}", chain.mass_beyond(&masses));
                grid_moments(&grid, &masses).covariance[0] / exact - 1.0
            })
            .collect();
        let order = (errors[1] / errors[2]).log2();
        assert!((order - 2.0).abs() < 0.02, "η = {learning_rate}: {errors:?}");
        let extrapolated = (4.0 * errors[2] - errors[1]) / 3.0;
        assert!(extrapolated.abs() < 1e-6, "η = {learning_rate}: {errors:?} {extrapolated:e}");
    }
}

#[test]
fn beyond_stability_there_is_no_law() {
    let (field, noise) = (quadratic(4.0), isotropic(1.0, Law::Normal));
    let step = SgdStep { field: &field, noise: Some(&noise), learning_rate: 0.5 };
    let error = step.stability_limit(&[0.0]).unwrap_err();
    assert_eq!(error, DensityError::Unstable { learning_rate: 0.5, curvature: 4.0, limit: 0.5 });
    // What is lost leaves no law either.
    let lost =
        SgdStep { learning_rate: 0.1, ..step }.transition(&line(-1.0, 1.0, 50), Outside::Lost).unwrap();
    assert!(matches!(lost.stationary(), Err(DensityError::Unreachable { .. })));
}

/// Mean and deviation of the first passage of x⁴ − 2x² from 1 to below −0.5, against Nyström's method in `theory`,
/// which has 1e-10: order 2 in the width, and extrapolated from three grids eight figures (fewer at low temperature, where the
/// width's w²/6 of extra variance acts as heat and enters the exponent).
#[test]
fn first_passage_is_that_of_an_independent_discretisation() {
    let field = double_well();
    for (learning_rate, beta, tolerance) in [(0.02, 1.0, 1e-8), (0.04, 5.0, 1e-5), (0.04, 10.0, 1e-4)] {
        let deviation = (2.0_f64 / (beta * learning_rate)).sqrt();
        let noise = isotropic(deviation, Law::Normal);
        let step = SgdStep { field: &field, noise: Some(&noise), learning_rate };
        let exact = chain_first_passage(
            |x| -learning_rate * (4.0 * x.powi(3) - 4.0 * x),
            |_| learning_rate * deviation,
            1.0,
            ChainTarget::Below(-0.5),
        )
        .unwrap();
        let passages: Vec<[f64; 2]> = [172, 516, 860]
            .into_iter()
            .map(|cells| {
                // 1 is the centre of a cell of each; nothing reaches 3.5.
                let chain = step.transition(&line(-0.5, 3.5, cells), Outside::Lost).unwrap();
                let steps = chain.steps_to_leave().unwrap();
                let start = cells * 3 / 8;
                [steps.mean[start], steps.variance[start].sqrt()]
            })
            .collect();
        for (moment, exact) in [exact.mean_steps, exact.standard_deviation_steps].into_iter().enumerate() {
            let values: Vec<f64> = passages.iter().map(|passage| passage[moment]).collect();
            let order = ((values[0] / exact - 1.0) / (values[1] / exact - 1.0)).ln() / 3.0_f64.ln();
            let twice = |one: f64, other: f64, ratio: f64| (ratio * other - one) / (ratio - 1.0);
            let (first, second) = (twice(values[0], values[1], 9.0), twice(values[1], values[2], 25.0 / 9.0));
            let extrapolated = twice(first, second, 25.0);
            assert!((order - 2.0).abs() < 0.1, "β = {beta}: {order}");
            assert!((extrapolated / exact - 1.0).abs() < tolerance, "β = {beta}: {extrapolated} {exact}");
        }
    }
}

fn points(values: &[f64]) -> PointRisk<f64> {
    let labels = Labels::Targets(vec![0.0; values.len()]);
    PointRisk::mean(&Dataset::new("points", values.to_vec(), vec!["x".to_owned()], labels).unwrap()).unwrap()
}

/// ½(x ∓ 1)²: even on [−1, 1] at η = ½, exactly, since its maps send faces to faces.
#[test]
fn two_samples_at_half_give_the_even_law() {
    let grid = line(-1.0, 1.0, 128);
    let chain = minibatch_transition(&grid, &points(&[-1.0, 1.0]), 1, 0.5, Outside::Lost).unwrap();
    assert_conserves(&chain);
    assert!(chain.beyond().iter().all(|&beyond| beyond == 0.0));
    let law = chain.stationary().unwrap();
    assert!(law.iter().all(|mass| (mass * 128.0 - 1.0).abs() < 1e-12), "{law:?}");
}

/// At η = ⅔ the law is Cantor's: on a grid of 3^k cells its masses are 2^−k on 2^k cells and 0 elsewhere, and the variance
/// is η/(2 − η) = ½ but for the even filling: w²/12 inside cells instead of w²/8 of the Cantor law there, exactly.
#[test]
fn two_samples_at_two_thirds_give_cantors_law() {
    for levels in [3, 5] {
        let cells = 3_usize.pow(levels);
        let grid = line(-1.0, 1.0, cells);
        let chain = minibatch_transition(&grid, &points(&[-1.0, 1.0]), 1, 2.0 / 3.0, Outside::Lost).unwrap();
        let law = chain.stationary().unwrap();
        let share = 0.5_f64.powi(levels as i32);
        for (cell, &mass) in law.iter().enumerate() {
            let mut digits = (0..levels).map(|level| cell / 3_usize.pow(level) % 3);
            let want = if digits.any(|digit| digit == 1) { 0.0 } else { share };
            assert!((mass - want).abs() < 1e-13, "{cell}: {mass} {want}");
        }
        let width = 2.0 / cells as f64;
        let variance = grid_moments(&grid, &law).covariance[0];
        assert!((variance - (0.5 - width * width * (1.0 / 8.0 - 1.0 / 12.0))).abs() < 1e-12, "{variance}");
    }
    // A grid that the maps do not respect still has the variance to second order.
    let grid = line(-1.1, 1.1, 1000);
    let chain = minibatch_transition(&grid, &points(&[-1.0, 1.0]), 1, 2.0 / 3.0, Outside::Lost).unwrap();
    let moments = grid_moments(&grid, &chain.stationary().unwrap());
    assert!((moments.covariance[0] - 0.5).abs() < 1e-5, "{moments:?}");
}

/// Batches of 3 of 4 points: S = η(Σ/B)/(2 − η).
#[test]
fn larger_batches_have_their_variance() {
    let samples = [-1.0, 0.2, 0.3, 1.5];
    let mean = samples.iter().sum::<f64>() / 4.0;
    let spread = samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 4.0;
    let grid = line(-1.2, 1.8, 1500);
    let chain = minibatch_transition(&grid, &points(&samples), 3, 0.4, Outside::Lost).unwrap();
    let moments = grid_moments(&grid, &chain.stationary().unwrap());
    let exact = 0.4 * spread / 3.0 / 1.6;
    assert!((moments.mean[0] - mean).abs() < 1e-9 && (moments.covariance[0] / exact - 1.0).abs() < 2e-4);
    assert!(matches!(
        minibatch_transition(&grid, &points(&vec![0.0; 100]), 4, 0.4, Outside::Lost),
        Err(DensityError::Outcomes { .. })
    ));
}

/// Curved maps: the logistic-like map x' = x − η(x³ − x) ± ηs turns inside cells; mass is kept and the even law of a cell
/// lands where a fine sampling of the cell lands.
#[test]
fn curved_maps_send_cells_where_samples_land() {
    let field = double_well();
    let noise = isotropic(1.0, Law::Rademacher);
    let step = SgdStep { field: &field, noise: Some(&noise), learning_rate: 0.2 };
    let grid = line(-2.0, 2.0, 40);
    let chain = step.transition(&grid, Outside::Lost).unwrap();
    assert_conserves(&chain);
    for cell in [7, 20, 25, 33] {
        let mut sampled = vec![0.0; 40];
        let samples = 100_000;
        for sample in 0..samples {
            let x = -2.0 + 0.1 * (cell as f64 + (sample as f64 + 0.5) / samples as f64);
            for sign in [-1.0, 1.0] {
                let to = x - 0.2 * (4.0 * x.powi(3) - 4.0 * x + sign);
                if let Some(target) = grid.cell_of(&[to]) {
                    sampled[target] += 0.5 / samples as f64;
                }
            }
        }
        let mut start = vec![0.0; 40];
        start[cell] = 1.0;
        let mut next = vec![0.0; 40];
        chain.advance(&start, &mut next);
        assert!(next.iter().zip(&sampled).all(|(a, b)| (a - b).abs() < 1e-4), "{cell}: {next:?} {sampled:?}");
    }
}

/// x' = (1 − η)x + ηz with stable z of scale s: the stationary law is stable with scale ηs/(1 − (1 − η)^α)^{1/α}.
#[test]
fn a_linear_step_with_stable_noise_has_a_stable_law() {
    for (alpha, tolerance) in [(1.0, 3e-3), (1.5, 3e-3), (1.8, 3e-3)] {
        let (learning_rate, scale) = (0.3, 0.5);
        let noise = isotropic(scale, Law::Stable { alpha });
        let field = quadratic(1.0);
        let step = SgdStep { field: &field, noise: Some(&noise), learning_rate };
        let width = learning_rate * scale / (1.0 - 0.7_f64.powf(alpha)).powf(1.0 / alpha);
        // Faces that stretch outwards reach the power-law tail: sinh.
        let faces: Vec<f64> =
            (0..=600).map(|face| 0.05 * (14.0 * (face as f64 / 300.0 - 1.0)).sinh()).collect();
        let grid = Grid::new(vec![Axis::stretched(faces.clone())]).unwrap();
        let chain = step.transition(&grid, Outside::Reflected).unwrap();
        assert_conserves(&chain);
        let law = chain.stationary().unwrap();
        let exact = StableLaw::new(alpha).unwrap();
        let mut above = 0.0;
        let mut worst = 0.0_f64;
        for cell in (300..600).rev() {
            above += law[cell];
            let place = faces[cell] / width;
            if place < 30.0 {
                worst = worst.max((above / exact.survival(place) - 1.0).abs());
            }
        }
        assert!(worst < tolerance, "α = {alpha}: {worst:e}");
    }
}

/// Transient: mean and variance of a linear chain after n steps are closed; so is survival under pure noise.
#[test]
fn transients_follow_closed_forms() {
    let (field, noise) = (quadratic(1.0), isotropic(1.0, Law::Normal));
    let step = SgdStep { field: &field, noise: Some(&noise), learning_rate: 0.2 };
    let grid = line(-5.0, 5.0, 1001);
    let chain = step.transition(&grid, Outside::Reflected).unwrap();
    let mut start = vec![0.0; 1001];
    let first = grid.cell_of(&[2.0]).unwrap();
    start[first] = 1.0;
    let from = grid.axes()[0].centre(first);
    for steps in [1, 7, 40, 1_000_000] {
        let after = chain.after(&start, steps).unwrap();
        assert!((after.masses.iter().sum::<f64>() - 1.0).abs() < 1e-12 && after.lost == 0.0);
        let moments = grid_moments(&grid, &after.masses);
        let decay = 0.8_f64.powi(steps.min(10_000) as i32);
        let variance = 0.04 * (1.0 - decay * decay) / (1.0 - 0.64);
        assert!((moments.mean[0] - from * decay).abs() < 1e-3 * decay + 1e-9, "{steps}: {moments:?}");
        assert!((moments.covariance[0] / variance - 1.0).abs() < 2e-3, "{steps}: {moments:?}");
    }
    // x' = z whatever x: each step leaves (−1, 1) with probability q.
    let step = SgdStep { learning_rate: 1.0, ..step };
    let grid = line(-1.0, 1.0, 50);
    let chain = step.transition(&grid, Outside::Lost).unwrap();
    let q = 2.0 * crate::statistics::normal_survival(1.0);
    let even = vec![0.02; 50];
    let survival = chain.survival(&even, &[0, 1, 2, 30]).unwrap();
    for (survival, steps) in survival.iter().zip([0, 1, 2, 30]) {
        assert!((survival / (1.0 - q).powi(steps) - 1.0).abs() < 1e-12);
    }
    let quasi = chain.quasi_stationary().unwrap();
    assert!((quasi.rate / q - 1.0).abs() < 1e-12);
    let steps = chain.steps_to_leave().unwrap();
    assert!((steps.mean[3] * q - 1.0).abs() < 1e-12);
    assert!((steps.variance[3] * q * q / (1.0 - q) - 1.0).abs() < 1e-12);
}

/// Two dimensions: H S + S H − ηHSH = ηC with H and C that do not commute, and separable noise as a product.
#[test]
fn in_the_plane_the_covariance_solves_its_equation() {
    let learning_rate = 0.3;
    let hessian = [1.5, 0.4, 0.4, 0.8];
    let root = [0.8, 0.0, 0.5, 0.6];
    for root in [root, [0.8, 0.0, 0.0, 0.6]] {
        let field = Field::landscape(FullQuadratic::new(&hessian, 2));
        let noise = ConstantRoot::new(&root, 2);
        let step = SgdStep { field: &field, noise: Some(&noise), learning_rate };
        let h = faer::Mat::from_fn(2, 2, |i, j| hessian[2 * i + j]);
        let c =
            faer::Mat::from_fn(2, 2, |i, j| (0..2).map(|k| root[2 * i + k] * root[2 * j + k]).sum::<f64>());
        let exact = stationary_covariance(h.as_ref(), c.as_ref(), learning_rate, LinearDynamics::Sgd)
            .unwrap()
            .covariance;
        let reach = [5.5 * exact[(0, 0)].sqrt(), 5.5 * exact[(1, 1)].sqrt()];
        let moments: Vec<Vec<f64>> = [12, 18]
            .into_iter()
            .map(|cells| {
                let axes = reach.iter().map(|&reach| Axis::uniform(-reach, reach, cells)).collect();
                let grid = Grid::new(axes).unwrap();
                let chain = step.transition(&grid, Outside::Reflected).unwrap();
                assert_conserves(&chain);
                grid_moments(&grid, &chain.stationary().unwrap()).covariance
            })
            .collect();
        for (entry, exact) in [exact[(0, 0)], exact[(0, 1)], exact[(1, 1)]].into_iter().enumerate() {
            let entry = entry + usize::from(entry == 2);
            let extrapolated = (9.0 * moments[1][entry] - 4.0 * moments[0][entry]) / 5.0;
            assert!((extrapolated - exact).abs() < 3e-4, "{entry}: {extrapolated} {exact}");
        }
    }
}

/// Heavy ball: S = ηC(1 + μ)/(h(1 − μ)(2(1 + μ) − ηh)), and Var m = 2C/((1 − μ)(2(1 + μ) − ηh)) = 2hS/(η(1 + μ)).
#[test]
fn the_heavy_ball_has_its_exact_covariance() {
    for (momentum, learning_rate) in [(0.5, 0.4), (0.9, 0.3)] {
        let (field, noise) = (quadratic(1.0), isotropic(1.0, Law::Normal));
        let sgd = SgdStep { field: &field, noise: Some(&noise), learning_rate };
        let step = HeavyBallStep { sgd, momentum };
        assert!((step.stability_limit(0.0).unwrap() - 2.0 * (1.0 + momentum)).abs() < 1e-14);
        let rest = (1.0 - momentum) * (2.0 * (1.0 + momentum) - learning_rate);
        let exact = [learning_rate * (1.0 + momentum) / rest, 2.0 / rest];
        let moments: Vec<Vec<f64>> = [32, 48, 64]
            .into_iter()
            .map(|cells| {
                let axes = exact.map(|variance| {
                    let reach = 5.5 * variance.sqrt();
                    Axis::uniform(-reach, reach, cells)
                });
                let grid = Grid::new(axes.to_vec()).unwrap();
                let chain = step.transition(&grid, Outside::Reflected).unwrap();
                assert_conserves(&chain);
                grid_moments(&grid, &chain.stationary().unwrap()).covariance
            })
            .collect();
        for (entry, exact) in [(0, exact[0]), (3, exact[1])] {
            let errors: Vec<f64> = moments.iter().map(|moments| moments[entry] / exact - 1.0).collect();
            let order = (errors[0] / errors[2]).log2();
            let extrapolated = (16.0 * errors[2] - 9.0 * errors[1]) / 7.0;
            assert!((order - 2.0).abs() < 0.2, "μ = {momentum}: {errors:?}");
            assert!(extrapolated.abs() < 1e-3, "μ = {momentum}: {errors:?} {extrapolated}");
        }
    }
}

/// The linear chain has the eigenvalues (1 − ηh)^k; the double well's slowest decay is twice the rate of its exits.
#[test]
fn modes_decay_as_they_must() {
    let (field, noise) = (quadratic(1.0), isotropic(1.0, Law::Normal));
    let step = SgdStep { field: &field, noise: Some(&noise), learning_rate: 0.5 };
    let grid = line(-6.0, 6.0, 800);
    let modes = step.transition(&grid, Outside::Reflected).unwrap().slowest_modes(5).unwrap();
    for (order, mode) in modes.iter().enumerate() {
        let [real, imaginary] = mode.eigenvalue();
        assert!(
            (real - 0.5_f64.powi(order as i32)).abs() < 2e-4 && imaginary.abs() < 1e-9,
            "{order}: {real}"
        );
    }
    let field = double_well();
    let learning_rate = 0.02;
    let noise = isotropic((2.0_f64 / (10.0 * learning_rate)).sqrt(), Law::Normal);
    let step = SgdStep { field: &field, noise: Some(&noise), learning_rate };
    let chain = step.transition(&line(-2.2, 2.2, 400), Outside::Reflected).unwrap();
    let slow = chain.slowest_modes(2).unwrap()[1].decay;
    // An odd mode is a mode of the half line with −f put at −x; the chain folded at 0 keeps the decay. By committors
    // the decay is twice the rate to the far well, up to the ratio of the two time scales, 1e-4.
    let (half, kept) = chain.restricted(|cell| cell >= 120).unwrap();
    let quasi = half.quasi_stationary().unwrap();
    assert_eq!(kept.len(), 280);
    assert!((slow[0] / (2.0 * quasi.rate) - 1.0).abs() < 0.05);
    // The powers of P over a long horizon decay by it.
    let mut start = vec![0.0; 400];
    start[300] = 1.0;
    let steps = (1.0 / slow[0]) as u64;
    let after = chain.after(&start, steps).unwrap();
    let right: f64 = after.masses[200..].iter().sum();
    let want = 0.5 + 0.5 * (-slow[0] * steps as f64).exp();
    assert!((right - want).abs() < 1e-3, "{right} {want}");
}

/// A quadratic with normal noise, from 1 for a time of 1: orders of the Langevin equation and of the one with corrected
/// drift, against closed forms, with errors taken from the master operator alone.
#[test]
fn orders_against_the_master_operator() {
    let field = quadratic(1.0);
    let noise = isotropic(1.0, Law::Normal);
    let learning_rates = [0.05, 0.1, 0.2];
    let exact = |learning_rate: f64| {
        let step = SgdStep { field: &field, noise: Some(&noise), learning_rate };
        let reach = 9.0 * (learning_rate / (2.0 - learning_rate)).sqrt() + 1.0;
        let steps = (1.0 / learning_rate).round() as u64;
        exact_moments(&step, &MomentQuestion { bounds: [-reach, reach], cells: 200, start: 1.0, steps })
    };
    for learning_rate in learning_rates {
        let ExactMoments { moments, uncertainty, mass_beyond } = exact(learning_rate).unwrap();
        let decay = (1.0 - learning_rate).powf((1.0 / learning_rate).round());
        let stationary = learning_rate / (2.0 - learning_rate);
        assert!((moments.stationary_variance / stationary - 1.0).abs() < 1e-9);
        assert!((moments.mean - decay).abs() < 1e-9);
        assert!((moments.variance / (stationary * (1.0 - decay * decay)) - 1.0).abs() < 1e-9);
        assert!(uncertainty.mean < 1e-6 && mass_beyond < 1e-12);
    }
    // dX = −kX dt + √(ηc) dW at time 1.
    let linear = |rate: f64, variance: f64| {
        let decay = (-rate).exp();
        LawMoments { stationary_variance: variance, mean: decay, variance: variance * (1.0 - decay * decay) }
    };
    let langevin = |eta: f64| Ok(linear(1.0, eta / 2.0));
    let corrected = |eta: f64| Ok(linear(1.0 + eta / 2.0, eta / (2.0 + eta)));
    let both = |eta: f64| Ok(linear(1.0 + eta / 2.0, eta * (1.0 + eta) / (2.0 + eta)));
    let approximations: [(&'static str, &Approximation<'_>); 3] =
        [("langevin", &langevin), ("corrected", &corrected), ("both", &both)];
    let orders = approximation_orders(&learning_rates, exact, &approximations).unwrap();
    for (found, want) in orders.iter().zip([2.0, 1.0, 2.0, 2.0, 2.0, 2.0, 3.0, 2.0, 3.0]) {
        let order = found.fit.unwrap().slope.value;
        assert!((order - want).abs() < 0.35, "{} {} {order}", found.approximation, found.quantity);
    }
}
