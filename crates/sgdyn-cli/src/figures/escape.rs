//! Escape studies: mean escape times beside their predictions, and how far they are from the exact ones.

use super::curve::{Abscissa, Split, errors, panel};
use super::rows::{Group, Rows};
use super::{BARS, Context, NamedFigure, grid, labels};
use sgdyn_report::{Axis, Panel, Series};

const TIME: &str = "escape_time";
const EXACT: &str = "escape_time_exact";

/// Times, and deviations where there is an exact time.
pub(super) fn figures(context: &Context<'_>) -> Vec<NamedFigure> {
    times(context).into_iter().chain(deviations(context)).collect()
}

fn times(context: &Context<'_>) -> Option<NamedFigure> {
    let rows = &context.rows;
    let abscissa = Abscissa::of(&context.axes, rows);
    let keep = |column: &String| *column != abscissa.column();
    let targets = context.axes.parts.iter().filter(|column| keep(column)).cloned().collect();
    let variants = context.axes.others.iter().filter(|column| keep(column)).cloned().collect();
    let split = Split::new(rows, targets, variants);
    let panel = panel(rows, TIME, &abscissa, &split)?;
    Some(NamedFigure {
        name: "escape-time".to_owned(),
        figure: context.figure("Mean escape time").panel(panel).panel_size(480.0, 320.0),
        caption:
            "Mean first-passage time to each target. Points: measured, bars: ± 2 standard errors (often \
                  smaller than the points). Lines: predictions."
                .to_owned(),
    })
}

fn deviations(context: &Context<'_>) -> Option<NamedFigure> {
    let rows = &context.rows;
    rows.numbers(EXACT)?;
    let abscissa = Abscissa::of(&context.axes, rows);
    let keep = |column: &&String| *column != abscissa.column();
    let variants: Vec<String> = context.axes.others.iter().filter(keep).cloned().collect();
    let targets: Vec<String> = context.axes.parts.iter().filter(keep).cloned().collect();
    // A panel for each target if colours are needed for variants, else a colour for each target.
    let (panels, colors) =
        if rows.groups(&variants).len() > 1 { (targets, variants) } else { (vec![], targets) };
    let panels = rows.groups(&panels);
    let panel =
        |group: &Group<'_>| deviation(&group.rows, &abscissa, &colors).title(labels::settings(&group.key));
    let panels = panels.iter().map(panel).collect();
    Some(NamedFigure {
        name: "escape-deviation".to_owned(),
        figure: grid(context.figure("Deviation from the exact escape time"), panels),
        caption: "Relative deviation of the measured mean escape time from the exact one of the same process. Bars: \
                  ± 2 standard errors; series are set side by side for clarity."
            .to_owned(),
    })
}

fn deviation(rows: &Rows<'_>, abscissa: &Abscissa, colors: &[String]) -> Panel {
    let mut panel = Panel::new(abscissa.axis(), Axis::linear("deviation of τ from exact (%)"))
        .series(Series::horizontal(0.0));
    let groups = rows.groups(colors);
    let all = abscissa.positions(rows);
    for (number, group) in groups.iter().enumerate() {
        let rows = group.rows.clone().sorted_by(abscissa.column());
        let (Some(times), Some(exact)) = (rows.numbers(TIME), rows.numbers(EXACT)) else { continue };
        let relative = |values: &[f64], offset: f64| -> Vec<f64> {
            values.iter().zip(&exact).map(|(value, exact)| 100.0 * (value / exact - offset)).collect()
        };
        let x = abscissa.beside(&abscissa.positions(&rows), number, groups.len(), &all);
        let points =
            Series::points(x, relative(&times, 1.0)).error(relative(&errors(&rows, TIME), 0.0), BARS);
        let label = labels::settings(&group.key);
        let points = points.color(number);
        panel = panel.series(if label.is_empty() { points } else { points.label(label) });
    }
    panel
}
