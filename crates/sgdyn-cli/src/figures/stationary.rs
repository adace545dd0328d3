//! Stationary studies: measured variances over predicted ones, and variances along the spectrum.

use super::curve::{Abscissa, MOST_SERIES, Split, errors, spans, theories};
use super::rows::{Group, Rows};
use super::{BARS, Context, NamedFigure, curve, grid, labels};
use sgdyn::study::Datum;
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
    let many = rows.distinct(MODE).len() > MOST_PANELS && rows.numbers(EIGENVALUE).is_some();
    let (abscissa, panels, marks) = if many {
        (along_spectrum(rows)?, context.axes.cells(), vec![])
    } else {
        let abscissa = Abscissa::of(&context.axes, rows);
        let keep = |column: &&String| *column != abscissa.column();
        let others: Vec<String> = context.axes.others.iter().filter(keep).cloned().collect();
        let modes: Vec<String> = context.axes.parts.iter().filter(keep).cloned().collect();
        // How far a theory is off depends on the mode more than on anything else.
        if modes.is_empty() { (abscissa, others, vec![]) } else { (abscissa, modes, others) }
    };
    let groups = rows.groups(&panels);
    let count = groups.len().min(MOST_PANELS);
    let panel = |group: &Group<'_>| {
        let title = labels::settings(&titled(&group.rows, &group.key));
        ratio(&group.rows, &abscissa, &theories, &marks).title(title)
    };
    let panels = groups.iter().take(MOST_PANELS).map(panel).collect();
    let left_out = if groups.len() > count {
        format!(" The first {count} of {} panels.", groups.len())
    } else {
        String::new()
    };
    Some(NamedFigure {
        name: "variance-ratio".to_owned(),
        figure: grid(context.figure("Stationary variance over its predictions"), panels),
        caption: format!(
            "Measured stationary variance over each prediction; a theory that holds lies on 1. Bars: ± 2 standard \
             errors; series are set side by side for clarity.{left_out}"
        ),
    })
}

/// A mode is better known by its eigenvalue, where that does not vary.
fn titled(rows: &Rows<'_>, key: &[(String, Datum)]) -> Vec<(String, Datum)> {
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
    let y = if spans(&ratios, 4.0) { Axis::log(label) } else { Axis::linear(label) };
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
    let abscissa = along_spectrum(rows)?;
    let color: Vec<String> = context.axes.swept.iter().cloned().collect();
    let split = Split { color, marker: Vec::new() };
    let groups = rows.groups(&context.axes.others);
    let panel = |group: &Group<'_>| {
        let panel = curve::panel(&group.rows, VARIANCE, &abscissa, &split)?;
        Some(panel.title(labels::settings(&group.key)))
    };
    let panels = groups.iter().take(MOST_PANELS).filter_map(panel).collect();
    Some(NamedFigure {
        name: "variance-spectrum".to_owned(),
        figure: grid(context.figure("Stationary variance along the spectrum"), panels),
        caption: "Stationary variance of each mode against the eigenvalue of the Hessian. Points: measured, bars: ± 2 \
                  standard errors. Lines: predictions."
            .to_owned(),
    })
}

/// Along the eigenvalues; by logarithm where they are spread and positive.
fn along_spectrum(rows: &Rows<'_>) -> Option<Abscissa> {
    let log = spans(&rows.numbers(EIGENVALUE)?, 3.0);
    Some(Abscissa::Number { column: EIGENVALUE.to_owned(), log })
}
