//! The two loops of linear algebra that every room needs.

use super::{Real, lane_kernel};

lane_kernel! {
    /// `to += factor · from`.
    pub(crate) fn add_scaled<R: Real>(factor: R, from: &[R], to: &mut [R]) {
        for (to, &from) in to.iter_mut().zip(from) {
            *to = factor.mul_add(from, *to);
        }
    }
}

lane_kernel! {
    /// `to = factor · from`.
    pub(crate) fn scale<R: Real>(factor: R, from: &[R], to: &mut [R]) {
        for (to, &from) in to.iter_mut().zip(from) {
            *to = factor * from;
        }
    }
}
