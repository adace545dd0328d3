//! Errors of approximations against the learning rate, with their fitted orders.

use super::rows::{Rows, pick, sorted};
use super::{BARS, DetailFigure, MOST_PANELS, Wording, left_out, spread};
use crate::number::{estimate, significant};
use crate::{Axis, Dash, Figure, Panel, Series, Table};

const APPROXIMATION: &str = "approximation";
const QUANTITY: &str = "quantity";
const LEARNING_RATE: &str = "learning_rate";
const ERROR: &str = "error";
const ERROR_STDERR: &str = "error_stderr";
const ORDER: &str = "order";
const ORDER_STDERR: &str = "order_stderr";

/// The height of an entry of the legend as a fraction of the span of the errors.
const HEADROOM: f64 = 0.1;

/// A panel for each quantity, a line for each approximation.
pub(super) fn figure(table: &Table, wording: &Wording<'_>) -> Option<DetailFigure> {
    let rows = Rows::of(table);
    let (rate, error) = (rows.numbers(LEARNING_RATE)?, rows.numbers(ERROR)?);
    let (error_stderr, order, order_stderr) =
        (rows.numbers(ERROR_STDERR), rows.numbers(ORDER), rows.numbers(ORDER_STDERR));
    // Of errors with a sign the size counts.
    let size: Vec<f64> = error.iter().map(|error| error.abs()).collect();
    let quantities = rows.groups(&[QUANTITY], wording);
    let own = [QUANTITY, LEARNING_RATE, ERROR, ERROR_STDERR, ORDER, ORDER_STDERR];
    let end = rows.names().position(|name| name == LEARNING_RATE || name == ERROR)?;
    let mut apart: Vec<&str> = rows.names().take(end).filter(|name| !own.contains(name)).collect();
    if !apart.contains(&APPROXIMATION) {
        apart.push(APPROXIMATION);
    }
    let approximations = rows.groups(&apart, wording);
    let fitted = |rows: &[usize]| {
        let first = |column: &Option<Vec<f64>>| {
            pick(column.as_deref(), rows).into_iter().find(|value| value.is_finite())
        };
        let order = first(&order)?;
        Some(match first(&order_stderr) {
            Some(stderr) => format!("order {}", estimate(order, stderr)),
            None => format!("order {}", significant(order, 3)),
        })
    };
    let panels: Vec<Panel> = spread(quantities.len(), MOST_PANELS)
        .into_iter()
        .map(|quantity| {
            let quantity = &quantities[quantity];
            let x = Axis::log(format!(
                "learning rate {}",
                wording.symbols.iter().find(|known| known.0 == LEARNING_RATE).map_or("η", |known| known.1)
            ));
            let shown = pick(Some(&size), &quantity.rows);
            let shown = || shown.iter().copied().filter(|error| *error > 0.0 && error.is_finite());
            let (low, high) = (shown().fold(f64::INFINITY, f64::min), shown().fold(0.0, f64::max));
            // The lines run from corner to corner: the legend stands above them.
            let room = HEADROOM * approximations.len() as f64 * (high / low).log10().max(1.0);
            let y = Axis::log("error");
            let y = if high > 0.0 { y.upper(high * 10f64.powf(room)) } else { y };
            let mut panel = Panel::new(x, y).title(quantity.label.clone());
            for (number, approximation) in approximations.iter().enumerate() {
                let here: Vec<usize> = approximation
                    .rows
                    .iter()
                    .copied()
                    .filter(|row| quantity.rows.binary_search(row).is_ok())
                    .collect();
                let here = sorted(&here, &rate);
                if here.is_empty() {
                    continue;
                }
                let (x, y) = (pick(Some(&rate), &here), pick(Some(&size), &here));
                let told = [Some(approximation.label.clone()), fitted(&here)];
                let label =
                    told.into_iter().flatten().filter(|told| !told.is_empty()).collect::<Vec<_>>().join(": ");
                let mut points = Series::points(x.clone(), y.clone()).color(number);
                if let Some(stderr) = &error_stderr {
                    points = points.error(pick(Some(stderr), &here), BARS);
                }
                let line = Series::line(x, y).color(number).dash(Dash::Solid);
                panel = panel.series(line.label(label.clone())).series(points.label(label));
            }
            panel
        })
        .collect();
    let mut caption =
        "Error against the learning rate; an error of order p falls by 10ᵖ over a decade.".to_owned();
    if error_stderr.is_some() {
        caption += " Bars: ± 2 standard errors.";
    }
    if order.is_some() {
        caption += " Orders in the legend are fitted; 2.01(3) means a standard error of 0.03.";
    }
    caption += &left_out(panels.len(), quantities.len(), "quantities");
    let figure = wording.figure("Orders of the approximations");
    let figure = figure.columns(panels.len().min(2)).panel_size(360.0, 260.0);
    let figure = panels.into_iter().fold(figure, Figure::panel);
    Some(DetailFigure { name: "orders".to_owned(), figure, caption })
}
