//! Figures of a run, chosen by the kind of the study and the columns that its tables have.

mod curve;
mod escape;
mod generic;
mod labels;
mod rows;
mod simulate;
mod stationary;
mod survival;
mod tail;

use rows::{Axes, Rows};
use sgdyn::study::{Question, Results, Study};
use sgdyn_report::Figure;

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
    };
    figures.extend(tail::figure(&context));
    if figures.is_empty() {
        figures.extend(generic::figure(&context));
    }
    figures
}
