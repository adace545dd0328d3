//! The landscape of Styblinski and Tang (Neural Networks 1990).

use crate::landscape::separable::CoordinateTerm;
use crate::lanes::Real;

/// `f(x) = ½(x⁴ − 16x² + 5x)`: roots of f′ at −2.903534, 0.156731, 2.746803.
#[derive(Clone, Copy, Debug)]
pub struct StyblinskiTang;

impl<R: Real> CoordinateTerm<R> for StyblinskiTang {
    #[inline(always)]
    fn value(self, x: R) -> R {
        let square = x * x;
        let inner = (square - R::from_f64(16.0)).mul_add(x, R::from_f64(5.0));
        R::from_f64(0.5) * x * inner
    }
    #[inline(always)]
    fn drift(self, x: R) -> R {
        let two = R::from_f64(2.0);
        (two * x).mul_add(-x, R::from_f64(16.0)).mul_add(x, R::from_f64(-2.5))
    }
    #[inline(always)]
    fn curvature(self, x: R) -> R {
        let six = R::from_f64(6.0);
        (six * x).mul_add(x, R::from_f64(-16.0))
    }
}
