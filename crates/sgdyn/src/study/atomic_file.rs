//! Files that are replaced as a whole: a reader, or a restart after a crash, sees the old bytes or the new ones.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the names of unfinished files end in.
const UNFINISHED: &str = ".unfinished";

/// Tells apart the unfinished files of threads that write at the same time.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Writes `bytes` to `path`: into a new file beside it that is synchronised, then renamed.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?.to_owned();
    name.push(format!(".{}-{number}{UNFINISHED}", std::process::id()));
    let unfinished = path.with_file_name(name);
    let written = write_and_rename(&unfinished, path, bytes);
    if written.is_err() {
        // On a full disk the half that was written only takes room; the first error is the one to tell.
        let _ = fs::remove_file(&unfinished);
    }
    written
}

fn write_and_rename(unfinished: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(unfinished, path)?;
    // The rename itself is on disk only when the directory is; where directories cannot be opened, rename suffices.
    #[cfg(unix)]
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

/// Whether a file of this name is one that [`write()`] had not finished.
pub(crate) fn is_unfinished(name: &str) -> bool {
    name.ends_with(UNFINISHED)
}

/// Removes what a killed process left unfinished in a directory.
pub(crate) fn remove_unfinished(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if is_unfinished(&entry.file_name().to_string_lossy()) && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_replaces_the_file_and_leaves_nothing_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("manifest.json");
        write(&path, b"old").unwrap();
        write(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_keeps_the_old_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("taken");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("inside"), b"kept").unwrap();
        assert!(write(&path, b"new").is_err());
        assert_eq!(fs::read(path.join("inside")).unwrap(), b"kept");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        assert!(write(Path::new("/"), b"").is_err());
    }

    #[test]
    fn what_a_kill_left_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("a.csv.12-0.unfinished"), b"half").unwrap();
        fs::write(directory.path().join("a.csv"), b"whole").unwrap();
        remove_unfinished(directory.path()).unwrap();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
