//! A linear drift with rotation: the simplest field that is not a gradient.

use crate::landscape::pointwise::PointDrift;
use crate::lanes::Real;

/// `b = −h (x, y) + ω (y, −x)`.
#[derive(Clone, Copy, Debug)]
pub struct Rotating<R> {
    curvature: R,
    rotation: R,
}

impl<R: Real> Rotating<R> {
    /// From the restoring curvature h and the angular velocity ω.
    pub fn new(curvature: f64, rotation: f64) -> Self {
        Self { curvature: R::from_f64(curvature), rotation: R::from_f64(rotation) }
    }
}

impl<R: Real> PointDrift<R, 2> for Rotating<R> {
    #[inline(always)]
    fn drift(self, [x, y]: [R; 2]) -> [R; 2] {
        [self.rotation.mul_add(y, -self.curvature * x), (-self.rotation).mul_add(x, -self.curvature * y)]
    }
    #[inline(always)]
    fn hessian_product(self, _: [R; 2], [v, w]: [R; 2]) -> [R; 2] {
        [(-self.rotation).mul_add(w, self.curvature * v), self.rotation.mul_add(v, self.curvature * w)]
    }
}
