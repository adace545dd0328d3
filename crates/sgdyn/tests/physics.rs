//! Ensembles against closed forms and quadratures that share no code with them.
//!
//! Significance is 6·10⁻⁵ for each comparison, which is four standard errors; seeds are fixed.

mod common;

use std::sync::Arc;

use common::{Claim, finish, landscape};
use faer::{Mat, MatRef, mat};
use sgdyn::ensemble::Start;
use sgdyn::ensemble::exit::{ExitProgram, ExitSummary, HalfSpace, Region, Side, Targets};
use sgdyn::ensemble::horizon::{HorizonProgram, HorizonSummary, Observations};
use sgdyn::lanes::{Block, Scratch};
use sgdyn::noise::{ConstantRoot, Isotropic, Multiplicative, Noise, cholesky};
use sgdyn::observe::{Projection, Snapshot};
use sgdyn::oracle::{GaussianRegression, GradientOracle, NoisyField, Slot};
use sgdyn::random::{DrawDemand, Law, Sampling, StepDraws};
use sgdyn::rule::continuous::{
    Diffusion, Equation, EulerMaruyama, Heun, LevyDriven, LevyJumps, WeakSecondOrder,
};
use sgdyn::rule::discrete::{
    Descent, HeavyBall, LangevinDynamics, StochasticGradientDescent, VarianceAmplified,
};
use sgdyn::rule::{Rule, Schedule};
use sgdyn::theory::{
    self, ChainTarget, FarSide, FluctuatingMode, LinearDynamics, Process, chain_first_passage,
    covariance_after, first_passage_time, fluctuating_stationary_covariance, stationary_covariance,
};
use statrs::function::gamma::gamma;

const SIGNIFICANCE: f64 = 6e-5;

fn claim(oracle: &'static str, samples: u64, seed: u64) -> Claim {
    Claim { oracle, significance: SIGNIFICANCE, samples, seed }
}

fn point(values: &[f64]) -> Start {
    Start::Point(values.to_vec())
}

/// Snapshots of an ensemble that starts at 0.
fn snapshots(rule: &dyn Rule<f64>, claim: Claim, at: &[u64]) -> Vec<Snapshot> {
    snapshots_from(&vec![0.0; rule.dimension()], rule, claim, at)
}

fn snapshots_from(start: &[f64], rule: &dyn Rule<f64>, claim: Claim, at: &[u64]) -> Vec<Snapshot> {
    let dimension = rule.dimension();
    let observations = Observations {
        projection: Projection::coordinates(vec![0.0; dimension]),
        snapshots: at.to_vec(),
        covariance: true,
        displacement: false,
        logarithms: start.iter().all(|&x| x != 0.0),
        quantiles: false,
        histogram: None,
        average: None,
        paths: 0,
    };
    let start = point(start);
    let steps = at.last().copied().unwrap_or(0);
    let program =
        HorizonProgram { rule, start: &start, steps, observations: &observations, seed: claim.seed() };
    let HorizonSummary { snapshots, diverged, .. } = finish(&program, claim.samples);
    assert_eq!(diverged, 0);
    snapshots
}

/// The covariance of Gaussian components, entry by entry.
fn covariance_agrees(what: &str, claim: Claim, snapshot: &Snapshot, exact: MatRef<'_, f64>) {
    let measured = snapshot.covariance.as_ref().expect("asked for");
    for i in 0..exact.nrows() {
        claim.agrees(&format!("{what}, mean {i}"), measured.mean(i).expect("a component"), 0.0);
        for j in 0..=i {
            let entry = measured.gaussian_covariance(i, j).expect("components");
            claim.agrees(&format!("{what}, entry {i} {j}"), entry, exact[(i, j)]);
        }
    }
}

/// H and C that do not commute.
const HESSIAN: [f64; 4] = [2.0, 0.7, 0.7, 0.8];
const NOISE: [f64; 4] = [0.5, -0.4, -0.4, 1.5];

fn matrix(entries: &[f64; 4]) -> Mat<f64> {
    mat![[entries[0], entries[1]], [entries[2], entries[3]]]
}

fn noisy_quadratic(hessian: &[f64; 4]) -> Arc<dyn GradientOracle<f64>> {
    let drift = landscape("full-quadratic", &[("hessian", hessian)]).drift;
    let root = cholesky(&NOISE, 2).expect("positive definite");
    Arc::new(NoisyField { drift, noise: Some(Arc::new(ConstantRoot::new(&root, 2))) })
}

fn descent(oracle: Arc<dyn GradientOracle<f64>>, learning_rate: f64) -> Descent<f64> {
    Descent::new(oracle, learning_rate, Schedule::Constant, 0.0)
}

/// SGD, heavy ball and SVAG at a finite learning rate, η‖H‖ ≈ 0.7; the slowest mode has relaxed to e⁻²⁰ and less.
#[test]
fn stationary_covariances_with_noise_that_does_not_commute() {
    type Case = (&'static str, Box<dyn Rule<f64>>, LinearDynamics, u64);
    let eta = 0.3;
    let oracle = || noisy_quadratic(&HESSIAN);
    let cases: [Case; 5] = [
        ("SGD", Box::new(StochasticGradientDescent(descent(oracle(), eta))), LinearDynamics::Sgd, 200),
        (
            "heavy ball, µ = 0.5",
            Box::new(HeavyBall { descent: descent(oracle(), eta), momentum: 0.5 }),
            LinearDynamics::HeavyBall { momentum: 0.5 },
            200,
        ),
        (
            "heavy ball, µ = 0.9",
            Box::new(HeavyBall { descent: descent(oracle(), eta), momentum: 0.9 }),
            LinearDynamics::HeavyBall { momentum: 0.9 },
            400,
        ),
        (
            "SVAG, l = 1",
            Box::new(VarianceAmplified { descent: descent(oracle(), eta), amplification: 1 }),
            LinearDynamics::Svag { amplification: 1.0 },
            200,
        ),
        (
            "SVAG, l = 4",
            Box::new(VarianceAmplified { descent: descent(oracle(), eta), amplification: 4 }),
            LinearDynamics::Svag { amplification: 4.0 },
            600,
        ),
    ];
    for (index, (what, rule, dynamics, steps)) in cases.into_iter().enumerate() {
        let claim = claim("theory::stationary_covariance", 100_000, 10 + index as u64);
        let (h, c) = (matrix(&HESSIAN), matrix(&NOISE));
        let exact = stationary_covariance(h.as_ref(), c.as_ref(), eta, dynamics).expect("stable");
        let measured = snapshots(&*rule, claim, &[steps]);
        covariance_agrees(what, claim, &measured[0], exact.covariance.as_ref());
    }
}

/// The equation of first order has Ornstein and Uhlenbeck's covariance: a scheme of weak order 2 with a step of 0.05
/// leaves a relative error below (h Δt)² = 0.7 %.
#[test]
fn stationary_covariance_of_the_first_order_equation() {
    let eta = 0.3;
    let drift = landscape("full-quadratic", &[("hessian", &HESSIAN)]).drift;
    let root = cholesky(&NOISE, 2).expect("positive definite");
    let noise: Arc<dyn Noise<f64>> = Arc::new(ConstantRoot::new(&root, 2));
    let equation = Equation { drift, diffusion: Diffusion::Scaled { factor: f64::sqrt(eta), noise } };
    let (h, c) = (matrix(&HESSIAN), matrix(&NOISE));
    let exact = stationary_covariance(h.as_ref(), c.as_ref(), eta, LinearDynamics::FirstOrderSde)
        .expect("stable")
        .covariance;
    let rules: [(&str, Box<dyn Rule<f64>>, u64); 2] = [
        ("Heun", Box::new(Heun::new(equation.clone(), 0.05)), 100_000),
        ("weak order 2", Box::new(WeakSecondOrder::new(equation, 0.05)), 20_000),
    ];
    for (what, rule, samples) in rules {
        let claim = claim("theory::stationary_covariance", samples, 20);
        let measured = snapshots(&*rule, claim, &[400]);
        let measured = measured[0].covariance.as_ref().expect("asked for");
        for (i, j) in [(0, 0), (1, 0), (1, 1)] {
            let entry = measured.gaussian_covariance(i, j).expect("components");
            let bias = 0.007 * (exact[(i, i)] * exact[(j, j)]).sqrt();
            claim.agrees_within(&format!("{what}, entry {i} {j}"), entry, exact[(i, j)], bias);
        }
    }
}

/// A curved and a flat mode at a few steps: relaxation and plain diffusion.
#[test]
fn covariance_after_few_steps() {
    let flat = [1.0, 1.0, 1.0, 1.0];
    let claim = claim("theory::covariance_after", 100_000, 30);
    let rule = StochasticGradientDescent(descent(noisy_quadratic(&flat), 0.4));
    let at = [1, 2, 7, 50, 333];
    let zero = Mat::<f64>::zeros(2, 2);
    for (snapshot, steps) in snapshots(&rule, claim, &at).iter().zip(at) {
        let (h, c) = (matrix(&flat), matrix(&NOISE));
        let exact = covariance_after(h.as_ref(), c.as_ref(), zero.as_ref(), 0.4, steps).expect("symmetric");
        covariance_agrees(&format!("{steps} steps"), claim, snapshot, exact.as_ref());
    }
}

/// `s x z₁ + σ z₂`: the stationary variance ησ²/(2λ − ηλ² − ηΓ), with a fourth moment at these values (measured standard
/// errors).
#[test]
fn multiplicative_noise_enlarges_the_variance() {
    let mode =
        FluctuatingMode { learning_rate: 0.2, curvature: 1.0, curvature_variance: 0.8, noise_variance: 1.0 };
    let claim = claim("theory::FluctuatingMode", 200_000, 40);
    let noise: Arc<dyn Noise<f64>> = Arc::new(Multiplicative {
        curvature_deviation: f64::sqrt(mode.curvature_variance),
        standard_deviation: 1.0,
        dimension: 1,
    });
    let drift = landscape("quadratic", &[("curvatures", &[1.0])]).drift;
    let oracle = Arc::new(NoisyField { drift, noise: Some(noise) });
    let rule = StochasticGradientDescent(descent(oracle, mode.learning_rate));
    let measured = snapshots(&rule, claim, &[150]);
    let exact = mode.stationary_variance().expect("a variance");
    claim.agrees("variance", measured[0].components[0].variance(), exact);
    // The comparison tells the exact law from Langevin's approximation, which misses −ηλ².
    let langevin = mode.langevin_variance().expect("a variance");
    assert!((exact - langevin).abs() > 10.0 * measured[0].components[0].variance().stderr);
}

/// `ln|x|` of a purely multiplicative mode walks at the Lyapunov exponent `E ln|1 − ηH_B|`: typical paths shrink at
/// (h, s, η) = (1, 2, 0.6), where the second moment grows by 1.6 a step, and grow at (1, 4, 1).
#[test]
fn logarithms_walk_at_the_lyapunov_exponent() {
    for (index, (deviation, learning_rate, published)) in
        [(2.0, 0.6, -0.39832), (4.0, 1.0, 0.75111)].into_iter().enumerate()
    {
        let claim = claim("theory::FluctuatingMode::gaussian_lyapunov_exponent", 50_000, 45 + index as u64);
        let curvature_variance = deviation * deviation;
        let mode = FluctuatingMode { learning_rate, curvature: 1.0, curvature_variance, noise_variance: 0.0 };
        let exponent = mode.gaussian_lyapunov_exponent();
        assert!((exponent - published).abs() < 1e-5);
        let noise: Arc<dyn Noise<f64>> = Arc::new(Multiplicative {
            curvature_deviation: deviation,
            standard_deviation: 0.0,
            dimension: 1,
        });
        let drift = landscape("quadratic", &[("curvatures", &[1.0])]).drift;
        let oracle = Arc::new(NoisyField { drift, noise: Some(noise) });
        let rule = StochasticGradientDescent(descent(oracle, learning_rate));
        let at = [1, 30, 100];
        for (snapshot, steps) in snapshots_from(&[1.0], &rule, claim, &at).iter().zip(at) {
            let logarithm = snapshot.logarithms[0].mean();
            claim.agrees(&format!("{steps} steps"), logarithm, exponent * steps as f64);
        }
    }
}

/// Linear regression on fresh Gaussian inputs: `E xxᵀVxxᵀ = 2AVA + tr(AV)A` in each sample.
#[test]
fn regression_on_fresh_inputs_has_its_stationary_covariance() {
    let (variances, sigma, batch, eta) = ([1.0, 0.5], 0.7, 4usize, 0.15);
    let claim = claim("theory::fluctuating_stationary_covariance", 200_000, 50);
    let input = Mat::from_fn(2, 2, |i, j| if i == j { variances[i] } else { 0.0 });
    let noise = faer::Scale(sigma * sigma / batch as f64) * &input;
    let action = |v: MatRef<'_, f64>| {
        let product = &input * (v * &input);
        let trace: f64 = (0..2).map(|i| variances[i] * v[(i, i)]).sum();
        faer::Scale(2.0) * &product + faer::Scale(trace) * &input
    };
    let exact = fluctuating_stationary_covariance(
        input.as_ref(),
        noise.as_ref(),
        eta,
        batch as u64,
        theory::Sampling::WithReplacement,
        action,
    )
    .expect("a variance")
    .covariance;
    let oracle = Arc::new(GaussianRegression::new(&variances, sigma, batch));
    let rule = StochasticGradientDescent(descent(oracle, eta));
    let measured = snapshots(&rule, claim, &[300]);
    for (i, moments) in measured[0].components.iter().enumerate() {
        claim.agrees(&format!("variance {i}"), moments.variance(), exact[(i, i)]);
    }
    let across = measured[0].covariance.as_ref().expect("asked for").gaussian_covariance(1, 0);
    claim.agrees("covariance", across.expect("components"), exact[(1, 0)]);
}

/// Constant gradients cᵢ: a flat direction that only sampling moves.
struct Slopes {
    gradients: Vec<f64>,
    batch_size: usize,
    sampling: Sampling,
}

impl GradientOracle<f64> for Slopes {
    fn dimension(&self) -> usize {
        1
    }
    fn demands(&self, slot: Slot) -> Vec<DrawDemand> {
        vec![DrawDemand::Minibatch {
            purpose: slot.minibatch(),
            samples: self.gradients.len(),
            batch_size: self.batch_size,
            sampling: self.sampling,
        }]
    }
    fn descent(
        &self,
        at: &Block<f64>,
        draws: StepDraws<'_, f64>,
        _: &mut Scratch<f64>,
        out: &mut Block<f64>,
    ) {
        let (lanes, batch) = (at.lanes(), draws.minibatch(0));
        for lane in 0..lanes {
            let sum: f64 = (0..self.batch_size)
                .map(|sample| self.gradients[batch[sample * lanes + lane] as usize])
                .sum();
            out.set(0, lane, -sum / self.batch_size as f64);
        }
    }
}

/// A flat direction under the three sampling schemes: variance kη²Σ/B, the same times (N − B)/(N − 1), and inside a
/// reshuffled epoch of M batches η²C k(M − k)/(M − 1), which is 0 at its end.
#[test]
fn sampling_schemes_have_their_variances() {
    let slopes = vec![-3.0, -1.0, 0.5, 0.25, 1.25, 2.0, -2.5, 1.5, 0.75, 0.25, 2.0, -2.0];
    assert_eq!(slopes.iter().sum::<f64>(), 0.0);
    let (samples, batch_size, eta) = (12.0, 3, 0.1);
    let single = slopes.iter().map(|c| c * c).sum::<f64>() / samples;
    let with = single / batch_size as f64;
    let without = with * (samples - batch_size as f64) / (samples - 1.0);
    for sampling in [Sampling::WithReplacement, Sampling::WithoutReplacement, Sampling::Reshuffled] {
        let claim = claim("Var = η²C·k, or η²C·k(M − k)/(M − 1)", 100_000, 60);
        let oracle = Arc::new(Slopes { gradients: slopes.clone(), batch_size, sampling });
        let rule = StochasticGradientDescent(descent(oracle, eta));
        let at = [1, 2, 3, 4, 5, 8, 22, 40];
        for (snapshot, k) in snapshots(&rule, claim, &at).iter().zip(at) {
            let steps = k as f64;
            let inside = (k % 4) as f64;
            let exact = match sampling {
                Sampling::WithReplacement => eta * eta * with * steps,
                Sampling::WithoutReplacement => eta * eta * without * steps,
                Sampling::Reshuffled => eta * eta * without * inside * (4.0 - inside) / 3.0,
            };
            let measured = snapshot.components[0].variance();
            // At the end of an epoch only rounding is left.
            claim.agrees_within(&format!("{sampling:?} after {k} steps"), measured, exact, 1e-28);
        }
    }
}

fn below(threshold: f64) -> HalfSpace {
    HalfSpace { coordinate: 0, threshold, side: Side::Below }
}

fn exits(rule: &dyn Rule<f64>, start: &[f64], targets: &Targets<f64>, claim: Claim) -> ExitSummary {
    let start = point(start);
    let program = ExitProgram {
        rule,
        start: &start,
        targets,
        correct_crossings: true,
        most_steps: 1 << 39,
        seed: claim.seed(),
        lanes: 128,
    };
    finish(&program, claim.samples)
}

/// SGLD in the double well, with the exact gradient and with a noisy one, against the exact discrete chain.
#[test]
fn sgld_leaves_the_well_as_its_chain_does() {
    let (beta, eta) = (1.0, 0.01);
    let drift = landscape::<f64>("double-well", &[]).drift;
    for (index, gradient_deviation) in [0.0, 10.0].into_iter().enumerate() {
        let claim = claim("theory::chain_first_passage", 100_000, 70 + index as u64);
        let noise: Option<Arc<dyn Noise<f64>>> = (gradient_deviation > 0.0).then(|| {
            let noise = Isotropic { amplitude: gradient_deviation, law: Law::Normal, dimension: 1 };
            Arc::new(noise) as Arc<dyn Noise<f64>>
        });
        let oracle = Arc::new(NoisyField { drift: drift.clone(), noise });
        let rule = LangevinDynamics { descent: descent(oracle, eta), beta };
        let deviation = (eta * eta * gradient_deviation * gradient_deviation + 2.0 * eta / beta).sqrt();
        let step = |x: f64| -eta * (4.0 * x.powi(3) - 4.0 * x);
        let exact =
            chain_first_passage(step, |_| deviation, 1.0, ChainTarget::Below(-0.5)).expect("confined");
        let targets = Targets::nested(&[below(-0.5)]).expect("nested");
        let measured = exits(&rule, &[1.0], &targets, claim).at_steps[0].time;
        claim.agrees("mean time", measured.mean(), exact.mean_steps * eta);
        let spread = (exact.standard_deviation_steps * eta).powi(2);
        claim.agrees("variance of the time", measured.variance(), spread);
    }
}

/// Heun with the bridge's crossings against quadrature: U = x⁴ − 2x², β = 1, Δt = 0.01, whose weak error is below 0.1 %.
#[test]
fn heun_with_crossings_has_the_exact_passage_times() {
    let claim = claim("theory::first_passage_time", 200_000, 80);
    let drift = landscape::<f64>("double-well", &[]).drift;
    let equation = Equation { drift, diffusion: Diffusion::Isotropic(std::f64::consts::SQRT_2) };
    let thresholds = [0.0, -0.5, -1.0];
    let targets = Targets::nested(&thresholds.map(below)).expect("nested");
    let summary = exits(&Heun::new(equation.clone(), 0.01), &[1.0], &targets, claim);
    let process = Process::gibbs(|x| x.powi(4) - 2.0 * x * x, 1.0).expect("a temperature");
    for (target, &threshold) in thresholds.iter().enumerate() {
        let exact = first_passage_time(&process, 1.0, threshold, FarSide::Infinite).expect("confined");
        let time = summary.corrected[target].time;
        claim.agrees_within(&format!("to {threshold}"), time.mean(), exact.mean, 1e-3 * exact.mean);
        let spread = (exact.coefficient_of_variation * exact.mean).powi(2);
        claim.agrees_within(&format!("variance to {threshold}"), time.variance(), spread, 2e-3 * spread);
        // Without the correction the same run is late, by more than chance.
        let late = summary.at_steps[target].time.mean();
        assert!(late.value - exact.mean > 4.0 * late.stderr, "{late} {}", exact.mean);
    }
}

/// Drift −1 and constant diffusion: the bridge is exact, so that even a step of ½ leaves no error in the mean and the
/// variance of the passage.
#[test]
fn crossings_of_brownian_motion_are_exact_at_any_step() {
    struct Falling;
    impl sgdyn::landscape::Drift<f64> for Falling {
        fn dimension(&self) -> usize {
            1
        }
        fn drift(&self, _: &Block<f64>, _: &mut Scratch<f64>, out: &mut Block<f64>) {
            out.values_mut().fill(-1.0);
        }
    }
    let equation = Equation { drift: Arc::new(Falling), diffusion: Diffusion::Isotropic(0.8) };
    let targets = Targets::nested(&[below(-0.25), below(-1.0)]).expect("nested");
    for (index, step) in [0.01, 0.1, 0.5].into_iter().enumerate() {
        let claim = claim("inverse Gaussian: mean a/v, variance a s²/v³", 100_000, 90 + index as u64);
        let summary = exits(&EulerMaruyama::new(equation.clone(), step), &[0.0], &targets, claim);
        for (target, distance) in [0.25, 1.0].into_iter().enumerate() {
            let time = summary.corrected[target].time;
            claim.agrees(&format!("step {step} to −{distance}"), time.mean(), distance);
            claim.agrees(&format!("step {step}, variance"), time.variance(), distance * 0.64);
        }
    }
}

/// The outside of the unit ball.
struct OutsideBall;

impl Region<f64> for OutsideBall {
    fn level(&self, at: &Block<f64>, _: &mut Scratch<f64>, out: &mut [f64]) {
        for (lane, out) in out.iter_mut().enumerate() {
            *out = 1.0 - (0..at.dimension()).map(|c| at.get(c, lane).powi(2)).sum::<f64>();
        }
    }
    fn level_gradient(&self, _: &[f64]) -> Option<Vec<f64>> {
        None
    }
}

/// Nowhere to go but by jumps.
struct Rest(usize);

impl sgdyn::landscape::Drift<f64> for Rest {
    fn dimension(&self) -> usize {
        self.0
    }
    fn drift(&self, _: &Block<f64>, _: &mut Scratch<f64>, out: &mut Block<f64>) {
        out.values_mut().fill(0.0);
    }
}

fn flight(dimension: usize, alpha: f64, step_size: f64, jumps: LevyJumps, claim: Claim) -> ExitSummary {
    let rule = LevyDriven { drift: Arc::new(Rest(dimension)), alpha, scale: 1.0, step_size, jumps };
    let targets = Targets::Regions(vec![Box::new(OutsideBall)]);
    exits(&rule, &vec![0.0; dimension], &targets, claim)
}

/// Steps until a chain with density `transition(y − x)` leaves (−1, 1) from 0: Simpson's rule on 641 nodes and
/// fixed-point iteration of `τ = 1 + Kτ`.
fn chain_steps(transition: impl Fn(f64) -> f64) -> f64 {
    let nodes = 641;
    let spacing = 2.0 / (nodes - 1) as f64;
    let weight = |node: usize| {
        let factor = if node == 0 || node == nodes - 1 {
            1.0
        } else if node % 2 == 1 {
            4.0
        } else {
            2.0
        };
        factor * spacing / 3.0
    };
    let kernel: Vec<f64> = (0..nodes).map(|distance| transition(distance as f64 * spacing)).collect();
    let mut steps = vec![1.0; nodes];
    for _ in 0..10_000 {
        let weighted: Vec<f64> = steps.iter().enumerate().map(|(node, value)| weight(node) * value).collect();
        let next: Vec<f64> = (0..nodes)
            .map(|from| 1.0 + (0..nodes).map(|to| kernel[from.abs_diff(to)] * weighted[to]).sum::<f64>())
            .collect();
        let change = (next[nodes / 2] - steps[nodes / 2]).abs();
        steps = next;
        if change < 1e-9 {
            break;
        }
    }
    steps[nodes / 2]
}

/// Stable flights from (−1, 1) seen at steps of ⅛, against the exact chain: Cauchy (α = 1) and normal of variance 2Δt
/// (α = 2) transitions.
#[test]
fn stable_flights_leave_the_interval_as_their_chains_do() {
    use std::f64::consts::PI;
    let step: f64 = 0.125;
    let cauchy = |x: f64| step / (PI * (step * step + x * x));
    let normal = |x: f64| (-x * x / (4.0 * step)).exp() / (4.0 * PI * step).sqrt();
    let exact = [(1.0, chain_steps(cauchy)), (2.0, chain_steps(normal))];
    let gaussian = chain_first_passage(
        |_| 0.0,
        |_| (2.0 * step).sqrt(),
        0.0,
        ChainTarget::Outside { lower: -1.0, upper: 1.0 },
    );
    assert!((gaussian.expect("an interval").mean_steps / exact[1].1 - 1.0).abs() < 1e-6);
    for (alpha, steps) in exact {
        for jumps in [LevyJumps::PerCoordinate, LevyJumps::Isotropic] {
            let claim = claim("the chain's integral equation", 200_000, 100);
            let measured = flight(1, alpha, step, jumps, claim).at_steps[0].time.mean();
            claim.agrees(&format!("α = {alpha}, {jumps:?}"), measured, steps * step);
        }
    }
}

/// The limit of small steps: E τ = 1/Γ(1 + α) from (−1, 1), and from the unit disc Getoor's
/// 1/(2^α Γ(1 + α/2)²) for isotropic jumps (Transactions of the AMS 1961). Seen at steps only, exits are late by at most
/// about Δt and by the reach Δt^{1/α} of a step: that is the bias allowed.
#[test]
fn stable_flights_have_getoors_mean_exit_times() {
    for (index, alpha) in [0.5, 1.0, 1.5].into_iter().enumerate() {
        let step: f64 = 1.0 / 1024.0;
        let bias = step + step.powf(1.0 / alpha);
        let claim = claim("Getoor 1961", 20_000, 110 + index as u64);
        let interval = flight(1, alpha, step, LevyJumps::PerCoordinate, claim).at_steps[0].time.mean();
        claim.agrees_within(&format!("interval, α = {alpha}"), interval, 1.0 / gamma(1.0 + alpha), bias);
        let disc = flight(2, alpha, step, LevyJumps::Isotropic, claim).at_steps[0].time.mean();
        let exact = 1.0 / (2f64.powf(alpha) * gamma(1.0 + 0.5 * alpha).powi(2));
        claim.agrees_within(&format!("disc, α = {alpha}"), disc, exact, bias);
    }
}
