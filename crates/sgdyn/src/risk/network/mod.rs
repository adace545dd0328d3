//! Networks of dense layers: training gradients for ensembles, per-sample gradients and exact products with the
//! curvature for analyses.
//!
//! [`Network`] is a risk that ensembles train. [`Network::evaluate`] gives an [`Evaluation`], the network at a point,
//! which knows the gradients of all samples by their factors and multiplies vectors with Hessian, Gauss–Newton and
//! Fisher matrices.

mod activation;
mod checkpoint;
mod checkpoint_error;
mod curvature;
mod error;
mod evaluation;
mod factors;
mod initialisation;
pub mod layered;
mod loss;
mod model;
mod pass;
mod plan;
mod point;
mod product;
#[cfg(test)]
mod tests;

pub use activation::Activation;
pub use checkpoint::{read_weights, write_weights};
pub use checkpoint_error::CheckpointError;
pub use error::NetworkError;
pub use evaluation::Evaluation;
pub use factors::Gram;
pub use initialisation::{InitialDistribution, InitialParameters};
pub use loss::Loss;
pub use model::Network;
pub use plan::Dense;
pub use point::{NetworkPoint, NetworkRisk, ParameterTensor};
