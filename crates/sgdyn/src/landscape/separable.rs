//! Landscapes that are sums of one-coordinate terms, in any number of dimensions.

use super::{Drift, HessianProduct, Landscape};
use crate::lanes::{Block, Real, Scratch, lane_kernel};

/// One term of a sum over coordinates; every method `#[inline(always)]`.
pub trait CoordinateTerm<R: Real>: Copy + Send + Sync + 'static {
    /// `f(x)`.
    fn value(self, x: R) -> R;
    /// `−f′(x)`.
    fn drift(self, x: R) -> R;
    /// `f″(x)`.
    fn curvature(self, x: R) -> R;
}

/// `L(x) = Σᵢ f(xᵢ)`.
#[derive(Clone, Copy, Debug)]
pub struct Separable<T> {
    /// The term f.
    pub term: T,
    /// The number of coordinates.
    pub dimension: usize,
}

impl<R: Real, T: CoordinateTerm<R>> Drift<R> for Separable<T> {
    fn dimension(&self) -> usize {
        self.dimension
    }
    fn drift(&self, at: &Block<R>, _: &mut Scratch<R>, out: &mut Block<R>) {
        term_drift(self.term, at.values(), out.values_mut());
    }
}

impl<R: Real, T: CoordinateTerm<R>> Landscape<R> for Separable<T> {
    fn loss(&self, at: &Block<R>, _: &mut Scratch<R>, out: &mut [R]) {
        term_loss(self.term, at.values(), out);
    }
}

impl<R: Real, T: CoordinateTerm<R>> HessianProduct<R> for Separable<T> {
    fn hessian_product(&self, at: &Block<R>, direction: &Block<R>, _: &mut Scratch<R>, out: &mut Block<R>) {
        term_hessian(self.term, at.values(), direction.values(), out.values_mut());
    }
}

lane_kernel! {
    fn term_drift<R: Real, T: CoordinateTerm<R>>(term: T, at: &[R], out: &mut [R]) {
        for (out, &x) in out.iter_mut().zip(at) {
            *out = term.drift(x);
        }
    }
}

lane_kernel! {
    fn term_hessian<R: Real, T: CoordinateTerm<R>>(term: T, at: &[R], direction: &[R], out: &mut [R]) {
        for ((out, &x), &v) in out.iter_mut().zip(at).zip(direction) {
            *out = term.curvature(x) * v;
        }
    }
}

lane_kernel! {
    fn term_loss<R: Real, T: CoordinateTerm<R>>(term: T, at: &[R], out: &mut [R]) {
        out.fill(R::ZERO);
        for column in at.chunks_exact(out.len()) {
            for (out, &x) in out.iter_mut().zip(column) {
                *out += term.value(x);
            }
        }
    }
}
