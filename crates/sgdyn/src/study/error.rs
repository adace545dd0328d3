//! What can go wrong around a study, in one type.

use super::description::DescriptionError;
use super::ready::NoSuchStudy;
use super::run_directory::RunDirectoryError;
use super::table::TableError;

/// An error of this room: of the description, the ready studies, the tables or the run directory.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// The study cannot be understood.
    #[error(transparent)]
    Description(#[from] DescriptionError),
    /// There is no such ready study.
    #[error(transparent)]
    Ready(#[from] NoSuchStudy),
    /// A table or a row does not fit.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The run directory cannot be used.
    #[error(transparent)]
    RunDirectory(#[from] RunDirectoryError),
}
