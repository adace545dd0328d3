//! Products of non-negative matrices, in tiles that stay in registers.
//!
//! Every element is a sum of fused multiply-adds in ascending order of the inner index, in stretches of [`DEPTH`]: its
//! bits depend neither on the tile, nor on the instruction set, nor on the number of threads.

use std::ops::Range;

use crate::lanes::{Real, SimdLevel, lane_kernel, simd_level};
use rayon::prelude::*;

/// Columns of a tile: one AVX-512 register, two of AVX2.
const WIDTH: usize = 8;
/// The longest stretch of the inner index that is packed at once.
const DEPTH: usize = 256;
/// Tiles of the right factor worked through before the next rows: 256 × 256 values, half of a usual L2 cache.
const TILES: usize = 32;
/// Rows whose left factor is packed at once, and the unit that threads share.
const BAND: usize = 64;
/// Multiplications below which threads cost more than they bring.
const WORTH_THREADS: usize = 1 << 22;

/// Packed factors, kept from product to product.
#[derive(Debug, Default)]
pub(super) struct Packing {
    left: Vec<f64>,
    right: Vec<f64>,
}

/// A matrix inside an array, row by row.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    pub(super) values: &'a [f64],
    /// Values from one row to the next.
    pub(super) stride: usize,
    /// Where the first row begins.
    pub(super) first: usize,
}

impl<'a> Matrix<'a> {
    fn row(&self, row: usize, columns: usize) -> &'a [f64] {
        &self.values[self.first + row * self.stride..][..columns]
    }
}

/// The left factor of a product.
#[derive(Clone, Copy)]
pub(super) enum Left<'a> {
    /// It stands in the rows that receive the product, from this column on.
    InPlace(usize),
    /// Transposed: one row for each inner index.
    Transposed(Matrix<'a>),
}

/// Adds `left · right` to the given columns of all rows of `to`; `right` has `inner` rows.
pub(super) fn add_product(
    to: &mut [f64],
    stride: usize,
    columns: Range<usize>,
    left: Left,
    right: Matrix,
    inner: usize,
    packing: &mut Packing,
) {
    let (rows, width) = (to.len() / stride.max(1), columns.len());
    if rows == 0 || width == 0 {
        return;
    }
    for start in (0..inner).step_by(DEPTH) {
        let depth = DEPTH.min(inner - start);
        pack_right(right, start..start + depth, width, &mut packing.right);
        let packed = &packing.right;
        let add = |band: usize, to: &mut [f64], left_packed: &mut Vec<f64>| {
            add_band(
                to,
                stride,
                columns.clone(),
                left,
                band * BAND,
                start..start + depth,
                packed,
                left_packed,
            );
        };
        if rows > BAND && rows * width * depth > WORTH_THREADS {
            to.par_chunks_mut(BAND * stride)
                .enumerate()
                .for_each_init(Vec::new, |own, (band, to)| add(band, to, own));
        } else {
            for (band, to) in to.chunks_mut(BAND * stride).enumerate() {
                add(band, to, &mut packing.left);
            }
        }
    }
}

/// Packs columns into strips of [`WIDTH`], each with one line for each inner index; the last is filled up with zeros.
fn pack_right(right: Matrix, inner: Range<usize>, width: usize, packed: &mut Vec<f64>) {
    let depth = inner.len();
    packed.resize(width.div_ceil(WIDTH) * WIDTH * depth, 0.0);
    for (line, row) in inner.enumerate() {
        pack_line::<WIDTH>(right.row(row, width), line, depth, packed);
    }
}

/// Cuts the values of one inner index into strips of `STRIP`; the last is filled up with zeros.
fn pack_line<const STRIP: usize>(from: &[f64], line: usize, depth: usize, packed: &mut [f64]) {
    let (strips, rest) = from.as_chunks::<STRIP>();
    for (strip, values) in strips.iter().enumerate() {
        packed[(strip * depth + line) * STRIP..][..STRIP].copy_from_slice(values);
    }
    if !rest.is_empty() {
        let to = &mut packed[(strips.len() * depth + line) * STRIP..][..STRIP];
        to[..rest.len()].copy_from_slice(rest);
        to[rest.len()..].fill(0.0);
    }
}

fn add_band(
    to: &mut [f64],
    stride: usize,
    columns: Range<usize>,
    left: Left,
    above: usize,
    inner: Range<usize>,
    right: &[f64],
    packed: &mut Vec<f64>,
) {
    match simd_level() {
        SimdLevel::Avx512 => add_band_by::<8>(to, stride, columns, left, above, inner, right, packed),
        _ => add_band_by::<4>(to, stride, columns, left, above, inner, right, packed),
    }
}

fn add_band_by<const ROWS: usize>(
    to: &mut [f64],
    stride: usize,
    columns: Range<usize>,
    left: Left,
    above: usize,
    inner: Range<usize>,
    right: &[f64],
    packed: &mut Vec<f64>,
) {
    let depth = inner.len();
    pack_left::<ROWS>(to, stride, left, above, inner, packed);
    let (left, right) = (packed.as_chunks::<ROWS>().0, right.as_chunks::<WIDTH>().0);
    add_tiles(left, right, depth, to, stride, columns.start, columns.len());
}

/// Packs rows into strips of `ROWS`, each with one line for each inner index; the last is filled up with zeros.
fn pack_left<const ROWS: usize>(
    to: &[f64],
    stride: usize,
    left: Left,
    above: usize,
    inner: Range<usize>,
    packed: &mut Vec<f64>,
) {
    let (rows, depth) = (to.len() / stride, inner.len());
    let strips = rows.div_ceil(ROWS);
    packed.resize(strips * ROWS * depth, 0.0);
    match left {
        Left::InPlace(first) => {
            for (strip, packed) in packed.chunks_exact_mut(ROWS * depth).enumerate() {
                for lane in 0..ROWS {
                    let row = strip * ROWS + lane;
                    if row < rows {
                        let from = &to[row * stride + first + inner.start..][..depth];
                        for (line, &value) in packed.as_chunks_mut::<ROWS>().0.iter_mut().zip(from) {
                            line[lane] = value;
                        }
                    } else {
                        for line in packed.as_chunks_mut::<ROWS>().0 {
                            line[lane] = 0.0;
                        }
                    }
                }
            }
        }
        Left::Transposed(matrix) => {
            for (line, row) in inner.enumerate() {
                pack_line::<ROWS>(&matrix.row(row, above + rows)[above..], line, depth, packed);
            }
        }
    }
}

lane_kernel! {
    /// Adds the product of packed factors to `width` columns of `to` from column `first`.
    fn add_tiles<R: Real; const ROWS: usize>(
        left: &[[R; ROWS]], right: &[[R; WIDTH]], depth: usize,
        to: &mut [R], stride: usize, first: usize, width: usize,
    ) {
        let rows = to.len() / stride;
        for (block, right) in right.chunks(TILES * depth).enumerate() {
            for (strip, left) in left.chunks_exact(depth).enumerate() {
                for (tile, right) in right.chunks_exact(depth).enumerate() {
                    let mut sums = [[R::ZERO; WIDTH]; ROWS];
                    for (left, right) in left.iter().zip(right) {
                        for (sums, &left) in sums.iter_mut().zip(left) {
                            for (sum, &right) in sums.iter_mut().zip(right) {
                                *sum = left.mul_add(right, *sum);
                            }
                        }
                    }
                    let before = (block * TILES + tile) * WIDTH;
                    let (used, first) = (WIDTH.min(width - before), first + before);
                    let used_rows = ROWS.min(rows - strip * ROWS);
                    for (row, sums) in sums.iter().enumerate().take(used_rows) {
                        let to = &mut to[(strip * ROWS + row) * stride + first..][..used];
                        for (to, &sum) in to.iter_mut().zip(sums) {
                            *to += sum;
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(count: usize) -> Vec<f64> {
        (0..count).map(|number| ((number * 7919) % 1009) as f64 / 1009.0).collect()
    }

    #[test]
    fn products_of_any_shape_are_the_sums_they_should_be() {
        let mut packing = Packing::default();
        for (rows, inner, width) in
            [(1, 1, 1), (3, 5, 2), (8, 16, 8), (65, 17, 9), (130, 300, 261), (300, 260, 70)]
        {
            // In each row: the left factor, a gap, what receives the product, a gap.
            let (first, stride) = (inner + 3, inner + 3 + width + 2);
            let before = values(rows * stride);
            let right = values(inner * (width + 1));
            let transposed: Vec<f64> =
                (0..inner * rows).map(|at| before[at % rows * stride + at / rows]).collect();
            let factors = Matrix { values: &transposed, stride: rows, first: 0 };
            for left in [Left::InPlace(0), Left::Transposed(factors)] {
                let mut after = before.clone();
                let right = Matrix { values: &right, stride: width + 1, first: 1 };
                add_product(&mut after, stride, first..first + width, left, right, inner, &mut packing);
                for (at, (&after, &before_here)) in after.iter().zip(&before).enumerate() {
                    let (row, column) = (at / stride, at % stride);
                    let product: f64 = if (first..first + width).contains(&column) {
                        let term = |k: usize| {
                            before[row * stride + k] * right.values[1 + k * (width + 1) + column - first]
                        };
                        (0..inner).map(term).sum()
                    } else {
                        0.0
                    };
                    // 300 positive terms, each rounded.
                    assert!(
                        (after - before_here - product).abs() <= 1e-13 * after,
                        "{rows} {inner} {width} at {at}"
                    );
                }
            }
        }
    }
}
