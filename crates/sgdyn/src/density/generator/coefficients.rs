//! What the process says at the centres of all cells, checked once.

use rayon::prelude::*;

use super::selling::{WeightedStep, decompose};
use super::small_symmetric::{Matrix, extreme_eigenvalues, solve_in_range};
use crate::density::{DensityError, DiffusionProcess, Grid};
use crate::lanes::{Block, Layout, Scratch};

/// Cells that are evaluated together.
pub(super) const CHUNK: usize = 2048;
/// The longest step of a monotone stencil, in cells.
const MOST_REACH: usize = 64;
/// A negative eigenvalue below this share of the largest is rounding.
const ROUNDING: f64 = 1e-12;

/// Drift and diffusion tensor at the centres.
pub(super) struct Coefficients {
    dimension: usize,
    /// b, `[cells × d]`.
    drift: Vec<f64>,
    /// D, `[cells × d × d]`, or one for all cells.
    tensor: Vec<f64>,
    constant: bool,
    /// Whether D is diagonal in every cell.
    pub(super) diagonal: bool,
}

impl Coefficients {
    pub(super) fn new(process: &DiffusionProcess, grid: &Grid) -> Result<Self, DensityError> {
        let dimension = grid.dimension();
        let size = dimension * dimension;
        let constant = process.constant_tensor();
        let evaluated: Vec<(Vec<f64>, Vec<f64>)> = (0..grid.cells().div_ceil(CHUNK))
            .into_par_iter()
            .map(|chunk| {
                let cells = chunk * CHUNK..grid.cells().min((chunk + 1) * CHUNK);
                let at = centres(grid, cells);
                let (mut scratch, lanes) = (Scratch::new(), at.lanes());
                let mut out = at.zeros_like();
                process.drift(&at, &mut scratch, &mut out);
                let drift = by_cell(out.values(), lanes);
                let mut entries = vec![0.0; if constant.is_some() { 0 } else { size * lanes }];
                if constant.is_none() {
                    process.tensor(&at, &mut scratch, &mut entries);
                }
                (drift, by_cell(&entries, lanes))
            })
            .collect();
        let mut drift = Vec::with_capacity(grid.cells() * dimension);
        let mut tensor = constant.map(<[f64]>::to_vec).unwrap_or_default();
        for (b, d) in evaluated {
            drift.extend_from_slice(&b);
            tensor.extend_from_slice(&d);
        }
        let off = |entry: usize| entry % size / dimension != entry % dimension;
        let diagonal = tensor.iter().enumerate().all(|(entry, &value)| value == 0.0 || !off(entry));
        let coefficients = Self { dimension, drift, tensor, constant: constant.is_some(), diagonal };
        coefficients.check(grid)?;
        Ok(coefficients)
    }

    /// D of a cell as a matrix.
    pub(super) fn tensor(&self, cell: usize) -> Matrix {
        let d = self.dimension;
        let first = if self.constant { 0 } else { cell * d * d };
        let mut matrix = [[0.0; 3]; 3];
        for (row, values) in matrix.iter_mut().zip(self.tensor[first..first + d * d].chunks_exact(d)) {
            row[..d].copy_from_slice(values);
        }
        matrix
    }

    /// One entry of D's diagonal; what is negative by rounding is zero.
    pub(super) fn along(&self, cell: usize, axis: usize) -> f64 {
        let d = self.dimension;
        let first = if self.constant { 0 } else { cell * d * d };
        self.tensor[first + axis * (d + 1)].max(0.0)
    }

    /// b of a cell, filled up with zeros.
    pub(super) fn drift(&self, cell: usize) -> [f64; 3] {
        let mut vector = [0.0; 3];
        vector[..self.dimension]
            .copy_from_slice(&self.drift[cell * self.dimension..(cell + 1) * self.dimension]);
        vector
    }

    /// D and b of a cell in units of cells: `D_ij/(h_i h_j)` and `b_i/h_i`.
    pub(super) fn in_cells(&self, grid: &Grid, cell: usize) -> (Matrix, [f64; 3]) {
        let (widths, drift) = (cell_widths(grid), self.drift(cell));
        (scaled(&self.tensor(cell), &widths), std::array::from_fn(|k| drift[k] / widths[k]))
    }

    /// `D⁻¹b` of every cell in units of cells, in the range of D.
    pub(super) fn slopes(&self, grid: &Grid) -> Vec<[f64; 3]> {
        let slope = |cell| {
            let (matrix, drift) = self.in_cells(grid, cell);
            solve_in_range(&matrix, self.dimension, &drift)
        };
        (0..grid.cells()).into_par_iter().map(slope).collect()
    }

    fn check(&self, grid: &Grid) -> Result<(), DensityError> {
        let cells = if self.constant { 1 } else { grid.cells() };
        let bad = (0..cells).into_par_iter().find_map_first(|cell| {
            let matrix = self.tensor(cell);
            let smallest = if matrix.iter().flatten().any(|entry| !entry.is_finite()) {
                f64::NAN
            } else {
                let (low, high) = extreme_eigenvalues(&matrix, self.dimension);
                if low >= -ROUNDING * high.abs() {
                    return None;
                }
                low
            };
            Some((cell, smallest))
        });
        match bad {
            None => Ok(()),
            Some((cell, eigenvalue)) => {
                Err(DensityError::NotPositive { cell, point: centre(grid, cell), eigenvalue })
            }
        }
    }

    /// The monotone steps of every cell, or of all where D is constant; weights per unit of time.
    pub(super) fn steps(&self, grid: &Grid) -> Result<Steps, DensityError> {
        let scale = cell_widths(grid);
        for (axis, line) in grid.axes().iter().enumerate() {
            let equal = |cell: usize| (line.width(cell) / scale[axis] - 1.0).abs() < 1e-9;
            if !(0..line.cells()).all(equal) {
                let crossed = |cell: &usize| {
                    let matrix = self.tensor(*cell);
                    (0..3).any(|i| (0..i).any(|j| matrix[i][j] != 0.0))
                };
                let cell = (0..grid.cells()).find(crossed).unwrap_or(0);
                return Err(DensityError::Stretched { axis, cell });
            }
        }
        let of_cell = |cell: usize| {
            let steps = decompose(&scaled(&self.tensor(cell), &scale), self.dimension);
            for (axis, line) in grid.axes().iter().enumerate() {
                let reach = steps.iter().map(|step| step.0[axis].unsigned_abs() as usize).max().unwrap_or(0);
                let allowed = MOST_REACH.min(line.cells() - 1);
                // A single cell along an axis has nothing to reach, and nothing moves along it.
                if reach > allowed && !(line.cells() == 1 && reach == 1) {
                    let point = centre(grid, cell);
                    return Err(DensityError::Reach { cell, point, axis, reach, allowed });
                }
            }
            Ok(steps)
        };
        if self.constant {
            return Ok(Steps::Same(of_cell(0)?));
        }
        Ok(Steps::Each((0..grid.cells()).into_par_iter().map(of_cell).collect::<Result<_, _>>()?))
    }
}

/// Selling's steps of the cells.
pub(super) enum Steps {
    Same(Vec<WeightedStep>),
    Each(Vec<Vec<WeightedStep>>),
}

impl Steps {
    pub(super) fn of(&self, cell: usize) -> &[WeightedStep] {
        match self {
            Self::Same(steps) => steps,
            Self::Each(steps) => &steps[cell],
        }
    }

    pub(super) fn weight(&self, cell: usize, offset: [i32; 3]) -> f64 {
        self.of(cell).iter().find(|step| step.0 == offset).map_or(0.0, |step| step.1)
    }
}

/// `D_ij/(h_i h_j)`: the tensor in units of cells.
pub(super) fn scaled(tensor: &Matrix, widths: &[f64; 3]) -> Matrix {
    std::array::from_fn(|i| std::array::from_fn(|j| tensor[i][j] / (widths[i] * widths[j])))
}

/// The widths of the first cell along each axis, 1 where there is no axis.
pub(super) fn cell_widths(grid: &Grid) -> [f64; 3] {
    let mut widths = [1.0; 3];
    for (axis, width) in grid.axes().iter().zip(&mut widths) {
        *width = axis.width(0);
    }
    widths
}

pub(super) fn centre(grid: &Grid, cell: usize) -> Vec<f64> {
    let mut point = vec![0.0; grid.dimension()];
    grid.centre(cell, &mut point);
    point
}

/// The centres of cells as a block.
pub(super) fn centres(grid: &Grid, cells: std::ops::Range<usize>) -> Block<f64> {
    let mut at = Block::zeros(grid.dimension(), cells.len(), Layout::CoordinateMajor);
    let mut point = [0.0; 3];
    for (lane, cell) in cells.enumerate() {
        grid.centre(cell, &mut point[..grid.dimension()]);
        for (axis, &value) in point[..grid.dimension()].iter().enumerate() {
            at.set(axis, lane, value);
        }
    }
    at
}

/// From `[values × lanes]` to `[lanes × values]`.
fn by_cell(values: &[f64], lanes: usize) -> Vec<f64> {
    let rows = values.len() / lanes.max(1);
    (0..values.len()).map(|index| values[index % rows * lanes + index / rows]).collect()
}
