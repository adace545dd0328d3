//! Symmetric block tridiagonal matrices: a path's nodes see their neighbours only.

use faer::linalg::solvers::Solve;
use faer::{Mat, Side};

/// Diagonal blocks and the blocks above them; those below are their transposes.
pub(super) struct BlockTridiagonal {
    diagonal: Vec<Mat<f64>>,
    above: Vec<Mat<f64>>,
}

impl BlockTridiagonal {
    pub(super) fn zeros(blocks: usize, width: usize) -> Self {
        Self {
            diagonal: vec![Mat::zeros(width, width); blocks],
            above: vec![Mat::zeros(width, width); blocks.saturating_sub(1)],
        }
    }

    pub(super) fn add_diagonal(&mut self, block: usize, matrix: &Mat<f64>) {
        self.diagonal[block] += matrix;
    }

    pub(super) fn add_above(&mut self, block: usize, matrix: &Mat<f64>) {
        self.above[block] += matrix;
    }

    /// The largest magnitude on the diagonal.
    pub(super) fn scale(&self) -> f64 {
        let entries =
            self.diagonal.iter().flat_map(|block| (0..block.nrows()).map(move |i| block[(i, i)].abs()));
        entries.fold(f64::MIN_POSITIVE, f64::max)
    }

    /// Whether the matrix plus `shift` times 1 is positive definite.
    pub(super) fn is_positive(&self, shift: f64) -> bool {
        let blocks = self.diagonal.len();
        let width = self.diagonal.first().map_or(0, Mat::nrows);
        self.solve(&vec![0.0; blocks * width], shift).is_some()
    }

    /// The solution with `shift` added to the diagonal, by block Cholesky; `None` if that is not positive definite.
    pub(super) fn solve(&self, right: &[f64], shift: f64) -> Option<Vec<f64>> {
        let blocks = self.diagonal.len();
        let width = self.diagonal.first().map_or(0, Mat::nrows);
        let mut factors: Vec<faer::linalg::solvers::Llt<f64>> = Vec::with_capacity(blocks);
        let mut x: Vec<Mat<f64>> = Vec::with_capacity(blocks);
        for block in 0..blocks {
            let mut pivot = Mat::from_fn(width, width, |i, j| {
                let (a, b) = (self.diagonal[block][(i, j)], self.diagonal[block][(j, i)]);
                0.5 * (a + b) + if i == j { shift } else { 0.0 }
            });
            let mut value = Mat::from_fn(width, 1, |i, _| right[block * width + i]);
            if block > 0 {
                let above = &self.above[block - 1];
                let scaled = factors[block - 1].solve(above);
                pivot -= above.transpose() * &scaled;
                value -= scaled.transpose() * &x[block - 1];
            }
            factors.push(pivot.llt(Side::Lower).ok()?);
            x.push(value);
        }
        for block in (0..blocks).rev() {
            let mut value = x[block].clone();
            if block + 1 < blocks {
                value -= &self.above[block] * &x[block + 1];
            }
            x[block] = factors[block].solve(&value);
        }
        let solution: Vec<f64> = x.iter().flat_map(|part| (0..width).map(move |i| part[(i, 0)])).collect();
        solution.iter().all(|value| value.is_finite()).then_some(solution)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_what_a_dense_product_confirms() {
        let (blocks, width) = (5, 3);
        let mut matrix = BlockTridiagonal::zeros(blocks, width);
        let wave = |k: usize| (k as f64 * 1.3).sin();
        for block in 0..blocks {
            matrix.add_diagonal(
                block,
                &Mat::from_fn(width, width, |i, j| wave(block + i * j) + if i == j { 6.0 } else { 0.0 }),
            );
            if block + 1 < blocks {
                matrix.add_above(block, &Mat::from_fn(width, width, |i, j| wave(block * 7 + i * 3 + j)));
            }
        }
        let right: Vec<f64> = (0..blocks * width).map(wave).collect();
        let x = matrix.solve(&right, 0.5).unwrap();
        for block in 0..blocks {
            for i in 0..width {
                let mut sum = 0.5 * x[block * width + i];
                for j in 0..width {
                    let part = |other: usize| x[other * width + j];
                    sum +=
                        0.5 * (matrix.diagonal[block][(i, j)] + matrix.diagonal[block][(j, i)]) * part(block);
                    if block + 1 < blocks {
                        sum += matrix.above[block][(i, j)] * part(block + 1);
                    }
                    if block > 0 {
                        sum += matrix.above[block - 1][(j, i)] * part(block - 1);
                    }
                }
                assert!((sum - right[block * width + i]).abs() < 1e-13);
            }
        }
        assert!(matrix.is_positive(0.0) && !matrix.is_positive(-20.0));
    }
}
