//! The network of a risk.

use crate::risk::network::{Activation, Loss};

/// A network over a data set: a chain of dense layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// The outputs of each layer, those of the last one for each class, or 1 for a number.
    pub layers: Vec<u64>,
    /// The activation of all layers but the last.
    pub activation: Activation,
    /// The loss of a sample.
    pub loss: Loss,
    /// The factor λ ≥ 0 of the penalty ½λ|θ|².
    pub l2: f64,
}

/// The loss of a name in a study.
pub(super) fn loss(name: &str) -> Option<Loss> {
    match name {
        "softmax-cross-entropy" => Some(Loss::SoftmaxCrossEntropy),
        "squared" => Some(Loss::Squared),
        _ => None,
    }
}
