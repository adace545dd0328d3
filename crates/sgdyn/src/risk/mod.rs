//! Losses over samples: data sets, generalised linear models, and what a simulator and a theory ask of them.
//!
//! [`EmpiricalRisk`] is what a simulator needs: minibatch gradients on blocks of replicas. [`SampleCurvature`] is
//! what an analysis needs at one point: Hessian, per-sample covariance and fluctuation of the Hessian.

mod curvature;
mod data;
mod empirical;
mod error;
#[cfg(test)]
mod fixtures;
mod generalised_linear;
mod generalised_linear_curvature;
mod lanes_kernel;
mod link;
mod minimise;
pub mod network;
mod points;
mod replica_kernel;
mod softmax_kernel;

pub use curvature::SampleCurvature;
pub use data::{
    Column, ConstantFeatures, Dataset, DatasetError, FormatError, IncompleteRows, LabelKind, Labels,
    PreparationError, ReadOptions, Standardisation, Text, Windows,
};
pub use empirical::{EmpiricalRisk, Workspace};
pub use error::RiskError;
pub use generalised_linear::GeneralisedLinear;
pub use link::Link;
pub use minimise::{Minimum, minimise};
pub use points::PointRisk;
