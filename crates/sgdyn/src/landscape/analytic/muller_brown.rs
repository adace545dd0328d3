//! The surface of Müller and Brown (Theoretica Chimica Acta 1979): three minima, two saddles.

use crate::landscape::pointwise::{PointDrift, PointLoss};
use crate::lanes::Real;

const HEIGHT: [f64; 4] = [-200.0, -100.0, -170.0, 15.0];
const XX: [f64; 4] = [-1.0, -1.0, -6.5, 0.7];
const XY: [f64; 4] = [0.0, 0.0, 11.0, 0.6];
const YY: [f64; 4] = [-10.0, -10.0, -6.5, 0.7];
const X: [f64; 4] = [1.0, 0.0, -0.5, -1.0];
const Y: [f64; 4] = [0.0, 0.5, 1.5, 1.0];

/// `L = s Σₖ Aₖ exp(aₖ(x−xₖ)² + bₖ(x−xₖ)(y−yₖ) + cₖ(y−yₖ)²)` with a scale s (1 is the original).
#[derive(Clone, Copy, Debug)]
pub struct MullerBrown<R> {
    scale: R,
}

impl<R: Real> MullerBrown<R> {
    /// With heights multiplied by `scale`.
    pub fn new(scale: f64) -> Self {
        Self { scale: R::from_f64(scale) }
    }

    /// Term k: its value and the first derivatives of its exponent.
    #[inline(always)]
    fn term(self, k: usize, x: R, y: R) -> (R, R, R) {
        let (u, v) = (x - R::from_f64(X[k]), y - R::from_f64(Y[k]));
        let (a, b, c) = (R::from_f64(XX[k]), R::from_f64(XY[k]), R::from_f64(YY[k]));
        let exponent = (a * u).mul_add(u, (b * u + c * v) * v);
        let value = self.scale * R::from_f64(HEIGHT[k]) * exponent.exp();
        let two = R::from_f64(2.0);
        (value, (two * a).mul_add(u, b * v), (two * c).mul_add(v, b * u))
    }
}

impl<R: Real> PointDrift<R, 2> for MullerBrown<R> {
    #[inline(always)]
    fn drift(self, [x, y]: [R; 2]) -> [R; 2] {
        let mut drift = [R::ZERO; 2];
        for k in 0..4 {
            let (value, dx, dy) = self.term(k, x, y);
            drift[0] = (-value).mul_add(dx, drift[0]);
            drift[1] = (-value).mul_add(dy, drift[1]);
        }
        drift
    }
    #[inline(always)]
    fn hessian_product(self, [x, y]: [R; 2], [v, w]: [R; 2]) -> [R; 2] {
        let mut product = [R::ZERO; 2];
        let two = R::from_f64(2.0);
        for k in 0..4 {
            let (value, dx, dy) = self.term(k, x, y);
            let along = dx * v + dy * w;
            let (a, b, c) = (R::from_f64(XX[k]), R::from_f64(XY[k]), R::from_f64(YY[k]));
            product[0] = value.mul_add(dx * along + two * a * v + b * w, product[0]);
            product[1] = value.mul_add(dy * along + b * v + two * c * w, product[1]);
        }
        product
    }
}

impl<R: Real> PointLoss<R, 2> for MullerBrown<R> {
    #[inline(always)]
    fn loss(self, [x, y]: [R; 2]) -> R {
        let mut sum = R::ZERO;
        for k in 0..4 {
            sum += self.term(k, x, y).0;
        }
        sum
    }
}
