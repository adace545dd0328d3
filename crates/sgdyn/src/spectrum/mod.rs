//! What is asked of the matrices of a network at a point: eigenpairs, spectra, traces, and how noise lies in curvature.
//!
//! Everything goes through [`NetworkPoint`](crate::risk::network::NetworkPoint), so that any network can be asked. The
//! matrices are never formed: products with vectors go to the methods of [`krylov`](crate::krylov), and what these keep is
//! compared with the memory that is allowed before it is allocated.

mod eigenpairs;
mod error;
mod memory;
mod operator;

pub use eigenpairs::eigenpairs;
pub use error::SpectrumError;
pub use memory::Memory;
pub use operator::{CurvatureMatrix, CurvatureOperator};
