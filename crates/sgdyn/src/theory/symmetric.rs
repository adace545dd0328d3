//! Symmetric matrices: checks, eigenbasis, and rotation into it.

use super::TheoryError;
use faer::{Mat, MatRef, Side};

/// The eigenvalues (ascending) and orthonormal eigenvectors (columns) of a symmetric matrix.
pub(super) struct Eigenbasis {
    pub(super) values: Vec<f64>,
    pub(super) vectors: Mat<f64>,
}

impl Eigenbasis {
    pub(super) fn of(name: &'static str, matrix: MatRef<'_, f64>) -> Result<Self, TheoryError> {
        check_symmetric(name, matrix, matrix.nrows())?;
        let symmetric = symmetrized(matrix);
        let eigen =
            symmetric.self_adjoint_eigen(Side::Lower).map_err(|_| TheoryError::Eigenvalues { name })?;
        let values = eigen.S().column_vector().iter().copied().collect();
        Ok(Self { values, vectors: eigen.U().to_owned() })
    }

    pub(super) fn dimension(&self) -> usize {
        self.values.len()
    }

    /// `UᵀXU`.
    pub(super) fn rotated(&self, matrix: MatRef<'_, f64>) -> Mat<f64> {
        self.vectors.transpose() * (matrix * &self.vectors)
    }

    /// `UXUᵀ`, symmetrised.
    pub(super) fn restored(&self, matrix: MatRef<'_, f64>) -> Mat<f64> {
        let full = &self.vectors * (matrix * self.vectors.transpose());
        symmetrized(full.as_ref())
    }

    /// The magnitude below which an eigenvalue is zero up to the rounding of the decomposition.
    pub(super) fn flat_tolerance(&self) -> f64 {
        let largest = self.values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        16.0 * f64::EPSILON * self.dimension() as f64 * largest
    }
}

/// `(X + Xᵀ)/2`.
pub(super) fn symmetrized(matrix: MatRef<'_, f64>) -> Mat<f64> {
    Mat::from_fn(matrix.nrows(), matrix.ncols(), |i, j| 0.5 * (matrix[(i, j)] + matrix[(j, i)]))
}

/// Refuses matrices that are not `dimension × dimension`, finite and symmetric up to rounding.
pub(super) fn check_symmetric(
    name: &'static str,
    matrix: MatRef<'_, f64>,
    dimension: usize,
) -> Result<(), TheoryError> {
    let (rows, columns) = (matrix.nrows(), matrix.ncols());
    if rows != dimension || columns != dimension {
        return Err(TheoryError::Shape { name, rows, columns, expected: dimension });
    }
    let mut scale = 0.0f64;
    for column in 0..columns {
        for row in 0..rows {
            if !matrix[(row, column)].is_finite() {
                return Err(TheoryError::NotSymmetric { name, row, column, difference: f64::NAN });
            }
            scale = scale.max(matrix[(row, column)].abs());
        }
    }
    for column in 0..columns {
        for row in 0..column {
            let difference = (matrix[(row, column)] - matrix[(column, row)]).abs();
            // Sums of a thousand samples in another order differ by about this much.
            if difference > 1e-10 * scale {
                return Err(TheoryError::NotSymmetric { name, row, column, difference });
            }
        }
    }
    Ok(())
}

/// A symmetric positive definite matrix's `X^{1/2}`.
pub(super) fn square_root(name: &'static str, matrix: MatRef<'_, f64>) -> Result<Mat<f64>, TheoryError> {
    let basis = Eigenbasis::of(name, matrix)?;
    if let Some(&eigenvalue) = basis.values.iter().find(|v| **v <= 0.0) {
        return Err(TheoryError::NotPositive { name, eigenvalue, needed: "positive definite" });
    }
    let d = basis.dimension();
    let root = Mat::from_fn(d, d, |i, j| if i == j { basis.values[i].sqrt() } else { 0.0 });
    Ok(basis.restored(root.as_ref()))
}

#[cfg(test)]
pub(super) mod testing {
    use faer::Mat;

    /// A fixed symmetric positive definite matrix with eigenvalues spread over about [low, high].
    pub(in crate::theory) fn positive_definite(d: usize, low: f64, high: f64, phase: f64) -> Mat<f64> {
        let raw = Mat::from_fn(d, d, |i, j| ((i * d + j) as f64 * 1.7 + phase).sin());
        let basis = super::Eigenbasis::of("test", super::symmetrized(raw.as_ref()).as_ref()).unwrap();
        let spread = |i: usize| low + (high - low) * i as f64 / (d.max(2) - 1) as f64;
        let diagonal = Mat::from_fn(d, d, |i, j| if i == j { spread(i) } else { 0.0 });
        basis.restored(diagonal.as_ref())
    }

    pub(in crate::theory) fn largest_difference(a: &Mat<f64>, b: &Mat<f64>) -> f64 {
        let mut largest = 0.0f64;
        for j in 0..a.ncols() {
            for i in 0..a.nrows() {
                largest = largest.max((a[(i, j)] - b[(i, j)]).abs());
            }
        }
        largest
    }

    /// `S = FSFᵀ + Q` by doubling (Smith): `S ← S + FSFᵀ, F ← F²`. Shares nothing with the eigenbasis solvers.
    pub(in crate::theory) fn discrete_lyapunov(f: &Mat<f64>, q: &Mat<f64>) -> Mat<f64> {
        let (mut f, mut s) = (f.clone(), q.clone());
        for _ in 0..60 {
            s = &s + &f * (&s * f.transpose());
            f = &f * &f;
        }
        s
    }
}
