//! Functions of a point as drifts, potentials and tensor fields on blocks.

use std::sync::Arc;

use crate::landscape::{Drift, HessianProduct, Landscape};
use crate::lanes::{Block, Scratch};
use crate::noise::CovarianceField;

/// Calls `visit(lane, x)` for every lane; points have at most three coordinates.
fn for_each_point(at: &Block<f64>, mut visit: impl FnMut(usize, &[f64])) {
    let mut point = [0.0; 3];
    for lane in 0..at.lanes() {
        for (coordinate, value) in point[..at.dimension()].iter_mut().enumerate() {
            *value = at.get(coordinate, lane);
        }
        visit(lane, &point[..at.dimension()]);
    }
}

fn write_vectors(at: &Block<f64>, function: impl Fn(&[f64], &mut [f64]), sign: f64, out: &mut Block<f64>) {
    let mut vector = [0.0; 3];
    for_each_point(at, |lane, point| {
        function(point, &mut vector[..point.len()]);
        for (coordinate, value) in vector[..point.len()].iter().enumerate() {
            out.set(coordinate, lane, sign * value);
        }
    });
}

/// b from a function.
pub(super) struct DriftFunction<F> {
    pub(super) dimension: usize,
    pub(super) drift: F,
}

impl<F: Fn(&[f64], &mut [f64]) + Send + Sync> Drift<f64> for DriftFunction<F> {
    fn dimension(&self) -> usize {
        self.dimension
    }
    fn drift(&self, at: &Block<f64>, _: &mut Scratch<f64>, out: &mut Block<f64>) {
        write_vectors(at, &self.drift, 1.0, out);
    }
}

/// U and ∇U from functions.
pub(super) struct PotentialFunction<U, G> {
    pub(super) dimension: usize,
    pub(super) potential: U,
    pub(super) gradient: G,
}

impl<U, G> Drift<f64> for PotentialFunction<U, G>
where
    U: Fn(&[f64]) -> f64 + Send + Sync,
    G: Fn(&[f64], &mut [f64]) + Send + Sync,
{
    fn dimension(&self) -> usize {
        self.dimension
    }
    fn drift(&self, at: &Block<f64>, _: &mut Scratch<f64>, out: &mut Block<f64>) {
        write_vectors(at, &self.gradient, -1.0, out);
    }
}

impl<U, G> Landscape<f64> for PotentialFunction<U, G>
where
    U: Fn(&[f64]) -> f64 + Send + Sync,
    G: Fn(&[f64], &mut [f64]) + Send + Sync,
{
    fn loss(&self, at: &Block<f64>, _: &mut Scratch<f64>, out: &mut [f64]) {
        for_each_point(at, |lane, point| out[lane] = (self.potential)(point));
    }
}

/// D from a function.
pub(super) struct TensorFunction<F> {
    pub(super) dimension: usize,
    pub(super) tensor: F,
}

impl<F: Fn(&[f64], &mut [f64]) + Send + Sync> CovarianceField<f64> for TensorFunction<F> {
    fn dimension(&self) -> usize {
        self.dimension
    }
    fn covariance(&self, at: &Block<f64>, _: &mut Scratch<f64>, entries: &mut [f64]) {
        let mut matrix = [0.0; 9];
        let (size, lanes) = (self.dimension * self.dimension, at.lanes());
        for_each_point(at, |lane, point| {
            (self.tensor)(point, &mut matrix[..size]);
            for (entry, value) in matrix[..size].iter().enumerate() {
                entries[entry * lanes + lane] = *value;
            }
        });
    }
}

/// `b − (η/2) H∇L = b + (η/2) H b`.
pub(super) struct ModifiedDrift {
    pub(super) drift: Arc<dyn Drift<f64>>,
    pub(super) hessian: Arc<dyn HessianProduct<f64>>,
    pub(super) half_learning_rate: f64,
}

impl Drift<f64> for ModifiedDrift {
    fn dimension(&self) -> usize {
        self.drift.dimension()
    }
    fn drift(&self, at: &Block<f64>, scratch: &mut Scratch<f64>, out: &mut Block<f64>) {
        self.drift.drift(at, scratch, out);
        let mut product = scratch.take_like(at);
        self.hessian.hessian_product(at, out, scratch, &mut product);
        for (out, &product) in out.values_mut().iter_mut().zip(product.values()) {
            *out += self.half_learning_rate * product;
        }
        scratch.give(product.into_values());
    }
}
