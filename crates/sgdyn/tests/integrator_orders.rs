//! Weak and strong orders of the integrators, measured on linear equations whose moments are known in closed form.
//!
//! Weak errors are those of `E|X|²` (and of `E e^X` for a drift that is not linear) at T = 1. Common random numbers make
//! them small beside the errors: a control with an exactly known mean is taken from the same increments, with the
//! coefficient that least squares gives. Strong errors are root mean squares between a run and one with a step 2⁻¹¹ on
//! the same Brownian path.

mod common;

use std::fmt::Write;
use std::sync::Arc;

use common::Claim;
use sgdyn::landscape::Drift;
use sgdyn::lanes::{Block, Layout, Scratch};
use sgdyn::noise::Noise;
use sgdyn::random::{Draws, Law, Seed, StepDraws};
use sgdyn::rule::continuous::{Diffusion, Equation, EulerMaruyama, Heun, WeakSecondOrder};
use sgdyn::rule::{Rule, State};
use sgdyn::statistics::{Estimate, Moments, weighted_linear_fit};

type Matrix = [[f64; 2]; 2];

/// `dX = (a + A X) dt + Σⱼ (bⱼ + Bⱼ X) dWʲ` in two dimensions, or in one by its first entries.
#[derive(Clone)]
struct Linear {
    name: &'static str,
    dimension: usize,
    drift: Matrix,
    additive: Vec<[f64; 2]>,
    multiplicative: Vec<Matrix>,
    start: [f64; 2],
}

impl Linear {
    fn motions(&self) -> usize {
        self.additive.len()
    }

    fn equation(&self) -> Equation<f64> {
        let shared = Arc::new(self.clone());
        Equation { drift: shared.clone(), diffusion: Diffusion::Scaled { factor: 1.0, noise: shared } }
    }

    fn apply(matrix: &Matrix, x: [f64; 2]) -> [f64; 2] {
        [matrix[0][0] * x[0] + matrix[0][1] * x[1], matrix[1][0] * x[0] + matrix[1][1] * x[1]]
    }

    /// `E X Xᵀ` and `E X` at T, from the moment equations `m' = Am`, `M' = AM + MAᵀ + Σⱼ (bⱼbⱼᵀ + Bⱼ M Bⱼᵀ + …)`, by 4,000
    /// steps of the classical scheme of Runge and Kutta (error below 10⁻¹³).
    fn exact_square(&self, time: f64) -> f64 {
        // (m, M) as six numbers: m₀, m₁, M₀₀, M₀₁, M₁₀, M₁₁.
        let slope = |y: [f64; 6]| {
            let mean = Self::apply(&self.drift, [y[0], y[1]]);
            let second = [[y[2], y[3]], [y[4], y[5]]];
            let mut out = [mean[0], mean[1], 0.0, 0.0, 0.0, 0.0];
            for i in 0..2 {
                for j in 0..2 {
                    let mut sum: f64 = (0..2)
                        .map(|k| self.drift[i][k] * second[k][j] + second[i][k] * self.drift[j][k])
                        .sum();
                    for (b, matrix) in self.additive.iter().zip(&self.multiplicative) {
                        let moved = Self::apply(matrix, [y[0], y[1]]);
                        sum += b[i] * b[j] + b[i] * moved[j] + moved[i] * b[j];
                        for k in 0..2 {
                            for l in 0..2 {
                                sum += matrix[i][k] * second[k][l] * matrix[j][l];
                            }
                        }
                    }
                    out[2 + 2 * i + j] = sum;
                }
            }
            out
        };
        let [p, q] = self.start;
        let mut y = [p, q, p * p, p * q, p * q, q * q];
        let steps = 4_000;
        let h = time / f64::from(steps);
        let ahead = |y: [f64; 6], k: [f64; 6], h: f64| std::array::from_fn(|i| y[i] + h * k[i]);
        for _ in 0..steps {
            let k1 = slope(y);
            let k2 = slope(ahead(y, k1, 0.5 * h));
            let k3 = slope(ahead(y, k2, 0.5 * h));
            let k4 = slope(ahead(y, k3, h));
            y = std::array::from_fn(|i| y[i] + h / 6.0 * (k1[i] + 2.0 * (k2[i] + k3[i]) + k4[i]));
        }
        y[2] + y[5]
    }

    /// The control: a chain with the same increments and no closer to the schemes than it must be,
    /// `Y' = (1 + hA + ½h²A²)Y + Σₖ fₖ (cₖ + CₖY) ξₖ`, whose ξₖ are uncorrelated with mean 0 and variance 1: `z_j`, and
    /// with `iterated` integrals also `(z_j² − 1)/√2`, `z₀z₁` and the two-point variate V. Each term is `(fₖ, cₖ, Cₖ)`.
    fn control_terms(&self, h: f64, iterated: bool) -> Vec<(f64, [f64; 2], Matrix)> {
        let (b, matrices) = (&self.additive, &self.multiplicative);
        let mut terms: Vec<_> = b.iter().zip(matrices).map(|(&b, &matrix)| (h.sqrt(), b, matrix)).collect();
        if iterated {
            // Of the scheme's terms of order h^{3/2} only those with BA: with AB too it would be the control.
            for (_, _, matrix) in &mut terms {
                let ahead = product(matrix, &self.drift);
                *matrix =
                    std::array::from_fn(|i| std::array::from_fn(|j| matrix[i][j] + 0.5 * h * ahead[i][j]));
            }
            for (&b, matrix) in b.iter().zip(matrices) {
                let square = product(matrix, matrix);
                terms.push((h / std::f64::consts::SQRT_2, Self::apply(matrix, b), square));
            }
            if self.motions() == 2 {
                let (p, q) = (product(&matrices[0], &matrices[1]), product(&matrices[1], &matrices[0]));
                let (u, v) = (Self::apply(&matrices[0], b[1]), Self::apply(&matrices[1], b[0]));
                for sign in [1.0, -1.0] {
                    let offset = [v[0] + sign * u[0], v[1] + sign * u[1]];
                    let matrix = std::array::from_fn(|i| std::array::from_fn(|j| q[i][j] + sign * p[i][j]));
                    terms.push((0.5 * h, offset, matrix));
                }
            }
        }
        terms
    }

    /// The matrix that moves the mean of the control.
    fn control_push(&self, h: f64) -> Matrix {
        let square = product(&self.drift, &self.drift);
        std::array::from_fn(|i| {
            std::array::from_fn(|j| {
                f64::from(u8::from(i == j)) + h * self.drift[i][j] + 0.5 * h * h * square[i][j]
            })
        })
    }

    /// `E|Y|²` of the control, exactly.
    fn control_square(&self, steps: u32, iterated: bool) -> f64 {
        let h = 1.0 / f64::from(steps);
        let (push, terms) = (self.control_push(h), self.control_terms(h, iterated));
        let mut mean = self.start;
        let mut second: Matrix = std::array::from_fn(|i| std::array::from_fn(|j| mean[i] * mean[j]));
        let moved = |matrix: &Matrix, second: &Matrix| -> Matrix {
            std::array::from_fn(|i| {
                std::array::from_fn(|j| {
                    (0..2)
                        .map(|k| (0..2).map(|l| matrix[i][k] * second[k][l] * matrix[j][l]).sum::<f64>())
                        .sum()
                })
            })
        };
        for _ in 0..steps {
            let mut next = moved(&push, &second);
            for (factor, offset, matrix) in &terms {
                let (around, along) = (moved(matrix, &second), Self::apply(matrix, mean));
                for i in 0..2 {
                    for j in 0..2 {
                        let cross = offset[i] * offset[j] + offset[i] * along[j] + along[i] * offset[j];
                        next[i][j] += factor * factor * (around[i][j] + cross);
                    }
                }
            }
            second = next;
            mean = Self::apply(&push, mean);
        }
        second[0][0] + second[1][1]
    }
}

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    std::array::from_fn(|i| std::array::from_fn(|j| a[i][0] * b[0][j] + a[i][1] * b[1][j]))
}

impl Drift<f64> for Linear {
    fn dimension(&self) -> usize {
        self.dimension
    }
    fn drift(&self, at: &Block<f64>, _: &mut Scratch<f64>, out: &mut Block<f64>) {
        for row in 0..self.dimension {
            for lane in 0..at.lanes() {
                let sum = (0..self.dimension).map(|k| self.drift[row][k] * at.get(k, lane)).sum();
                out.set(row, lane, sum);
            }
        }
    }
}

impl Noise<f64> for Linear {
    fn law(&self) -> Law {
        Law::Normal
    }
    fn variates(&self) -> usize {
        self.motions()
    }
    fn apply_root(&self, at: &Block<f64>, z: &[f64], _: &mut Scratch<f64>, out: &mut Block<f64>) {
        let lanes = at.lanes();
        for row in 0..self.dimension {
            for lane in 0..lanes {
                let mut sum = 0.0;
                for motion in 0..self.motions() {
                    let matrix = &self.multiplicative[motion];
                    let moved: f64 = (0..self.dimension).map(|k| matrix[row][k] * at.get(k, lane)).sum();
                    sum += (self.additive[motion][row] + moved) * z[motion * lanes + lane];
                }
                out.set(row, lane, sum);
            }
        }
    }
}

const ZERO: Matrix = [[0.0; 2]; 2];

/// Ornstein and Uhlenbeck: `dX = −2X dt + dW` from 1.
fn additive() -> Linear {
    Linear {
        name: "additive",
        dimension: 1,
        drift: [[-2.0, 0.0], [0.0, 0.0]],
        additive: vec![[1.0, 0.0]],
        multiplicative: vec![ZERO],
        start: [1.0, 0.0],
    }
}

/// Two geometric Brownian motions with independent drivers.
fn diagonal() -> Linear {
    Linear {
        name: "diagonal multiplicative",
        dimension: 2,
        drift: [[0.8, 0.0], [0.0, -1.0]],
        additive: vec![[0.0; 2]; 2],
        multiplicative: vec![[[0.7, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]],
        start: [1.0, 0.5],
    }
}

/// A rotation and a shear, which do not commute, both driving both coordinates.
fn full() -> Linear {
    Linear {
        name: "full, not commuting",
        dimension: 2,
        drift: [[0.8, 0.6], [-0.5, 0.4]],
        additive: vec![[0.0, 0.1], [0.2, 0.0]],
        multiplicative: vec![[[0.3, -0.6], [0.6, 0.2]], [[0.4, 0.5], [0.0, -0.5]]],
        start: [1.0, 0.5],
    }
}

const LANES: usize = 256;

/// Runs `steps` steps of `replicas` replicas, showing each lane's increments and final point.
fn simulate(
    rule: &dyn Rule<f64>,
    start: [f64; 2],
    steps: u32,
    replicas: u64,
    seed: Seed,
    mut watch: impl FnMut(StepDraws<'_, f64>),
    mut finish: impl FnMut(&Block<f64>),
) {
    let mut scratch = Scratch::new();
    let mut draws = Draws::new(seed, &rule.demands(), LANES);
    for first in (0..replicas).step_by(LANES) {
        let mut position = Block::zeros(rule.dimension(), LANES, Layout::CoordinateMajor);
        for (coordinate, &value) in start.iter().enumerate().take(rule.dimension()) {
            position.coordinate_mut(coordinate).fill(value);
        }
        let mut state = State { position, memory: Vec::new() };
        let replicas: Vec<u64> = (first..first + LANES as u64).collect();
        let fill = draws.fill_steps() as u32;
        for step in 0..steps {
            if step % fill == 0 {
                draws.fill(&replicas, &[u64::from(step); LANES]);
            }
            let increments = draws.step((step % fill) as usize);
            watch(increments);
            rule.advance(u64::from(step), &mut state, increments, &mut scratch);
        }
        finish(&state.position);
    }
}

/// Mean of f with a control c of known mean: `f̄ − β(c̄ − E c)`, β by least squares.
#[derive(Default)]
struct Controlled {
    n: f64,
    mean: [f64; 2],
    products: [f64; 3],
}

impl Controlled {
    fn push(&mut self, value: f64, control: f64) {
        self.n += 1.0;
        let before = [value - self.mean[0], control - self.mean[1]];
        self.mean[0] += before[0] / self.n;
        self.mean[1] += before[1] / self.n;
        let after = [value - self.mean[0], control - self.mean[1]];
        self.products[0] += before[0] * after[0];
        self.products[1] += before[0] * after[1];
        self.products[2] += before[1] * after[1];
    }

    fn mean(&self, control: f64) -> Estimate {
        let [ff, fc, cc] = self.products;
        let beta = if cc > 0.0 { fc / cc } else { 0.0 };
        let value = self.mean[0] - beta * (self.mean[1] - control);
        let spread = (ff - beta * fc).max(0.0) / (self.n - 2.0);
        Estimate { value, stderr: (spread / self.n).sqrt(), n: self.n as u64 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Integrator {
    EulerMaruyama,
    Heun,
    WeakSecondOrder,
}

impl Integrator {
    fn name(self) -> &'static str {
        match self {
            Self::EulerMaruyama => "Euler–Maruyama",
            Self::Heun => "Heun",
            Self::WeakSecondOrder => "weak order 2 (Platen)",
        }
    }

    fn rule(self, equation: Equation<f64>, step_size: f64, finer_steps: usize) -> Box<dyn Rule<f64>> {
        match self {
            Self::EulerMaruyama => Box::new(EulerMaruyama::new(equation, step_size).coupled(finer_steps)),
            Self::Heun => Box::new(Heun::new(equation, step_size).coupled(finer_steps)),
            Self::WeakSecondOrder => Box::new(WeakSecondOrder::new(equation, step_size)),
        }
    }
}

/// The slope of log₂ error over log₂ step with the standard error that the errors' own standard errors give.
fn order(errors: &[(f64, Estimate)]) -> Estimate {
    let x: Vec<f64> = errors.iter().map(|(step, _)| step.log2()).collect();
    let y: Vec<f64> = errors.iter().map(|(_, error)| error.value.abs().log2()).collect();
    // Equal weights: the finest step, which is least precise, says most about the limit.
    let fit = weighted_linear_fit(&x, &y, &vec![1.0; x.len()], 0.95).expect("three points");
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    let spread: f64 = x.iter().map(|x| (x - mean).powi(2)).sum();
    let variance: f64 = errors
        .iter()
        .zip(&x)
        .map(|((_, error), x)| {
            let relative = error.stderr / error.value.abs() / std::f64::consts::LN_2;
            ((x - mean) / spread * relative).powi(2)
        })
        .sum();
    Estimate { value: fit.slope.value, stderr: variance.sqrt(), n: errors.len() as u64 }
}

/// Numbers of steps to T = 1 for a scheme of weak order `theory`: coarser ones where the error falls faster.
fn step_counts(theory: f64) -> [u32; 3] {
    if theory > 1.5 { [4, 8, 16] } else { [8, 16, 32] }
}

/// The weak order of `E|X|²` from three step sizes.
fn weak_order(integrator: Integrator, problem: &Linear, claim: Claim, theory: f64) -> Estimate {
    let exact = problem.exact_square(1.0);
    let errors: Vec<(f64, Estimate)> = step_counts(theory)
        .into_iter()
        .map(|steps| {
            let h = 1.0 / f64::from(steps);
            let rule = integrator.rule(problem.equation(), h, 1);
            let iterated = integrator == Integrator::WeakSecondOrder;
            let (push, terms) = (problem.control_push(h), problem.control_terms(h, iterated));
            let motions = problem.motions();
            let controls = std::cell::RefCell::new(vec![problem.start; LANES]);
            let mut result = Controlled::default();
            simulate(
                &*rule,
                problem.start,
                steps,
                claim.samples,
                claim.seed(),
                |increments| {
                    let z = increments.variates(0);
                    for (lane, y) in controls.borrow_mut().iter_mut().enumerate() {
                        let z = |motion: usize| z[motion * LANES + lane];
                        let mut next = Linear::apply(&push, *y);
                        for (index, (factor, offset, matrix)) in terms.iter().enumerate() {
                            let factor = factor
                                * if index < motions {
                                    z(index)
                                } else if index < 2 * motions {
                                    (z(index - motions).powi(2) - 1.0) * std::f64::consts::FRAC_1_SQRT_2
                                } else if index == 2 * motions {
                                    z(0) * z(1)
                                } else {
                                    increments.variates(1)[lane]
                                };
                            let along = Linear::apply(matrix, *y);
                            next[0] += factor * (offset[0] + along[0]);
                            next[1] += factor * (offset[1] + along[1]);
                        }
                        *y = next;
                    }
                },
                |position| {
                    for (lane, y) in controls.borrow_mut().iter_mut().enumerate() {
                        let square: f64 = (0..problem.dimension).map(|c| position.get(c, lane).powi(2)).sum();
                        result.push(square, y[0] * y[0] + y[1] * y[1]);
                        *y = problem.start;
                    }
                },
            );
            let mut error = result.mean(problem.control_square(steps, iterated));
            error.value -= exact;
            (h, error)
        })
        .collect();
    order(&errors)
}

/// The strong order: root mean square distance at T = 1 from the run with step 2⁻¹¹ on the same path.
fn strong_order(integrator: Integrator, problem: &Linear, claim: Claim) -> Estimate {
    let finest = 2048u32;
    let ends = |steps: u32| {
        let rule = integrator.rule(problem.equation(), 1.0 / f64::from(steps), (finest / steps) as usize);
        let mut all = Vec::new();
        let collect = |position: &Block<f64>| {
            all.extend((0..LANES).map(|lane| -> [f64; 2] {
                std::array::from_fn(|c| if c < problem.dimension { position.get(c, lane) } else { 0.0 })
            }));
        };
        simulate(&*rule, problem.start, steps, claim.samples, claim.seed(), |_| {}, collect);
        all
    };
    let reference = ends(finest);
    let errors: Vec<(f64, Estimate)> = [16u32, 32, 64]
        .into_iter()
        .map(|steps| {
            let squares: Moments = ends(steps)
                .iter()
                .zip(&reference)
                .map(|(x, y)| (x[0] - y[0]).powi(2) + (x[1] - y[1]).powi(2))
                .collect();
            let square = squares.mean();
            let value = square.value.sqrt();
            let error = Estimate { value, stderr: 0.5 * square.stderr / value, n: square.n };
            (1.0 / f64::from(steps), error)
        })
        .collect();
    order(&errors)
}

/// Within a quarter of the theoretical order: what terms of higher order leave at these steps, beside which the
/// standard error (printed) is small.
fn is_of_order(what: &str, measured: Estimate, theoretical: f64) {
    assert!(measured.stderr < 0.06, "{what}: order {measured} is not resolved");
    assert!((measured.value - theoretical).abs() < 0.25, "{what}: order {measured}, theory {theoretical}");
}

/// The table of `docs/integrators.md`: `cargo test -p sgdyn --test integrator_orders -- --nocapture` prints it.
#[test]
fn integrators_have_their_orders() {
    let mut table = String::from(
        "| integrator | noise | weak order | theory | strong order | theory |\n|---|---|---|---|---|---|\n",
    );
    let mut orders = Vec::new();
    let problems = [additive(), diagonal(), full()];
    let integrators = [
        (Integrator::EulerMaruyama, [1.0, 1.0, 1.0], Some([1.0, 0.5, 0.5])),
        (Integrator::Heun, [2.0, 1.0, 1.0], Some([1.0, 0.5, 0.5])),
        (Integrator::WeakSecondOrder, [2.0, 2.0, 2.0], None),
    ];
    for (integrator, weak, strong) in integrators {
        for (index, problem) in problems.iter().enumerate() {
            let what = format!("{}, {}", integrator.name(), problem.name);
            // The smaller errors are those of order 2 and those of one dimension.
            let small = problem.dimension == 1 || weak[index] > 1.5;
            let samples = if small { 1 << 19 } else { 1 << 17 };
            let claim = Claim { oracle: "moment equations", significance: 0.05, samples, seed: 1 };
            let measured = weak_order(integrator, problem, claim, weak[index]);
            orders.push((format!("{what}, weak"), measured, weak[index]));
            let mut row =
                format!("| {} | {} | {measured} | {} |", integrator.name(), problem.name, weak[index]);
            if let Some(theory) = strong {
                let claim = Claim { oracle: "step 2⁻¹¹ on the same path", samples: 8192, ..claim };
                let measured = strong_order(integrator, problem, claim);
                orders.push((format!("{what}, strong"), measured, theory[index]));
                writeln!(row, " {measured} | {} |", theory[index]).expect("a string");
            } else {
                row.push_str(" – | – |\n");
            }
            table.push_str(&row);
        }
    }
    println!("{table}");
    for (what, measured, theory) in orders {
        is_of_order(&what, measured, theory);
    }
}

/// `dX = (e⁻ˣ − ½) dt + ½ dW`: Y = eˣ obeys a linear equation, `E Y' = 1 + (−½ + ⅛) E Y`.
struct Exponential;

impl Drift<f64> for Exponential {
    fn dimension(&self) -> usize {
        1
    }
    fn drift(&self, at: &Block<f64>, _: &mut Scratch<f64>, out: &mut Block<f64>) {
        for (out, x) in out.values_mut().iter_mut().zip(at.values()) {
            *out = (-x).exp() - 0.5;
        }
    }
}

/// A drift that is not linear: weak errors of `E e^X` at T = 1, from X = −1. The control is a chain for
/// Y with the same increments, whose mean is an affine recursion.
#[test]
fn weak_orders_with_a_drift_that_is_not_linear() {
    let rate = -0.5 + 0.125;
    let exact = (f64::exp(-1.0) + 1.0 / rate) * f64::exp(rate) - 1.0 / rate;
    for (integrator, theory) in
        [(Integrator::EulerMaruyama, 1.0), (Integrator::Heun, 2.0), (Integrator::WeakSecondOrder, 2.0)]
    {
        let claim = Claim { oracle: "the equation of E e^X", significance: 0.05, samples: 1 << 19, seed: 2 };
        let errors: Vec<(f64, Estimate)> = step_counts(theory)
            .into_iter()
            .map(|steps| {
                let h = 1.0 / f64::from(steps);
                let equation =
                    Equation { drift: Arc::new(Exponential), diffusion: Diffusion::Isotropic(0.5) };
                let rule = integrator.rule(equation, h, 1);
                let start = f64::exp(-1.0);
                let push = |y: f64| y + (h + 0.5 * rate * h * h) * (1.0 + rate * y);
                let controls = std::cell::RefCell::new(vec![start; LANES]);
                let mut result = Controlled::default();
                simulate(
                    &*rule,
                    [-1.0, 0.0],
                    steps,
                    claim.samples,
                    claim.seed(),
                    |increments| {
                        for (y, z) in controls.borrow_mut().iter_mut().zip(increments.variates(0)) {
                            *y = push(*y) + *y * (0.5 * h.sqrt() * z + 0.125 * h * (z * z - 1.0));
                        }
                    },
                    |position| {
                        for (y, x) in controls.borrow_mut().iter_mut().zip(position.values()) {
                            result.push(x.exp(), *y);
                            *y = start;
                        }
                    },
                );
                let mut error = result.mean((0..steps).fold(start, |mean, _| push(mean)));
                error.value -= exact;
                (h, error)
            })
            .collect();
        let measured = order(&errors);
        println!("{}: {measured} {errors:?}", integrator.name());
        is_of_order(integrator.name(), measured, theory);
    }
}
