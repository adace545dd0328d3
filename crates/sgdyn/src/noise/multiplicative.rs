//! Noise of a fluctuating curvature.

use super::Noise;
use crate::lanes::{Block, Scratch, lane_kernel};
use crate::random::{Law, Variate};

/// `s x z₁ + σ z₂` per coordinate: a curvature that fluctuates with variance Γ = s², and an independent additive noise.
#[derive(Clone, Copy, Debug)]
pub struct Multiplicative {
    /// The standard deviation s of the curvature.
    pub curvature_deviation: f64,
    /// The standard deviation σ of the additive part.
    pub standard_deviation: f64,
    /// The number of coordinates.
    pub dimension: usize,
}

impl<R: Variate> Noise<R> for Multiplicative {
    fn law(&self) -> Law {
        Law::Normal
    }
    fn variates(&self) -> usize {
        2 * self.dimension
    }
    fn apply_root(&self, at: &Block<R>, z: &[R], _: &mut Scratch<R>, out: &mut Block<R>) {
        let (curvature, additive) = z.split_at(at.values().len());
        let (s, sigma) = (R::from_f64(self.curvature_deviation), R::from_f64(self.standard_deviation));
        combine(s, sigma, at.values(), curvature, additive, out.values_mut());
    }
}

lane_kernel! {
    fn combine<R: Variate>(s: R, sigma: R, x: &[R], curvature: &[R], additive: &[R], out: &mut [R]) {
        for (((out, &x), &z), &w) in out.iter_mut().zip(x).zip(curvature).zip(additive) {
            *out = (s * x).mul_add(z, sigma * w);
        }
    }
}
