//! The ensemble that a density is held against: its histogram in bins of whole cells, and the χ² test.

use super::DensityCell;
use crate::density::{Face, Grid};
use crate::ensemble::horizon::{HorizonProgram, HorizonSummary, Observations};
use crate::ensemble::{Start, Units};
use crate::observe::{Bins, Projection};
use crate::random::Seed;
use crate::statistics::{ChiSquareTest, chi_square_goodness_of_fit};
use crate::study::Cell;
use crate::study::run::cell::CellRun;
use crate::study::run::{RunError, lanes_for, unfit};

/// Bins of a histogram along each coordinate, at most.
const MOST_BINS: [usize; 3] = [60, 24, 10];
/// Bins in which fewer counts are expected are joined.
const FEWEST_EXPECTED: f64 = 10.0;

impl DensityCell {
    /// Runs the replicas and counts them in `bins` at every time.
    pub(super) fn ensemble(
        &self,
        run: &CellRun<'_>,
        cell: &Cell,
        bins: &[Vec<usize>],
        seed: Seed,
    ) -> Result<Option<HorizonSummary>, RunError> {
        let rule = &*self.setting.rule;
        let dimension = rule.dimension();
        if dimension != self.problem.variables.len() {
            let remedy = "an ensemble is compared where the grid has the landscape's own coordinates";
            return Err(unfit("density.ensemble", "true", remedy));
        }
        let grid = self.problem.grid(1)?;
        if grid.axes().iter().any(|axis| {
            let ends = axis.ends();
            ends.0 == Face::Periodic || ends.1 == Face::Absorbing || ends.0 == Face::Absorbing
        }) {
            let remedy =
                "replicas know no walls: compare them in a box with reflecting faces that nothing reaches";
            return Err(unfit("grid.faces", "absorbing or periodic", remedy));
        }
        let edges = grid
            .axes()
            .iter()
            .zip(bins)
            .map(|(axis, bins)| bins.iter().map(|&face| axis.faces()[face]).collect());
        let step = rule.time_step();
        let in_steps = self.problem.time_step().is_some();
        let steps = |time: &f64| if in_steps { *time as u64 } else { (time / step).round() as u64 };
        let snapshots: Vec<u64> = self.times.iter().map(steps).collect();
        let off = self
            .times
            .iter()
            .zip(&snapshots)
            .find(|(time, steps)| !in_steps && (**steps as f64 * step / **time - 1.0).abs() > 1e-9);
        if let Some((time, _)) = off {
            let remedy =
                format!("times that an ensemble is compared at are multiples of rule.step_size = {step}");
            return Err(unfit("density.times", time, remedy));
        }
        let ensemble = &cell.description.ensemble;
        let last = snapshots.last().copied().unwrap_or(0);
        let observations = Observations {
            projection: Projection::coordinates(vec![0.0; dimension]),
            snapshots,
            covariance: false,
            displacement: false,
            logarithms: false,
            quantiles: false,
            histogram: Some(Bins::new(edges.collect())),
            average: None,
            paths: 0,
        };
        let start = Start::Point(self.question.start.clone().unwrap_or_default());
        let program = HorizonProgram { rule, start: &start, steps: last, observations: &observations, seed };
        let lanes = lanes_for::<f64>(dimension, rule.memory_blocks(), ensemble.lanes);
        run.run(&program, Units::new(ensemble.replicas, lanes as u64))
    }
}

/// Bins of whole cells.
pub(super) fn bins(grid: &Grid) -> Vec<Vec<usize>> {
    let most = MOST_BINS[grid.dimension() - 1];
    let line = |cells: usize| {
        let stride = cells.div_ceil(most);
        (0..cells).step_by(stride).chain([cells]).collect()
    };
    grid.axes().iter().map(|axis| line(axis.cells())).collect()
}

/// The χ² test of counts in bins against masses; `None` where too few counts are expected anywhere.
pub(super) fn compare(
    grid: &Grid,
    bins: &[Vec<usize>],
    masses: &[f64],
    counts: &[u64],
) -> Option<ChiSquareTest> {
    let expected = binned(grid, bins, masses);
    let total: u64 = counts.iter().sum();
    // What is rare, and what lies outside the box, is one bin.
    let (mut observed, mut probabilities) = (vec![0], vec![0.0]);
    for (&count, &mass) in counts.iter().zip(&expected) {
        if mass * total as f64 >= FEWEST_EXPECTED {
            observed.push(count);
            probabilities.push(mass);
        } else {
            observed[0] += count;
            probabilities[0] += mass;
        }
    }
    observed[0] += counts.last().copied().unwrap_or(0);
    if probabilities[0] * total as f64 <= 1.0 {
        let (count, mass) = (observed.remove(0), probabilities.remove(0));
        *observed.last_mut()? += count;
        *probabilities.last_mut()? += mass;
    }
    chi_square_goodness_of_fit(&observed, &probabilities, 0).ok()
}

/// The mass of each bin.
pub(super) fn binned(grid: &Grid, bins: &[Vec<usize>], masses: &[f64]) -> Vec<f64> {
    let counts: Vec<usize> = bins.iter().map(|bins| bins.len() - 1).collect();
    let mut sums = vec![0.0; counts.iter().product()];
    for (cell, &mass) in masses.iter().enumerate() {
        let place = grid.place(cell);
        let bin = bins.iter().zip(&counts).zip(place).fold(0, |bin, ((bins, count), index)| {
            bin * count + bins.partition_point(|&face| face <= index) - 1
        });
        sums[bin] += mass;
    }
    sums
}
