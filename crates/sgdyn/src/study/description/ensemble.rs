//! The ensemble of a cell.

use serde::Deserialize;

/// `[ensemble]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ensemble {
    /// The number of independent copies, at least 1.
    pub replicas: u64,
    /// The floating-point type of the dynamics.
    pub precision: Precision,
    /// Replicas that are advanced together; none: chosen by the landscape.
    pub lanes: Option<u64>,
}

/// A floating-point type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Double precision.
    F64,
    /// Single precision.
    F32,
}
