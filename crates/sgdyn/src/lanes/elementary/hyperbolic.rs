//! The hyperbolic tangent.

use super::exponential::{Exponential, half_exp_m1};
use super::format::{quotient, select, sum_with_loss};

pub(in crate::lanes) trait Hyperbolic: Exponential {
    /// From here on the hyperbolic tangent rounds to 1.
    const TANH_IS_ONE: Self;
}

impl Hyperbolic for f64 {
    const TANH_IS_ONE: Self = 20.0;
}

impl Hyperbolic for f32 {
    const TANH_IS_ONE: Self = 10.0;
}

/// `tanh x = h/(h + 1)` with `h = (e^{2x} − 1)/2`, for `|x|`; the sign is put back.
#[inline(always)]
pub(in crate::lanes) fn tanh<F: Hyperbolic>(x: F) -> F {
    let magnitude = x.abs();
    let clamped = select(magnitude > F::TANH_IS_ONE, F::TANH_IS_ONE, magnitude);
    let (leading, trailing) = half_exp_m1(clamped + clamped);
    let above_one = leading > F::ONE;
    let (sum, lost) = sum_with_loss(select(above_one, leading, F::ONE), select(above_one, F::ONE, leading));
    let result = quotient((leading, trailing), (sum, lost + trailing));
    F::multiply_sign(select(magnitude < F::IDENTITY_BELOW, magnitude, result), x)
}
