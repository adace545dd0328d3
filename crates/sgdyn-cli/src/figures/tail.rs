//! Tails: the probability that a magnitude is exceeded, on logarithmic axes, with the slopes of fitted exponents.

use super::curve::MOST_SERIES;
use super::rows::Rows;
use super::{BARS, Context, NamedFigure, labels};
use sgdyn_report::{Axis, Dash, Panel, Series, estimate, significant};

const TABLE: &str = "tail";
const EXPONENT: &str = "tail_exponent";

/// The complementary distribution function of each cell.
pub(super) fn figure(context: &Context<'_>) -> Option<NamedFigure> {
    let table = context.results.details.iter().find(|table| table.name() == TABLE)?;
    let rows = Rows::of(table);
    rows.numbers("magnitude")?;
    rows.numbers("exceedance")?;
    let cells = rows.groups(&["cell".to_owned(), "mode".to_owned()]);
    let mut panel = Panel::new(Axis::log("magnitude x"), Axis::log("P(|θ| > x)"));
    let mut slopes = Vec::new();
    for (color, cell) in cells.iter().take(MOST_SERIES).enumerate() {
        let points = cell.rows.clone().sorted_by("magnitude");
        let (Some(x), Some(y)) = (points.numbers("magnitude"), points.numbers("exceedance")) else {
            continue;
        };
        let mode: Vec<_> = cell.key.iter().filter(|(name, _)| name == "mode").cloned().collect();
        let key: Vec<_> = context.cell(&cell.key).into_iter().chain(mode.iter().cloned()).collect();
        let row = context.rows.matching(&key);
        let mut label = context.cell_label(&cell.key);
        if rows.distinct("mode").len() > 1 {
            let mode = labels::settings(&mode);
            label = if label.is_empty() { mode } else { format!("{label}, {mode}") };
        }
        if let Some(slope) = slope_label(&row) {
            label = if label.is_empty() { slope } else { format!("{label}: {slope}") };
        }
        let mut series = Series::points(x.clone(), y.clone()).color(color);
        if let Some(errors) = points.numbers("exceedance_stderr") {
            series = series.error(errors, BARS);
        }
        panel = panel.series(if label.is_empty() { series } else { series.label(label) });
        for (column, dash) in exponents(&row) {
            if let Some(line) = row.first_number(&column).and_then(|exponent| slope(&x, &y, exponent)) {
                let line = Series::line(line.0, line.1).dash(dash);
                // Fit and prediction lie close together: the prediction is told by its ink.
                slopes.push(if dash == Dash::Solid { line.color(color) } else { line.ink() });
            }
        }
    }
    let any = !slopes.is_empty();
    panel = slopes.into_iter().fold(panel, Panel::series);
    if any {
        for (column, dash) in exponents(&context.rows) {
            let name = match column.strip_prefix(EXPONENT).map(|rest| rest.trim_start_matches('_')) {
                Some("") | None => "slope of the fit".to_owned(),
                Some("predicted") => "slope predicted".to_owned(),
                Some("exact") => "slope, exact".to_owned(),
                Some(rest) => format!("slope: {}", labels::theory(rest.trim_start_matches("predicted_"))),
            };
            panel = panel.series(Series::line([], []).ink().dash(dash).label(name));
        }
    }
    let caption = "Probability that a magnitude is exceeded. Bars: ± 2 standard errors. A power law is a straight line \
                   of slope −κ; lines are drawn through the upper part of the data.";
    Some(NamedFigure {
        name: "tail".to_owned(),
        figure: context.figure("Tail of the stationary law").panel(panel).panel_size(480.0, 320.0),
        caption: caption.to_owned(),
    })
}

fn slope_label(row: &Rows<'_>) -> Option<String> {
    let value = row.first_number(EXPONENT)?;
    Some(match row.first_number(&format!("{EXPONENT}_stderr")) {
        Some(error) => format!("κ = {}", estimate(value, error)),
        None => format!("κ = {}", significant(value, 3)),
    })
}

/// The columns that hold exponents: the measured one and those of theories.
fn exponents(row: &Rows<'_>) -> Vec<(String, Dash)> {
    let is_exponent = |column: &&str| {
        column.strip_prefix(EXPONENT).is_some_and(|rest| {
            rest.is_empty()
                || rest == "_exact"
                || (rest.starts_with("_predicted") && !rest.ends_with("_stderr"))
        })
    };
    let dash = |column: &str| if column == EXPONENT { Dash::Solid } else { Dash::Dashed };
    row.columns()
        .filter(is_exponent)
        .filter(|column| row.numbers(column).is_some())
        .map(|column| (column.to_owned(), dash(column)))
        .collect()
}

/// A line of slope −exponent over the last two thirds of the decades that the data span, through their middle.
fn slope(x: &[f64], y: &[f64], exponent: f64) -> Option<([f64; 2], [f64; 2])> {
    let seen: Vec<(f64, f64)> =
        x.iter().zip(y).map(|(x, y)| (*x, *y)).filter(|(x, y)| *x > 0.0 && *y > 0.0).collect();
    let (first, last) = (seen.first()?, seen.last()?);
    let start = first.0 * (last.0 / first.0).powf(1.0 / 3.0);
    let middle = (start * last.0).sqrt();
    let anchor = seen.iter().min_by(|a, b| {
        let distance = |point: &(f64, f64)| (point.0 / middle).ln().abs();
        distance(a).total_cmp(&distance(b))
    })?;
    let at = |x: f64| anchor.1 * (x / anchor.0).powf(-exponent);
    let line = ([start, last.0], [at(start), at(last.0)]);
    line.1.iter().all(|y| y.is_finite() && *y > 0.0).then_some(line)
}
