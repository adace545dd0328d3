//! What rows of rare events say.

use super::rows::{Row, Rows};
use super::verdicts::{all, groups, percent, verdict};
use crate::study::{Holds, RareEvent, RareQuantity, Verdict};

/// Deviations beyond so many standard errors are not chance.
const SIGMAS: f64 = 4.0;
/// What an integrator may be off, besides chance.
const INTEGRATOR: f64 = 0.01;
/// A number known to this relative standard error is measured.
const MEASURED: f64 = 0.05;
/// Below this probability, paths are split for less work than brute force.
const RARE: f64 = 1e-3;

pub(super) fn rare_event(question: &RareEvent, rows: &Rows) -> Vec<Verdict> {
    let quantity = match question.quantity {
        RareQuantity::Probability => "probability",
        RareQuantity::Rate => "rate",
    };
    let mut verdicts = Vec::new();
    let kind = |row: &Row| {
        let word = |name: &str| row.word(name).unwrap_or_default().to_owned();
        format!("{} of {}", word("method"), word("rule"))
    };
    for (kind, members) in groups(rows, kind) {
        verdicts.extend(against_exact(&kind, quantity, &members));
    }
    let split = || rows.iter().filter(|row| row.word("method") != Some("ensemble"));
    verdicts.extend(measured(quantity, split()));
    verdicts.extend(cheaper(split()));
    let spent: Vec<String> = rows
        .iter()
        .filter(|row| row.is("budget_spent") == Some(true))
        .map(|row| match row.value("level_passed") {
            Some(level) => format!(
                "{}: ended above level {level:.4}, passed with probability {:.1e}",
                row.settings(),
                row.value("probability_of_level").unwrap_or(f64::NAN)
            ),
            None => format!("{}: paths from the start did not end", row.settings()),
        })
        .collect();
    if !spent.is_empty() {
        verdicts.push(verdict("every run ended within its steps", Holds::No, spent.join("; ")));
    }
    let diverged: f64 = rows.iter().filter_map(|row| row.value("diverged")).sum();
    if diverged > 0.0 {
        let detail = format!("{diverged} paths left for infinity and count as failures: take smaller steps");
        verdicts.push(verdict("no path diverged", Holds::No, detail));
    }
    verdicts
}

/// Whether estimates are the exact ones, up to chance and the integrator.
fn against_exact(kind: &str, quantity: &str, members: &[&Row]) -> Option<Verdict> {
    let exact = format!("{quantity}_exact");
    let mut answers = Vec::new();
    let (mut most, mut worst) = (0.0_f64, 0.0_f64);
    for row in members {
        let (Some(value), Some(exact)) = (row.value(quantity), row.value(&exact)) else { continue };
        if row.value("reached") == Some(0.0) {
            continue;
        }
        let error = row.value(&format!("{quantity}_stderr"))?;
        let known = row.value(&format!("{quantity}_exact_error")).unwrap_or(0.0);
        let integrated = row.value("step_size").is_some();
        let allowed = SIGMAS * error.hypot(known) + if integrated { INTEGRATOR * exact } else { 0.0 };
        most = most.max(((value - exact) / error.hypot(known)).abs());
        let deviation = value / exact - 1.0;
        worst = if deviation.abs() > worst.abs() { deviation } else { worst };
        answers.push(if (value - exact).abs() <= allowed { Holds::Yes } else { Holds::No });
    }
    if answers.is_empty() {
        return None;
    }
    let detail = format!(
        "largest deviation {}, at most {most:.1} standard errors (bound {SIGMAS}), over {} {}",
        percent(worst),
        answers.len(),
        if answers.len() == 1 { "case" } else { "cases" }
    );
    Some(verdict(format!("{kind} finds the exact {quantity}"), all(answers.into_iter()), detail))
}

/// Whether standard errors are small enough to call it measured.
fn measured<'a>(quantity: &str, rows: impl Iterator<Item = &'a Row>) -> Option<Verdict> {
    let errors: Vec<(f64, f64)> =
        rows.filter_map(|row| Some((row.value(quantity)?, row.value("relative_error")?))).collect();
    let worst = errors.iter().map(|error| error.1).fold(0.0, f64::max);
    let least = errors.iter().map(|error| error.0).reduce(f64::min)?;
    let holds = if worst <= MEASURED { Holds::Yes } else { Holds::No };
    let claim = format!(
        "each {quantity} is known to a relative standard error of {}",
        percent(MEASURED).trim_start_matches('+')
    );
    Some(verdict(claim, holds, format!("largest {:.1} %; least {quantity} {least:.2e}", 100.0 * worst)))
}

/// Whether splitting takes less work than brute force would.
fn cheaper<'a>(rows: impl Iterator<Item = &'a Row>) -> Option<Verdict> {
    let rare = rows.filter(|row| row.value("probability").is_some_and(|value| value <= RARE));
    let ratios: Vec<(f64, f64)> =
        rare.filter_map(|row| Some((row.value("probability")?, row.value("speed_up")?))).collect();
    let (p, least) = ratios.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let most = ratios.iter().map(|ratio| ratio.1).fold(0.0, f64::max);
    let holds = if least > 1.0 { Holds::Yes } else { Holds::No };
    let detail = format!(
        "in steps, at equal relative error: {least:.1} times less at p = {p:.1e}, up to {most:.1e} times"
    );
    Some(verdict("splitting takes less work than brute force where p ≤ 0.001", holds, detail))
}
