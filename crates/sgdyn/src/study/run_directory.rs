//! The directory of a run: its study, manifest, tables, figures, report and checkpoints.

mod disk;
mod error;

use super::atomic_file;
use super::description::Study;
use super::manifest::{Machine, Manifest, Status, now};
use super::table::Table;
use disk::{clear, file_name, is_barely_begun, is_empty, lock, make_directory, same_study, system};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

pub use error::RunDirectoryError;

const STUDY: &str = "study.toml";
const MANIFEST: &str = "manifest.json";
const LOCK: &str = "lock";
const REPORT: &str = "report.html";
/// What the command line keeps to draw figures again.
const RESULTS: &str = "results.json";
const TABLES: &str = "tables";
const FIGURES: &str = "figures";
const CHECKPOINTS: &str = "checkpoints";
const WEIGHTS: &str = "weights";

/// What to do where a run directory is already there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Refuse: finished work is not lost by repeating a command.
    Refuse,
    /// Remove the run that is there, and nothing that is not a run's.
    Replace,
}

/// A run directory that this process works on. Another process cannot open it meanwhile; the lock is the operating
/// system's and ends with the process, however it ends.
///
/// | path | content |
/// |---|---|
/// | `study.toml` | the study, with overrides and defaults |
/// | `manifest.json` | the [`Manifest`] |
/// | `tables/` | each table as Parquet and CSV |
/// | `figures/` | figures |
/// | `report.html` | the report |
/// | `checkpoints/` | finished units of work |
///
/// Every file is replaced as a whole, so that the directory is readable whenever the process is killed.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    manifest: Manifest,
    since: Instant,
    seconds_before: f64,
    _lock: File,
}

impl RunDirectory {
    /// Makes the directory `path`, with its parents, for a run of `study` by `threads` threads.
    ///
    /// # Errors
    /// [`RunDirectoryError::NotARun`] if the directory holds other things, [`RunDirectoryError::Exists`] if it holds a
    /// run and `existing` refuses, [`RunDirectoryError::Locked`], [`RunDirectoryError::System`].
    pub fn create(
        path: &Path,
        study: &Study,
        threads: usize,
        existing: Existing,
    ) -> Result<Self, RunDirectoryError> {
        make_directory(path)?;
        // Other programs have a `manifest.json` too: only one that reads as a run's counts.
        if !is_empty(path)? && read_run(path).is_err() && !is_barely_begun(path)? {
            return Err(RunDirectoryError::NotARun(path.display().to_string()));
        }
        let lock = lock(path)?;
        if let Ok((_, manifest)) = read_run(path) {
            match existing {
                Existing::Replace => clear(path)?,
                Existing::Refuse => {
                    return Err(RunDirectoryError::Exists {
                        path: path.display().to_string(),
                        study: manifest.study,
                        status: manifest.status,
                    });
                }
            }
        }
        for directory in [TABLES, FIGURES, CHECKPOINTS] {
            make_directory(&path.join(directory))?;
        }
        let manifest = Manifest {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            study: study.name().to_owned(),
            seed: study.seed(),
            cells: study.cell_count(),
            status: Status::Running,
            started: now(),
            finished: None,
            wall_seconds: 0.0,
            threads,
            machine: Machine::here(),
        };
        let run =
            Self { path: path.to_owned(), manifest, since: Instant::now(), seconds_before: 0.0, _lock: lock };
        // The manifest comes last: what has one has everything that resuming needs.
        run.write(STUDY, study.resolved_toml().as_bytes())?;
        run.write_manifest()?;
        Ok(run)
    }

    /// Makes the first free directory `parent/STUDY-1`, `parent/STUDY-2`, ….
    ///
    /// # Errors
    /// As [`RunDirectory::create`].
    pub fn create_numbered(parent: &Path, study: &Study, threads: usize) -> Result<Self, RunDirectoryError> {
        make_directory(parent)?;
        for number in 1_u64.. {
            let path = parent.join(format!("{}-{number}", study.name()));
            // Making the directory decides between processes that start together.
            match fs::create_dir(&path) {
                Ok(()) => return Self::create(&path, study, threads, Existing::Refuse),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(system("make the directory", &path)(error)),
            }
        }
        Err(RunDirectoryError::NotARun(parent.display().to_string()))
    }

    /// Opens a run for going on with it; `study` must be the study that the run is of.
    ///
    /// # Errors
    /// [`RunDirectoryError::NoRun`], [`RunDirectoryError::Locked`], [`RunDirectoryError::Version`],
    /// [`RunDirectoryError::OtherStudy`], [`RunDirectoryError::Manifest`], [`RunDirectoryError::System`].
    pub fn resume(path: &Path, study: &Study, threads: usize) -> Result<Self, RunDirectoryError> {
        if !path.join(MANIFEST).is_file() {
            return Err(RunDirectoryError::NoRun(path.display().to_string()));
        }
        let lock = lock(path)?;
        let (text, mut manifest) = read_run(path)?;
        let ours = env!("CARGO_PKG_VERSION");
        if manifest.version != ours {
            let path = path.display().to_string();
            return Err(RunDirectoryError::Version { path, theirs: manifest.version, ours });
        }
        same_study(path, &text, &study.resolved_toml())?;
        for directory in [TABLES, FIGURES, CHECKPOINTS] {
            let directory = path.join(directory);
            make_directory(&directory)?;
            atomic_file::remove_unfinished(&directory).map_err(system("tidy", &directory))?;
        }
        atomic_file::remove_unfinished(path).map_err(system("tidy", path))?;
        manifest.status = Status::Running;
        manifest.finished = None;
        manifest.threads = threads;
        manifest.machine = Machine::here();
        let seconds_before = manifest.wall_seconds;
        let run =
            Self { path: path.to_owned(), manifest, since: Instant::now(), seconds_before, _lock: lock };
        run.write_manifest()?;
        Ok(run)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The manifest as it was last written.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The directory of checkpoints.
    pub fn checkpoints(&self) -> PathBuf {
        self.path.join(CHECKPOINTS)
    }

    /// Writes a table as `tables/NAME.parquet` and `tables/NAME.csv`.
    ///
    /// # Errors
    /// [`RunDirectoryError::Parquet`], [`RunDirectoryError::System`].
    pub fn write_table(&self, table: &Table) -> Result<(), RunDirectoryError> {
        let bytes = table.to_parquet().map_err(|error| RunDirectoryError::Parquet {
            table: table.name().to_owned(),
            message: error.to_string(),
        })?;
        self.write(&format!("{TABLES}/{}.parquet", table.name()), &bytes)?;
        self.write(&format!("{TABLES}/{}.csv", table.name()), table.to_csv().as_bytes())
    }

    /// Writes a figure as `figures/NAME`.
    ///
    /// # Errors
    /// [`RunDirectoryError::FileName`], [`RunDirectoryError::System`].
    pub fn write_figure(&self, name: &str, bytes: &[u8]) -> Result<(), RunDirectoryError> {
        self.write(&format!("{FIGURES}/{}", file_name(name)?), bytes)
    }

    /// Writes the parameters of a network as `weights/NAME`.
    ///
    /// # Errors
    /// [`RunDirectoryError::FileName`], [`RunDirectoryError::System`].
    pub fn write_weights(&self, name: &str, bytes: &[u8]) -> Result<(), RunDirectoryError> {
        let name = file_name(name)?;
        make_directory(&self.path.join(WEIGHTS))?;
        self.write(&format!("{WEIGHTS}/{name}"), bytes)
    }

    /// Writes a finished unit of work as `checkpoints/NAME`.
    ///
    /// # Errors
    /// [`RunDirectoryError::FileName`], [`RunDirectoryError::System`].
    pub fn write_checkpoint(&self, name: &str, bytes: &[u8]) -> Result<(), RunDirectoryError> {
        self.write(&format!("{CHECKPOINTS}/{}", file_name(name)?), bytes)
    }

    /// Reads back `checkpoints/NAME`; none if it was not written.
    ///
    /// # Errors
    /// [`RunDirectoryError::FileName`], [`RunDirectoryError::System`].
    pub fn read_checkpoint(&self, name: &str) -> Result<Option<Vec<u8>>, RunDirectoryError> {
        let path = self.checkpoints().join(file_name(name)?);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(system("read", &path)(error)),
        }
    }

    /// Writes `report.html`.
    ///
    /// # Errors
    /// [`RunDirectoryError::System`].
    pub fn write_report(&self, page: &str) -> Result<(), RunDirectoryError> {
        self.write(REPORT, page.as_bytes())
    }

    /// Records that the run is finished or interrupted, with its times, and gives the directory up.
    ///
    /// # Errors
    /// [`RunDirectoryError::System`].
    pub fn close(mut self, status: Status) -> Result<Manifest, RunDirectoryError> {
        self.manifest.status = status;
        self.manifest.finished = (status != Status::Running).then(now);
        self.record()?;
        Ok(self.manifest)
    }

    /// Brings the working time in the manifest up to date, so that a kill loses little of it.
    ///
    /// # Errors
    /// [`RunDirectoryError::System`].
    pub fn record(&mut self) -> Result<(), RunDirectoryError> {
        self.manifest.wall_seconds = self.seconds_before + self.since.elapsed().as_secs_f64();
        self.write_manifest()
    }

    fn write_manifest(&self) -> Result<(), RunDirectoryError> {
        let mut text = serde_json::to_string_pretty(&self.manifest).map_err(|error| {
            RunDirectoryError::Manifest { path: MANIFEST.to_owned(), message: error.to_string() }
        })?;
        text.push('\n');
        self.write(MANIFEST, text.as_bytes())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunDirectoryError> {
        let path = self.path.join(name);
        atomic_file::write(&path, bytes).map_err(system("write", &path))
    }
}

/// Reads the resolved study and the manifest of a run, whether or not a process works on it. A status of
/// [`Status::Running`] may be that of a process that was killed.
///
/// # Errors
/// [`RunDirectoryError::NoRun`], [`RunDirectoryError::Manifest`].
pub fn read_run(path: &Path) -> Result<(String, Manifest), RunDirectoryError> {
    let no_run = |_| RunDirectoryError::NoRun(path.display().to_string());
    let text = fs::read_to_string(path.join(STUDY)).map_err(no_run)?;
    let manifest = fs::read_to_string(path.join(MANIFEST)).map_err(no_run)?;
    let manifest = serde_json::from_str(&manifest).map_err(|error| RunDirectoryError::Manifest {
        path: path.join(MANIFEST).display().to_string(),
        message: error.to_string(),
    })?;
    Ok((text, manifest))
}

#[cfg(test)]
mod tests;
