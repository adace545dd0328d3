//! `sgdyn list`: the ready studies.

use crate::aligned::{Align, Aligned};
use crate::failure::Failure;
use crate::output::print;
use sgdyn::study::{Overrides, Study, ready};
use std::process::ExitCode;

/// Prints name, kind and title of every ready study.
pub(crate) fn list() -> Result<ExitCode, Failure> {
    let mut table = Aligned::new([("study", Align::Left), ("kind", Align::Left), ("about", Align::Left)]);
    for ready in ready::list() {
        let study = Study::parse(ready.name, ready.text, &Overrides::default()).map_err(Failure::usage)?;
        let first = study.first();
        let about = first.title.clone().or_else(|| first.description.clone()).unwrap_or_default();
        table.push([ready.name.to_owned(), first.question.name().to_owned(), about]);
    }
    print(&table.to_string());
    Ok(ExitCode::SUCCESS)
}
