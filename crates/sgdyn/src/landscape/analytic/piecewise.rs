//! Piecewise quadratic wells: curvature exact on each side, no anharmonicity inside a piece.

use crate::landscape::pointwise::{PointDrift, PointLoss};
use crate::lanes::Real;

/// `L(x) = ½ min(s (x + 1)², f (x − 1)²)`: a well of curvature s at −1 and one of curvature f at +1, with a kink between.
#[derive(Clone, Copy, Debug)]
pub struct TwoParabolas<R> {
    left: R,
    right: R,
}

impl<R: Real> TwoParabolas<R> {
    /// From the curvatures of the left and the right well.
    pub fn new(left: f64, right: f64) -> Self {
        Self { left: R::from_f64(left), right: R::from_f64(right) }
    }
    #[inline(always)]
    fn pieces(self, x: R) -> (R, R, bool) {
        let (l, r) = (x + R::ONE, x - R::ONE);
        (l, r, self.left * l * l <= self.right * r * r)
    }
}

impl<R: Real> PointDrift<R, 1> for TwoParabolas<R> {
    #[inline(always)]
    fn drift(self, [x]: [R; 1]) -> [R; 1] {
        let (l, r, in_left) = self.pieces(x);
        [if in_left { -self.left * l } else { -self.right * r }]
    }
    #[inline(always)]
    fn hessian_product(self, [x]: [R; 1], [v]: [R; 1]) -> [R; 1] {
        let (_, _, in_left) = self.pieces(x);
        [if in_left { self.left * v } else { self.right * v }]
    }
}

impl<R: Real> PointLoss<R, 1> for TwoParabolas<R> {
    #[inline(always)]
    fn loss(self, [x]: [R; 1]) -> R {
        let (l, r, in_left) = self.pieces(x);
        let half = R::from_f64(0.5);
        if in_left { half * self.left * l * l } else { half * self.right * r * r }
    }
}
