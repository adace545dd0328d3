//! Training: the loss, and the sharpness against the limit of stability.

use super::curve::{MOST_SERIES, errors};
use super::{BARS, Context, NamedFigure, grid, labels};
use sgdyn_report::{Axis, Dash, Panel, Series};

/// One figure of all that was measured along training.
pub(super) fn figures(context: &Context<'_>) -> Vec<NamedFigure> {
    let rows = &context.rows;
    let mut panels = Vec::new();
    panels.extend(panel(context, "loss", Axis::log("loss")));
    if rows.numbers("sharpness_ratio").is_some() {
        panels.extend(sharpness(context));
    } else {
        panels.extend(panel(context, "sharpness", Axis::log("sharpness λ_max")));
    }
    panels.extend(panel(context, "accuracy", Axis::linear("accuracy")));
    panels.extend(panel(context, "test_loss", Axis::log("loss of test samples")));
    panels.extend(panel(context, "test_accuracy", Axis::linear("accuracy on test samples")));
    panels.extend(panel(context, "gradient_norm", Axis::log("|∇L|")));
    panels.extend(panel(context, "noise", Axis::log("noise of gradients, tr Σ")));
    if panels.is_empty() {
        return Vec::new();
    }
    vec![NamedFigure {
        name: "training".to_owned(),
        figure: grid(context.figure("Training"), panels),
        caption: "Along training, means over replicas, in bands of ± 2 standard errors where there are several. Dashed: the limit \
                  of stability of gradient descent, 2/η, or with momentum 2(1 + μ)/η."
            .to_owned(),
    }]
}

/// What tells cells apart: the rule, and what is swept.
fn cells(context: &Context<'_>) -> Vec<String> {
    let rule = "rule".to_owned();
    let several = context.rows.distinct(&rule).len() > 1;
    let swept = context.axes.cells().into_iter().filter(|column| column != "name");
    several.then_some(rule).into_iter().chain(swept).collect()
}

/// Courses of one quantity, one for each cell, in bands of ± 2 standard errors where there are several replicas.
fn panel(context: &Context<'_>, column: &str, axis: Axis) -> Option<Panel> {
    let rows = &context.rows;
    rows.numbers(column)?;
    let mut panel = Panel::new(Axis::linear("step"), axis);
    for (number, group) in rows.groups(&cells(context)).into_iter().take(MOST_SERIES).enumerate() {
        let (Some(x), Some(y)) = (group.rows.numbers("step"), group.rows.numbers(column)) else { continue };
        let errors = errors(&group.rows, column);
        if errors.iter().any(|error| error.is_finite()) {
            let end = |sign: f64| y.iter().zip(&errors).map(move |(y, error)| y + sign * BARS * error);
            let (low, high): (Vec<f64>, Vec<f64>) = (end(-1.0).collect(), end(1.0).collect());
            panel = panel.series(Series::band(x.clone(), low, high).color(number));
        }
        let label = labels::settings(&group.key);
        let series = Series::line(x, y).color(number);
        panel = panel.series(if label.is_empty() { series } else { series.label(label) });
    }
    Some(panel)
}

/// The sharpness of each cell with its limit.
fn sharpness(context: &Context<'_>) -> Option<Panel> {
    let mut panel = panel(context, "sharpness", Axis::linear("sharpness λ_max"))?;
    for (number, group) in context.rows.groups(&cells(context)).into_iter().take(MOST_SERIES).enumerate() {
        let Some(limit) = group.rows.first_number("stability_limit") else { continue };
        let steps = group.rows.numbers("step").unwrap_or_default();
        let ends = [steps.first().copied().unwrap_or(0.0), steps.last().copied().unwrap_or(1.0)];
        panel = panel.series(Series::line(ends.to_vec(), vec![limit; 2]).color(number).dash(Dash::Dashed));
    }
    Some(panel)
}
