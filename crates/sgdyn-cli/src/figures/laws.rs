//! Laws: a panel for each, with the measured points, the line through them and the predicted one.

use super::rows::{Group, Rows};
use super::{BARS, Context, NamedFigure, grid};
use sgdyn::study::Datum;
use sgdyn_report::{Axis, Dash, Panel, Series, significant};

/// The points with their lines, and the same less the prediction, where a per cent can be seen.
pub(super) fn figures(context: &Context<'_>) -> Vec<NamedFigure> {
    let Some(table) = context.results.details.iter().find(|table| table.name() == "laws") else {
        return Vec::new();
    };
    let laws = Rows::of(table);
    let groups = context.rows.groups(&["panel".to_owned()]);
    let panels = |draw: fn(&Group<'_>, &Rows<'_>) -> Option<Panel>| -> Vec<Panel> {
        groups.iter().filter_map(|group| draw(group, &laws.matching(&group.key))).collect()
    };
    let (lines, differences) = (panels(lines), panels(differences));
    if lines.is_empty() {
        return Vec::new();
    }
    let bars = "Points: measured from the mean escape time 1/γ, bars: ± 2 standard errors. P: the predicted prefactor, \
                with its first correction at a finite barrier where that is known; E: the predicted exponent.";
    vec![
        NamedFigure {
            name: "laws".to_owned(),
            figure: grid(context.figure("Escape laws"), lines),
            caption: format!(
                "{bars} Bars are often smaller than the points. Above each panel the fitted slope with its interval, and \
                 the predicted one."
            ),
        },
        NamedFigure {
            name: "laws-difference".to_owned(),
            figure: grid(context.figure("Escape laws, less the prediction"), differences),
            caption: format!(
                "{bars} Everything is shown less what is predicted at the same place. Where points follow the exact lines and \
                 leave zero, it is the theory that is off, not the sample."
            ),
        },
    ]
}

/// A column as numbers, sorted by x.
fn column(group: &Group<'_>, name: &str) -> Option<Vec<f64>> {
    group.rows.clone().sorted_by("x").numbers(name)
}

fn text(rows: &Rows<'_>, name: &str) -> String {
    match rows.distinct(name).first() {
        Some(Datum::Text(text)) => text.clone(),
        _ => String::new(),
    }
}

fn frame(group: &Group<'_>, law: &Rows<'_>, y: String) -> Panel {
    let title = text(&group.rows, "panel");
    let panel = Panel::new(Axis::linear(text(&group.rows, "x_name")), Axis::linear(y)).title(title);
    let number = |name| law.first_number(name).map(|value| significant(value, 3));
    match (number("slope"), number("slope_lower"), number("slope_upper"), number("slope_predicted")) {
        (Some(slope), Some(lower), Some(upper), Some(predicted)) => {
            panel.note(format!("slope {slope} [{lower}, {upper}], predicted {predicted}"))
        }
        _ => panel,
    }
}

/// The fitted line at each x.
fn fitted(law: &Rows<'_>, x: &[f64]) -> Option<Vec<f64>> {
    let (slope, intercept) = (law.first_number("slope")?, law.first_number("intercept")?);
    Some(x.iter().map(|x| intercept + slope * x).collect())
}

fn lines(group: &Group<'_>, law: &Rows<'_>) -> Option<Panel> {
    let (x, y, stderr) = (column(group, "x")?, column(group, "y")?, column(group, "y_stderr")?);
    let mut panel = frame(group, law, text(&group.rows, "y_name"));
    if let Some(predicted) = column(group, "y_predicted") {
        panel = panel.series(Series::line(x.clone(), predicted).ink().dash(Dash::Dashed).label("predicted"));
    }
    if let Some(other) = column(group, "y_exact_other") {
        panel = panel.series(
            Series::line(x.clone(), other).color(2).dash(Dash::DashDot).label("exact, other convention"),
        );
    }
    if let Some(exact) = column(group, "y_exact") {
        panel =
            panel.series(Series::line(x.clone(), exact).color(1).dash(Dash::Dotted).label("exact equation"));
    }
    if let Some(line) = fitted(law, &x) {
        panel = panel.series(Series::line(x.clone(), line).color(0).dash(Dash::Solid).label("fitted line"));
    }
    Some(panel.series(Series::points(x, y).color(0).error(stderr, BARS).label("measured")))
}

fn differences(group: &Group<'_>, law: &Rows<'_>) -> Option<Panel> {
    let (x, y, stderr) = (column(group, "x")?, column(group, "y")?, column(group, "y_stderr")?);
    let predicted = column(group, "y_predicted")?;
    let less = |values: Vec<f64>| -> Vec<f64> { values.iter().zip(&predicted).map(|(a, b)| a - b).collect() };
    let mut panel = frame(group, law, format!("{}, less predicted", text(&group.rows, "y_name")))
        .series(Series::horizontal(0.0));
    if let Some(exact) = column(group, "y_exact") {
        panel = panel
            .series(Series::line(x.clone(), less(exact)).color(1).dash(Dash::Dotted).label("exact equation"));
    }
    if let Some(chain) = column(group, "y_exact_chain") {
        panel = panel.series(
            Series::line(x.clone(), less(chain)).color(3).dash(Dash::LongDash).label("exact chain of steps"),
        );
    }
    if let Some(line) = fitted(law, &x) {
        panel =
            panel.series(Series::line(x.clone(), less(line)).color(0).dash(Dash::Solid).label("fitted line"));
    }
    Some(panel.series(Series::points(x, less(y)).color(0).error(stderr, BARS).label("measured")))
}
