//! Where dynamics are by their exact law on a grid: over time, averaged over a window, and for ever.

use rayon::prelude::*;

use super::RunError;
use super::first_passage::extrapolated;
use super::grid_setting::{Chain, GridProblem};
use super::interpolation::Weights;
use super::setting::Setting;
use crate::density::{Evolution, Grid, Solver};
use crate::landscape::formula::Condition;
use crate::study::{Description, Rule};

/// The error of each step of time, in probability.
const TOLERANCE: f64 = 1e-7;
/// Intervals in which a window of time is integrated.
const INTERVALS: u64 = 32;
/// Points along each axis by which the part of a cell that lies in a region is told.
const POINTS: usize = 8;
/// Multiplications that a law over time may take.
const MOST_WORK: f64 = 6e9;
/// A cell with less than this share of the mass is not asked for its basin.
const NO_MASS: f64 = 1e-9;

/// A value and how far it is from that of the finer grid, where two grids were solved.
pub(super) type Value = (f64, Option<f64>);

/// The instants that matter, in the time steps of the rule.
pub(super) struct Instants<'a> {
    /// Where all mass starts, `[d]`.
    pub start: &'a [f64],
    /// The steps at which regions are looked at, rising.
    pub snapshots: &'a [u64],
    /// The first and the last step of the window that is averaged over.
    pub window: [u64; 2],
    /// The time of a step.
    pub time_step: f64,
}

/// What is exactly known; parts that would take too long are empty.
pub(super) struct ExactOccupation {
    /// The share of each region at each snapshot, `[snapshots][regions]`.
    pub course: Vec<Vec<f64>>,
    /// The share of each region averaged over the window, `[regions]`.
    pub window: Vec<Value>,
    /// The share of each region in the stationary law, `[regions]`.
    pub stationary: Vec<Value>,
    /// The share of each basin at the end, by its minimum.
    pub basins: Vec<(Vec<f64>, Value)>,
}

/// The same on one grid.
struct Solved {
    course: Vec<Vec<f64>>,
    window: Vec<f64>,
    stationary: Vec<f64>,
    basins: Vec<(Vec<f64>, f64)>,
}

/// The end of a descent, if it has one.
pub(super) type Basin<'a> = &'a (dyn Fn(&[f64]) -> Option<Vec<f64>> + Sync);

/// The exact law of the dynamics of `description`.
///
/// # Errors
/// No grid holds the dynamics.
pub(super) fn exact(
    description: &Description,
    setting: &Setting<f64>,
    regions: &[Condition],
    instants: &Instants<'_>,
    basin: Option<Basin<'_>>,
) -> Result<ExactOccupation, RunError> {
    let mut start = instants.start.to_vec();
    if matches!(description.rule, Rule::HeavyBall { .. }) {
        start.push(0.0);
    }
    let problem = GridProblem::new(description, setting, Some(&start), &[])?;
    let fine = solved(&problem, 1, regions, instants, &start, basin)?;
    let coarse =
        if problem.refines() { solved(&problem, 2, regions, instants, &start, basin).ok() } else { None };
    let joined = |of: fn(&Solved) -> &[f64]| -> Vec<Value> {
        let coarser = |region: usize| coarse.as_ref().and_then(|coarse| of(coarse).get(region).copied());
        of(&fine).iter().enumerate().map(|(region, &value)| extrapolated(value, coarser(region))).collect()
    };
    let (window, stationary) = (joined(|solved| &solved.window), joined(|solved| &solved.stationary));
    let basins = fine.basins.iter().map(|(minimum, share)| {
        let same = |known: &&(Vec<f64>, f64)| super::occupation::is_same(&known.0, minimum);
        let known = coarse.as_ref().and_then(|coarse| coarse.basins.iter().find(same));
        let (value, error) = extrapolated(*share, known.map(|known| known.1));
        (minimum.clone(), (value.clamp(0.0, 1.0), error))
    });
    Ok(ExactOccupation { window, stationary, basins: basins.collect(), course: fine.course })
}

fn solved(
    problem: &GridProblem,
    coarser: usize,
    regions: &[Condition],
    instants: &Instants<'_>,
    start: &[f64],
    basin: Option<Basin<'_>>,
) -> Result<Solved, RunError> {
    let grid = problem.grid(coarser)?;
    let chain = problem.chain(&grid)?;
    let shares: Vec<Vec<f64>> = regions.iter().map(|region| shares_of_cells(&grid, region)).collect();
    let inside = |masses: &[f64]| -> Vec<f64> {
        let dot = |shares: &Vec<f64>| shares.iter().zip(masses).map(|(share, mass)| share * mass).sum();
        shares.iter().map(dot).collect()
    };
    let stationary = if regions.is_empty() {
        Vec::new()
    } else {
        let masses = match &chain {
            Chain::InTime(rates) => problem.solver.stationary(rates).ok(),
            Chain::InSteps(transition) => transition.stationary().ok(),
        };
        masses.map_or_else(Vec::new, |masses| inside(&masses))
    };
    let mut solved = Solved { course: Vec::new(), window: Vec::new(), stationary, basins: Vec::new() };
    let [first, last] = instants.window;
    if matches!(&chain, Chain::InSteps(t) if last as f64 * t.chain().entries() as f64 > MOST_WORK) {
        return Ok(solved);
    }
    let node = |index: u64| first + (last - first) * index / INTERVALS;
    let mut steps: Vec<u64> = (0..=INTERVALS).map(node).chain(instants.snapshots.iter().copied()).collect();
    steps.sort_unstable();
    steps.dedup();
    let cells: Vec<usize> = (0..grid.cells()).collect();
    let law = Weights::at(&grid, start, &cells).law(grid.cells());
    let laws = laws_at(&chain, problem, law, &steps, instants.time_step, |masses| inside(masses))?;
    let at = |step: u64| steps.binary_search(&step).ok().map(|index| &laws.0[index]);
    solved.course = instants.snapshots.iter().filter_map(|&step| at(step).cloned()).collect();
    solved.window = (0..regions.len())
        .map(|region| {
            let value = |index: u64| at(node(index)).map_or(f64::NAN, |shares| shares[region]);
            average(&(0..=INTERVALS).map(|index| (node(index) as f64, value(index))).collect::<Vec<_>>())
        })
        .collect();
    if let Some(basin) = basin {
        solved.basins = basins(&grid, &laws.1, instants.start.len(), basin);
    }
    Ok(solved)
}

/// What `inside` makes of the law at each of `steps`, and the last law itself.
fn laws_at(
    chain: &Chain,
    problem: &GridProblem,
    start: Vec<f64>,
    steps: &[u64],
    time_step: f64,
    inside: impl Fn(&[f64]) -> Vec<f64>,
) -> Result<(Vec<Vec<f64>>, Vec<f64>), RunError> {
    let mut found = Vec::with_capacity(steps.len());
    match chain {
        Chain::InTime(rates) => {
            let mut evolution = Evolution::new(rates, &problem.solver, &start, TOLERANCE)?;
            for &step in steps {
                evolution.advance(step as f64 * time_step)?;
                found.push(inside(evolution.masses()));
            }
            Ok((found, evolution.masses().to_vec()))
        }
        Chain::InSteps(transition) => {
            let (mut masses, mut done) = (start, 0);
            for &step in steps {
                masses = transition.after(&masses, step - done)?.masses;
                done = step;
                found.push(inside(&masses));
            }
            Ok((found, masses))
        }
    }
}

/// The average of a smooth course, by the trapezoidal rule on all points and on every second one, extrapolated.
fn average(points: &[(f64, f64)]) -> f64 {
    let rule = |stride: usize| -> f64 {
        let kept: Vec<_> = points.iter().step_by(stride).collect();
        kept.windows(2).map(|pair| 0.5 * (pair[0].1 + pair[1].1) * (pair[1].0 - pair[0].0)).sum()
    };
    let length = points.last().map_or(0.0, |last| last.0) - points.first().map_or(0.0, |first| first.0);
    if length > 0.0 {
        extrapolated(rule(1), Some(rule(2))).0 / length
    } else {
        points.last().map_or(f64::NAN, |last| last.1)
    }
}

/// The part of each cell that lies in a region.
fn shares_of_cells(grid: &Grid, region: &Condition) -> Vec<f64> {
    let dimension = region.variables().len();
    let points = POINTS.pow(dimension as u32);
    (0..grid.cells())
        .map(|cell| {
            let place = grid.place(cell);
            let hits = (0..points).filter(|&point| {
                let position: Vec<f64> = (0..dimension)
                    .map(|axis| {
                        let line = &grid.axes()[axis];
                        let step = (point / POINTS.pow(axis as u32) % POINTS) as f64 + 0.5;
                        line.faces()[place[axis]] + line.width(place[axis]) * step / POINTS as f64
                    })
                    .collect();
                region.contains(&position)
            });
            hits.count() as f64 / points as f64
        })
        .collect()
}

/// The mass in each basin: every cell belongs to that of its centre.
fn basins(grid: &Grid, masses: &[f64], dimension: usize, basin: Basin<'_>) -> Vec<(Vec<f64>, f64)> {
    let ends: Vec<(Option<Vec<f64>>, f64)> = masses
        .par_iter()
        .enumerate()
        .filter(|(_, mass)| **mass > NO_MASS)
        .map(|(cell, &mass)| {
            let mut centre = vec![0.0; grid.dimension()];
            grid.centre(cell, &mut centre);
            (basin(&centre[..dimension]), mass)
        })
        .collect();
    let mut found: Vec<(Vec<f64>, f64)> = Vec::new();
    for (end, mass) in ends {
        let Some(end) = end else { continue };
        match found.iter_mut().find(|(known, _)| super::occupation::is_same(known, &end)) {
            Some(known) => known.1 += mass,
            None => found.push((end, mass)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::average;

    /// 1 − e^{−t} over (0, 4): 1 − (1 − e^{−4})/4, to the fourth order of an interval of 1/8.
    #[test]
    fn a_course_is_averaged() {
        let points: Vec<(f64, f64)> =
            (0..=32).map(|k| 0.125 * f64::from(k)).map(|t| (t, 1.0 - f64::exp(-t))).collect();
        let exact = 1.0 - (1.0 - f64::exp(-4.0)) / 4.0;
        assert!((average(&points) - exact).abs() < 1e-6);
        assert_eq!(average(&[(3.0, 0.25), (3.0, 0.25)]), 0.25);
    }
}
