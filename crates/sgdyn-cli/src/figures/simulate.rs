//! Simulations: statistics over replicas as time goes by.

use super::curve::{MOST_SERIES, dash, spans, theories};
use super::rows::{Group, Rows};
use super::{BARS, Context, NamedFigure, grid, labels};
use sgdyn::study::{Cell, Question};
use sgdyn_report::{Axis, Dash, Panel, Series};

const IN_TIME: [&str; 3] = ["time", "step", "steps"];
const IN_STEPS: [&str; 3] = ["step", "steps", "time"];
/// Statistics that are drawn; any other column with standard errors is drawn too.
const KNOWN: [&str; 4] = ["mean", "variance", "displacement", "loss"];
const DISPLACEMENT: &str = "displacement";
/// Panels beyond this are left to the tables.
const MOST_PANELS: usize = 6;

/// A figure for each statistic that was observed more than once.
pub(super) fn figures(context: &Context<'_>) -> Vec<NamedFigure> {
    let rows = &context.rows;
    // Discrete rules count steps; where a continuous one takes part, only times compare.
    let continuous =
        |cell: Cell| matches!(cell.description.question, Question::Simulate(s) if s.time.is_some());
    let times = if context.study.cells().flatten().any(continuous) { IN_TIME } else { IN_STEPS };
    let Some(time) = times.into_iter().find(|time| rows.distinct(time).len() > 1) else { return Vec::new() };
    let settings = |column: &str| {
        let swept = context.study.swept().any(|(_, name)| name == column);
        swept || IN_TIME.contains(&column) || context.axes.parts.iter().any(|part| part == column)
    };
    rows.columns()
        .filter(|column| !settings(column) && !column.contains("_predicted") && !column.contains("_exact"))
        .filter(|column| KNOWN.contains(column) || rows.numbers(&format!("{column}_stderr")).is_some())
        .filter_map(|quantity| figure(context, quantity, time))
        .collect()
}

fn figure(context: &Context<'_>, quantity: &str, time: &str) -> Option<NamedFigure> {
    let rows = &context.rows;
    rows.numbers(quantity)?;
    let cells = context.axes.cells();
    let parts = &context.axes.parts;
    // Cells whose values differ by orders of magnitude cannot share an axis.
    let apart = scales_differ(rows, quantity, &cells);
    let split: Vec<String> =
        if apart { parts.iter().chain(&cells).cloned().collect() } else { parts.clone() };
    let colors = if apart { Vec::new() } else { cells };
    let mut components = rows.groups(&split);
    components.retain(|group| group.rows.numbers(quantity).is_some());
    let count = components.len().min(MOST_PANELS);
    let panel =
        |group: &Group<'_>| panel(&group.rows, quantity, time, &colors).title(labels::settings(&group.key));
    let panels = components.iter().take(MOST_PANELS).map(panel).collect();
    let title = format!("{} over {}", capital(&labels::name(quantity)), labels::name(time));
    let left_out = if components.len() > count {
        format!(" The first {count} of {}.", components.len())
    } else {
        String::new()
    };
    Some(NamedFigure {
        name: quantity.replace(|c: char| !c.is_ascii_alphanumeric(), "-"),
        figure: grid(context.figure(title), panels),
        caption: format!(
            "{} over replicas. Bands: ± 2 standard errors. Broken lines on top: predictions.{left_out}",
            capital(&labels::name(quantity))
        ),
    })
}

fn panel(rows: &Rows<'_>, quantity: &str, time: &str, colors: &[String]) -> Panel {
    let theories = theories(rows, quantity);
    let mut values = rows.numbers(quantity).unwrap_or_default();
    values.extend(theories.iter().filter_map(|theory| rows.numbers(&theory.0)).flatten());
    let cells = rows.groups(colors);
    // A displacement that comes back to zero, as after an epoch, has no place on a logarithmic axis.
    let after_start: Vec<f64> = values.iter().copied().filter(|value| *value != 0.0).collect();
    let returns = values.len() - after_start.len() > cells.len() * (1 + theories.len());
    let log_time = quantity == DISPLACEMENT && spans(&after_start, 10.0) && !returns;
    let log = log_time || (spans(&after_start, 1e3) && !returns);
    let x = if log_time { Axis::log(labels::axis(time)) } else { Axis::linear(labels::axis(time)) };
    let y = if log { Axis::log(labels::axis(quantity)) } else { Axis::linear(labels::axis(quantity)) };
    let mut panel = Panel::new(x, y);
    let mut predictions = Vec::new();
    let many = cells.len() > 1;
    for (color, cell) in cells.iter().take(MOST_SERIES).enumerate() {
        let cell_rows = cell.rows.clone().sorted_by(time);
        let (Some(times), Some(values)) = (cell_rows.numbers(time), cell_rows.numbers(quantity)) else {
            continue;
        };
        let shown = |index: &usize| (!log_time || times[*index] > 0.0) && (!log || values[*index] > 0.0);
        let kept: Vec<usize> = (0..times.len()).filter(shown).collect();
        let pick = |values: &[f64]| -> Vec<f64> { kept.iter().map(|&index| values[index]).collect() };
        let (times, values) = (pick(&times), pick(&values));
        if let Some(errors) = cell_rows.numbers(&format!("{quantity}_stderr")) {
            let errors = pick(&errors);
            let edge = |sign: f64| -> Vec<f64> {
                let edges =
                    values.iter().zip(&errors).map(|(value, error)| (value, value + sign * BARS * error));
                // On a logarithmic axis a band that reaches zero ends at a tenth of its value.
                edges.map(|(value, edge)| if log { edge.max(value / 10.0) } else { edge }).collect()
            };
            panel = panel.series(Series::band(times.clone(), edge(-1.0), edge(1.0)).color(color));
        }
        let label = if many { labels::settings(&cell.key) } else { "measured".to_owned() };
        panel = panel.series(Series::line(times.clone(), values).color(color).dash(Dash::Solid).label(label));
        for (number, (column, name)) in theories.iter().enumerate() {
            let Some(predicted) = cell_rows.numbers(column) else { continue };
            let line =
                Series::line(times.clone(), pick(&predicted)).ink().dash(theory_dash(&theories, number));
            predictions.push(line.label(name.clone()));
        }
    }
    // Predictions lie on top, in ink: where a theory holds, its line would vanish under the measured one.
    predictions.into_iter().fold(panel, Panel::series)
}

fn scales_differ(rows: &Rows<'_>, quantity: &str, cells: &[String]) -> bool {
    const FACTOR: f64 = 300.0;
    let largest = |group: &Group<'_>| {
        let values = group.rows.numbers(quantity).unwrap_or_default();
        values.into_iter().filter(|value| value.is_finite()).map(f64::abs).fold(0.0, f64::max)
    };
    let scales: Vec<f64> = rows.groups(cells).iter().map(largest).filter(|&scale| scale > 0.0).collect();
    spans(&scales, FACTOR)
}

/// Measurements are solid lines here, so nothing else may be.
fn theory_dash(theories: &[(String, String)], number: usize) -> Dash {
    match dash(theories, number) {
        Dash::Solid => Dash::LongDash,
        other => other,
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
