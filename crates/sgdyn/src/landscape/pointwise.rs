//! Landscapes written for one point, evaluated on whole blocks.

use super::{Drift, HessianProduct, Landscape};
use crate::lanes::{Block, Real, Scratch, lane_kernel};

/// A field in `D` coordinates given at one point; every method `#[inline(always)]`, or it will not vectorise.
pub trait PointDrift<R: Real, const D: usize>: Copy + Send + Sync + 'static {
    /// `b(x)`.
    fn drift(self, x: [R; D]) -> [R; D];
    /// `−(∂b/∂x) v`.
    fn hessian_product(self, x: [R; D], v: [R; D]) -> [R; D];
}

/// A point drift that is the descent of a loss.
pub trait PointLoss<R: Real, const D: usize>: PointDrift<R, D> {
    /// `L(x)`.
    fn loss(self, x: [R; D]) -> R;
}

/// A point field as a block field.
#[derive(Clone, Copy, Debug)]
pub struct Pointwise<P, const D: usize>(pub P);

impl<R: Real, P: PointDrift<R, D>, const D: usize> Drift<R> for Pointwise<P, D> {
    fn dimension(&self) -> usize {
        D
    }
    fn drift(&self, at: &Block<R>, _: &mut Scratch<R>, out: &mut Block<R>) {
        point_drift::<R, P, D>(self.0, at.values(), at.lanes(), out.values_mut());
    }
}

impl<R: Real, P: PointDrift<R, D>, const D: usize> HessianProduct<R> for Pointwise<P, D> {
    fn hessian_product(&self, at: &Block<R>, direction: &Block<R>, _: &mut Scratch<R>, out: &mut Block<R>) {
        point_hessian::<R, P, D>(self.0, at.values(), direction.values(), at.lanes(), out.values_mut());
    }
}

impl<R: Real, P: PointLoss<R, D>, const D: usize> Landscape<R> for Pointwise<P, D> {
    fn loss(&self, at: &Block<R>, _: &mut Scratch<R>, out: &mut [R]) {
        point_loss::<R, P, D>(self.0, at.values(), at.lanes(), out);
    }
}

#[inline(always)]
fn columns<R, const D: usize>(values: &[R], lanes: usize) -> [&[R]; D] {
    std::array::from_fn(|c| &values[c * lanes..][..lanes])
}

#[inline(always)]
fn columns_mut<R, const D: usize>(values: &mut [R], lanes: usize) -> [&mut [R]; D] {
    let mut rest = values;
    std::array::from_fn(|_| {
        let (column, tail) = std::mem::take(&mut rest).split_at_mut(lanes);
        rest = tail;
        column
    })
}

lane_kernel! {
    fn point_drift<R: Real, P: PointDrift<R, D>; const D: usize>(point: P, at: &[R], lanes: usize, out: &mut [R]) {
        let x = columns::<R, D>(at, lanes);
        let out = columns_mut::<R, D>(out, lanes);
        for lane in 0..lanes {
            let drift = point.drift(std::array::from_fn(|c| x[c][lane]));
            for c in 0..D {
                out[c][lane] = drift[c];
            }
        }
    }
}

lane_kernel! {
    fn point_hessian<R: Real, P: PointDrift<R, D>; const D: usize>(
        point: P,
        at: &[R],
        direction: &[R],
        lanes: usize,
        out: &mut [R],
    ) {
        let x = columns::<R, D>(at, lanes);
        let v = columns::<R, D>(direction, lanes);
        let out = columns_mut::<R, D>(out, lanes);
        for lane in 0..lanes {
            let product =
                point.hessian_product(std::array::from_fn(|c| x[c][lane]), std::array::from_fn(|c| v[c][lane]));
            for c in 0..D {
                out[c][lane] = product[c];
            }
        }
    }
}

lane_kernel! {
    fn point_loss<R: Real, P: PointLoss<R, D>; const D: usize>(point: P, at: &[R], lanes: usize, out: &mut [R]) {
        let x = columns::<R, D>(at, lanes);
        let out = &mut out[..lanes];
        for lane in 0..lanes {
            out[lane] = point.loss(std::array::from_fn(|c| x[c][lane]));
        }
    }
}
