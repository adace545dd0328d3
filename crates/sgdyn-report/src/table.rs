//! Tables of results: typed columns, estimates folded with their standard errors.

use crate::escape::escape;
use crate::number::{MISSING, estimate, minus, significant};

/// A table: columns of equal meaning per row. Shorter columns are filled with "–".
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name, as in the files of the run.
    pub name: String,
    /// What it holds, in a sentence.
    pub caption: String,
    /// The columns from left to right.
    pub columns: Vec<Column>,
}

/// One column. A numeric column `x_stderr` holds the standard errors of a numeric column `x` and is shown within it.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The heading.
    pub name: String,
    /// One value to a row.
    pub values: Values,
}

/// The values of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers; NaN is shown as "–".
    Number(Vec<f64>),
    /// Whole numbers, shown in full.
    Integer(Vec<i64>),
    /// Texts.
    Text(Vec<String>),
    /// Yes or no.
    Bool(Vec<bool>),
}

/// Rows beyond this stay in the files: a page of a hundred thousand rows serves no reader.
const MOST_ROWS: usize = 1000;
/// Longer tables scroll.
const SHORT: usize = 14;
const ERROR_SUFFIX: &str = "_stderr";

impl Values {
    fn len(&self) -> usize {
        match self {
            Self::Number(values) => values.len(),
            Self::Integer(values) => values.len(),
            Self::Text(values) => values.len(),
            Self::Bool(values) => values.len(),
        }
    }

    fn is_text(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Bool(_))
    }

    fn show(&self, row: usize) -> String {
        let text = match self {
            Self::Number(values) => values.get(row).map(|&value| significant(value, 6)),
            Self::Integer(values) => values.get(row).map(|value| minus(&value.to_string())),
            Self::Text(values) => values.get(row).map(|value| escape(value).into_owned()),
            Self::Bool(values) => values.get(row).map(|&value| if value { "yes" } else { "no" }.to_owned()),
        };
        text.unwrap_or_else(|| MISSING.to_owned())
    }
}

/// A column as shown, with the standard errors that belong to it.
struct Shown<'a> {
    column: &'a Column,
    errors: Option<&'a [f64]>,
}

impl Shown<'_> {
    fn cell(&self, row: usize) -> String {
        match (&self.column.values, self.errors.and_then(|errors| errors.get(row))) {
            (Values::Number(values), Some(&error)) => {
                values.get(row).map_or_else(|| MISSING.to_owned(), |&value| estimate(value, error))
            }
            (values, _) => values.show(row),
        }
    }
}

impl Table {
    /// A table without columns.
    pub fn new(name: impl Into<String>, caption: impl Into<String>) -> Self {
        Self { name: name.into(), caption: caption.into(), columns: Vec::new() }
    }

    /// Adds a column.
    pub fn column(mut self, name: impl Into<String>, values: Values) -> Self {
        self.columns.push(Column { name: name.into(), values });
        self
    }

    /// The columns, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    fn numbers(&self, name: &str) -> Option<&[f64]> {
        self.columns.iter().find(|column| column.name == name).and_then(|column| match &column.values {
            Values::Number(values) => Some(values.as_slice()),
            _ => None,
        })
    }

    fn shown(&self) -> Vec<Shown<'_>> {
        let is_number = |column: &Column| matches!(column.values, Values::Number(_));
        self.columns
            .iter()
            .filter(|column| {
                let estimated = column.name.strip_suffix(ERROR_SUFFIX).filter(|_| is_number(column));
                estimated.is_none_or(|name| self.numbers(name).is_none())
            })
            .map(|column| {
                let errors = self.numbers(&format!("{}{ERROR_SUFFIX}", column.name));
                Shown { column, errors: errors.filter(|_| is_number(column)) }
            })
            .collect()
    }

    /// The table as HTML, the `number`-th of its page.
    pub(crate) fn to_html(&self, number: usize) -> String {
        let rows = self.columns.iter().map(|column| column.values.len()).max().unwrap_or(0);
        let shown = self.shown();
        let mut notes = Vec::new();
        if shown.iter().any(|column| column.errors.is_some()) {
            notes.push("1.2345(6) means 1.2345 with a standard error of 0.0006.".to_owned());
        }
        if rows > MOST_ROWS {
            notes.push(format!("The first {MOST_ROWS} of {rows} rows are shown."));
        }
        let head: String = shown
            .iter()
            .map(|shown| {
                let class = if shown.column.values.is_text() { " class=\"words\"" } else { "" };
                format!("<th scope=\"col\"{class}>{}</th>", escape(&shown.column.name))
            })
            .collect();
        let mut body = String::new();
        for row in 0..rows.min(MOST_ROWS) {
            body.push_str("<tr>");
            for shown in &shown {
                let class = if shown.column.values.is_text() { " class=\"words\"" } else { "" };
                body.push_str(&format!("<td{class}>{}</td>", shown.cell(row)));
            }
            body.push_str("</tr>\n");
        }
        if rows == 0 {
            let columns = shown.len().max(1);
            body = format!("<tr><td class=\"words\" colspan=\"{columns}\">no rows</td></tr>\n");
        }
        let class = if rows > SHORT { "scroll long" } else { "scroll" };
        let name = escape(&self.name);
        let notes = if notes.is_empty() {
            String::new()
        } else {
            format!("<p class=\"note\">{}</p>\n", notes.join(" "))
        };
        format!(
            "<section class=\"table\">\n<div class=\"{class}\" tabindex=\"0\" role=\"region\" aria-label=\"{name}\">\n\
             <table>\n<caption><b>Table {number}. {name}.</b> {}</caption>\n<thead><tr>{head}</tr></thead>\n\
             <tbody>\n{body}</tbody>\n</table>\n</div>\n{notes}</section>\n",
            escape(&self.caption)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_errors_fold_into_their_column() {
        let html = Table::new("rates", "a < b")
            .column("beta", Values::Number(vec![1.0, f64::NAN]))
            .column("tau", Values::Number(vec![2.703_769, 24.4]))
            .column("tau_stderr", Values::Number(vec![0.004]))
            .column("name_stderr", Values::Number(vec![0.5, 0.5]))
            .column("n", Values::Integer(vec![-7, 12]))
            .column("ok", Values::Bool(vec![true]))
            .column("why", Values::Text(vec!["<i>".to_owned()]))
            .to_html(1);
        for part in
            ["2.704(4)", "<td>24.4</td>", "<td>–</td>", "−7", ">yes<", "&lt;i&gt;", "a &lt; b", "name_stderr"]
        {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains("tau_stderr"));
    }

    #[test]
    fn long_and_empty_tables() {
        let long = Table::new("t", "").column("k", Values::Integer((0..5000).collect())).to_html(1);
        assert_eq!(long.matches("<tr>").count(), 1001);
        assert!(long.contains("first 1000 of 5000 rows"));
        assert!(Table::new("t", "").to_html(1).contains("no rows"));
    }
}
