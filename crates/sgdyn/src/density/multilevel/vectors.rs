//! Vector operations whose sums have a fixed order, whatever the number of threads.

use rayon::prelude::*;

/// Vectors are cut into at most this many pieces.
const PIECES: usize = 32;
/// Pieces shorter than this are not worth a thread.
const SHORTEST: usize = 8192;

/// The length of the pieces of a vector: a function of its length only.
pub(super) fn chunk_length(length: usize) -> usize {
    length.div_ceil(PIECES).max(SHORTEST)
}

/// `Σ x_i y_i`, in pieces.
pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    let piece = |x: &[f64], y: &[f64]| {
        // Four sums: one alone waits for its own addition.
        let mut sums = [0.0; 4];
        let (mut xs, mut ys) = (x.chunks_exact(4), y.chunks_exact(4));
        for (x, y) in (&mut xs).zip(&mut ys) {
            for lane in 0..4 {
                sums[lane] += x[lane] * y[lane];
            }
        }
        let rest: f64 = xs.remainder().iter().zip(ys.remainder()).map(|(x, y)| x * y).sum();
        (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
    };
    let length = chunk_length(x.len());
    if length >= x.len() {
        return piece(x, y);
    }
    let parts: Vec<f64> = x.par_chunks(length).zip(y.par_chunks(length)).map(|(x, y)| piece(x, y)).collect();
    parts.iter().sum()
}

/// `y ← y + a x`.
pub(super) fn add_scaled(a: f64, x: &[f64], y: &mut [f64]) {
    let piece = |x: &[f64], y: &mut [f64]| {
        for (x, y) in x.iter().zip(y) {
            *y += a * x;
        }
    };
    let length = chunk_length(x.len());
    if length >= x.len() {
        return piece(x, y);
    }
    x.par_chunks(length).zip(y.par_chunks_mut(length)).for_each(|(x, y)| piece(x, y));
}

/// `x ← a x`.
pub(super) fn scale(a: f64, x: &mut [f64]) {
    for x in x {
        *x *= a;
    }
}
