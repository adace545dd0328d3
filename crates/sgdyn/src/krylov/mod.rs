//! Eigenpairs, linear systems and traces of anything symmetric that multiplies a vector.
//!
//! Vectors have the format of the operator, `f32` or `f64`; inner products, and all that is small, are `f64`. Sums run
//! in a fixed order, on lanes: the same bits at every SIMD level. Small dense eigenproblems go through `faer`: the
//! same bits on one kind of processor.

mod basis;
mod conjugate_gradients;
mod diagonal;
mod eigenpairs;
mod error;
mod matrix;
mod operator;
mod probes;
mod quadrature;
mod trace;

pub use conjugate_gradients::{ConjugateGradients, Solution};
pub use diagonal::{Diagonal, DiagonalEstimate};
pub use eigenpairs::{Eigenpairs, Lanczos, Which};
pub use error::{KrylovError, Unconverged};
pub use matrix::SymmetricMatrix;
pub use operator::{SymmetricOperator, VectorProduct};
pub use quadrature::{Quadrature, SpectralDensity, lanczos_quadrature};
pub use trace::{HutchPlusPlus, TraceEstimate};
