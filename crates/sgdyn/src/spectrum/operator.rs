//! The matrices of a network at a point, as operators of Krylov methods.

use std::ops::Range;

use super::error::SpectrumError;
use crate::krylov::{KrylovError, SymmetricOperator};
use crate::lanes::Real;
use crate::risk::Workspace;
use crate::risk::network::{NetworkError, NetworkPoint};

/// A matrix, `[d × d]`, of a network at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CurvatureMatrix {
    /// H = ∇²L(θ), penalty included.
    Hessian,
    /// The Gauss–Newton part of H, penalty included; without the penalty it is the Fisher matrix of the model.
    GaussNewton,
    /// The covariance of the per-sample gradients, Σ = (1/N) Σ (∇ℓᵢ − ∇L)(∇ℓᵢ − ∇L)ᵀ.
    Covariance,
    /// Their raw second moment, (1/N) Σ ∇ℓᵢ∇ℓᵢᵀ.
    EmpiricalFisher,
}

impl CurvatureMatrix {
    /// The name in a study.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hessian => "hessian",
            Self::GaussNewton => "gauss-newton",
            Self::Covariance => "covariance",
            Self::EmpiricalFisher => "empirical-fisher",
        }
    }
}

/// DAD of a matrix A of a network, or a block of it on the diagonal.
pub struct CurvatureOperator<'p, R: Real> {
    point: &'p dyn NetworkPoint<R>,
    matrix: CurvatureMatrix,
    range: Range<usize>,
    /// The diagonal of D, `[d]`; empty for I.
    scale: Vec<R>,
    workspace: Workspace<R>,
    vector: Vec<R>,
    product: Vec<R>,
    failure: Option<NetworkError>,
}

impl<'p, R: Real> CurvatureOperator<'p, R> {
    /// A itself.
    pub fn new(point: &'p dyn NetworkPoint<R>, matrix: CurvatureMatrix) -> Self {
        let dimension = point.dimension();
        Self {
            point,
            matrix,
            range: 0..dimension,
            scale: Vec::new(),
            workspace: Workspace::new(),
            vector: vec![R::ZERO; dimension],
            product: vec![R::ZERO; dimension],
            failure: None,
        }
    }

    /// The rows and columns of A in `range` alone: the block of a tensor of parameters.
    ///
    /// # Panics
    /// If the range is not inside 0..d.
    pub fn block(self, range: Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= self.point.dimension(), "a block lies inside");
        Self { range, ..self }
    }

    /// DAD with the diagonal matrix D = diag `scale`, `[d]`.
    ///
    /// # Panics
    /// If `scale` has another length.
    pub fn scaled(self, scale: Vec<R>) -> Self {
        assert_eq!(scale.len(), self.point.dimension(), "each parameter has a scale");
        Self { scale, ..self }
    }

    /// The cause where a network refused a product, else the method's own error.
    pub(super) fn explain(&mut self, error: KrylovError) -> SpectrumError {
        self.failure.take().map_or(SpectrumError::Krylov(error), SpectrumError::Network)
    }

    fn apply(&mut self) -> Result<(), NetworkError> {
        let Self { point, matrix, workspace, vector, product, .. } = self;
        match matrix {
            CurvatureMatrix::Hessian => point.hessian_vector(vector, workspace, product),
            CurvatureMatrix::GaussNewton => point.gauss_newton_vector(vector, workspace, product),
            CurvatureMatrix::Covariance => point.empirical_fisher_vector(vector, true, workspace, product),
            CurvatureMatrix::EmpiricalFisher => {
                point.empirical_fisher_vector(vector, false, workspace, product)
            }
        }
    }
}

impl<R: Real> SymmetricOperator<R> for CurvatureOperator<'_, R> {
    fn dimension(&self) -> usize {
        self.range.len()
    }

    fn multiply(&mut self, vectors: &[R], out: &mut [R]) {
        let length = self.range.len();
        for (vector, out) in vectors.chunks_exact(length).zip(out.chunks_exact_mut(length)) {
            // Outside the block it stays 0.
            self.vector[self.range.clone()].copy_from_slice(vector);
            scale(&self.scale, &self.range, &mut self.vector[self.range.clone()]);
            if let Err(error) = self.apply() {
                // Seen by the method as a product that is not finite, and explained by its cause.
                self.failure.get_or_insert(error);
                out.fill(R::from_f64(f64::NAN));
                continue;
            }
            out.copy_from_slice(&self.product[self.range.clone()]);
            scale(&self.scale, &self.range, out);
        }
    }
}

fn scale<R: Real>(scale: &[R], range: &Range<usize>, values: &mut [R]) {
    if !scale.is_empty() {
        for (value, &factor) in values.iter_mut().zip(&scale[range.clone()]) {
            *value *= factor;
        }
    }
}
