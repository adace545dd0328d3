//! Stochastic gradient descent.

use super::Descent;
use crate::lanes::{Layout, Scratch};
use crate::oracle::Slot;
use crate::random::{DrawDemand, StepDraws, Variate};
use crate::rule::{Rule, State, kernels};

/// `θ' = θ − η(ĝ(θ) + λθ)`. Robbins and Monro (Annals of Mathematical Statistics 1951).
#[derive(Clone)]
pub struct StochasticGradientDescent<R: Variate>(pub Descent<R>);

impl<R: Variate> Rule<R> for StochasticGradientDescent<R> {
    fn dimension(&self) -> usize {
        self.0.oracle.dimension()
    }
    fn demands(&self) -> Vec<DrawDemand> {
        self.0.oracle.demands(Slot::First)
    }
    fn time_step(&self) -> f64 {
        self.0.learning_rate
    }
    fn advance(&self, step: u64, state: &mut State<R>, draws: StepDraws<'_, R>, scratch: &mut Scratch<R>) {
        let mut direction = scratch.take_like(&state.position);
        self.0.direction(0, state, draws, scratch, &mut direction);
        kernels::add_scaled(self.0.rate(step), direction.values(), state.position.values_mut());
        scratch.give(direction.into_values());
    }
    fn layout(&self) -> Layout {
        self.0.oracle.layout()
    }
    fn depends_on_step(&self) -> bool {
        !self.0.schedule.is_constant()
    }
}
