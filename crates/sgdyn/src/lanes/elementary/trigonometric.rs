//! Sine, cosine and tangent.

use super::format::{Format, polynomial, quotient, select, sum_with_loss};

pub(in crate::lanes) trait Trigonometric: Format {
    /// `2/π`.
    const TWO_OVER_PI: Self;
    /// `π/2` in three parts, each rounded to the format.
    const HALF_PI: [Self; 3];
    /// The largest argument that is reduced; beyond it the answer is NaN.
    const LARGEST: Self;

    /// `(sin r/r − 1)/r²` as a function of `r²`, for `|r|` up to a little more than `π/4`.
    fn sine_series(r_squared: Self) -> Self;
    /// `(cos r − 1 + r²/2)/r⁴` as a function of `r²`, for `|r|` up to a little more than `π/4`.
    fn cosine_series(r_squared: Self) -> Self;
}

impl Trigonometric for f64 {
    const TWO_OVER_PI: Self = std::f64::consts::FRAC_2_PI;
    const HALF_PI: [Self; 3] = [std::f64::consts::FRAC_PI_2, 6.123233995736766e-17, -1.4973849048591698e-33];
    const LARGEST: Self = 35_184_372_088_832.0;

    // |r| ≤ 0.79, relative error of the sine < 2^−57.7.
    #[inline(always)]
    fn sine_series(r_squared: Self) -> Self {
        polynomial!(
            r_squared;
            -0.1666666666666663,
            0.00833333333332177,
            -0.0001984126982927006,
            2.755731349848533e-06,
            -2.505072684674287e-08,
            1.589493085552522e-10,
        )
    }
    // |r| ≤ 0.79, error of the cosine < 2^−62.5.
    #[inline(always)]
    fn cosine_series(r_squared: Self) -> Self {
        polynomial!(
            r_squared;
            0.041666666666666595,
            -0.0013888888888873253,
            2.4801587288914405e-05,
            -2.7557314182015594e-07,
            2.0875699336458275e-09,
            -1.1358370833971721e-11,
        )
    }
}

impl Trigonometric for f32 {
    const TWO_OVER_PI: Self = std::f32::consts::FRAC_2_PI;
    const HALF_PI: [Self; 3] = [std::f32::consts::FRAC_PI_2, -4.371139e-08, -1.7151245e-15];
    const LARGEST: Self = 1_048_576.0;

    // |r| ≤ 0.83 (2/π in this format is off by 0.03 quarter turns at the largest argument), relative error < 2^−26.8.
    #[inline(always)]
    fn sine_series(r_squared: Self) -> Self {
        polynomial!(r_squared; -0.16666651, 0.008331894, -0.00019479789)
    }
    // |r| ≤ 0.83, error < 2^−30.7.
    #[inline(always)]
    fn cosine_series(r_squared: Self) -> Self {
        polynomial!(r_squared; 0.041666638, -0.0013886994, 2.4396371e-05)
    }
}

/// An angle `|x|` less `n` quarter turns.
struct Reduced<F> {
    /// `SHIFTER + n`.
    quarter_turns: F,
    /// `|x| − n·π/2`, rounded.
    rest: F,
    /// What the rounding of `rest` lost.
    lost: F,
}

/// Cody and Waite's reduction with the fused multiply-add.
///
/// `|x| − n·HALF_PI[0]` is exact: a multiple of the last place of `HALF_PI[0]` (or of a finer place, for small `x`) that
/// is less than 1. The other two parts then give the rest to `2^−53` of itself even next to a multiple of π/2.
#[inline(always)]
fn reduce<F: Trigonometric>(x: F) -> Reduced<F> {
    let magnitude = x.abs();
    let quarter_turns = magnitude.mul_add(F::TWO_OVER_PI, F::SHIFTER);
    let n = quarter_turns - F::SHIFTER;
    let coarse = n.mul_add(-F::HALF_PI[0], magnitude);
    let second = n * F::HALF_PI[1];
    let second_lost = n.mul_add(F::HALF_PI[1], -second);
    // Knuth's two-sum of coarse and −second: next to a multiple of π/2 either may be the larger.
    let rest = coarse - second;
    let subtracted = coarse - rest;
    let lost = (coarse - (rest + subtracted)) + (subtracted - second);
    let lost = lost - n.mul_add(F::HALF_PI[2], second_lost);
    let rest = select(magnitude <= F::LARGEST, rest, F::NAN);
    Reduced { quarter_turns, rest, lost }
}

/// The sine and the cosine of a reduced angle, each as an unevaluated sum of two parts.
#[inline(always)]
fn sin_cos_of_rest<F: Trigonometric>(rest: F, lost: F) -> ((F, F), (F, F)) {
    let square = rest * rest;
    let half_square = F::HALF * square;
    let second_order = F::ONE - half_square;
    let second_order_lost = (F::ONE - second_order) - half_square;
    let sine_tail = (rest * square).mul_add(F::sine_series(square), lost * second_order);
    let cosine_tail = (square * square).mul_add(F::cosine_series(square), second_order_lost - rest * lost);
    ((rest, sine_tail), (second_order, cosine_tail))
}

/// `(sin x, cos x)`; NaN for `|x|` beyond [`Trigonometric::LARGEST`].
///
/// There (2⁴⁵ in f64, 2²⁰ in f32) neighbouring numbers are so far apart that the angle of a computed `x` means little,
/// and exact reduction would need a table of `2/π` to a thousand bits.
#[inline(always)]
pub(in crate::lanes) fn sin_cos<F: Trigonometric>(x: F) -> (F, F) {
    let Reduced { quarter_turns, rest, lost } = reduce(x);
    let (sine, cosine) = sin_cos_of_rest(rest, lost);
    let sine = sine.0 + sine.1;
    let cosine = cosine.0 + cosine.1;
    let exchanged = F::is_odd(quarter_turns);
    let sine_of_x = F::negate_in_upper_half_turn(select(exchanged, cosine, sine), quarter_turns);
    // cos x = sin(x + π/2): the signs are those of the next quarter's sine.
    let cosine_of_x = F::negate_in_upper_half_turn(select(exchanged, sine, cosine), quarter_turns + F::ONE);
    (F::multiply_sign(sine_of_x, x), cosine_of_x)
}

/// `sin x`: [`sin_cos`] without the cosine.
#[inline(always)]
pub(in crate::lanes) fn sin<F: Trigonometric>(x: F) -> F {
    sin_cos(x).0
}

/// `cos x`: [`sin_cos`] without the sine.
#[inline(always)]
pub(in crate::lanes) fn cos<F: Trigonometric>(x: F) -> F {
    sin_cos(x).1
}

/// `tan x`; NaN for `|x|` beyond [`Trigonometric::LARGEST`].
///
/// The quotient of sine and cosine, both with their rounding errors, corrected by its remainder.
#[inline(always)]
pub(in crate::lanes) fn tan<F: Trigonometric>(x: F) -> F {
    let Reduced { quarter_turns, rest, lost } = reduce(x);
    let (sine, cosine) = sin_cos_of_rest(rest, lost);
    let sine = sum_with_loss(sine.0, sine.1);
    let cosine = sum_with_loss(cosine.0, cosine.1);
    // A quarter turn further on, tan becomes −1/tan.
    let exchanged = F::is_odd(quarter_turns);
    let numerator = (select(exchanged, -cosine.0, sine.0), select(exchanged, -cosine.1, sine.1));
    let denominator = (select(exchanged, sine.0, cosine.0), select(exchanged, sine.1, cosine.1));
    F::multiply_sign(quotient(numerator, denominator), x)
}
