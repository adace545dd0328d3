//! The rates of a run of cells.

use super::bernoulli::bernoulli;
use super::coefficients::{Coefficients, Steps};
use super::increment::Increments;
use super::path::{Path, path};
use crate::density::{DiffusionProcess, Grid, Target};

/// D may vary by this factor between the ends of a step before its value along the step is no longer trusted.
const MOST_CONTRAST: f64 = 16.0;

/// Everything that rates follow from.
pub(super) struct Stencil<'a> {
    pub(super) process: &'a DiffusionProcess,
    pub(super) grid: &'a Grid,
    pub(super) target: Option<&'a Target>,
    pub(super) coefficients: Coefficients,
    /// Selling's steps, where D has cross terms.
    pub(super) steps: Option<Steps>,
    /// With cross terms: the slope `D⁻¹b` of every cell, in units of cells, `[cells]`.
    pub(super) slopes: Vec<[f64; 3]>,
    pub(super) increments: Increments,
    /// α: the point of a step at which the noise is evaluated.
    pub(super) evaluation_point: f64,
}

/// One rate: from the cell at `row` of the run to a cell, or out.
pub(super) struct Entry {
    pub(super) row: usize,
    pub(super) to: Option<usize>,
    pub(super) rate: f64,
}

/// A step whose rate is to be fitted to the increment along it.
struct Fitted {
    row: usize,
    /// The rate without drift.
    rate: f64,
    /// `D⁻¹b · dx` over the whole step with the coefficients of its start, and of its end.
    slopes: [f64; 2],
    /// Along an axis: what the rate is where D varies too much between the ends.
    local: Option<Local>,
}

impl Fitted {
    fn rate(&self, increment: f64) -> f64 {
        match &self.local {
            Some(local) if local.decides(increment) => local.rate(),
            Some(local) if local.contrast > MOST_CONTRAST => self.rate * bernoulli(-increment),
            _ => self.rate * bend(increment, self.slopes) * bernoulli(-increment),
        }
    }
}

/// By how much the mean of `e^{−S}` along a step, `S = ∫ D⁻¹b·dx` from its start, is below that of a straight S, inverted: to first
/// order in the bend of S, `1 + (a/|Δ| − 1)(coth(|Δ|/2) − 2/|Δ|)` with the slope a at the end that the drift leaves.
///
/// A flux without sources is that of the mean of `e^{−S}`; a straight S alone makes times some thirty times less
/// accurate. Rates forth and back get the same factor, so equilibria stay exact, and a rate down a steep slope becomes
/// that of the place it leaves.
fn bend(increment: f64, slopes: [f64; 2]) -> f64 {
    let steep = increment.abs();
    // On a parabola both ends bend alike. Where S is flat there is no end to be left, and the mean of both is the same
    // seen from either.
    let leaving = if increment > 0.0 { slopes[0] - steep } else { -slopes[1] - steep };
    let either = 0.5 * (slopes[0] - slopes[1]);
    let excess = either + (0.25 * steep).min(1.0) * (leaving - either);
    // The series keeps forth and back alike where the closed form cancels.
    let share = if steep < 0.3 {
        let square = steep * steep;
        1.0 / 6.0 - square * (1.0 / 360.0 - square * (1.0 / 15120.0 - square / 604_800.0))
    } else {
        (1.0 + 2.0 * bernoulli(steep) / steep - 2.0 / steep) / steep
    };
    (1.0 + excess * share).clamp(1.0 / MOST_CONTRAST, MOST_CONTRAST)
}

/// Coefficients at the start of a step along an axis, in its direction.
struct Local {
    diffusion: f64,
    /// The larger D of both ends over the smaller.
    contrast: f64,
    drift: f64,
    width: f64,
    distance: f64,
}

impl Local {
    /// The fitted rate with the coefficients of the start alone; upwind where D vanishes.
    fn rate(&self) -> f64 {
        if self.diffusion > 0.0 {
            let peclet = self.drift * self.distance / self.diffusion;
            return self.diffusion / (self.width * self.distance) * bernoulli(-peclet);
        }
        self.drift.max(0.0) / self.width
    }

    /// Whether ∫ b/D cannot stand for the whole step: the drift decides, and D varies by orders of magnitude on it.
    fn decides(&self, increment: f64) -> bool {
        !increment.is_finite()
            || (self.contrast > MOST_CONTRAST && increment.abs() > 2.0)
            || self.contrast == f64::INFINITY
    }
}

impl Stencil<'_> {
    /// All rates out of `cells`.
    pub(super) fn entries(&self, cells: &[usize]) -> Vec<Entry> {
        let (mut fitted, mut paths, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        for (row, &cell) in cells.iter().enumerate() {
            match &self.steps {
                None => self.along_axes(row, cell, &mut fitted, &mut paths),
                Some(steps) => {
                    self.along_steps(row, cell, steps, &mut fitted, &mut paths);
                    self.upwind(row, cell, &mut entries);
                }
            }
        }
        let increments = self.increments.along(self.process, self.grid, &paths);
        for ((step, path), increment) in fitted.iter().zip(&paths).zip(increments) {
            entries.push(Entry { row: step.row, to: path.cell, rate: step.rate(increment) });
        }
        entries
    }

    fn along_axes(&self, row: usize, cell: usize, fitted: &mut Vec<Fitted>, paths: &mut Vec<Path>) {
        let (place, drift) = (self.grid.place(cell), self.coefficients.drift(cell));
        for (k, axis) in self.grid.axes().iter().enumerate() {
            let (width, here) = (axis.width(place[k]), self.coefficients.along(cell, k));
            for sign in [-1, 1] {
                let mut offset = [0; 3];
                offset[k] = sign;
                let Some(path) = path(self.grid, self.target, cell, offset) else { continue };
                let there = path.cell.map_or(here, |cell| self.coefficients.along(cell, k));
                let distance = (path.end[k] - path.start[k]).abs();
                let ahead = f64::from(sign) * distance;
                let slope =
                    |cell: usize, diffusion: f64| self.coefficients.drift(cell)[k] * ahead / diffusion;
                let (low, high) = if here < there { (here, there) } else { (there, here) };
                let induced = self.evaluation_point * (there - here) / distance;
                let local = Local {
                    diffusion: here,
                    contrast: if low > 0.0 { high / low } else { f64::INFINITY },
                    drift: f64::from(sign) * drift[k] + induced,
                    width,
                    distance,
                };
                let slopes = [slope(cell, here), slope(path.cell.unwrap_or(cell), there)];
                let rate = mixed(here, there, self.evaluation_point) / (width * distance);
                fitted.push(Fitted { row, rate, slopes, local: Some(local) });
                paths.push(path);
            }
        }
    }

    fn along_steps(
        &self,
        row: usize,
        cell: usize,
        steps: &Steps,
        fitted: &mut Vec<Fitted>,
        paths: &mut Vec<Path>,
    ) {
        for &(offset, here) in steps.of(cell) {
            for offset_signed in [offset, offset.map(|entry| -entry)] {
                let Some(path) = path(self.grid, self.target, cell, offset_signed) else { continue };
                let there = path.cell.map_or(here, |cell| steps.weight(cell, offset));
                // Itô weighs a step by D where it starts, anti-Itô by the mean of both ends.
                let weight = here + 0.5 * self.evaluation_point * (there - here);
                if weight > 0.0 {
                    let slope = |cell: usize| -> f64 {
                        let along = self.slopes[cell].iter().zip(offset_signed);
                        path.share * along.map(|(a, cells)| a * f64::from(cells)).sum::<f64>()
                    };
                    let slopes = [slope(cell), slope(path.cell.unwrap_or(cell))];
                    fitted.push(Fitted { row, rate: weight / path.share, slopes, local: None });
                    paths.push(path);
                }
            }
        }
    }

    /// The part of the drift that lies outside the range of a singular D has no diffusion to be fitted to.
    fn upwind(&self, row: usize, cell: usize, entries: &mut Vec<Entry>) {
        let dimension = self.grid.dimension();
        let (matrix, right) = self.coefficients.in_cells(self.grid, cell);
        let slope = self.slopes[cell];
        let largest = right.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        for k in 0..dimension {
            let fitted: f64 = (0..dimension).map(|j| matrix[k][j] * slope[j]).sum();
            let rest = right[k] - fitted;
            if rest.abs() > 1e-9 * largest {
                let mut offset = [0; 3];
                offset[k] = if rest > 0.0 { 1 } else { -1 };
                if let Some(path) = path(self.grid, self.target, cell, offset) {
                    entries.push(Entry { row, to: path.cell, rate: rest.abs() });
                }
            }
        }
    }
}

/// The diffusion of an edge seen from one end: `D^{1−α}` there over the mean of `D^{−α}`: equilibria are `D^{α−1} e^∫b/D`
/// exactly, also where D jumps.
fn mixed(here: f64, there: f64, evaluation_point: f64) -> f64 {
    if evaluation_point == 0.0 {
        here
    } else if evaluation_point == 1.0 {
        if here + there > 0.0 { 2.0 * here * there / (here + there) } else { 0.0 }
    } else {
        // √D₁ · 2/(1/√D₁ + 1/√D₂).
        let (a, b) = (here.sqrt(), there.sqrt());
        if a + b > 0.0 { 2.0 * a * a * b / (a + b) } else { 0.0 }
    }
}
