//! Stochastic gradient Langevin dynamics.

use super::Descent;
use crate::lanes::{Layout, Scratch};
use crate::oracle::Slot;
use crate::random::{Demand, DrawDemand, Law, Purpose, StepDraws, Variate};
use crate::rule::{Rule, State, kernels};

/// `θ' = θ − η(ĝ(θ) + λθ) + √(2η/β) z`. Welling and Teh (ICML 2011).
#[derive(Clone)]
pub struct LangevinDynamics<R: Variate> {
    /// Gradient, learning rate and weight decay.
    pub descent: Descent<R>,
    /// The inverse temperature β of the injected noise.
    pub beta: f64,
}

impl<R: Variate> Rule<R> for LangevinDynamics<R> {
    fn dimension(&self) -> usize {
        self.descent.oracle.dimension()
    }
    fn demands(&self) -> Vec<DrawDemand> {
        let injected = Demand::new(Purpose::InjectedNoise, Law::Normal, self.dimension());
        let mut demands = self.descent.oracle.demands(Slot::First);
        demands.push(DrawDemand::Variates(injected));
        demands
    }
    fn time_step(&self) -> f64 {
        self.descent.learning_rate
    }
    fn advance(&self, step: u64, state: &mut State<R>, draws: StepDraws<'_, R>, scratch: &mut Scratch<R>) {
        let mut direction = scratch.take_like(&state.position);
        self.descent.direction(0, state, draws, scratch, &mut direction);
        let rate = self.descent.schedule.rate(self.descent.learning_rate, step);
        kernels::add_scaled(R::from_f64(rate), direction.values(), state.position.values_mut());
        let injected = draws.variates(self.descent.oracle_demands);
        kernels::add_variates(R::from_f64((2.0 * rate / self.beta).sqrt()), injected, &mut state.position);
        scratch.give(direction.into_values());
    }
    fn layout(&self) -> Layout {
        self.descent.oracle.layout()
    }
    fn depends_on_step(&self) -> bool {
        !self.descent.schedule.is_constant()
    }
}
