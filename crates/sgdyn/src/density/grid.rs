//! Rectangular grids of cells in one to three dimensions.

use super::DensityError;

/// What happens at one end of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// No flux.
    Reflecting,
    /// What arrives leaves for ever.
    Absorbing,
    /// Joined to the opposite end.
    Periodic,
}

/// One axis: cells between ascending faces.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    faces: Vec<f64>,
    lower: Face,
    upper: Face,
}

impl Axis {
    /// `cells` equal cells from `lower` to `upper`, reflecting at both ends.
    pub fn uniform(lower: f64, upper: f64, cells: usize) -> Self {
        let width = (upper - lower) / cells as f64;
        let faces = (0..=cells)
            .map(|index| if index == cells { upper } else { lower + width * index as f64 })
            .collect();
        Self::stretched(faces)
    }

    /// Cells between given faces, `[cells + 1]`, reflecting at both ends.
    pub fn stretched(faces: Vec<f64>) -> Self {
        Self { faces, lower: Face::Reflecting, upper: Face::Reflecting }
    }

    /// The same cells with other ends.
    pub fn ending(self, lower: Face, upper: Face) -> Self {
        Self { lower, upper, ..self }
    }

    /// The number of cells.
    pub fn cells(&self) -> usize {
        self.faces.len().saturating_sub(1)
    }

    /// All faces, ascending, `[cells + 1]`.
    pub fn faces(&self) -> &[f64] {
        &self.faces
    }

    /// The centre of a cell.
    pub fn centre(&self, cell: usize) -> f64 {
        0.5 * (self.faces[cell] + self.faces[cell + 1])
    }

    /// The width of a cell.
    pub fn width(&self, cell: usize) -> f64 {
        self.faces[cell + 1] - self.faces[cell]
    }

    /// The lower and the upper end.
    pub fn ends(&self) -> (Face, Face) {
        (self.lower, self.upper)
    }

    /// The cell that holds `place`, if any; a face belongs to the cell above it.
    pub fn cell_of(&self, place: f64) -> Option<usize> {
        let (first, last) = (*self.faces.first()?, *self.faces.last()?);
        if !(first..=last).contains(&place) {
            return None;
        }
        Some(self.faces.partition_point(|&face| face <= place).clamp(1, self.cells()) - 1)
    }
}

/// A box of cells; cell numbers run fastest along the last axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    axes: Vec<Axis>,
}

impl Grid {
    /// The product of one to three axes.
    ///
    /// # Errors
    /// Another number of axes, faces that do not ascend, an axis periodic on one side only.
    pub fn new(axes: Vec<Axis>) -> Result<Self, DensityError> {
        if axes.is_empty() || axes.len() > 3 {
            return Err(DensityError::Dimension { dimension: axes.len() });
        }
        for (number, axis) in axes.iter().enumerate() {
            if axis.cells() == 0 {
                return Err(DensityError::OutOfRange {
                    name: "cells",
                    value: 0.0,
                    allowed: "at least 1 cell per axis",
                });
            }
            let falls = |index: &usize| {
                let width = axis.faces[*index] - axis.faces[index - 1];
                !(width > 0.0 && width.is_finite())
            };
            if let Some(index) = (1..axis.faces.len()).find(falls) {
                return Err(DensityError::Axis { axis: number, index, value: axis.faces[index] });
            }
            if (axis.lower == Face::Periodic) != (axis.upper == Face::Periodic) {
                return Err(DensityError::HalfPeriodic { axis: number });
            }
        }
        Ok(Self { axes })
    }

    /// The axes.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// The number of dimensions.
    pub fn dimension(&self) -> usize {
        self.axes.len()
    }

    /// The number of cells.
    pub fn cells(&self) -> usize {
        self.axes.iter().map(Axis::cells).product()
    }

    /// The place of a cell along each axis.
    pub fn place(&self, mut cell: usize) -> [usize; 3] {
        let mut place = [0; 3];
        for (axis, index) in self.axes.iter().zip(&mut place).rev() {
            *index = cell % axis.cells();
            cell /= axis.cells();
        }
        place
    }

    /// The number of the cell at a place.
    pub fn number(&self, place: [usize; 3]) -> usize {
        self.axes.iter().zip(place).fold(0, |number, (axis, index)| number * axis.cells() + index)
    }

    /// Writes the centre of a cell, `[d]`.
    pub fn centre(&self, cell: usize, out: &mut [f64]) {
        for ((axis, index), value) in self.axes.iter().zip(self.place(cell)).zip(out) {
            *value = axis.centre(index);
        }
    }

    /// The volume of a cell: a density times it is a probability.
    pub fn volume(&self, cell: usize) -> f64 {
        self.axes.iter().zip(self.place(cell)).map(|(axis, index)| axis.width(index)).product()
    }

    /// The cell that holds a point, if any.
    pub fn cell_of(&self, point: &[f64]) -> Option<usize> {
        let mut place = [0; 3];
        for ((axis, &value), index) in self.axes.iter().zip(point).zip(&mut place) {
            *index = axis.cell_of(value)?;
        }
        Some(self.number(place))
    }
}
