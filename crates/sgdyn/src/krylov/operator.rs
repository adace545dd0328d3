//! What a Krylov method asks of a matrix.

use crate::lanes::Real;

/// A symmetric linear map of R^n that can be applied.
pub trait SymmetricOperator<R: Real> {
    /// n.
    fn dimension(&self) -> usize;

    /// Writes Av of one or more vectors, `[count × n]`, to `out`, `[count × n]`.
    fn multiply(&mut self, vectors: &[R], out: &mut [R]);
}

/// A symmetric map as a function that writes Av to its second argument.
///
/// ```
/// use sgdyn::krylov::{Lanczos, VectorProduct};
///
/// let diagonal = VectorProduct::new(100, |vector: &[f64], out: &mut [f64]| {
///     for (i, (out, value)) in out.iter_mut().zip(vector).enumerate() {
///         *out = (i + 1) as f64 * value;
///     }
/// });
/// let pairs = Lanczos::largest(3).run(diagonal)?;
/// assert!((pairs.values[0] - 100.0).abs() < 1e-9);
/// # Ok::<(), sgdyn::krylov::KrylovError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct VectorProduct<F> {
    dimension: usize,
    product: F,
}

impl<F> VectorProduct<F> {
    /// The map v ↦ Av of R^`dimension`, applied to one vector at a time.
    pub fn new<R>(dimension: usize, product: F) -> Self
    where
        F: FnMut(&[R], &mut [R]),
    {
        Self { dimension, product }
    }
}

impl<R: Real, F: FnMut(&[R], &mut [R])> SymmetricOperator<R> for VectorProduct<F> {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn multiply(&mut self, vectors: &[R], out: &mut [R]) {
        for (vector, out) in vectors.chunks_exact(self.dimension).zip(out.chunks_exact_mut(self.dimension)) {
            (self.product)(vector, out);
        }
    }
}

impl<R: Real, A: SymmetricOperator<R> + ?Sized> SymmetricOperator<R> for &mut A {
    fn dimension(&self) -> usize {
        (**self).dimension()
    }

    fn multiply(&mut self, vectors: &[R], out: &mut [R]) {
        (**self).multiply(vectors, out);
    }
}
