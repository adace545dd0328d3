//! The landscape of Rastrigin: a bowl with a lattice of minima.

use crate::landscape::separable::CoordinateTerm;
use crate::lanes::Real;

/// `f(x) = x² + A(1 − cos 2πx)`.
#[derive(Clone, Copy, Debug)]
pub struct Rastrigin<R> {
    amplitude: R,
}

impl<R: Real> Rastrigin<R> {
    /// Ripples of height `2 · amplitude`; the usual value of A is 10.
    pub fn new(amplitude: f64) -> Self {
        Self { amplitude: R::from_f64(amplitude) }
    }
}

impl<R: Real> CoordinateTerm<R> for Rastrigin<R> {
    #[inline(always)]
    fn value(self, x: R) -> R {
        let phase = R::from_f64(std::f64::consts::TAU) * x;
        x.mul_add(x, self.amplitude * (R::ONE - phase.cos()))
    }
    #[inline(always)]
    fn drift(self, x: R) -> R {
        let turn = R::from_f64(std::f64::consts::TAU);
        R::from_f64(-2.0).mul_add(x, -(turn * self.amplitude) * (turn * x).sin())
    }
    #[inline(always)]
    fn curvature(self, x: R) -> R {
        let turn = R::from_f64(std::f64::consts::TAU);
        (turn * turn * self.amplitude).mul_add((turn * x).cos(), R::from_f64(2.0))
    }
}
