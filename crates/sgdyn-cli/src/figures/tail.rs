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
    let cells = rows.groups(&["cell".to_owned(), "mode".to_owned()]);
    let smallest = rows.numbers("exceedance")?.into_iter().filter(|y| *y > 0.0).fold(1.0, f64::min);
    let exceedance = Axis::log("P(|θ| > x)").range(smallest / 2.0, 1.5);
    let mut panel = Panel::new(Axis::log("magnitude x"), exceedance);
    let mut slopes = Vec::new();
    for (color, cell) in cells.iter().take(MOST_SERIES).enumerate() {
        let points = cell.rows.clone().sorted_by("magnitude");
        let points = thinned(&points);
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
                   of slope −κ; lines are drawn through the middle of the tail.";
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

/// At most some dozens of rows, evenly spread over the logarithm of the magnitude.
fn thinned<'a>(rows: &Rows<'a>) -> Rows<'a> {
    const PER_DECADE: f64 = 16.0;
    let mut last = f64::NAN;
    let magnitudes = rows.numbers("magnitude").unwrap_or_default();
    let mut far_enough = magnitudes.into_iter().map(|magnitude| {
        let place = (magnitude.log10() * PER_DECADE).floor();
        place != std::mem::replace(&mut last, place)
    });
    rows.clone().filtered(|| far_enough.next().unwrap_or(false))
}

/// A line of slope −exponent through the middle of the tail: of what is exceeded by less than a tenth of all.
fn slope(x: &[f64], y: &[f64], exponent: f64) -> Option<([f64; 2], [f64; 2])> {
    const TAIL: f64 = 0.1;
    let points = x.iter().copied().zip(y.iter().copied());
    let tail: Vec<(f64, f64)> = points.filter(|(x, y)| *x > 0.0 && *y > 0.0 && *y < TAIL).collect();
    let (first, last) = (tail.first()?, tail.last()?);
    let middle = (first.1 * last.1).sqrt();
    let anchor = tail.iter().min_by(|a, b| {
        let distance = |point: &(f64, f64)| (point.1 / middle).ln().abs();
        distance(a).total_cmp(&distance(b))
    })?;
    let at = |x: f64| anchor.1 * (x / anchor.0).powf(-exponent);
    // The largest magnitudes are few and lie anywhere: the line ends where the data do on the other axis.
    let end = last.0.min(anchor.0 * (anchor.1 / last.1).powf(1.0 / exponent));
    let line = ([first.0, end], [at(first.0), at(end)]);
    line.1.iter().all(|y| y.is_finite() && *y > 0.0).then_some(line)
}
