//! A landscape as its critical points see it: loss, gradient and Hessian at one point.

use std::sync::Arc;

use faer::Mat;

use super::EscapeError;
use crate::landscape::{Drift, Field, HessianProduct, Landscape};
use crate::lanes::{Block, Layout, Scratch};

/// The largest dimension whose Hessian is formed and diagonalised as a matrix; above, it acts through products.
pub const DENSE_LIMIT: usize = 500;

/// A loss with two derivatives in d coordinates.
#[derive(Clone)]
pub struct Surface {
    drift: Arc<dyn Drift<f64>>,
    loss: Arc<dyn Landscape<f64>>,
    hessian: Arc<dyn HessianProduct<f64>>,
}

impl Surface {
    /// The surface of a field that has a loss and Hessian products.
    ///
    /// # Errors
    /// [`EscapeError::NoLoss`], [`EscapeError::SecondDerivatives`].
    pub fn of(field: &Field<f64>) -> Result<Self, EscapeError> {
        let loss = field.loss.clone().ok_or(EscapeError::NoLoss)?;
        let hessian = field.hessian.clone().ok_or(EscapeError::SecondDerivatives)?;
        Ok(Self { drift: field.drift.clone(), loss, hessian })
    }

    /// The number of coordinates d.
    pub fn dimension(&self) -> usize {
        self.drift.dimension()
    }

    /// Whether the Hessian is used as a matrix.
    pub fn is_dense(&self) -> bool {
        self.dimension() < DENSE_LIMIT
    }

    /// L(x).
    pub fn loss(&self, point: &[f64]) -> f64 {
        let mut out = [0.0];
        self.loss.loss(&Block::point(point), &mut Scratch::new(), &mut out);
        out[0]
    }

    /// ∇L(x), `[d]`.
    pub fn gradient(&self, point: &[f64]) -> Vec<f64> {
        let at = Block::point(point);
        let mut out = at.zeros_like();
        self.drift.drift(&at, &mut Scratch::new(), &mut out);
        let mut gradient = out.into_values();
        super::vectors::scale(-1.0, &mut gradient);
        gradient
    }

    /// H(x) v, `[d]`.
    pub fn hessian_times(&self, point: &[f64], direction: &[f64]) -> Vec<f64> {
        let at = Block::point(point);
        let mut out = at.zeros_like();
        self.hessian.hessian_product(&at, &Block::point(direction), &mut Scratch::new(), &mut out);
        out.into_values()
    }

    /// H(x), `[d × d]`: all its columns in one call, one lane each.
    pub fn hessian(&self, point: &[f64]) -> Mat<f64> {
        let dimension = point.len();
        let mut at = Block::zeros(dimension, dimension, Layout::CoordinateMajor);
        let mut directions = at.zeros_like();
        for (coordinate, &value) in point.iter().enumerate() {
            at.coordinate_mut(coordinate).fill(value);
            directions.set(coordinate, coordinate, 1.0);
        }
        let mut out = at.zeros_like();
        self.hessian.hessian_product(&at, &directions, &mut Scratch::new(), &mut out);
        Mat::from_fn(dimension, dimension, |i, j| 0.5 * (out.get(i, j) + out.get(j, i)))
    }

    /// Refuses points of another dimension or with coordinates that are no numbers.
    pub(super) fn check(&self, what: &'static str, point: &[f64]) -> Result<(), EscapeError> {
        if point.len() != self.dimension() {
            return Err(EscapeError::Dimension { what, given: point.len(), needed: self.dimension() });
        }
        if point.iter().all(|value| value.is_finite()) {
            return Ok(());
        }
        Err(EscapeError::NotFinite { what, point: point.to_vec() })
    }

    /// ∇L(x), refused where it is not finite.
    pub(super) fn checked_gradient(&self, point: &[f64]) -> Result<Vec<f64>, EscapeError> {
        let gradient = self.gradient(point);
        if gradient.iter().all(|value| value.is_finite()) {
            return Ok(gradient);
        }
        Err(EscapeError::NotFinite { what: "gradient", point: point.to_vec() })
    }
}
