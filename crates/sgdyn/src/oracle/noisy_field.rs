//! The gradient of a landscape, exact or with added noise.

use std::sync::Arc;

use super::{GradientOracle, Slot};
use crate::landscape::Drift;
use crate::lanes::{Block, Scratch, lane_kernel};
use crate::noise::Noise;
use crate::random::{Demand, DrawDemand, StepDraws, Variate};

/// `ĝ(x) = −b(x) + σ(x) z`; without noise the exact gradient.
#[derive(Clone)]
pub struct NoisyField<R: Variate> {
    /// The drift b.
    pub drift: Arc<dyn Drift<R>>,
    /// The noise σ z.
    pub noise: Option<Arc<dyn Noise<R>>>,
}

impl<R: Variate> GradientOracle<R> for NoisyField<R> {
    fn dimension(&self) -> usize {
        self.drift.dimension()
    }

    fn demands(&self, slot: Slot) -> Vec<DrawDemand> {
        let noise = self.noise.as_ref();
        noise
            .map(|noise| {
                DrawDemand::Variates(Demand::new(slot.gradient_noise(), noise.law(), noise.variates()))
            })
            .into_iter()
            .collect()
    }

    fn descent(&self, at: &Block<R>, draws: StepDraws<'_, R>, scratch: &mut Scratch<R>, out: &mut Block<R>) {
        self.drift.drift(at, scratch, out);
        let Some(noise) = &self.noise else { return };
        let z = draws.variates(0);
        if let Some(amplitude) = noise.amplitude() {
            subtract_scaled(R::from_f64(amplitude), z, out.values_mut());
        } else {
            let mut term = scratch.take_like(out);
            noise.apply_root(at, z, scratch, &mut term);
            subtract_scaled(R::ONE, term.values(), out.values_mut());
            scratch.give(term.into_values());
        }
    }
}

lane_kernel! {
    fn subtract_scaled<R: Variate>(factor: R, from: &[R], to: &mut [R]) {
        let factor = -factor;
        for (to, &from) in to.iter_mut().zip(from) {
            *to = factor.mul_add(from, *to);
        }
    }
}
