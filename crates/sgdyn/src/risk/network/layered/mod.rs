//! Networks beyond chains of dense layers: convolutions, residual blocks, normalisation, embedding.
//!
//! [`LayeredNetwork`] is built from a list of [`Layer`]s, which a study can name. It is trained and measured through
//! the same traits as [`Network`](super::Network), which is the faster of the two where all layers are dense.

mod architecture;
mod blocks;
mod build;
mod elementwise;
mod embedding;
mod error;
mod flatten;
mod frozen;
mod gram;
mod layer;
mod memory;
mod model;
mod names;
mod normalisation;
mod operation;
mod pieces;
mod point;
mod pooling;
mod requirement;
mod risk;
mod samples;
mod schedule;
mod shape;
mod tape;
#[cfg(test)]
mod tests;
mod unit;
mod weighted;
mod window;

pub use architecture::{ResNet18, ResidualNorm, Stem, mlp, next_token_model};
pub use error::LayerError;
pub use layer::{BatchStatistics, Input, Layer};
pub use model::LayeredNetwork;
pub use point::LayeredPoint;
