//! `results.json`: all that a run found, with the kinds of its columns, so that a report can be made from it again.

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use sgdyn::study::{ColumnKind, Datum, Results, Table, Values, Verdict};
use std::path::Path;

/// The name of the file in a run directory.
pub(crate) const NAME: &str = "results.json";
/// Changes when older readers would misread the file.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Document {
    format: u32,
    finished_cells: usize,
    rows: TableDocument,
    details: Vec<TableDocument>,
    verdicts: Vec<Verdict>,
}

#[derive(Serialize, Deserialize)]
struct TableDocument {
    name: String,
    columns: Vec<ColumnDocument>,
}

#[derive(Serialize, Deserialize)]
struct ColumnDocument {
    name: String,
    #[serde(flatten)]
    values: Entries,
}

/// The entries of a column; what is missing is null.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", content = "values", rename_all = "lowercase")]
enum Entries {
    Number(Vec<Option<Number>>),
    Count(Vec<Option<u64>>),
    Integer(Vec<Option<i64>>),
    Truth(Vec<Option<bool>>),
    Text(Vec<Option<String>>),
}

/// JSON has no infinities: they are written as words.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Number {
    Finite(f64),
    Infinite(Infinity),
}

#[derive(Serialize, Deserialize)]
enum Infinity {
    #[serde(rename = "inf")]
    Positive,
    #[serde(rename = "-inf")]
    Negative,
}

/// The document of the results.
pub(crate) fn to_text(results: &Results) -> Result<String> {
    let document = Document {
        format: FORMAT,
        finished_cells: results.finished_cells,
        rows: TableDocument::from(&results.rows),
        details: results.details.iter().map(TableDocument::from).collect(),
        verdicts: results.verdicts.clone(),
    };
    serde_json::to_string(&document).context("cannot write the results as JSON")
}

/// Reads the results that a run directory holds.
///
/// # Errors
/// There is no such file, or it does not hold results.
pub(crate) fn read(directory: &Path) -> Result<Results> {
    let path = directory.join(NAME);
    let shown = path.display();
    let text = std::fs::read_to_string(&path).with_context(|| {
        format!("{shown} cannot be read: has the run finished a cell? `sgdyn resume` goes on")
    })?;
    from_text(&text).with_context(|| format!("{shown} does not hold the results of a run"))
}

fn from_text(text: &str) -> Result<Results> {
    let document: Document = serde_json::from_str(text)?;
    if document.format != FORMAT {
        bail!("its format is {}, this version of sgdyn reads {FORMAT}", document.format);
    }
    Ok(Results {
        rows: document.rows.table()?,
        details: document.details.into_iter().map(TableDocument::table).collect::<Result<_>>()?,
        verdicts: document.verdicts,
        finished_cells: document.finished_cells,
    })
}

impl From<&Table> for TableDocument {
    fn from(table: &Table) -> Self {
        let column = |column: &sgdyn::study::Column| ColumnDocument {
            name: column.name.clone(),
            values: match &column.values {
                Values::Number(values) => {
                    Entries::Number(values.iter().map(|&value| number(value)).collect())
                }
                Values::Count(values) => Entries::Count(values.clone()),
                Values::Integer(values) => Entries::Integer(values.clone()),
                Values::Truth(values) => Entries::Truth(values.clone()),
                Values::Text(values) => Entries::Text(values.clone()),
            },
        };
        Self { name: table.name().to_owned(), columns: table.columns().iter().map(column).collect() }
    }
}

fn number(value: f64) -> Option<Number> {
    match value {
        value if value.is_nan() => None,
        f64::INFINITY => Some(Number::Infinite(Infinity::Positive)),
        f64::NEG_INFINITY => Some(Number::Infinite(Infinity::Negative)),
        finite => Some(Number::Finite(finite)),
    }
}

impl Entries {
    fn kind(&self) -> ColumnKind {
        match self {
            Self::Number(_) => ColumnKind::Number,
            Self::Count(_) => ColumnKind::Count,
            Self::Integer(_) => ColumnKind::Integer,
            Self::Truth(_) => ColumnKind::Truth,
            Self::Text(_) => ColumnKind::Text,
        }
    }

    fn data(self) -> Vec<Datum> {
        fn all<T>(values: Vec<Option<T>>, datum: impl Fn(T) -> Datum) -> Vec<Datum> {
            values.into_iter().map(|value| value.map_or(Datum::Missing, &datum)).collect()
        }
        match self {
            Self::Number(values) => all(values, |value| {
                Datum::Number(match value {
                    Number::Finite(value) => value,
                    Number::Infinite(Infinity::Positive) => f64::INFINITY,
                    Number::Infinite(Infinity::Negative) => f64::NEG_INFINITY,
                })
            }),
            Self::Count(values) => all(values, Datum::Count),
            Self::Integer(values) => all(values, Datum::Integer),
            Self::Truth(values) => all(values, Datum::Truth),
            Self::Text(values) => all(values, Datum::Text),
        }
    }
}

impl TableDocument {
    fn table(self) -> Result<Table> {
        let kinds: Vec<_> =
            self.columns.iter().map(|column| (column.name.clone(), column.values.kind())).collect();
        let mut table = Table::new(&self.name, kinds)?;
        let columns: Vec<Vec<Datum>> = self.columns.into_iter().map(|column| column.values.data()).collect();
        let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
        if columns.iter().any(|column| column.len() != rows) {
            bail!("the columns of the table `{}` differ in length", table.name());
        }
        let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
        for _ in 0..rows {
            table.push(columns.iter_mut().filter_map(Iterator::next).collect::<Vec<_>>())?;
        }
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sgdyn::study::Holds;

    #[test]
    fn results_read_back_as_they_were() {
        let kinds = [
            ("x", ColumnKind::Number),
            ("n", ColumnKind::Count),
            ("i", ColumnKind::Integer),
            ("ok", ColumnKind::Truth),
            ("why", ColumnKind::Text),
        ];
        let mut rows = Table::new("rows", kinds).unwrap();
        rows.push([0.1.into(), u64::MAX.into(), (-1_i64).into(), true.into(), "a, \"b\"".into()]).unwrap();
        rows.push([f64::INFINITY.into(), Datum::Missing, Datum::Missing, Datum::Missing, Datum::Missing])
            .unwrap();
        rows.push([f64::MIN_POSITIVE.into(), 0_u64.into(), 0_i64.into(), false.into(), "".into()]).unwrap();
        let detail = Table::new("survival", [("time", ColumnKind::Number)]).unwrap();
        let verdict = Verdict { claim: "c".into(), holds: Holds::NotResolved, detail: "d".into() };
        let results = Results { rows, details: vec![detail], verdicts: vec![verdict], finished_cells: 2 };
        let read = from_text(&to_text(&results).unwrap()).unwrap();
        assert_eq!(read.rows, results.rows);
        assert_eq!(read.details, results.details);
        assert_eq!((read.verdicts, read.finished_cells), (results.verdicts, 2));
    }

    #[test]
    fn a_missing_number_stays_missing() {
        let mut rows = Table::new("rows", [("x", ColumnKind::Number)]).unwrap();
        rows.push([Datum::Missing]).unwrap();
        let results = Results { rows, details: vec![], verdicts: vec![], finished_cells: 0 };
        let read = from_text(&to_text(&results).unwrap()).unwrap();
        assert_eq!(read.rows.columns()[0].values.datum(0), Datum::Missing);
    }

    #[test]
    fn what_is_not_results_is_refused() {
        for text in [
            "",
            "{}",
            "[1]",
            r#"{"format":9,"finished_cells":0,"rows":{"name":"r","columns":[]},"details":[],"verdicts":[]}"#,
        ] {
            assert!(from_text(text).is_err(), "{text}");
        }
        let ragged = r#"{"format":1,"finished_cells":0,"rows":{"name":"r","columns":[{"name":"a","kind":"count","values":[1]},{"name":"b","kind":"count","values":[]}]},"details":[],"verdicts":[]}"#;
        assert!(from_text(ragged).unwrap_err().to_string().contains("differ in length"));
    }
}
