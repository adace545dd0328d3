//! The commands as a shell sees them: exit code, standard output, standard error.

mod common;

use std::path::Path;
use std::process::Command;

use common::{SMALL, sgdyn, with_study};

/// Exit code and both streams, as a snapshot shows them.
fn told(arguments: &[&str]) -> String {
    let output = sgdyn(Path::new("."), arguments);
    format!(
        "exit code: {}\n--- stdout\n{}--- stderr\n{}",
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn small() -> tempfile::TempDir {
    with_study("small.toml", SMALL)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

#[test]
fn help() {
    insta::assert_snapshot!("help", told(&["--help"]));
    for command in ["list", "show", "run", "resume", "report"] {
        insta::assert_snapshot!(format!("help-{command}"), told(&[command, "--help"]));
    }
}

#[test]
fn every_ready_study_is_listed_and_shown() {
    let list = text(&sgdyn(Path::new("."), &["list"]).stdout);
    assert!(list.starts_with("study "), "{list}");
    for ready in sgdyn::study::ready::list() {
        assert!(list.lines().any(|line| line.starts_with(&format!("{} ", ready.name))), "{}", ready.name);
        let shown = sgdyn(Path::new("."), &["show", ready.name]);
        assert_eq!((shown.status.code(), text(&shown.stdout).as_str()), (Some(0), ready.text));
    }
}

#[test]
fn a_resolved_study_shows_changes_and_defaults_and_resolves_to_itself() {
    let directory = small();
    let arguments = ["show", "small.toml", "--resolved", "--seed", "9", "--set", "rule.beta=4"];
    let shown = text(&sgdyn(directory.path(), &arguments).stdout);
    for line in ["seed = 9", "beta = 4.0", "crossing_correction = true"] {
        assert!(shown.lines().any(|shown| shown == line), "{line} in {shown}");
    }
    std::fs::write(directory.path().join("again.toml"), &shown).unwrap();
    assert_eq!(text(&sgdyn(directory.path(), &["show", "again.toml", "--resolved"]).stdout), shown);
}

#[test]
fn mistakes_are_told_with_their_place_and_remedy() {
    insta::assert_snapshot!(
        "unknown-study",
        told(&["run", "duble-well-escape"]).split("; there are").next().unwrap()
    );
    insta::assert_snapshot!("unknown-key", told(&["run", "double-well-escape", "--set", "rule.betta=3"]));
    insta::assert_snapshot!("not-a-run", told(&["resume", "src"]));
    insta::assert_snapshot!("not-a-run-report", told(&["report", "nowhere"]));
    insta::assert_snapshot!("unknown-simd", told(&["list", "--simd", "sse"]));
    insta::assert_snapshot!("changes-need-resolved", told(&["show", "double-well-escape", "--quick"]));
    let directory = small();
    std::fs::write(directory.path().join("bad.toml"), SMALL.replace("beta =", "betta =")).unwrap();
    let bad = sgdyn(directory.path(), &["run", "bad.toml"]);
    assert_eq!(bad.status.code(), Some(2));
    insta::assert_snapshot!("bad-key", text(&bad.stderr));
    assert!(!directory.path().join("runs").exists(), "nothing is made for a study that cannot be run");
}

#[test]
fn a_plan_runs_and_writes_nothing() {
    let directory = small();
    let plan = sgdyn(directory.path(), &["run", "small.toml", "--plan", "--threads", "2"]);
    let shown = text(&plan.stdout);
    assert_eq!(plan.status.code(), Some(0), "{}", text(&plan.stderr));
    assert!(shown.contains("beta = 1") && shown.contains("2 cells on 2 threads"), "{shown}");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_run_fills_its_directory_and_can_be_reported_again() {
    let directory = small();
    let run = sgdyn(directory.path(), &["run", "small.toml", "--threads", "1"]);
    let shown = text(&run.stdout);
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    assert!(
        shown.contains("escape_time") && shown.ends_with("report: runs/small-1/report.html\n"),
        "{shown}"
    );
    let path = directory.path().join("runs/small-1");
    for file in [
        "study.toml",
        "manifest.json",
        "results.json",
        "report.html",
        "tables/rows.csv",
        "tables/rows.parquet",
        "tables/survival.csv",
        "figures/escape-time.svg",
        "figures/escape-time.png",
        "figures/survival.svg",
    ] {
        assert!(path.join(file).is_file(), "{file}");
    }
    let (page, rows) = (read(&path, "report.html"), read(&path, "tables/rows.csv"));
    assert!(page.contains("A small escape") && !page.contains("Interrupted"));

    std::fs::remove_dir_all(path.join("figures")).unwrap();
    std::fs::remove_file(path.join("report.html")).unwrap();
    let report = sgdyn(directory.path(), &["report", "runs/small-1"]);
    assert_eq!(report.status.code(), Some(0), "{}", text(&report.stderr));
    assert_eq!(read(&path, "report.html"), page);
    assert!(path.join("figures/escape-time.png").is_file());

    let resumed = sgdyn(directory.path(), &["resume", "runs/small-1"]);
    assert_eq!(resumed.status.code(), Some(0), "{}", text(&resumed.stderr));
    assert_eq!(read(&path, "tables/rows.csv"), rows);
}

#[test]
fn a_run_is_replaced_only_by_force() {
    let directory = small();
    let base = ["run", "small.toml", "--set", "rule.beta=1", "--out", "here"];
    assert_eq!(sgdyn(directory.path(), &base).status.code(), Some(0));
    let refused = sgdyn(directory.path(), &base);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("here holds a run of `small`"), "{}", text(&refused.stderr));
    assert_eq!(sgdyn(directory.path(), &[&base[..], &["--force"]].concat()).status.code(), Some(0));
}

#[test]
fn json_is_one_document_whatever_the_threads() {
    let directory = small();
    let run =
        |threads| sgdyn(directory.path(), &["run", "small.toml", "--json", "--threads", threads]).stdout;
    let (one, three) = (text(&run("1")), text(&run("3")));
    assert_eq!(one, three);
    let document: serde_json::Value = serde_json::from_str(&one).expect("one document");
    assert_eq!((document["study"].as_str(), document["seed"].as_u64()), (Some("small"), Some(3)));
    let rows = document["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 4);
    assert!(rows.iter().all(|row| row["escape_time"].is_f64() && row["escape_time_stderr"].is_f64()));
    assert!(document["verdicts"].is_array());
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_keeps_what_is_finished() {
    let directory = small();
    // The second cell would take days; the first is done at once.
    let long = SMALL.replace("[1.0, 2.0]", "[1.0, 40.0]").replace("1e4", "1e9").replace("256", "64");
    std::fs::write(directory.path().join("long.toml"), long).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_sgdyn"))
        .args(["run", "long.toml", "--out", "long", "--threads", "1"])
        .current_dir(directory.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut first_line = String::new();
    let mut stderr = std::io::BufReader::new(child.stderr.take().expect("a pipe"));
    std::io::BufRead::read_line(&mut stderr, &mut first_line).unwrap();
    assert!(first_line.starts_with("cell 1 of 2 (beta = 1)"), "{first_line}");
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(kill.success());
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut stderr, &mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
    assert!(rest.contains("resume with: sgdyn resume long"), "{rest}");
    let path = directory.path().join("long");
    assert_eq!(read(&path, "tables/rows.csv").lines().count(), 3, "a header and two targets");
    assert!(read(&path, "manifest.json").contains("\"interrupted\""));
    assert!(read(&path, "report.html").contains("Interrupted: 1 of 2 cells"));
}

fn read(directory: &Path, file: &str) -> String {
    std::fs::read_to_string(directory.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}
