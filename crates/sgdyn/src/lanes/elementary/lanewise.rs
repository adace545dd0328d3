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
    ln: "`ln x`",
    sin: "`sin x`",
    cos: "`cos x`",
}
