//! Langevin's equation driven by α-stable jumps.

use std::sync::Arc;

use crate::landscape::Drift;
use crate::lanes::Scratch;
use crate::random::{Demand, DrawDemand, Law, Purpose, StepDraws, Variate};
use crate::rule::{Rule, State, kernels};

/// How the jumps of several coordinates hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevyJumps {
    /// Each coordinate jumps on its own: `E exp(ik·L₁) = exp(−Σ|kᵢ|^α)`.
    PerCoordinate,
    /// Jumps have no preferred direction: `E exp(ik·L₁) = exp(−|k|^α)`.
    Isotropic,
}

/// `X' = X + b(X) Δt + ε Δt^{1/α} S`, Euler's scheme for `dX = b dt + ε dL^α`.
///
/// Paths jump, so no correction for crossings inside a step exists; α = 2 is Brownian motion times √2.
#[derive(Clone)]
pub struct LevyDriven<R: Variate> {
    /// The drift b.
    pub drift: Arc<dyn Drift<R>>,
    /// The index α, in (0, 2].
    pub alpha: f64,
    /// The scale ε of the noise.
    pub scale: f64,
    /// The step Δt in units of time.
    pub step_size: f64,
    /// How coordinates jump.
    pub jumps: LevyJumps,
}

impl<R: Variate> Rule<R> for LevyDriven<R> {
    fn dimension(&self) -> usize {
        self.drift.dimension()
    }
    fn demands(&self) -> Vec<DrawDemand> {
        let noise = |purpose, law, variates| DrawDemand::Variates(Demand::new(purpose, law, variates));
        match self.jumps {
            LevyJumps::PerCoordinate => {
                vec![noise(Purpose::GradientNoise, Law::Stable { alpha: self.alpha }, self.drift.dimension())]
            }
            // √A·(√2 G) with A totally skewed and stable of index α/2.
            LevyJumps::Isotropic => vec![
                noise(Purpose::GradientNoise, Law::Normal, self.drift.dimension()),
                noise(Purpose::InjectedNoise, Law::PositiveStable { alpha: 0.5 * self.alpha }, 1),
            ],
        }
    }
    fn time_step(&self) -> f64 {
        self.step_size
    }
    fn advance(&self, _: u64, state: &mut State<R>, draws: StepDraws<'_, R>, scratch: &mut Scratch<R>) {
        let mut drift = scratch.take_like(&state.position);
        self.drift.drift(&state.position, scratch, &mut drift);
        let step = R::from_f64(self.step_size);
        let power = crate::lanes::Real::exp(crate::lanes::Real::ln(self.step_size) / self.alpha);
        let spread = self.scale * power;
        let jumps = draws.variates(0);
        match self.jumps {
            LevyJumps::PerCoordinate => kernels::add_two_scaled(
                step,
                drift.values(),
                R::from_f64(spread),
                jumps,
                state.position.values_mut(),
            ),
            LevyJumps::Isotropic => {
                kernels::add_scaled(step, drift.values(), state.position.values_mut());
                let clock = draws.variates(1);
                let lanes = clock.len();
                let spread = R::from_f64(spread * 2.0_f64.sqrt());
                for (column, jumps) in
                    state.position.values_mut().chunks_exact_mut(lanes).zip(jumps.chunks_exact(lanes))
                {
                    add_subordinated(spread, clock, jumps, column);
                }
            }
        }
        scratch.give(drift.into_values());
    }
}

crate::lanes::lane_kernel! {
    fn add_subordinated<R: Variate>(spread: R, clock: &[R], jumps: &[R], to: &mut [R]) {
        for ((to, &clock), &jump) in to.iter_mut().zip(clock).zip(jumps) {
            *to = (spread * clock.sqrt()).mul_add(jump, *to);
        }
    }
}
