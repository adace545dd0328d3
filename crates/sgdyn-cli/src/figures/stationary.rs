//! Stationary studies: measured variances over predicted ones, and variances along the spectrum.

use super::curve::{Abscissa, MOST_SERIES, errors, spans, theories};
use super::rows::Rows;
use super::{BARS, Context, NamedFigure, curve, labels};
use sgdyn_report::{Axis, Panel, Series};

const VARIANCE: &str = "variance";
const EIGENVALUE: &str = "eigenvalue";
const MODE: &str = "mode";
/// Beyond this, panels are too many to compare.
const MOST_PANELS: usize = 6;

/// Ratios, and the spectrum where there are several modes.
pub(super) fn figures(context: &Context<'_>) -> Vec<NamedFigure> {
    ratios(context).into_iter().chain(spectrum(context)).collect()
}

fn ratios(context: &Context<'_>) -> Option<NamedFigure> {
    let rows = &context.rows;
    rows.numbers(VARIANCE)?;
    let theories = theories(rows, VARIANCE);
    if theories.is_empty() {
        return None;
    }
    let abscissa = Abscissa::of(&context.axes, rows);
    let keep = |column: &&String| *column != abscissa.column();
    let others: Vec<String> = context.axes.others.iter().filter(keep).cloned().collect();
    let modes: Vec<String> = context.axes.parts.iter().filter(keep).cloned().collect();
    // Panels for the other swept keys, or for modes if there are none; what is left is told by markers.
    let (panels, marks) = if others.is_empty() { (modes, vec![]) } else { (others, modes) };
    let groups = rows.groups(&panels);
    let count = groups.len().min(MOST_PANELS);
    let mut figure = context.figure("Stationary variance over its predictions").columns(count.min(3));
    figure = if count > 1 { figure.panel_size(290.0, 250.0) } else { figure.panel_size(480.0, 300.0) };
    for group in groups.iter().take(MOST_PANELS) {
        let panel = ratio(&group.rows, &abscissa, &theories, &marks);
        figure = figure.panel(panel.title(labels::settings(&titled(&group.rows, &group.key))));
    }
    let left_out = if groups.len() > count {
        format!(" The first {count} of {} panels.", groups.len())
    } else {
        String::new()
    };
    Some(NamedFigure {
        name: "variance-ratio".to_owned(),
        figure,
        caption: format!(
            "Measured stationary variance over each prediction; a theory that holds lies on 1. Bars: ± 2 standard \
             errors; series are set side by side for clarity.{left_out}"
        ),
    })
}

/// A mode is better known by its eigenvalue, where that does not vary.
fn titled(rows: &Rows<'_>, key: &[(String, sgdyn::study::Datum)]) -> Vec<(String, sgdyn::study::Datum)> {
    let mut key = key.to_vec();
    if let ([eigenvalue], true) =
        (rows.distinct(EIGENVALUE).as_slice(), key.iter().any(|(name, _)| name == MODE))
    {
        key.push((EIGENVALUE.to_owned(), eigenvalue.clone()));
    }
    key
}

fn ratio(rows: &Rows<'_>, abscissa: &Abscissa, theories: &[(String, String)], marks: &[String]) -> Panel {
    let all = abscissa.positions(rows);
    let marks: Vec<_> = rows.groups(marks).into_iter().take(MOST_SERIES).collect();
    let count = theories.len() * marks.len();
    let mut ratios = Vec::new();
    let mut series = Vec::new();
    for (color, (column, name)) in theories.iter().enumerate() {
        for (marker, group) in marks.iter().enumerate() {
            let rows = group.rows.clone().sorted_by(abscissa.column());
            let (Some(values), Some(predicted)) = (rows.numbers(VARIANCE), rows.numbers(column)) else {
                continue;
            };
            let over = |values: &[f64]| -> Vec<f64> {
                values.iter().zip(&predicted).map(|(value, predicted)| value / predicted).collect()
            };
            ratios.extend(over(&values));
            let x = abscissa.beside(&abscissa.positions(&rows), color * marks.len() + marker, count, &all);
            let points = Series::points(x, over(&values)).error(over(&errors(&rows, VARIANCE)), BARS);
            let points = points.color(color).label(name.clone());
            series.push(if marks.len() > 1 { points.marker(marker) } else { points });
        }
    }
    let label = "measured / predicted variance";
    let y = if spans(&ratios, 30.0) { Axis::log(label) } else { Axis::linear(label) };
    let mut panel = Panel::new(abscissa.axis(), y).series(Series::horizontal(1.0));
    panel = series.into_iter().fold(panel, Panel::series);
    if marks.len() > 1 {
        for (marker, group) in marks.iter().enumerate() {
            let label = labels::settings(&titled(&group.rows, &group.key));
            panel = panel.series(Series::points([], []).ink().marker(marker).label(label));
        }
    }
    panel
}

fn spectrum(context: &Context<'_>) -> Option<NamedFigure> {
    let rows = &context.rows;
    let eigenvalues = rows.distinct(EIGENVALUE).len();
    if eigenvalues < 3 || rows.distinct(MODE).len() < 3 {
        return None;
    }
    let log = spans(&rows.numbers(EIGENVALUE)?, 3.0);
    let abscissa = Abscissa::Number { column: EIGENVALUE.to_owned(), log };
    let groups = rows.groups(&context.axes.others);
    let count = groups.len().min(MOST_PANELS);
    let mut figure = context.figure("Stationary variance along the spectrum").columns(count.min(3));
    figure = if count > 1 { figure.panel_size(290.0, 250.0) } else { figure.panel_size(480.0, 300.0) };
    let color: Vec<String> = context.axes.swept.iter().cloned().collect();
    for group in groups.iter().take(MOST_PANELS) {
        let split = curve::Split { color: color.clone(), marker: Vec::new() };
        let panel = curve::panel(&group.rows, VARIANCE, &abscissa, &split)?;
        figure = figure.panel(panel.title(labels::settings(&group.key)));
    }
    Some(NamedFigure {
        name: "variance-spectrum".to_owned(),
        figure,
        caption: "Stationary variance of each mode against the eigenvalue of the Hessian. Points: measured, bars: ± 2 \
                  standard errors. Lines: predictions."
            .to_owned(),
    })
}
