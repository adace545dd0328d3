//! The probability of one set before another, over the cells of a grid.

use super::RunError;
use super::grid_setting::GridProblem;
use super::interpolation::{Weights, interpolated};
use crate::density::{Between, Committor, Grid, Side};
use crate::landscape::formula::Condition;

/// A committor on a grid.
pub(super) struct GridCommittor {
    pub(super) grid: Grid,
    /// The cells in neither set, ascending.
    kept: Vec<usize>,
    /// Their probabilities.
    probabilities: Vec<f64>,
    sides: Vec<Side>,
}

impl GridCommittor {
    /// The probability to reach `target` before `other`; a cell belongs to a set if its centre does.
    pub(super) fn new(
        problem: &GridProblem,
        grid: Grid,
        target: &Condition,
        other: &Condition,
    ) -> Result<Self, RunError> {
        let chain = problem.chain(&grid)?;
        let mut centre = vec![0.0; grid.dimension()];
        let side = |cell| {
            grid.centre(cell, &mut centre);
            if target.contains(&centre[..target.variables().len()]) {
                Side::Chosen
            } else if other.contains(&centre[..other.variables().len()]) {
                Side::Other
            } else {
                Side::Between
            }
        };
        let sides: Vec<Side> = (0..grid.cells()).map(side).collect();
        let between = Between::new(chain.rates(), |state| sides[state])?;
        let committor = Committor::new(&between.chain, &problem.solver, &between.chosen, &between.others)?;
        Ok(Self { grid, kept: between.kept, probabilities: committor.chosen, sides })
    }

    /// At a point in neither set. Cells of the other set count as 0, and so do those of the target: beside them the value
    /// is low by the part of a cell.
    pub(super) fn at(&self, point: &[f64]) -> f64 {
        interpolated(&Weights::at(&self.grid, point, &self.kept), &self.probabilities)
    }

    /// The same, linear in the logarithm, which a rare event's is: beside a set, where some cells have none, as [`Self::at`].
    pub(super) fn geometric_at(&self, point: &[f64]) -> f64 {
        let weights = Weights::at(&self.grid, point, &self.kept);
        let logarithms: Vec<f64> = self.probabilities.iter().map(|value| value.ln()).collect();
        let whole = (interpolated(&weights, &vec![1.0; logarithms.len()]) - 1.0).abs() < 1e-9;
        if whole { interpolated(&weights, &logarithms).exp() } else { self.at(point) }
    }

    /// Over all cells, `[cells]`.
    pub(super) fn everywhere(&self) -> Vec<f64> {
        let one = |side: &Side| if *side == Side::Chosen { 1.0 } else { 0.0 };
        let mut values: Vec<f64> = self.sides.iter().map(one).collect();
        for (&cell, &probability) in self.kept.iter().zip(&self.probabilities) {
            values[cell] = probability;
        }
        values
    }
}
