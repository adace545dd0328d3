//! Running a study: every cell in turn, its rows into one table, the rows into verdicts.

use std::sync::atomic::AtomicBool;

mod error;
mod setting;

pub use error::RunError;

use super::{RunDirectory, Study, Table, Verdict};

/// How a study is run; nothing here changes a result.
pub struct Conditions<'a> {
    /// The number of threads.
    pub threads: usize,
    /// Set to end cleanly: the cell in progress is saved, finished cells are reported.
    pub stop: &'a AtomicBool,
    /// Where checkpoints go, if anywhere.
    pub directory: Option<&'a RunDirectory>,
    /// Called from any thread, often.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The cell in progress, from 0.
    pub cell: usize,
    /// The number of cells.
    pub cells: usize,
    /// Steps of replicas done in this cell by this process.
    pub done: u64,
    /// Steps of replicas of this cell, where they are known beforehand.
    pub total: Option<u64>,
}

/// What a study gives.
#[derive(Clone, Debug)]
pub struct Results {
    /// One row for each thing measured.
    pub rows: Table,
    /// Further tables, such as survival curves and paths.
    pub details: Vec<Table>,
    /// What the rows say of the theories.
    pub verdicts: Vec<Verdict>,
    /// How many cells are finished; fewer than all of them if the run was stopped.
    pub finished_cells: usize,
}

/// What a cell will take.
#[derive(Clone, Debug, PartialEq)]
pub struct CellPlan {
    /// The cell, from 0.
    pub cell: usize,
    /// What is swept, as `key = value`.
    pub settings: String,
    /// The number of replicas.
    pub replicas: u64,
    /// Steps of each replica, a guess where replicas stop by themselves; `None` where nothing is known.
    pub steps: Option<f64>,
    /// Expected time on the threads given, in seconds.
    pub seconds: Option<f64>,
    /// Expected memory in bytes.
    pub bytes: u64,
}

/// Runs every cell of `study` that is not finished.
///
/// # Errors
/// [`RunError`] with the key, the value and the remedy, or with the file that could not be written.
pub fn run(study: &Study, conditions: &Conditions<'_>) -> Result<Results, RunError> {
    let _ = (study, conditions);
    unimplemented!()
}

/// What each cell will take on `threads` threads, without running it.
///
/// # Errors
/// [`RunError`] for a study that [`run`] would refuse.
pub fn plan(study: &Study, threads: usize) -> Result<Vec<CellPlan>, RunError> {
    let _ = (study, threads);
    unimplemented!()
}
