//! What can be wrong with a file of weights.

use super::error::NetworkError;
use crate::risk::FormatError;

/// Weights cannot be read from a file, or written to one.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file cannot be read.
    #[error("{file}: cannot be read: {source}")]
    Read {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file cannot be written.
    #[error("{file}: cannot be written: {source}")]
    Write {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is damaged, cut off, or no safetensors file.
    #[error("{file}: {source}")]
    Format {
        /// The file.
        file: String,
        /// Why.
        source: FormatError,
    },
    /// A tensor of the network is not there.
    #[error("{file}: there is no tensor {tensor} of shape {shape:?}; there are {held}")]
    Missing {
        /// The file.
        file: String,
        /// The tensor.
        tensor: String,
        /// Its shape.
        shape: Vec<usize>,
        /// The tensors that are there.
        held: String,
    },
    /// A tensor has another shape than the network's.
    #[error("{file}: tensor {tensor} has the shape {found:?}, and the network's is {expected:?}")]
    Shape {
        /// The file.
        file: String,
        /// The tensor.
        tensor: String,
        /// The network's shape.
        expected: Vec<usize>,
        /// The file's.
        found: Vec<usize>,
    },
    /// Tensors that the network does not have.
    #[error(
        "{file}: tensors that the network leaves unused: {tensors}; build the network that they belong to, or remove them"
    )]
    Unused {
        /// The file.
        file: String,
        /// The tensors.
        tensors: String,
    },
    /// A weight that is not a number.
    #[error("{file}: value {index} (from 0) of tensor {tensor} is {value}: weights must be finite")]
    NotFinite {
        /// The file.
        file: String,
        /// The tensor.
        tensor: String,
        /// The place of the value.
        index: usize,
        /// The value.
        value: f64,
    },
    /// The weights do not fit the network.
    #[error(transparent)]
    Network(#[from] NetworkError),
}
