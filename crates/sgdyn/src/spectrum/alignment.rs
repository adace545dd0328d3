//! How the noise of gradients lies in the curvature.

use super::error::SpectrumError;
use super::operator::{CurvatureMatrix, CurvatureOperator};
use super::probe::Probes;
use crate::krylov::{HutchPlusPlus, SymmetricOperator};
use crate::lanes::Real;
use crate::risk::network::NetworkPoint;
use crate::statistics::Estimate;

/// How two symmetric matrices A and Σ lie to each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alignment {
    /// tr AΣ.
    pub product_trace: Estimate,
    /// tr A².
    pub matrix_square: Estimate,
    /// tr Σ².
    pub noise_square: Estimate,
}

impl Alignment {
    /// tr AΣ/√(tr A² tr Σ²), the cosine of the angle between the matrices, with its standard error to first order (the three
    /// traces are independent).
    pub fn cosine(&self) -> Estimate {
        let value = self.product_trace.value / (self.matrix_square.value * self.noise_square.value).sqrt();
        let squares = self.matrix_square.relative_error().hypot(self.noise_square.relative_error()) / 2.0;
        let stderr = value.abs() * self.product_trace.relative_error().hypot(squares);
        Estimate { value, stderr, n: self.product_trace.n }
    }
}

/// AB, applied from right to left. It is not symmetric, but what Hutch++ asks of it are quadratic forms, which are those of
/// its symmetric part, and a subspace that holds most of its image.
struct Product<'p, R: Real>(CurvatureOperator<'p, R>, CurvatureOperator<'p, R>, Vec<R>);

impl<R: Real> SymmetricOperator<R> for Product<'_, R> {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }

    fn multiply(&mut self, vectors: &[R], out: &mut [R]) {
        self.2.resize(vectors.len(), R::ZERO);
        self.1.multiply(vectors, &mut self.2);
        self.0.multiply(&self.2, out);
    }
}

/// The alignment of `matrix` and the covariance of the per-sample gradients: three traces by Hutch++, each with vectors of its
/// own, of which `probes` writes those of a number.
///
/// # Errors
/// [`SpectrumError::Krylov`].
pub fn alignment<R: Real>(
    point: &dyn NetworkPoint<R>,
    matrix: CurvatureMatrix,
    method: HutchPlusPlus,
    probes: impl Fn(u64) -> Probes,
) -> Result<Alignment, SpectrumError> {
    let trace = |left: CurvatureMatrix, right: CurvatureMatrix, number: u64| {
        let product =
            Product(CurvatureOperator::new(point, left), CurvatureOperator::new(point, right), Vec::new());
        let probes = probes(number);
        Ok::<_, SpectrumError>(method.run(product, |index, out: &mut [R]| probes.fill(index, out))?.trace)
    };
    let noise = CurvatureMatrix::Covariance;
    Ok(Alignment {
        product_trace: trace(matrix, noise, 0)?,
        matrix_square: trace(matrix, matrix, 1)?,
        noise_square: trace(noise, noise, 2)?,
    })
}

/// |UᵀV|²/k of two orthonormal bases, `[k × d]` each: 1 for equal subspaces, 0 for orthogonal ones, and k/d on average for
/// random ones.
pub fn overlap<R: Real>(one: &[R], other: &[R], dimension: usize) -> f64 {
    let dot = |x: &[R], y: &[R]| x.iter().zip(y).map(|(x, y)| x.to_f64() * y.to_f64()).sum::<f64>();
    let vectors = || one.chunks_exact(dimension);
    let sum: f64 =
        vectors().flat_map(|x| other.chunks_exact(dimension).map(move |y| dot(x, y).powi(2))).sum();
    sum / vectors().count().max(1) as f64
}
