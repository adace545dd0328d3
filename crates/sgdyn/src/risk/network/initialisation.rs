//! What parameters are drawn from before training.

use std::ops::Range;

/// The law of the first values of some parameters, independent of each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum InitialDistribution {
    /// Uniform on [−bound, bound).
    Uniform {
        /// The bound.
        bound: f64,
    },
    /// Normal with mean 0.
    Normal {
        /// The standard deviation.
        deviation: f64,
    },
    /// One value.
    Constant(f64),
}

/// Some parameters and their law.
#[derive(Clone, Debug, PartialEq)]
pub struct InitialParameters {
    /// Their places in θ.
    pub range: Range<usize>,
    /// Their law.
    pub law: InitialDistribution,
}

impl InitialParameters {
    /// PyTorch's default for a linear map of `inputs` values, weights and biases alike: uniform within ±1/√inputs (He
    /// et al., ICCV 2015, with a = √5).
    pub(super) fn linear(range: Range<usize>, inputs: usize) -> Self {
        Self { range, law: InitialDistribution::Uniform { bound: 1.0 / (inputs as f64).sqrt() } }
    }
}
