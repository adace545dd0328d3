//! What can go wrong with the directory of a run.

use crate::study::manifest::Status;
use std::io;

/// A run directory cannot be made, opened or written.
#[derive(Debug, thiserror::Error)]
pub enum RunDirectoryError {
    /// The system refuses.
    #[error("cannot {action} {path}: {cause}{}", remedy(.cause))]
    System {
        /// What was tried.
        action: &'static str,
        /// The file or directory.
        path: String,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// A directory with other things in it.
    #[error("{0} is not empty and not a run directory: name a new or an empty directory")]
    NotARun(String),
    /// There is no run to resume or to read.
    #[error("{0} is not a run directory: it has no readable manifest.json and study.toml")]
    NoRun(String),
    /// There is a run already.
    #[error("{path} holds a run of `{study}` ({status}): resume it, replace it, or name another directory")]
    Exists {
        /// The directory.
        path: String,
        /// The study that was run.
        study: String,
        /// How far it came.
        status: Status,
    },
    /// Another process works on the run.
    #[error("another process is working on {0}: wait for it, or name another directory")]
    Locked(String),
    /// The manifest cannot be understood.
    #[error("{path} cannot be understood: {message}")]
    Manifest {
        /// The file.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// The run was made by another version.
    #[error(
        "{path} was made by sgdyn {theirs}, this is {ours}: versions may differ in their random numbers; resume with {theirs}, or start anew"
    )]
    Version {
        /// The directory.
        path: String,
        /// The version of the run.
        theirs: String,
        /// This version.
        ours: &'static str,
    },
    /// The run is of another study.
    #[error(
        "{path} is a run of another study; the first difference is in line {line}: {theirs} there, {ours} here"
    )]
    OtherStudy {
        /// The directory.
        path: String,
        /// The line of `study.toml`, from 1.
        line: usize,
        /// The line there.
        theirs: String,
        /// The line of the study at hand.
        ours: String,
    },
    /// A table cannot be written in a format.
    #[error("cannot write the table `{table}` as Parquet: {message}")]
    Parquet {
        /// The table.
        table: String,
        /// What the format says.
        message: String,
    },
    /// A name that would leave the directory.
    #[error("`{0}` cannot name a file of a run: use letters, digits, `-`, `_` and `.`, not `.` first")]
    FileName(String),
}

fn remedy(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            " (make room and resume: finished work is kept)"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            " (name a directory that you may write to)"
        }
        _ => "",
    }
}
