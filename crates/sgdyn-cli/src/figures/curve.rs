//! One panel: an estimate with error bars along one axis, and what theories say of it as lines.

use super::rows::{Axes, Group, Rows};
use super::{BARS, labels};
use sgdyn::study::Datum;
use sgdyn_report::{Axis, Dash, Panel, Series};

/// More series than colours cannot be told apart.
pub(super) const MOST_SERIES: usize = 8;
const DASHES: [Dash; 4] = [Dash::Dashed, Dash::Dotted, Dash::DashDot, Dash::LongDash];

/// What a panel runs along.
#[derive(Clone, Debug)]
pub(super) enum Abscissa {
    /// A numeric column.
    Number { column: String, log: bool },
    /// The entries of a column, side by side.
    Category { column: String, names: Vec<String> },
}

impl Abscissa {
    /// The swept number if there is one, else the first column that tells rows apart.
    pub(super) fn of(axes: &Axes, rows: &Rows<'_>) -> Self {
        if let Some(column) = &axes.swept {
            return Self::number(column, rows);
        }
        let column = axes.others.iter().chain(&axes.parts).next().map_or("cell", String::as_str);
        let names = rows.distinct(column).iter().map(|value| labels::setting(column, value)).collect();
        Self::Category { column: column.to_owned(), names }
    }

    /// Along a numeric column, by logarithm where it spans more than one power of ten.
    pub(super) fn number(column: &str, rows: &Rows<'_>) -> Self {
        let log = rows.numbers(column).is_some_and(|values| spans(&values, 12.0));
        Self::Number { column: column.to_owned(), log }
    }

    /// The column.
    pub(super) fn column(&self) -> &str {
        match self {
            Self::Number { column, .. } | Self::Category { column, .. } => column,
        }
    }

    /// The axis.
    pub(super) fn axis(&self) -> Axis {
        match self {
            Self::Number { column, log: true } => Axis::log(labels::axis(column)),
            Self::Number { column, log: false } => Axis::linear(labels::axis(column)),
            Self::Category { column, names } => Axis::categories(labels::name(column), names.clone()),
        }
    }

    /// Where rows lie.
    pub(super) fn positions(&self, rows: &Rows<'_>) -> Vec<f64> {
        match self {
            Self::Number { column, .. } => rows.numbers(column).unwrap_or_default(),
            Self::Category { column, names } => {
                let place = |value: &Datum| {
                    let label = labels::setting(column, value);
                    names.iter().position(|name| *name == label).map_or(f64::NAN, |index| index as f64)
                };
                rows.entries(column).iter().map(place).collect()
            }
        }
    }

    /// The same places moved a little for the `number`-th of `count` series, so that bars lie side by side.
    pub(super) fn beside(&self, positions: &[f64], number: usize, count: usize, all: &[f64]) -> Vec<f64> {
        let offset = number as f64 - (count as f64 - 1.0) / 2.0;
        let extreme = |pick: fn(f64, f64) -> f64| all.iter().copied().filter(|x| x.is_finite()).reduce(pick);
        let (low, high) = (extreme(f64::min).unwrap_or(0.0), extreme(f64::max).unwrap_or(1.0));
        let shift = |x: f64| match self {
            Self::Number { log: true, .. } => x * (high / low).powf(0.012 * offset),
            Self::Number { log: false, .. } => x + 0.012 * offset * (high - low),
            Self::Category { .. } => x + 0.08 * offset,
        };
        positions.iter().map(|&x| shift(x)).collect()
    }
}

/// Whether values are positive and the largest is more than `factor` times the smallest.
pub(super) fn spans(values: &[f64], factor: f64) -> bool {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let low = finite().fold(f64::INFINITY, f64::min);
    low > 0.0 && finite().fold(0.0, f64::max) > factor * low
}

/// An axis for values of a quantity: logarithmic where they span more than a power of ten and a half.
pub(super) fn value_axis(label: String, values: &[f64]) -> Axis {
    if spans(values, 30.0) { Axis::log(label) } else { Axis::linear(label) }
}

/// The standard errors of a quantity; not a number where there are none.
pub(super) fn errors(rows: &Rows<'_>, quantity: &str) -> Vec<f64> {
    rows.numbers(&format!("{quantity}_stderr")).unwrap_or_else(|| vec![f64::NAN; rows.len()])
}

/// The columns that predict a quantity, with what they are called: `Q_exact` and `Q_predicted_*`.
pub(super) fn theories(rows: &Rows<'_>, quantity: &str) -> Vec<(String, String)> {
    let theory = |column: &str| {
        let rest = column.strip_prefix(quantity)?.strip_prefix('_')?;
        let suffix = match rest {
            "predicted" => rest,
            _ if rest.starts_with("exact") => rest,
            _ => rest.strip_prefix("predicted_")?,
        };
        let told =
            !suffix.ends_with("_stderr") && !suffix.ends_with("_error") && rows.numbers(column).is_some();
        told.then(|| (column.to_owned(), labels::theory(suffix)))
    };
    rows.columns().filter_map(theory).collect()
}

/// The dash of the `number`-th theory; what is exact is solid.
pub(super) fn dash(theories: &[(String, String)], number: usize) -> Dash {
    let is_exact = |theory: &(String, String)| theory.1 == "exact";
    let exact_before = theories.iter().take(number).filter(|theory| is_exact(theory)).count();
    match theories.get(number) {
        Some(theory) if is_exact(theory) => Dash::Solid,
        _ => DASHES[(number - exact_before) % DASHES.len()],
    }
}

/// How a panel tells groups apart.
pub(super) struct Split {
    /// By colour.
    pub(super) color: Vec<String>,
    /// By marker.
    pub(super) marker: Vec<String>,
}

impl Split {
    /// By colour for the first columns and by marker for the second; by colour alone where one of them does not vary.
    pub(super) fn new(rows: &Rows<'_>, color: Vec<String>, marker: Vec<String>) -> Self {
        if rows.groups(&color).len() <= 1 {
            return Self { color: marker, marker: Vec::new() };
        }
        if rows.groups(&marker).len() <= 1 {
            return Self { color, marker: Vec::new() };
        }
        Self { color, marker }
    }
}

/// The panel of a quantity. None if no row has a number there.
pub(super) fn panel(rows: &Rows<'_>, quantity: &str, abscissa: &Abscissa, split: &Split) -> Option<Panel> {
    let mut all = rows.numbers(quantity)?;
    let theories = theories(rows, quantity);
    all.extend(theories.iter().filter_map(|theory| rows.numbers(&theory.0)).flatten());
    let mut panel = Panel::new(abscissa.axis(), value_axis(labels::axis(quantity), &all));
    let colors: Vec<Group<'_>> = rows.groups(&split.color).into_iter().take(MOST_SERIES).collect();
    let markers: Vec<_> =
        rows.groups(&split.marker).into_iter().take(MOST_SERIES).map(|group| group.key).collect();
    let connected = matches!(abscissa, Abscissa::Number { .. }) && rows.distinct(abscissa.column()).len() > 1;
    // Lines first, so that measurements lie on top; the same line for several groups is drawn once.
    let mut drawn: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
    for (number, (column, name)) in theories.iter().enumerate() {
        for (color, group) in colors.iter().enumerate() {
            for marker in &markers {
                let rows = group.rows.matching(marker).sorted_by(abscissa.column());
                let Some(values) = rows.numbers(column) else { continue };
                let line = (abscissa.positions(&rows), values);
                if drawn.contains(&line) {
                    continue;
                }
                drawn.push(line.clone());
                panel = panel.series(if connected {
                    Series::line(line.0, line.1).color(color).dash(dash(&theories, number))
                } else {
                    let x = abscissa.beside(&line.0, number, theories.len() + 1, &[]);
                    Series::points(x, line.1).color(number + 1).label(name.clone())
                });
            }
        }
    }
    for (color, group) in colors.iter().enumerate() {
        for (number, marker) in markers.iter().enumerate() {
            let rows = group.rows.matching(marker).sorted_by(abscissa.column());
            let Some(values) = rows.numbers(quantity) else { continue };
            let mut x = abscissa.positions(&rows);
            if !connected && color == 0 {
                x = abscissa.beside(&x, theories.len(), theories.len() + 1, &[]);
            }
            let mut points = Series::points(x, values).color(color);
            if rows.numbers(&format!("{quantity}_stderr")).is_some() {
                points = points.error(errors(&rows, quantity), BARS);
            }
            if markers.len() > 1 {
                points = points.marker(number);
            }
            let label = labels::settings(&group.key);
            panel = panel.series(match label.as_str() {
                "" => points.label("measured"),
                _ => points.label(label),
            });
        }
    }
    if markers.len() > 1 {
        for (number, marker) in markers.iter().enumerate() {
            let key = Series::points([], []).ink().marker(number).label(labels::settings(marker));
            panel = panel.series(key);
        }
    }
    if connected {
        for (number, (_, name)) in theories.iter().enumerate() {
            panel =
                panel.series(Series::line([], []).ink().dash(dash(&theories, number)).label(name.clone()));
        }
    }
    Some(panel)
}
