//! Occupation studies: the preference for a region, its share over time, and the basins in which replicas end.

use super::curve::{Abscissa, MOST_SERIES, dash, errors, theories};
use super::rows::{Group, Rows};
use super::{BARS, Context, NamedFigure, grid, labels};
use sgdyn::study::Datum;
use sgdyn_report::{Axis, Dash, Panel, Series};

const RATIO: &str = "log_ratio";
const BASIN: &str = "basin_share";
/// What a preference runs along, the first that varies.
const CONTROLS: [&str; 5] = ["batches_over_learning_rate", "beta", "scale", "learning_rate", "batch_size"];
/// Panels beyond this are left to the tables.
const MOST_PANELS: usize = 6;

pub(super) fn figures(context: &Context<'_>) -> Vec<NamedFigure> {
    preference(context).into_iter().chain(course(context)).chain(basins(context)).collect()
}

/// ln(share/share of the first region) along β, B/η or ε: a panel for each rule.
fn preference(context: &Context<'_>) -> Option<NamedFigure> {
    // The first region has no ratio to itself.
    let mut known = context.rows.numbers(RATIO)?.into_iter();
    let rows = context.rows.clone().filtered(|| known.next().is_some_and(|ratio| !ratio.is_nan()));
    let mut panels = Vec::new();
    for rule in rows.groups(&["rule".to_owned()]) {
        let varies = |name: &&&str| rule.rows.numbers(name).is_some() && rule.rows.distinct(name).len() > 1;
        let Some(control) = CONTROLS.iter().find(varies) else { continue };
        let abscissa = Abscissa::number(control, &rule.rows);
        let mut apart: Vec<String> = context.axes.cells();
        apart.retain(|name| !CONTROLS.contains(&name.as_str()) && rule.rows.distinct(name).len() > 1);
        if rule.rows.distinct("region").len() > 2 {
            apart.push("region".to_owned());
        }
        let title = labels::settings(&rule.key);
        panels.push(ratios(&rule.rows, &abscissa, &apart).title(title));
    }
    (!panels.is_empty()).then(|| NamedFigure {
        name: "preference".to_owned(),
        figure: apart(context, "Preference for a region", panels),
        caption: "Logarithm of the share of time in a region over that in the first one. Points: measured, bars: ± 2 standard \
                  errors over replicas. Lines: exact law over the same window, and predictions."
            .to_owned(),
    })
}

fn ratios(rows: &Rows<'_>, abscissa: &Abscissa, colors: &[String]) -> Panel {
    let theories = theories(rows, RATIO);
    let mut panel = Panel::new(abscissa.axis(), Axis::linear(labels::axis(RATIO)));
    let measured = |rows: &Rows<'_>| rows.numbers(RATIO).is_some();
    let groups: Vec<Group<'_>> =
        rows.groups(colors).into_iter().filter(|group| measured(&group.rows)).take(MOST_SERIES).collect();
    for (color, group) in groups.iter().enumerate() {
        let rows = group.rows.clone().sorted_by(abscissa.column());
        for (number, (column, _)) in theories.iter().enumerate() {
            let Some(values) = rows.numbers(column) else { continue };
            let line = Series::line(abscissa.positions(&rows), values);
            panel = panel.series(line.color(color).dash(dash(&theories, number)));
        }
    }
    for (color, group) in groups.iter().enumerate() {
        let rows = group.rows.clone().sorted_by(abscissa.column());
        let Some(values) = rows.numbers(RATIO) else { continue };
        let label = labels::settings(&group.key);
        let points = Series::points(abscissa.positions(&rows), values).error(errors(&rows, RATIO), BARS);
        let label = if label.is_empty() { "measured".to_owned() } else { label };
        panel = panel.series(points.color(color).label(label));
    }
    theories.iter().enumerate().fold(panel, |panel, (number, (_, name))| {
        panel.series(Series::line([], []).ink().dash(dash(&theories, number)).label(name.clone()))
    })
}

/// The share of replicas in the last region over time: panels for what is no number, colours for what is.
fn course(context: &Context<'_>) -> Option<NamedFigure> {
    let table = context.results.details.iter().find(|table| table.name() == "course")?;
    let rows = Rows::of(table);
    let region = rows.distinct("region").into_iter().next_back()?;
    let rows = rows.matching(&[("region".to_owned(), region.clone())]);
    let is_control = |setting: &&(String, Datum)| CONTROLS.contains(&setting.0.as_str());
    let mut panels: Vec<(String, Panel, usize)> = Vec::new();
    let mut exactly = false;
    for cell in rows.groups(&["cell".to_owned()]) {
        let settings: Vec<_> = context.cell(&cell.key);
        let told: Vec<_> =
            settings.iter().filter(|setting| context.axes.cells().contains(&setting.0)).cloned().collect();
        let title = labels::settings(
            &told.iter().filter(|setting| !is_control(setting)).cloned().collect::<Vec<_>>(),
        );
        let label = labels::settings(&told.iter().filter(is_control).cloned().collect::<Vec<_>>());
        let (Some(times), Some(shares)) = (cell.rows.numbers("time"), cell.rows.numbers("share")) else {
            continue;
        };
        let place = panels.iter().position(|panel| panel.0 == title).unwrap_or_else(|| {
            let x = Axis::linear(labels::axis("time")).lower(0.0);
            let y =
                Axis::linear(format!("share in `{}`", labels::setting("region", &region))).range(0.0, 1.0);
            panels.push((title.clone(), Panel::new(x, y).title(title.clone()), 0));
            panels.len() - 1
        });
        let (_, panel, color) = &mut panels[place];
        if *color >= MOST_SERIES {
            continue;
        }
        let stderr = errors(&cell.rows, "share");
        let edge = |sign: f64| -> Vec<f64> {
            shares
                .iter()
                .zip(&stderr)
                .map(|(share, error)| (share + sign * BARS * error).clamp(0.0, 1.0))
                .collect()
        };
        let mut next = panel.clone().series(Series::band(times.clone(), edge(-1.0), edge(1.0)).color(*color));
        let label = if label.is_empty() { "measured".to_owned() } else { label };
        next = next
            .series(Series::line(times.clone(), shares.clone()).color(*color).dash(Dash::Solid).label(label));
        if let Some(exact) = cell.rows.numbers("share_exact") {
            next = next.series(Series::line(times, exact).ink().dash(Dash::Dashed));
            exactly = true;
        }
        *panel = next;
        *color += 1;
    }
    let all = panels.len();
    let key = |panel: Panel| {
        let key = Series::line([], []).ink().dash(Dash::Dashed).label("exact");
        if exactly { panel.series(key) } else { panel }
    };
    let shown: Vec<Panel> = panels.into_iter().take(MOST_PANELS).map(|panel| key(panel.1)).collect();
    let left_out = if all > MOST_PANELS {
        format!(" The first {MOST_PANELS} of {all} settings.")
    } else {
        String::new()
    };
    Some(NamedFigure {
        name: "course".to_owned(),
        figure: apart(context, "Occupation over time", shown),
        caption: format!(
            "Share of replicas in the last region. Bands: ± 2 standard errors. Broken lines: the exact law.{left_out}"
        ),
    })
}

/// The share of replicas that ends in each basin along the first swept number: a panel for each of the other settings.
fn basins(context: &Context<'_>) -> Option<NamedFigure> {
    let ended: Vec<bool> = context.rows.entries("basin").iter().map(|name| *name != Datum::Missing).collect();
    let mut ended = ended.into_iter();
    let rows = context.rows.clone().filtered(|| ended.next().unwrap_or(false));
    rows.numbers(BASIN)?;
    let axes = &context.axes;
    let swept = axes.swept.as_ref()?;
    let abscissa = Abscissa::number(swept, &rows);
    let others: Vec<String> = axes.others.clone();
    let panel = |group: &Group<'_>| {
        let mut panel =
            Panel::new(abscissa.axis(), Axis::linear("share that ends in a basin").range(0.0, 1.0))
                .title(labels::settings(&group.key));
        for (color, basin) in group.rows.groups(&["basin".to_owned()]).iter().take(MOST_SERIES).enumerate() {
            let rows = basin.rows.clone().sorted_by(swept);
            let x = abscissa.positions(&rows);
            let number = |name: &str| rows.numbers(name).unwrap_or_else(|| vec![f64::NAN; rows.len()]);
            let band = Series::band(x.clone(), number("basin_share_lower"), number("basin_share_upper"));
            panel = panel.series(band.color(color));
            let label = labels::settings(&basin.key);
            panel = panel.series(Series::points(x.clone(), number(BASIN)).color(color).label(label));
            if let Some(exact) = rows.numbers("basin_share_exact") {
                panel = panel.series(Series::line(x, exact).color(color).dash(Dash::Solid));
            }
        }
        if group.rows.numbers("basin_share_exact").is_some() {
            panel = panel.series(Series::line([], []).ink().dash(Dash::Solid).label("exact"));
        }
        panel
    };
    let groups = rows.groups(&others);
    let panels: Vec<Panel> = groups.iter().take(MOST_PANELS).map(panel).collect();
    let left_out = if groups.len() > panels.len() {
        format!(" The first {} of {} settings.", panels.len(), groups.len())
    } else {
        String::new()
    };
    Some(NamedFigure {
        name: "basins".to_owned(),
        figure: grid(context.figure("Which minimum is reached"), panels),
        caption: format!(
            "Share of replicas that end in the basin of each minimum, named by its coordinates. Bands: exact binomial intervals \
             (95 %). Lines: the exact law.{left_out}"
        ),
    })
}

/// Panels side by side, each with a legend of its own: they are about different things.
fn apart(context: &Context<'_>, title: &str, panels: Vec<Panel>) -> sgdyn_report::Figure {
    let columns = if panels.len() == 4 { 2 } else { panels.len().clamp(1, 3) };
    let figure = context.figure(title).columns(columns).panel_size(320.0, 240.0);
    panels.into_iter().fold(figure, sgdyn_report::Figure::panel)
}
