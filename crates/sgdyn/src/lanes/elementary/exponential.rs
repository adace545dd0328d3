//! The exponential.

use super::format::{Format, polynomial, select};

pub(in crate::lanes) trait Exponential: Format {
    /// `log₂ e`.
    const LOG2_E: Self;
    /// From here on the exponential is infinite.
    const OVERFLOW: Self;
    /// Up to here the exponential rounds to 0.
    const UNDERFLOW: Self;

    /// `(e^r − 1 − r)/r²` for `|r| ≤ ½ ln 2`.
    fn second_order(r: Self) -> Self;
}

impl Exponential for f64 {
    const LOG2_E: Self = std::f64::consts::LOG2_E;
    const OVERFLOW: Self = 710.0;
    const UNDERFLOW: Self = -746.0;

    // |error|·r² < 2^−57.3.
    #[inline(always)]
    fn second_order(r: Self) -> Self {
        polynomial!(
            r;
            0.5,
            0.1666666666666669,
            0.04166666666660259,
            0.008333333333309895,
            0.0013888888927360515,
            0.00019841269916003585,
            2.4801507966309568e-05,
            2.7557214155194895e-06,
            2.7625473363735266e-07,
            2.5119485427883475e-08,
        )
    }
}

impl Exponential for f32 {
    const LOG2_E: Self = std::f32::consts::LOG2_E;
    const OVERFLOW: Self = 89.0;
    const UNDERFLOW: Self = -104.0;

    // |error|·r² < 2^−27.7.
    #[inline(always)]
    fn second_order(r: Self) -> Self {
        polynomial!(r; 0.5, 0.16666518, 0.041666206, 0.008368889, 0.0013950504)
    }
}

/// `e^x`.
///
/// `x = n ln 2 + r` with `|r| ≤ ½ ln 2`, then `2^n·(1 + r + r²·P(r))`. The power of two is multiplied in two halves,
/// so that a subnormal result is rounded once and the largest finite results do not overflow on the way.
#[inline(always)]
pub(in crate::lanes) fn exp<F: Exponential>(x: F) -> F {
    // A NaN passes both comparisons and stays.
    let x = select(x > F::OVERFLOW, F::OVERFLOW, x);
    let x = select(x < F::UNDERFLOW, F::UNDERFLOW, x);
    let shifted = x.mul_add(F::LOG2_E, F::SHIFTER);
    let n = shifted - F::SHIFTER;
    let r = n.mul_add(-F::LN_2_HIGH, x);
    let r = n.mul_add(-F::LN_2_LOW, r);
    // 1 + r keeps its rounding error: next to r = −½ ln 2 that halves the error of the result.
    let first_order = F::ONE + r;
    let lost = r - (first_order - F::ONE);
    let e_to_r = first_order + (r * r).mul_add(F::second_order(r), lost);
    let first_half = n.mul_add(F::HALF, F::SHIFTER);
    let second_half = shifted - (first_half - F::SHIFTER);
    e_to_r * F::power_of_two(first_half) * F::power_of_two(second_half)
}
