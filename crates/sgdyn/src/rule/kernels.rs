//! The loops that rules share.

pub(super) use crate::lanes::add_scaled;
use crate::lanes::{Block, Layout, lane_kernel};
use crate::random::Variate;

lane_kernel! {
    /// `to = to + a · first + b · second`.
    pub(super) fn add_two_scaled<R: Variate>(a: R, first: &[R], b: R, second: &[R], to: &mut [R]) {
        for ((to, &first), &second) in to.iter_mut().zip(first).zip(second) {
            *to = b.mul_add(second, a.mul_add(first, *to));
        }
    }
}

lane_kernel! {
    /// `to = from + a · first + b · second`.
    pub(super) fn set_two_scaled<R: Variate>(from: &[R], a: R, first: &[R], b: R, second: &[R], to: &mut [R]) {
        for (((to, &from), &first), &second) in to.iter_mut().zip(from).zip(first).zip(second) {
            *to = b.mul_add(second, a.mul_add(first, from));
        }
    }
}

lane_kernel! {
    /// `to = keep · to + add · from`.
    pub(super) fn blend<R: Variate>(keep: R, add: R, from: &[R], to: &mut [R]) {
        for (to, &from) in to.iter_mut().zip(from) {
            *to = keep.mul_add(*to, add * from);
        }
    }
}

/// Adds `factor · z` with z `[d × lanes]` variate-major to a block of either layout.
pub(super) fn add_variates<R: Variate>(factor: R, z: &[R], to: &mut Block<R>) {
    match to.layout() {
        Layout::CoordinateMajor => add_scaled(factor, z, to.values_mut()),
        Layout::ReplicaMajor => {
            let lanes = to.lanes();
            for lane in 0..lanes {
                for (value, &z) in to.replica_mut(lane).iter_mut().zip(z[lane..].iter().step_by(lanes)) {
                    *value = factor.mul_add(z, *value);
                }
            }
        }
    }
}
