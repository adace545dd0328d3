//! Progress of a run on the standard error: a bar on a terminal, else a line for each finished cell.

use crate::command::plan::duration;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sgdyn::study::{Datum, Progress, Study};
use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::Instant;

/// What is shown while a run goes on.
pub(crate) struct Display<'a> {
    study: &'a Study,
    bar: Option<ProgressBar>,
    current: Mutex<Current>,
}

/// The cell in progress.
struct Current {
    cell: Option<usize>,
    since: Instant,
    done: u64,
}

impl<'a> Display<'a> {
    /// A bar if the standard error is a terminal.
    pub(crate) fn new(study: &'a Study) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
            bar.set_style(style(false));
            bar
        });
        Self { study, bar, current: Mutex::new(Current { cell: None, since: Instant::now(), done: 0 }) }
    }

    /// Takes in how far the run is; called from any thread.
    pub(crate) fn update(&self, progress: Progress) {
        // Workers do not wait for a display: what is missed now is shown by the next call.
        let Ok(mut current) = self.current.try_lock() else { return };
        if current.cell.is_some_and(|cell| progress.cell < cell) {
            return;
        }
        if current.cell != Some(progress.cell) {
            self.cell_ended(&current);
            *current = Current { cell: Some(progress.cell), since: Instant::now(), done: 0 };
            if let Some(bar) = &self.bar {
                bar.reset();
                bar.set_style(style(progress.total.is_some()));
                bar.set_message(format!(
                    "cell {} of {}{}",
                    progress.cell + 1,
                    progress.cells,
                    self.settings(progress.cell)
                ));
            }
        }
        // Threads report out of turn; the bar never runs backwards.
        current.done = current.done.max(progress.done);
        if let Some(bar) = &self.bar {
            if let Some(total) = progress.total {
                bar.set_length(total);
            }
            bar.set_position(current.done);
        }
    }

    /// Ends the display; `finished` tells whether the last cell was.
    pub(crate) fn close(self, finished: bool) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if finished {
            let current = self.current.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            self.cell_ended(&current);
        }
    }

    fn cell_ended(&self, current: &Current) {
        let (Some(cell), None) = (current.cell, &self.bar) else { return };
        let (cells, settings) = (self.study.cell_count(), self.settings(cell));
        let took = duration(current.since.elapsed().as_secs_f64());
        eprintln!("cell {} of {cells}{settings}: {took}", cell + 1);
    }

    fn settings(&self, cell: usize) -> String {
        let Ok(cell) = self.study.cell(cell) else { return String::new() };
        let setting = |coordinate: &sgdyn::study::Coordinate| {
            let value = crate::summary::show(&coordinate.value);
            format!("{} = {value}", coordinate.column)
        };
        let fits = |coordinate: &&sgdyn::study::Coordinate| coordinate.value != Datum::Missing;
        let settings: Vec<String> = cell.coordinates.iter().filter(fits).map(setting).collect();
        if settings.is_empty() { String::new() } else { format!(" ({})", settings.join(", ")) }
    }
}

fn style(length_known: bool) -> ProgressStyle {
    let template = if length_known {
        "{msg} {bar:30} {percent:>3} % {steps_per_second}, {eta} left"
    } else {
        "{msg} {spinner} {steps_per_second}, {elapsed}"
    };
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("steps_per_second", |state: &indicatif::ProgressState, text: &mut dyn std::fmt::Write| {
            let _ = write!(text, "{} steps/s", sgdyn_report::significant(state.per_sec(), 2));
        })
        .progress_chars("━╸─")
}
