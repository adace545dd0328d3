//! A run that is killed outright and resumed ends with the bits of a run that was not.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const STUDY: &str = r#"
study = "escape"
[landscape]
formula = "x^4 - 2*x^2"
[rule]
name = "langevin"
beta = [1.0, 3.0]
step_size = 0.01
[escape]
start = [1.0]
target = ["x <= 0", "x <= -1"]
[ensemble]
replicas = 150000
"#;

fn sgdyn() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sgdyn"));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn tables(directory: &Path) -> Vec<Vec<u8>> {
    ["rows.csv", "rows.parquet", "survival.csv"]
        .iter()
        .map(|name| {
            std::fs::read(directory.join("tables").join(name)).expect("a finished run has its tables")
        })
        .collect()
}

/// SIGKILL comes as soon as a checkpoint is there, three times over; then the run is resumed to its end, on another
/// number of threads.
#[test]
fn a_killed_run_resumes_to_the_same_bits() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let study = place.path().join("escape.toml");
    std::fs::write(&study, STUDY).expect("the study is written");
    let (whole, killed) = (place.path().join("whole"), place.path().join("killed"));
    let status = sgdyn().arg("run").arg(&study).arg("--out").arg(&whole).status().expect("sgdyn runs");
    assert!(status.success());

    let mut kills = 0;
    for attempt in 0..3 {
        let mut command = sgdyn();
        if attempt == 0 {
            command.arg("run").arg(&study).arg("--out").arg(&killed);
        } else {
            command.arg("resume").arg(&killed);
        }
        let mut child = command.arg("--threads").arg((attempt + 1).to_string()).spawn().expect("sgdyn runs");
        let before = checkpoints(&killed);
        let begun = Instant::now();
        // A checkpoint newer than all before, or the end of the run.
        while child.try_wait().expect("the child can be asked").is_none() {
            let written = checkpoints(&killed);
            if written > before && begun.elapsed() > Duration::from_millis(200) {
                child.kill().expect("the child is killed");
                kills += 1;
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        child.wait().expect("the child is waited for");
    }
    assert!(kills >= 1, "the run was too short to be killed");
    let status = sgdyn().arg("resume").arg(&killed).args(["--threads", "1"]).status().expect("sgdyn runs");
    assert!(status.success());
    assert_eq!(tables(&killed), tables(&whole));
}

/// When the newest checkpoint was written.
fn checkpoints(directory: &Path) -> Option<std::time::SystemTime> {
    let entries = std::fs::read_dir(directory.join("checkpoints")).ok()?;
    entries.filter_map(|entry| entry.ok()?.metadata().ok()?.modified().ok()).max()
}
