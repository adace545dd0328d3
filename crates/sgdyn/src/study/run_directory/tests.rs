//! Tests of the run directory.

use super::*;
use crate::study::{ColumnKind, Overrides};

/// Three cells of a study that no other file changes.
const WELL: &str = r#"
study = "escape"
[landscape]
formula = "x^4 - 2*x^2"
[rule]
name = "langevin"
beta = [1, 3, 5]
step_size = 0.01
[escape]
start = [1.0]
target = "x <= 0"
max_time = 1e5
[ensemble]
replicas = 100_000
"#;

fn study(set: &[&str]) -> Study {
    let set = set.iter().map(ToString::to_string).collect();
    Study::parse("well", WELL, &Overrides { quick: false, set }).unwrap()
}

fn create(path: &Path, existing: Existing) -> Result<RunDirectory, RunDirectoryError> {
    RunDirectory::create(path, &study(&[]), 2, existing)
}

#[test]
fn a_run_is_created_written_closed_and_read() {
    let parent = tempfile::tempdir().unwrap();
    let run = RunDirectory::create_numbered(&parent.path().join("runs"), &study(&[]), 2).unwrap();
    assert!(run.path().ends_with("runs/well-1"));
    let mut table = Table::new("escape", [("beta", ColumnKind::Number)]).unwrap();
    table.push([1.5.into()]).unwrap();
    run.write_table(&table).unwrap();
    run.write_figure("rate.svg", b"<svg/>").unwrap();
    run.write_report("<html>").unwrap();
    let path = run.path().to_owned();
    assert_eq!(fs::read_to_string(path.join("tables/escape.csv")).unwrap(), "beta\n1.5\n");
    assert!(path.join("tables/escape.parquet").is_file());
    let (text, manifest) = read_run(&path).unwrap();
    assert_eq!((text, manifest.status), (study(&[]).resolved_toml(), Status::Running));
    let closed = run.close(Status::Finished).unwrap();
    let (_, manifest) = read_run(&path).unwrap();
    assert_eq!(manifest, closed);
    assert_eq!((manifest.status, manifest.cells, manifest.seed), (Status::Finished, 3, 1));
    assert!(manifest.finished.is_some() && manifest.wall_seconds >= 0.0);
    let second = RunDirectory::create_numbered(&parent.path().join("runs"), &study(&[]), 2).unwrap();
    assert!(second.path().ends_with("runs/well-2"));
}

#[test]
fn foreign_directories_and_existing_runs_are_not_touched() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("thesis.tex"), b"years").unwrap();
    for existing in [Existing::Refuse, Existing::Replace] {
        assert!(matches!(create(directory.path(), existing), Err(RunDirectoryError::NotARun(_))));
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    // A web application has a manifest as well.
    let application = directory.path().join("application");
    fs::create_dir(&application).unwrap();
    fs::write(application.join(MANIFEST), r#"{"name": "app", "icons": []}"#).unwrap();
    assert!(matches!(create(&application, Existing::Replace), Err(RunDirectoryError::NotARun(_))));
    assert_eq!(fs::read_dir(&application).unwrap().count(), 1);

    let path = directory.path().join("run");
    let run = create(&path, Existing::Refuse).unwrap();
    run.write_checkpoint("unit-0", b"work").unwrap();
    run.close(Status::Interrupted).unwrap();
    fs::write(path.join("notes.md"), b"mine").unwrap();
    let refused = create(&path, Existing::Refuse).unwrap_err();
    assert!(matches!(refused, RunDirectoryError::Exists { status: Status::Interrupted, .. }), "{refused}");
    let run = create(&path, Existing::Replace).unwrap();
    assert_eq!(run.read_checkpoint("unit-0").unwrap(), None);
    assert_eq!(fs::read(path.join("notes.md")).unwrap(), b"mine");
}

#[test]
fn a_run_is_worked_on_by_one_process_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let run = create(directory.path(), Existing::Refuse).unwrap();
    let second = RunDirectory::resume(directory.path(), &study(&[]), 1);
    assert!(matches!(second, Err(RunDirectoryError::Locked(_))));
    assert!(matches!(create(directory.path(), Existing::Replace), Err(RunDirectoryError::Locked(_))));
    // A process that dies leaves its status, and its lock is gone.
    drop(run);
    let run = RunDirectory::resume(directory.path(), &study(&[]), 1).unwrap();
    assert_eq!((run.manifest().status, run.manifest().threads), (Status::Running, 1));
}

#[test]
fn resuming_needs_the_same_study_and_version() {
    let directory = tempfile::tempdir().unwrap();
    let missing = RunDirectory::resume(&directory.path().join("none"), &study(&[]), 1);
    assert!(matches!(missing, Err(RunDirectoryError::NoRun(_))));

    let run = create(directory.path(), Existing::Refuse).unwrap();
    run.write_checkpoint("unit-0", b"work").unwrap();
    fs::write(directory.path().join("tables/t.csv.1-1.unfinished"), b"half").unwrap();
    drop(run);
    let run = RunDirectory::resume(directory.path(), &study(&[]), 1).unwrap();
    assert_eq!(run.read_checkpoint("unit-0").unwrap().as_deref(), Some(&b"work"[..]));
    assert!(fs::read_dir(directory.path().join("tables")).unwrap().next().is_none());
    drop(run);

    let other = RunDirectory::resume(directory.path(), &study(&["ensemble.replicas=7"]), 1).unwrap_err();
    let text = other.to_string();
    assert!(text.contains("`replicas = 100000` there, `replicas = 7` here"), "{text}");

    let manifest = directory.path().join(MANIFEST);
    let text = fs::read_to_string(&manifest).unwrap();
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    fs::write(&manifest, text.replace(&version, "\"version\": \"0.0.1\"")).unwrap();
    let version = RunDirectory::resume(directory.path(), &study(&[]), 1).unwrap_err().to_string();
    assert!(version.contains("was made by sgdyn 0.0.1"), "{version}");

    fs::write(&manifest, "{").unwrap();
    let broken = RunDirectory::resume(directory.path(), &study(&[]), 1);
    assert!(matches!(broken, Err(RunDirectoryError::Manifest { .. })));
}

#[test]
fn a_run_that_was_killed_as_it_began_can_be_created_again() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(LOCK), b"").unwrap();
    fs::create_dir(directory.path().join(TABLES)).unwrap();
    fs::write(directory.path().join("manifest.json.1-1.unfinished"), b"{").unwrap();
    create(directory.path(), Existing::Refuse).unwrap();
}

#[test]
fn errors_of_the_system_name_the_path_and_names_stay_inside() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, b"").unwrap();
    let error = create(&file.join("run"), Existing::Refuse).unwrap_err().to_string();
    assert!(error.contains("cannot make the directory") && error.contains("file/run"), "{error}");

    let run = create(&directory.path().join("run"), Existing::Refuse).unwrap();
    for name in ["", "../escape", "a/b", ".hidden", "a\0"] {
        assert!(matches!(run.write_figure(name, b""), Err(RunDirectoryError::FileName(_))), "{name:?}");
    }
    let full = RunDirectoryError::System {
        action: "write",
        path: "tables/escape.csv".into(),
        cause: io::ErrorKind::StorageFull.into(),
    };
    assert_eq!(
        full.to_string(),
        "cannot write tables/escape.csv: no storage space (make room and resume: finished work is kept)"
    );
}
