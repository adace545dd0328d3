//! The scalar of a simulation: `f64` by default, `f32` on request, one source for both.

use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// A floating-point scalar whose operations give the same bits on every machine.
///
/// The arithmetic operators, [`Real::sqrt`] and [`Real::mul_add`] are correctly rounded by IEEE 754.
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
    /// tmp
    fn exp(self) -> Self;
    /// tmp
    fn exp_m1(self) -> Self;
    /// tmp
    fn ln(self) -> Self;
    /// tmp
    fn sin(self) -> Self;
    /// tmp
    fn cos(self) -> Self;
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
            fn exp(self) -> Self { $scalar::exp(self) }
            fn exp_m1(self) -> Self { $scalar::exp_m1(self) }
            fn ln(self) -> Self { $scalar::ln(self) }
            fn sin(self) -> Self { $scalar::sin(self) }
            fn cos(self) -> Self { $scalar::cos(self) }
        }
    };
}

real!(f64);
real!(f32);
