//! The transition of a two-dimensional step with normal noise.

use std::f64::consts::PI;

use super::gauss::{self, RULE};
use super::line::check_memory;
use super::symmetric_law::{SymmetricLaw, Window, between};
use super::transition::{Outside, Row, Transition};
use crate::density::{Axis, DensityError, Grid};

/// Deviations beyond which a cell is not listed (probability 1e-19); exits are counted from any distance.
const REACH: f64 = 9.0;
/// Pieces of a cell at most.
const MOST_PIECES: f64 = 8.0;

/// The transition of x' = centre(x) + N(0, C(x)) in the plane, between cells.
///
/// `step` gives centre and covariance (C₁₁, C₁₂, C₂₂) at a place. Without correlation the probability of a cell is a
/// product of two differences of distribution functions; with it, the integral over the cell's extent along the first
/// axis of the normal density times the conditional probability along the second (six-point Gauss rules on pieces at most
/// half a deviation long, scaled to the exact marginal). Both are averaged over the cell of departure. With
/// [`Outside::Reflected`] each coordinate is put into its own outermost cell.
///
/// # Errors
/// A grid that is not two-dimensional, a covariance that is not positive semidefinite, a step that is not finite, memory.
pub fn plane_transition(
    grid: &Grid,
    outside: Outside,
    step: impl Fn(&[f64]) -> Result<([f64; 2], [f64; 3]), DensityError> + Sync,
) -> Result<Transition, DensityError> {
    let [first, second] = grid.axes() else {
        return Err(DensityError::WrongDimension { what: "this step", needed: 2, given: grid.dimension() });
    };
    let checked = |cell: usize, at: &[f64]| {
        let (centre, covariance) = step(at)?;
        if let Some(&wrong) = centre.iter().chain(&covariance).find(|value| !value.is_finite()) {
            return Err(DensityError::Step { cell, centre: wrong, scale: covariance[0] });
        }
        let [a, b, c] = covariance;
        let least = 0.5 * (a + c) - (0.25 * (a - c).powi(2) + b * b).sqrt();
        if least < -1e-12 * (a.abs() + c.abs()) {
            return Err(DensityError::NotPositive { cell, point: at.to_vec(), eigenvalue: least });
        }
        Ok((centre, covariance))
    };
    let mut middle = [0.0; 2];
    let widest = (0..grid.cells()).step_by(1 + grid.cells() / 64).try_fold(0.0_f64, |most, cell| {
        grid.centre(cell, &mut middle);
        let (_, [a, _, c]) = checked(cell, &middle)?;
        let reach = |axis: &Axis, index: usize, variance: f64| {
            (1.0 + 2.0 * REACH * variance.sqrt() / axis.width(index)).min(axis.cells() as f64)
        };
        let place = grid.place(cell);
        Ok::<_, DensityError>(most.max(reach(first, place[0], a) * reach(second, place[1], c)))
    })?;
    check_memory(grid.cells(), widest)?;
    Transition::assemble(grid, |cell| {
        let place = grid.place(cell);
        let mut centre = [0.0; 2];
        grid.centre(cell, &mut centre);
        let (_, [a, _, c]) = checked(cell, &centre)?;
        let pieces = |axis: &Axis, index: usize, variance: f64| {
            (2.0 * axis.width(index) / variance.sqrt()).ceil().clamp(1.0, MOST_PIECES) as usize
        };
        let mut landing = Landing::new(first, second, outside);
        let mut failure = None;
        let ends = |axis: &Axis, index: usize| (axis.faces()[index], axis.faces()[index + 1]);
        let ((left, right), (low, high)) = (ends(first, place[0]), ends(second, place[1]));
        gauss::average_coarsely(left, right, pieces(first, place[0], a), |x, weight_x| {
            gauss::average_coarsely(low, high, pieces(second, place[1], c), |y, weight_y| {
                match checked(cell, &[x, y]) {
                    Ok((centre, covariance)) => landing.push(centre, covariance, weight_x * weight_y),
                    Err(error) => failure = Some(error),
                }
            });
        });
        failure.map_or_else(|| Ok(landing.row(second.cells())), Err)
    })
}

/// The cells that a cell leads to, by columns of the first axis.
struct Landing<'a> {
    first: &'a Axis,
    second: &'a Axis,
    outside: Outside,
    columns: Vec<Window>,
    exit: f64,
    beyond: f64,
}

impl<'a> Landing<'a> {
    fn new(first: &'a Axis, second: &'a Axis, outside: Outside) -> Self {
        let columns = vec![Window::default(); first.cells()];
        Self { first, second, outside, columns, exit: 0.0, beyond: 0.0 }
    }

    fn push(&mut self, centre: [f64; 2], covariance: [f64; 3], weight: f64) {
        let [variance, mixed, other] = covariance;
        let scale = variance.max(0.0).sqrt().max(f64::MIN_POSITIVE);
        let mut across = Window::default();
        let (below, above) =
            SymmetricLaw::Normal.spread(self.first.faces(), centre[0], scale, 1.0, &mut across);
        if mixed == 0.0 {
            let scale = other.max(0.0).sqrt();
            for (index, &probability) in across.values.iter().enumerate() {
                self.column(across.first + index, centre[1], scale, weight * probability);
            }
            self.outer(0, below * weight, centre[1], scale);
            self.outer(self.first.cells() - 1, above * weight, centre[1], scale);
            return;
        }
        let slope = mixed / variance;
        let conditional = (other - mixed * slope).max(0.0).sqrt();
        let steps = scale.min(conditional / slope.abs());
        for (index, &probability) in across.values.iter().enumerate() {
            let column = across.first + index;
            let (left, right) = (self.first.faces()[column], self.first.faces()[column + 1]);
            if left - centre[0] > REACH * scale || centre[0] - right > REACH * scale {
                continue;
            }
            self.strip(
                column,
                [left, right],
                probability * weight,
                centre,
                [scale, slope, conditional],
                steps,
            );
        }
        // What lies outside along the first axis is cut into strips as well: the second coordinate still matters.
        let (lowest, highest) = (self.first.faces()[0], self.first.faces()[self.first.cells()]);
        let (far_below, far_above) = (centre[0] - REACH * scale, centre[0] + REACH * scale);
        for (column, from, to, probability) in [
            (0, far_below, lowest.min(far_above), below),
            (self.first.cells() - 1, highest.max(far_below), far_above, above),
        ] {
            if self.outside == Outside::Lost || from >= to {
                self.outer(column, probability * weight, centre[1] + slope * (from - centre[0]), conditional);
                continue;
            }
            self.beyond += probability * weight;
            let count = ((to - from) / scale).ceil().max(1.0) as usize;
            let cut = |piece: usize| from + (to - from) * piece as f64 / count as f64;
            for piece in 0..count {
                let (left, right) = (cut(piece), cut(piece + 1));
                let tail = |place: f64| SymmetricLaw::Normal.tail((place - centre[0]) / scale);
                let probability = between(tail(left), tail(right));
                let shape = [scale, slope, conditional];
                self.strip(column, [left, right], probability * weight, centre, shape, steps);
            }
        }
    }

    /// Divides the probability of a strip of the first axis among the cells of a column.
    fn strip(
        &mut self,
        column: usize,
        [left, right]: [f64; 2],
        probability: f64,
        centre: [f64; 2],
        [scale, slope, conditional]: [f64; 3],
        steps: f64,
    ) {
        let pieces = (2.0 * (right - left) / steps).ceil().clamp(1.0, MOST_PIECES) as usize;
        let mut nodes = Vec::with_capacity(pieces * RULE.len());
        let mut total = 0.0;
        gauss::average(left, right, pieces, |place, weight| {
            let z = (place - centre[0]) / scale;
            let density = weight * (-0.5 * z * z).exp() / (2.0 * PI).sqrt();
            total += density;
            nodes.push((place, density));
        });
        if total <= 0.0 {
            return;
        }
        for (place, density) in nodes {
            let middle = centre[1] + slope * (place - centre[0]);
            self.column(column, middle, conditional, probability * density / total);
        }
    }

    /// Divides `mass` along the second axis.
    fn column(&mut self, column: usize, centre: f64, scale: f64, mass: f64) {
        if mass == 0.0 {
            return;
        }
        let window = &mut self.columns[column];
        let scale = scale.max(f64::MIN_POSITIVE);
        let (below, above) = SymmetricLaw::Normal.spread(self.second.faces(), centre, scale, mass, window);
        self.beyond += below + above;
        match self.outside {
            Outside::Lost => self.exit += below + above,
            Outside::Reflected => {
                for (cell, mass) in [(0, below), (self.second.cells() - 1, above)] {
                    if mass > 1e-30 {
                        window.cover(cell, cell + 1);
                        window.add(cell, mass);
                    }
                }
            }
        }
    }

    /// Mass that lies outside along the first axis.
    fn outer(&mut self, column: usize, mass: f64, centre: f64, scale: f64) {
        match self.outside {
            Outside::Lost => {
                self.exit += mass;
                self.beyond += mass;
            }
            Outside::Reflected if mass > 1e-30 => {
                let counted = self.beyond + mass;
                self.column(column, centre, scale, mass);
                self.beyond = counted;
            }
            Outside::Reflected => self.beyond += mass,
        }
    }

    fn row(self, stride: usize) -> Row {
        let landings = self.columns.iter().enumerate().flat_map(|(column, window)| {
            let first = column * stride + window.first;
            window.values.iter().enumerate().map(move |(index, &mass)| ((first + index) as u32, mass))
        });
        Row { landings: landings.collect(), exit: self.exit, beyond: self.beyond }
    }
}
