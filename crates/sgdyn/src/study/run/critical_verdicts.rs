//! What searches for critical points say.

use super::rows::{Row, Rows};
use super::verdicts::verdict;
use crate::study::{CriticalPoints, Holds, Verdict};

/// What the searches of all cells say.
pub(super) fn verdicts(question: &CriticalPoints, rows: &Rows, searches: &Rows) -> Vec<Verdict> {
    let mut verdicts = vec![located(question, rows)];
    verdicts.extend(counted(searches));
    verdicts.extend(searches.iter().filter_map(way));
    verdicts
}

/// Are all positions known well enough?
fn located(question: &CriticalPoints, rows: &Rows) -> Verdict {
    let errors: Vec<f64> = rows.iter().filter_map(|row| row.value("position_error")).collect();
    let worst = errors.iter().copied().fold(0.0, f64::max);
    let degenerate = rows.iter().count() - errors.len();
    let holds = if worst > question.tolerance {
        Holds::No
    } else if degenerate > 0 {
        Holds::NotResolved
    } else {
        Holds::Yes
    };
    let rest = if degenerate == 0 {
        String::new()
    } else {
        format!("; {degenerate} degenerate point(s), where a Newton step tells nothing")
    };
    verdict(
        format!("every critical point is located to {:.0e}", question.tolerance),
        holds,
        format!("the largest Newton step left is {worst:.1e}, of {} points{rest}", errors.len()),
    )
}

/// Do the indices sum to what the border of the box asks for?
fn counted(searches: &Rows) -> Option<Verdict> {
    let cases: Vec<(String, Option<f64>, f64)> = searches
        .iter()
        .filter_map(|row| Some((row.settings(), row.value("degree_counted"), row.value("degree")?)))
        .collect();
    if cases.is_empty() {
        return None;
    }
    let holds = super::verdicts::all(cases.iter().map(|(_, counted, degree)| match counted {
        Some(counted) if counted == degree => Holds::Yes,
        Some(_) => Holds::No,
        None => Holds::NotResolved,
    }));
    let told = |(settings, counted, degree): &(String, Option<f64>, f64)| {
        let counted = counted.map_or_else(|| "degenerate points".to_owned(), |counted| counted.to_string());
        let at = if settings.is_empty() { String::new() } else { format!(" at {settings}") };
        format!("{counted} against {degree}{at}")
    };
    let told: Vec<String> =
        cases.iter().filter(|(_, counted, degree)| *counted != Some(*degree)).map(told).collect();
    let detail = if told.is_empty() {
        format!(
            "{} of {} boxes; the sum cannot see a minimum that is missed with its saddle",
            cases.len(),
            cases.len()
        )
    } else {
        told.join("; ")
    };
    Some(verdict("Σ (−1)^index is the degree of ∇L on the border of the box", holds, detail))
}

/// The lowest way that was asked for.
fn way(search: &Row) -> Option<Verdict> {
    let (way, loss, barrier) = (search.word("way")?, search.value("way_loss")?, search.value("way_barrier")?);
    let explored = search.is("explored") == Some(true);
    let settings = search.settings();
    let at = if settings.is_empty() { String::new() } else { format!(" at {settings}") };
    let detail = format!("it climbs {barrier:.6} to a loss of {loss:.6}");
    Some(if explored {
        verdict(format!("{way} is the lowest way over the saddles found{at}"), Holds::Yes, detail)
    } else {
        let rest = "; strings find a way: give `critical-points.lower` and `upper` to compare all in a box";
        verdict(format!("{way} is the lowest way{at}"), Holds::NotResolved, detail + rest)
    })
}
