//! The further tables of a study of curvature.

use crate::study::run::rows::Rows;

/// What is asked of a point, each in a table of its own.
#[derive(Default)]
pub(in crate::study::run) struct CurvatureTables {
    pub(super) eigenvalues: Rows,
    pub(super) density: Rows,
    pub(super) diagonal: Rows,
    pub(super) layers: Rows,
    pub(super) covariance: Rows,
    /// What fell short of the accuracy that was asked for.
    pub(super) unresolved: Rows,
}

impl CurvatureTables {
    pub(in crate::study::run) fn named(&self) -> impl Iterator<Item = (&'static str, &Rows)> {
        [
            ("eigenvalues", &self.eigenvalues),
            ("spectral-density", &self.density),
            ("diagonal", &self.diagonal),
            ("layers", &self.layers),
            ("covariance", &self.covariance),
            ("unresolved", &self.unresolved),
        ]
        .into_iter()
    }
}
