//! What occupations say of the theories.

use super::rows::{Row, Rows};
use super::verdicts::{groups, number, verdict};
use crate::statistics::{binomial_interval, weighted_linear_fit};
use crate::study::{Holds, Verdict};

/// Deviations beyond so many standard errors are not chance.
const SIGMAS: f64 = 4.0;
/// The confidence of the interval of a slope.
const CONFIDENCE: f64 = 0.95;
/// The probability that some exact share lies outside its interval by chance, over all rows.
const SIGNIFICANCE: f64 = 1e-3;

pub(super) fn occupation(rows: &Rows) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (rule, members) in groups(rows, |row| row.word("rule").unwrap_or("the rule").to_owned()) {
        verdicts.extend(exact_shares(&rule, &members));
        verdicts.extend(exact_basins(&rule, &members));
    }
    verdicts.extend(preferences(rows));
    verdicts.extend(lost(rows));
    verdicts
}

/// Are shares of time those of the exact law over the same window?
fn exact_shares(rule: &str, members: &[&Row]) -> Option<Verdict> {
    let scores: Vec<(f64, f64)> = members
        .iter()
        .filter_map(|row| {
            let (share, exact) = (row.value("share")?, row.value("share_exact")?);
            let error = row.value("share_exact_error").unwrap_or(0.0);
            let stderr = row.value("share_stderr")?.hypot(error);
            Some((share - exact, stderr))
                .filter(|(difference, stderr)| difference.is_finite() && *stderr > 0.0)
        })
        .collect();
    let worst = scores.iter().copied().max_by(|a, b| (a.0 / a.1).abs().total_cmp(&(b.0 / b.1).abs()))?;
    let most = (worst.0 / worst.1).abs();
    let holds = if most <= SIGMAS { Holds::Yes } else { Holds::No };
    Some(verdict(
        format!("{rule} spends its time in regions as its own exact law says"),
        holds,
        format!(
            "at most {most:.1} standard errors off in {} rows (bound {SIGMAS}), there by {:+.4}",
            scores.len(),
            worst.0
        )
        .replace('-', "−"),
    ))
}

/// Does every basin get the exact share?
fn exact_basins(rule: &str, members: &[&Row]) -> Option<Verdict> {
    let known: Vec<(u64, u64, [f64; 2])> = members
        .iter()
        .filter_map(|row| {
            let exact = row.value("basin_share_exact")?;
            let error = row.value("basin_share_exact_error").unwrap_or(0.0);
            let bounds = [exact - error, exact + error];
            Some((row.value("count")? as u64, row.value("replicas")? as u64, bounds))
        })
        .collect();
    let confidence = 1.0 - SIGNIFICANCE / known.len().max(1) as f64;
    let outside = known
        .iter()
        .filter(|(count, replicas, [low, high])| {
            let interval = binomial_interval(*count, *replicas, confidence);
            interval.is_ok_and(|interval| *high < interval.lower || *low > interval.upper)
        })
        .count();
    let holds = if outside == 0 { Holds::Yes } else { Holds::No };
    (!known.is_empty()).then(|| {
        verdict(
            format!("{rule} ends in each basin as often as its own exact law says"),
            holds,
            format!("{outside} of {} exact shares, with the error of their grid, outside the binomial interval of the count, at {SIGNIFICANCE} for all together", known.len()),
        )
    })
}

/// What a preference is plotted against, by rule.
fn control(row: &Row) -> Option<(&'static str, f64)> {
    if let Some(beta) = row.value("beta") {
        return Some(("β", beta));
    }
    row.value("batches_over_learning_rate").map(|ratio| ("B/η", ratio))
}

/// Does ln(share/share of the first region) change with β, or with B/η, as theory says? Fitted lines through the measured and the
/// predicted values at the same places, so that prefactors are removed alike.
fn preferences(rows: &Rows) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let others = |row: &Row| {
        let region = row.word("region").unwrap_or_default();
        let kept = row.settings_without(&["beta", "batch_size", "learning_rate", "rule", "name"]);
        let rule = row.word("rule").unwrap_or("the rule");
        if kept.is_empty() { format!("{rule}: {region}") } else { format!("{rule} at {kept}: {region}") }
    };
    for (name, members) in groups(rows, others) {
        for (theory, words) in [("gibbs", "Gibbs weights"), ("sgd", "the SGD theorem")] {
            let points: Vec<Preference> =
                members.iter().filter_map(|row| Preference::of(row, theory)).collect();
            verdicts.extend(preference(&name, words, &points));
        }
    }
    verdicts
}

/// The logarithm of a ratio of shares at one strength of the noise.
struct Preference {
    symbol: &'static str,
    x: f64,
    measured: f64,
    stderr: f64,
    predicted: f64,
    exact: Option<f64>,
}

impl Preference {
    fn of(row: &Row, theory: &str) -> Option<Self> {
        let (symbol, x) = control(row)?;
        let predicted = row.value(&format!("log_ratio_predicted_{theory}"))?;
        let (measured, stderr) = (row.value("log_ratio")?, row.value("log_ratio_stderr")?);
        let exact = row.value("log_ratio_exact").filter(|exact| exact.is_finite());
        (measured.is_finite() && stderr > 0.0).then_some(Self {
            symbol,
            x,
            measured,
            stderr,
            predicted,
            exact,
        })
    }
}

fn preference(name: &str, theory: &str, points: &[Preference]) -> Option<Verdict> {
    let symbol = points.first()?.symbol;
    let x: Vec<f64> = points.iter().map(|point| point.x).collect();
    let weights: Vec<f64> = points.iter().map(|point| point.stderr.powi(-2)).collect();
    let fit = |y: Vec<f64>| weighted_linear_fit(&x, &y, &weights, CONFIDENCE).ok();
    let measured = fit(points.iter().map(|point| point.measured).collect())?;
    let predicted = fit(points.iter().map(|point| point.predicted).collect())?.slope.value;
    // Few points: the errors of the points and the scatter about the line, whichever is larger.
    let stderr = measured.slope.stderr.max(measured.slope_stderr_from_weights);
    let half = (measured.slope_interval.upper - measured.slope.value).max(2.0 * stderr);
    let off = measured.slope.value - predicted;
    let holds = if off.abs() <= half { Holds::Yes } else { Holds::No };
    let exact: Option<Vec<f64>> = points.iter().map(|point| point.exact).collect();
    let exact = exact.and_then(fit).map_or_else(String::new, |exact| {
        // What simulation and exact law have in common is no fault of the simulation.
        let common = holds == Holds::No && (measured.slope.value - exact.slope.value).abs() <= half;
        let reason =
            if common { ", so it is the theory that is off at this strength of the noise" } else { "" };
        format!(", exact {}{reason}", number(exact.slope.value))
    });
    Some(verdict(
        format!(
            "{name}: the logarithm of the preference changes with {symbol} as {theory} say{}",
            if theory.ends_with('s') { "" } else { "s" }
        ),
        holds,
        format!(
            "slope {} ± {} (95 %), predicted {}{exact}; {} points of {symbol} from {} to {}; predicted ratios are {} off at most",
            number(measured.slope.value),
            number(half),
            number(predicted),
            points.len(),
            x.iter().copied().fold(f64::INFINITY, f64::min),
            x.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            farthest(points),
        ),
    ))
}

/// The largest factor between a measured and a predicted ratio.
fn farthest(points: &[Preference]) -> String {
    let most = points.iter().map(|point| (point.measured - point.predicted).abs()).fold(0.0, f64::max);
    format!("{:.1} %", 100.0 * most.exp_m1())
}

/// Replicas that are nowhere.
fn lost(rows: &Rows) -> Option<Verdict> {
    let sum = |name: &str| rows.iter().filter_map(|row| row.value(name)).fold(0.0, f64::max);
    let (diverged, lost) = (sum("diverged"), sum("lost"));
    (diverged + lost > 0.0).then(|| {
        verdict(
            "every replica stays and ends in a basin",
            Holds::No,
            format!("in one cell {diverged} diverged and {lost} ended in no basin; they are left out of shares of time and count as replicas of basins"),
        )
    })
}
