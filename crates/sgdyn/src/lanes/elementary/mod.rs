//! Elementary functions whose bits do not depend on the machine's mathematical library.
//!
//! Each is straight-line code of correctly rounded operations, fused multiply-adds, bit operations and blends, so a loop
//! over lanes vectorises and gives the same bits at every [`SimdLevel`](crate::lanes::SimdLevel). The algorithms are
//! written once for both formats; only the coefficients differ. These are minimax polynomials (Remez exchange in
//! 200-bit arithmetic, then rounded to the format).
//!
//! Every argument has an answer: subnormal numbers are neither flushed on the way in nor on the way out, and the limits
//! at ±0, ±∞ and the ends of the domain are those of C99 annex F. The sign and payload of a NaN are not specified.

mod error_function;
mod exponential;
mod format;
mod hyperbolic;
pub mod lanewise;
mod logarithm;
mod power;
mod trigonometric;

pub(super) use error_function::erf;
pub(super) use exponential::{exp, exp_m1};
pub(super) use hyperbolic::tanh;
pub(super) use logarithm::{ln, ln_1p};
pub(super) use power::powf;
pub(super) use trigonometric::{cos, sin, sin_cos, tan};

#[cfg(test)]
mod tests;
