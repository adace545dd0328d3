//! What can stop a study.

use crate::density::DensityError;
use crate::ensemble::Failure;
use crate::escape::EscapeError;
use crate::landscape::LandscapeError;
use crate::landscape::formula::FormulaError;
use crate::noise::NoiseError;
use crate::risk::network::{CheckpointError, NetworkError};
use crate::risk::{DatasetError, RiskError};
use crate::spectrum::SpectrumError;
use crate::statistics::StatisticsError;
use crate::study::{DescriptionError, RunDirectoryError, TableError};
use crate::theory::TheoryError;

/// A study that cannot be run, or not to its end; what was finished stays in the run directory.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The description is at fault.
    #[error(transparent)]
    Description(#[from] DescriptionError),
    /// A formula or condition is at fault.
    #[error("`{key}`: {source}")]
    Formula {
        /// The key that holds it.
        key: &'static str,
        /// What is wrong.
        source: FormulaError,
    },
    /// A landscape is at fault.
    #[error("`landscape`: {0}")]
    Landscape(#[from] LandscapeError),
    /// A covariance is at fault.
    #[error("`noise`: {0}")]
    Noise(#[from] NoiseError),
    /// Data are at fault.
    #[error("`landscape.data`: {0}")]
    Data(Box<DatasetError>),
    /// A risk is at fault.
    #[error("`landscape.risk`: {0}")]
    Risk(#[from] RiskError),
    /// A network cannot be built.
    #[error("`landscape`: {0}")]
    Network(Box<NetworkError>),
    /// Weights cannot be read.
    #[error("`landscape.weights`: {0}")]
    Weights(Box<CheckpointError>),
    /// A network left the range of numbers.
    #[error("replica {replica} at step {step}: {source}; a smaller `rule.learning_rate` may help")]
    Diverged {
        /// The replica.
        replica: u64,
        /// The steps it made.
        step: u64,
        /// Where.
        source: Box<NetworkError>,
    },
    /// A network left the range of numbers as it was trained.
    #[error("replica {replica} at step {step}: {cause}; a smaller `rule.learning_rate` may help")]
    Lost {
        /// The replica.
        replica: u64,
        /// The steps it made.
        step: u64,
        /// The sample, the batch and the layer.
        cause: String,
    },
    /// The curvature of a network cannot be had.
    #[error("`curvature`: {0}")]
    Curvature(Box<SpectrumError>),
    /// Keys that do not fit together.
    #[error("`{key}` is {value}: {remedy}")]
    Unfit {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
        /// What it must be.
        remedy: String,
    },
    /// A prediction that the study starts from does not exist.
    #[error("{what}: {source}")]
    Theory {
        /// What was to be predicted.
        what: &'static str,
        /// Why it cannot be.
        source: TheoryError,
    },
    /// A density cannot be computed.
    #[error("`grid`: {0}")]
    Density(#[from] DensityError),
    /// A rare event cannot be looked for.
    #[error("`rare-event`: {0}")]
    RareEvent(#[from] crate::escape::EscapeError),
    /// Critical points or the ways between them cannot be found.
    #[error("`{key}` = {value}: {source}")]
    Escape {
        /// The key that asks for them.
        key: &'static str,
        /// Its value.
        value: String,
        /// Why not.
        source: EscapeError,
    },
    /// Threads could not be started.
    #[error("{threads} threads could not be started: {source}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// Why not.
        source: rayon::ThreadPoolBuildError,
    },
    /// An estimate cannot be formed.
    #[error(transparent)]
    Statistics(#[from] StatisticsError),
    /// The ensemble stopped.
    #[error(transparent)]
    Ensemble(#[from] Failure),
    /// The run directory cannot be used.
    #[error(transparent)]
    RunDirectory(#[from] RunDirectoryError),
    /// A table does not take a row.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// Boxes what is large, so that a result stays small.
macro_rules! boxed {
    ($($variant:ident: $source:ty),+ $(,)?) => {
        $(impl From<$source> for RunError {
            fn from(source: $source) -> Self {
                Self::$variant(Box::new(source))
            }
        })+
    };
}

boxed!(Data: DatasetError, Network: NetworkError, Weights: CheckpointError, Curvature: SpectrumError);
