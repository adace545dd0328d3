//! The two binary formats: the constants and bit patterns that the algorithms need.

use crate::lanes::Real;

/// What an algorithm must know of an IEEE 754 binary format.
///
/// Integers travel inside floating-point numbers: adding [`Format::SHIFTER`] to `|n| < 2^(p−2)` leaves `n` in the low
/// bits of the significand. This rounds to nearest and needs no conversion instruction, which AVX2 lacks for
/// 64-bit integers.
pub(in crate::lanes) trait Format: Real {
    /// 1/2.
    const HALF: Self;
    /// 2.
    const TWO: Self;
    /// The positive infinity.
    const INFINITY: Self;
    /// The quiet NaN that answers an argument outside the domain.
    const NAN: Self;
    /// The smallest positive normal number.
    const MIN_POSITIVE: Self;
    /// `1.5·2^(p−1)` with `p` the significand's bits: numbers near it are spaced by 1.
    const SHIFTER: Self;
    /// `2^(p−1)`: all numbers from here on are integers.
    const INTEGERS_FROM: Self;
    /// Below this magnitude (`2^−p`), a function with `f(x) = x + O(x²)` is answered by `x`, which keeps −0 and
    /// subnormal numbers.
    const IDENTITY_BELOW: Self;
    /// `ln 2` with so many trailing zeros that its product with every exponent is exact.
    const LN_2_HIGH: Self;
    /// `ln 2 − LN_2_HIGH`.
    const LN_2_LOW: Self;

    /// Whether `x` is not a number.
    fn is_nan(x: Self) -> bool;
    /// `2^n` for `shifted = SHIFTER + n`, where `n` is in the range of normal exponents.
    fn power_of_two(shifted: Self) -> Self;
    /// `2^−k` for an integer `k` in the range of normal exponents.
    #[inline(always)]
    fn inverse_power_of_two(k: Self) -> Self {
        Self::power_of_two(Self::SHIFTER - k)
    }
    /// `(m, k)` with `x = m·2^k` and `√½ ≤ m < √2`, for normal positive `x`.
    fn significand_exponent(x: Self) -> (Self, Self);
    /// `(n mod 2 ≠ 0)` for `shifted = SHIFTER + n`.
    fn is_odd(shifted: Self) -> bool;
    /// `x` with its sign changed where `n mod 4 ≥ 2`, `shifted = SHIFTER + n`.
    fn negate_in_upper_half_turn(x: Self, shifted: Self) -> Self;
    /// `magnitude` with the sign of `sign` multiplied to its own.
    fn multiply_sign(magnitude: Self, sign: Self) -> Self;
}

/// `if condition { yes } else { no }` between values at hand, which becomes a blend.
#[inline(always)]
pub(super) fn select<T>(condition: bool, yes: T, no: T) -> T {
    if condition { yes } else { no }
}

/// `(s, a + b − s)` with `s` the rounded sum, for `|a| ≥ |b|` or `a = 0` (Dekker's fast two-sum).
#[inline(always)]
pub(super) fn sum_with_loss<F: Format>(a: F, b: F) -> (F, F) {
    let sum = a + b;
    (sum, b - (sum - a))
}

/// The quotient of two numbers in two parts each, by one division: the remainder of the rounded quotient corrects it.
#[inline(always)]
pub(super) fn quotient<F: Format>(numerator: (F, F), denominator: (F, F)) -> F {
    let inverse = F::ONE / denominator.0;
    let first = numerator.0 * inverse;
    let remainder =
        (-first).mul_add(denominator.0, numerator.0) + (-first).mul_add(denominator.1, numerator.1);
    remainder.mul_add(inverse, first)
}

/// Horner's rule with fused steps: `polynomial!(x; c0, c1, c2)` is `c0 + x·(c1 + x·c2)`.
///
/// Sums of even and odd powers, with their shorter chain of operations, were no faster in loops over lanes and round
/// once more.
macro_rules! polynomial {
    ($x:expr; $last:expr $(,)?) => { $last };
    ($x:expr; $first:expr, $($rest:expr),+ $(,)?) => {
        $x.mul_add(polynomial!($x; $($rest),+), $first)
    };
}
pub(super) use polynomial;

macro_rules! format {
    ($scalar:ident, $bits:ident, stored: $stored:literal, bias: $bias:literal, shifter: $shifter:expr,
        ln_2: $ln_2_high:expr, $ln_2_low:expr) => {
        impl Format for $scalar {
            const HALF: Self = 0.5;
            const TWO: Self = 2.0;
            const INFINITY: Self = $scalar::INFINITY;
            const NAN: Self = $scalar::NAN;
            const MIN_POSITIVE: Self = $scalar::MIN_POSITIVE;
            const SHIFTER: Self = $shifter;
            const INTEGERS_FROM: Self = (1_u64 << $stored) as $scalar;
            const IDENTITY_BELOW: Self = $scalar::EPSILON / 2.0;
            const LN_2_HIGH: Self = $ln_2_high;
            const LN_2_LOW: Self = $ln_2_low;

            #[inline(always)]
            fn is_nan(x: Self) -> bool {
                $scalar::is_nan(x)
            }
            #[inline(always)]
            fn power_of_two(shifted: Self) -> Self {
                Self::from_bits(shifted.to_bits().wrapping_add($bias) << $stored)
            }
            #[inline(always)]
            fn significand_exponent(x: Self) -> (Self, Self) {
                const ROOT_HALF: $bits = std::$scalar::consts::FRAC_1_SQRT_2.to_bits();
                const UNIT: $bits = $bias << $stored;
                let biased = x.to_bits().wrapping_add(UNIT - ROOT_HALF) >> $stored;
                let significand = x.to_bits().wrapping_sub(biased.wrapping_sub($bias) << $stored);
                let exponent = Self::from_bits(Self::INTEGERS_FROM.to_bits() | biased)
                    - (Self::INTEGERS_FROM + $bias as $scalar);
                (Self::from_bits(significand), exponent)
            }
            #[inline(always)]
            fn is_odd(shifted: Self) -> bool {
                shifted.to_bits() & 1 != 0
            }
            #[inline(always)]
            fn negate_in_upper_half_turn(x: Self, shifted: Self) -> Self {
                const SECOND_BIT_TO_SIGN: u32 = $bits::BITS - 2;
                const SIGN: $bits = 1 << ($bits::BITS - 1);
                Self::from_bits(x.to_bits() ^ ((shifted.to_bits() << SECOND_BIT_TO_SIGN) & SIGN))
            }
            #[inline(always)]
            fn multiply_sign(magnitude: Self, sign: Self) -> Self {
                const SIGN: $bits = 1 << ($bits::BITS - 1);
                Self::from_bits(magnitude.to_bits() ^ (sign.to_bits() & SIGN))
            }
        }
    };
}

format!(f64, u64, stored: 52, bias: 1023, shifter: 6_755_399_441_055_744.0,
    ln_2: 0.693_147_180_559_890_3, 5.497_923_018_708_371e-14);
format!(f32, u32, stored: 23, bias: 127, shifter: 12_582_912.0,
    ln_2: 0.69314575, 1.4286068e-06);
