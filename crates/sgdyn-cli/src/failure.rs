//! Failures, how they are told, and the exit codes that they give.

use sgdyn::study::{RunDirectoryError, RunError};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A run failed, or its results could not be written.
const FAILED: u8 = 1;
/// The command or the study is wrong.
const USAGE: u8 = 2;
/// Ended by Ctrl-C or SIGTERM: 128 + SIGINT, as shells have it.
pub(crate) const INTERRUPTED: u8 = 130;

/// A command that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    cause: anyhow::Error,
    /// A run directory that can be resumed once the cause is gone.
    resumable: Option<PathBuf>,
}

impl Failure {
    /// What the user asked for cannot be done.
    pub(crate) fn usage(cause: impl Into<anyhow::Error>) -> Self {
        Self { code: USAGE, cause: cause.into(), resumable: None }
    }

    /// What was begun could not be done.
    pub(crate) fn failed(cause: impl Into<anyhow::Error>) -> Self {
        Self { code: FAILED, cause: cause.into(), resumable: None }
    }

    /// Adds where to go on.
    pub(crate) fn resumable(self, directory: &Path) -> Self {
        let resumable = (self.code == FAILED).then(|| directory.to_owned());
        Self { resumable, ..self }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::RunDirectory(error) => error.into(),
            RunError::Statistics(_) | RunError::Ensemble(_) | RunError::Table(_) => Self::failed(error),
            // The others speak of what the study says.
            _ => Self::usage(error),
        }
    }
}

impl From<RunDirectoryError> for Failure {
    fn from(error: RunDirectoryError) -> Self {
        match error {
            RunDirectoryError::NotARun(_)
            | RunDirectoryError::NoRun(_)
            | RunDirectoryError::Exists { .. }
            | RunDirectoryError::Version { .. }
            | RunDirectoryError::OtherStudy { .. } => Self::usage(error),
            _ => Self::failed(error),
        }
    }
}

/// Tells the failure on the standard error.
pub(crate) fn print_failure(failure: &Failure) -> ExitCode {
    eprintln!("error: {}", explain(failure.cause.as_ref()));
    if let Some(directory) = &failure.resumable {
        eprintln!("finished work is kept; go on with: sgdyn resume {}", directory.display());
    }
    ExitCode::from(failure.code)
}

/// The error with those of its causes that it does not tell itself.
fn explain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        let told = source.to_string();
        if !text.contains(&told) {
            text.push_str("\n  because: ");
            text.push_str(&told);
        }
        cause = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_told_once() {
        let inner = std::io::Error::other("disk gone");
        let error = anyhow::Error::new(inner).context("cannot write a (disk gone)").context("figure failed");
        assert_eq!(explain(error.as_ref()), "figure failed\n  because: cannot write a (disk gone)");
    }
}
