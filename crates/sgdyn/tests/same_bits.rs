//! Same program, same seed: same bits in the summary, for any number of threads, lanes, unit size and SIMD level, and
//! after any number of stops and resumes.

mod common;

use std::f64::consts::SQRT_2;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::landscape;
use serde::Serialize;
use sgdyn::ensemble::exit::{ExitProgram, HalfSpace, Region, Side, Targets};
use sgdyn::ensemble::horizon::{Average, HorizonProgram, Observations};
use sgdyn::ensemble::{MemoryStore, Outcome, Plan, Start, Store, UnitProgram, Units, run};
use sgdyn::lanes::{Block, Scratch, SimdLevel, force_simd_level, simd_level};
use sgdyn::noise::{Isotropic, LossProportional, Multiplicative, Noise};
use sgdyn::observe::Projection;
use sgdyn::oracle::{GaussianRegression, GradientOracle, NoisyField, Slot};
use sgdyn::random::{DrawDemand, Law, Sampling, Seed, StepDraws, Variate};
use sgdyn::rule::continuous::{
    Diffusion, Equation, EulerMaruyama, Heun, LevyDriven, LevyJumps, WeakSecondOrder,
};
use sgdyn::rule::discrete::{
    Descent, HeavyBall, LangevinDynamics, StochasticGradientDescent, VarianceAmplified,
};
use sgdyn::rule::{Rule, Schedule};

fn plan(threads: usize, stop: &AtomicBool) -> Plan<'_> {
    Plan { threads, stop, progress: None, store: None, save_every: Duration::from_secs(3600) }
}

fn bytes<S: Serialize>(outcome: Outcome<S>) -> Vec<u8> {
    match outcome {
        Outcome::Finished(summary) => postcard::to_stdvec(&summary).expect("a summary"),
        Outcome::Stopped(done) => panic!("stopped after {done} replicas without being asked"),
    }
}

fn run_whole<P: UnitProgram>(program: &P, units: Units, threads: usize) -> Vec<u8> {
    let stop = AtomicBool::new(false);
    bytes(run(program, units, &plan(threads, &stop)).expect("no store that could fail"))
}

/// Stops at every report of progress, with another program (of other lanes, say) on each resume; gives the summary and
/// how often it was stopped.
fn run_in_portions<P: UnitProgram>(programs: &[P], units: Units) -> (Vec<u8>, usize) {
    let store = MemoryStore::default();
    for attempt in 0..10_000 {
        let stop = AtomicBool::new(false);
        let interrupt = |_| stop.store(true, Ordering::Relaxed);
        let plan = Plan {
            progress: Some(&interrupt),
            store: Some(&store as &dyn Store),
            ..plan(1 + attempt % 2, &stop)
        };
        match run(&programs[attempt % programs.len()], units, &plan).expect("a store that works") {
            Outcome::Stopped(_) => {}
            finished @ Outcome::Finished(_) => return (bytes(finished), attempt),
        }
    }
    panic!("not finished after 10,000 resumes");
}

/// Runs with every choice that must not matter; `program(lanes)` builds it for a number of lanes.
fn is_the_same_however_it_runs<P: UnitProgram>(what: &str, replicas: u64, program: impl Fn(usize) -> P) {
    let reference = run_whole(&program(128), Units::new(replicas, 1024), 1);
    for (threads, lanes, unit) in [
        (2, 128, 256),
        (8, 64, 16),
        (1, 16, 1024),
        (2, 256, 4096),
        (2, 48, 128),
        (1, 512, 2048),
        (1, 1024, 2048),
    ] {
        let other = run_whole(&program(lanes), Units::new(replicas, unit), threads);
        assert!(other == reference, "{what}: {threads} threads, {lanes} lanes, units of {unit}");
    }
    let best = simd_level();
    for level in [SimdLevel::Portable, SimdLevel::Avx2, SimdLevel::Avx512] {
        if force_simd_level(level).is_ok() {
            let other = run_whole(&program(128), Units::new(replicas, 512), 1);
            assert!(other == reference, "{what}: {}", level.name());
        }
    }
    force_simd_level(best).expect("the level that was in use");

    let (other, stops) = run_in_portions(&[program(16)], Units::new(replicas, 64));
    assert!(stops > 4, "{what}: stopped only {stops} times");
    assert!(other == reference, "{what}: stopped {stops} times");
    // Lanes that change from one resume to the next.
    let (other, stops) = run_in_portions(
        &[program(512), program(16), program(1024), program(128)],
        Units::new(replicas, 1024),
    );
    assert!(other == reference, "{what}: stopped {stops} times, other lanes after each");
}

fn below(threshold: f64) -> HalfSpace {
    HalfSpace { coordinate: 0, threshold, side: Side::Below }
}

/// The double well at β = 2 with its diffusion.
fn langevin<R: Variate>() -> Equation<R> {
    Equation { drift: landscape::<R>("double-well", &[]).drift, diffusion: Diffusion::Isotropic(1.0) }
}

fn double_well_descent<R: Variate>(deviation: f64, schedule: Schedule) -> Descent<R> {
    let noise: Arc<dyn Noise<R>> =
        Arc::new(Isotropic { amplitude: deviation, law: Law::Normal, dimension: 1 });
    let drift = landscape::<R>("double-well", &[]).drift;
    Descent::new(Arc::new(NoisyField { drift, noise: Some(noise) }), 0.02, schedule, 0.01)
}

/// One ensemble of exits.
struct Exits<R: Variate> {
    rule: Arc<dyn Rule<R>>,
    start: Start,
    targets: Targets<R>,
    correct: bool,
    most_steps: u64,
}

impl<R: Variate> Exits<R> {
    fn program(&self, lanes: usize) -> ExitProgram<'_, R> {
        ExitProgram {
            rule: &*self.rule,
            start: &self.start,
            targets: &self.targets,
            correct_crossings: self.correct,
            most_steps: self.most_steps,
            seed: Seed::new(31, 4),
            lanes,
        }
    }

    fn check(&self, what: &str, replicas: u64) {
        is_the_same_however_it_runs(&format!("{} {what}", R::NAME), replicas, |lanes| self.program(lanes));
    }
}

fn from_one<R: Variate>(rule: impl Rule<R> + 'static, thresholds: &[f64], correct: bool) -> Exits<R> {
    let half_spaces: Vec<HalfSpace> = thresholds.iter().map(|&threshold| below(threshold)).collect();
    Exits {
        rule: Arc::new(rule),
        start: Start::Point(vec![1.0]),
        targets: Targets::nested(&half_spaces).expect("nested"),
        correct,
        most_steps: 1 << 30,
    }
}

fn langevin_exits<R: Variate>() {
    let nested = [0.0, -0.5, -1.0];
    from_one::<R>(EulerMaruyama::new(langevin(), 0.02), &[-0.5], false).check("Euler–Maruyama", 600);
    from_one::<R>(EulerMaruyama::new(langevin(), 0.02), &nested, true)
        .check("Euler–Maruyama, corrected", 600);
    from_one::<R>(Heun::new(langevin(), 0.02), &nested, true).check("Heun, corrected", 600);
    // 100 is no multiple of any fill, so that horizons end inside one.
    Exits { most_steps: 100, ..from_one::<R>(Heun::new(langevin(), 0.02), &nested, true) }
        .check("Heun, censored after 100 steps", 3000);
    // Later steps of the same fill run away from the explicit scheme; they must not count.
    let short = Exits { most_steps: 1, ..from_one::<R>(EulerMaruyama::new(langevin(), 0.5), &[0.5], false) };
    short.check("one step", 600);
}

#[test]
fn exits_by_langevins_equation_in_f64() {
    langevin_exits::<f64>();
}

#[test]
fn exits_by_langevins_equation_in_f32() {
    langevin_exits::<f32>();
}

fn optimiser_exits<R: Variate>() {
    let descent = |schedule| double_well_descent::<R>(6.0, schedule);
    from_one::<R>(HeavyBall { descent: descent(Schedule::Constant), momentum: 0.5 }, &[0.0, -0.5], false)
        .check("heavy ball", 600);
    let svag = VarianceAmplified { descent: descent(Schedule::Constant), amplification: 2 };
    from_one::<R>(svag, &[-0.5], false).check("SVAG", 300);
    let sgld = LangevinDynamics { descent: double_well_descent::<R>(3.0, Schedule::Constant), beta: 2.0 };
    from_one::<R>(sgld, &[-0.5], false).check("SGLD", 300);
    // A schedule keeps all lanes at the same step.
    let schedule = Schedule::Step { every: 40, factor: 0.9 };
    let scheduled = StochasticGradientDescent(descent(schedule));
    Exits { most_steps: 300, ..from_one::<R>(scheduled, &[-0.5], false) }.check("SGD with a schedule", 600);
}

#[test]
fn exits_of_optimisers_in_f64() {
    optimiser_exits::<f64>();
}

#[test]
fn exits_of_optimisers_in_f32() {
    optimiser_exits::<f32>();
}

/// Replicas on an inverted parabola run to the target or to infinity, and some are at their horizon within the same few
/// steps: what counts as diverged, and when, must not depend on the lanes. d = 2 makes the fills shorter.
#[test]
fn diverging_replicas_are_counted_alike() {
    /// Coordinates grow ninefold a step, to the largest number in about `overflow` steps.
    fn check<R: Variate>(most_steps: u64, overflow: u64) {
        let dimension = 2;
        let field = landscape::<R>("full-quadratic", &[("hessian", &[-8.0, 0.0, 0.0, -5.0])]);
        let noise: Arc<dyn Noise<R>> =
            Arc::new(Isotropic { amplitude: 1.0, law: Law::StudentT { degrees: 3.0 }, dimension });
        let oracle = NoisyField { drift: field.drift, noise: Some(noise) };
        let rule = StochasticGradientDescent(Descent::new(Arc::new(oracle), 1.0, Schedule::Constant, 0.0));
        let exits = Exits::<R> {
            rule: Arc::new(rule),
            start: Start::Point(vec![0.0; dimension]),
            targets: Targets::nested(&[below(-3.0)]).expect("nested"),
            correct: false,
            most_steps,
        };
        exits.check("unstable quadratic", 3000);
        let summary = common::finish(&exits.program(128), 3000);
        let (reached, diverged) = (summary.at_steps[0].time.count(), summary.diverged);
        assert!(reached > 1000, "{reached} reached the target");
        assert_eq!(diverged > 0, most_steps > overflow, "{diverged} diverged within {most_steps} steps");
        assert_eq!(reached + diverged + summary.at_steps[0].censored, 3000);
    }
    for most_steps in [30, 42, 1000] {
        check::<f32>(most_steps, 40);
    }
    for most_steps in [317, 323, 325, 400] {
        check::<f64>(most_steps, 322);
    }
}

/// The outside of an ellipse, with its level function.
struct OutsideEllipse;

impl<R: Variate> Region<R> for OutsideEllipse {
    fn level(&self, at: &Block<R>, _: &mut Scratch<R>, out: &mut [R]) {
        for (lane, out) in out.iter_mut().enumerate() {
            let (x, y) = (at.get(0, lane), at.get(1, lane));
            *out = R::ONE - x * x - (y + y) * y;
        }
    }
    fn level_gradient(&self, point: &[f64]) -> Option<Vec<f64>> {
        Some(vec![-2.0 * point[0], -4.0 * point[1]])
    }
}

fn region_exits<R: Variate>() {
    let field = landscape::<R>("quadratic", &[("curvatures", &[1.0, 0.5])]);
    let noise: Arc<dyn Noise<R>> =
        Arc::new(Multiplicative { curvature_deviation: 0.5, standard_deviation: 0.5, dimension: 2 });
    let equation =
        Equation { drift: field.drift.clone(), diffusion: Diffusion::Scaled { factor: SQRT_2, noise } };
    let start = Start::Normal { mean: vec![0.1, 0.0], root: vec![0.1, 0.0, 0.05, 0.1] };
    let exits = |rule: Arc<dyn Rule<R>>, correct| Exits::<R> {
        rule,
        start: start.clone(),
        targets: Targets::Regions(vec![Box::new(OutsideEllipse)]),
        correct,
        most_steps: 400,
    };
    exits(Arc::new(EulerMaruyama::new(equation.clone(), 0.01)), true).check("multiplicative, region", 600);
    exits(Arc::new(WeakSecondOrder::new(equation, 0.02)), true).check("weak order 2, region", 600);
    for jumps in [LevyJumps::PerCoordinate, LevyJumps::Isotropic] {
        let rule = LevyDriven { drift: field.drift.clone(), alpha: 1.5, scale: 0.5, step_size: 0.01, jumps };
        exits(Arc::new(rule), false).check("Lévy, region", 600);
    }
}

#[test]
fn exits_through_a_region_in_f64() {
    region_exits::<f64>();
}

#[test]
fn exits_through_a_region_in_f32() {
    region_exits::<f32>();
}

/// Losses `½|x − cᵢ|²` with nine centres on the line: the smallest oracle that draws minibatches.
struct Centres {
    batch_size: usize,
    sampling: Sampling,
}

impl<R: Variate> GradientOracle<R> for Centres {
    fn dimension(&self) -> usize {
        1
    }
    fn demands(&self, slot: Slot) -> Vec<DrawDemand> {
        let (purpose, sampling) = (slot.minibatch(), self.sampling);
        vec![DrawDemand::Minibatch { purpose, samples: 9, batch_size: self.batch_size, sampling }]
    }
    fn descent(&self, at: &Block<R>, draws: StepDraws<'_, R>, _: &mut Scratch<R>, out: &mut Block<R>) {
        let (lanes, batch) = (at.lanes(), draws.minibatch(0));
        for lane in 0..lanes {
            let mut centre = R::ZERO;
            for sample in 0..self.batch_size {
                centre += R::from_f64(f64::from(batch[sample * lanes + lane]).sqrt());
            }
            let mean = centre / R::from_f64(self.batch_size as f64);
            out.set(0, lane, mean - at.get(0, lane));
        }
    }
}

fn horizon_is_the_same<R: Variate>(what: &str, rule: &dyn Rule<R>) {
    let dimension = rule.dimension();
    let observations = Observations {
        projection: Projection {
            reference: vec![0.25; dimension],
            directions: (0..2 * dimension).map(|k| 1.0 / (1.0 + k as f64)).collect(),
        },
        snapshots: vec![0, 1, 17, 500, 1200],
        covariance: true,
        displacement: true,
        logarithms: true,
        quantiles: true,
        histogram: None,
        average: Some(Average { burn_in: 100, every: 7 }),
        paths: 37,
    };
    let start = Start::Point(vec![0.5; dimension]);
    let program = || HorizonProgram {
        rule,
        start: &start,
        steps: 1200,
        observations: &observations,
        seed: Seed::new(8, 1),
    };
    let replicas = 200;
    let what = format!("{} {what}", R::NAME);
    let reference = run_whole(&program(), Units::new(replicas, 128), 1);
    for (threads, unit) in [(2, 16), (8, 32), (2, 64), (1, 512)] {
        let other = run_whole(&program(), Units::new(replicas, unit), threads);
        assert!(other == reference, "{what}: {threads} threads, units of {unit}");
    }
    let best = simd_level();
    for level in [SimdLevel::Portable, SimdLevel::Avx2, SimdLevel::Avx512] {
        if force_simd_level(level).is_ok() {
            let other = run_whole(&program(), Units::new(replicas, 256), 1);
            assert!(other == reference, "{what}: {}", level.name());
        }
    }
    force_simd_level(best).expect("the level that was in use");
    let (other, stops) = run_in_portions(&[program()], Units::new(replicas, 64));
    assert!(stops > 2, "{what}: stopped only {stops} times");
    assert!(other == reference, "{what}: stopped {stops} times");
}

fn descent<R: Variate>(oracle: impl GradientOracle<R> + 'static) -> Descent<R> {
    Descent::new(Arc::new(oracle), 0.1, Schedule::Constant, 0.0)
}

fn minibatch_horizons<R: Variate>() {
    for sampling in [Sampling::WithReplacement, Sampling::WithoutReplacement, Sampling::Reshuffled] {
        let oracle = || Centres { batch_size: 2, sampling };
        horizon_is_the_same(
            &format!("SGD, {sampling:?}"),
            &StochasticGradientDescent(descent::<R>(oracle())),
        );
        let rule = HeavyBall { descent: descent::<R>(oracle()), momentum: 0.9 };
        horizon_is_the_same(&format!("heavy ball, {sampling:?}"), &rule);
        let rule = VarianceAmplified { descent: descent::<R>(oracle()), amplification: 3 };
        horizon_is_the_same(&format!("SVAG, {sampling:?}"), &rule);
    }
}

#[test]
fn horizons_with_minibatches_in_f64() {
    minibatch_horizons::<f64>();
}

#[test]
fn horizons_with_minibatches_in_f32() {
    minibatch_horizons::<f32>();
}

fn noise_horizons<R: Variate>() {
    let field = landscape::<R>("quadratic", &[("curvatures", &[1.0, 0.5, 3.0])]);
    let noises: [Arc<dyn Noise<R>>; 4] = [
        Arc::new(Isotropic { amplitude: 1.0, law: Law::ThreePoint, dimension: 3 }),
        Arc::new(Isotropic { amplitude: 1.0, law: Law::StudentT { degrees: 3.0 }, dimension: 3 }),
        Arc::new(Multiplicative { curvature_deviation: 1.0, standard_deviation: 1.0, dimension: 3 }),
        Arc::new(LossProportional {
            temperature: 0.5,
            floor: 0.1,
            landscape: field.loss.clone().expect("a quadratic has a loss"),
        }),
    ];
    for (index, noise) in noises.into_iter().enumerate() {
        let oracle = NoisyField { drift: field.drift.clone(), noise: Some(noise) };
        let schedule = Schedule::Cosine { steps: 1000, last: 0.01 };
        let rule = StochasticGradientDescent(Descent::new(Arc::new(oracle), 0.1, schedule, 0.01));
        horizon_is_the_same(&format!("SGD with a schedule, noise {index}"), &rule);
    }
    let regression = GaussianRegression::<R>::new(&[1.0, 0.3, 0.1], 0.5, 4);
    horizon_is_the_same("regression", &StochasticGradientDescent(descent(regression)));
    let noise = Arc::new(Isotropic { amplitude: 1.0, law: Law::Normal, dimension: 3 });
    let diffusion = Diffusion::Scaled { factor: 0.3, noise };
    let equation = Equation { drift: field.drift, diffusion };
    horizon_is_the_same("coupled increments", &EulerMaruyama::new(equation, 0.05).coupled(8));
}

#[test]
fn horizons_with_noise_in_f64() {
    noise_horizons::<f64>();
}

#[test]
fn horizons_with_noise_in_f32() {
    noise_horizons::<f32>();
}
