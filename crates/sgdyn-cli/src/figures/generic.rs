//! The plot of last resort: the first estimate along the first swept key.

use super::curve::{Abscissa, Split, panel};
use super::{Context, NamedFigure, labels};

/// The first column with standard errors along the first swept key; nothing if no column has any.
pub(super) fn figure(context: &Context<'_>) -> Option<NamedFigure> {
    let rows = &context.rows;
    let quantity = rows.columns().find(|column| {
        rows.numbers(column).is_some() && rows.numbers(&format!("{column}_stderr")).is_some()
    })?;
    let abscissa = Abscissa::of(&context.axes, rows);
    let keep = |columns: &[String]| -> Vec<String> {
        columns.iter().filter(|column| *column != abscissa.column()).cloned().collect()
    };
    let split = Split::new(rows, keep(&context.axes.parts), keep(&context.axes.others));
    let panel = panel(rows, quantity, &abscissa, &split)?;
    Some(NamedFigure {
        name: quantity.replace(|c: char| !c.is_ascii_alphanumeric(), "-"),
        figure: context.figure(format!("{} measured and predicted", labels::name(quantity))).panel(panel),
        caption: format!("Points: {}; bars: ± 2 standard errors.", labels::name(quantity)),
    })
}
