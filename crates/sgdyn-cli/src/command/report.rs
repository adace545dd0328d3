//! `sgdyn report`: the pictures of a run once more.

use crate::arguments::Report;
use crate::failure::Failure;
use crate::output::{print, write_animation, write_pictures};
use crate::page::Page;
use crate::results_file;
use crate::study_source::study_of_run;
use std::process::ExitCode;

/// Renders figures and report from the results in the directory; its tables and manifest stay as they are.
pub(crate) fn report(arguments: &Report) -> Result<ExitCode, Failure> {
    let directory = &arguments.directory;
    let (study, manifest) = study_of_run(directory)?;
    let results = results_file::read(directory).map_err(Failure::usage)?;
    write_pictures(directory, Page::new(&study, &manifest, &results))?;
    print(&format!("report: {}\n", directory.join("report.html").display()));
    if let Some(cell) = arguments.animate.cell {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let animation = write_animation(directory, &study, &results, cell, threads)?;
        eprintln!("animation: {}", animation.display());
    }
    Ok(ExitCode::SUCCESS)
}
