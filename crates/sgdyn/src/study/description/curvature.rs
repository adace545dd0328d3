//! What a study of curvature asks.

use serde::Deserialize;

use crate::krylov::Which;
use crate::spectrum::CurvatureMatrix;

/// `[curvature]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curvature {
    /// Steps of the rule before the network is looked at.
    pub steps: Option<u64>,
    /// The same in passes over the data; neither: its initial parameters are looked at.
    pub epochs: Option<f64>,
    /// The matrices that are looked at.
    pub matrices: Vec<CurvatureMatrix>,
    /// What is asked of each.
    pub observe: Vec<CurvatureObservable>,
    /// Factors α > 0 of the first layer, with 1/α for the weights of the second.
    #[serde(default)]
    pub rescale: Vec<f64>,
    /// How many eigenpairs of each.
    pub count: u64,
    /// Which end of the spectrum.
    pub which: Which,
    /// The largest relative residual of an eigenpair.
    pub tolerance: f64,
    /// Products with a matrix after which its eigenpairs are given up.
    pub products: u64,
    /// The standard error, relative to the estimate, at which random vectors are enough.
    pub standard_error: f64,
    /// The most random vectors of a trace or a diagonal.
    pub most_vectors: u64,
    /// The random vectors of a density.
    pub vectors: u64,
    /// The nodes of each of its quadratures.
    pub nodes: u64,
    /// The standard deviation of its smoothing, relative to the width of the spectrum.
    pub smoothing: f64,
    /// The memory for vectors and Gram matrices, in GiB.
    pub memory: f64,
}

/// What is asked of the matrices of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CurvatureObservable {
    /// Extreme eigenpairs.
    Eigenvalues,
    /// The spectral density.
    Density,
    /// The trace.
    Trace,
    /// The diagonal.
    Diagonal,
    /// The largest eigenvalue of diag|θ| A diag|θ|.
    AdaptiveSharpness,
    /// The blocks of single tensors.
    Layers,
    /// How the covariance of the gradients lies in the matrix.
    Alignment,
    /// The largest eigenvalues of the covariance by its Gram matrix.
    Covariance,
    /// All of them.
    CovarianceSpectrum,
}
