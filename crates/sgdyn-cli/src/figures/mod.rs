//! Figures of a run, chosen by the kind of the study and the columns that its tables have.

pub(crate) mod animation;
mod contours;
mod critical_points;
mod curvature;
mod curve;
mod details;
mod escape;
mod generic;
mod labels;
mod laws;
mod occupation;
mod rare_event;
mod rows;
mod simulate;
mod stationary;
mod survival;
mod tail;
mod train;

use rows::{Axes, Rows};
use sgdyn::study::{Datum, Question, Results, Study};
use sgdyn_report::{Figure, Legend, Panel};

/// A figure with the name of its files and its caption.
pub(crate) struct NamedFigure {
    /// File name without extension, of letters, digits and `-`.
    pub(crate) name: String,
    /// The figure.
    pub(crate) figure: Figure,
    /// What a reader must know.
    pub(crate) caption: String,
}

/// Half the length of error bars in standard errors.
const BARS: f64 = 2.0;

/// Panels side by side in a grid.
const COLUMNS: usize = 3;

/// A grid of panels of which one has the legend, at the right edge: the same one in each would repeat itself.
fn grid(figure: Figure, panels: Vec<Panel>) -> Figure {
    let count = panels.len();
    if count <= 1 {
        return panels.into_iter().fold(figure.panel_size(480.0, 300.0), Figure::panel);
    }
    let columns = if count == 4 { 2 } else { count.min(COLUMNS) };
    let place = |(number, panel): (usize, Panel)| {
        let legend = if number + 1 == columns { Legend::Outside } else { Legend::Hidden };
        panel.legend(legend)
    };
    let figure = figure.columns(columns).panel_size(280.0, 220.0);
    panels.into_iter().enumerate().map(place).fold(figure, Figure::panel)
}

/// What figures are made from.
struct Context<'a> {
    study: &'a Study,
    results: &'a Results,
    rows: Rows<'a>,
    axes: Axes,
}

impl Context<'_> {
    /// A figure with the title of the study under its own.
    fn figure(&self, title: impl Into<String>) -> Figure {
        let first = self.study.first();
        let study = first.title.clone().unwrap_or_else(|| self.study.name().to_owned());
        Figure::new(title).subtitle(study)
    }

    /// The swept keys of the cell that a row of a detail table belongs to, and what names it there: empty for a
    /// study of one cell.
    fn cell(&self, key: &[(String, Datum)]) -> Vec<(String, Datum)> {
        let index = key.iter().find_map(|(name, value)| match (name.as_str(), value) {
            ("cell", Datum::Count(index)) => usize::try_from(*index).ok(),
            _ => None,
        });
        let cell = index.and_then(|index| self.study.cell(index).ok());
        let coordinates = cell.map(|cell| cell.coordinates).unwrap_or_default();
        coordinates.into_iter().map(|coordinate| (coordinate.column, coordinate.value)).collect()
    }

    /// What tells a cell from the others.
    fn cell_label(&self, key: &[(String, Datum)]) -> String {
        let cells = self.axes.cells();
        let told: Vec<_> = self.cell(key).into_iter().filter(|(name, _)| cells.contains(name)).collect();
        labels::settings(&told)
    }
}

/// The figures of a run. Tables without the columns that a figure needs get a plot of the first estimate, if there is
/// one; nothing that a table holds makes this fail.
pub(crate) fn of(study: &Study, results: &Results) -> Vec<NamedFigure> {
    let rows = Rows::of(&results.rows);
    let axes = Axes::of(study, &rows);
    let context = Context { study, results, rows, axes };
    let mut figures: Vec<NamedFigure> = match study.first().question {
        Question::Escape(_) => {
            escape::figures(&context).into_iter().chain(survival::figure(&context)).collect()
        }
        Question::Stationary(_) => stationary::figures(&context),
        Question::Simulate(_) => simulate::figures(&context),
        Question::RareEvent(_) => rare_event::figures(&context),
        Question::CriticalPoints(_) => critical_points::figures(&context),
        Question::Occupation(_) => occupation::figures(&context),
        Question::Density(_) | Question::FirstPassage(_) => details::figures(&context),
        Question::Curvature(_) => curvature::figures(&context),
        Question::Train(_) => train::figures(&context),
        Question::Laws(_) => laws::figures(&context),
    };
    figures.extend(tail::figure(&context));
    if figures.is_empty() {
        figures.extend(generic::figure(&context));
    }
    figures
}
