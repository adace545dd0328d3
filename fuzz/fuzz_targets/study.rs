//! A study of any text is read or refused, and every cell of one that is read can be taken.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sgdyn::study::{Overrides, Study};

/// A sweep may have a million cells; its corners are looked at.
const CELLS: usize = 64;

fuzz_target!(|text: &str| {
    let Ok(study) = Study::parse("fuzz", text, &Overrides::default()) else { return };
    for cell in study.cells().take(CELLS) {
        cell.expect("a study is checked as a whole when it is read");
    }
    let resolved = study.resolved_toml();
    let again = Study::parse("fuzz", &resolved, &Overrides::default());
    assert!(again.is_ok(), "not read again: {resolved}");
});
