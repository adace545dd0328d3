//! Momentum: the heavy ball.

use super::Descent;
use crate::lanes::{Layout, Scratch};
use crate::oracle::Slot;
use crate::random::{DrawDemand, StepDraws, Variate};
use crate::rule::{Rule, State, kernels};

/// `m' = µm + ĝ(θ) + λθ`, `θ' = θ − ηm'`, from `m = 0`. Polyak (USSR Computational Mathematics 1964), in the form of
/// deep-learning frameworks (no dampening).
#[derive(Clone)]
pub struct HeavyBall<R: Variate> {
    /// Gradient, learning rate and weight decay.
    pub descent: Descent<R>,
    /// µ, in [0, 1).
    pub momentum: f64,
}

impl<R: Variate> Rule<R> for HeavyBall<R> {
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
        let memory = state.memory[0].values_mut();
        kernels::blend(R::from_f64(self.momentum), -R::ONE, direction.values(), memory);
        kernels::add_scaled(-self.descent.rate(step), memory, state.position.values_mut());
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
