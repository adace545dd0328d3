//! What is asked of the matrices of a network at a point: eigenpairs, spectra, traces, and how noise lies in curvature.
//!
//! Everything goes through [`NetworkPoint`](crate::risk::network::NetworkPoint), so that any network can be asked. The
//! matrices are never formed: products with vectors go to the methods of [`krylov`](crate::krylov), and what these keep is
//! compared with the memory that is allowed before it is allocated.

mod alignment;
mod covariance;
mod eigenpairs;
mod error;
mod estimates;
mod layers;
mod memory;
mod operator;
mod probe;
#[cfg(test)]
mod tests;

pub use alignment::{Alignment, alignment, overlap};
pub use covariance::{GramSpectrum, all_by_gram, covariance_trace, gram_is_smaller, top_by_gram};
pub use eigenpairs::eigenpairs;
pub use error::SpectrumError;
pub use estimates::{density, diagonal, trace};
pub use layers::{LargestEigenvalue, LayerCurvature, LayerQuestion, layers};
pub use memory::Memory;
pub use operator::{CurvatureMatrix, CurvatureOperator};
pub use probe::Probes;
