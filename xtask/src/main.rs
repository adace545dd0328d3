//! Project tasks: `cargo xtask test` and `cargo xtask check`, the same commands for a person and for a machine.

use std::env;
use std::process::{Command, ExitCode, ExitStatus};

const HELP: &str = "\
cargo xtask TASK

  test    every test: units, integration, documentation
  check   formatting, lints and documentation, each warning an error
  help    this text

A task stops at the first command that fails, with that command's exit code.";

/// One command of a task.
struct Step {
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

// Without --all-targets, which would leave out the documentation tests.
const TEST: &[Step] = &[Step { arguments: &["test", "--workspace"], environment: &[] }];

const CHECK: &[Step] = &[
    Step { arguments: &["fmt", "--all", "--check"], environment: &[] },
    Step {
        arguments: &["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"],
        environment: &[],
    },
    Step { arguments: &["doc", "--workspace", "--no-deps"], environment: &[("RUSTDOCFLAGS", "-D warnings")] },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["test"] => perform(TEST),
        ["check"] => perform(CHECK),
        [] | ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            ExitCode::SUCCESS
        }
        other => {
            eprintln!("error: no task `{}`\n\n{HELP}", other.join(" "));
            ExitCode::from(2)
        }
    }
}

fn perform(steps: &[Step]) -> ExitCode {
    for step in steps {
        let shown = shown(step);
        eprintln!("$ {shown}");
        match command(step).status() {
            Ok(status) if status.success() => {}
            Ok(status) => {
                eprintln!("error: `{shown}` failed: {status}");
                return exit_code(status);
            }
            Err(error) => {
                eprintln!("error: `{shown}` could not be started: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

fn command(step: &Step) -> Command {
    // Cargo tells its children where it is; another toolchain may come first in PATH.
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(step.arguments).envs(step.environment.iter().copied());
    command
}

fn shown(step: &Step) -> String {
    let settings = step.environment.iter().map(|(name, value)| format!("{name}='{value}' "));
    settings.chain(["cargo ".to_owned(), step.arguments.join(" ")]).collect()
}

/// The child's code, or 1 where a signal ended it.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    ExitCode::from(code.unwrap_or(1))
}
