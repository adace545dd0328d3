//! The Gaussian noise that has the covariance of a risk's minibatches.

use std::sync::Arc;

use super::Noise;
use crate::lanes::{Block, Scratch};
use crate::random::{Law, Variate};
use crate::risk::{EmpiricalRisk, Workspace};

/// `σ(θ) z = √(f/N) Σᵢ (∇ℓᵢ(θ) − ∇L(θ)) zᵢ` with one normal variate for each of N samples: covariance `f Σ(θ)` without
/// a d × d matrix.
#[derive(Clone)]
pub struct RiskRoot<R: Variate> {
    /// The risk.
    pub risk: Arc<dyn EmpiricalRisk<R>>,
    /// f: 1/B with replacement, `(N − B)/(B(N − 1))` without.
    pub factor: f64,
}

impl<R: Variate> Noise<R> for RiskRoot<R> {
    fn law(&self) -> Law {
        Law::Normal
    }
    fn variates(&self) -> usize {
        self.risk.samples()
    }
    fn apply_root(&self, at: &Block<R>, z: &[R], scratch: &mut Scratch<R>, out: &mut Block<R>) {
        let (samples, lanes) = (self.risk.samples(), at.lanes());
        let mut mean = scratch.take_like(at);
        let mut gradient = scratch.take_like(at);
        let mut workspace = std::mem::take(scratch.workspace::<Workspace<R>>());
        self.risk.gradient(at, &mut workspace, &mut mean);
        out.values_mut().fill(R::ZERO);
        let scale = R::from_f64((self.factor / samples as f64).sqrt());
        let mut indices = vec![0; lanes];
        for (sample, z) in z.chunks_exact(lanes).enumerate() {
            indices.fill(sample as u32);
            self.risk.minibatch_gradient(at, &indices, 1, &mut workspace, &mut gradient);
            for (lane, &z) in z.iter().enumerate() {
                for coordinate in 0..at.dimension() {
                    let centred = gradient.get(coordinate, lane) - mean.get(coordinate, lane);
                    let sum = (scale * z).mul_add(centred, out.get(coordinate, lane));
                    out.set(coordinate, lane, sum);
                }
            }
        }
        *scratch.workspace::<Workspace<R>>() = workspace;
        scratch.give(mean.into_values());
        scratch.give(gradient.into_values());
    }
}
