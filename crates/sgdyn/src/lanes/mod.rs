//! Arithmetic on lanes: scalars whose bits do not depend on the machine, blocks of replicas, and run-time SIMD dispatch.

mod block;
mod dispatch;
mod elementary;
mod linear;
mod real;
mod scratch;

pub use block::{Block, Layout};
#[allow(unused_imports, unused_macros)]
pub(crate) use dispatch::lane_kernel;
pub use dispatch::{SimdLevel, SimdLevelError, force_simd_level, simd_level};
pub use elementary::lanewise;
pub(crate) use linear::{add_scaled, scale};
pub use real::Real;
pub use scratch::Scratch;
