//! What a study of training asks.

use serde::Deserialize;

/// `[train]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Train {
    /// The length of the training in steps.
    pub steps: Option<u64>,
    /// The same in passes over the data.
    pub epochs: Option<f64>,
    /// Steps between observations; none: a fiftieth of the training.
    pub every: Option<u64>,
    /// Whether the parameters that each replica ends with are saved.
    pub save_weights: bool,
    /// What is observed besides the loss.
    pub observe: Vec<TrainObservable>,
    /// The largest relative residual of the sharpness.
    pub tolerance: f64,
    /// Products after which a sharpness is given up.
    pub products: u64,
}

/// What is observed of a network on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrainObservable {
    /// The part of the samples that are classified rightly.
    Accuracy,
    /// |∇L|.
    GradientNorm,
    /// λ_max of the Hessian.
    Sharpness,
    /// tr Σ, and tr Σ/|∇L|².
    Noise,
}
