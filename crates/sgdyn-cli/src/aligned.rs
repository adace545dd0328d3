//! Text tables for terminals: columns aligned by their characters.

use std::fmt;

/// The side that a column is aligned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table of texts; columns are separated by two spaces.
pub(crate) struct Aligned {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Aligned {
    /// A table with these headings and no rows.
    pub(crate) fn new<S: Into<String>>(columns: impl IntoIterator<Item = (S, Align)>) -> Self {
        let columns = columns.into_iter().map(|(name, align)| (name.into(), align)).collect();
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row, one text per column.
    pub(crate) fn push(&mut self, row: impl IntoIterator<Item = String>) {
        self.rows.push(row.into_iter().collect());
    }

    /// The widths of the columns in characters.
    pub(crate) fn widths(&self) -> Vec<usize> {
        let width = |text: &str| text.chars().count();
        let widest = |index: usize, name: &str| {
            let rows = self.rows.iter().filter_map(|row| row.get(index)).map(|text| width(text));
            rows.max().unwrap_or(0).max(width(name))
        };
        self.columns.iter().enumerate().map(|(index, (name, _))| widest(index, name)).collect()
    }
}

impl fmt::Display for Aligned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        let headings: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        for row in std::iter::once(&headings).chain(&self.rows) {
            let cells: Vec<String> = row
                .iter()
                .zip(&self.columns)
                .zip(&widths)
                .map(|((text, (_, align)), &width)| match align {
                    Align::Left => format!("{text:<width$}"),
                    Align::Right => format!("{text:>width$}"),
                })
                .collect();
            writeln!(formatter, "{}", cells.join("  ").trim_end())?;
        }
        Ok(())
    }
}
