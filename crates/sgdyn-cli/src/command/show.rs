//! `sgdyn show`: the text of a study.

use crate::arguments::Show;
use crate::failure::Failure;
use crate::output::print;
use crate::study_source::Source;
use anyhow::{Context as _, anyhow};
use std::process::ExitCode;

/// Prints the study as it was written, or resolved.
pub(crate) fn show(arguments: &Show) -> Result<ExitCode, Failure> {
    let text = if arguments.resolved {
        arguments.study.read()?.resolved_toml()
    } else if arguments.study.changes_anything() {
        return Err(Failure::usage(anyhow!(
            "--set, --seed and --quick need --resolved: they change the study"
        )));
    } else {
        match Source::find(&arguments.study.study)? {
            Source::Ready(ready) => ready.text.to_owned(),
            Source::File(path) => std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the study {}", path.display()))
                .map_err(Failure::usage)?,
        }
    };
    print(&text);
    Ok(ExitCode::SUCCESS)
}
