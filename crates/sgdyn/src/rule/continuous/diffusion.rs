//! The equations that integrators step: a drift and a root of the diffusion.

use std::sync::Arc;

use crate::landscape::Drift;
use crate::lanes::{Block, Scratch};
use crate::noise::Noise;
use crate::random::Variate;

/// The random part of an equation, `σ(x) dW`.
#[derive(Clone)]
pub enum Diffusion<R: Variate> {
    /// `s dW`, the same in every direction: Langevin's equation has `s = √(2/β)`.
    Isotropic(f64),
    /// `f σ(x) dW` with σ of a noise law: the equation of SGD has `f = √η`.
    Scaled {
        /// The factor f.
        factor: f64,
        /// σ; its variates must be normal.
        noise: Arc<dyn Noise<R>>,
    },
}

/// `dX = b(X) dt + σ(X) dW` (Itô).
#[derive(Clone)]
pub struct Equation<R: Variate> {
    /// The drift b.
    pub drift: Arc<dyn Drift<R>>,
    /// The random part.
    pub diffusion: Diffusion<R>,
}

impl<R: Variate> Equation<R> {
    /// The number of coordinates d.
    pub fn dimension(&self) -> usize {
        self.drift.dimension()
    }

    /// The number m of Brownian motions.
    pub fn motions(&self) -> usize {
        match &self.diffusion {
            Diffusion::Isotropic(_) => self.dimension(),
            Diffusion::Scaled { noise, .. } => noise.variates(),
        }
    }

    /// `Some(s)` where `σ = s·1`.
    pub fn amplitude(&self) -> Option<f64> {
        match &self.diffusion {
            Diffusion::Isotropic(amplitude) => Some(*amplitude),
            Diffusion::Scaled { factor, noise } => noise.amplitude().map(|amplitude| factor * amplitude),
        }
    }

    /// Whether σ depends on x.
    pub fn is_multiplicative(&self) -> bool {
        matches!(&self.diffusion, Diffusion::Scaled { noise, .. } if noise.depends_on_state())
    }

    /// Writes `σ(x) z` of every lane, `z` being `[m × lanes]`.
    pub fn apply_root(&self, at: &Block<R>, z: &[R], scratch: &mut Scratch<R>, out: &mut Block<R>) {
        match &self.diffusion {
            Diffusion::Isotropic(amplitude) => {
                let amplitude = R::from_f64(*amplitude);
                for (out, &z) in out.values_mut().iter_mut().zip(z) {
                    *out = amplitude * z;
                }
            }
            Diffusion::Scaled { factor, noise } => {
                noise.apply_root(at, z, scratch, out);
                let factor = R::from_f64(*factor);
                for out in out.values_mut() {
                    *out *= factor;
                }
            }
        }
    }

    /// `|σ(x)ᵀ n|²`, the variance per unit of time along `direction`.
    pub fn variance_rate_along(&self, point: &[f64], direction: &[f64]) -> f64 {
        let square: f64 = direction.iter().map(|n| n * n).sum();
        if let Some(amplitude) = self.amplitude() {
            return amplitude * amplitude * square;
        }
        let at = Block::point(point);
        let mut column = at.zeros_like();
        let mut scratch = Scratch::new();
        let motions = self.motions();
        let mut sum = 0.0;
        for motion in 0..motions {
            let z: Vec<R> =
                (0..motions).map(|other| if other == motion { R::ONE } else { R::ZERO }).collect();
            self.apply_root(&at, &z, &mut scratch, &mut column);
            let along: f64 = column.values().iter().zip(direction).map(|(value, n)| value.to_f64() * n).sum();
            sum += along * along;
        }
        sum
    }
}
