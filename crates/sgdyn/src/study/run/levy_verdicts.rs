//! What rows say of escapes that jumps make: the exponent of the noise, and blindness to the barrier's height.

use super::rows::{Row, Rows};
use super::verdicts::{groups, percent, verdict};
use crate::statistics::weighted_linear_fit;
use crate::study::{Holds, Verdict};

/// The confidence of the exponent's interval.
const CONFIDENCE: f64 = 0.95;
/// At the smallest noise of a study the law must hold this well: its next order is a power of ε.
const TOLERANCE: f64 = 0.1;

/// Is the time a power of the noise, with exponent −α, and blind to what else the study changes?
pub(super) fn verdicts(rows: &Rows) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let is_jump = |row: &&Row| row.value("escape_time_predicted_levy").is_some();
    let alphas = |row: &Row| row.value("alpha").map_or_else(String::new, |alpha| alpha.to_string());
    for (alpha, members) in groups(rows, alphas) {
        let members: Vec<&Row> = members.into_iter().filter(is_jump).collect();
        verdicts.extend(exponent(&alpha, &members));
        verdicts.extend(blindness(&alpha, &members));
    }
    verdicts
}

/// The slope of ln τ against ln ε over all rows of one α, whatever the landscape.
fn exponent(alpha: &str, members: &[&Row]) -> Option<Verdict> {
    let expected: f64 = alpha.parse().ok()?;
    let points: Vec<[f64; 3]> = members
        .iter()
        .filter_map(|row| {
            let (time, stderr) = (row.value("escape_time")?, row.value("escape_time_stderr")?);
            let point = [row.value("scale")?.ln(), time.ln(), stderr / time];
            point.iter().all(|value| value.is_finite()).then_some(point)
        })
        .collect();
    let column = |index: usize| points.iter().map(|point| point[index]).collect::<Vec<_>>();
    let weights: Vec<f64> = points.iter().map(|point| point[2].powi(-2)).collect();
    let fit = weighted_linear_fit(&column(0), &column(1), &weights, CONFIDENCE).ok()?;
    let half = fit.slope_interval.upper - fit.slope.value;
    let off = (fit.slope.value + expected).abs();
    let holds = if off <= half {
        Holds::Yes
    } else if off <= 0.05 * expected {
        Holds::NotResolved
    } else {
        Holds::No
    };
    Some(verdict(
        format!("at α = {alpha} the escape time is a power of the noise: ε^−{alpha}"),
        holds,
        format!(
            "fitted exponent {:.3} ± {half:.3} (95 %) over {} rows, all landscapes together; the law is that of ε → 0",
            fit.slope.value,
            points.len()
        )
        .replace('-', "−"),
    ))
}

/// At the smallest noise of each landscape: one formula without the barrier's height for all.
fn blindness(alpha: &str, members: &[&Row]) -> Option<Verdict> {
    let least = members.iter().filter_map(|row| row.value("scale")).fold(f64::INFINITY, f64::min);
    let deviations: Vec<(f64, f64)> = members
        .iter()
        .filter(|row| row.value("scale") == Some(least))
        .filter_map(|row| {
            let predicted = row.value("escape_time_predicted_levy")?;
            Some((row.value("escape_time")? / predicted - 1.0, row.value("escape_time_stderr")? / predicted))
        })
        .collect();
    let worst = deviations.iter().copied().max_by(|a, b| a.0.abs().total_cmp(&b.0.abs()))?;
    let holds = if worst.0.abs() + 2.0 * worst.1 <= TOLERANCE {
        Holds::Yes
    } else if worst.0.abs() - 2.0 * worst.1 > TOLERANCE {
        Holds::No
    } else {
        Holds::NotResolved
    };
    Some(verdict(
        format!(
            "at α = {alpha} and the smallest noise the time is that of one jump, blind to the barrier's height"
        ),
        holds,
        format!(
            "within {:.0} % of α/(c_α ε^α (a^−α + b^−α)) asked; at ε = {least} the farthest of {} landscapes is {} ± {:.2} % off",
            100.0 * TOLERANCE,
            deviations.len(),
            percent(worst.0),
            200.0 * worst.1
        ),
    ))
}
