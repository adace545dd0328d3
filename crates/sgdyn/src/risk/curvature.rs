//! What an analysis asks of a mean loss over samples at one point.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

use super::empirical::{EmpiricalRisk, Workspace};
use crate::lanes::Block;

/// Derivatives of the losses ℓᵢ of a risk at one point θ ∈ R^d, penalties included, in `f64`.
///
/// Sums over samples run in a fixed order. What passes through a library matrix product (the matrices) has the same
/// bits on one kind of CPU, and agrees to rounding across kinds.
pub trait SampleCurvature: EmpiricalRisk<f64> {
    /// Writes ∇ℓᵢ(θ), `[d]`, of sample i.
    fn sample_gradient(&self, at: &[f64], sample: usize, out: &mut [f64]);

    /// The Hessian H = (1/N) Σ Hᵢ, `[d × d]`.
    fn hessian(&self, at: &[f64]) -> Mat<f64>;

    /// Writes H·v, `[d]`, without the Hessian.
    fn hessian_vector(&self, at: &[f64], vector: &[f64], out: &mut [f64]);

    /// (1/N) Σ Hᵢ V Hᵢ, `[d × d]`, of the symmetric part of `covariance` V, `[d × d]`: what the fluctuation of the
    /// per-sample Hessian turns a covariance of θ into.
    fn fluctuation(&self, at: &[f64], covariance: MatRef<'_, f64>) -> Mat<f64>;

    /// L(θ).
    fn loss_at(&self, at: &[f64]) -> f64 {
        let mut block = Block::zeros(self.dimension(), 1, self.layout());
        block.values_mut().copy_from_slice(at);
        let mut loss = [0.0];
        self.loss(&block, &mut loss);
        loss[0]
    }

    /// Writes ∇L(θ), `[d]`.
    fn gradient_at(&self, at: &[f64], out: &mut [f64]) {
        let mut block = Block::zeros(self.dimension(), 1, self.layout());
        block.values_mut().copy_from_slice(at);
        let mut gradient = block.clone();
        self.gradient(&block, &mut Workspace::new(), &mut gradient);
        out.copy_from_slice(gradient.values());
    }

    /// The covariance of a single-sample gradient, Σ = (1/N) Σ (∇ℓᵢ − ∇L)(∇ℓᵢ − ∇L)ᵀ, `[d × d]`: centred, divided by
    /// N. Its square root has rank N − 1 at most.
    fn gradient_covariance(&self, at: &[f64]) -> Mat<f64> {
        const PIECE: usize = 256;
        let (dimension, samples) = (self.dimension(), self.samples());
        let mut mean = vec![0.0; dimension];
        self.gradient_at(at, &mut mean);
        let mut covariance = Mat::zeros(dimension, dimension);
        let mut gradient = vec![0.0; dimension];
        for begin in (0..samples).step_by(PIECE) {
            let size = PIECE.min(samples - begin);
            let mut centred = Mat::zeros(dimension, size);
            for column in 0..size {
                self.sample_gradient(at, begin + column, &mut gradient);
                for (row, (value, mean)) in gradient.iter().zip(&mean).enumerate() {
                    centred[(row, column)] = value - mean;
                }
            }
            let weight = 1.0 / samples as f64;
            matmul(covariance.as_mut(), Accum::Add, centred.as_ref(), centred.transpose(), weight, Par::Seq);
        }
        symmetric_part(covariance.as_ref())
    }
}

/// ½(M + Mᵀ): equal bits on both sides of the diagonal.
pub(super) fn symmetric_part(matrix: MatRef<'_, f64>) -> Mat<f64> {
    Mat::from_fn(matrix.nrows(), matrix.ncols(), |i, j| 0.5 * (matrix[(i, j)] + matrix[(j, i)]))
}
