//! What escape times say of the theories that predict them, and which assumption a case breaks where they fail.

use super::rows::{Row, Rows};
use super::verdicts::{all, groups, percent, verdict};
use crate::study::{Holds, Verdict};

/// How near a theory must come where its barrier is highest: its own corrections are of relative order 1/exponent.
const TOLERANCE: f64 = 0.2;
/// How near rates per gate must be.
const GATE_TOLERANCE: f64 = 0.1;
/// Relative differences of predictions per gate that count as none.
const EQUAL: f64 = 1e-6;
/// At most so many cases are listed.
const MOST_LISTED: usize = 6;

/// The columns and what they are called.
const THEORIES: [(&str, &str); 8] = [
    ("kramers", "Eyring–Kramers"),
    ("kramers_corrected", "Eyring–Kramers with the first correction in 1/β"),
    ("sgld", "the SGLD theorem"),
    ("langer", "Kramers and Langer's formula"),
    ("sgd_density", "the SGD theorem with continuous density (2π/|H_be|)"),
    ("sgd_flux", "the SGD theorem with continuous flux (2π/H_ae)"),
    ("loss_proportional", "the power law of loss-proportional noise"),
    ("levy", "the exit by one large jump"),
];

/// A time over its prediction.
struct Case<'a> {
    row: &'a Row,
    predicted: f64,
    ratio: f64,
    stderr: f64,
}

/// The verdicts on the theories whose predictions stand beside the times in `column`.
pub(super) fn theory_verdicts(rows: &Rows, column: &str) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> =
        THEORIES.iter().filter_map(|(suffix, name)| held(rows, column, suffix, name)).collect();
    verdicts.extend(nearer(rows, column));
    verdicts.extend(gates(rows, column));
    verdicts
}

fn cases<'a>(rows: &[&'a Row], column: &str, suffix: &str) -> Vec<Case<'a>> {
    rows.iter()
        .filter_map(|&row| {
            let predicted = row.value(&format!("{column}_predicted_{suffix}"))?;
            let exact = row.value(&format!("{column}_exact"));
            let stderr = row.value(&format!("{column}_stderr"));
            // A mean over the few that exited before the horizon is none.
            let censored = row.value("censored").is_some_and(|censored| censored > 0.0);
            let measured = row.value(column).filter(|_| !censored);
            let (time, stderr) = match exact {
                Some(exact) => (exact, 0.0),
                None => (measured?, stderr.unwrap_or(0.0)),
            };
            let ratio = time / predicted;
            ratio.is_finite().then_some(Case { row, predicted, ratio, stderr: stderr / predicted })
        })
        .collect()
}

fn of_case(row: &Row) -> String {
    let target = row.word("target").unwrap_or_default();
    let settings = row.settings();
    if settings.is_empty() { target.to_owned() } else { format!("{settings}, {target}") }
}

/// Does a theory give the time where its barrier is highest?
fn held(rows: &Rows, column: &str, suffix: &str, name: &str) -> Option<Verdict> {
    let kind = |row: &Row| {
        let (rule, target) = (row.word("rule").unwrap_or_default(), row.word("target").unwrap_or_default());
        format!("{rule} {target} {:?}", row.value("target_gates"))
    };
    let mut highest: Vec<Case<'_>> = Vec::new();
    let mut number = 0;
    for (_, members) in groups(rows, kind) {
        let cases = cases(&members, column, suffix);
        number += cases.len();
        highest.extend(cases.into_iter().max_by(|a, b| a.predicted.total_cmp(&b.predicted)));
    }
    let worst = highest.iter().max_by(|a, b| (a.ratio - 1.0).abs().total_cmp(&(b.ratio - 1.0).abs()))?;
    let holds = all(highest.iter().map(|case| {
        let off = (case.ratio - 1.0).abs();
        if off + 2.0 * case.stderr <= TOLERANCE {
            Holds::Yes
        } else if off - 2.0 * case.stderr > TOLERANCE {
            Holds::No
        } else {
            Holds::NotResolved
        }
    }));
    let listed: Vec<String> = highest
        .iter()
        .take(MOST_LISTED)
        .map(|case| format!("{:.3} at {}", case.ratio, of_case(case.row)))
        .collect();
    let broken: Vec<&str> = highest
        .iter()
        .filter(|case| (case.ratio - 1.0).abs() > TOLERANCE)
        .filter_map(|case| case.row.word("assumptions_broken"))
        .filter(|text| !text.is_empty())
        .collect();
    let because = match (holds, broken.first()) {
        (Holds::No, Some(first)) => format!("; the case breaks: {first}"),
        (Holds::No, None) => {
            format!("; at {} no assumption is seen to be broken", of_case(worst.row))
        }
        _ => String::new(),
    };
    let detail = format!("time over prediction {}{because}; {number} case(s) in all", listed.join("; "));
    Some(verdict(format!("{name} gives the time within 20 % where the barrier is highest"), holds, detail))
}

/// Does Kramers' law come nearer as the temperature falls? Asked where times are exact or from a grid.
fn nearer(rows: &Rows, column: &str) -> Option<Verdict> {
    let members: Vec<&Row> = rows
        .iter()
        .filter(|row| row.word("rule") == Some("langevin"))
        .filter(|row| {
            row.value(&format!("{column}_exact")).is_some()
                || row.value(&format!("{column}_stderr")).is_none()
        })
        .collect();
    let ratios: Vec<(f64, f64)> = cases(&members, column, "kramers")
        .iter()
        .filter_map(|case| Some((case.row.value("beta")?, (case.ratio - 1.0).abs())))
        .collect();
    let hot = ratios.iter().map(|ratio| ratio.0).fold(f64::INFINITY, f64::min);
    let cold = ratios.iter().map(|ratio| ratio.0).fold(0.0, f64::max);
    if hot >= cold {
        return None;
    }
    let error =
        |beta: f64| ratios.iter().filter(|ratio| ratio.0 == beta).map(|ratio| ratio.1).fold(0.0, f64::max);
    let holds = if error(cold) < error(hot) { Holds::Yes } else { Holds::No };
    Some(verdict(
        "Kramers' law comes nearer to the exact time as the temperature falls",
        holds,
        format!(
            "largest error {} at β = {hot}, {} at β = {cold}",
            percent(error(hot)).trim_start_matches('+'),
            percent(error(cold)).trim_start_matches('+')
        ),
    ))
}

/// Are n equivalent gates left n times as fast? Asked of cases that differ in the number of gates and not in the
/// prediction for one of them.
fn gates(rows: &Rows, column: &str) -> Option<Verdict> {
    let per_gate = |case: &Case<'_>| Some(case.predicted * case.row.value("target_gates")?);
    let members: Vec<&Row> = rows.iter().collect();
    let mut cases = cases(&members, column, "kramers");
    // The highest barrier stands for all.
    let highest = cases.iter().filter_map(per_gate).fold(0.0, f64::max);
    cases.retain(|case| per_gate(case).is_some_and(|time| (time / highest - 1.0).abs() < EQUAL));
    let mut counts: Vec<f64> = cases.iter().filter_map(|case| case.row.value("target_gates")).collect();
    counts.sort_by(f64::total_cmp);
    counts.dedup();
    let [fewest, .., most] = counts[..] else { return None };
    // The rate per gate over its prediction is 1/ratio: proportional rates have one ratio.
    let low = cases.iter().min_by(|a, b| a.ratio.total_cmp(&b.ratio))?;
    let high = cases.iter().max_by(|a, b| a.ratio.total_cmp(&b.ratio))?;
    let spread = high.ratio / low.ratio - 1.0;
    let stderr = (high.stderr / high.ratio).hypot(low.stderr / low.ratio);
    let holds = if spread + 2.0 * stderr <= GATE_TOLERANCE {
        Holds::Yes
    } else if spread - 2.0 * stderr > GATE_TOLERANCE {
        Holds::No
    } else {
        Holds::NotResolved
    };
    let detail = format!(
        "from {fewest} to {most} gates the rate per gate over that of Eyring–Kramers is {:.4} to {:.4}, a spread of {} ± {:.2} %",
        1.0 / high.ratio,
        1.0 / low.ratio,
        percent(spread),
        100.0 * stderr
    );
    Some(verdict("n equivalent gates are left n times as fast, to 10 %", holds, detail))
}
