//! Columns of a table as figures read them: as numbers, and as what tells groups of rows apart.

use std::collections::HashMap;

use super::{Wording, words};
use crate::number::significant;
use crate::{Column, Table, Values};

/// The columns of a table, each as long as the longest: what a shorter one lacks is missing.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    table: &'a Table,
}

/// Rows that agree in some columns.
pub(super) struct Group {
    /// What tells them from the other groups; empty if there is no other.
    pub(super) label: String,
    /// Their indices, in order.
    pub(super) rows: Vec<usize>,
}

/// An entry, to be compared.
#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    Bits(u64),
    Integer(i64),
    Text(&'a str),
    Truth(bool),
    Missing,
}

impl<'a> Rows<'a> {
    pub(super) fn of(table: &'a Table) -> Self {
        Self { table }
    }

    pub(super) fn len(self) -> usize {
        self.table.columns.iter().map(|column| length(&column.values)).max().unwrap_or(0)
    }

    /// The names of the columns, from left to right.
    pub(super) fn names(self) -> impl Iterator<Item = &'a str> {
        self.table.columns.iter().map(|column| column.name.as_str())
    }

    /// The place of a column.
    pub(super) fn position(self, name: &str) -> Option<usize> {
        self.names().position(|column| column == name)
    }

    fn column(self, name: &str) -> Option<&'a Column> {
        self.table.columns.iter().find(|column| column.name == name)
    }

    /// A column as numbers, NaN where it has none; nothing if it is not there or has no number at all. Columns of whole
    /// numbers with gaps come as texts.
    pub(super) fn numbers(self, name: &str) -> Option<Vec<f64>> {
        let mut numbers: Vec<f64> = match &self.column(name)?.values {
            Values::Number(numbers) => numbers.clone(),
            Values::Integer(integers) => integers.iter().map(|&integer| integer as f64).collect(),
            Values::Text(texts) => texts.iter().map(|text| text.parse().unwrap_or(f64::NAN)).collect(),
            Values::Bool(_) => return None,
        };
        numbers.resize(self.len(), f64::NAN);
        numbers.iter().any(|number| !number.is_nan()).then_some(numbers)
    }

    /// The rows in groups that agree in `columns`, by ascending numbers and by texts in the order of their first
    /// appearance, named by the columns that vary.
    pub(super) fn groups(self, columns: &[&str], wording: &Wording<'_>) -> Vec<Group> {
        let columns: Vec<&Column> = columns.iter().filter_map(|name| self.column(name)).collect();
        let mut places: HashMap<Vec<Key<'_>>, usize> = HashMap::new();
        let mut groups: Vec<Group> = Vec::new();
        for row in 0..self.len() {
            let key: Vec<Key<'_>> = columns.iter().map(|column| key(column, row)).collect();
            let place = *places.entry(key).or_insert(groups.len());
            match groups.get_mut(place) {
                Some(group) => group.rows.push(row),
                None => groups.push(Group { label: String::new(), rows: vec![row] }),
            }
        }
        let varies = |column: &&&Column| {
            let first = key(column, 0);
            groups.iter().any(|group| key(column, group.rows[0]) != first)
        };
        let mut telling: Vec<&Column> = columns.iter().filter(varies).copied().collect();
        // The number of a cell says less than its settings.
        if telling.iter().any(|column| column.name != "cell") {
            telling.retain(|column| column.name != "cell");
        }
        let mut ranked: Vec<(Vec<f64>, Group)> = Vec::with_capacity(groups.len());
        let ranks: Vec<Vec<f64>> = telling.iter().map(|column| ranks(column, &groups)).collect();
        for (place, group) in groups.into_iter().enumerate() {
            ranked.push((ranks.iter().map(|ranks| ranks[place]).collect(), group));
        }
        ranked.sort_by(|left, right| {
            let orders = left.0.iter().zip(&right.0).map(|(left, right)| left.total_cmp(right));
            orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
        });
        let mut groups: Vec<Group> = ranked.into_iter().map(|(_, group)| group).collect();
        for group in &mut groups {
            let told = telling.iter().map(|column| setting(column, group.rows[0], wording));
            group.label = told.filter(|told| !told.is_empty()).collect::<Vec<_>>().join(", ");
        }
        groups
    }
}

/// The entry of a column in a row.
fn key(column: &Column, row: usize) -> Key<'_> {
    let key = match &column.values {
        Values::Number(values) => values
            .get(row)
            .filter(|value| !value.is_nan())
            // Both zeros are one setting.
            .map(|value| Key::Bits((value + 0.0).to_bits())),
        Values::Integer(values) => values.get(row).map(|&value| Key::Integer(value)),
        Values::Text(values) => values.get(row).map(|value| Key::Text(value)),
        Values::Bool(values) => values.get(row).map(|&value| Key::Truth(value)),
    };
    key.unwrap_or(Key::Missing)
}

/// The places of groups along a column.
fn ranks<'a>(column: &'a Column, groups: &[Group]) -> Vec<f64> {
    let mut seen: HashMap<Key<'a>, usize> = HashMap::new();
    let rank = |group: &Group| match &column.values {
        Values::Number(values) => values.get(group.rows[0]).copied().unwrap_or(f64::NAN),
        Values::Integer(values) => values.get(group.rows[0]).map_or(f64::NAN, |&value| value as f64),
        Values::Text(_) | Values::Bool(_) => {
            let next = seen.len();
            *seen.entry(key(column, group.rows[0])).or_insert(next) as f64
        }
    };
    groups.iter().map(rank).collect()
}

fn length(values: &Values) -> usize {
    match values {
        Values::Number(values) => values.len(),
        Values::Integer(values) => values.len(),
        Values::Text(values) => values.len(),
        Values::Bool(values) => values.len(),
    }
}

/// An entry with its symbol, such as `β = 3`; texts say themselves what they are.
fn setting(column: &Column, row: usize, wording: &Wording<'_>) -> String {
    let value = match &column.values {
        Values::Number(values) => {
            values.get(row).filter(|value| !value.is_nan()).map(|&value| significant(value, 4))
        }
        Values::Integer(values) => values.get(row).map(|&value| significant(value as f64, 15)),
        Values::Text(values) => {
            return values.get(row).map_or_else(String::new, |text| {
                text.replace('_', " ").replace("<=", "≤").replace(">=", "≥").trim_matches('–').to_owned()
            });
        }
        Values::Bool(values) => {
            let no = if values.get(row).copied().unwrap_or(false) { "" } else { "no " };
            return format!("{no}{}", words(&column.name));
        }
    };
    let Some(value) = value else { return String::new() };
    if column.name == "cell" {
        format!("cell {value}")
    } else {
        format!("{} = {value}", wording.symbol(&column.name))
    }
}

/// Some entries of a column; all NaN if there is no such column.
pub(super) fn pick(column: Option<&[f64]>, rows: &[usize]) -> Vec<f64> {
    let at = |&row: &usize| column.and_then(|column| column.get(row)).copied().unwrap_or(f64::NAN);
    rows.iter().map(at).collect()
}

/// The rows in ascending order of a column, without those that have no number there.
pub(super) fn sorted(rows: &[usize], by: &[f64]) -> Vec<usize> {
    let number = |row: &usize| by.get(*row).copied().unwrap_or(f64::NAN);
    let mut rows: Vec<usize> = rows.iter().copied().filter(|row| number(row).is_finite()).collect();
    rows.sort_by(|left, right| number(left).total_cmp(&number(right)));
    rows
}
