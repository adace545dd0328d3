//! Networks: training gradients for ensembles, per-sample gradients and exact products with the curvature for analyses.
//!
//! [`Network`], a chain of dense layers, and [`LayeredNetwork`](layered::LayeredNetwork), of layers of all kinds, are
//! risks that ensembles train. [`NetworkRisk::at`] gives a [`NetworkPoint`], the network at a point, which knows the
//! gradients of all samples without forming them and multiplies vectors with Hessian, Gauss–Newton and Fisher
//! matrices.

mod activation;
mod curvature;
mod error;
mod evaluation;
mod factors;
mod loss;
mod model;
mod pass;
mod plan;
mod point;
mod product;
mod softmax;
#[cfg(test)]
mod tests;

mod checkpoint;
mod checkpoint_error;
mod initialisation;
pub mod layered;

pub use activation::Activation;
pub use error::NetworkError;
pub use evaluation::Evaluation;
pub use factors::Gram;
pub use loss::Loss;
pub use model::Network;
pub use plan::Dense;
pub use point::{NetworkPoint, NetworkRisk, ParameterTensor};

pub(crate) use checkpoint::weights_file;
pub use checkpoint::{read_weights, write_weights};
pub use checkpoint_error::CheckpointError;
pub use initialisation::{InitialDistribution, InitialParameters};
