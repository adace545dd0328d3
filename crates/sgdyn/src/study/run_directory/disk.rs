//! What a run directory does with the file system.

use super::{
    CHECKPOINTS, FIGURES, LOCK, MANIFEST, REPORT, RESULTS, RunDirectoryError, STUDY, TABLES, WEIGHTS,
};
use crate::study::atomic_file;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

pub(super) fn system(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> RunDirectoryError {
    let path = path.display().to_string();
    move |cause| RunDirectoryError::System { action, path, cause }
}

pub(super) fn make_directory(path: &Path) -> Result<(), RunDirectoryError> {
    fs::create_dir_all(path).map_err(system("make the directory", path))
}

pub(super) fn is_empty(path: &Path) -> Result<bool, RunDirectoryError> {
    Ok(fs::read_dir(path).map_err(system("list", path))?.next().is_none())
}

/// Whether there is only what a run writes before its manifest: a run that was killed as it began.
pub(super) fn is_barely_begun(path: &Path) -> Result<bool, RunDirectoryError> {
    if !path.join(LOCK).is_file() {
        return Ok(false);
    }
    for entry in fs::read_dir(path).map_err(system("list", path))? {
        let name = entry.map_err(system("list", path))?.file_name();
        let name = name.to_string_lossy();
        let ours = [LOCK, STUDY, RESULTS, TABLES, FIGURES, CHECKPOINTS].contains(&name.as_ref());
        if !ours && !atomic_file::is_unfinished(&name) {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn lock(path: &Path) -> Result<File, RunDirectoryError> {
    let file = path.join(LOCK);
    let open = File::options().create(true).truncate(false).write(true).open(&file);
    let lock = open.map_err(system("open", &file))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(RunDirectoryError::Locked(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(system("lock", &file)(error)),
    }
}

/// Removes the files of a run. The manifest goes first: what is left without one is no run that could be resumed.
pub(super) fn clear(path: &Path) -> Result<(), RunDirectoryError> {
    for name in [MANIFEST, STUDY, REPORT, RESULTS] {
        let file = path.join(name);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(system("remove", &file)(error));
            }
            _ => {}
        }
    }
    for name in [TABLES, FIGURES, CHECKPOINTS, WEIGHTS] {
        let directory = path.join(name);
        match fs::remove_dir_all(&directory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(system("remove", &directory)(error));
            }
            _ => {}
        }
    }
    atomic_file::remove_unfinished(path).map_err(system("tidy", path))
}

pub(super) fn same_study(path: &Path, theirs: &str, ours: &str) -> Result<(), RunDirectoryError> {
    if theirs == ours {
        return Ok(());
    }
    let (mut theirs, mut ours) = (theirs.lines(), ours.lines());
    for line in 1.. {
        let (their, our) = (theirs.next(), ours.next());
        if their != our || their.is_none() {
            let shown = |line: Option<&str>| line.map_or("nothing".to_owned(), |line| format!("`{line}`"));
            let (theirs, ours) = (shown(their), shown(our));
            return Err(RunDirectoryError::OtherStudy {
                path: path.display().to_string(),
                line,
                theirs,
                ours,
            });
        }
    }
    Ok(())
}

pub(super) fn file_name(name: &str) -> Result<&str, RunDirectoryError> {
    let fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || name.len() > 200 || name.starts_with('.') || !name.bytes().all(fit) {
        return Err(RunDirectoryError::FileName(name.to_owned()));
    }
    Ok(name)
}
