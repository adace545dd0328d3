//! Reaction coordinates: levels that grow towards the rare event.

use super::super::EscapeError;
use super::boundary::Boundary;
use crate::density::Grid;
use crate::landscape::formula::{CompiledFormulas, Formula, FormulaError, FormulaWorkspace};
use crate::lanes::{Block, Scratch};

/// A function of the position that grows towards the rare event. Estimates are unbiased for any; the committor spreads least.
pub enum ReactionCoordinate {
    /// One coordinate, times a sign.
    Coordinate {
        /// Which coordinate.
        coordinate: usize,
        /// +1 where it grows towards the event, −1 where it falls.
        sign: f64,
    },
    /// A formula of the coordinates.
    Formula(CompiledFormulas<f64>),
    /// A committor on a grid.
    Committor(CommittorField),
}

impl ReactionCoordinate {
    /// A formula of the coordinates.
    ///
    /// # Errors
    /// [`FormulaError`] if it is too large.
    pub fn formula(formula: &Formula) -> Result<Self, FormulaError> {
        Ok(Self::Formula(CompiledFormulas::compile(std::slice::from_ref(formula))?))
    }

    /// Writes the level of every lane that is `live`.
    pub(super) fn levels(
        &self,
        at: &Block<f64>,
        live: impl Fn(usize) -> bool,
        scratch: &mut Scratch<f64>,
        out: &mut [f64],
    ) {
        match self {
            Self::Coordinate { coordinate, sign } => {
                for (out, &x) in out.iter_mut().zip(at.coordinate(*coordinate)) {
                    *out = sign * x;
                }
            }
            Self::Formula(formula) => {
                formula.evaluate(at, scratch.workspace::<FormulaWorkspace<f64>>(), out);
            }
            Self::Committor(field) => {
                let mut point = [0.0; 3];
                for (lane, out) in out.iter_mut().enumerate().filter(|(lane, _)| live(*lane)) {
                    for (coordinate, value) in point.iter_mut().enumerate().take(at.dimension()) {
                        *value = at.get(coordinate, lane);
                    }
                    *out = field.at(&point);
                }
            }
        }
    }

    /// The level of one point.
    pub(super) fn level_at(&self, point: &[f64]) -> f64 {
        let mut level = [0.0];
        self.levels(&Block::point(point), |_| true, &mut Scratch::new(), &mut level);
        level[0]
    }
}

/// The logarithm of a committor on a grid, linear between the centres of cells and constant beyond the outermost.
///
/// The logarithm has the same order, and is nearly linear where the committor changes by powers of ten from cell to cell.
pub struct CommittorField {
    grid: Grid,
    logarithms: Vec<f64>,
}

impl CommittorField {
    /// From the committor of every cell, `[cells]`; where it is 0, its logarithm is taken a little below the least other one.
    ///
    /// # Errors
    /// Another number of values than cells, or none above 0.
    pub fn new(grid: Grid, committor: &[f64]) -> Result<Self, EscapeError> {
        let least = committor.iter().copied().filter(|&q| q > 0.0).fold(f64::INFINITY, f64::min);
        if committor.len() != grid.cells() || !least.is_finite() {
            let (name, value) = ("the committor", committor.len() as f64);
            return Err(EscapeError::OutOfRange { name, value, allowed: "a probability for each cell" });
        }
        let floor = least.ln() - 1.0;
        let logarithm = |&q: &f64| if q > 0.0 { q.min(1.0).ln() } else { floor };
        Ok(Self { logarithms: committor.iter().map(logarithm).collect(), grid })
    }

    /// The value at a point, of which the first coordinates count, `[≥ d]`; NaN at a point that is not finite.
    fn at(&self, point: &[f64; 3]) -> f64 {
        let mut corners = [(0_usize, 1.0); 8];
        let mut count = 1;
        for (axis, &value) in self.grid.axes().iter().zip(point) {
            if !value.is_finite() {
                return f64::NAN;
            }
            let last = axis.cells() - 1;
            let cell = axis.cell_of(value).unwrap_or(if value < axis.faces()[0] { 0 } else { last });
            let low = if value < axis.centre(cell) { cell.saturating_sub(1) } else { cell };
            let high = (low + 1).min(last);
            let share = if high == low {
                0.0
            } else {
                ((value - axis.centre(low)) / (axis.centre(high) - axis.centre(low))).clamp(0.0, 1.0)
            };
            for corner in 0..count {
                let (number, weight) = corners[corner];
                let number = number * axis.cells();
                corners[corner] = (number + low, weight * (1.0 - share));
                corners[corner + count] = (number + high, weight * share);
            }
            count *= 2;
        }
        corners[..count].iter().map(|&(cell, weight)| weight * self.logarithms[cell]).sum()
    }
}

/// Whether a start is fit: outside of failure and event.
pub(super) fn check_start(
    start: &[f64],
    target: &Boundary,
    failure: Option<&Boundary>,
) -> Result<(), EscapeError> {
    let refused = |place| Err(EscapeError::BadStart { start: start.to_vec(), place });
    if target.level_at(start) <= 0.0 {
        return refused("in the target: nothing is left to reach");
    }
    match failure {
        Some(failure) if failure.level_at(start) <= 0.0 => {
            refused("in the region of failure: every path fails at once; start beside it")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::Axis;

    #[test]
    fn the_logarithm_of_an_exponential_is_met_between_centres() {
        let grid = Grid::new(vec![Axis::uniform(0.0, 1.0, 7), Axis::uniform(-1.0, 1.0, 5)]).unwrap();
        let mut centre = [0.0; 2];
        let function = |x: &[f64]| -40.0 + 30.0 * x[0] + 5.0 * x[1];
        let values: Vec<f64> = (0..grid.cells())
            .map(|cell| {
                grid.centre(cell, &mut centre);
                function(&centre).exp()
            })
            .collect();
        let field = CommittorField::new(grid.clone(), &values).unwrap();
        for point in [[0.3, 0.1, 0.0], [0.5, -0.77, 0.0], [0.9, 0.6, 9.0]] {
            assert!((field.at(&point) - function(&point)).abs() < 1e-11);
        }
        // Beyond the outermost centres it stays.
        assert!((field.at(&[7.0, 0.0, 0.0]) - function(&[13.0 / 14.0, 0.0])).abs() < 1e-11);
        assert!(field.at(&[f64::NAN, 0.0, 0.0]).is_nan());
        assert!(CommittorField::new(grid.clone(), &values[1..]).is_err());
        assert!(CommittorField::new(grid, &vec![0.0; values.len()]).is_err());
    }
}
