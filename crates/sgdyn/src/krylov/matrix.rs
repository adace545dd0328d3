//! A dense symmetric matrix as an operator.

use super::error::KrylovError;
use super::operator::SymmetricOperator;
use crate::lanes::{Real, lane_kernel};

const PANEL: usize = 16;
/// Rows and vectors whose products are kept in registers.
const TILE: usize = 4;

/// A symmetric matrix A, by rows, as it is or centred on both sides: (I − 11ᵀ/n) A (I − 11ᵀ/n).
#[derive(Clone, Debug)]
pub struct SymmetricMatrix<'m, R> {
    values: &'m [R],
    stride: usize,
    dimension: usize,
    factor: f64,
    centred: bool,
    vectors: Vec<R>,
    partial: Vec<[[R; PANEL]; TILE]>,
}

impl<'m, R: Real> SymmetricMatrix<'m, R> {
    /// `factor`·A with A, `[dimension × stride]`: row i begins at `values[i · stride]`.
    ///
    /// # Errors
    /// [`KrylovError::Length`] if `values` is shorter, [`KrylovError::OutOfRange`] for a stride below the dimension.
    pub fn new(values: &'m [R], stride: usize, dimension: usize, factor: f64) -> Result<Self, KrylovError> {
        if dimension == 0 || stride < dimension {
            let allowed = format!("at least 1 and at least the dimension, {dimension}");
            return Err(KrylovError::OutOfRange { name: "stride", value: stride as f64, allowed });
        }
        let expected = (dimension - 1) * stride + dimension;
        if values.len() < expected {
            return Err(KrylovError::Length { what: "the matrix", expected, found: values.len() });
        }
        Ok(Self {
            values,
            stride,
            dimension,
            factor,
            centred: false,
            vectors: Vec::new(),
            partial: Vec::new(),
        })
    }

    /// The same, centred on both sides.
    pub fn centred(self) -> Self {
        Self { centred: true, ..self }
    }
}

impl<R: Real> SymmetricOperator<R> for SymmetricMatrix<'_, R> {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn multiply(&mut self, vectors: &[R], out: &mut [R]) {
        let (dimension, factor) = (self.dimension, R::from_f64(self.factor));
        // Copied to the beginnings of cache lines: vectors of registers that straddle two take twice the time.
        let stride = dimension.next_multiple_of(PANEL);
        let count = vectors.len() / dimension;
        self.vectors.resize(count * stride + PANEL, R::ZERO);
        let begin = self.vectors.as_ptr().align_offset(64).min(PANEL);
        let copies = &mut self.vectors[begin..begin + count * stride];
        for (copy, vector) in copies.chunks_exact_mut(stride).zip(vectors.chunks_exact(dimension)) {
            copy[..dimension].copy_from_slice(vector);
            if self.centred {
                centre(&mut copy[..dimension], dimension);
            }
        }
        products(self.values, self.stride, dimension, factor, copies, stride, &mut self.partial, out);
        if self.centred {
            centre(out, self.dimension);
        }
    }
}

/// Subtracts from each vector its mean.
fn centre<R: Real>(vectors: &mut [R], dimension: usize) {
    for vector in vectors.chunks_exact_mut(dimension) {
        let mean = vector.iter().map(|value| value.to_f64()).sum::<f64>() / dimension as f64;
        for value in vector {
            *value = R::from_f64(value.to_f64() - mean);
        }
    }
}

lane_kernel! {
    /// `out[v][r] = factor · Σ_c values[r][c] · vectors[v][c]`; `partial` is memory for the sums of a tile of rows.
    fn products<R: Real>(
        values: &[R],
        stride: usize,
        dimension: usize,
        factor: R,
        vectors: &[R],
        vector_stride: usize,
        partial: &mut Vec<[[R; PANEL]; TILE]>,
        out: &mut [R],
    ) {
        let count = vectors.len() / vector_stride;
        partial.resize(count, [[R::ZERO; PANEL]; TILE]);
        let vector = |index: usize| &vectors[index * vector_stride..][..dimension];
        for first in (0..dimension).step_by(TILE) {
            let height = TILE.min(dimension - first);
            let rows: [&[R]; TILE] =
                std::array::from_fn(|index| &values[(first + index.min(height - 1)) * stride..][..dimension]);
            let (tiles, rest) = partial.as_chunks_mut::<TILE>();
            for (tile, sums) in tiles.iter_mut().enumerate() {
                let columns: [&[R]; TILE] = std::array::from_fn(|index| vector(TILE * tile + index));
                add_tile(&rows, &columns, sums);
            }
            for (index, sums) in rest.iter_mut().enumerate() {
                add_tile(&rows, &[vector(TILE * tiles.len() + index)], std::array::from_mut(sums));
            }
            for (out, sums) in out.chunks_exact_mut(dimension).zip(partial.iter()) {
                for (out, sums) in out[first..first + height].iter_mut().zip(sums) {
                    let eight: [R; 8] = std::array::from_fn(|part| sums[part] + sums[part + 8]);
                    let four: [R; 4] = std::array::from_fn(|part| eight[part] + eight[part + 4]);
                    *out = factor * ((four[0] + four[2]) + (four[1] + four[3]));
                }
            }
        }
    }
}

/// Repeats a body for the indices of a tile: a loop would keep its sums in memory instead of registers.
macro_rules! unrolled {
    ($name:ident below $count:ident $body:block) => {
        unrolled!($name below $count $body, 0 1 2 3)
    };
    ($name:ident below $count:ident $body:block, $($index:literal)*) => {
        $(if $index < $count {
            let $name = $index;
            $body
        })*
    };
}

/// Inner products of 4 rows with `COUNT` vectors, each as 16 partial sums. They go through memory before they are
/// joined: else the compiler would vectorise over the tile, to suit the joining.
#[inline(always)]
fn add_tile<R: Real, const COUNT: usize>(
    rows: &[&[R]; TILE],
    columns: &[&[R]; COUNT],
    out: &mut [[[R; PANEL]; TILE]; COUNT],
) {
    let length = rows[0].len();
    let panels = length / PANEL;
    let mut sums = [[[R::ZERO; PANEL]; TILE]; COUNT];
    let row_panels = rows.map(|row| &row[..length].as_chunks::<PANEL>().0[..panels]);
    let column_panels = columns.map(|column| &column[..length].as_chunks::<PANEL>().0[..panels]);
    for place in 0..panels {
        unrolled!(column below COUNT {
            let x = &column_panels[column][place];
            unrolled!(row below TILE {
                let values = &row_panels[row][place];
                for part in 0..PANEL {
                    sums[column][row][part] = values[part].mul_add(x[part], sums[column][row][part]);
                }
            });
        });
    }
    unrolled!(column below COUNT {
        unrolled!(row below TILE { out[column][row] = sums[column][row]; });
    });
    for column in 0..COUNT {
        for row in 0..TILE {
            let rest = rows[row][panels * PANEL..].iter().zip(&columns[column][panels * PANEL..length]);
            for (sum, (&value, &x)) in out[column][row].iter_mut().zip(rest) {
                *sum = value.mul_add(x, *sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_all_shapes() {
        for (dimension, stride, count) in [(1, 1, 1), (19, 32, 3), (37, 37, 6), (64, 64, 4)] {
            let value = |i: usize, j: usize| (0.618 * (i * j + i + j) as f64).sin();
            let values: Vec<f64> =
                (0..dimension * stride).map(|place| value(place / stride, place % stride)).collect();
            let vectors: Vec<f64> = (0..count * dimension).map(|place| (place as f64).cos()).collect();
            for centred in [false, true] {
                let mut matrix = SymmetricMatrix::new(&values, stride, dimension, 0.5).unwrap();
                if centred {
                    matrix = matrix.centred();
                }
                let mut out = vec![0.0; count * dimension];
                matrix.multiply(&vectors, &mut out);
                for (x, y) in vectors.chunks_exact(dimension).zip(out.chunks_exact(dimension)) {
                    let shift =
                        |x: &[f64]| if centred { x.iter().sum::<f64>() / dimension as f64 } else { 0.0 };
                    let mean = shift(x);
                    let mut expected: Vec<f64> = (0..dimension)
                        .map(|i| (0..dimension).map(|j| 0.5 * value(i, j) * (x[j] - mean)).sum())
                        .collect();
                    let mean = shift(&expected);
                    for value in &mut expected {
                        *value -= mean;
                    }
                    for (found, expected) in y.iter().zip(&expected) {
                        // Sums of 64 terms of order 1.
                        assert!((found - expected).abs() < 1e-13);
                    }
                }
            }
        }
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        assert!(SymmetricMatrix::new(&[1.0; 9], 3, 3, 1.0).is_ok());
        assert!(matches!(SymmetricMatrix::new(&[1.0; 8], 3, 3, 1.0), Err(KrylovError::Length { .. })));
        assert!(matches!(SymmetricMatrix::new(&[1.0; 9], 2, 3, 1.0), Err(KrylovError::OutOfRange { .. })));
    }
}
