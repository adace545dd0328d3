//! The natural logarithm.

use super::format::{Format, polynomial, select};

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
/// `ln(1 + f) = 2 artanh s = f − (f²/2 − s·(f²/2 + s²·P(s²)))`. The sum `k ln 2 + f` keeps its rounding error: without
/// it the result near `½ ln 2` would be off by more than an ulp.
#[inline(always)]
pub(in crate::lanes) fn ln<F: Logarithm>(x: F) -> F {
    let subnormal = x < F::MIN_POSITIVE;
    let normal = x * select(subnormal, F::NORMALISER, F::ONE);
    let (significand, exponent) = F::significand_exponent(normal);
    let k = exponent - select(subnormal, F::NORMALISER_EXPONENT, F::ZERO);
    let result = ln_of_parts(k, significand - F::ONE, F::ZERO);
    let result = select(x > F::ZERO, result, select(x == F::ZERO, -F::INFINITY, F::NAN));
    select(x < F::INFINITY, result, x)
}

/// `k ln 2 + ln(1 + f) + correction`, `√½ ≤ 1 + f < √2`.
#[inline(always)]
fn ln_of_parts<F: Logarithm>(k: F, f: F, correction: F) -> F {
    let half_square = F::HALF * f * f;
    let s = f / (F::TWO + f);
    let z = s * s;
    let beyond_f = half_square
        - s.mul_add(z.mul_add(F::inverse_tangent_series(z), half_square), k.mul_add(F::LN_2_LOW, correction));
    let high = k * F::LN_2_HIGH;
    let sum = high + f;
    // Exact, since k = 0 or |high| > |f|.
    let lost = f - (sum - high);
    sum + (lost - beyond_f)
}
