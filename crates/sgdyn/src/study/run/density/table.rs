//! The table of densities: what figures are drawn from.

use super::ensemble::binned;
use crate::density::{Grid, ProbabilityCurrent};
use crate::study::Cell;
use crate::study::run::grid_setting::GridProblem;
use crate::study::run::rows::{Row, Rows};

/// Points of the table along each axis, at most: in one dimension, and in two.
const MOST_POINTS: [usize; 2] = [400, 100];

/// A histogram of an ensemble: the cells at which bins begin along each axis, and the counts.
pub(super) type Histogram<'a> = (&'a [Vec<usize>], &'a [u64]);

/// Adds the density at `time`, none for the stationary law; in three dimensions that of the first two coordinates.
#[allow(clippy::too_many_arguments, reason = "they are what a density is")]
pub(super) fn density_rows(
    cell: &Cell,
    problem: &GridProblem,
    grid: &Grid,
    time: Option<f64>,
    masses: &[f64],
    current: Option<&ProbabilityCurrent>,
    histogram: Option<Histogram<'_>>,
    table: &mut Rows,
) {
    let shown = grid.dimension().min(2);
    let groups: Vec<Vec<usize>> = match histogram {
        Some((bins, _)) => bins.to_vec(),
        None => grid
            .axes()
            .iter()
            .enumerate()
            .map(|(axis, line)| {
                let stride =
                    if axis < shown { stride(line.cells(), MOST_POINTS[shown - 1]) } else { line.cells() };
                (0..line.cells()).step_by(stride).chain([line.cells()]).collect()
            })
            .collect(),
    };
    let sums = binned(grid, &groups, masses);
    let counts: Vec<usize> = groups.iter().map(|group| group.len() - 1).collect();
    let replicas: u64 = histogram.map_or(0, |(_, counts)| counts.iter().sum());
    let timed = if problem.time_step().is_some() { "steps" } else { "time" };
    for (point, &mass) in sums.iter().enumerate() {
        let mut rest = point;
        let mut places = vec![0; groups.len()];
        for (place, count) in places.iter_mut().zip(&counts).rev() {
            *place = rest % count;
            rest /= count;
        }
        let ends = |axis: usize| {
            let faces = grid.axes()[axis].faces();
            (faces[groups[axis][places[axis]]], faces[groups[axis][places[axis] + 1]])
        };
        let volume: f64 = (0..shown).map(|axis| ends(axis).1 - ends(axis).0).product();
        let mut row = Row::default();
        row.count("cell", cell.index as u64).maybe(timed, time);
        for axis in 0..shown {
            row.number(&problem.variables[axis], 0.5 * (ends(axis).0 + ends(axis).1));
        }
        row.number("density", mass / volume);
        if let (Some(current), 2) = (current, grid.dimension()) {
            let middle =
                |axis: usize| usize::midpoint(groups[axis][places[axis]], groups[axis][places[axis] + 1]);
            let vector = current.at(grid.number([middle(0), middle(1), 0]));
            for (variable, value) in problem.variables.iter().zip(vector) {
                row.number(&format!("current_{variable}"), *value);
            }
        }
        if let Some((_, counts)) = histogram.filter(|_| replicas > 0) {
            let share = counts[point] as f64 / replicas as f64;
            row.number("density_ensemble", share / volume);
            row.number("density_ensemble_stderr", (share * (1.0 - share) / replicas as f64).sqrt() / volume);
        }
        table.push(row);
    }
}

/// How many cells make a point of the table, so that there are at most `most` points: if it can be, all of one size.
fn stride(cells: usize, most: usize) -> usize {
    let least = cells.div_ceil(most);
    (least..=2 * least).find(|&stride| cells.is_multiple_of(stride)).unwrap_or(least)
}
