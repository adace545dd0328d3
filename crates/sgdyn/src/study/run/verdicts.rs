//! What the rows of a study say of the theories.

use super::grid_verdicts::{density, first_passage};
use super::levy_verdicts;
use super::occupation_verdicts::occupation;
use super::rare_event_verdicts::rare_event;
use super::rows::{Row, Rows};
use super::theory_verdicts::theory_verdicts;
use crate::study::{EscapeSolver, Holds, Question, Verdict};

/// Deviations beyond so many standard errors are not chance: the largest of a thousand rows stays within 4.
const SIGMAS: f64 = 4.0;
/// How near to the exact mean a corrected second-order integrator must come.
const ESCAPE_TOLERANCE: f64 = 0.003;
/// A burn-in of fewer relaxation times of the slowest mode is short.
const SHORTEST_BURN_IN: f64 = 0.9;
/// How near to the measured variance a theory must come to hold.
const VARIANCE_TOLERANCE: f64 = 0.05;

pub(super) fn verdicts(question: &Question, rows: &Rows) -> Vec<Verdict> {
    match question {
        Question::Escape(question) if question.solver == EscapeSolver::Grid => {
            first_passage(rows, "escape_time")
        }
        Question::Escape(_) => escape(rows),
        Question::Stationary(_) => stationary(rows),
        Question::Simulate(_) => simulate(rows),
        Question::Density(_) => density(rows),
        Question::Occupation(_) => occupation(rows),
        Question::FirstPassage(_) => first_passage(rows, "first_passage_time"),
        Question::RareEvent(question) => rare_event(question, rows),
        Question::Laws(_) => super::law_fits::verdicts(rows),
        // Further tables say more than their rows.
        Question::CriticalPoints(_) | Question::Curvature(_) | Question::Train(_) => Vec::new(),
    }
}

pub(super) fn verdict(claim: impl Into<String>, holds: Holds, detail: impl Into<String>) -> Verdict {
    Verdict { claim: claim.into(), holds, detail: detail.into() }
}

/// A relative deviation with its standard error.
#[derive(Clone, Copy)]
struct Deviation {
    value: f64,
    stderr: f64,
}

impl Deviation {
    fn of(row: &Row, measured: &str, theory: &str) -> Option<Self> {
        let (value, exact) = (row.value(measured)?, row.value(theory)?);
        // What is exact on a grid is so up to the error of the grid.
        let error = row.value(&format!("{theory}_error")).unwrap_or(0.0);
        let stderr = row.value(&format!("{measured}_stderr"))?.hypot(error);
        let deviation = Self { value: value / exact - 1.0, stderr: stderr / exact.abs() };
        (deviation.value.is_finite() && deviation.stderr.is_finite()).then_some(deviation)
    }

    /// Whether it is at most `tolerance`, where the standard error can tell.
    fn within(self, tolerance: f64) -> Holds {
        let size = self.value.abs();
        if size <= tolerance && 2.0 * self.stderr <= tolerance.max(2.0 * size) {
            Holds::Yes
        } else if size - 2.0 * self.stderr > tolerance {
            Holds::No
        } else {
            Holds::NotResolved
        }
    }
}

/// The answer for several at once: no if any is no, yes if all are yes.
pub(super) fn all(answers: impl Iterator<Item = Holds>) -> Holds {
    let mut joint = None;
    for answer in answers {
        joint = Some(match (joint, answer) {
            (Some(Holds::No), _) | (_, Holds::No) => Holds::No,
            (Some(Holds::NotResolved), _) | (_, Holds::NotResolved) => Holds::NotResolved,
            _ => Holds::Yes,
        });
    }
    joint.unwrap_or(Holds::NotResolved)
}

/// How rows differ that are judged apart.
fn kind_of(row: &Row) -> String {
    let rule = row.word("rule").unwrap_or("the rule");
    match (row.word("integrator"), row.is("crossing_correction")) {
        (Some(integrator), Some(true)) => format!("{rule} by {integrator} with crossings inside steps"),
        (Some(integrator), Some(false)) => format!("{rule} by {integrator} seen at steps"),
        _ => rule.to_owned(),
    }
}

/// Four digits.
pub(super) fn number(value: f64) -> String {
    let digits = if value == 0.0 || !value.is_finite() { 0.0 } else { value.abs().log10().floor() };
    let places = (3.0 - digits).clamp(0.0, 12.0) as usize;
    format!("{value:.places$}").replace('-', "−")
}

/// The rows by what is judged together, in order of appearance.
pub(super) fn groups(rows: &Rows, key: impl Fn(&Row) -> String) -> Vec<(String, Vec<&Row>)> {
    let mut groups: Vec<(String, Vec<&Row>)> = Vec::new();
    for row in rows.iter() {
        let name = key(row);
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, members)) => members.push(row),
            None => groups.push((name, vec![row])),
        }
    }
    groups
}

pub(super) fn percent(value: f64) -> String {
    format!("{:+.2} %", 100.0 * value).replace('-', "−")
}

fn largest(deviations: &[Deviation]) -> Deviation {
    deviations.iter().copied().fold(Deviation { value: 0.0, stderr: 0.0 }, |largest, next| {
        if next.value.abs() > largest.value.abs() { next } else { largest }
    })
}

fn escape(rows: &Rows) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (kind, members) in groups(rows, kind_of) {
        let exact: Vec<Deviation> =
            members.iter().filter_map(|row| Deviation::of(row, "escape_time", "escape_time_exact")).collect();
        let discrete =
            members.iter().all(|row| row.word("integrator").is_none() && row.word("rule") != Some("levy"));
        if !exact.is_empty() && discrete {
            verdicts.push(agreement(format!("{kind} escapes as its own exact chain"), &exact));
        } else if !exact.is_empty() {
            verdicts.push(against_exact(&kind, &members, &exact));
        }
        let chain: Vec<Deviation> = members
            .iter()
            .filter_map(|row| Deviation::of(row, "escape_time", "escape_time_exact_chain"))
            .collect();
        if !chain.is_empty() && !discrete {
            verdicts.push(agreement(
                format!("{kind} agrees with the integrator's own transfer operator"),
                &chain,
            ));
        }
    }
    verdicts.extend(theory_verdicts(rows, "escape_time"));
    verdicts.extend(super::exit_place::verdicts(rows));
    verdicts.extend(levy_verdicts::verdicts(rows));
    // The rows of one cell are its targets; all of them count the same divergences.
    let first_target = rows.iter().next().and_then(|row| row.word("target"));
    let of_first = |row: &&Row| row.word("target") == first_target;
    let censored: f64 = rows.iter().filter_map(|row| row.value("censored")).sum();
    let diverged: f64 = rows.iter().filter(of_first).filter_map(|row| row.value("diverged")).sum();
    if censored + diverged > 0.0 {
        let detail = format!(
            "{censored} passages censored at the horizon, {diverged} replicas diverged, over all cells: the mean of those that exited is not the mean escape time"
        );
        verdicts.push(verdict("every replica reached its targets", Holds::No, detail + &least_time(rows)));
    }
    verdicts
}

/// What is known of the mean time where nobody arrived: the rate's upper limit.
fn least_time(rows: &Rows) -> String {
    let least = rows
        .iter()
        .filter(|row| row.value("exits") == Some(0.0))
        .filter_map(|row| row.value("escape_rate_upper"))
        .filter(|rate| *rate > 0.0)
        .map(f64::recip)
        .fold(f64::INFINITY, f64::min);
    if least.is_infinite() {
        return String::new();
    }
    format!("; where none exited, it is at least {} by the 95 % interval of the rate", number(least))
}

/// What an integrator's times are beside the exact ones: second order with crossings must be right, what is seen at steps
/// must be late.
fn against_exact(kind: &str, members: &[&Row], exact: &[Deviation]) -> Verdict {
    let low = exact.iter().map(|deviation| deviation.value).fold(f64::INFINITY, f64::min);
    let high = exact.iter().map(|deviation| deviation.value).fold(f64::NEG_INFINITY, f64::max);
    let detail = format!(
        "{} to {} over {} rows; standard error of the largest {:.2} %",
        percent(low),
        percent(high),
        exact.len(),
        100.0 * largest(exact).stderr
    );
    let corrected = members.iter().all(|row| row.is("crossing_correction") == Some(true));
    let first_order = members.iter().any(|row| row.word("integrator") == Some("euler-maruyama"));
    let beyond = |deviation: &Deviation, sign: f64| sign * deviation.value > SIGMAS * deviation.stderr;
    if !corrected && first_order {
        let any = exact.iter().any(|deviation| beyond(deviation, 1.0) || beyond(deviation, -1.0));
        let holds = if any { Holds::Yes } else { Holds::NotResolved };
        let claim =
            format!("{kind} is off by two errors: crossings missed (late), the drift's first order (early)");
        return verdict(claim, holds, detail);
    }
    if !corrected {
        let late = exact.iter().any(|deviation| beyond(deviation, 1.0));
        let early = exact.iter().any(|deviation| beyond(deviation, -1.0));
        let holds = match (late, early) {
            (true, false) => Holds::Yes,
            (_, true) => Holds::No,
            (false, false) => Holds::NotResolved,
        };
        return verdict(format!("{kind} is late: crossings inside a step are missed"), holds, detail);
    }
    if first_order {
        let holds = if exact.iter().any(|deviation| beyond(deviation, 1.0) || beyond(deviation, -1.0)) {
            Holds::Yes
        } else {
            Holds::NotResolved
        };
        return verdict(format!("{kind} keeps the first-order error of its drift"), holds, detail);
    }
    let holds = all(exact.iter().map(|deviation| deviation.within(ESCAPE_TOLERANCE)));
    verdict(format!("{kind} is within 0.3 % of the exact escape time"), holds, detail)
}

/// Whether deviations are what chance gives.
fn agreement(claim: String, deviations: &[Deviation]) -> Verdict {
    let score = |deviation: &Deviation| (deviation.value / deviation.stderr).abs();
    let most = deviations.iter().map(score).fold(0.0, f64::max);
    let holds = if most <= SIGMAS { Holds::Yes } else { Holds::No };
    let worst = largest(deviations);
    verdict(
        claim,
        holds,
        format!(
            "largest deviation {} in {} rows, at most {most:.1} standard errors (bound {SIGMAS})",
            percent(worst.value),
            deviations.len()
        ),
    )
}

fn stationary(rows: &Rows) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for theory in ["sde", "sme2", "discrete", "fluctuating"] {
        let column = format!("variance_predicted_{theory}");
        for (batch, members) in
            groups(rows, |row| row.value("batch_size").map_or(String::new(), |b| b.to_string()))
        {
            if let Some(verdict) = range_of_theory(theory, &column, &batch, &members) {
                verdicts.push(verdict);
            }
        }
    }
    verdicts.extend(leftover(rows));
    let tails: Vec<(&Row, Deviation)> = rows
        .iter()
        .filter_map(|row| Some((row, Deviation::of(row, "tail_exponent", "tail_exponent_exact")?)))
        .collect();
    if !tails.is_empty() {
        // Far out, but not infinitely far, a power law is not reached: a tenth is what a finite sample can show.
        let holds = all(tails.iter().map(|(_, deviation)| deviation.within(0.1)));
        let detail = tails
            .iter()
            .map(|(row, deviation)| {
                let exact = row.value("tail_exponent_exact").unwrap_or(f64::NAN);
                format!(
                    "{:.3} ± {:.3} against {exact:.3}",
                    exact * (1.0 + deviation.value),
                    exact * deviation.stderr
                )
            })
            .collect::<Vec<_>>()
            .join("; ");
        verdicts.push(verdict("the tail has Kesten's exponent, to 10 %", holds, detail));
        let heavy: Vec<String> = tails
            .iter()
            .filter(|(row, _)| row.value("tail_exponent_exact").is_some_and(|exponent| exponent <= 4.0))
            .filter_map(|(row, _)| row.value("learning_rate").map(|rate| rate.to_string()))
            .collect();
        if !heavy.is_empty() {
            verdicts.push(verdict(
                "the printed standard error of a variance is an error bar",
                Holds::NotResolved,
                format!(
                    "at learning rates {} the exponent is 4 or less: the fourth moment is infinite, and with it the \
                     spread of a measured variance",
                    heavy.join(", ")
                ),
            ));
        }
    }
    // Every mode of a cell counts the same divergences.
    let of_first = |row: &&Row| row.value("mode") == Some(0.0);
    let diverged: f64 = rows.iter().filter(of_first).filter_map(|row| row.value("diverged")).sum();
    let burn_in =
        rows.iter().filter_map(|row| row.value("burn_in_relaxation_times")).fold(f64::INFINITY, f64::min);
    if burn_in < SHORTEST_BURN_IN {
        verdicts.push(verdict(
            "the burn-in lets the slowest mode relax",
            Holds::NotResolved,
            format!(
                "it lasts {burn_in:.2} relaxation times of the slowest mode in the cell where it is shortest: what is \
                 measured there still remembers the start"
            ),
        ));
    }
    if diverged > 0.0 {
        verdicts.push(verdict(
            "no replica diverged",
            Holds::No,
            format!("{diverged} replicas over all cells, left out of the averages"),
        ));
    }
    verdicts
}

/// Variances below this share of the largest belong to modes without noise, such as the softmax's common shift: what is
/// measured there is rounding.
const SILENT: f64 = 1e-9;

/// The rows of modes that have noise, by a theory's variance.
fn with_noise<'a>(members: &[&'a Row], column: &str) -> Vec<&'a Row> {
    let largest = members.iter().filter_map(|row| row.value(column)).fold(0.0, f64::max);
    let loud = |row: &&&Row| row.value(column).is_some_and(|variance| variance > SILENT * largest);
    members.iter().filter(loud).copied().collect()
}

/// Up to which learning rate a theory gives every mode's variance.
fn range_of_theory(theory: &str, column: &str, batch: &str, members: &[&Row]) -> Option<Verdict> {
    let mut rates: Vec<f64> = members.iter().filter_map(|row| row.value("learning_rate")).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let mut answers = Vec::new();
    for &rate in &rates {
        let at_rate: Vec<&Row> =
            members.iter().filter(|row| row.value("learning_rate") == Some(rate)).copied().collect();
        let deviations: Vec<Deviation> = with_noise(&at_rate, column)
            .iter()
            .filter_map(|row| Deviation::of(row, "variance", column))
            .collect();
        if deviations.is_empty() {
            continue;
        }
        // Of m modes the worst is off by about √(2 ln 2m) standard errors by chance alone.
        let chance = (2.0 * (2.0 * deviations.len() as f64).ln()).sqrt();
        let judged = |deviation: &Deviation| {
            if deviation.value.abs() <= VARIANCE_TOLERANCE + chance * deviation.stderr {
                if deviation.stderr <= 0.5 * VARIANCE_TOLERANCE { Holds::Yes } else { Holds::NotResolved }
            } else {
                Holds::No
            }
        };
        answers.push((rate, all(deviations.iter().map(judged)), largest(&deviations)));
    }
    let last = answers.last()?;
    let list = answers
        .iter()
        .map(|(rate, _, worst)| format!("{rate}: {} ± {:.2}", percent(worst.value), 100.0 * worst.stderr))
        .collect::<Vec<_>>()
        .join(", ");
    let up_to = answers.iter().take_while(|(_, holds, _)| *holds == Holds::Yes).last();
    let batch = if batch.is_empty() { String::new() } else { format!(" at batch size {batch}") };
    let (claim, holds) = match up_to {
        Some((rate, _, _)) => {
            let reach = if *rate == last.0 { "the largest learning rate" } else { "a learning rate of" };
            (format!("the {theory} variance holds within 5 % up to {reach} {rate}{batch}"), Holds::Yes)
        }
        None => (
            format!(
                "the {theory} variance holds within 5 % at the smallest learning rate {}{batch}",
                answers[0].0
            ),
            answers[0].1,
        ),
    };
    let detail = format!("measured over predicted, the worst mode at each learning rate: {list}");
    Some(verdict(claim, holds, detail))
}

/// What the best theory leaves over at the largest learning rate.
fn leftover(rows: &Rows) -> Option<Verdict> {
    let best = ["variance_predicted_fluctuating", "variance_predicted_discrete"]
        .into_iter()
        .find(|column| rows.iter().any(|row| row.value(column).is_some_and(f64::is_finite)))?;
    let largest_rate = rows.iter().filter_map(|row| row.value("learning_rate")).fold(0.0, f64::max);
    let at_largest: Vec<&Row> =
        rows.iter().filter(|row| row.value("learning_rate") == Some(largest_rate)).collect();
    let at_largest = with_noise(&at_largest, best);
    let deviations: Vec<Deviation> =
        at_largest.iter().filter_map(|row| Deviation::of(row, "variance", best)).collect();
    let worst = largest(&deviations);
    let shifts: Vec<f64> = at_largest
        .iter()
        .filter_map(|row| Some((row.value("mean_shift")? / row.value("mean_shift_stderr")?).abs()))
        .collect();
    if deviations.is_empty() || shifts.is_empty() {
        return None;
    }
    let most_shifted = shifts.iter().copied().fold(0.0, f64::max);
    let beyond = deviations.iter().any(|deviation| deviation.value.abs() > SIGMAS * deviation.stderr);
    let holds = if beyond || most_shifted > SIGMAS { Holds::Yes } else { Holds::NotResolved };
    Some(verdict(
        format!(
            "something beyond linear theory is left over at a learning rate of {largest_rate} (anharmonicity)"
        ),
        holds,
        format!(
            "variance of the worst mode {} ± {:.2} % off the best theory; the mean is shifted by up to {most_shifted:.1} standard errors",
            percent(worst.value),
            100.0 * worst.stderr
        ),
    ))
}

fn simulate(rows: &Rows) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (kind, members) in groups(rows, |row| row.word("sampling").unwrap_or_default().to_owned()) {
        let deviations: Vec<Deviation> = members
            .iter()
            .filter(|row| row.value("variance_exact").is_some_and(|exact| exact > 0.0))
            .filter_map(|row| Deviation::of(row, "variance", "variance_exact"))
            .collect();
        if !deviations.is_empty() {
            let kind = if kind.is_empty() { "the scheme" } else { &kind };
            verdicts.push(agreement(
                format!("the variance of a flat mode under {kind} sampling is exact"),
                &deviations,
            ));
        }
        let ends: Vec<&&Row> =
            members.iter().filter(|row| row.value("variance_exact") == Some(0.0)).collect();
        if !ends.is_empty() {
            let left = ends.iter().filter_map(|row| row.value("variance")).fold(0.0, f64::max);
            let scale = members.iter().filter_map(|row| row.value("variance")).fold(0.0, f64::max);
            let holds = if left <= 1e-20 * scale.max(f64::MIN_POSITIVE) { Holds::Yes } else { Holds::No };
            verdicts.push(verdict(
                "reshuffling leaves no variance on a flat mode at the end of an epoch",
                holds,
                format!("largest variance at an end {left:.1e}, inside an epoch {scale:.1e}"),
            ));
        }
    }
    let scores: Vec<(f64, f64)> = rows
        .iter()
        .filter_map(|row| {
            let (value, exact) = (row.value("log_magnitude")?, row.value("log_magnitude_exact")?);
            Some((value - exact, row.value("log_magnitude_stderr")?))
        })
        .collect();
    if !scores.is_empty() {
        let most = scores.iter().map(|(difference, stderr)| (difference / stderr).abs()).fold(0.0, f64::max);
        let holds = if most <= SIGMAS { Holds::Yes } else { Holds::No };
        verdicts.push(verdict(
            "ln|x| grows by the Lyapunov exponent each step",
            holds,
            format!("at most {most:.1} standard errors off in {} rows (bound {SIGMAS})", scores.len()),
        ));
        let growing = rows
            .iter()
            .filter(|row| row.value("log_magnitude").is_some_and(|value| value > 0.0))
            .filter(|row| row.value("log_magnitude_exact").is_some_and(|value| value > 0.0))
            .count();
        if growing > 0 {
            verdicts.push(verdict(
                "multiplicative noise makes typical paths diverge where the Lyapunov exponent is positive",
                Holds::Yes,
                format!("the mean of ln|x| rises above its start in {growing} of {} rows", scores.len()),
            ));
        }
    }
    verdicts
}
