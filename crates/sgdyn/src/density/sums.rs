//! Sums over all states: in parallel, with the same bits for any number of threads.

use rayon::prelude::*;

/// Terms that are added in order; the sums of pieces are added in order too.
const PIECE: usize = 4096;

/// `Σ a_i`.
pub(super) fn sum(a: &[f64]) -> f64 {
    let pieces: Vec<f64> = a.par_chunks(PIECE).map(|a| a.iter().sum()).collect();
    pieces.iter().sum()
}

/// `Σ a_i b_i`.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let piece = |(a, b): (&[f64], &[f64])| a.iter().zip(b).map(|(a, b)| a * b).sum();
    let pieces: Vec<f64> = a.par_chunks(PIECE).zip(b.par_chunks(PIECE)).map(piece).collect();
    pieces.iter().sum()
}

/// `Σ w_i a_i b_i`.
pub(super) fn weighted_dot(w: &[f64], a: &[f64], b: &[f64]) -> f64 {
    let piece =
        |((w, a), b): ((&[f64], &[f64]), &[f64])| w.iter().zip(a).zip(b).map(|((w, a), b)| w * a * b).sum();
    let (w, a, b) = (w.par_chunks(PIECE), a.par_chunks(PIECE), b.par_chunks(PIECE));
    let pieces: Vec<f64> = w.zip(a).zip(b).map(piece).collect();
    pieces.iter().sum()
}

/// `Σ |a_i − c b_i| w_i`.
pub(super) fn weighted_distance(w: &[f64], a: &[f64], c: f64, b: &[f64]) -> f64 {
    let piece = |((w, a), b): ((&[f64], &[f64]), &[f64])| {
        w.iter().zip(a).zip(b).map(|((w, a), b)| w * (a - c * b).abs()).sum()
    };
    let (w, a, b) = (w.par_chunks(PIECE), a.par_chunks(PIECE), b.par_chunks(PIECE));
    let pieces: Vec<f64> = w.zip(a).zip(b).map(piece).collect();
    pieces.iter().sum()
}

/// `y += c x`.
pub(super) fn add_scaled(y: &mut [f64], c: f64, x: &[f64]) {
    y.par_chunks_mut(PIECE).zip(x.par_chunks(PIECE)).for_each(|(y, x)| {
        for (y, x) in y.iter_mut().zip(x) {
            *y += c * x;
        }
    });
}
