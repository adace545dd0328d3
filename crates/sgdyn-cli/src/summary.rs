//! What is printed at the end of a run: the rows as an aligned table, the verdicts, where the report is.

use crate::aligned::{Align, Aligned, heading};
use sgdyn::study::{Column, Datum, Holds, Results, Table, Values, Verdict};
use sgdyn_report::{estimate, significant};
use std::fmt::Write as _;

/// Rows beyond this are left to the files.
const MOST_ROWS: usize = 30;
const ERROR_SUFFIX: &str = "_stderr";

/// The summary; columns that do not fit into `width` characters are named below the table.
pub(crate) fn text(results: &Results, width: usize) -> String {
    let mut text = rows_text(&results.rows, width);
    if !results.verdicts.is_empty() {
        text.push('\n');
    }
    for verdict in &results.verdicts {
        text.push_str(&verdict_text(verdict));
    }
    text
}

fn verdict_text(verdict: &Verdict) -> String {
    let mark = match verdict.holds {
        Holds::Yes => "✔ yes",
        Holds::No => "✘ no",
        Holds::NotResolved => "? not resolved",
    };
    let mut text = format!("{mark}: {}\n", verdict.claim);
    for line in verdict.detail.lines() {
        let _ = writeln!(text, "    {line}");
    }
    text
}

fn rows_text(table: &Table, width: usize) -> String {
    if table.rows() == 0 {
        return "no cell is finished\n".to_owned();
    }
    let shown: Vec<&Column> = table
        .columns()
        .iter()
        .filter(|column| !is_error_of_another(table, column) && !is_empty(column, table.rows()))
        .filter(|column| !repeats_another(table, column))
        .collect();
    // What is the same in all rows is said once.
    let (constant, varying): (Vec<&Column>, Vec<&Column>) =
        shown.into_iter().partition(|column| table.rows() > 1 && is_constant(table, column));
    let rows = table.rows().min(MOST_ROWS);
    let column_width = |column: &Column| {
        let cells = (0..rows).map(|row| cell(table, column, row).chars().count());
        heading(&column.name, cells.max().unwrap_or(0)).0
    };
    let (mut fitting, mut left_out, mut used) = (Vec::new(), Vec::new(), 0);
    for column in varying {
        if is_bound(column) {
            left_out.push(column);
            continue;
        }
        used += column_width(column) + 2;
        if used > width + 2 { left_out.push(column) } else { fitting.push(column) }
    }
    let align = |column: &Column| match column.values {
        Values::Text(_) | Values::Truth(_) => Align::Left,
        _ => Align::Right,
    };
    let mut aligned = Aligned::new(fitting.iter().map(|column| (column.name.clone(), align(column))));
    for row in 0..rows {
        aligned.push(fitting.iter().map(|column| cell(table, column, row)));
    }
    let mut text = aligned.to_string();
    if table.rows() > rows {
        let _ = writeln!(text, "… {} more rows in tables/{}.csv", table.rows() - rows, table.name());
    }
    if !constant.is_empty() {
        let settings: Vec<String> =
            constant.iter().map(|column| format!("{} = {}", column.name, cell(table, column, 0))).collect();
        let _ = writeln!(text, "in all rows: {}", settings.join(", "));
    }
    if !left_out.is_empty() {
        let names: Vec<&str> = left_out.iter().map(|column| column.name.as_str()).collect();
        let _ = writeln!(text, "not shown here: {}", names.join(", "));
    }
    text
}

fn numbers<'a>(table: &'a Table, name: &str) -> Option<&'a [f64]> {
    match &table.column(name)?.values {
        Values::Number(values) => Some(values),
        _ => None,
    }
}

fn is_error_of_another(table: &Table, column: &Column) -> bool {
    column.name.strip_suffix(ERROR_SUFFIX).is_some_and(|name| numbers(table, name).is_some())
}

/// The ends of an interval are left to the files: the standard error says as much.
fn is_bound(column: &Column) -> bool {
    column.name.ends_with("_lower") || column.name.ends_with("_upper")
}

/// Whether an earlier column holds the same texts, as `rule` does where rules are swept by name.
fn repeats_another(table: &Table, column: &Column) -> bool {
    let mut earlier = table.columns().iter().take_while(|earlier| earlier.name != column.name);
    matches!(column.values, Values::Text(_)) && earlier.any(|earlier| earlier.values == column.values)
}

fn is_empty(column: &Column, rows: usize) -> bool {
    (0..rows).all(|row| column.values.datum(row) == Datum::Missing)
}

fn is_constant(table: &Table, column: &Column) -> bool {
    let error = table.column(&format!("{}{ERROR_SUFFIX}", column.name));
    let same = |column: &Column| {
        let first = column.values.datum(0);
        (1..table.rows()).all(|row| column.values.datum(row) == first)
    };
    same(column) && error.is_none_or(same)
}

fn cell(table: &Table, column: &Column, row: usize) -> String {
    let error = numbers(table, &format!("{}{ERROR_SUFFIX}", column.name)).and_then(|errors| errors.get(row));
    match (column.values.datum(row), error) {
        (Datum::Number(value), Some(&error)) if error.is_finite() => estimate(value, error),
        (datum, _) => show(&datum),
    }
}

/// An entry as people read it.
pub(crate) fn show(datum: &Datum) -> String {
    match datum {
        Datum::Number(number) => significant(*number, 6),
        Datum::Count(count) => count.to_string(),
        Datum::Integer(integer) => integer.to_string().replace('-', "−"),
        Datum::Truth(truth) => if *truth { "yes" } else { "no" }.to_owned(),
        Datum::Text(text) => text.clone(),
        Datum::Missing => "–".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sgdyn::study::ColumnKind;

    fn results(rows: usize) -> Results {
        let kinds = [
            ("beta", ColumnKind::Number),
            ("target", ColumnKind::Text),
            ("escape_time", ColumnKind::Number),
            ("escape_time_stderr", ColumnKind::Number),
            ("escape_time_exact", ColumnKind::Number),
            ("replicas", ColumnKind::Count),
            ("nothing", ColumnKind::Number),
        ];
        let mut table = Table::new("rows", kinds).unwrap();
        for row in 0..rows {
            let time = 2.70376 + row as f64;
            table
                .push([
                    Datum::Number(row as f64),
                    "x <= 0".into(),
                    time.into(),
                    0.012.into(),
                    if row == 0 { f64::NAN.into() } else { time.into() },
                    1000_u64.into(),
                    Datum::Missing,
                ])
                .unwrap();
        }
        let verdict = |holds| Verdict { claim: "τ grows".into(), holds, detail: "slope 1.00(2)".into() };
        let verdicts = vec![verdict(Holds::Yes), verdict(Holds::No), verdict(Holds::NotResolved)];
        Results { rows: table, details: Vec::new(), verdicts, finished_cells: 1 }
    }

    #[test]
    fn the_summary_folds_errors_and_says_what_is_common_once() {
        assert_eq!(
            text(&results(2), 100),
            "                   escape_time\n\
             beta  escape_time       _exact\n\
             \u{20}  0    2.704(12)            –\n\
             \u{20}  1    3.704(12)      3.70376\n\
             in all rows: target = x <= 0, replicas = 1000\n\n\
             ✔ yes: τ grows\n    slope 1.00(2)\n✘ no: τ grows\n    slope 1.00(2)\n\
             ? not resolved: τ grows\n    slope 1.00(2)\n"
        );
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let narrow = text(&results(2), 20);
        assert!(narrow.contains("not shown here: escape_time_exact"), "{narrow}");
        assert!(text(&results(40), 100).contains("\n… 10 more rows in tables/rows.csv\n"));
        assert!(text(&results(0), 100).starts_with("no cell is finished\n"));
    }
}
