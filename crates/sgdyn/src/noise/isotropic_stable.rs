//! Stable noise without a preferred direction.

use super::Noise;
use crate::lanes::{Block, Scratch, lane_kernel};
use crate::random::{Law, Variate};

/// `c √(2A) G` with normal G and A positive stable of index α/2 (Kanter 1975): `E exp(ik·X) = exp(−|ck|^α)`.
#[derive(Clone, Copy, Debug)]
pub struct IsotropicStable {
    /// α in (0, 2].
    pub alpha: f64,
    /// The scale c.
    pub scale: f64,
    /// The number of coordinates.
    pub dimension: usize,
}

impl<R: Variate> Noise<R> for IsotropicStable {
    // Uniform variates serve both laws: a pair for A, a pair for each coordinate of G.
    fn law(&self) -> Law {
        Law::Uniform
    }
    fn variates(&self) -> usize {
        2 + 2 * self.dimension
    }
    fn apply_root(&self, at: &Block<R>, u: &[R], scratch: &mut Scratch<R>, out: &mut Block<R>) {
        let lanes = at.lanes();
        let mut spread = scratch.take(lanes);
        let (clock, gauss) = u.split_at(2 * lanes);
        stable_spread(R::from_f64(0.5 * self.alpha), R::from_f64(self.scale), clock, &mut spread);
        for (pair, out) in gauss.chunks_exact(2 * lanes).zip(out.values_mut().chunks_exact_mut(lanes)) {
            gaussian(&spread, pair, out);
        }
        scratch.give(spread);
    }
    fn depends_on_state(&self) -> bool {
        false
    }
}

lane_kernel! {
    /// `c √(2A)` with A positive stable of index `half`.
    fn stable_spread<R: Variate>(half: R, scale: R, u: &[R], out: &mut [R]) {
        let (angle, radius) = u.split_at(out.len());
        let pi = R::from_f64(std::f64::consts::PI);
        let rest = R::ONE - half;
        for ((out, &angle), &radius) in out.iter_mut().zip(angle).zip(radius) {
            let v = pi * angle;
            let end = if angle < R::ONE - angle { angle } else { R::ONE - angle };
            let tilted = (rest * v).sin() / -radius.ln();
            let tilted = if rest > R::ZERO { rest * tilted.ln() } else { R::ZERO };
            let log = (half * v).sin().ln() + (tilted - (pi * end).sin().ln()) / half;
            *out = scale * (R::from_f64(2.0) * log.exp()).sqrt();
        }
    }
}

lane_kernel! {
    /// `spread · √(−2 ln u) cos 2πv`.
    fn gaussian<R: Variate>(spread: &[R], u: &[R], out: &mut [R]) {
        let (radius, angle) = u.split_at(out.len());
        let (two, turn) = (R::from_f64(2.0), R::from_f64(std::f64::consts::TAU));
        for (((out, &spread), &radius), &angle) in out.iter_mut().zip(spread).zip(radius).zip(angle) {
            *out = spread * (-two * radius.ln()).sqrt() * (turn * angle).cos();
        }
    }
}
