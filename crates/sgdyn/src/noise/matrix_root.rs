//! Noise with a state-dependent covariance matrix, given entry by entry.

use std::sync::Arc;

use super::Noise;
use crate::lanes::{Block, Scratch};
use crate::random::{Law, Variate};

/// A covariance matrix that depends on the point.
pub trait CovarianceField<R: Variate>: Send + Sync {
    /// The number of coordinates d.
    fn dimension(&self) -> usize;
    /// Writes C(x) of every lane: `entries[(row · d + column) · lanes + lane]`.
    fn covariance(&self, at: &Block<R>, scratch: &mut Scratch<R>, entries: &mut [R]);
}

/// What is wrong with a covariance matrix.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum NoiseError {
    /// A pivot of the factorisation is negative.
    #[error(
        "the covariance matrix is not positive semidefinite: pivot {index} of its factorisation is {pivot}"
    )]
    NotPositive {
        /// Which row.
        index: usize,
        /// The pivot.
        pivot: f64,
    },
    /// The matrix is not square or not symmetric.
    #[error(
        "the covariance matrix must have d² entries and be symmetric; it has {entries} entries for d = {dimension}"
    )]
    NotSymmetric {
        /// The number of entries.
        entries: usize,
        /// The number of coordinates.
        dimension: usize,
    },
}

/// A lower-triangular root of a symmetric positive semidefinite matrix, `[d × d]` row-major.
///
/// # Errors
/// [`NoiseError`] if the matrix is not symmetric or a pivot is below −10⁻¹² of the largest diagonal entry.
pub fn cholesky(matrix: &[f64], dimension: usize) -> Result<Vec<f64>, NoiseError> {
    let symmetric = matrix.len() == dimension * dimension
        && (0..dimension).all(|i| (0..i).all(|j| matrix[i * dimension + j] == matrix[j * dimension + i]));
    if !symmetric {
        return Err(NoiseError::NotSymmetric { entries: matrix.len(), dimension });
    }
    let mut root = matrix.to_vec();
    let scale = (0..dimension).map(|i| matrix[i * dimension + i].abs()).fold(0.0, f64::max);
    let lowest = factor(&mut root, dimension, 1e-12 * scale);
    match lowest {
        Some((index, pivot)) => Err(NoiseError::NotPositive { index, pivot }),
        None => Ok(root),
    }
}

/// Factors in place, row by row; pivots at or below `tolerance` count as zero. Gives the first pivot below `−tolerance`.
fn factor(matrix: &mut [f64], dimension: usize, tolerance: f64) -> Option<(usize, f64)> {
    let mut negative = None;
    for row in 0..dimension {
        for column in 0..=row {
            let mut sum = matrix[row * dimension + column];
            for k in 0..column {
                sum -= matrix[row * dimension + k] * matrix[column * dimension + k];
            }
            let pivot = matrix[column * dimension + column];
            matrix[row * dimension + column] = if row == column {
                if sum < -tolerance && negative.is_none() {
                    negative = Some((row, sum));
                }
                if sum > tolerance { sum.sqrt() } else { 0.0 }
            } else if pivot > 0.0 {
                sum / pivot
            } else {
                0.0
            };
        }
        matrix[row * dimension + row + 1..(row + 1) * dimension].fill(0.0);
    }
    negative
}

/// Normal noise with covariance C(x) by a factorisation in every lane, for small dimensions.
///
/// A point where C is not positive semidefinite gives a NaN, which counts the replica as diverged.
#[derive(Clone)]
pub struct MatrixRoot<R: Variate>(pub Arc<dyn CovarianceField<R>>);

impl<R: Variate> Noise<R> for MatrixRoot<R> {
    fn law(&self) -> Law {
        Law::Normal
    }
    fn variates(&self) -> usize {
        self.0.dimension()
    }
    fn apply_root(&self, at: &Block<R>, z: &[R], scratch: &mut Scratch<R>, out: &mut Block<R>) {
        let (dimension, lanes) = (at.dimension(), at.lanes());
        let mut entries = scratch.take(dimension * dimension * lanes);
        self.0.covariance(at, scratch, &mut entries);
        let mut matrix = vec![0.0; dimension * dimension];
        for lane in 0..lanes {
            for (entry, value) in matrix.iter_mut().enumerate() {
                *value = entries[entry * lanes + lane].to_f64();
            }
            let scale = (0..dimension).map(|i| matrix[i * dimension + i].abs()).fold(0.0, f64::max);
            let broken = factor(&mut matrix, dimension, 1e-12 * scale).is_some();
            for row in 0..dimension {
                let mut sum = if broken { f64::NAN } else { 0.0 };
                for column in 0..=row {
                    sum += matrix[row * dimension + column] * z[column * lanes + lane].to_f64();
                }
                out.set(row, lane, R::from_f64(sum));
            }
        }
        scratch.give(entries);
    }
}

#[cfg(test)]
mod tests {
    use super::{NoiseError, cholesky};

    #[test]
    fn the_root_squares_to_the_matrix_even_if_singular() {
        for matrix in [[4.0, 2.0, 2.0, 3.0], [1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 2.0]] {
            let root = cholesky(&matrix, 2).expect("semidefinite");
            for i in 0..2 {
                for j in 0..2 {
                    let product: f64 = (0..2).map(|k| root[i * 2 + k] * root[j * 2 + k]).sum();
                    assert!((product - matrix[i * 2 + j]).abs() < 1e-14);
                }
            }
        }
        assert!(matches!(cholesky(&[1.0, 2.0, 2.0, 1.0], 2), Err(NoiseError::NotPositive { index: 1, .. })));
        assert!(matches!(cholesky(&[1.0, 2.0, 0.0, 1.0], 2), Err(NoiseError::NotSymmetric { .. })));
    }
}
