//! Running the ensemble of one cell, with its checkpoints in the run directory.

use std::io;
use std::time::Duration;

use super::{Conditions, Progress, RunError};
use crate::ensemble::{Outcome, Plan, Store, UnitProgram, Units, run};
use crate::study::RunDirectory;

/// Finished work is on disk at most so long after it was done.
const SAVE_EVERY: Duration = Duration::from_secs(2);

/// The checkpoints of one cell.
struct CellStore<'a> {
    directory: &'a RunDirectory,
    cell: usize,
}

impl CellStore<'_> {
    fn name(&self, piece: &str) -> String {
        format!("cell-{}-{piece}", self.cell)
    }
}

impl Store for CellStore<'_> {
    fn save(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.directory.write_checkpoint(&self.name(name), bytes).map_err(io::Error::other)
    }
    fn load(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        self.directory.read_checkpoint(&self.name(name)).map_err(io::Error::other)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        match std::fs::remove_file(self.directory.checkpoints().join(self.name(name))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// The place of a cell in its study, and the work it holds.
pub(super) struct CellRun<'a> {
    pub conditions: &'a Conditions<'a>,
    pub cell: usize,
    pub cells: usize,
    /// Steps of replicas, where known.
    pub total: Option<u64>,
}

impl CellRun<'_> {
    /// Runs `program`; `None` if it was stopped.
    pub(super) fn run<P: UnitProgram>(
        &self,
        program: &P,
        units: Units,
    ) -> Result<Option<P::Summary>, RunError> {
        let store = self.conditions.directory.map(|directory| CellStore { directory, cell: self.cell });
        let report = |done| {
            (self.conditions.progress)(Progress {
                cell: self.cell,
                cells: self.cells,
                done,
                total: self.total,
            });
        };
        let plan = Plan {
            threads: self.conditions.threads,
            stop: self.conditions.stop,
            progress: Some(&report),
            store: store.as_ref().map(|store| store as &dyn Store),
            save_every: SAVE_EVERY,
        };
        Ok(match run(program, units, &plan)? {
            Outcome::Finished(summary) => Some(summary),
            Outcome::Stopped(_) => None,
        })
    }
}
