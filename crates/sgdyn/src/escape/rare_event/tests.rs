//! Rules as rare events, against closed forms, quadrature and brute force.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::EscapeError;
use super::*;
use crate::ensemble::exit::{HalfSpace, Side};
use crate::landscape::formula::{Condition, Formula};
use crate::landscape::{Field, formula_field};
use crate::noise::Isotropic;
use crate::oracle::NoisyField;
use crate::random::{Law, Seed};
use crate::rule::continuous::{Diffusion, Equation, EulerMaruyama, Heun};
use crate::rule::discrete::{Descent, HeavyBall, StochasticGradientDescent};
use crate::rule::{Rule, Schedule};
use crate::theory::{FarSide, Process, first_passage_time, interval_exit_time};

fn field(text: &str) -> Field<f64> {
    formula_field(text, None, &BTreeMap::new()).unwrap().0
}

fn equation(text: &str, beta: f64) -> Equation<f64> {
    Equation { drift: field(text).drift, diffusion: Diffusion::Isotropic((2.0_f64 / beta).sqrt()) }
}

fn half(threshold: f64, side: Side) -> Boundary {
    Boundary::half_space(HalfSpace { coordinate: 0, threshold, side })
}

const UP: ReactionCoordinate = ReactionCoordinate::Coordinate { coordinate: 0, sign: 1.0 };
const DOWN: ReactionCoordinate = ReactionCoordinate::Coordinate { coordinate: 0, sign: -1.0 };

fn parts<'a>(
    rule: &'a dyn Rule<f64>,
    start: &'a [f64],
    target: &'a Boundary,
    failure: &'a Boundary,
    coordinate: &'a ReactionCoordinate,
) -> RuleEventParts<'a> {
    let (failure, horizon, inside_steps) = (Some(failure), None, true);
    RuleEventParts { rule, start, target, failure, coordinate, horizon, inside_steps }
}

#[test]
fn one_in_1e17_by_any_rule() {
    // dX = −dt + dW is V = x at β = 2. Oracle: (e² − 1)/(e⁴⁰ − 1). z bounded at 4 (significance 6e-5), seed 8.
    let (rule, target, failure) =
        (EulerMaruyama::new(equation("x", 2.0), 0.1), half(20.0, Side::Above), half(0.0, Side::Below));
    let event = RuleEvent::new(parts(&rule, &[1.0], &target, &failure, &UP)).unwrap();
    let exact = 2f64.exp_m1() / 40f64.exp_m1();
    let options = SplittingOptions { runs: 8, ..SplittingOptions::default() };
    let split = multilevel_splitting(&event, Seed::new(8, 0), &options).unwrap();
    let options = ForwardFluxOptions { runs: 8, ..ForwardFluxOptions::default() };
    let flux = forward_flux(&event, Seed::new(8, 0), &options).unwrap();
    for estimate in [split, flux] {
        assert!(estimate.probability.z_score(exact).abs() < 4.0, "{estimate:?}");
        assert!(estimate.probability.stderr < 0.2 * exact && estimate.speed_up() > 1e9, "{estimate:?}");
    }
}

#[test]
fn both_boundaries_are_corrected_for_crossings_inside_a_step() {
    // Long steps, Δt = 0.5. Oracle: (e² − 1)/(e⁶ − 1). With both corrected |z| < 4; a path seen at steps alone escapes
    // failure so often that it is off by more than 30 standard errors. Seed 12.
    let (rule, target, failure) =
        (EulerMaruyama::new(equation("x", 2.0), 0.5), half(3.0, Side::Above), half(0.0, Side::Below));
    let options = SplittingOptions { runs: 40, ..SplittingOptions::default() };
    let z = |inside_steps| {
        let parts = RuleEventParts { inside_steps, ..parts(&rule, &[1.0], &target, &failure, &UP) };
        let event = RuleEvent::new(parts).unwrap();
        let estimate = multilevel_splitting(&event, Seed::new(12, 0), &options).unwrap();
        estimate.probability.z_score(2f64.exp_m1() / 6f64.exp_m1())
    };
    assert!(z(true).abs() < 4.0 && z(false).abs() > 30.0, "{} {}", z(true), z(false));
}

#[test]
fn regions_are_corrected_along_their_normal() {
    // The same motion along the diagonal of a plane, between lines that are no half-spaces of one coordinate, for which the
    // variance along the level's gradient counts. Oracle: the closed form. Seed 5, |z| < 4.
    let rule = EulerMaruyama::new(equation("(x + y)/sqrt(2)", 2.0), 0.25);
    let names = ["x".to_owned(), "y".to_owned()];
    let boundary = |text: &str| {
        let condition = Condition::parse(text, Some(&names), &BTreeMap::new()).unwrap();
        assert!(condition.half_space().is_none());
        Boundary::condition(&condition).unwrap()
    };
    let (target, failure) = (boundary("x + y >= 4*sqrt(2)"), boundary("x + y <= 0"));
    let formula = Formula::parse("x + 0.8*y", Some(&names), &BTreeMap::new()).unwrap();
    let coordinate = ReactionCoordinate::formula(&formula).unwrap();
    let start = [2f64.sqrt(), 0.0];
    let event = RuleEvent::new(parts(&rule, &start, &target, &failure, &coordinate)).unwrap();
    let estimate = multilevel_splitting(&event, Seed::new(5, 0), &SplittingOptions::default()).unwrap();
    let exact = 2f64.exp_m1() / 8f64.exp_m1();
    assert!(estimate.probability.z_score(exact).abs() < 4.0, "{} {exact}", estimate.probability);
    assert!(estimate.probability.stderr < 0.1 * exact);
}

#[test]
fn paths_do_not_depend_on_the_lanes_they_sit_in() {
    let (rule, target, failure) =
        (Heun::new(equation("x^4 - 2*x^2", 3.0), 0.01), half(-0.5, Side::Below), half(1.2, Side::Above));
    let event = RuleEvent::new(parts(&rule, &[1.0], &target, &failure, &DOWN)).unwrap();
    let request =
        PathRequest { seed: Seed::new(1, 0), until: f64::INFINITY, record: true, most_steps: 1 << 40 };
    let (state, level) = event.start(request.seed, 0);
    let starts: Vec<PathStart<'_, RuleState>> =
        (0..600).map(|stream| PathStart { state: &state, level, stream }).collect();
    let together = event.run(&starts, &request).unwrap();
    for (start, path) in starts.iter().zip(&together).step_by(41) {
        let alone = event.run(std::slice::from_ref(start), &request).unwrap().remove(0);
        assert_eq!((alone.steps, alone.end, &alone.last), (path.steps, path.end, &path.last));
        assert_eq!(alone.records, path.records);
    }
    let steps: u64 = together.iter().map(|path| path.steps).sum();
    let run = |most_steps| event.run(&starts, &PathRequest { most_steps, ..request });
    assert!(run(steps).is_some() && run(steps - 1).is_none());
}

fn descent(text: &str, deviation: f64, schedule: Schedule) -> Descent<f64> {
    let noise = Isotropic { amplitude: deviation, law: Law::Normal, dimension: 1 };
    let oracle = NoisyField { drift: field(text).drift, noise: Some(Arc::new(noise)) };
    Descent::new(Arc::new(oracle), 0.1, schedule, 0.0)
}

#[test]
fn a_rule_with_memory_is_copied_with_it() {
    // Heavy ball in a double well, from the bottom of one to the top before 1.3; oracle: 200,000 paths of brute force.
    // Bound: 4 standard errors of the difference, seed 3.
    let rule = HeavyBall { descent: descent("x^4 - 2*x^2", 2.0, Schedule::Constant), momentum: 0.6 };
    let (target, failure) = (half(0.0, Side::Below), half(1.3, Side::Above));
    let event = RuleEvent::new(parts(&rule, &[1.0], &target, &failure, &DOWN)).unwrap();
    let brute = BruteForceOptions { paths: 200_000, confidence: 0.95, steps: 1 << 40 };
    let brute = brute_force(&event, Seed::new(3, 0), &brute).unwrap();
    let options = SplittingOptions { paths: 500, replaced: 25, runs: 100, ..SplittingOptions::default() };
    let split = multilevel_splitting(&event, Seed::new(3, 1), &options).unwrap();
    let error = split.probability.stderr.hypot(brute.probability.stderr);
    assert!((split.probability.value - brute.probability.value).abs() < 4.0 * error, "{split:?} {brute:?}");
    assert!(split.stages > 0 && brute.probability.value < 0.2, "{brute:?}");
}

#[test]
fn a_horizon_ends_paths_and_copies_keep_their_age() {
    // Brownian motion with drift 1 from 0 to 3 within t = 0.6, no failure else: the reflection principle gives
    // Φ((vT − a)/√T) + e^{2va} Φ((−a − vT)/√T). z bounded at 4, seed 7.
    use crate::statistics::normal_survival;
    let rule = EulerMaruyama::new(equation("-x", 2.0), 0.05);
    let target = half(3.0, Side::Above);
    let parts =
        RuleEventParts { failure: None, horizon: Some(12), ..parts(&rule, &[0.0], &target, &target, &UP) };
    let event = RuleEvent::new(parts).unwrap();
    let root = 0.6_f64.sqrt();
    let exact = normal_survival((3.0 - 0.6) / root) + 6f64.exp() * normal_survival((3.0 + 0.6) / root);
    let options = SplittingOptions { runs: 100, ..SplittingOptions::default() };
    let split = multilevel_splitting(&event, Seed::new(7, 0), &options).unwrap();
    let options = ForwardFluxOptions { runs: 100, ..ForwardFluxOptions::default() };
    let flux = forward_flux(&event, Seed::new(7, 0), &options).unwrap();
    for estimate in [split, flux] {
        assert!(estimate.probability.z_score(exact).abs() < 4.0, "{} {exact}", estimate.probability);
        assert!(estimate.probability.stderr < 0.06 * exact && estimate.stages > 0);
    }
}

#[test]
fn rates_of_a_double_well_are_those_of_quadrature() {
    // x⁴ − 2x² from the core x ≥ 0.9 to x ≤ −0.5; oracle: 1/τ by quadrature. The equation is integrated by Heun, weak
    // order 2, whose error at Δt = 0.005 is below 1 %; |z| < 4 on top of it. Seed 6.
    let (target, core) = (half(-0.5, Side::Below), half(0.9, Side::Above));
    for beta in [8.0, 14.0] {
        let rule = Heun::new(equation("x^4 - 2*x^2", beta), 0.005);
        let exit = BasinExit::new(parts(&rule, &[1.0], &target, &core, &DOWN), &core).unwrap();
        let process = Process::gibbs(|x| x.powi(4) - 2.0 * x * x, 1.0 / beta).unwrap();
        let exact = 1.0 / first_passage_time(&process, 1.0, -0.5, FarSide::Infinite).unwrap().mean;
        let splitting =
            SplittingOptions { paths: 400, replaced: 40, runs: 10, ..SplittingOptions::default() };
        let flux = ForwardFluxOptions { paths: 400, runs: 10, ..ForwardFluxOptions::default() };
        for method in [ProbabilityMethod::Splitting(splitting), ProbabilityMethod::ForwardFlux(flux)] {
            let estimate = flux_rate(&exit, Seed::new(6, 0), &method).unwrap();
            let error = (estimate.rate.value / exact - 1.0).abs();
            let relative = estimate.rate.stderr / exact;
            assert!(error < 4.0 * relative + 0.01 && relative < 0.15, "{beta}: {error} {estimate:?}");
        }
    }
}

#[test]
fn a_committor_on_a_grid_and_a_place_split_alike() {
    // From 0.8 to −0.5 before 1 at β = 6; oracle: quadrature. The coordinate is a committor of wrong temperature: any
    // coordinate gives the same mean. Seed 2, |z| < 4 on top of 1 % of Heun's.
    use crate::density::{Axis, Grid};
    let rule = Heun::new(equation("x^4 - 2*x^2", 6.0), 0.005);
    let (target, failure) = (half(-0.5, Side::Below), half(1.0, Side::Above));
    let grid = Grid::new(vec![Axis::uniform(-0.6, 1.1, 170)]).unwrap();
    let wrong: Vec<f64> = (0..170).map(|cell| (-9.0 * grid.axes()[0].centre(cell)).exp() * 1e-3).collect();
    let field = ReactionCoordinate::Committor(CommittorField::new(grid, &wrong).unwrap());
    let process = Process::gibbs(|x| x.powi(4) - 2.0 * x * x, 1.0 / 6.0).unwrap();
    let exact = 1.0 - interval_exit_time(&process, 0.8, -0.5, 1.0).unwrap().upper_exit_probability;
    for coordinate in [&field, &DOWN] {
        let event = RuleEvent::new(parts(&rule, &[0.8], &target, &failure, coordinate)).unwrap();
        let options = SplittingOptions { paths: 400, replaced: 20, ..SplittingOptions::default() };
        let estimate = multilevel_splitting(&event, Seed::new(2, 0), &options).unwrap().probability;
        let error = (estimate.value / exact - 1.0).abs();
        assert!(error < 4.0 * estimate.stderr / exact + 0.01, "{estimate} {exact}");
    }
}

#[test]
fn what_cannot_be_split_is_refused() {
    let (target, failure) = (half(2.0, Side::Above), half(0.0, Side::Below));
    let event = |rule: &dyn Rule<f64>, start: &[f64]| {
        RuleEvent::new(parts(rule, start, &target, &failure, &UP)).map(|_| ())
    };
    let steady = StochasticGradientDescent(descent("x", 1.0, Schedule::Constant));
    assert!(event(&steady, &[1.0]).is_ok());
    for start in [[2.0], [-1.0]] {
        assert!(matches!(event(&steady, &start), Err(EscapeError::BadStart { .. })));
    }
    assert!(matches!(event(&steady, &[1.0, 1.0]), Err(EscapeError::Dimension { .. })));
    let falling = StochasticGradientDescent(descent("x", 1.0, Schedule::Exponential { factor: 0.99 }));
    assert!(matches!(event(&falling, &[1.0]), Err(EscapeError::Unsplittable { .. })));
    // Without noise all paths fail alike.
    let silent = StochasticGradientDescent(descent("x", 0.0, Schedule::Constant));
    let event = RuleEvent::new(parts(&silent, &[1.0], &target, &failure, &UP)).unwrap();
    let none = multilevel_splitting(&event, Seed::new(1, 0), &SplittingOptions::default());
    assert!(matches!(none, Err(EscapeError::Extinct { .. })), "{none:?}");
    assert!(forward_flux(&event, Seed::new(1, 0), &ForwardFluxOptions::default()).is_err());
    // A rate starts in its core.
    assert!(BasinExit::new(parts(&steady, &[1.0], &target, &failure, &UP), &failure).is_err());
}
