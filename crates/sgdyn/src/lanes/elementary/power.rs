//! Powers with any real exponent.

#![expect(
    clippy::needless_bitwise_bool,
    reason = "a lazy operator is a branch, a bitwise one a mask of lanes"
)]

use super::exponential::exp_of_sum;
use super::format::{Format, polynomial, select};
use super::logarithm::ln_pair;

pub(in crate::lanes) trait Power: Format {
    /// `x^y` for finite `x > 0`, and a number or the right limit wherever `y ln x` overflows.
    fn positive_power(x: Self, y: Self) -> Self;
}

impl Power for f64 {
    /// `e^{y ln x}` with the logarithm in two parts.
    #[inline(always)]
    fn positive_power(x: Self, y: Self) -> Self {
        let (leading, trailing) = ln_pair(x);
        let product = y * leading;
        let product_lost = y.mul_add(leading, -product) + y * trailing;
        exp_of_sum(product, product_lost)
    }
}

impl Power for f32 {
    /// `2^{y log₂ x}` in f64, which is cheaper than pairs of f32 and rounds correctly but for a few in a thousand.
    #[inline(always)]
    fn positive_power(x: Self, y: Self) -> Self {
        // Every f32 is a normal f64.
        let (significand, exponent) = f64::significand_exponent(f64::from(x));
        let s = (significand - 1.0) / (significand + 1.0);
        // Relative error of the logarithm < 2^−37.7.
        let series = polynomial!(
            s * s;
            2.8853900817901468,
            0.961796673275945,
            0.5770835961623957,
            0.4116721099790822,
            0.3407404556983876,
        );
        let product = f64::from(y) * s.mul_add(series, exponent);
        let product = select(product > 200.0, 200.0, product);
        let product = select(product < -200.0, -200.0, product);
        let shifted = product + f64::SHIFTER;
        let r = product - (shifted - f64::SHIFTER);
        // Relative error < 2^−34.5.
        let power = polynomial!(
            r;
            0.9999999999614273,
            0.6931471807268791,
            0.2402265120073428,
            0.055504103614502115,
            0.00961802690409259,
            0.0013333913738181543,
            0.00015469403990092068,
            1.5204493389011652e-05,
        );
        (power * f64::power_of_two(shifted)) as f32
    }
}

/// `x^y`, with the special cases of C99.
///
/// `x^±0 = 1` and `1^y = 1` for every `x` and `y`, NaN included; otherwise NaN in, NaN out. A negative `x` has a power
/// for integer `y` only, negative where `y` is odd; for other finite `y` the answer is NaN. `±0` and `±∞` give the
/// limits `0` or `∞`, with the sign of `x` where `y` is an odd integer; `y = ±∞` gives `0`, `1` (for `|x| = 1`) or `∞`.
#[inline(always)]
pub(in crate::lanes) fn powf<F: Power>(x: F, y: F) -> F {
    let base = x.abs();
    let power = F::positive_power(base, y);

    let grows = y > F::ZERO;
    let power = select(base == F::ZERO, select(grows, F::ZERO, F::INFINITY), power);
    let power = select(base == F::INFINITY, select(grows, F::INFINITY, F::ZERO), power);
    let infinite_exponent = y.abs() == F::INFINITY;
    let limit = select((base > F::ONE) == grows, F::INFINITY, F::ZERO);
    let power = select(infinite_exponent, limit, power);

    let integer = is_integer(y);
    let odd = integer & !is_integer(F::HALF * y);
    let power = select(odd, F::multiply_sign(power, x), power);
    let no_power = (x < F::ZERO) & !integer & (x > -F::INFINITY);
    let power = select(no_power | F::is_nan(x) | F::is_nan(y), F::NAN, power);

    let unit = (base == F::ONE) & infinite_exponent;
    select((y == F::ZERO) | (x == F::ONE) | unit, F::ONE, power)
}

/// Whether `y` is an integer; infinities are, as even ones.
#[inline(always)]
fn is_integer<F: Format>(y: F) -> bool {
    let magnitude = y.abs();
    let rounded = (magnitude + F::INTEGERS_FROM) - F::INTEGERS_FROM;
    (rounded == magnitude) | (magnitude >= F::INTEGERS_FROM)
}
