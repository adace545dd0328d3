//! The elementary functions over slices, in place: what an interpreter of formulas calls, one pass per function.

use super::super::{Real, lane_kernel};

macro_rules! lanewise {
    ($($name:ident: $what:literal),+ $(,)?) => {$(
        lane_kernel! {
            #[doc = concat!("Replaces every value `x` by ", $what, ", as [`Real::", stringify!($name), "`].")]
            pub fn $name<R: Real>(values: &mut [R]) {
                for value in values {
                    *value = value.$name();
                }
            }
        }
    )+};
}

lanewise! {
    exp: "`eˣ`",
    exp_m1: "`eˣ − 1`",
    ln: "`ln x`",
    ln_1p: "`ln(1 + x)`",
    sin: "`sin x`",
    cos: "`cos x`",
    tan: "`tan x`",
    tanh: "`tanh x`",
    erf: "`erf x`",
}

lane_kernel! {
    /// Replaces every value `x` by `xʸ`, as [`Real::powf`], with `y` at the same place of `exponents`.
    pub fn powf<R: Real>(values: &mut [R], exponents: &[R]) {
        for (value, &exponent) in values.iter_mut().zip(exponents) {
            *value = value.powf(exponent);
        }
    }
}
