//! What a study of curvature asks.

use serde::Deserialize;

use crate::krylov::Which;
use crate::spectrum::CurvatureMatrix;

/// `[curvature]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curvature {
    /// Steps of the rule before the network is looked at; none: its initial parameters are.
    pub steps: Option<u64>,
    /// The matrices that are looked at.
    pub matrices: Vec<CurvatureMatrix>,
    /// How many eigenpairs of each.
    pub count: u64,
    /// Which end of the spectrum.
    pub which: Which,
    /// The largest relative residual of an eigenpair.
    pub tolerance: f64,
    /// Products with a matrix after which its eigenpairs are given up.
    pub products: u64,
    /// The memory for vectors and Gram matrices, in GiB.
    pub memory: f64,
}
