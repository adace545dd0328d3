//! Landscapes written for one point, evaluated on whole blocks.

use super::{Drift, Guard, HessianProduct, Landscape, Nearness, Stride, Walk};
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
    fn walk(&self) -> Option<&dyn Walk<R>> {
        Some(self)
    }
}

impl<R: Real, P: PointDrift<R, D>, const D: usize> Walk<R> for Pointwise<P, D> {
    fn walk(&self, stride: Stride<R>, z: &[R], x: &mut [R], guard: Guard<'_, R>, alarms: &mut [u32]) {
        let at_steps = AtSteps { sign: guard.sign, thresholds: guard.at_steps };
        if let Some(near) = guard.near {
            let alarm = InsideSteps { at_steps, near };
            point_walk::<R, P, InsideSteps<'_, R>, D>(self.0, stride, z, x, guard.coordinate, alarm, alarms);
        } else {
            point_walk::<R, P, AtSteps<'_, R>, D>(self.0, stride, z, x, guard.coordinate, at_steps, alarms);
        }
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

/// `x + h b(x) + s z`.
#[inline(always)]
fn stepped<R: Real, P: PointDrift<R, D>, const D: usize>(
    point: P,
    stride: Stride<R>,
    x: [R; D],
    z: [R; D],
) -> [R; D] {
    let drift = point.drift(x);
    std::array::from_fn(|c| stride.noise.mul_add(z[c], stride.drift.mul_add(drift[c], x[c])))
}

lane_kernel! {
    // Keeping a lane in registers over several steps was slower: the loop over lanes then vectorises less well.
    fn point_walk<R: Real, P: PointDrift<R, D>, A: Alarm<R>; const D: usize>(
        point: P,
        stride: Stride<R>,
        z: &[R],
        x: &mut [R],
        coordinate: usize,
        alarm: A,
        alarms: &mut [u32],
    ) {
        let lanes = alarms.len();
        let alarm = alarm.on(lanes);
        let x = columns_mut::<R, D>(x, lanes);
        for z in z.chunks_exact(D * lanes) {
            let z = columns::<R, D>(z, lanes);
            for lane in 0..lanes {
                let here: [R; D] = std::array::from_fn(|c| x[c][lane]);
                let ahead = stepped(point, stride, here, std::array::from_fn(|c| z[c][lane]));
                alarms[lane] |= alarm.raised(lane, here[coordinate], ahead[coordinate]);
                for c in 0..D {
                    x[c][lane] = ahead[c];
                }
            }
        }
    }
}

/// When a step of a lane raises an alarm: 1 if it does.
trait Alarm<R>: Copy {
    /// The same with slices known to hold `lanes` lanes.
    fn on(self, lanes: usize) -> Self;
    fn raised(self, lane: usize, from: R, to: R) -> u32;
}

/// At or below the threshold after a step.
#[derive(Clone, Copy)]
struct AtSteps<'a, R> {
    sign: R,
    thresholds: &'a [R],
}

impl<R: Real> Alarm<R> for AtSteps<'_, R> {
    #[inline(always)]
    fn on(self, lanes: usize) -> Self {
        Self { thresholds: &self.thresholds[..lanes], ..self }
    }
    #[inline(always)]
    fn raised(self, lane: usize, _: R, to: R) -> u32 {
        u32::from(self.sign * to <= self.thresholds[lane])
    }
}

/// That, or near enough to another threshold that the path inside the step may have crossed it.
#[derive(Clone, Copy)]
struct InsideSteps<'a, R> {
    at_steps: AtSteps<'a, R>,
    near: Nearness<'a, R>,
}

impl<R: Real> Alarm<R> for InsideSteps<'_, R> {
    #[inline(always)]
    fn on(self, lanes: usize) -> Self {
        let near = Nearness { thresholds: &self.near.thresholds[..lanes], ..self.near };
        Self { at_steps: self.at_steps.on(lanes), near }
    }
    #[inline(always)]
    fn raised(self, lane: usize, from: R, to: R) -> u32 {
        let (threshold, sign) = (self.near.thresholds[lane], self.at_steps.sign);
        let near = (sign * from - threshold) * (sign * to - threshold) <= self.near.reach;
        u32::from(near) | self.at_steps.raised(lane, from, to)
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
