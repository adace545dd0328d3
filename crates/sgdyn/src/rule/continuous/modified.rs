//! The drift of the second-order stochastic modified equation.

use std::sync::Arc;

use crate::landscape::{Drift, HessianProduct};
use crate::lanes::{Block, Real, Scratch};

/// `b − (η/2) H∇L`, the descent of `L + (η/4)|∇L|²`: with the diffusion of SGD, weak error O(η²) at fixed time.
/// Li, Tai and E (ICML 2017).
#[derive(Clone)]
pub struct ModifiedDrift<R: Real> {
    /// `b = −∇L`.
    pub drift: Arc<dyn Drift<R>>,
    /// Products with H.
    pub hessian: Arc<dyn HessianProduct<R>>,
    /// η.
    pub learning_rate: f64,
}

impl<R: Real> Drift<R> for ModifiedDrift<R> {
    fn dimension(&self) -> usize {
        self.drift.dimension()
    }
    fn drift(&self, at: &Block<R>, scratch: &mut Scratch<R>, out: &mut Block<R>) {
        self.drift.drift(at, scratch, out);
        let mut product = scratch.take_like(at);
        self.hessian.hessian_product(at, out, scratch, &mut product);
        let half = R::from_f64(0.5 * self.learning_rate);
        for (out, &product) in out.values_mut().iter_mut().zip(product.values()) {
            *out = half.mul_add(product, *out);
        }
        scratch.give(product.into_values());
    }
}
