//! A box that holds a stationary law, found by growing and shrinking.

use super::generator::generator;
use super::{Axis, DenseSolver, DensityError, DiffusionProcess, Face, Grid, Solver};
use crate::theory::Interpretation;

/// Cells per axis of the grids that are tried, in 1, 2 and 3 dimensions: exact in detailed balance however coarse, and
/// small enough for a full elimination.
const CELLS: [usize; 3] = [300, 24, 8];
/// The most boxes that are tried.
const MOST_TRIALS: usize = 80;
/// What lies outside may be this share of what is allowed before a face moves in.
const SPARE: f64 = 1e-4;

/// The mass in the cells next to the lower and the upper face of each axis, `[d]`: what a box cuts off is about as much.
/// Periodic faces cut nothing off.
pub fn edge_mass(grid: &Grid, masses: &[f64]) -> Vec<[f64; 2]> {
    let mut edges = vec![[0.0; 2]; grid.dimension()];
    for (cell, mass) in masses.iter().enumerate() {
        let place = grid.place(cell);
        for (k, axis) in grid.axes().iter().enumerate() {
            if axis.ends().0 == Face::Periodic {
                continue;
            }
            if place[k] == 0 {
                edges[k][0] += mass;
            }
            if place[k] + 1 == axis.cells() {
                edges[k][1] += mass;
            }
        }
    }
    edges
}

/// The lower and upper end of a box `[d]` that holds `around` and, by solves on coarse grids with reflecting faces, all
/// but about `allowed_mass` of the stationary law at each face.
///
/// `fixed[axis]` names the ends that are given; the others are found.
///
/// # Errors
/// No point, points or ends that do not fit the process, an allowed mass outside (0, 1), a law whose mass at the edge
/// stays above it ([`DensityError::NotConverged`]: heavy tails, or no stationary law), and what [`generator`] refuses.
/// ```
/// use sgdyn::density::{DiffusionProcess, find_box};
/// use sgdyn::theory::Interpretation;
/// let process = DiffusionProcess::gibbs(1, |x| 0.5 * x[0] * x[0], |x, g| g[0] = x[0], 1.0)?;
/// let ends = find_box(&process, Interpretation::Ito, &[vec![0.0]], &[[None, None]], 1e-10)?;
/// // A standard normal is outside ±6.4 with probability 1e-10.
/// assert!(ends[0][0] < -6.3 && ends[0][0] > -10.0 && ends[0][1] > 6.3 && ends[0][1] < 10.0);
/// # Ok::<(), sgdyn::density::DensityError>(())
/// ```
pub fn find_box(
    process: &DiffusionProcess,
    interpretation: Interpretation,
    around: &[Vec<f64>],
    fixed: &[[Option<f64>; 2]],
    allowed_mass: f64,
) -> Result<Vec<[f64; 2]>, DensityError> {
    let dimension = process.dimension();
    if !(allowed_mass > 0.0 && allowed_mass < 1.0) {
        let allowed = "a number between 0 and 1";
        return Err(DensityError::OutOfRange { name: "allowed_mass", value: allowed_mass, allowed });
    }
    let unfit = around.iter().map(Vec::len).chain([fixed.len()]).find(|&length| length != dimension);
    if let (Some(length), _) | (None, length @ 0) = (unfit, around.len()) {
        let what = "the point or the box";
        return Err(DensityError::Shape { what, dimension: length, grid: dimension });
    }
    let mut ends = first_box(process, around, fixed)?;
    let mut reached = f64::INFINITY;
    for trial in 0..MOST_TRIALS {
        let axes = ends.iter().map(|&[lower, upper]| Axis::uniform(lower, upper, CELLS[dimension - 1]));
        let grid = Grid::new(axes.collect())?;
        let chain = generator(process, &grid, interpretation)?;
        let masses = DenseSolver.stationary(&chain)?;
        let mut moved = false;
        reached = 0.0;
        for axis in 0..dimension {
            let slabs = slab_masses(&grid, axis, &masses);
            let width = ends[axis][1] - ends[axis][0];
            for side in 0..2 {
                if fixed[axis][side].is_some() {
                    continue;
                }
                let outward = if side == 0 { -1.0 } else { 1.0 };
                let from_face = |index: usize| slabs[if side == 0 { index } else { slabs.len() - 1 - index }];
                if from_face(0) > allowed_mass {
                    reached = f64::max(reached, from_face(0));
                    ends[axis][side] += 0.3 * outward * width;
                    moved = true;
                    continue;
                }
                // The last trials only grow, so that growing and shrinking cannot chase each other.
                let mut outside = 0.0;
                let spare = (0..slabs.len() / 2)
                    .take_while(|&index| {
                        outside += from_face(index);
                        outside < SPARE * allowed_mass
                    })
                    .count();
                let inward = width * spare as f64 / slabs.len() as f64;
                let end = within(ends[axis][side] - outward * inward, side, axis, around, width);
                if trial < MOST_TRIALS / 2 && (ends[axis][side] - end).abs() > 0.2 * width {
                    ends[axis][side] = end;
                    moved = true;
                }
            }
        }
        if !moved {
            return Ok(ends);
        }
    }
    Err(DensityError::NotConverged {
        what: "the search for a box that holds the stationary law",
        reached,
        iterations: MOST_TRIALS,
        remedy: "the law has heavy tails or there is none: give the ends of the box, or allow more mass outside",
    })
}

/// The end of a box, kept a hundredth of the width away from the points.
fn within(end: f64, side: usize, axis: usize, around: &[Vec<f64>], width: f64) -> f64 {
    let margin = 0.01 * width;
    around.iter().fold(end, |end, point| {
        if side == 0 { end.min(point[axis] - margin) } else { end.max(point[axis] + margin) }
    })
}

/// The points with a few lengths √(D/|b'|) around them.
fn first_box(
    process: &DiffusionProcess,
    around: &[Vec<f64>],
    fixed: &[[Option<f64>; 2]],
) -> Result<Vec<[f64; 2]>, DensityError> {
    let dimension = process.dimension();
    let mut ends = vec![[f64::INFINITY, f64::NEG_INFINITY]; dimension];
    for point in around {
        let (tensor, drift) = (process.tensor_at(point), process.drift_at(point));
        for axis in 0..dimension {
            let diffusion = tensor[axis * (dimension + 1)];
            let step = 1e-4 * (1.0 + point[axis].abs());
            let mut beside = point.clone();
            beside[axis] += step;
            let curvature = ((process.drift_at(&beside)[axis] - drift[axis]) / step).abs();
            let length = (diffusion / curvature).sqrt();
            let length = if length > 0.0 && length.is_finite() { length } else { 1.0 };
            ends[axis][0] = ends[axis][0].min(point[axis] - 3.0 * length);
            ends[axis][1] = ends[axis][1].max(point[axis] + 3.0 * length);
        }
    }
    for (axis, (ends, fixed)) in ends.iter_mut().zip(fixed).enumerate() {
        for side in 0..2 {
            if let Some(end) = fixed[side] {
                ends[side] = end;
            }
        }
        let inside = |point: &Vec<f64>| {
            fixed[0].is_none_or(|end| end <= point[axis]) && fixed[1].is_none_or(|end| point[axis] <= end)
        };
        if let Some(point) = around.iter().find(|point| !inside(point)) {
            let (lower, upper) = (vec![ends[0]], vec![ends[1]]);
            let what = "a point of the box search along one axis";
            return Err(DensityError::OutsideBox { what, point: vec![point[axis]], lower, upper });
        }
    }
    Ok(ends)
}

/// The masses of all slices across an axis.
fn slab_masses(grid: &Grid, axis: usize, masses: &[f64]) -> Vec<f64> {
    let mut slabs = vec![0.0; grid.axes()[axis].cells()];
    for (cell, mass) in masses.iter().enumerate() {
        slabs[grid.place(cell)[axis]] += mass;
    }
    slabs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outside(ends: [f64; 2], density: impl Fn(f64) -> f64) -> f64 {
        let inside = |x: &f64| *x > ends[0] && *x < ends[1];
        let points: Vec<f64> = (0..200_001).map(|k| -20.0 + 2e-4 * k as f64).collect();
        let total: f64 = points.iter().map(|&x| density(x)).sum();
        points.iter().filter(|x| !inside(x)).map(|&x| density(x)).sum::<f64>() / total
    }

    #[test]
    fn a_box_around_one_well_finds_the_other() {
        // Tilted so that most of the mass is in the well that was not named.
        let potential = |x: f64| x.powi(4) - 2.0 * x * x + 0.3 * x;
        for temperature in [1.0, 0.3, 0.1] {
            let process = DiffusionProcess::gibbs(
                1,
                move |x| potential(x[0]),
                |x, g| g[0] = 4.0 * x[0].powi(3) - 4.0 * x[0] + 0.3,
                temperature,
            )
            .unwrap();
            let ends =
                find_box(&process, Interpretation::Ito, &[vec![1.0]], &[[None, None]], 1e-10).unwrap()[0];
            let cut = outside(ends, |x| (-potential(x) / temperature).exp());
            assert!(cut < 3e-9, "T {temperature}: {ends:?} cuts {cut:e}");
            assert!(ends[1] - ends[0] < 8.0, "{ends:?} is too wide");
        }
    }

    #[test]
    fn a_rotating_law_and_a_given_wall() {
        // Pressed against the wall it is pushed back along Dν, so D's cross term drives it along the wall: with 0.01 for
        // 0.003 it would run away there.
        let process = DiffusionProcess::from_functions(
            2,
            |x, b| (b[0], b[1]) = (3.0 * x[1] - x[0], -3.0 * x[0] - x[1]),
            |_, d| d.copy_from_slice(&[0.04, 0.003, 0.003, 0.02]),
        )
        .unwrap();
        let fixed = [[None, None], [Some(-0.2), None]];
        let ends = find_box(&process, Interpretation::Ito, &[vec![0.01, 0.0]], &fixed, 1e-10).unwrap();
        assert_eq!(ends[1][0], -0.2);
        let grid = Grid::new(ends.iter().map(|&[a, b]| Axis::uniform(a, b, 30)).collect()).unwrap();
        let chain = generator(&process, &grid, Interpretation::Ito).unwrap();
        let edges = edge_mass(&grid, &DenseSolver.stationary(&chain).unwrap());
        assert!(edges[0][0] < 1e-8 && edges[0][1] < 1e-8 && edges[1][1] < 1e-8, "{edges:?}");
        assert!(edges[1][0] > 1e-3, "the wall cuts mass off: {edges:?}");
        assert!(ends[0][1] - ends[0][0] < 6.0, "{ends:?}");
    }

    #[test]
    fn no_box_where_there_is_no_law() {
        let free = DiffusionProcess::from_functions(1, |_, b| b[0] = 0.0, |_, d| d[0] = 1.0).unwrap();
        let got = find_box(&free, Interpretation::Ito, &[vec![0.0]], &[[None, None]], 1e-10);
        assert!(matches!(got, Err(DensityError::NotConverged { .. })));
        assert!(find_box(&free, Interpretation::Ito, &[], &[[None, None]], 1e-10).is_err());
        let beyond = find_box(&free, Interpretation::Ito, &[vec![3.0]], &[[None, Some(2.0)]], 1e-10);
        assert!(matches!(beyond, Err(DensityError::OutsideBox { .. })));
    }
}
