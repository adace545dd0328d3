//! A well with a number of equal gates in its rim.

use crate::landscape::pointwise::{PointDrift, PointLoss};
use crate::lanes::Real;

/// `V = r²(r² − 3)²/4 + (a/n²) r⁸ (1 − cos nφ)` in polar coordinates: a minimum at 0 of curvature 9/2, n saddles at
/// r = 1, φ = 2πj/n, and a minimum at r = √3 behind each. Barriers are 1, and at every saddle the curvatures are −6 along
/// and a across the way, whatever n is: n gates, each as wide as the only one of n = 1. The eighth power keeps the ripple out of the well.
#[derive(Clone, Copy, Debug)]
pub struct RingOfGates<R> {
    gates: u32,
    count: R,
    ripple: R,
}

impl<R: Real> RingOfGates<R> {
    /// From the number n of gates and the curvature a across each.
    pub fn new(gates: u32, stiffness: f64) -> Self {
        let count = f64::from(gates);
        Self { gates, count: R::from_f64(count), ripple: R::from_f64(stiffness / (count * count)) }
    }

    /// r², cos nφ and sin nφ; at the centre, where φ is nothing, those of φ = 0.
    #[inline(always)]
    fn polar(self, [x, y]: [R; 2]) -> (R, R, R) {
        let square = x.mul_add(x, y * y);
        let tiny = R::from_f64(1e-30);
        let inverse = R::ONE / (square + tiny).sqrt();
        let (c, s) = (x * inverse, y * inverse);
        let (mut cos, mut sin) = (R::ONE, R::ZERO);
        for _ in 0..self.gates {
            (cos, sin) = (cos * c - sin * s, sin * c + cos * s);
        }
        (square, cos, sin)
    }
}

impl<R: Real> PointDrift<R, 2> for RingOfGates<R> {
    #[inline(always)]
    fn drift(self, [x, y]: [R; 2]) -> [R; 2] {
        let (square, cos, sin) = self.polar([x, y]);
        let (three, eight) = (R::from_f64(3.0), R::from_f64(8.0));
        let ripple = self.ripple * square * square * square;
        // 2 dW/d(r²) and the two parts of the ripple's gradient, along r and across.
        let radial =
            R::from_f64(1.5) * (square - three) * (square - R::ONE) + eight * ripple * (R::ONE - cos);
        let turning = self.count * ripple * sin;
        [turning * y - radial * x, -(turning * x) - radial * y]
    }
    #[inline(always)]
    fn hessian_product(self, [x, y]: [R; 2], [v, w]: [R; 2]) -> [R; 2] {
        let (square, cos, sin) = self.polar([x, y]);
        let (two, three, eight) = (R::from_f64(2.0), R::from_f64(3.0), R::from_f64(8.0));
        let slope = R::from_f64(1.5) * (square - three) * (square - R::ONE);
        let bend = R::from_f64(6.0) * (square - two) * x.mul_add(v, y * w);
        // The ripple in the frame of the unit vectors along r and across; each of the two vectors brings a factor r.
        let ripple = self.ripple * square * square;
        let along = x.mul_add(v, y * w);
        let across = x * w - y * v;
        let rr = R::from_f64(56.0) * (R::ONE - cos);
        let rt = R::from_f64(7.0) * self.count * sin;
        let tt = self.count * self.count * cos + eight * (R::ONE - cos);
        let (out_along, out_across) =
            (ripple * (rr * along + rt * across), ripple * (rt * along + tt * across));
        [
            slope * v + bend * x + out_along * x - out_across * y,
            slope * w + bend * y + out_along * y + out_across * x,
        ]
    }
}

impl<R: Real> PointLoss<R, 2> for RingOfGates<R> {
    #[inline(always)]
    fn loss(self, at: [R; 2]) -> R {
        let (square, cos, _) = self.polar(at);
        let lowered = square - R::from_f64(3.0);
        R::from_f64(0.25) * square * lowered * lowered
            + self.ripple * (square * square) * (square * square) * (R::ONE - cos)
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use crate::landscape::named;

    #[test]
    fn every_gate_is_the_same_for_any_number_of_them() {
        for gates in 1..=6 {
            let parameters = [("gates".to_owned(), vec![f64::from(gates)])].into();
            let field = named::<f64>("ring-of-gates", &parameters).unwrap();
            for gate in 0..gates {
                let (y, x) = (TAU * f64::from(gate) / f64::from(gates)).sin_cos();
                assert!((field.loss_at(&[x, y]).unwrap() - 1.0).abs() < 1e-14);
                assert!(field.gradient_at(&[x, y]).iter().all(|g| g.abs() < 1e-13));
                let h = field.hessian_at(&[x, y]).unwrap();
                // −6 along the way and a = 8 across: trace and determinant.
                assert!(
                    (h[0] + h[3] - 2.0).abs() < 1e-12 && (h[0] * h[3] - h[1] * h[2] + 48.0).abs() < 1e-11
                );
                let behind = 3f64.sqrt();
                assert!(field.loss_at(&[behind * x, behind * y]).unwrap().abs() < 1e-12);
            }
            let well = field.hessian_at(&[0.0, 0.0]).unwrap();
            assert_eq!(well, [4.5, 0.0, 0.0, 4.5]);
        }
    }
}
