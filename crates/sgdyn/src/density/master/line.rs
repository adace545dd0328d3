//! The transition of a one-dimensional step whose noise has a symmetric law.

use super::gauss;
use super::sgd::SgdStep;
use super::symmetric_law::{SymmetricLaw, Window};
use super::transition::{Outside, Row, Transition};
use crate::density::{DensityError, Grid};

/// Pieces into which a cell is cut at most. Where the noise is finer than an image's 64th part, its law inside a cell no
/// longer matters.
const MOST_PIECES: f64 = 64.0;
/// Memory that rows may take, both while they are built and when they are stored.
const MOST_MEBIBYTES: usize = 4096;

/// The transition of x' = centre(x) + scale(x) Z, from any x of a cell with equal probability, to cells.
///
/// `step` takes places and writes the centre and the scale ≥ 0 of each. The probability of each cell is a difference of
/// distribution functions, taken on the side where their digits are, and averaged over the cell of departure by
/// six-point Gauss rules on pieces at most half a scale long (relative error about 1e-12; 1e-9 eight deviations out).
///
/// # Errors
/// A grid that is not one-dimensional; a centre or scale that is not a number, [`DensityError::Step`]; memory.
/// ```
/// use sgdyn::density::{Axis, Grid};
/// use sgdyn::density::master::{Outside, SymmetricLaw, grid_moments, spread_transition};
/// // x' = 0.9 x + 0.1 z: variance 0.01/(1 − 0.81).
/// let grid = Grid::new(vec![Axis::uniform(-2.0, 2.0, 400)])?;
/// let step = |at: &[f64], centre: &mut [f64], scale: &mut [f64]| {
///     for (centre, at) in centre.iter_mut().zip(at) {
///         *centre = 0.9 * at;
///     }
///     scale.fill(0.1);
/// };
/// let chain = spread_transition(&grid, &SymmetricLaw::Normal, Outside::Reflected, step)?;
/// let variance = grid_moments(&grid, &chain.stationary()?).covariance[0];
/// assert!((variance - 0.01 / 0.19).abs() < 1e-4);
/// # Ok::<(), sgdyn::density::DensityError>(())
/// ```
pub fn spread_transition(
    grid: &Grid,
    law: &SymmetricLaw,
    outside: Outside,
    step: impl Fn(&[f64], &mut [f64], &mut [f64]) + Sync,
) -> Result<Transition, DensityError> {
    let [axis] = grid.axes() else {
        return Err(DensityError::WrongDimension { what: "this step", needed: 1, given: grid.dimension() });
    };
    let cells = axis.cells();
    if !law.reach().is_finite() {
        check_memory(cells, cells as f64)?;
    }
    Transition::assemble(grid, |cell| {
        let (lower, upper) = (axis.faces()[cell], axis.faces()[cell + 1]);
        let ends = [lower, 0.5 * (lower + upper), upper];
        let (mut centres, mut scales) = ([0.0; 3], [0.0; 3]);
        step(&ends, &mut centres, &mut scales);
        check(cell, &centres, &scales)?;
        let length = (centres[1] - centres[0]).abs() + (centres[2] - centres[1]).abs();
        let finest = scales.iter().copied().fold(f64::INFINITY, f64::min);
        let pieces = (2.0 * length / finest).ceil().clamp(1.0, MOST_PIECES) as usize;

        let (mut places, mut weights) = (Vec::new(), Vec::new());
        gauss::average(lower, upper, pieces, |place, weight| {
            places.push(place);
            weights.push(weight);
        });
        let (mut centres, mut scales) = (vec![0.0; places.len()], vec![0.0; places.len()]);
        step(&places, &mut centres, &mut scales);
        check(cell, &centres, &scales)?;
        let mut window = Window::default();
        let mut beyond = [0.0; 2];
        for ((&centre, &scale), &weight) in centres.iter().zip(&scales).zip(&weights) {
            // A scale of zero is a certain step.
            let scale = scale.max(f64::MIN_POSITIVE);
            let (below, above) = law.spread(axis.faces(), centre, scale, weight, &mut window);
            beyond[0] += below;
            beyond[1] += above;
        }
        Ok(Row::of_line(window, beyond, cells, outside))
    })
}

fn check(cell: usize, centres: &[f64], scales: &[f64]) -> Result<(), DensityError> {
    let bad = |(centre, scale): (&f64, &f64)| !(centre.is_finite() && *scale >= 0.0 && scale.is_finite());
    match centres.iter().zip(scales).find(|&(centre, scale)| bad((centre, scale))) {
        None => Ok(()),
        Some((&centre, &scale)) => Err(DensityError::Step { cell, centre, scale }),
    }
}

/// Refuses a chain of `cells` rows with `entries` probabilities each that does not fit.
pub(super) fn check_memory(cells: usize, entries: f64) -> Result<(), DensityError> {
    // Sixteen bytes in a row as it is built, twelve when it is stored.
    let needed_mebibytes = (cells as f64 * entries * 28.0 / 1_048_576.0) as usize;
    if needed_mebibytes <= MOST_MEBIBYTES {
        return Ok(());
    }
    let share = MOST_MEBIBYTES as f64 / needed_mebibytes as f64;
    Err(DensityError::Memory {
        what: "the transition probabilities",
        cells,
        needed_mebibytes,
        allowed_mebibytes: MOST_MEBIBYTES,
        fitting_cells: (cells as f64 * share.sqrt()) as usize,
    })
}

/// The masses after one step from a point of one dimension, with normal or stable noise; mass outside goes to the edges.
pub(super) fn point_law(step: &SgdStep<'_>, grid: &Grid, start: f64) -> Result<Vec<f64>, DensityError> {
    let (law, centre, scale) = step.landing(start)?;
    let axis = &grid.axes()[0];
    let mut window = Window::default();
    let (below, above) = law.spread(axis.faces(), centre, scale.max(f64::MIN_POSITIVE), 1.0, &mut window);
    let mut masses = vec![0.0; axis.cells()];
    masses[window.first..window.first + window.values.len()].copy_from_slice(&window.values);
    masses[0] += below;
    masses[axis.cells() - 1] += above;
    Ok(masses)
}
