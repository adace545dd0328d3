//! The command line of sgdyn: arguments in, one command, an exit code out.
//!
//! What a run does is read in [`command::run`]: read the study, run it, write tables, figures and the report, print
//! the summary.

mod aligned;
mod arguments;
mod command;
mod failure;
mod figures;
mod interrupt;
mod output;
mod page;
mod progress;
mod results_file;
mod study_source;
mod summary;

use arguments::{Arguments, Command};
use clap::Parser as _;
use failure::{Failure, print_failure};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match execute(arguments) {
        Ok(code) => code,
        Err(failure) => print_failure(&failure),
    }
}

fn execute(arguments: Arguments) -> Result<ExitCode, Failure> {
    if let Some(level) = arguments.simd {
        sgdyn::lanes::force_simd_level(level).map_err(Failure::usage)?;
    }
    match arguments.command {
        Command::List => command::list::list(),
        Command::Show(show) => command::show::show(&show),
        Command::Run(run) => command::run::run(&run),
        Command::Resume(resume) => command::resume::resume(&resume),
        Command::Report(report) => command::report::report(&report),
    }
}
