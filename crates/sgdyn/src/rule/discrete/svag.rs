//! SVAG: SGD whose noise is amplified so that it approaches its Itô SDE at a finite learning rate.

use super::Descent;
use crate::lanes::{Layout, Scratch};
use crate::oracle::Slot;
use crate::random::{DrawDemand, StepDraws, Variate};
use crate::rule::{Rule, State, kernels};

/// `θ' = θ − (η/l)[(1+c)/2 · ĝ₁ + (1−c)/2 · ĝ₂]` with `c = √(2l−1)` and two independent batches; l = 1 is SGD.
/// Li, Malladi and Arora (NeurIPS 2021).
#[derive(Clone)]
pub struct VarianceAmplified<R: Variate> {
    /// Gradient, learning rate η (of SGD; a step uses η/l) and weight decay.
    pub descent: Descent<R>,
    /// l ≥ 1.
    pub amplification: u32,
}

impl<R: Variate> Rule<R> for VarianceAmplified<R> {
    fn dimension(&self) -> usize {
        self.descent.oracle.dimension()
    }
    fn demands(&self) -> Vec<DrawDemand> {
        let mut demands = self.descent.oracle.demands(Slot::First);
        demands.extend(self.descent.oracle.demands(Slot::Second));
        demands
    }
    fn time_step(&self) -> f64 {
        self.descent.learning_rate / f64::from(self.amplification)
    }
    fn advance(&self, step: u64, state: &mut State<R>, draws: StepDraws<'_, R>, scratch: &mut Scratch<R>) {
        let mut first = scratch.take_like(&state.position);
        let mut second = scratch.take_like(&state.position);
        self.descent.direction(0, state, draws, scratch, &mut first);
        self.descent.direction(1, state, draws, scratch, &mut second);
        let l = f64::from(self.amplification);
        let c = (2.0 * l - 1.0).sqrt();
        let rate = self.descent.schedule.rate(self.descent.learning_rate, step) / l;
        let (a, b) = (R::from_f64(rate * 0.5 * (1.0 + c)), R::from_f64(rate * 0.5 * (1.0 - c)));
        kernels::add_two_scaled(a, first.values(), b, second.values(), state.position.values_mut());
        scratch.give(first.into_values());
        scratch.give(second.into_values());
    }
    fn layout(&self) -> Layout {
        self.descent.oracle.layout()
    }
    fn depends_on_step(&self) -> bool {
        !self.descent.schedule.is_constant()
    }
}
