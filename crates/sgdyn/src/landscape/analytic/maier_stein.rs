//! The drift of Maier and Stein (Physical Review E 1993), which is a gradient only at α = µ.

use crate::landscape::pointwise::PointDrift;
use crate::lanes::Real;

/// `b = (x − x³ − α x y², −µ y (1 + x²))`: stable points (±1, 0), saddle (0, 0).
#[derive(Clone, Copy, Debug)]
pub struct MaierStein<R> {
    alpha: R,
    mu: R,
}

impl<R: Real> MaierStein<R> {
    /// From α and µ.
    pub fn new(alpha: f64, mu: f64) -> Self {
        Self { alpha: R::from_f64(alpha), mu: R::from_f64(mu) }
    }
}

impl<R: Real> PointDrift<R, 2> for MaierStein<R> {
    #[inline(always)]
    fn drift(self, [x, y]: [R; 2]) -> [R; 2] {
        let along = R::ONE - x * x - self.alpha * y * y;
        [x * along, -self.mu * y * x.mul_add(x, R::ONE)]
    }
    #[inline(always)]
    fn hessian_product(self, [x, y]: [R; 2], [v, w]: [R; 2]) -> [R; 2] {
        let (two, three) = (R::from_f64(2.0), R::from_f64(3.0));
        let xx = three * x * x + self.alpha * y * y - R::ONE;
        let xy = two * self.alpha * x * y;
        let yx = two * self.mu * x * y;
        let yy = self.mu * x.mul_add(x, R::ONE);
        [xx * v + xy * w, yx * v + yy * w]
    }
}
