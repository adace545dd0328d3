//! Rare events: probabilities or rates beside the exact ones, and the work that they take beside brute force.

use super::curve::{Abscissa, errors};
use super::rows::Rows;
use super::{BARS, Context, NamedFigure, labels};
use sgdyn_report::{Axis, Dash, Legend, Panel, Series};

/// Estimates with larger relative errors are too vague for a plot of deviations.
const VAGUE: f64 = 0.3;
/// The relative error at which work is compared.
const EQUAL: f64 = 0.05;

/// The numbers beside the exact ones, and the work.
pub(super) fn figures(context: &Context<'_>) -> Vec<NamedFigure> {
    numbers(context).into_iter().chain(work(context)).collect()
}

fn quantity(rows: &Rows<'_>) -> Option<(&'static str, &'static str)> {
    [("probability", "probability p"), ("rate", "rate of escape γ")]
        .into_iter()
        .find(|(column, _)| rows.numbers(column).is_some())
}

/// What is told apart by colour, and what by the line it should lie on.
fn series_columns() -> ([String; 2], [String; 1]) {
    (["rule".to_owned(), "method".to_owned()], ["rule".to_owned()])
}

fn abscissa(context: &Context<'_>) -> Abscissa {
    let rows = &context.rows;
    if rows.distinct("barrier").len() > 1 {
        Abscissa::Number { column: "barrier".to_owned(), log: false }
    } else {
        Abscissa::of(&context.axes, rows)
    }
}

fn numbers(context: &Context<'_>) -> Option<NamedFigure> {
    let rows = &context.rows;
    let (column, label) = quantity(rows)?;
    let exact = format!("{column}_exact");
    let abscissa = abscissa(context);
    let (series, lines) = series_columns();
    let mut panel = Panel::new(abscissa.axis(), Axis::log(label)).title("beside the exact one");
    let several = rows.groups(&lines).len() > 1;
    for (number, group) in rows.groups(&lines).iter().enumerate() {
        let rows = group.rows.clone().sorted_by(abscissa.column());
        if let Some(values) = rows.numbers(&exact) {
            let told = labels::settings(&group.key);
            let name = if several { format!("exact, {told}") } else { "exact".to_owned() };
            let dash = if number == 0 { Dash::Solid } else { Dash::Dashed };
            panel =
                panel.series(Series::line(abscissa.positions(&rows), values).ink().dash(dash).label(name));
        }
    }
    let mut deviations =
        Panel::new(abscissa.axis(), Axis::linear("deviation from exact (%)")).title("and how far from it");
    deviations = deviations.series(Series::horizontal(0.0)).legend(Legend::Hidden);
    let groups = rows.groups(&series);
    let all = abscissa.positions(rows);
    for (number, group) in groups.iter().enumerate() {
        let rows = group.rows.clone().sorted_by(abscissa.column());
        let Some(values) = rows.numbers(column) else { continue };
        let x = abscissa.positions(&rows);
        // What brute force never saw has no place on a logarithmic axis.
        let seen =
            values.iter().map(|&value| if value > 0.0 { value } else { f64::NAN }).collect::<Vec<f64>>();
        let points = Series::points(x.clone(), seen).error(errors(&rows, column), BARS).color(number);
        panel = panel.series(points.label(labels::settings(&group.key)));
        let (Some(known), Some(relative)) = (rows.numbers(&exact), rows.numbers("relative_error")) else {
            continue;
        };
        let clear = |index: usize| relative[index] < VAGUE;
        let deviation = |index: usize| {
            if clear(index) { 100.0 * (values[index] / known[index] - 1.0) } else { f64::NAN }
        };
        let bars: Vec<f64> =
            errors(&rows, column).iter().zip(&known).map(|(error, known)| 100.0 * error / known).collect();
        let beside = abscissa.beside(&x, number, groups.len(), &all);
        let y: Vec<f64> = (0..values.len()).map(deviation).collect();
        deviations = deviations.series(Series::points(beside, y).error(bars, BARS).color(number));
    }
    let figure = context.figure(if column == "rate" { "Rates of escape" } else { "Rare events" });
    let mut figure = figure.panel_size(360.0, 300.0).columns(2).panel(panel);
    if rows.numbers(&exact).is_some() {
        figure = figure.panel(deviations);
    }
    Some(NamedFigure {
        name: "rare-event".to_owned(),
        figure,
        caption: "Left: estimates beside the exact values (lines). Right: their relative deviation, series set side by side; \
                  estimates with a relative error above 30 % are left out. Bars: ± 2 standard errors."
            .to_owned(),
    })
}

fn work(context: &Context<'_>) -> Option<NamedFigure> {
    let rows = &context.rows;
    rows.numbers("probability")?;
    rows.numbers("speed_up")?;
    let (series, _) = series_columns();
    let mut panel = Panel::new(Axis::log("1/p"), Axis::log("steps for a relative error of 5 %"));
    let mut line: Vec<(f64, f64)> = Vec::new();
    for (number, group) in rows.groups(&series).iter().enumerate() {
        let rows = &group.rows;
        let (Some(p), Some(steps), Some(error)) =
            (rows.numbers("probability"), rows.numbers("work_steps"), rows.numbers("relative_error"))
        else {
            continue;
        };
        // Work goes with the inverse square of the error.
        let equal: Vec<f64> =
            steps.iter().zip(&error).map(|(steps, error)| steps * (error / EQUAL).powi(2)).collect();
        let x: Vec<f64> = p.iter().map(|p| if *p > 0.0 { 1.0 / p } else { f64::NAN }).collect();
        if let Some(ratio) = rows.numbers("speed_up") {
            let brute = x.iter().zip(&equal).zip(&ratio).map(|((x, steps), ratio)| (*x, steps * ratio));
            line.extend(brute.filter(|point| point.1.is_finite()));
        }
        panel = panel.series(Series::points(x, equal).color(number).label(labels::settings(&group.key)));
    }
    line.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (x, y): (Vec<f64>, Vec<f64>) = line.into_iter().unzip();
    let brute = Series::line(x, y).ink().dash(Dash::Dashed).label("brute force, expected");
    Some(NamedFigure {
        name: "rare-event-work".to_owned(),
        figure: context
            .figure("Work against rarity")
            .panel_size(480.0, 320.0)
            .panel(panel.series(brute)),
        caption: "Steps of all paths, scaled to a relative standard error of 5 %. The line is what brute force needs, from \
                  the measured steps of a plain path: (1 − p)/(p r²) paths."
            .to_owned(),
    })
}
