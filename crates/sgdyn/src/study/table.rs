//! Tables of results: typed columns, filled row by row.

use super::datum::{ColumnKind, Datum};
use serde_json::{Map, Value as Json};

/// The entries of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers; NaN is missing.
    Number(Vec<f64>),
    /// Whole numbers from 0.
    Count(Vec<Option<u64>>),
    /// Whole numbers.
    Integer(Vec<Option<i64>>),
    /// Truth values.
    Truth(Vec<Option<bool>>),
    /// Texts.
    Text(Vec<Option<String>>),
}

impl Values {
    fn new(kind: ColumnKind) -> Self {
        match kind {
            ColumnKind::Number => Self::Number(Vec::new()),
            ColumnKind::Count => Self::Count(Vec::new()),
            ColumnKind::Integer => Self::Integer(Vec::new()),
            ColumnKind::Truth => Self::Truth(Vec::new()),
            ColumnKind::Text => Self::Text(Vec::new()),
        }
    }

    /// The kind of the column.
    pub fn kind(&self) -> ColumnKind {
        match self {
            Self::Number(_) => ColumnKind::Number,
            Self::Count(_) => ColumnKind::Count,
            Self::Integer(_) => ColumnKind::Integer,
            Self::Truth(_) => ColumnKind::Truth,
            Self::Text(_) => ColumnKind::Text,
        }
    }

    /// The entry of a row; [`Datum::Missing`] beyond the last.
    pub fn datum(&self, row: usize) -> Datum {
        fn or_missing<T: Clone>(values: &[Option<T>], row: usize, datum: fn(T) -> Datum) -> Datum {
            values.get(row).cloned().flatten().map_or(Datum::Missing, datum)
        }
        match self {
            Self::Number(values) => match values.get(row) {
                Some(number) if !number.is_nan() => Datum::Number(*number),
                _ => Datum::Missing,
            },
            Self::Count(values) => or_missing(values, row, Datum::Count),
            Self::Integer(values) => or_missing(values, row, Datum::Integer),
            Self::Truth(values) => or_missing(values, row, Datum::Truth),
            Self::Text(values) => or_missing(values, row, Datum::Text),
        }
    }

    /// Adds an entry whose kind was checked.
    fn push(&mut self, datum: Datum) {
        match (self, datum) {
            (Self::Number(values), Datum::Number(value)) => values.push(value),
            (Self::Number(values), _) => values.push(f64::NAN),
            (Self::Count(values), Datum::Count(value)) => values.push(Some(value)),
            (Self::Count(values), _) => values.push(None),
            (Self::Integer(values), Datum::Integer(value)) => values.push(Some(value)),
            (Self::Integer(values), _) => values.push(None),
            (Self::Truth(values), Datum::Truth(value)) => values.push(Some(value)),
            (Self::Truth(values), _) => values.push(None),
            (Self::Text(values), Datum::Text(value)) => values.push(Some(value)),
            (Self::Text(values), _) => values.push(None),
        }
    }
}

/// A named column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The name, unique in its table.
    pub name: String,
    /// One entry per row.
    pub values: Values,
}

/// A table or a row does not fit.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TableError {
    /// A name that cannot be a file name on every system.
    #[error("`{0}` cannot name a table: use letters a–z, digits, `-` and `_`, at most 100")]
    Name(String),
    /// A table without columns.
    #[error("the table `{0}` has no columns")]
    NoColumns(String),
    /// Two columns of one name, or one without.
    #[error("the table `{table}` has two columns `{column}`, or one without a name")]
    ColumnName {
        /// The table.
        table: String,
        /// The name.
        column: String,
    },
    /// A row that is too short or too long.
    #[error("a row of the table `{table}` has {expected} entries, not {found}")]
    RowLength {
        /// The table.
        table: String,
        /// The number of columns.
        expected: usize,
        /// The number of entries.
        found: usize,
    },
    /// An entry of another kind than its column.
    #[error("the column `{column}` of the table `{table}` holds {kind}, not {found}")]
    Kind {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What the column holds.
        kind: &'static str,
        /// The entry.
        found: String,
    },
}

/// A table of results.
///
/// ```
/// use sgdyn::study::{ColumnKind, Table};
///
/// let mut table = Table::new("escape", [("beta", ColumnKind::Number), ("escaped", ColumnKind::Count)])?;
/// table.push([3.0.into(), 100_u64.into()])?;
/// assert_eq!(table.to_csv(), "beta,escaped\n3,100\n");
/// # Ok::<(), sgdyn::study::TableError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    name: String,
    columns: Vec<Column>,
    rows: usize,
}

impl Table {
    /// An empty table. Its name becomes a file name.
    ///
    /// # Errors
    /// [`TableError`] if the name cannot be a file name, or columns are absent, nameless or of the same name.
    pub fn new<S: Into<String>>(
        name: &str,
        columns: impl IntoIterator<Item = (S, ColumnKind)>,
    ) -> Result<Self, TableError> {
        let fit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        if name.is_empty() || name.len() > 100 || !name.bytes().all(fit) {
            return Err(TableError::Name(name.to_owned()));
        }
        let columns: Vec<_> = columns
            .into_iter()
            .map(|(name, kind)| Column { name: name.into(), values: Values::new(kind) })
            .collect();
        if columns.is_empty() {
            return Err(TableError::NoColumns(name.to_owned()));
        }
        for (index, column) in columns.iter().enumerate() {
            if column.name.is_empty() || columns[..index].iter().any(|earlier| earlier.name == column.name) {
                return Err(TableError::ColumnName { table: name.to_owned(), column: column.name.clone() });
            }
        }
        Ok(Self { name: name.to_owned(), columns, rows: 0 })
    }

    /// Adds a row, one entry per column. A row that does not fit leaves the table as it was.
    ///
    /// # Errors
    /// [`TableError::RowLength`] and [`TableError::Kind`].
    pub fn push(&mut self, row: impl IntoIterator<Item = Datum>) -> Result<(), TableError> {
        let row: Vec<Datum> = row.into_iter().collect();
        if row.len() != self.columns.len() {
            let (expected, found) = (self.columns.len(), row.len());
            return Err(TableError::RowLength { table: self.name.clone(), expected, found });
        }
        for (column, datum) in self.columns.iter().zip(&row) {
            if datum.kind().is_some_and(|kind| kind != column.values.kind()) {
                return Err(TableError::Kind {
                    table: self.name.clone(),
                    column: column.name.clone(),
                    kind: column.values.kind().name(),
                    found: format!("{datum:?}"),
                });
            }
        }
        for (column, datum) in self.columns.iter_mut().zip(row) {
            column.values.push(datum);
        }
        self.rows += 1;
        Ok(())
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column of a name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The rows as flat JSON objects, keys in the order of the columns; NaN, infinities and what is missing are null.
    pub fn to_json_rows(&self) -> Vec<Json> {
        let entry = |column: &Column, row| (column.name.clone(), column.values.datum(row).to_json());
        let object =
            |row| Json::Object(self.columns.iter().map(|column| entry(column, row)).collect::<Map<_, _>>());
        (0..self.rows).map(object).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_flat_objects_with_null_for_what_is_not_finite() {
        let mut table = Table::new("t", [("x", ColumnKind::Number), ("n", ColumnKind::Count)]).unwrap();
        table.push([0.1.into(), u64::MAX.into()]).unwrap();
        table.push([f64::NAN.into(), Datum::Missing]).unwrap();
        table.push([f64::INFINITY.into(), 0_u64.into()]).unwrap();
        let json = serde_json::to_string(&table.to_json_rows()).unwrap();
        assert_eq!(json, r#"[{"x":0.1,"n":18446744073709551615},{"x":null,"n":null},{"x":null,"n":0}]"#);
    }

    #[test]
    fn what_does_not_fit_is_refused_and_leaves_the_table_as_it_was() {
        let mut table = Table::new("t", [("x", ColumnKind::Number), ("b", ColumnKind::Truth)]).unwrap();
        let error = table.push([1.0.into(), 1_u64.into()]).unwrap_err();
        assert_eq!(error.to_string(), "the column `b` of the table `t` holds truth values, not Count(1)");
        assert!(matches!(table.push([1.0.into()]), Err(TableError::RowLength { expected: 2, found: 1, .. })));
        assert_eq!(table.rows(), 0);
        for name in ["", "../x", "A", "a b"] {
            assert!(matches!(Table::new(name, [("x", ColumnKind::Number)]), Err(TableError::Name(_))));
        }
        let twice = Table::new("t", [("x", ColumnKind::Number), ("x", ColumnKind::Text)]);
        assert!(matches!(twice, Err(TableError::ColumnName { .. })));
        assert!(matches!(Table::new::<&str>("t", []), Err(TableError::NoColumns(_))));
    }
}
