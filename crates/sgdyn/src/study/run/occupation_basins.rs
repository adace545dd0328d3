//! The basins in which replicas end, cell by cell, over all minima that any cell reached.

use super::occupation::is_same;
use super::occupation_exact::Value;
use super::rows::{Row, Rows};
use crate::escape::Surface;
use crate::observe::Endings;
use crate::statistics::binomial_interval;

const CONFIDENCE: f64 = 0.95;

/// What one cell knows of basins.
pub(super) struct CellBasins {
    /// What every row of the cell begins with.
    pub settings: Row,
    /// Where its replicas ended.
    pub endings: Endings,
    /// The exact shares by minimum; empty where none are known.
    pub exact: Vec<(Vec<f64>, Value)>,
    /// Where the rule ends without noise, if it ends.
    pub noiseless: Option<Vec<f64>>,
    /// The landscape.
    pub surface: Surface,
}

/// Adds a row for each cell and each minimum that some cell reached: in a cell that never did it counts 0.
pub(super) fn basin_rows(cells: &[CellBasins], rows: &mut Rows) {
    let mut minima: Vec<&[f64]> = Vec::new();
    for cell in cells {
        let ended = cell.endings.places.iter().map(|place| &place.position);
        let known = cell.exact.iter().map(|(position, _)| position);
        for position in ended.chain(known).chain(&cell.noiseless) {
            if !minima.iter().any(|minimum| is_same(minimum, position)) {
                minima.push(position);
            }
        }
    }
    // Two minima never agree in all rounded coordinates, and rounding errors must not order them.
    minima.sort_by_key(|minimum| minimum.iter().map(|x| (x / 1e-3).round() as i64).collect::<Vec<_>>());
    for cell in cells {
        for minimum in &minima {
            rows.push(cell.row(minimum));
        }
    }
}

impl CellBasins {
    fn row(&self, minimum: &[f64]) -> Row {
        let mut row = self.settings.clone();
        row.text("basin", &label(minimum)).number("loss", self.surface.loss(minimum));
        let hessian = self.surface.hessian(minimum);
        row.number("trace_of_hessian", (0..minimum.len()).map(|i| hessian[(i, i)]).sum());
        let place = self.endings.places.iter().find(|place| is_same(&place.position, minimum));
        let (count, replicas) = (place.map_or(0, |place| place.count), self.endings.replicas());
        let interval = binomial_interval(count, replicas, CONFIDENCE).ok();
        row.count("count", count).number("basin_share", count as f64 / replicas as f64);
        row.maybe("basin_share_lower", interval.map(|interval| interval.lower));
        row.maybe("basin_share_upper", interval.map(|interval| interval.upper));
        let share = |known: &&(Vec<f64>, Value)| is_same(&known.0, minimum);
        let known = self.exact.iter().find(share).map_or((0.0, None), |known| known.1);
        row.maybe("basin_share_exact", (!self.exact.is_empty()).then_some(known.0));
        row.maybe("basin_share_exact_error", known.1);
        let reached = self.noiseless.as_ref().is_some_and(|end| is_same(end, minimum));
        row.truth("without_noise", reached);
        row.count("replicas", replicas).count("lost", self.endings.lost);
        row
    }
}

/// A point as a name.
fn label(position: &[f64]) -> String {
    let entry = |x: &f64| format!("{x:.3}").replace('-', "−").replace("−0.000", "0.000");
    format!("({})", position.iter().map(entry).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn points_have_names() {
        assert_eq!(label(&[-2.903534, 1e-9, -1e-9]), "(−2.904, 0.000, 0.000)");
    }
}
