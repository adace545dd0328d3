//! Elementary functions of one lane: the only place that knows where they come from.

use crate::lanes::Real;

macro_rules! lane_functions {
    ($($name:ident),*) => {
        $(#[inline(always)]
        pub(super) fn $name<R: Real>(x: R) -> R {
            x.$name()
        })*
    };
}
lane_functions!(exp, exp_m1, ln, ln_1p, sin, cos, tan, tanh, erf);

#[inline(always)]
pub(super) fn powf<R: Real>(x: R, exponent: R) -> R {
    x.powf(exponent)
}

/// sinh x = (m + m/(m+1))/2 with m = expm1|x|: no cancellation at small |x|.
#[inline(always)]
pub(super) fn sinh<R: Real>(x: R) -> R {
    let half = R::from_f64(0.5);
    let m = exp_m1(x.abs());
    // m/(m+1) is NaN once m overflows; the quotient is then 1 to every digit and does not matter.
    let quotient = if m < R::from_f64(1e20) { m / (m + R::ONE) } else { R::ONE };
    let magnitude = half * m + half * quotient;
    if x < R::ZERO { -magnitude } else { magnitude }
}

/// cosh x = (e^|x| + e^−|x|)/2.
#[inline(always)]
pub(super) fn cosh<R: Real>(x: R) -> R {
    let half = R::from_f64(0.5);
    let grown = exp(x.abs());
    half * grown + half / grown
}

/// 1, −1, or the argument itself at ±0 and NaN.
#[inline(always)]
pub(super) fn sign<R: Real>(x: R) -> R {
    let positive = if x > R::ZERO { R::ONE } else { x };
    if x < R::ZERO { -R::ONE } else { positive }
}

/// The smaller value; NaN if either is, so that a diverged replica stays visible.
#[inline(always)]
pub(super) fn min<R: Real>(a: R, b: R) -> R {
    let smaller = if a < b { a } else { b };
    if a.partial_cmp(&a).is_none() { a } else { smaller }
}

/// The larger value; NaN if either is.
#[inline(always)]
pub(super) fn max<R: Real>(a: R, b: R) -> R {
    let larger = if a > b { a } else { b };
    if a.partial_cmp(&a).is_none() { a } else { larger }
}
