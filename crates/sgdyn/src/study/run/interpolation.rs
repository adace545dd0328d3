//! Values between the centres of cells.

use crate::density::Grid;

/// The states whose values are mixed at a point, with their shares, which sum to 1 unless cells there are missing.
pub(super) struct Weights(Vec<(usize, f64)>);

/// A point this near to a centre, in widths, is taken to lie on it.
const ON_CENTRE: f64 = 1e-9;

impl Weights {
    /// Linear along each axis between the centres around `point`; `cells`, ascending, are the cells of the states. A cell
    /// that is not among them has the value 0: it lies in a target.
    pub(super) fn at(grid: &Grid, point: &[f64], cells: &[usize]) -> Self {
        let mut corners = vec![([0_usize; 3], 1.0)];
        for (axis, (line, &value)) in grid.axes().iter().zip(point).enumerate() {
            let cell = line.cell_of(value).unwrap_or(0);
            let offset = (value - line.centre(cell)) / line.width(cell);
            let neighbour = if offset < 0.0 { cell.checked_sub(1) } else { Some(cell + 1) };
            let neighbour = neighbour.filter(|&next| next < line.cells() && offset.abs() > ON_CENTRE);
            let shares: Vec<(usize, f64)> = match neighbour {
                None => vec![(cell, 1.0)],
                Some(next) => {
                    let share = (value - line.centre(cell)) / (line.centre(next) - line.centre(cell));
                    vec![(cell, 1.0 - share), (next, share)]
                }
            };
            corners = corners
                .iter()
                .flat_map(|&(place, weight)| {
                    shares.iter().map(move |&(index, share)| {
                        let mut place = place;
                        place[axis] = index;
                        (place, weight * share)
                    })
                })
                .collect();
        }
        let state = |place| cells.binary_search(&grid.number(place)).ok();
        Self(corners.into_iter().filter_map(|(place, weight)| Some((state(place)?, weight))).collect())
    }

    /// All mass on these states, `[states]`.
    pub(super) fn law(&self, states: usize) -> Vec<f64> {
        let mut masses = vec![0.0; states];
        let total: f64 = self.0.iter().map(|(_, weight)| weight).sum();
        for &(state, weight) in &self.0 {
            masses[state] += weight / total;
        }
        masses
    }
}

/// The mix of `values`, `[states]`.
pub(super) fn interpolated(weights: &Weights, values: &[f64]) -> f64 {
    weights.0.iter().map(|&(state, weight)| weight * values[state]).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::Axis;

    #[test]
    fn a_bilinear_function_is_met_between_centres() {
        let grid = Grid::new(vec![Axis::uniform(0.0, 1.0, 7), Axis::uniform(-1.0, 1.0, 5)]).unwrap();
        let cells: Vec<usize> = (0..grid.cells()).collect();
        let mut centre = [0.0; 2];
        let function = |x: &[f64]| 1.0 + 2.0 * x[0] - 0.5 * x[1] + 0.25 * x[0] * x[1];
        let values: Vec<f64> = cells
            .iter()
            .map(|&cell| {
                grid.centre(cell, &mut centre);
                function(&centre)
            })
            .collect();
        for point in [[0.3, 0.1], [0.5, -0.77], [0.9, 0.6]] {
            let weights = Weights::at(&grid, &point, &cells);
            assert!((interpolated(&weights, &values) - function(&point)).abs() < 1e-14);
            assert!((weights.law(grid.cells()).iter().sum::<f64>() - 1.0).abs() < 1e-14);
        }
    }
}
