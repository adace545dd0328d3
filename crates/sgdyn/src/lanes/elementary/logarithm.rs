//! The natural logarithm, of an argument and of 1 plus an argument.

use super::format::{Format, polynomial, select, sum_with_loss};

pub(in crate::lanes) trait Logarithm: Format {
    /// The power of two that makes every subnormal number normal.
    const NORMALISER: Self;
    /// The exponent of [`Logarithm::NORMALISER`].
    const NORMALISER_EXPONENT: Self;

    /// `(2 artanh(s)/s − 2)/s²` for `|s| ≤ 3 − 2√2`, as a function of `s²`.
    fn inverse_tangent_series(s_squared: Self) -> Self;
}

impl Logarithm for f64 {
    const NORMALISER: Self = 18_014_398_509_481_984.0;
    const NORMALISER_EXPONENT: Self = 54.0;

    // Relative error of the logarithm < 2^−58.8.
    #[inline(always)]
    fn inverse_tangent_series(s_squared: Self) -> Self {
        polynomial!(
            s_squared;
            0.6666666666666734,
            0.399999999994143,
            0.2857142874247889,
            0.2222219856313924,
            0.181835648828295,
            0.153140354451384,
            0.1479610925937264,
        )
    }
}

impl Logarithm for f32 {
    const NORMALISER: Self = 33_554_432.0;
    const NORMALISER_EXPONENT: Self = 25.0;

    // Relative error of the logarithm < 2^−30.
    #[inline(always)]
    fn inverse_tangent_series(s_squared: Self) -> Self {
        polynomial!(s_squared; 0.66666776, 0.39977536, 0.29871866)
    }
}

/// `ln x`: −∞ at ±0, NaN below.
///
/// `x = 2^k·(1 + f)` with `√½ ≤ 1 + f < √2`, and with `s = f/(2 + f)`,
/// `ln(1 + f) = 2 artanh s = f − s·(f − s²·P(s²))`. The sum `k ln 2 + f` keeps its rounding error: without it the
/// result near `½ ln 2` would be off by more than an ulp.
#[inline(always)]
pub(in crate::lanes) fn ln<F: Logarithm>(x: F) -> F {
    let (k, f) = exponent_and_fraction(x);
    let result = ln_of_parts(k, f, F::ZERO);
    let result = select(x > F::ZERO, result, select(x == F::ZERO, -F::INFINITY, F::NAN));
    select(x < F::INFINITY, result, x)
}

/// `(k, f)` with `x = 2^k·(1 + f)` and `√½ ≤ 1 + f < √2`, for positive finite `x`, subnormal ones too.
#[inline(always)]
fn exponent_and_fraction<F: Logarithm>(x: F) -> (F, F) {
    // Normal numbers are halved rather than left alone: a factor of 1 makes the compiler split the two cases.
    let small = x < F::TWO * F::MIN_POSITIVE;
    let normal = x * select(small, F::NORMALISER, F::HALF);
    let (significand, exponent) = F::significand_exponent(normal);
    (exponent - select(small, F::NORMALISER_EXPONENT, -F::ONE), significand - F::ONE)
}

/// `k ln 2 + ln(1 + f) + correction`, `√½ ≤ 1 + f < √2`.
#[inline(always)]
fn ln_of_parts<F: Logarithm>(k: F, f: F, correction: F) -> F {
    let s = f / (F::TWO + f);
    let z = s * s;
    let beyond_f =
        s.mul_add((-z).mul_add(F::inverse_tangent_series(z), f), k.mul_add(-F::LN_2_LOW, -correction));
    let high = k * F::LN_2_HIGH;
    // Either k = 0 or |high| > |f|.
    let (sum, lost) = sum_with_loss(high, f);
    sum + (lost - beyond_f)
}

/// `ln(1 + x)`, accurate also where `1 + x` rounds to 1: −∞ at −1, NaN below.
///
/// With `u = 1 + x` rounded and `u = 2^k·m`, the logarithm of `1 + x` is `k ln 2 + ln(1 + f)`, where `f` is `m − 1` and,
/// scaled like `u`, what the rounding lost.
#[inline(always)]
pub(in crate::lanes) fn ln_1p<F: Logarithm>(x: F) -> F {
    let u = F::ONE + x;
    let one = u - x;
    // Knuth's two-sum: either of 1 and x may be the larger.
    let u_lost = (F::ONE - one) + (x - (u - one));
    let (significand, k) = F::significand_exponent(u);
    // Beyond that exponent, the 1 in 1 + x is below half a place of x; the largest k have no normal 2^−k.
    let scale = select(k > F::NORMALISER_EXPONENT, F::NORMALISER_EXPONENT, k);
    let scaled_lost = u_lost * F::inverse_power_of_two(scale);
    let difference = significand - F::ONE;
    let (f, f_lost) = sum_with_loss(difference, scaled_lost);
    // f_lost/(1 + f), to the few bits that matter.
    let correction = f_lost * f.mul_add(f - F::ONE, F::ONE);
    let result = ln_of_parts(k, f, correction);
    let result = select(x.abs() < F::IDENTITY_BELOW, x, result);
    let result = select(u > F::ZERO, result, select(u == F::ZERO, -F::INFINITY, F::NAN));
    select(x < F::INFINITY, result, x)
}

/// `ln x` of a positive number as an unevaluated sum whose relative error is below `2^−65` in f64.
///
/// As [`ln`], with the leading terms `2s + ⅔s³` of the series in pairs of numbers.
#[inline(always)]
pub(super) fn ln_pair(x: f64) -> (f64, f64) {
    const TWO_THIRDS: f64 = 2.0 / 3.0;
    const TWO_THIRDS_LOST: f64 = 3.700_743_415_417_188e-17;
    let (k, f) = exponent_and_fraction(x);

    let (denominator, denominator_lost) = sum_with_loss(2.0, f);
    let inverse = 1.0 / denominator;
    let s = f * inverse;
    let s_lost = ((-s).mul_add(denominator, f) - s * denominator_lost) * inverse;
    let z = s * s;
    let z_lost = s.mul_add(s, -z) + 2.0 * s * s_lost;

    // c = ⅔ + z·T(z), then c·z·s; |error of T|·z²/2 < 2^−66 of 2s.
    let tail = polynomial!(
        z;
        0.40000000000002256,
        0.28571428570099316,
        0.22222222519966067,
        0.18181784363553063,
        0.15386757488301148,
        0.13256814220535398,
        0.13196360502073232,
    );
    let beyond = z.mul_add(tail, TWO_THIRDS_LOST);
    let (c, c_lost) = sum_with_loss(TWO_THIRDS, beyond);
    let cz = c * z;
    let cz_lost = c.mul_add(z, -cz) + c.mul_add(z_lost, c_lost * z);
    let third_order = cz * s;
    let third_order_lost = cz.mul_add(s, -third_order) + cz.mul_add(s_lost, cz_lost * s);

    let (first_sum, first_lost) = sum_with_loss(k * f64::LN_2_HIGH, 2.0 * s);
    let (second_sum, second_lost) = sum_with_loss(first_sum, third_order);
    let small = k.mul_add(f64::LN_2_LOW, 2.0f64.mul_add(s_lost, third_order_lost));
    sum_with_loss(second_sum, (first_lost + second_lost) + small)
}
