//! The scalar of a simulation: `f64` by default, `f32` on request, one source for both.

use super::elementary;
use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// A floating-point scalar whose operations give the same bits on every machine.
///
/// The arithmetic operators, [`Real::sqrt`] and [`Real::mul_add`] are correctly rounded by IEEE 754. The elementary
/// functions are built from these alone ([`lanewise`](super::lanewise) has them over slices); their results, but for the
/// sign and payload of a NaN, are the same on every machine and at every SIMD level.
///
/// On a concrete `f64` or `f32`, `x.exp()` is the standard library's function, whose bits depend on the machine:
/// there, write `Real::exp(x)`. Generic code gets this trait's.
///
/// ```
/// use sgdyn::lanes::Real;
///
/// fn logistic<R: Real>(x: R) -> R {
///     R::ONE / (R::ONE + (-x).exp())
/// }
/// assert_eq!(logistic(0.0), 0.5);
/// ```
pub trait Real:
    Copy
    + Debug
    + Display
    + Default
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + Sum
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The name in a study: `f64` or `f32`.
    const NAME: &'static str;

    /// The nearest value to `value`.
    fn from_f64(value: f64) -> Self;
    /// The value, exactly.
    fn to_f64(self) -> f64;
    /// `self · factor + term` with one rounding, with or without the instruction.
    fn mul_add(self, factor: Self, term: Self) -> Self;
    /// The square root, correctly rounded.
    fn sqrt(self) -> Self;
    /// The magnitude.
    fn abs(self) -> Self;
    /// `eˣ`, within 1 ulp, subnormal results included.
    fn exp(self) -> Self;
    /// `eˣ − 1`, within 1 ulp, accurate also next to 0.
    fn exp_m1(self) -> Self;
    /// The natural logarithm, within 1 ulp: −∞ at ±0, NaN below.
    fn ln(self) -> Self;
    /// `ln(1 + x)`, within 1 ulp, accurate also next to 0: −∞ at −1, NaN below.
    fn ln_1p(self) -> Self;
    /// `xʸ`, within 1 ulp, with the special cases of C99 (`x⁰ = 1`; a negative `x` has a power for integer `y` only).
    fn powf(self, exponent: Self) -> Self;
    /// The sine of an angle in radians, within 1 ulp for `|x| ≤ 2⁴⁵` (f64) or `2²⁰` (f32), NaN beyond.
    fn sin(self) -> Self;
    /// The cosine, as [`Real::sin`].
    fn cos(self) -> Self;
    /// The tangent, as [`Real::sin`].
    fn tan(self) -> Self;
    /// The hyperbolic tangent, within 1 ulp.
    fn tanh(self) -> Self;
    /// The error function `2/√π ∫₀ˣ e^{−t²} dt`, within 1 ulp.
    fn erf(self) -> Self;
    /// `(sin x, cos x)` for little more than the price of one.
    fn sin_cos(self) -> (Self, Self);
}

macro_rules! real {
    ($scalar:ident) => {
        impl Real for $scalar {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const NAME: &'static str = stringify!($scalar);

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as Self
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn mul_add(self, factor: Self, term: Self) -> Self {
                $scalar::mul_add(self, factor, term)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $scalar::sqrt(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $scalar::abs(self)
            }
            #[inline(always)]
            fn exp(self) -> Self {
                elementary::exp(self)
            }
            #[inline(always)]
            fn ln(self) -> Self {
                elementary::ln(self)
            }
            #[inline(always)]
            fn sin(self) -> Self {
                elementary::sin(self)
            }
            #[inline(always)]
            fn cos(self) -> Self {
                elementary::cos(self)
            }
            #[inline(always)]
            fn exp_m1(self) -> Self {
                elementary::exp_m1(self)
            }
            #[inline(always)]
            fn ln_1p(self) -> Self {
                elementary::ln_1p(self)
            }
            #[inline(always)]
            fn tan(self) -> Self {
                elementary::tan(self)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                elementary::tanh(self)
            }
            #[inline(always)]
            fn erf(self) -> Self {
                elementary::erf(self)
            }
            #[inline(always)]
            fn powf(self, exponent: Self) -> Self {
                elementary::powf(self, exponent)
            }
            #[inline(always)]
            fn sin_cos(self) -> (Self, Self) {
                elementary::sin_cos(self)
            }
        }
    };
}

real!(f64);
real!(f32);
