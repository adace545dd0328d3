//! Optimisers, step by step.

mod heavy_ball;
mod nesterov;
mod sgd;
mod sgld;
mod svag;

pub use heavy_ball::HeavyBall;
pub use nesterov::Nesterov;
pub use sgd::StochasticGradientDescent;
pub use sgld::LangevinDynamics;
pub use svag::VarianceAmplified;

use std::sync::Arc;

use super::{Schedule, State, kernels};
use crate::lanes::{Block, Scratch};
use crate::oracle::{GradientOracle, Slot};
use crate::random::{StepDraws, Variate};

/// What every optimiser has: a source of gradients, a learning rate and weight decay.
#[derive(Clone)]
pub struct Descent<R: Variate> {
    oracle: Arc<dyn GradientOracle<R>>,
    oracle_demands: usize,
    learning_rate: f64,
    schedule: Schedule,
    weight_decay: f64,
}

impl<R: Variate> Descent<R> {
    /// Gradients from `oracle`, a learning rate that starts at `learning_rate` and follows `schedule`, and weight decay
    /// λ, which adds λθ to the gradient.
    pub fn new(
        oracle: Arc<dyn GradientOracle<R>>,
        learning_rate: f64,
        schedule: Schedule,
        weight_decay: f64,
    ) -> Self {
        let oracle_demands = oracle.demands(Slot::First).len();
        Self { oracle, oracle_demands, learning_rate, schedule, weight_decay }
    }

    fn rate(&self, step: u64) -> R {
        R::from_f64(self.schedule.rate(self.learning_rate, step))
    }

    /// Writes −(ĝ + λθ) to `out`.
    fn direction(
        &self,
        slot: usize,
        state: &State<R>,
        draws: StepDraws<'_, R>,
        scratch: &mut Scratch<R>,
        out: &mut Block<R>,
    ) {
        let draws = draws.from(slot * self.oracle_demands);
        self.oracle.descent(&state.position, draws, scratch, out);
        if self.weight_decay != 0.0 {
            kernels::add_scaled(R::from_f64(-self.weight_decay), state.position.values(), out.values_mut());
        }
    }
}
