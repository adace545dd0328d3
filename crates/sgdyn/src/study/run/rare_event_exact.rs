//! What is exactly known of rare events: by quadrature on a line, by elimination on grids.

use super::committor::GridCommittor;
use super::first_passage::extrapolated;
use super::grid_setting::GridProblem;
use super::one_dimension::Line;
use super::setting::Setting;
use crate::density::{Axis, Grid};
use crate::landscape::formula::{Condition, Side};
use crate::study::{Cell, Rule};

/// A number known without paths, and how far it may be off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) value: f64,
    pub(super) error: Option<f64>,
}

/// Cells between two thresholds on a line.
const CELLS: usize = 1600;

/// The probability to reach `target` before `before` from `start`.
pub(super) fn probability(
    cell: &Cell,
    setting: &Setting<f64>,
    start: &[f64],
    target: &Condition,
    before: &Condition,
) -> Option<Known> {
    let known = match (setting.dimension(), &cell.description.rule) {
        (1, Rule::Langevin { .. } | Rule::Sde { .. }) => {
            let line = Line::new(cell, setting)?;
            let value = line.probability(start[0], &target.half_space()?, &before.half_space()?)?;
            Known { value, error: None }
        }
        (1, Rule::Sgd { .. } | Rule::Sgld { .. }) => in_steps(cell, setting, start, target, before)?,
        (2 | 3, Rule::Langevin { .. } | Rule::Sde { .. } | Rule::Sme2 { .. }) => {
            let both = [target.clone(), before.clone()];
            let problem = GridProblem::new(&cell.description, setting, Some(start), &both).ok()?;
            let on = |coarser: usize| -> Option<f64> {
                let grid = problem.grid(coarser).ok()?;
                Some(GridCommittor::new(&problem, grid, target, before).ok()?.geometric_at(start))
            };
            let (value, error) = extrapolated(on(1)?, on(2));
            Known { value, error }
        }
        _ => return None,
    };
    (known.value > 0.0 && known.value.is_finite()).then_some(known)
}

/// For a rule in steps on a line: its own chain, on cells of which both thresholds are faces. What is thrown beyond the box
/// lands in its last cell, which is as good as beyond.
fn in_steps(
    cell: &Cell,
    setting: &Setting<f64>,
    start: &[f64],
    target: &Condition,
    before: &Condition,
) -> Option<Known> {
    let (near, far) = (before.half_space()?, target.half_space()?);
    let (lower, upper) = match (near.side, far.side) {
        (Side::Below, Side::Above) => (near.threshold, far.threshold),
        (Side::Above, Side::Below) => (far.threshold, near.threshold),
        _ => return None,
    };
    let grid = |cells: usize| {
        let beyond = (cells / 20).max(2);
        let margin = (upper - lower) / cells as f64 * beyond as f64;
        Axis::uniform(lower - margin, upper + margin, cells + 2 * beyond)
    };
    let mut description = cell.description.clone();
    let axis = grid(CELLS / 2);
    let described = description.grid.as_mut()?;
    described.lower = axis.faces().first().map(|&face| vec![face]);
    described.upper = axis.faces().last().map(|&face| vec![face]);
    described.cells = None;
    let problem = GridProblem::new(&description, setting, Some(start), &[]).ok()?;
    let on = |cells: usize| -> Option<f64> {
        let grid = Grid::new(vec![grid(cells)]).ok()?;
        Some(GridCommittor::new(&problem, grid, target, before).ok()?.geometric_at(start))
    };
    let (value, error) = extrapolated(on(CELLS)?, on(CELLS / 2));
    Some(Known { value, error })
}

/// The rate at which the target is reached from the basin of `start`: 1 over the mean first-passage time.
pub(super) fn rate(cell: &Cell, setting: &Setting<f64>, start: &[f64], target: &Condition) -> Option<Known> {
    let mean = Line::new(cell, setting)?.exact(start[0], &target.half_space()?)?;
    Some(Known { value: 1.0 / mean, error: None })
}
