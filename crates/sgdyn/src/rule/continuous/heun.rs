//! Stochastic Heun: the drift averaged over the step.

use super::Equation;
use super::euler_maruyama::increments;
use crate::lanes::Scratch;
use crate::random::{DrawDemand, StepDraws, Variate};
use crate::rule::{Bridge, Rule, State, kernels};

/// `Y = X + b(X) Δt + σ(X) ΔW`, `X' = X + ½(b(X) + b(Y)) Δt + σ(X) ΔW`.
///
/// Weak order 2 where σ is constant. Where σ depends on x it stays at its value at the start of the step (Itô), and the
/// weak order is 1: use [`super::WeakSecondOrder`] there. Kloeden and Platen, "Numerical Solution of Stochastic
/// Differential Equations" (1992), section 14.1 and 15.1.
#[derive(Clone)]
pub struct Heun<R: Variate> {
    equation: Equation<R>,
    step_size: f64,
    finer_steps: usize,
}

impl<R: Variate> Heun<R> {
    /// Steps of `step_size` units of time.
    pub fn new(equation: Equation<R>, step_size: f64) -> Self {
        Self { equation, step_size, finer_steps: 1 }
    }

    /// As [`super::EulerMaruyama::coupled`].
    pub fn coupled(mut self, finer_steps: usize) -> Self {
        self.finer_steps = finer_steps;
        self
    }
}

impl<R: Variate> Rule<R> for Heun<R> {
    fn dimension(&self) -> usize {
        self.equation.dimension()
    }
    fn demands(&self) -> Vec<DrawDemand> {
        vec![increments(self.equation.motions(), self.finer_steps)]
    }
    fn time_step(&self) -> f64 {
        self.step_size
    }
    fn advance(&self, _: u64, state: &mut State<R>, draws: StepDraws<'_, R>, scratch: &mut Scratch<R>) {
        let position = &mut state.position;
        let mut drift = scratch.take_like(position);
        self.equation.drift.drift(position, scratch, &mut drift);
        let mut noise = None;
        let (spread, z) = if let Some(amplitude) = self.equation.amplitude() {
            (amplitude * self.step_size.sqrt(), draws.variates(0))
        } else {
            let noise = noise.insert(scratch.take_like(position));
            self.equation.apply_root(position, draws.variates(0), scratch, noise);
            (self.step_size.sqrt(), noise.values())
        };
        let (step, spread) = (R::from_f64(self.step_size), R::from_f64(spread));
        let mut ahead = scratch.take_like(position);
        kernels::set_two_scaled(position.values(), step, drift.values(), spread, z, ahead.values_mut());
        let mut second = scratch.take_like(position);
        self.equation.drift.drift(&ahead, scratch, &mut second);
        average_step(
            R::from_f64(0.5) * step,
            drift.values(),
            second.values(),
            spread,
            z,
            position.values_mut(),
        );
        for block in [Some(drift), Some(ahead), Some(second), noise].into_iter().flatten() {
            scratch.give(block.into_values());
        }
    }
    fn bridge(&self) -> Option<&dyn Bridge<R>> {
        Some(self)
    }
}

impl<R: Variate> Bridge<R> for Heun<R> {
    fn isotropic_variance(&self) -> Option<f64> {
        self.equation.amplitude().map(|amplitude| amplitude * amplitude * self.step_size)
    }
    fn variance_along(&self, point: &[f64], direction: &[f64]) -> f64 {
        self.equation.variance_rate_along(point, direction) * self.step_size
    }
}

crate::lanes::lane_kernel! {
    fn average_step<R: Variate>(half: R, first: &[R], second: &[R], spread: R, z: &[R], to: &mut [R]) {
        for (((to, &first), &second), &z) in to.iter_mut().zip(first).zip(second).zip(z) {
            *to = spread.mul_add(z, half.mul_add(first + second, *to));
        }
    }
}
