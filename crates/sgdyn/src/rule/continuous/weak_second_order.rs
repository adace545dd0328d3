//! The explicit weak scheme of order 2 of Platen, for noise that depends on the state.

use super::Equation;
use crate::lanes::{Block, Scratch};
use crate::random::{Demand, DrawDemand, Law, Purpose, StepDraws, Variate};
use crate::rule::{Bridge, Rule, State, kernels};

/// With columns `bʲ` of σ, three-point increments `ΔWʲ` and two-point `V`:
///
/// `Υ = X + aΔ + Σⱼ bʲΔWʲ`, `Rʲ± = X + aΔ ± bʲ√Δ`, `Uʲ± = X ± bʲ√Δ`,
///
/// `X' = X + ½(a(Υ) + a)Δ
///  + ¼ Σⱼ [(bʲ(Rʲ₊) + bʲ(Rʲ₋) + 2bʲ) ΔWʲ + Σ_{r≠j} (bʲ(Uʳ₊) + bʲ(Uʳ₋) − 2bʲ) ΔWʲ]
///  + ¼ Σⱼ [(bʲ(Rʲ₊) − bʲ(Rʲ₋))((ΔWʲ)² − Δ) + Σ_{r≠j} (bʲ(Uʳ₊) − bʲ(Uʳ₋))(ΔWʲΔWʳ + Vʳʲ)]/√Δ`.
///
/// Weak order 2 for smooth drift and diffusion; `2m² + 1` evaluations of σ a step. Kloeden and Platen (1992), equation
/// (15.1.3).
#[derive(Clone)]
pub struct WeakSecondOrder<R: Variate> {
    equation: Equation<R>,
    step_size: f64,
}

impl<R: Variate> WeakSecondOrder<R> {
    /// Steps of `step_size` units of time.
    pub fn new(equation: Equation<R>, step_size: f64) -> Self {
        Self { equation, step_size }
    }
}

/// The state of one step that the corrections are added to.
struct Step<'a, R: Variate> {
    equation: &'a Equation<R>,
    lanes: usize,
    motions: usize,
    root: R,
}

impl<R: Variate> Step<'_, R> {
    /// Column `motion` of σ at `at`.
    fn column(&self, at: &Block<R>, motion: usize, scratch: &mut Scratch<R>, out: &mut Block<R>) {
        let mut unit = scratch.take(self.motions * self.lanes);
        unit.fill(R::ZERO);
        unit[motion * self.lanes..(motion + 1) * self.lanes].fill(R::ONE);
        self.equation.apply_root(at, &unit, scratch, out);
        scratch.give(unit);
    }
}

impl<R: Variate> Rule<R> for WeakSecondOrder<R> {
    fn dimension(&self) -> usize {
        self.equation.dimension()
    }
    fn demands(&self) -> Vec<DrawDemand> {
        let motions = self.equation.motions();
        let mut demands =
            vec![DrawDemand::Variates(Demand::new(Purpose::GradientNoise, Law::ThreePoint, motions))];
        if motions > 1 {
            let pairs = motions * (motions - 1) / 2;
            demands.push(DrawDemand::Variates(Demand::new(Purpose::DoubleIntegral, Law::Rademacher, pairs)));
        }
        demands
    }
    fn time_step(&self) -> f64 {
        self.step_size
    }

    fn advance(&self, _: u64, state: &mut State<R>, draws: StepDraws<'_, R>, scratch: &mut Scratch<R>) {
        let start = state.position.clone();
        let (lanes, motions) = (start.lanes(), self.equation.motions());
        let (size, root) = (R::from_f64(self.step_size), R::from_f64(self.step_size.sqrt()));
        let context = Step { equation: &self.equation, lanes, motions, root };
        let z = draws.variates(0);
        let two_point = if motions > 1 { draws.variates(1) } else { &[] };
        let row = |values: &'_ [R], index: usize| values[index * lanes..(index + 1) * lanes].to_vec();
        let half = R::from_f64(0.5);
        let quarter = R::from_f64(0.25);

        let mut drift = start.zeros_like();
        self.equation.drift.drift(&start, scratch, &mut drift);
        let mut noise = start.zeros_like();
        self.equation.apply_root(&start, z, scratch, &mut noise);
        let mut ahead = start.zeros_like();
        kernels::set_two_scaled(
            start.values(),
            size,
            drift.values(),
            root,
            noise.values(),
            ahead.values_mut(),
        );
        let mut second = start.zeros_like();
        self.equation.drift.drift(&ahead, scratch, &mut second);
        let next = &mut state.position;
        kernels::add_two_scaled(half * size, drift.values(), half * size, second.values(), next.values_mut());

        let columns: Vec<Block<R>> = (0..motions)
            .map(|motion| {
                let mut column = start.zeros_like();
                context.column(&start, motion, scratch, &mut column);
                column
            })
            .collect();
        let (mut plus, mut minus) = (start.zeros_like(), start.zeros_like());
        let mut support = start.zeros_like();
        for j in 0..motions {
            let zj = row(z, j);
            // Along its own motion: the supporting points Rʲ±.
            for (sign, out) in [(R::ONE, &mut plus), (-R::ONE, &mut minus)] {
                let (from, column) = (start.values(), columns[j].values());
                kernels::set_two_scaled(
                    from,
                    size,
                    drift.values(),
                    sign * root,
                    column,
                    support.values_mut(),
                );
                context.column(&support, j, scratch, out);
            }
            for (c, &base) in columns[j].values().iter().enumerate() {
                let z = zj[c % lanes];
                let even = plus.values()[c] + minus.values()[c] + base + base;
                let odd = plus.values()[c] - minus.values()[c];
                let change = quarter * context.root * (even * z + odd * (z * z - R::ONE));
                next.values_mut()[c] += change;
            }
            // Along the others: the supporting points Uʳ±.
            for r in (0..motions).filter(|&r| r != j) {
                let zr = row(z, r);
                let pair = row(two_point, pair_index(j, r));
                // V is antisymmetric: Vʲʳ = −Vʳʲ.
                let orientation = if r < j { R::ONE } else { -R::ONE };
                for (sign, out) in [(R::ONE, &mut plus), (-R::ONE, &mut minus)] {
                    let (from, column) = (start.values(), columns[r].values());
                    kernels::set_two_scaled(from, sign * root, column, R::ZERO, column, support.values_mut());
                    context.column(&support, j, scratch, out);
                }
                for (c, &base) in columns[j].values().iter().enumerate() {
                    let lane = c % lanes;
                    let even = plus.values()[c] + minus.values()[c] - base - base;
                    let odd = plus.values()[c] - minus.values()[c];
                    let product = zj[lane].mul_add(zr[lane], orientation * pair[lane]);
                    next.values_mut()[c] += quarter * context.root * (even * zj[lane] + odd * product);
                }
            }
        }
    }

    fn bridge(&self) -> Option<&dyn Bridge<R>> {
        Some(self)
    }
}

/// The number of the unordered pair {j, r}.
fn pair_index(j: usize, r: usize) -> usize {
    let (low, high) = (j.min(r), j.max(r));
    high * (high - 1) / 2 + low
}

impl<R: Variate> Bridge<R> for WeakSecondOrder<R> {
    fn isotropic_variance(&self) -> Option<f64> {
        self.equation.amplitude().map(|amplitude| amplitude * amplitude * self.step_size)
    }
    fn variance_along(&self, point: &[f64], direction: &[f64]) -> f64 {
        self.equation.variance_rate_along(point, direction) * self.step_size
    }
}
