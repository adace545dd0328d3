//! What can be wrong with a question to the matrices of a network.

use crate::krylov::{KrylovError, Unconverged};
use crate::risk::network::NetworkError;

/// A question that has no answer, or not within its means.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SpectrumError {
    /// The network is at fault, or the point.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The method is at fault, or did not get there.
    #[error(transparent)]
    Krylov(#[from] KrylovError),
    /// More eigenpairs than there are.
    #[error(
        "{asked} eigenpairs of {matrix} were asked for, which has {available}: ask for at most {available}"
    )]
    TooMany {
        /// The matrix.
        matrix: &'static str,
        /// Eigenpairs asked for.
        asked: usize,
        /// Its dimension.
        available: usize,
    },
    /// What would have to be kept is larger than what is allowed.
    #[error("{what} takes {needed}, and {allowed} is allowed: {remedy}", needed = bytes(*.needed), allowed = bytes(*.allowed))]
    Memory {
        /// What does not fit.
        what: String,
        /// What it takes, in bytes.
        needed: u128,
        /// What is allowed, in bytes.
        allowed: u128,
        /// What would fit.
        remedy: String,
    },
}

impl SpectrumError {
    /// How far the Lanczos method came, if all that is wrong is that it did not come far enough: a result, beside which
    /// other questions have theirs.
    ///
    /// # Errors
    /// The error itself, if it is another.
    pub fn unconverged(self) -> Result<Unconverged, Self> {
        match self {
            Self::Krylov(KrylovError::EigenpairsNotConverged(unconverged)) => Ok(unconverged),
            other => Err(other),
        }
    }
}

/// `1.5 GiB`, `20.0 MiB`.
fn bytes(count: u128) -> String {
    const UNITS: [(u128, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = UNITS.into_iter().find(|(size, _)| count >= *size);
    unit.map_or_else(
        || format!("{count} B"),
        |(size, name)| format!("{:.1} {name}", count as f64 / size as f64),
    )
}
