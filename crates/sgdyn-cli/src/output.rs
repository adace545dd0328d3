//! Where results go: tables, results, figures and the report into the run directory, text on the standard output.

use crate::failure::Failure;
use crate::page::Page;
use crate::{figures, interrupt, results_file};
use anyhow::Context as _;
use sgdyn::study::{Results, RunDirectory, RunDirectoryError, Study};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Pixels of a PNG for one pixel of its SVG.
const PNG_SCALE: f64 = 2.0;
/// The same for an animation, whose frames are many.
const ANIMATION_SCALE: f64 = 1.25;
const REPORT: &str = "report.html";
const FIGURES: &str = "figures";

/// Writes the tables and what a later `report` reads. This comes first: no picture is worth a number.
pub(crate) fn write_results(directory: &RunDirectory, results: &Results) -> Result<(), Failure> {
    for table in std::iter::once(&results.rows).chain(&results.details) {
        directory.write_table(table)?;
    }
    let text = results_file::to_text(results).map_err(Failure::failed)?;
    replace(&directory.path().join(results_file::NAME), text.as_bytes())
}

/// Forgets the results of the run that `directory` held before.
pub(crate) fn remove_results(directory: &RunDirectory) -> Result<(), Failure> {
    let path = directory.path().join(results_file::NAME);
    match fs::remove_file(&path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(system("remove", &path, cause)),
        _ => Ok(()),
    }
}

/// Renders figures and report into a run directory. A figure that cannot be rendered is told and left out.
pub(crate) fn write_pictures(directory: &Path, page: Page) -> Result<(), Failure> {
    let figures = directory.join(FIGURES);
    fs::create_dir_all(&figures).map_err(|cause| system("make the directory", &figures, cause))?;
    for named in &page.figures {
        replace(&figures.join(format!("{}.svg", named.name)), named.figure.to_svg().as_bytes())?;
        match named.figure.to_png(PNG_SCALE) {
            Ok(png) => replace(&figures.join(format!("{}.png", named.name)), &png)?,
            Err(error) => eprintln!("warning: figures/{}.png is left out: {error}", named.name),
        }
    }
    replace(&directory.join(REPORT), page.into_html().as_bytes())
}

/// Draws a cell of an escape study as it happens into a run directory, and says where.
pub(crate) fn write_animation(
    directory: &Path,
    study: &Study,
    results: &Results,
    cell: usize,
    threads: usize,
) -> Result<PathBuf, Failure> {
    let stop = interrupt::stop_flag().map_err(Failure::failed)?;
    let animation = figures::animation::of(study, results, cell, threads, &stop)?;
    let apng = animation.to_apng(ANIMATION_SCALE, threads).map_err(Failure::failed)?;
    let path = directory.join(FIGURES).join("animation.png");
    replace(&path, &apng)?;
    Ok(path)
}

/// Prints on the standard output. A reader that has gone away, such as `head`, is no failure.
pub(crate) fn print(text: &str) {
    let mut output = io::stdout().lock();
    let _ = output.write_all(text.as_bytes()).and_then(|()| output.flush());
}

/// Replaces a file as a whole: whoever reads meanwhile, or after a kill, finds the old one or the new one.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = Path::new(&unfinished);
    let write = || {
        let mut file = File::create(unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(unfinished, path)
    };
    write().map_err(|cause| {
        let _ = fs::remove_file(unfinished);
        system("write", path, cause)
    })
}

fn system(action: &'static str, path: &Path, cause: io::Error) -> Failure {
    RunDirectoryError::System { action, path: path.display().to_string(), cause }.into()
}

/// Prints a value as one JSON document.
pub(crate) fn print_json(document: &serde_json::Value) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(document)
        .context("cannot write the results as JSON")
        .map_err(Failure::failed)?;
    text.push('\n');
    print(&text);
    Ok(())
}
