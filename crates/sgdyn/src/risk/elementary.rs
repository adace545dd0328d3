//! The elementary functions that the kernels use, in one place.

use crate::lanes::Real;

/// eˣ.
#[inline(always)]
pub(super) fn exp<R: Real>(x: R) -> R {
    R::from_f64(x.to_f64().exp())
}

/// ln x.
#[inline(always)]
pub(super) fn ln<R: Real>(x: R) -> R {
    R::from_f64(x.to_f64().ln())
}

/// ln(1 + x), without cancellation near 0.
#[inline(always)]
pub(super) fn ln_1p<R: Real>(x: R) -> R {
    R::from_f64(x.to_f64().ln_1p())
}
