//! Curvature of a network: eigenvalues, spectral densities and what rescaled layers change.

use super::rows::Rows;
use super::{Context, NamedFigure, labels};
use sgdyn_report::{Axis, Dash, Legend, Panel, Series};

/// Densities below this part of the largest are not shown.
const FAINT: f64 = 1e-6;

/// The spectra, their densities, and sharpness against the factor of a rescaling.
pub(super) fn figures(context: &Context<'_>) -> Vec<NamedFigure> {
    [spectra(context), densities(context), rescaled(context)].into_iter().flatten().collect()
}

fn detail<'a>(context: &Context<'a>, name: &str) -> Option<Rows<'a>> {
    context.results.details.iter().find(|table| table.name() == name).map(Rows::of)
}

/// The columns that tell one spectrum from another.
fn series_columns(context: &Context<'_>) -> Vec<String> {
    let mut columns = context.axes.cells();
    columns.extend(["matrix", "replica", "rescale"].map(str::to_owned));
    columns
}

/// What tells the first `most` groups apart, where there are several.
fn groups<'a>(context: &Context<'_>, rows: &Rows<'a>) -> Vec<(String, Rows<'a>)> {
    const MOST: usize = 8;
    let told = |name: &str| rows.distinct(name).len() > 1;
    let name = |key: &[(String, sgdyn::study::Datum)]| {
        let varying: Vec<_> = key.iter().filter(|(column, _)| told(column)).cloned().collect();
        labels::settings(&varying)
    };
    let groups = rows.groups(&series_columns(context)).into_iter().take(MOST);
    groups.map(|group| (name(&group.key), group.rows)).collect()
}

fn spectra(context: &Context<'_>) -> Option<NamedFigure> {
    let mut panels = Vec::new();
    for (table, title) in
        [("eigenvalues", "extreme eigenvalues"), ("covariance", "covariance of the gradients")]
    {
        let Some(rows) = detail(context, table) else { continue };
        let many = rows.numbers("index")?.into_iter().fold(0.0, f64::max) > 100.0;
        let index = if many { Axis::log("index") } else { Axis::linear("index") };
        let mut panel = Panel::new(index, Axis::log("eigenvalue λ")).title(title);
        for (number, (label, rows)) in groups(context, &rows).into_iter().enumerate() {
            let (Some(x), Some(y)) = (rows.numbers("index"), rows.numbers("eigenvalue")) else { continue };
            let largest = y.iter().copied().fold(0.0, f64::max);
            // Rounding, and what is not positive, has no place on a logarithmic axis.
            let y: Vec<f64> = y.iter().map(|&y| if y > 1e-16 * largest { y } else { f64::NAN }).collect();
            let series = if many { Series::line(x, y) } else { Series::points(x, y) };
            let series = series.color(number);
            panel = panel.series(if label.is_empty() { series } else { series.label(label) });
        }
        panels.push(panel);
    }
    if panels.is_empty() {
        return None;
    }
    let figure = context.figure("Spectra").columns(2).panel_size(360.0, 280.0);
    Some(NamedFigure {
        name: "eigenvalues".to_owned(),
        figure: panels.into_iter().fold(figure, sgdyn_report::Figure::panel),
        caption: "Eigenvalues by their index; residuals are smaller than the marks. Those that are not positive are left out."
            .to_owned(),
    })
}

fn densities(context: &Context<'_>) -> Option<NamedFigure> {
    let rows = detail(context, "spectral-density")?;
    let mut panel = Panel::new(Axis::linear("eigenvalue λ"), Axis::log("density (± standard error)"));
    for (number, (label, rows)) in groups(context, &rows).into_iter().enumerate() {
        let (Some(x), Some(y), Some(error)) =
            (rows.numbers("x"), rows.numbers("density"), rows.numbers("density_stderr"))
        else {
            continue;
        };
        let floor = FAINT * y.iter().copied().fold(0.0, f64::max);
        let shown = |value: f64| if value > floor { value } else { f64::NAN };
        let low: Vec<f64> = y.iter().zip(&error).map(|(y, error)| (y - error).max(floor)).collect();
        let high: Vec<f64> = y.iter().zip(&error).map(|(y, error)| (y + error).max(floor)).collect();
        panel = panel.series(Series::band(x.clone(), low, high).color(number));
        let series = Series::line(x, y.into_iter().map(shown).collect::<Vec<f64>>()).color(number);
        panel = panel.series(if label.is_empty() { series } else { series.label(label) });
    }
    Some(NamedFigure {
        name: "spectral-density".to_owned(),
        figure: context.figure("Spectral density").panel_size(520.0, 300.0).panel(panel),
        caption: "The density of eigenvalues by stochastic Lanczos quadrature, smoothed; the band is ± 1 standard error over \
                  random vectors."
            .to_owned(),
    })
}

fn rescaled(context: &Context<'_>) -> Option<NamedFigure> {
    let rows = &context.rows;
    if rows.distinct("rescale").len() < 2 {
        return None;
    }
    let mut panel = Panel::new(Axis::log("factor α of the first layer"), Axis::log("relative to the least"));
    let group = rows.groups(&["matrix".to_owned(), "replica".to_owned()]).into_iter().next()?;
    let rows = group.rows.sorted_by("rescale");
    let x = rows.numbers("rescale")?;
    let columns = [
        ("eigenvalue_1", "λ_max of H"),
        ("trace", "tr H"),
        ("loss", "loss"),
        ("adaptive_sharpness", "λ_max of diag|θ| H diag|θ|"),
    ];
    let dashes = [Dash::Solid, Dash::Dashed, Dash::Dotted, Dash::DashDot];
    for (number, (column, label)) in columns.into_iter().enumerate() {
        let Some(y) = rows.numbers(column) else { continue };
        let least = y.iter().copied().fold(f64::INFINITY, f64::min);
        let y: Vec<f64> = y.iter().map(|y| y / least).collect();
        let line = Series::line(x.clone(), y).color(number).dash(dashes[number]);
        panel = panel.series(line.label(label));
    }
    let figure = context.figure("What rescaled layers change").panel_size(480.0, 300.0);
    Some(NamedFigure {
        name: "rescaled".to_owned(),
        figure: figure.panel(panel.legend(Legend::Outside)),
        caption: "The first layer times α and the weights of the second over α: with ReLU the same function. Loss and adaptive \
                  sharpness do not change; the eigenvalues and the trace of the Hessian do."
            .to_owned(),
    })
}
