//! Rows of a table as figures need them: numbers by column name, groups by the values of other columns.

use sgdyn::study::{Datum, Study, Table, Values};

/// Some rows of a table, in order.
#[derive(Clone)]
pub(super) struct Rows<'a> {
    table: &'a Table,
    indices: Vec<usize>,
}

/// Rows that agree in some columns.
pub(super) struct Group<'a> {
    /// The columns that they agree in, and what they hold.
    pub(super) key: Vec<(String, Datum)>,
    /// The rows.
    pub(super) rows: Rows<'a>,
}

impl<'a> Rows<'a> {
    /// All rows of a table.
    pub(super) fn of(table: &'a Table) -> Self {
        Self { table, indices: (0..table.rows()).collect() }
    }

    /// The number of rows.
    pub(super) fn len(&self) -> usize {
        self.indices.len()
    }

    /// The names of the columns.
    pub(super) fn columns(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.table.columns().iter().map(|column| column.name.as_str())
    }

    /// A column as numbers, NaN where it holds none; nothing if no row has a number in it.
    pub(super) fn numbers(&self, name: &str) -> Option<Vec<f64>> {
        let values = &self.table.column(name)?.values;
        let number = |&row: &usize| match (values, values.datum(row)) {
            // An infinite prediction is one, though no place can show it.
            (Values::Number(numbers), _) => numbers.get(row).copied().unwrap_or(f64::NAN),
            (_, Datum::Count(count)) => count as f64,
            (_, Datum::Integer(integer)) => integer as f64,
            _ => f64::NAN,
        };
        let numbers: Vec<f64> = self.indices.iter().map(number).collect();
        numbers.iter().any(|number| !number.is_nan()).then_some(numbers)
    }

    /// The entries of a column, missing ones where it is absent.
    pub(super) fn entries(&self, name: &str) -> Vec<Datum> {
        let column = self.table.column(name);
        let entry = |&row: &usize| column.map_or(Datum::Missing, |column| column.values.datum(row));
        self.indices.iter().map(entry).collect()
    }

    /// The first number of a column.
    pub(super) fn first_number(&self, name: &str) -> Option<f64> {
        self.numbers(name)?.into_iter().find(|number| !number.is_nan())
    }

    /// The different entries of a column, in the order of their first appearance; missing ones do not count.
    pub(super) fn distinct(&self, name: &str) -> Vec<Datum> {
        let Some(column) = self.table.column(name) else { return Vec::new() };
        let mut distinct = Vec::new();
        for &row in &self.indices {
            let datum = column.values.datum(row);
            if datum != Datum::Missing && !distinct.contains(&datum) {
                distinct.push(datum);
            }
        }
        distinct
    }

    /// The rows sorted into groups that agree in `columns`, in the order of their first appearance.
    pub(super) fn groups(&self, columns: &[String]) -> Vec<Group<'a>> {
        let present: Vec<_> = columns.iter().filter_map(|name| self.table.column(name)).collect();
        let mut groups: Vec<Group<'a>> = Vec::new();
        for &row in &self.indices {
            let key: Vec<_> =
                present.iter().map(|column| (column.name.clone(), column.values.datum(row))).collect();
            match groups.iter_mut().find(|group| group.key == key) {
                Some(group) => group.rows.indices.push(row),
                None => groups.push(Group { key, rows: Self { table: self.table, indices: vec![row] } }),
            }
        }
        groups
    }

    /// The rows whose entries in the columns of `key` are those of `key`; columns that are not there do not count.
    pub(super) fn matching(&self, key: &[(String, Datum)]) -> Self {
        let fits = |row: usize| {
            key.iter().all(|(name, datum)| {
                self.table.column(name).is_none_or(|column| column.values.datum(row) == *datum)
            })
        };
        let indices = self.indices.iter().copied().filter(|&row| fits(row)).collect();
        Self { table: self.table, indices }
    }

    /// The rows that `keep`, called once for each in order, wants.
    pub(super) fn filtered(mut self, mut keep: impl FnMut() -> bool) -> Self {
        self.indices.retain(|_| keep());
        self
    }

    /// The rows in ascending order of a numeric column.
    pub(super) fn sorted_by(mut self, name: &str) -> Self {
        if let Some(keys) = self.numbers(name) {
            let mut pairs: Vec<(f64, usize)> = keys.into_iter().zip(self.indices).collect();
            pairs.sort_by(|left, right| left.0.total_cmp(&right.0));
            self.indices = pairs.into_iter().map(|pair| pair.1).collect();
        }
        self
    }
}

/// Columns that tell what a row measures within its cell.
const PARTS: [&str; 10] = [
    "target",
    "region",
    "basin",
    "mode",
    "component",
    "direction",
    "coordinate",
    "observable",
    "statistic",
    "quantity",
];

/// Which columns tell rows apart.
pub(super) struct Axes {
    /// The first swept number.
    pub(super) swept: Option<String>,
    /// The other swept keys that vary, unless they vary along with the first.
    pub(super) others: Vec<String>,
    /// What a row measures within its cell, where that varies.
    pub(super) parts: Vec<String>,
}

impl Axes {
    /// Finds them by what varies.
    pub(super) fn of(study: &Study, rows: &Rows<'_>) -> Self {
        let varies = |name: &str| rows.distinct(name).len() > 1;
        let varying: Vec<String> =
            study.swept().map(|(_, column)| column.to_owned()).filter(|column| varies(column)).collect();
        let swept = varying.iter().find(|column| rows.numbers(column).is_some()).cloned();
        let follows = |column: &String| {
            swept.as_ref().is_some_and(|swept| {
                let pairs = rows.groups(&[swept.clone(), column.clone()]).len();
                column == swept || pairs == rows.groups(std::slice::from_ref(swept)).len()
            })
        };
        let others = varying.iter().filter(|column| !follows(column)).cloned().collect();
        let parts = PARTS.iter().filter(|part| varies(part)).map(|part| (*part).to_owned()).collect();
        Self { swept, others, parts }
    }

    /// All swept keys that tell cells apart.
    pub(super) fn cells(&self) -> Vec<String> {
        self.swept.iter().chain(&self.others).cloned().collect()
    }
}
