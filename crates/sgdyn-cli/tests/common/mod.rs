//! The binary under test, and a small study for it.

use std::path::Path;
use std::process::{Command, Output};

/// A study that takes a moment.
pub(crate) const SMALL: &str = r#"
study = "escape"
title = "A small escape"
seed = 3

[landscape]
formula = "x^4 - 2*x^2"

[rule]
name = "langevin"
beta = [1.0, 2.0]
step_size = 0.01

[escape]
start = [1.0]
target = ["x <= 0", "x <= -0.5"]
max_time = 1e4

[ensemble]
replicas = 256
"#;

/// The binary, free of what the tester's shell may set.
pub(crate) fn sgdyn(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sgdyn"))
        .args(arguments)
        .current_dir(directory)
        .env_remove("SGDYN_SIMD")
        .env_remove("COLUMNS")
        .output()
        .expect("the binary starts")
}

/// A directory that holds a study in a file of this name.
pub(crate) fn with_study(name: &str, text: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(directory.path().join(name), text).expect("a file");
    directory
}
