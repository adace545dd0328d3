//! `sgdyn run --plan`: what a run will take.

use crate::aligned::{Align, Aligned};
use crate::failure::Failure;
use crate::output::print;
use sgdyn::study::{CellPlan, Study, plan};
use sgdyn_report::significant;
use std::fmt::Write as _;
use std::process::ExitCode;

/// Prints one line per cell and the sum.
pub(crate) fn show_plan(study: &Study, threads: usize) -> Result<ExitCode, Failure> {
    print(&plan_text(&plan(study, threads)?, threads));
    Ok(ExitCode::SUCCESS)
}

fn plan_text(cells: &[CellPlan], threads: usize) -> String {
    let mut table = Aligned::new([
        ("cell", Align::Right),
        ("settings", Align::Left),
        ("replicas", Align::Right),
        ("steps", Align::Right),
        ("time", Align::Right),
        ("memory", Align::Right),
    ]);
    let unknown = || "?".to_owned();
    for cell in cells {
        table.push([
            cell.cell.to_string(),
            cell.settings.clone(),
            cell.replicas.to_string(),
            cell.steps.map_or_else(unknown, |steps| significant(steps, 3)),
            cell.seconds.map_or_else(unknown, duration),
            bytes(cell.bytes),
        ]);
    }
    let known: Vec<f64> = cells.iter().filter_map(|cell| cell.seconds).collect();
    let most = cells.iter().map(|cell| cell.bytes).max().unwrap_or(0);
    let more = if known.len() < cells.len() { "at least " } else { "" };
    let mut text = table.to_string();
    let _ = writeln!(
        text,
        "\n{} on {}: {more}{}, {} of memory",
        count(cells.len(), "cell"),
        count(threads, "thread"),
        duration(known.iter().sum()),
        bytes(most),
    );
    text
}

fn count(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// A duration in the unit that fits, two digits.
pub(crate) fn duration(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 1e-3 => (s * 1e6, "µs"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s if s < 120.0 => (s, "s"),
        s if s < 7200.0 => (s / 60.0, "min"),
        s if s < 172_800.0 => (s / 3600.0, "h"),
        s => (s / 86_400.0, "days"),
    };
    format!("{} {unit}", significant(value, 2))
}

fn bytes(bytes: u64) -> String {
    let (value, unit) = match bytes {
        0..1_024 => return format!("{bytes} B"),
        1_024..1_048_576 => (bytes as f64 / 1024.0, "KiB"),
        1_048_576..1_073_741_824 => (bytes as f64 / 1_048_576.0, "MiB"),
        _ => (bytes as f64 / 1_073_741_824.0, "GiB"),
    };
    format!("{} {unit}", significant(value, 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_a_table_with_its_sum() {
        let cell = |cell, settings: &str, seconds| CellPlan {
            cell,
            settings: settings.into(),
            replicas: 1000,
            steps: Some(270.0),
            seconds,
            bytes: 3 << 20,
        };
        let text = plan_text(&[cell(0, "beta = 1", Some(0.25)), cell(1, "beta = 3", Some(90.0))], 2);
        assert_eq!(
            text,
            "cell  settings  replicas  steps    time  memory\n\
             \u{20}  0  beta = 1      1000    270  250 ms   3 MiB\n\
             \u{20}  1  beta = 3      1000    270    90 s   3 MiB\n\n\
             2 cells on 2 threads: 90 s, 3 MiB of memory\n"
        );
        assert!(plan_text(&[cell(0, "", None)], 1).contains("1 cell on 1 thread: at least 0 µs"));
    }
}
