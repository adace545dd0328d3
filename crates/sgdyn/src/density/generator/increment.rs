//! The increment `∫ D⁻¹b · dx` along a path: by how much the logarithm of an equilibrium density grows.

use super::coefficients::{cell_widths, scaled};
use super::path::Path;
use super::small_symmetric::{Matrix, solve_in_range};
use crate::density::{DiffusionProcess, Grid};
use crate::lanes::{Block, Layout, Scratch};

/// Gauss–Legendre on (0, 1): exact up to the fifth power.
const NODES: [(f64, f64); 3] =
    [(0.112_701_665_379_258_31, 5.0 / 18.0), (0.5, 4.0 / 9.0), (0.887_298_334_620_741_69, 5.0 / 18.0)];

/// How increments are found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Increments {
    /// D is diagonal and constant and a potential known: exact, by differences.
    Potential,
    /// D is diagonal: `∫ b_k/D_kk dx_k` along axes.
    Axes,
    /// D is full: D a = b is solved in its range.
    Full,
}

impl Increments {
    /// Of each path.
    pub(super) fn along(self, process: &DiffusionProcess, grid: &Grid, paths: &[Path]) -> Vec<f64> {
        match (self, process.potential(), process.constant_tensor()) {
            (Self::Potential, Some(potential), Some(tensor)) => {
                let mut scratch = Scratch::new();
                let mut values = |pick: fn(&Path) -> &[f64; 3]| {
                    let at = block(grid.dimension(), paths, |path, k| pick(path)[k]);
                    let mut out = vec![0.0; paths.len()];
                    potential.loss(&at, &mut scratch, &mut out);
                    out
                };
                let (from, to) = (values(|path| &path.start), values(|path| &path.end));
                let diffusion = |path: &Path| tensor[axis_of(path) * (grid.dimension() + 1)];
                from.iter().zip(&to).zip(paths).map(|((u, v), path)| (u - v) / diffusion(path)).collect()
            }
            _ => self.by_quadrature(process, grid, paths),
        }
    }

    fn by_quadrature(self, process: &DiffusionProcess, grid: &Grid, paths: &[Path]) -> Vec<f64> {
        let (dimension, lanes) = (grid.dimension(), paths.len());
        let widths = cell_widths(grid);
        let mut scratch = Scratch::new();
        let mut entries = vec![0.0; dimension * dimension * lanes];
        let mut sums = vec![0.0; lanes];
        for (node, weight) in NODES {
            let at = block(dimension, paths, |path, k| path.start[k] + node * (path.end[k] - path.start[k]));
            let mut drift = at.zeros_like();
            process.drift(&at, &mut scratch, &mut drift);
            process.tensor(&at, &mut scratch, &mut entries);
            for (lane, (path, sum)) in paths.iter().zip(&mut sums).enumerate() {
                *sum += weight
                    * if self == Self::Full {
                        let mut matrix: Matrix = [[0.0; 3]; 3];
                        let (mut right, mut step) = ([0.0; 3], [0.0; 3]);
                        for i in 0..dimension {
                            right[i] = drift.get(i, lane) / widths[i];
                            step[i] = (path.end[i] - path.start[i]) / widths[i];
                            for j in 0..dimension {
                                matrix[i][j] = entries[(i * dimension + j) * lanes + lane];
                            }
                        }
                        let slope = solve_in_range(&scaled(&matrix, &widths), dimension, &right);
                        slope.iter().zip(step).map(|(a, e)| a * e).sum::<f64>()
                    } else {
                        let k = axis_of(path);
                        let diffusion = entries[k * (dimension + 1) * lanes + lane];
                        drift.get(k, lane) * (path.end[k] - path.start[k]) / diffusion
                    };
            }
        }
        sums
    }
}

/// The axis along which a path runs.
fn axis_of(path: &Path) -> usize {
    (0..3).find(|&k| path.end[k] != path.start[k]).unwrap_or(0)
}

fn block(dimension: usize, paths: &[Path], place: impl Fn(&Path, usize) -> f64) -> Block<f64> {
    let mut at = Block::zeros(dimension, paths.len(), Layout::CoordinateMajor);
    for k in 0..dimension {
        for (value, path) in at.coordinate_mut(k).iter_mut().zip(paths) {
            *value = place(path, k);
        }
    }
    at
}
