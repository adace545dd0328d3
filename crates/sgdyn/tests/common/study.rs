//! Studies run from their text.

use std::sync::atomic::AtomicBool;

use serde_json::Value;
use sgdyn::study::{Conditions, Overrides, Results, RunError, Study, run};

pub(crate) fn results_on(threads: usize, text: &str) -> Result<Results, RunError> {
    let study = Study::parse("test", text, &Overrides::default()).unwrap_or_else(|error| panic!("{error}"));
    let stop = AtomicBool::new(false);
    run(&study, &Conditions { threads, stop: &stop, directory: None, progress: &|_| {} })
}

pub(crate) fn results(text: &str) -> Results {
    results_on(2, text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

pub(crate) fn rows(text: &str) -> Vec<Value> {
    results(text).rows.to_json_rows()
}

pub(crate) fn number(row: &Value, column: &str) -> f64 {
    row[column].as_f64().unwrap_or_else(|| panic!("{column} in {row}"))
}

pub(crate) fn refusal(text: &str) -> String {
    match results_on(2, text) {
        Ok(_) => panic!("this study is refused:\n{text}"),
        Err(error) => error.to_string(),
    }
}
