//! Rows of results, column by column.

use crate::statistics::Estimate;
use crate::study::{Cell, ColumnKind, Datum, Study, Table, TableError};

/// Rows that are collected under named columns; a column is there from the first row that has it.
#[derive(Default)]
pub(super) struct Rows {
    columns: Vec<(String, ColumnKind)>,
    rows: Vec<Row>,
}

/// One row, and how many of its columns are swept.
#[derive(Clone, Default)]
pub(super) struct Row(Vec<(String, ColumnKind, Datum)>, usize);

impl Row {
    /// A row that begins with what is swept in `cell`.
    pub(super) fn of(cell: &Cell) -> Self {
        let mut row = Self::default();
        for coordinate in &cell.coordinates {
            if let Some(kind) = coordinate.value.kind() {
                row.put(&coordinate.column, kind, coordinate.value.clone());
            }
        }
        row.1 = row.0.len();
        row
    }

    fn put(&mut self, name: &str, kind: ColumnKind, datum: Datum) {
        if !self.0.iter().any(|(known, _, _)| known == name) {
            self.0.push((name.to_owned(), kind, datum));
        }
    }

    /// A number; one that is swept is there already and stays.
    pub(super) fn number(&mut self, name: &str, value: f64) -> &mut Self {
        self.put(name, ColumnKind::Number, Datum::Number(value));
        self
    }

    /// A number that is only sometimes there.
    pub(super) fn maybe(&mut self, name: &str, value: Option<f64>) -> &mut Self {
        self.put(name, ColumnKind::Number, value.map_or(Datum::Missing, Datum::Number));
        self
    }

    pub(super) fn count(&mut self, name: &str, value: u64) -> &mut Self {
        self.put(name, ColumnKind::Count, Datum::Count(value));
        self
    }

    pub(super) fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.put(name, ColumnKind::Text, Datum::Text(value.to_owned()));
        self
    }

    pub(super) fn truth(&mut self, name: &str, value: bool) -> &mut Self {
        self.put(name, ColumnKind::Truth, Datum::Truth(value));
        self
    }

    /// An estimate and its standard error, as `name` and `name_stderr`.
    pub(super) fn estimate(&mut self, name: &str, estimate: Estimate) -> &mut Self {
        self.number(name, estimate.value);
        self.number(&format!("{name}_stderr"), estimate.stderr)
    }

    /// What is swept, as `column = value, …`.
    pub(super) fn settings(&self) -> String {
        self.settings_without(&[])
    }

    /// The same without some columns.
    pub(super) fn settings_without(&self, left_out: &[&str]) -> String {
        let swept = self.0.iter().take(self.1).filter(|(name, _, _)| !left_out.contains(&name.as_str()));
        let text =
            |(name, _, datum): &(String, ColumnKind, Datum)| format!("{name} = {}", super::text(datum));
        swept.map(text).collect::<Vec<_>>().join(", ")
    }

    /// The names of its columns.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _, _)| name.as_str())
    }

    /// Adds the columns of another row behind its own.
    pub(super) fn append(&mut self, other: &mut Self) {
        for (name, kind, datum) in other.0.drain(..) {
            self.put(&name, kind, datum);
        }
    }

    /// The number in a column.
    pub(super) fn value(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(known, _, _)| known == name).and_then(|(_, _, datum)| match datum {
            Datum::Number(value) => Some(*value),
            Datum::Count(count) => Some(*count as f64),
            _ => None,
        })
    }

    /// The text in a column.
    pub(super) fn word(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _, _)| known == name).and_then(|(_, _, datum)| match datum {
            Datum::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// The truth value in a column.
    pub(super) fn is(&self, name: &str) -> Option<bool> {
        self.0.iter().find(|(known, _, _)| known == name).and_then(|(_, _, datum)| match datum {
            Datum::Truth(truth) => Some(*truth),
            _ => None,
        })
    }
}

impl Rows {
    pub(super) fn push(&mut self, row: Row) {
        for (place, (name, kind, _)) in row.0.iter().enumerate() {
            if !self.columns.iter().any(|(known, _)| known == name) {
                // Swept columns lead; what a later row adds goes behind its predecessor.
                let before = place.checked_sub(1).and_then(|before| row.0.get(before));
                let at = before
                    .and_then(|(before, _, _)| self.columns.iter().position(|(known, _)| known == before))
                    .map_or(0, |at| at + 1);
                self.columns.insert(at, (name.clone(), *kind));
            }
        }
        self.rows.push(row);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table; without rows it has the columns of the sweep.
    pub(super) fn table(&self, name: &str, study: &Study) -> Result<Table, TableError> {
        let mut columns = self.columns.clone();
        if columns.is_empty() {
            columns = study.swept().map(|(_, column)| (column.to_owned(), ColumnKind::Number)).collect();
            if columns.is_empty() {
                columns.push(("cell".to_owned(), ColumnKind::Count));
            }
        }
        let mut table = Table::new(name, columns.iter().map(|(name, kind)| (name.clone(), *kind)))?;
        for row in &self.rows {
            let datum = |name: &String| {
                row.0
                    .iter()
                    .find(|(known, _, _)| known == name)
                    .map_or(Datum::Missing, |(_, _, datum)| datum.clone())
            };
            table.push(columns.iter().map(|(name, _)| datum(name)))?;
        }
        Ok(table)
    }
}
