//! What densities and first passages on grids say.

use super::orders::fitted;
use super::rows::{Row, Rows};
use super::theory_verdicts::theory_verdicts;
use super::verdicts::{all, percent, verdict};
use crate::study::{Holds, Verdict};

/// A law this near to a Gibbs law, in nats, is one, up to what a grid resolves.
const GIBBS: f64 = 1e-5;
/// Entropy production relative to the fastest exchange: below it there is no current.
const NO_PRODUCTION: f64 = 1e-6;
/// How near to a known value a grid must come.
const TOLERANCE: f64 = 1e-3;
/// First passages on a line are solved exactly.
const LINE_TOLERANCE: f64 = 1e-6;
/// Of χ² tests of one study the smallest p-value times their number must exceed this.
const SIGNIFICANCE: f64 = 1e-3;
/// The mass that a box may have next to a face.
const EDGE: f64 = 1e-8;

pub(super) fn density(rows: &Rows) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    verdicts.extend(gibbs(rows));
    verdicts.extend(known(rows, "entropy_production", "entropy production", TOLERANCE));
    verdicts.extend(known(rows, "largest_current", "the largest current", TOLERANCE));
    verdicts.extend(known(rows, "power_law_exponent", "the exponent of the density in the loss", TOLERANCE));
    verdicts.extend(variances(rows));
    verdicts.extend(histograms(rows));
    verdicts.extend(edges(rows));
    verdicts.extend(approximations(rows));
    verdicts
}

/// Is the stationary law Gibbs? Each cell is told.
fn gibbs(rows: &Rows) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for row in rows.iter().filter(|row| row.word("law") == Some("stationary")) {
        let (Some(divergence), Some(temperature)) =
            (row.value("gibbs_divergence"), row.value("gibbs_temperature"))
        else {
            continue;
        };
        let production = row.value("entropy_production");
        let flows = production.is_some_and(|production| production > NO_PRODUCTION);
        let holds = if divergence <= GIBBS && !flows { Holds::Yes } else { Holds::No };
        let variation = row.value("gibbs_total_variation").unwrap_or(f64::NAN);
        let flow = production.map_or_else(String::new, |production| {
            format!("; entropy production {production:.3e} per unit of time")
        });
        let detail = format!(
            "KL to the nearest exp(−L/T) is {divergence:.2e} nats, at T = {temperature:.6}; total variation {variation:.2e}{flow}"
        );
        verdicts.push(verdict(format!("the stationary law{} is Gibbs", of_cell(row)), holds, detail));
    }
    verdicts
}

/// The swept settings of a row, as a phrase.
fn of_cell(row: &Row) -> String {
    let settings = row.settings();
    if settings.is_empty() { String::new() } else { format!(" at {settings}") }
}

/// Agreement of one column with its exact value, over all rows that have both.
fn known(rows: &Rows, column: &str, name: &str, tolerance: f64) -> Option<Verdict> {
    let exact = format!("{column}_exact");
    let scale =
        rows.iter().filter_map(|row| row.value(&exact)).fold(0.0, |scale: f64, value| scale.max(value.abs()));
    let deviations: Vec<f64> = rows
        .iter()
        .filter_map(|row| Some((row.value(column)?, row.value(&exact)?)))
        .map(|(value, exact)| {
            // Where nothing flows the deviation is measured by what flows elsewhere; if nothing flows anywhere, as it is.
            let size = match exact.abs() {
                exact if exact > 1e-9 * scale => exact,
                _ if scale > 0.0 => scale,
                _ => 1.0,
            };
            (value - exact) / size
        })
        .collect();
    let worst = deviations.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs()))?;
    let holds = if worst.abs() <= tolerance { Holds::Yes } else { Holds::No };
    let detail = format!("largest deviation {} over {} case(s)", percent(worst), deviations.len());
    Some(verdict(
        format!("{name} is the exact one to {}", percent(tolerance).trim_start_matches('+')),
        holds,
        detail,
    ))
}

fn variances(rows: &Rows) -> Vec<Verdict> {
    let columns: Vec<String> = rows
        .iter()
        .flat_map(Row::names)
        .filter_map(|name| name.strip_suffix("_exact").filter(|name| name.starts_with("variance_")))
        .map(str::to_owned)
        .fold(Vec::new(), |mut seen, name| {
            if !seen.contains(&name) {
                seen.push(name);
            }
            seen
        });
    columns
        .iter()
        .filter_map(|column| {
            let name = format!("the stationary variance of {}", column.trim_start_matches("variance_"));
            known(rows, column, &name, TOLERANCE)
        })
        .collect()
}

fn histograms(rows: &Rows) -> Option<Verdict> {
    let values: Vec<f64> = rows.iter().filter_map(|row| row.value("p_value")).collect();
    let least = values.iter().copied().min_by(f64::total_cmp)?;
    let corrected = (least * values.len() as f64).min(1.0);
    let holds = if corrected > SIGNIFICANCE { Holds::Yes } else { Holds::No };
    let detail = format!(
        "smallest p-value {least:.3} of {} χ² test(s), {corrected:.3} after correction for their number",
        values.len()
    );
    Some(verdict("histograms of the ensemble follow the density of the grid", holds, detail))
}

fn edges(rows: &Rows) -> Option<Verdict> {
    let stationary = rows.iter().filter(|row| row.word("law") == Some("stationary"));
    let most = stationary.filter_map(|row| row.value("edge_mass")).max_by(f64::total_cmp)?;
    let holds = if most <= EDGE { Holds::Yes } else { Holds::No };
    let detail = format!("at most {most:.1e} of the mass lies in the cells next to a face");
    Some(verdict("the box cuts nothing off", holds, detail))
}

/// Weak orders at a fixed time and of the stationary law: 1 for the first-order equation, 2 for those corrected to η² (Q.
/// Li, C. Tai and W. E, *J. Mach. Learn. Res.* 20, 40 (2019)). A quantity that is itself of order η may do better.
fn approximations(rows: &Rows) -> Vec<Verdict> {
    fitted(rows)
        .iter()
        .filter(|order| order.largest_rate > 0.0)
        .map(|order| {
            let expected = if order.approximation == "sde" { 1.0 } else { 2.0 };
            let claim = format!(
                "{} errs in the {} by order {expected} of the learning rate, or higher",
                order.approximation,
                order.quantity.replace('_', " ")
            );
            let at = format!("error {:+.3e} at learning rate {}", order.largest_error, order.largest_rate);
            let Some(fit) = &order.fit else {
                let detail = format!("fewer than three learning rates have an error that stands out; {at}");
                return verdict(claim, Holds::NotResolved, detail);
            };
            let [lower, upper] = [fit.slope_interval.lower, fit.slope_interval.upper];
            let holds = if upper < expected {
                Holds::No
            } else if lower > expected - 1.0 {
                Holds::Yes
            } else {
                Holds::NotResolved
            };
            let detail =
                format!("order {:.2}, 95 % interval {lower:.2} to {upper:.2}; {at}", fit.slope.value);
            verdict(claim, holds, detail)
        })
        .collect()
}

pub(super) fn first_passage(rows: &Rows, column: &str) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let name = column.replace('_', " ");
    let exact = format!("{column}_exact");
    let deviations: Vec<f64> =
        rows.iter().filter_map(|row| Some(row.value(column)? / row.value(&exact)? - 1.0)).collect();
    if let Some(&worst) = deviations.iter().max_by(|a, b| a.abs().total_cmp(&b.abs())) {
        let steps = rows.iter().any(|row| row.value(&column.replace("time", "steps")).is_some());
        // In steps the grid has an error of its own.
        let tolerance = if steps { TOLERANCE } else { LINE_TOLERANCE };
        let holds = if worst.abs() <= tolerance { Holds::Yes } else { Holds::No };
        let detail = format!("largest relative deviation {worst:+.1e} over {} case(s)", deviations.len());
        verdicts.push(verdict(
            format!("the {name} agrees with an independent exact solution"),
            holds,
            detail,
        ));
    }
    let resolved = |row: &Row| {
        let error = row.value(&format!("{column}_error"))?;
        Some(error / row.value(column)?)
    };
    let errors: Vec<f64> = rows.iter().filter_map(resolved).collect();
    if let Some(&worst) = errors.iter().max_by(|a, b| a.total_cmp(b)) {
        let holds =
            all(errors.iter().map(|&error| if error <= 0.01 { Holds::Yes } else { Holds::NotResolved }));
        let detail =
            format!("cells twice as wide change it by {} at most, after extrapolation", percent(worst));
        verdicts.push(verdict(format!("the grid resolves the {name} to 1 %"), holds, detail));
    }
    verdicts.extend(theory_verdicts(rows, column));
    verdicts
}
