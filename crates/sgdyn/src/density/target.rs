//! Regions whose first visit ends a path.

use std::sync::Arc;

use rayon::prelude::*;

use super::{DensityError, Grid};

/// A closed region; a chain is left when it is reached.
///
/// Cells whose centre it holds are taken out of the chain. A step from a cell outside to one inside is cut where it
/// crosses the boundary, found by bisection, so that first-passage times keep their second order wherever the boundary
/// lies between the centres. A region thinner than a cell that lies between centres is not seen.
#[derive(Clone)]
pub struct Target(Arc<Region>);

type Region = dyn Fn(&[f64]) -> bool + Send + Sync;

impl Target {
    /// The region where `holds(x)` is true.
    pub fn region(holds: impl Fn(&[f64]) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(holds))
    }

    /// The half-space `normal · x ≤ offset`.
    pub fn half_space(normal: Vec<f64>, offset: f64) -> Self {
        Self::region(move |point| normal.iter().zip(point).map(|(n, x)| n * x).sum::<f64>() <= offset)
    }

    /// Whether the region holds a point.
    pub fn holds(&self, point: &[f64]) -> bool {
        (self.0)(point)
    }

    /// Which cells have their centre in the region, `[cells]`.
    ///
    /// # Errors
    /// A region that holds no centre, or all.
    pub fn cover(&self, grid: &Grid) -> Result<Vec<bool>, DensityError> {
        let (cells, dimension) = (grid.cells(), grid.dimension());
        let covers: Vec<bool> = (0..cells)
            .into_par_iter()
            .map(|cell| {
                let mut centre = [0.0; 3];
                grid.centre(cell, &mut centre[..dimension]);
                self.holds(&centre[..dimension])
            })
            .collect();
        let covered = covers.iter().filter(|&&inside| inside).count();
        if covered == 0 || covered == cells {
            return Err(DensityError::Target { covered, cells });
        }
        Ok(covers)
    }

    /// The share of a path at which it enters the region, between 0 (outside) and `last` (inside), to rounding.
    pub(super) fn crossing(&self, last: f64, at: impl Fn(f64) -> [f64; 3], dimension: usize) -> f64 {
        let (mut outside, mut inside) = (0.0, last);
        for _ in 0..60 {
            let middle = 0.5 * (outside + inside);
            if middle <= outside || middle >= inside {
                break;
            }
            if self.holds(&at(middle)[..dimension]) {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        inside
    }
}
