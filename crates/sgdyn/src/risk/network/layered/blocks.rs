//! Products of many rows, a block at a time, and with a long inner length.

use crate::lanes::Real;
use crate::risk::network::product::{Rows, RowsMut, Start, multiply};

/// The inner length of a product that runs at a time, so that a column of panels stays in the second-level cache. The
/// bits do not know: sums go on where they were.
const DEPTH: usize = 1024;

/// Of each block: its first row and its number of rows.
pub(super) fn blocks(rows: usize, block: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).step_by(block).map(move |first| (first, block.min(rows - first)))
}

/// Some rows of a matrix.
pub(super) fn part<R>(values: &[R], stride: usize, first: usize, count: usize) -> Rows<'_, R> {
    Rows { values: &values[first * stride..][..count * stride], stride }
}

/// [`multiply`] with a long inner length, in parts.
pub(super) fn deep_product<R: Real>(
    start: Start<'_, R>,
    left: Rows<'_, R>,
    depth: usize,
    right: Rows<'_, R>,
    out: &mut [R],
    stride: usize,
) {
    for begin in (0..depth).step_by(DEPTH) {
        let start = if begin == 0 { start } else { Start::Kept };
        let left = Rows { values: &left.values[begin..], stride: left.stride };
        let right = Rows { values: &right.values[begin * right.stride..], stride: right.stride };
        multiply(start, left, DEPTH.min(depth - begin), right, RowsMut { values: &mut *out, stride });
    }
}
