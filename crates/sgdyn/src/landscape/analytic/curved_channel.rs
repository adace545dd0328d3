//! A double well whose transverse curvature changes along the path.

use crate::landscape::pointwise::{PointDrift, PointLoss};
use crate::lanes::Real;

/// `V = (x² − 1)²/4 + ½(1 + 3x²)y²`: minima (±1, 0), saddle (0, 0).
#[derive(Clone, Copy, Debug)]
pub struct CurvedChannel;

impl<R: Real> PointDrift<R, 2> for CurvedChannel {
    #[inline(always)]
    fn drift(self, [x, y]: [R; 2]) -> [R; 2] {
        let three = R::from_f64(3.0);
        let along = R::ONE - x * x - three * y * y;
        [x * along, -(three * x).mul_add(x, R::ONE) * y]
    }
    #[inline(always)]
    fn hessian_product(self, [x, y]: [R; 2], [v, w]: [R; 2]) -> [R; 2] {
        let three = R::from_f64(3.0);
        let cross = R::from_f64(6.0) * x * y;
        let xx = three * (x * x + y * y) - R::ONE;
        let yy = (three * x).mul_add(x, R::ONE);
        [xx * v + cross * w, cross * v + yy * w]
    }
}

impl<R: Real> PointLoss<R, 2> for CurvedChannel {
    #[inline(always)]
    fn loss(self, [x, y]: [R; 2]) -> R {
        let well = x * x - R::ONE;
        let stiffness = (R::from_f64(3.0) * x).mul_add(x, R::ONE);
        R::from_f64(0.25) * well * well + R::from_f64(0.5) * stiffness * y * y
    }
}
