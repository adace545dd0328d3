//! Nesterov's momentum.

use super::Descent;
use crate::lanes::{Layout, Scratch};
use crate::oracle::Slot;
use crate::random::{DrawDemand, StepDraws, Variate};
use crate::rule::{Rule, State, kernels};

/// `m' = µm + g`, `θ' = θ − η(g + µm')` with `g = ĝ(θ) + λθ`, from `m = 0`: Nesterov (Soviet Mathematics Doklady 1983) in
/// the form of Sutskever et al. (ICML 2013) that deep-learning frameworks use.
#[derive(Clone)]
pub struct Nesterov<R: Variate> {
    /// Gradient, learning rate and weight decay.
    pub descent: Descent<R>,
    /// µ, in [0, 1).
    pub momentum: f64,
}

impl<R: Variate> Rule<R> for Nesterov<R> {
    fn dimension(&self) -> usize {
        self.descent.oracle.dimension()
    }
    fn demands(&self) -> Vec<DrawDemand> {
        self.descent.oracle.demands(Slot::First)
    }
    fn time_step(&self) -> f64 {
        self.descent.learning_rate
    }
    fn advance(&self, step: u64, state: &mut State<R>, draws: StepDraws<'_, R>, scratch: &mut Scratch<R>) {
        let mut direction = scratch.take_like(&state.position);
        self.descent.direction(0, state, draws, scratch, &mut direction);
        let (rate, momentum) = (self.descent.rate(step), R::from_f64(self.momentum));
        let memory = state.memory[0].values_mut();
        kernels::blend(momentum, -R::ONE, direction.values(), memory);
        let position = state.position.values_mut();
        kernels::add_two_scaled(rate, direction.values(), -rate * momentum, memory, position);
        scratch.give(direction.into_values());
    }
    fn layout(&self) -> Layout {
        self.descent.oracle.layout()
    }
    fn memory_blocks(&self) -> usize {
        1
    }
    fn depends_on_step(&self) -> bool {
        !self.descent.schedule.is_constant()
    }
}
