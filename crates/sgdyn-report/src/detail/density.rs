//! Figures of a table of densities: lines where there is one coordinate, maps where there are two.

use super::slices::Densities;
use super::{DetailFigure, Wording, lines, maps};
use crate::Table;

/// The figures of the table; none where it does not hold densities over one or two coordinates.
pub(super) fn figures(table: &Table, wording: &Wording<'_>) -> Vec<DetailFigure> {
    let Some(densities) = Densities::of(table, wording) else { return Vec::new() };
    match densities.coordinates.len() {
        1 => vec![lines::figure(&densities, wording)],
        2 => maps::figures(&densities, wording),
        _ => Vec::new(),
    }
}
