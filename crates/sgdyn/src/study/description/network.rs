//! The network of a risk.

use crate::risk::network::layered::{Layer, ResidualNorm, Stem};
use crate::risk::network::{Activation, Loss};

/// What a network is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Architecture {
    /// A chain of dense layers.
    Dense {
        /// The outputs of each layer, those of the last one for each class, or 1 for a number.
        layers: Vec<u64>,
        /// The activation of all layers but the last.
        activation: Activation,
    },
    /// Layers of any kind, one after another.
    Layered {
        /// The layers.
        layers: Vec<Layer>,
    },
    /// ResNet-18.
    ResNet18 {
        /// The channels of the first stage.
        width: u64,
        /// What normalises the channels.
        norm: ResidualNorm,
        /// The beginning.
        stem: Stem,
    },
    /// A model of the next character from a window of those before.
    NextToken {
        /// The length of the vector that stands for a character.
        channels: u64,
        /// The width of the hidden layer.
        hidden: u64,
    },
}

/// A network over a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// What it is made of.
    pub architecture: Architecture,
    /// The loss of a sample.
    pub loss: Loss,
    /// The factor λ ≥ 0 of the penalty ½λ|θ|².
    pub l2: f64,
    /// The file of the parameters that all replicas begin with, as it is written; none: they are drawn.
    pub weights: Option<String>,
}

/// The loss of a name in a study.
pub(super) fn loss(name: &str) -> Option<Loss> {
    match name {
        "softmax-cross-entropy" => Some(Loss::SoftmaxCrossEntropy),
        "squared" => Some(Loss::Squared),
        _ => None,
    }
}
