//! Tables as CSV (RFC 4180, with line feeds).

use super::datum::Datum;
use super::table::Table;
use std::fmt::Write as _;

impl Table {
    /// The table as CSV: a header, then one line per row. Numbers have the fewest digits that read back as the same
    /// bits; what is missing is an empty field; infinities are `inf` and `-inf`.
    pub fn to_csv(&self) -> String {
        let mut text = String::new();
        for (index, column) in self.columns().iter().enumerate() {
            separate(&mut text, index);
            quote(&mut text, &column.name);
        }
        text.push('\n');
        for row in 0..self.rows() {
            for (index, column) in self.columns().iter().enumerate() {
                separate(&mut text, index);
                let _ = match column.values.datum(row) {
                    Datum::Number(number) => write_number(&mut text, number),
                    Datum::Count(count) => write!(text, "{count}"),
                    Datum::Integer(integer) => write!(text, "{integer}"),
                    Datum::Truth(truth) => write!(text, "{truth}"),
                    Datum::Text(value) => {
                        quote(&mut text, &value);
                        Ok(())
                    }
                    Datum::Missing => Ok(()),
                };
            }
            text.push('\n');
        }
        text
    }
}

fn separate(text: &mut String, index: usize) {
    if index > 0 {
        text.push(',');
    }
}

/// The shorter of plain and scientific notation.
fn write_number(text: &mut String, number: f64) -> std::fmt::Result {
    let plain = (1e-5..1e16).contains(&number.abs()) || number == 0.0;
    if plain { write!(text, "{number}") } else { write!(text, "{number:e}") }
}

fn quote(text: &mut String, field: &str) {
    // An empty text is quoted, so that it differs from what is missing.
    if field.is_empty() || field.contains([',', '"', '\n', '\r']) || field.trim() != field {
        text.push('"');
        text.push_str(&field.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(field);
    }
}

#[cfg(test)]
mod tests {
    use crate::study::{ColumnKind, Datum, Table};
    use proptest::prelude::*;

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        let mut table = Table::new(
            "t",
            [("a,b", ColumnKind::Text), ("x", ColumnKind::Number), ("n", ColumnKind::Integer)],
        )
        .unwrap();
        table.push(["say \"x\"\n".into(), 0.1.into(), (-3_i64).into()]).unwrap();
        table.push(["".into(), 1e300.into(), Datum::Missing]).unwrap();
        table.push([Datum::Missing, f64::NAN.into(), 0_i64.into()]).unwrap();
        table.push(["plain".into(), f64::NEG_INFINITY.into(), 0_i64.into()]).unwrap();
        assert_eq!(
            table.to_csv(),
            "\"a,b\",x,n\n\"say \"\"x\"\"\n\",0.1,-3\n\"\",1e300,\n,,0\nplain,-inf,0\n"
        );
    }

    proptest! {
        #[test]
        fn numbers_read_back_as_the_same_bits(bits in any::<u64>()) {
            let number = f64::from_bits(bits);
            prop_assume!(!number.is_nan());
            let mut table = Table::new("t", [("x", ColumnKind::Number)]).unwrap();
            table.push([number.into()]).unwrap();
            let csv = table.to_csv();
            let field = csv.lines().nth(1).unwrap_or_default();
            prop_assert_eq!(field.parse::<f64>().unwrap().to_bits(), bits);
        }
    }
}
