//! What every search on a landscape takes.

use super::EscapeError;
use super::error::check_positive;

/// The scale and the budget of searches for critical points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchOptions {
    /// The length over which the landscape changes its shape; steps start at a tenth of it and are never above it. It
    /// also sets what counts as one point (1e-6 lengths) and as far away.
    pub length: f64,
    /// The most steps of one search.
    pub steps: usize,
    /// A search that is farther than so many lengths from its start has run away.
    pub far: f64,
}

impl Default for SearchOptions {
    /// Unit length, 2000 steps, 1e5 lengths.
    fn default() -> Self {
        Self { length: 1.0, steps: 2000, far: 1e5 }
    }
}

impl SearchOptions {
    pub(super) fn check(&self) -> Result<(), EscapeError> {
        check_positive("length", self.length)?;
        check_positive("steps", self.steps as f64)?;
        check_positive("far", self.far)
    }

    /// The distance below which two critical points are one.
    pub fn same(&self) -> f64 {
        1e-6 * self.length
    }

    /// The size of a gradient that is rounding only, for coordinates of size `|x|` and curvatures up to `magnitude`.
    pub(super) fn rounding(&self, point: &[f64], magnitude: f64) -> f64 {
        4.0 * f64::EPSILON * magnitude * (self.length + super::vectors::norm(point))
    }
}
