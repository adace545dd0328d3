//! `sgdyn resume`: go on with a run.

use super::run::carry_out;
use crate::arguments::Resume;
use crate::failure::Failure;
use crate::study_source::study_of_run;
use sgdyn::study::RunDirectory;
use std::process::ExitCode;

/// Runs the cells that are not finished.
pub(crate) fn resume(arguments: &Resume) -> Result<ExitCode, Failure> {
    let (study, _) = study_of_run(&arguments.directory)?;
    let directory = RunDirectory::resume(&arguments.directory, &study, arguments.manner.threads())?;
    carry_out(&study, directory, &arguments.manner)
}
