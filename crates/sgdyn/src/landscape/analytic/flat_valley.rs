//! A valley with a flat floor.

use crate::landscape::pointwise::{PointDrift, PointLoss};
use crate::lanes::Real;

/// `L(x, y) = ½ h(x) y²` with `h(x) = c (1 + w x²)`: no force along the floor y = 0, stiffer walls away from x = 0.
#[derive(Clone, Copy, Debug)]
pub struct FlatValley<R> {
    curvature: R,
    widening: R,
}

impl<R: Real> FlatValley<R> {
    /// From the wall curvature c at x = 0 and its growth w.
    pub fn new(curvature: f64, widening: f64) -> Self {
        Self { curvature: R::from_f64(curvature), widening: R::from_f64(widening) }
    }
}

impl<R: Real> PointDrift<R, 2> for FlatValley<R> {
    #[inline(always)]
    fn drift(self, [x, y]: [R; 2]) -> [R; 2] {
        let stiffness = self.curvature * (self.widening * x).mul_add(x, R::ONE);
        [-self.curvature * self.widening * x * y * y, -stiffness * y]
    }
    #[inline(always)]
    fn hessian_product(self, [x, y]: [R; 2], [v, w]: [R; 2]) -> [R; 2] {
        let two = R::from_f64(2.0);
        let slope = self.curvature * self.widening;
        let stiffness = self.curvature * (self.widening * x).mul_add(x, R::ONE);
        let cross = two * slope * x * y;
        [slope * y * y * v + cross * w, cross * v + stiffness * w]
    }
}

impl<R: Real> PointLoss<R, 2> for FlatValley<R> {
    #[inline(always)]
    fn loss(self, [x, y]: [R; 2]) -> R {
        R::from_f64(0.5) * self.curvature * (self.widening * x).mul_add(x, R::ONE) * y * y
    }
}
