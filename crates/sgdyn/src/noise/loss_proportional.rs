//! Noise whose covariance is proportional to the loss.

use std::sync::Arc;

use super::Noise;
use crate::landscape::Landscape;
use crate::lanes::{Block, Scratch, lane_kernel};
use crate::random::{Law, Variate};

/// Isotropic noise with covariance `C(x) = max(T · L(x) + f, 0) · 1`, as in regression near interpolation.
#[derive(Clone)]
pub struct LossProportional<R: Variate> {
    /// The factor T.
    pub temperature: f64,
    /// The variance f that is left where the loss vanishes.
    pub floor: f64,
    /// The loss L.
    pub landscape: Arc<dyn Landscape<R>>,
}

impl<R: Variate> Noise<R> for LossProportional<R> {
    fn law(&self) -> Law {
        Law::Normal
    }
    fn variates(&self) -> usize {
        self.landscape.dimension()
    }
    fn apply_root(&self, at: &Block<R>, z: &[R], scratch: &mut Scratch<R>, out: &mut Block<R>) {
        let lanes = at.lanes();
        let mut loss = scratch.take(lanes);
        self.landscape.loss(at, scratch, &mut loss);
        let (temperature, floor) = (R::from_f64(self.temperature), R::from_f64(self.floor));
        for (z, out) in z.chunks_exact(lanes).zip(out.values_mut().chunks_exact_mut(lanes)) {
            scale_by_root(temperature, floor, &loss, z, out);
        }
        scratch.give(loss);
    }
}

lane_kernel! {
    fn scale_by_root<R: Variate>(temperature: R, floor: R, loss: &[R], z: &[R], out: &mut [R]) {
        for ((out, &loss), &z) in out.iter_mut().zip(loss).zip(z) {
            let variance = temperature.mul_add(loss, floor);
            let variance = if variance > R::ZERO { variance } else { R::ZERO };
            *out = variance.sqrt() * z;
        }
    }
}
