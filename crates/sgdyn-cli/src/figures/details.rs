//! Figures of the tables of detail that studies on a grid write.

use super::{Context, NamedFigure, labels};
use crate::page;
use crate::summary::show;
use sgdyn::study::{Datum, Table};
use sgdyn_report::{Values, Wording, detail_figures};

/// The column by which tables of detail name their cell.
const CELL: &str = "cell";

pub(super) fn figures(context: &Context<'_>) -> Vec<NamedFigure> {
    let symbols: Vec<(&str, &str)> = labels::NAMES.iter().map(|name| (name.0, name.2)).collect();
    let study = context.study;
    let subtitle = study.first().title.clone().unwrap_or_else(|| study.name().to_owned());
    let wording = Wording { subtitle: &subtitle, symbols: &symbols };
    let details = context.results.details.iter();
    details
        .flat_map(|table| detail_figures(&told_apart(context, table), &wording))
        .map(|detail| NamedFigure { name: detail.name, figure: detail.figure, caption: detail.caption })
        .collect()
}

/// The table with the settings of each cell in the place of its number.
fn told_apart(context: &Context<'_>, table: &Table) -> sgdyn_report::Table {
    let shown = page::table(table, "");
    let Some(cells) = table.column(CELL) else { return shown };
    let settings: Vec<Vec<Datum>> = (0..context.study.cell_count())
        .map(|index| {
            let cell = context.study.cell(index).ok();
            let coordinates = cell.map(|cell| cell.coordinates).unwrap_or_default();
            coordinates.into_iter().map(|swept| swept.value).collect()
        })
        .collect();
    let of_row = |row: usize| match cells.values.datum(row) {
        Datum::Count(cell) => usize::try_from(cell).ok().and_then(|cell| settings.get(cell)),
        _ => None,
    };
    let mut named = sgdyn_report::Table::new(table.name(), "");
    for (column, (_, name)) in context.study.swept().enumerate() {
        let values: Vec<Option<&Datum>> =
            (0..table.rows()).map(|row| of_row(row).and_then(|swept| swept.get(column))).collect();
        let number = |value: Option<&Datum>| match value {
            Some(Datum::Number(number)) => Some(*number),
            Some(Datum::Count(count)) => Some(*count as f64),
            _ => None,
        };
        let numbers: Option<Vec<f64>> = values.iter().copied().map(number).collect();
        let texts = || values.iter().map(|value| value.map_or_else(String::new, show)).collect();
        named = named.column(name, numbers.map_or_else(|| Values::Text(texts()), Values::Number));
    }
    shown
        .columns()
        .iter()
        .filter(|column| column.name != CELL)
        .fold(named, |named, column| named.column(column.name.clone(), column.values.clone()))
}
