//! Double wells in one dimension, level or tilted.

use crate::landscape::pointwise::{PointDrift, PointLoss};
use crate::lanes::Real;

/// `L(x) = a x⁴ − b x² + t x`; minima at ±√(b/2a) when t = 0.
#[derive(Clone, Copy, Debug)]
pub struct DoubleWell<R> {
    quartic: R,
    twice_quadratic: R,
    tilt: R,
}

impl<R: Real> DoubleWell<R> {
    /// `a x⁴ − b x² + t x` from `a > 0`, `b` and `t`.
    pub fn new(quartic: f64, quadratic: f64, tilt: f64) -> Self {
        Self {
            quartic: R::from_f64(quartic),
            twice_quadratic: R::from_f64(2.0 * quadratic),
            tilt: R::from_f64(tilt),
        }
    }
}

impl<R: Real> PointDrift<R, 1> for DoubleWell<R> {
    #[inline(always)]
    fn drift(self, [x]: [R; 1]) -> [R; 1] {
        let four = R::from_f64(4.0);
        let slope = (four * self.quartic * x).mul_add(-x, self.twice_quadratic);
        [slope.mul_add(x, -self.tilt)]
    }
    #[inline(always)]
    fn hessian_product(self, [x]: [R; 1], [v]: [R; 1]) -> [R; 1] {
        let twelve = R::from_f64(12.0);
        [(twelve * self.quartic * x).mul_add(x, -self.twice_quadratic) * v]
    }
}

impl<R: Real> PointLoss<R, 1> for DoubleWell<R> {
    #[inline(always)]
    fn loss(self, [x]: [R; 1]) -> R {
        let square = x * x;
        let half = R::from_f64(0.5);
        (self.quartic * square).mul_add(square, (self.tilt - half * self.twice_quadratic * x) * x)
    }
}
