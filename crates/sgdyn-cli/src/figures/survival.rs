//! Survival curves: the fraction of replicas that have not escaped, against the exponential of the same mean.

use super::curve::MOST_SERIES;
use super::rows::Rows;
use super::{BARS, Context, NamedFigure, grid, labels};
use sgdyn_report::{Axis, Dash, Panel, Series};

const TABLE: &str = "survival";
const TIMES: [&str; 3] = ["time", "steps", "step"];

/// One panel per target, a colour per cell; time in units of the mean escape time, so that exponential laws coincide.
pub(super) fn figure(context: &Context<'_>) -> Option<NamedFigure> {
    let table = context.results.details.iter().find(|table| table.name() == TABLE)?;
    let rows = Rows::of(table);
    let time = *TIMES.iter().find(|time| rows.numbers(time).is_some())?;
    let survival = rows.numbers("survival")?;
    let smallest = survival.iter().copied().filter(|&value| value > 0.0).fold(1.0, f64::min);
    let lower = 10f64.powf(smallest.log10().floor()).clamp(1e-6, 0.1);
    let targets = rows.groups(&["target".to_owned()]);
    let mut panels = Vec::new();
    for target in &targets {
        let cells = target.rows.groups(&["cell".to_owned()]);
        let mut panel = Panel::new(
            Axis::linear("time / mean escape time, t/τ").lower(0.0),
            Axis::log("fraction not escaped, S(t)").range(lower, 1.0),
        )
        .title(labels::settings(&target.key));
        let mut farthest = 0.0;
        for (color, cell) in thinned(&cells).enumerate() {
            let key: Vec<_> = context.cell(&cell.key).into_iter().chain(target.key.iter().cloned()).collect();
            let mean = context.rows.matching(&key).first_number("escape_time").filter(|mean| *mean > 0.0);
            let cell_rows = cell.rows.clone().sorted_by(time);
            let (Some(times), Some(values), Some(mean)) =
                (cell_rows.numbers(time), cell_rows.numbers("survival"), mean)
            else {
                continue;
            };
            let scaled: Vec<f64> = times.iter().map(|time| time / mean).collect();
            let end = scaled.iter().zip(&values).filter(|pair| *pair.1 >= lower).map(|pair| *pair.0);
            farthest = end.fold(farthest, f64::max);
            if let Some(errors) = cell_rows.numbers("survival_stderr") {
                let edge = |sign: f64| -> Vec<f64> {
                    let edges = values.iter().zip(&errors).map(|(value, error)| value + sign * BARS * error);
                    edges.map(|edge| edge.clamp(lower, 1.0)).collect()
                };
                panel = panel.series(Series::band(scaled.clone(), edge(-1.0), edge(1.0)).color(color));
            }
            let label = context.cell_label(&cell.key);
            let label = if label.is_empty() { "measured".to_owned() } else { label };
            panel = panel.series(Series::steps(scaled, values).color(color).dash(Dash::Solid).label(label));
        }
        let end = if farthest > 0.0 { farthest.min(-lower.ln()) } else { -lower.ln() };
        let exponential = Series::line([0.0, end], [1.0, (-end).exp()]);
        panels.push(panel.series(exponential.ink().dash(Dash::Dashed).label("exponential")));
    }
    Some(NamedFigure {
        name: "survival".to_owned(),
        figure: grid(context.figure("Survival"), panels),
        caption: "Fraction of replicas that have not reached the target, time in units of its measured mean. Bands: \
                  ± 2 standard errors. An exponential law is the dashed line; the time that it takes to settle in the \
                  well shows as a shoulder at small t."
            .to_owned(),
    })
}

/// As many of the groups as there are colours, spread evenly.
fn thinned<T>(groups: &[T]) -> impl Iterator<Item = &T> {
    groups.iter().step_by(groups.len().div_ceil(MOST_SERIES).max(1))
}
