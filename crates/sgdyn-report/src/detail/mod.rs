//! Figures of the detail tables of a run: densities, survival curves, orders of approximations, spectra.

mod density;
mod lines;
mod maps;
mod orders;
mod rows;
mod slices;
mod spectrum;
mod survival;

use crate::{Figure, Legend, Panel, Table};

/// Half the length of error bars in standard errors.
const BARS: f64 = 2.0;
/// More panels than this are left to the tables.
const MOST_PANELS: usize = 6;

/// A figure of a table, with the name of its files and its caption.
#[derive(Clone, Debug, PartialEq)]
pub struct DetailFigure {
    /// File name without extension, of letters and `-`.
    pub name: String,
    /// The figure.
    pub figure: Figure,
    /// What a reader must know.
    pub caption: String,
}

/// What figures of tables are called, and what they call the columns.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wording<'a> {
    /// The line under each title, such as the name of the study.
    pub subtitle: &'a str,
    /// Column and symbol, such as `("beta", "β")`; a column that is not here goes by its name.
    pub symbols: &'a [(&'a str, &'a str)],
}

impl Wording<'_> {
    /// The symbol of a column, or its name in words.
    fn symbol(&self, column: &str) -> String {
        let known = self.symbols.iter().find(|(name, symbol)| *name == column && !symbol.is_empty());
        known.map_or_else(|| words(column), |(_, symbol)| (*symbol).to_owned())
    }

    fn figure(&self, title: impl Into<String>) -> Figure {
        Figure::new(title).subtitle(self.subtitle)
    }
}

fn words(column: &str) -> String {
    column.rsplit('.').next().unwrap_or(column).replace('_', " ")
}

/// The figures of a table, chosen by its name and its columns.
///
/// | table | columns, after those that tell cells apart | figures |
/// |---|---|---|
/// | `density` | `time` or `steps` (missing: the stationary law), one or two coordinates, `density`; where they are known `current_` + coordinate, `density_ensemble`, `density_ensemble_stderr` | lines in 1-D, heat maps with arrows in 2-D, both against the ensemble |
/// | `survival` | `time` or `steps`, `survival`; where they are known `survival_stderr`, `survival_quasi_stationary` | survival curves with their exponential tail |
/// | `orders` | `approximation`, `quantity`, `learning_rate`, `error`; where they are known `order`, `order_stderr` | errors against the learning rate |
/// | `spectrum` | `mode`, `decay`; where it is known `frequency` | rates of decay |
///
/// Rows may come in any order. A table of another name, or without the columns that a figure needs, gives none; what a
/// figure leaves out its caption says.
///
/// ```
/// use sgdyn_report::{Table, Values, Wording, detail_figures};
/// let x: Vec<f64> = (0..81).map(|cell| 0.1 * f64::from(cell) - 4.0).collect();
/// let density = x.iter().map(|x| (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()).collect();
/// let table = Table::new("density", "").column("x", Values::Number(x)).column("density", Values::Number(density));
/// let figures = detail_figures(&table, &Wording::default());
/// assert_eq!(figures[0].name, "density");
/// ```
pub fn detail_figures(table: &Table, wording: &Wording<'_>) -> Vec<DetailFigure> {
    match table.name.as_str() {
        "density" => density::figures(table, wording),
        "survival" => survival::figure(table, wording).into_iter().collect(),
        "orders" => orders::figure(table, wording).into_iter().collect(),
        "spectrum" => spectrum::figure(table, wording).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// A grid of panels; where they share their legend the last of the first row has it, at the right edge.
fn grid(figure: Figure, panels: Vec<Panel>, shared_legend: bool) -> Figure {
    let count = panels.len();
    if count <= 1 {
        return panels.into_iter().fold(figure.panel_size(480.0, 300.0), Figure::panel);
    }
    let columns = columns(count);
    let place = |(number, panel): (usize, Panel)| match shared_legend {
        true if number + 1 == columns => panel.legend(Legend::Outside),
        true => panel.legend(Legend::Hidden),
        false => panel,
    };
    let figure = figure.columns(columns).panel_size(280.0, 220.0);
    panels.into_iter().enumerate().map(place).fold(figure, Figure::panel)
}

/// How many panels stand side by side.
fn columns(count: usize) -> usize {
    if count == 4 { 2 } else { count.min(3) }
}

/// At most `most` of `count` indices, evenly spread, with the first and the last.
fn spread(count: usize, most: usize) -> Vec<usize> {
    match (count, most) {
        (_, 0) => Vec::new(),
        (count, most) if count <= most => (0..count).collect(),
        (count, 1) => vec![count - 1],
        (count, most) => (0..most).map(|k| (k * (count - 1) + (most - 1) / 2) / (most - 1)).collect(),
    }
}

/// What a caption says of things that are not shown.
fn left_out(shown: usize, all: usize, what: &str) -> String {
    if shown < all { format!(" Of {all} {what}, {shown} are shown.") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_keeps_both_ends() {
        assert_eq!(spread(3, 6), [0, 1, 2]);
        assert_eq!(spread(11, 3), [0, 5, 10]);
        assert_eq!(spread(7, 1), [6]);
        assert_eq!(spread(0, 3), [0usize; 0]);
        for (count, most) in [(10, 9), (100, 7), (8, 2)] {
            let indices = spread(count, most);
            assert!(indices.windows(2).all(|pair| pair[0] < pair[1]), "{indices:?}");
            assert_eq!((indices[0], indices[indices.len() - 1], indices.len()), (0, count - 1, most));
        }
    }

    #[test]
    fn unknown_tables_have_no_figure() {
        assert!(detail_figures(&Table::new("paths", ""), &Wording::default()).is_empty());
        assert!(detail_figures(&Table::new("density", ""), &Wording::default()).is_empty());
    }
}
