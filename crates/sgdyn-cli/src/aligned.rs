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

    /// The widths of the columns in characters, and their headings in lines.
    fn layout(&self) -> Vec<(usize, Vec<String>)> {
        let column = |(index, (name, _)): (usize, &(String, Align))| {
            let cells = self.rows.iter().filter_map(|row| row.get(index)).map(|cell| width(cell));
            heading(name, cells.max().unwrap_or(0))
        };
        self.columns.iter().enumerate().map(column).collect()
    }
}

/// How wide a column of this name is whose widest cell is `cells` wide, and its heading in lines: long names are broken
/// before underscores rather than making the column wide.
pub(crate) fn heading(name: &str, cells: usize) -> (usize, Vec<String>) {
    const NARROWEST: usize = 12;
    let room = cells.max(NARROWEST);
    let mut lines: Vec<String> = Vec::new();
    for (number, part) in name.split('_').enumerate() {
        let part = if number == 0 { part.to_owned() } else { format!("_{part}") };
        match lines.last_mut() {
            Some(line) if width(line) + width(&part) <= room => line.push_str(&part),
            _ => lines.push(part),
        }
    }
    (lines.iter().map(|line| width(line)).max().unwrap_or(0).max(cells), lines)
}

fn width(text: &str) -> usize {
    text.chars().count()
}

impl fmt::Display for Aligned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layout = self.layout();
        let height = layout.iter().map(|(_, lines)| lines.len()).max().unwrap_or(0);
        // Headings stand on the first row.
        let heading_line = |line: usize| -> Vec<String> {
            let text = |lines: &Vec<String>| {
                (line + lines.len()).checked_sub(height).and_then(|index| lines.get(index).cloned())
            };
            layout.iter().map(|(_, lines)| text(lines).unwrap_or_default()).collect()
        };
        let headings: Vec<Vec<String>> = (0..height).map(heading_line).collect();
        for row in headings.iter().chain(&self.rows) {
            let cells = row.iter().zip(&self.columns).zip(&layout);
            let padded: Vec<String> = cells
                .map(|((text, (_, align)), (width, _))| match align {
                    Align::Left => format!("{text:<width$}"),
                    Align::Right => format!("{text:>width$}"),
                })
                .collect();
            writeln!(formatter, "{}", padded.join("  ").trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_headings_are_broken_and_stand_on_the_first_row() {
        let mut table = Aligned::new([("β", Align::Left), ("escape_time_predicted_kramers", Align::Right)]);
        table.push(["1".to_owned(), "2.7".to_owned()]);
        assert_eq!(table.to_string(), "   escape_time\n    _predicted\nβ     _kramers\n1          2.7\n");
    }
}
