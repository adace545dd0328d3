//! `sgdyn run`: read the study, run it, write tables, figures and report, print the summary.

use super::plan::show_plan;
use crate::arguments::{Manner, Run};
use crate::failure::{Failure, INTERRUPTED};
use crate::output::{print, print_json, remove_results, write_animation, write_pictures, write_results};
use crate::page::Page;
use crate::progress::Display;
use crate::{interrupt, summary};
use sgdyn::study::{self, Conditions, Existing, Results, RunDirectory, Status, Study, StudyOutput};
use std::path::Path;
use std::process::ExitCode;

/// Where runs are kept that are given no directory.
const RUNS: &str = "runs";

/// Runs a study, or tells what it would take.
pub(crate) fn run(arguments: &Run) -> Result<ExitCode, Failure> {
    let study = arguments.study.read()?;
    let threads = arguments.manner.threads();
    if arguments.plan {
        return show_plan(&study, threads);
    }
    // What cannot be run is refused before a directory is made for it.
    study::plan(&study, threads)?;
    if let Some(cell) = arguments.manner.animate.cell {
        study::check_walkers(&study, cell)?;
    }
    let directory = match &arguments.out {
        None => RunDirectory::create_numbered(Path::new(RUNS), &study, threads)?,
        Some(path) => {
            let existing = if arguments.force { Existing::Replace } else { Existing::Refuse };
            RunDirectory::create(path, &study, threads, existing)?
        }
    };
    remove_results(&directory)?;
    carry_out(&study, directory, &arguments.manner)
}

/// Runs what is not finished in `directory`, writes the results there and prints them.
pub(super) fn carry_out(
    study: &Study,
    directory: RunDirectory,
    manner: &Manner,
) -> Result<ExitCode, Failure> {
    let path = directory.path().to_owned();
    let results = match simulate(study, &directory, manner.threads()) {
        Ok(results) => results,
        Err(failure) => {
            directory.close(Status::Interrupted)?;
            return Err(failure.resumable(&path));
        }
    };
    let finished = results.finished_cells >= study.cell_count();
    let status = if finished { Status::Finished } else { Status::Interrupted };
    write_results(&directory, &results).map_err(|failure| failure.resumable(&path))?;
    let manifest = directory.close(status)?;
    write_pictures(&path, Page::new(study, &manifest, &results))?;
    let animated = if finished { manner.animate.cell } else { None };
    let animation =
        animated.map(|cell| write_animation(&path, study, &results, cell, manner.threads())).transpose()?;
    show(study, results, &path, manner.json)?;
    if let Some(animation) = animation {
        eprintln!("animation: {}", animation.display());
    }
    if !finished {
        eprintln!("resume with: sgdyn resume {}", path.display());
        return Ok(ExitCode::from(INTERRUPTED));
    }
    Ok(ExitCode::SUCCESS)
}

fn simulate(study: &Study, directory: &RunDirectory, threads: usize) -> Result<Results, Failure> {
    let stop = interrupt::stop_flag().map_err(Failure::failed)?;
    let display = Display::new(study);
    let results = study::run(
        study,
        &Conditions {
            threads,
            stop: &stop,
            directory: Some(directory),
            progress: &|progress| display.update(progress),
        },
    );
    display.close(results.as_ref().is_ok_and(|results| results.finished_cells >= study.cell_count()));
    Ok(results?)
}

fn show(study: &Study, results: Results, path: &Path, json: bool) -> Result<(), Failure> {
    let report = path.join("report.html");
    if json {
        eprintln!("report: {}", report.display());
        let Results { rows, verdicts, .. } = results;
        let output = StudyOutput { study: study.name().to_owned(), seed: study.seed(), rows, verdicts };
        return print_json(&output.to_json());
    }
    print(&format!("{}\nreport: {}\n", summary::text(&results, terminal_width()), report.display()));
    Ok(())
}

/// The width of the terminal where the shell tells it, else a usual one.
fn terminal_width() -> usize {
    const USUAL: usize = 132;
    std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).unwrap_or(USUAL)
}
