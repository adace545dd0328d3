//! Arithmetic on lanes: scalars whose bits do not depend on the machine, blocks of replicas, and run-time SIMD dispatch.

mod block;
mod dispatch;
mod elementary;
mod real;

pub use block::{Block, Layout};
#[allow(unused_imports, unused_macros)]
pub(crate) use dispatch::lane_kernel;
pub use dispatch::{SimdLevel, SimdLevelError, force_simd_level, simd_level};
pub use elementary::lanewise;
pub use real::Real;
