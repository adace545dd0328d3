//! The exponential and the exponential less 1.

use super::format::{Format, polynomial, select, sum_with_loss};

pub(in crate::lanes) trait Exponential: Format {
    /// `log₂ e`.
    const LOG2_E: Self;
    /// From here on the exponential is infinite.
    const OVERFLOW: Self;
    /// Up to here the exponential rounds to 0.
    const UNDERFLOW: Self;
    /// Up to here `e^x − 1` rounds to −1.
    const EXP_M1_IS_MINUS_ONE: Self;

    /// `(e^r − 1 − r)/r²` for `|r| ≤ ½ ln 2`.
    fn second_order(r: Self) -> Self;
}

impl Exponential for f64 {
    const LOG2_E: Self = std::f64::consts::LOG2_E;
    const OVERFLOW: Self = 710.0;
    const UNDERFLOW: Self = -746.0;
    const EXP_M1_IS_MINUS_ONE: Self = -40.0;

    // |error|·r² < 2^−60.5.
    #[inline(always)]
    fn second_order(r: Self) -> Self {
        polynomial!(
            r;
            0.5,
            0.16666666666666682,
            0.041666666666666706,
            0.008333333333316824,
            0.001388888888886002,
            0.00019841269896923267,
            2.4801587376402425e-05,
            2.7557234321274984e-06,
            2.7557228328418246e-07,
            2.511222328684537e-08,
            2.0929057500101345e-09,
        )
    }
}

impl Exponential for f32 {
    const LOG2_E: Self = std::f32::consts::LOG2_E;
    const OVERFLOW: Self = 89.0;
    const UNDERFLOW: Self = -104.0;
    const EXP_M1_IS_MINUS_ONE: Self = -20.0;

    // |error|·r² < 2^−32.
    #[inline(always)]
    fn second_order(r: Self) -> Self {
        polynomial!(r; 0.5, 0.16666667, 0.04166646, 0.00833327, 0.0013935451, 0.00019916681)
    }
}

/// `e^x`.
///
/// `x = n ln 2 + r` with `|r| ≤ ½ ln 2`, then `2^n·(1 + r + r²·P(r))`.
#[inline(always)]
pub(in crate::lanes) fn exp<F: Exponential>(x: F) -> F {
    let x = clamped(x);
    let shifted = x.mul_add(F::LOG2_E, F::SHIFTER);
    let n = shifted - F::SHIFTER;
    let r = n.mul_add(-F::LN_2_LOW, n.mul_add(-F::LN_2_HIGH, x));
    // Without what 1 + r loses, the error next to r = −½ ln 2 would double.
    let (first_order, lost) = sum_with_loss(F::ONE, r);
    scaled(first_order + (r * r).mul_add(F::second_order(r), lost), shifted)
}

/// The nearest argument whose exponential is not beyond all finite or below all subnormal numbers; NaN stays.
#[inline(always)]
fn clamped<F: Exponential>(x: F) -> F {
    let x = select(x > F::OVERFLOW, F::OVERFLOW, x);
    select(x < F::UNDERFLOW, F::UNDERFLOW, x)
}

/// `significand·2^n` for `shifted = SHIFTER + n`, the power multiplied in two halves: a subnormal result is rounded
/// once and the largest finite results do not overflow on the way.
#[inline(always)]
fn scaled<F: Exponential>(significand: F, shifted: F) -> F {
    let n = shifted - F::SHIFTER;
    let first_half = n.mul_add(F::HALF, F::SHIFTER);
    let second_half = shifted - (first_half - F::SHIFTER);
    significand * F::power_of_two(first_half) * F::power_of_two(second_half)
}

/// `e^(x + tail)` for a tail no larger than the last places of `x`: [`exp`] with the tail entering after the
/// reduction.
#[inline(always)]
pub(super) fn exp_of_sum<F: Exponential>(x: F, tail: F) -> F {
    // Where the sum overflowed, its tail is ∞ − ∞.
    let tail = select(x.abs() < F::OVERFLOW + F::OVERFLOW, tail, F::ZERO);
    let x = clamped(x);
    let shifted = x.mul_add(F::LOG2_E, F::SHIFTER);
    let n = shifted - F::SHIFTER;
    let coarse = n.mul_add(-F::LN_2_HIGH, x);
    let low = n.mul_add(-F::LN_2_LOW, tail);
    let (r, r_lost) = sum_with_loss(coarse, low);
    let (first_order, lost) = sum_with_loss(F::ONE, r);
    let lost = r_lost.mul_add(first_order, lost);
    scaled(first_order + (r * r).mul_add(F::second_order(r), lost), shifted)
}

/// `e^x` for `x` so moderate that the power of two is normal: [`exp`] less its provisions for the ends of the range.
#[inline(always)]
pub(super) fn exp_of_moderate<F: Exponential>(x: F) -> F {
    let shifted = x.mul_add(F::LOG2_E, F::SHIFTER);
    let n = shifted - F::SHIFTER;
    let r = n.mul_add(-F::LN_2_LOW, n.mul_add(-F::LN_2_HIGH, x));
    (F::ONE + (r * r).mul_add(F::second_order(r), r)) * F::power_of_two(shifted)
}

/// `(e^x − 1)/2` as an unevaluated sum of a leading and a small trailing part, for
/// `EXP_M1_IS_MINUS_ONE ≤ x ≤ OVERFLOW`.
///
/// Half of it, so that the power of two is finite whenever the result is. With `x = n ln 2 + r`, it is
/// `(2^(n−1) − ½) + 2^(n−1)·(r + r²·P(r))`, where every difference keeps its rounding error: for `n = ±1` the two
/// terms cancel to a quarter of their size.
#[inline(always)]
pub(super) fn half_exp_m1<F: Exponential>(x: F) -> (F, F) {
    let shifted = x.mul_add(F::LOG2_E, F::SHIFTER);
    let n = shifted - F::SHIFTER;
    let coarse = n.mul_add(-F::LN_2_HIGH, x);
    let r = n.mul_add(-F::LN_2_LOW, coarse);
    let r_lost = n.mul_add(-F::LN_2_LOW, coarse - r);
    let half_power = F::power_of_two(shifted - F::ONE);
    let constant = half_power - F::HALF;
    let constant_lost = (half_power - constant) - F::HALF;
    let linear = half_power * r;
    // Either n = 0 and the constant vanishes, or it is larger than the linear term.
    let (sum, sum_lost) = sum_with_loss(constant, linear);
    let beyond_linear = (r * r).mul_add(F::second_order(r), r_lost.mul_add(r, r_lost));
    sum_with_loss(sum, half_power.mul_add(beyond_linear, sum_lost + constant_lost))
}

/// `e^x − 1`, accurate also where `e^x` rounds to 1.
#[inline(always)]
pub(in crate::lanes) fn exp_m1<F: Exponential>(x: F) -> F {
    let clamped = select(x > F::OVERFLOW, F::OVERFLOW, x);
    let clamped = select(clamped < F::EXP_M1_IS_MINUS_ONE, F::EXP_M1_IS_MINUS_ONE, clamped);
    let (half, _) = half_exp_m1(clamped);
    select(x.abs() < F::IDENTITY_BELOW, x, half + half)
}
