//! Runs a ready study without the command line: `cargo run --release -p sgdyn --example run_study -- ou-stationary --quick`.

use sgdyn::study::{Conditions, Overrides, Study, ready, run};
use std::error::Error;
use std::sync::atomic::AtomicBool;

fn main() -> Result<(), Box<dyn Error>> {
    let mut overrides = Overrides::default();
    let mut name = "ou-stationary".to_owned();
    for argument in std::env::args().skip(1) {
        if argument == "--quick" {
            overrides.quick = true;
        } else if argument.contains('=') {
            overrides.set.push(argument);
        } else {
            name = argument;
        }
    }
    let ready = ready::find(&name)?;
    let study = Study::parse(ready.name, ready.text, &overrides)?;
    let stop = AtomicBool::new(false);
    let conditions = Conditions { threads: 2, stop: &stop, directory: None, progress: &|_| {} };
    let results = run(&study, &conditions)?;
    print!("{}", results.rows.to_csv());
    for verdict in &results.verdicts {
        println!("{}: {} ({})", verdict.holds, verdict.claim, verdict.detail);
    }
    Ok(())
}
