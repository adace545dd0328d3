//! What a study of critical points asks.

use serde::Deserialize;

/// `[critical-points]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CriticalPoints {
    /// A point in the basin that a way starts from, d coordinates.
    pub from: Option<Vec<f64>>,
    /// A point in the basin that the way leads to, d coordinates.
    pub to: Option<Vec<f64>>,
    /// The lower ends of the box that is searched, d coordinates; none: only strings between `from` and `to`.
    pub lower: Option<Vec<f64>>,
    /// The upper ends of the box.
    pub upper: Option<Vec<f64>>,
    /// Starts of searches that are spread over the box.
    pub starts: u64,
    /// Walks to saddles begin from at most so many minima.
    pub most_minima: u64,
    /// The length over which the landscape changes its shape, > 0.
    pub length: f64,
    /// How well a position must be known, > 0.
    pub tolerance: f64,
}
