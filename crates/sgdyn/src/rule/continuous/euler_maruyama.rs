//! The integrator of Euler and Maruyama.

use super::Equation;
use crate::landscape::{Stride, Walk};
use crate::lanes::{Block, Scratch};
use crate::random::{Demand, DrawDemand, Law, Purpose, StepDraws, Variate};
use crate::rule::{Bridge, Rule, State, kernels};

/// `X' = X + b(X) Δt + σ(X) √Δt z`: weak order 1; strong order ½, and 1 where σ is constant.
/// Maruyama (Rendiconti del Circolo Matematico di Palermo 1955).
#[derive(Clone)]
pub struct EulerMaruyama<R: Variate> {
    equation: Equation<R>,
    step_size: f64,
    /// √Δt.
    root: f64,
    finer_steps: usize,
    end_weight: f64,
}

impl<R: Variate> EulerMaruyama<R> {
    /// Steps of `step_size` units of time.
    pub fn new(equation: Equation<R>, step_size: f64) -> Self {
        Self { equation, step_size, root: step_size.sqrt(), finer_steps: 1, end_weight: 0.0 }
    }

    /// Makes each increment the sum of `finer_steps` increments of a run with a step so many times smaller, so that
    /// both runs follow the same Brownian path.
    pub fn coupled(mut self, finer_steps: usize) -> Self {
        self.finer_steps = finer_steps;
        self
    }
}

impl<R: Variate> EulerMaruyama<R> {
    /// Evaluates state-dependent noise with this weight at the predicted end of the step and the rest at its start: ½ is
    /// Stratonovich's equation, 1 the anti-Itô one.
    pub fn with_noise_at_end(mut self, weight: f64) -> Self {
        self.end_weight = weight;
        self
    }

    /// Replaces `σ(X) z` in `noise` by its mean over the step.
    fn blend_noise(
        &self,
        at: &Block<R>,
        drift: &Block<R>,
        z: &[R],
        scratch: &mut Scratch<R>,
        noise: &mut Block<R>,
    ) {
        let (step, root) = (R::from_f64(self.step_size), R::from_f64(self.step_size.sqrt()));
        let mut ahead = scratch.take_like(at);
        kernels::set_two_scaled(at.values(), step, drift.values(), root, noise.values(), ahead.values_mut());
        let mut end = scratch.take_like(at);
        self.equation.apply_root(&ahead, z, scratch, &mut end);
        let weight = self.end_weight;
        kernels::blend(R::from_f64(1.0 - weight), R::from_f64(weight), end.values(), noise.values_mut());
        scratch.give(ahead.into_values());
        scratch.give(end.into_values());
    }
}

/// The normal increments of an integrator.
pub(super) fn increments(variates: usize, finer_steps: usize) -> DrawDemand {
    DrawDemand::Variates(Demand { finer_steps, ..Demand::new(Purpose::GradientNoise, Law::Normal, variates) })
}

impl<R: Variate> Rule<R> for EulerMaruyama<R> {
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
        let mut drift = scratch.take_like(&state.position);
        self.equation.drift.drift(&state.position, scratch, &mut drift);
        let (step, root) = (R::from_f64(self.step_size), self.root);
        let z = draws.variates(0);
        if let Some(amplitude) = self.equation.amplitude() {
            let spread = R::from_f64(amplitude * root);
            kernels::add_two_scaled(step, drift.values(), spread, z, state.position.values_mut());
        } else {
            let mut noise = scratch.take_like(&state.position);
            self.equation.apply_root(&state.position, z, scratch, &mut noise);
            if self.end_weight != 0.0 {
                self.blend_noise(&state.position, &drift, z, scratch, &mut noise);
            }
            let spread = R::from_f64(root);
            kernels::add_two_scaled(
                step,
                drift.values(),
                spread,
                noise.values(),
                state.position.values_mut(),
            );
            scratch.give(noise.into_values());
        }
        scratch.give(drift.into_values());
    }
    fn walk(&self) -> Option<(&dyn Walk<R>, Stride<R>)> {
        let stride = Stride {
            drift: R::from_f64(self.step_size),
            noise: R::from_f64(self.equation.amplitude()? * self.root),
        };
        Some((self.equation.drift.walk()?, stride))
    }
    fn bridge(&self) -> Option<&dyn Bridge<R>> {
        Some(self)
    }
}

impl<R: Variate> Bridge<R> for EulerMaruyama<R> {
    fn isotropic_variance(&self) -> Option<f64> {
        self.equation.amplitude().map(|amplitude| amplitude * amplitude * self.step_size)
    }
    fn variance_along(&self, point: &[f64], direction: &[f64]) -> f64 {
        self.equation.variance_rate_along(point, direction) * self.step_size
    }
}
