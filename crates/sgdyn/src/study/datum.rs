//! One entry of a table, and the kinds of columns that hold it.

use serde_json::Value as Json;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Double precision; what is missing is NaN.
    Number,
    /// Whole numbers from 0.
    Count,
    /// Whole numbers.
    Integer,
    /// true or false.
    Truth,
    /// Text.
    Text,
}

impl ColumnKind {
    /// What errors call the entries of such a column.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Number => "numbers",
            Self::Count => "counts",
            Self::Integer => "integers",
            Self::Truth => "truth values",
            Self::Text => "texts",
        }
    }
}

/// One entry of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
    /// A number; NaN is a missing one.
    Number(f64),
    /// A whole number from 0.
    Count(u64),
    /// A whole number.
    Integer(i64),
    /// true or false.
    Truth(bool),
    /// Text.
    Text(String),
    /// Nothing, in a column of any kind.
    Missing,
}

impl Datum {
    /// The kind of column that holds it; none for what is missing.
    pub fn kind(&self) -> Option<ColumnKind> {
        match self {
            Self::Number(_) => Some(ColumnKind::Number),
            Self::Count(_) => Some(ColumnKind::Count),
            Self::Integer(_) => Some(ColumnKind::Integer),
            Self::Truth(_) => Some(ColumnKind::Truth),
            Self::Text(_) => Some(ColumnKind::Text),
            Self::Missing => None,
        }
    }

    /// The entry in JSON; NaN, infinities and what is missing are null.
    pub(crate) fn to_json(&self) -> Json {
        match self {
            // JSON has no infinity; serde_json makes null of what is not finite.
            Self::Number(number) => Json::from(*number),
            Self::Count(count) => Json::from(*count),
            Self::Integer(integer) => Json::from(*integer),
            Self::Truth(truth) => Json::from(*truth),
            Self::Text(text) => Json::from(text.as_str()),
            Self::Missing => Json::Null,
        }
    }
}

impl From<f64> for Datum {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}
impl From<u64> for Datum {
    fn from(value: u64) -> Self {
        Self::Count(value)
    }
}
impl From<i64> for Datum {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}
impl From<bool> for Datum {
    fn from(value: bool) -> Self {
        Self::Truth(value)
    }
}
impl From<&str> for Datum {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}
impl From<String> for Datum {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}
