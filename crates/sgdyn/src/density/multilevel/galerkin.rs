//! A Krylov iteration that seeks the Galerkin solution: conjugate gradients where the matrix is symmetric.

use std::collections::VecDeque;

use super::super::DensityError;
use super::hierarchy::{Hierarchy, Side};
use super::vectors::{add_scaled, dot};

/// Fewest iterations: the energy may sit in few states (a source where the chain hardly ever is), and the rest still has
/// to follow.
const FEWEST: usize = 8;

/// When an iteration ends, and what it remembers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// The reduction of `√(r·M⁻¹r)`, about the error in the energy norm, that is enough.
    pub(super) reduction: f64,
    /// Iterations at most.
    pub(super) iterations: usize,
    /// Directions kept.
    pub(super) kept: usize,
}

impl Hierarchy {
    /// Adds to x the solution of `B δ = residual`, or of its transpose, and leaves in `residual` what is left; returns the
    /// iterations spent.
    ///
    /// Each new direction d is made `B`-orthogonal to the last ones from the left, and the residual orthogonal to d: with
    /// a symmetric B these are flexible conjugate gradients; else, as the symmetric part is positive, a Galerkin solution
    /// that exists and is quasi-optimal in the energy norm. Minimal residuals would not do: a residual norm does not see
    /// the slow modes, the energy norm does.
    pub(super) fn improve(
        &self,
        side: Side,
        residual: &mut [f64],
        x: &mut [f64],
        effort: Effort,
    ) -> Result<usize, DensityError> {
        let Some(matrix) = self.finest(side) else {
            let mut direction = vec![0.0; x.len()];
            self.precondition(side, residual, &mut direction)?;
            add_scaled(1.0, &direction, x);
            return Ok(1);
        };
        let mut directions: VecDeque<(Vec<f64>, Vec<f64>, f64)> = VecDeque::with_capacity(effort.kept + 1);
        let mut start = 0.0;
        for iteration in 0..=effort.iterations {
            let (mut direction, mut image) = if directions.len() > effort.kept {
                directions.pop_front().map_or_else(Default::default, |oldest| (oldest.0, oldest.1))
            } else {
                (vec![0.0; x.len()], vec![0.0; x.len()])
            };
            self.precondition(side, residual, &mut direction)?;
            let measure = dot(residual, &direction).abs();
            if iteration == 0 {
                start = measure;
            }
            if !(start > 0.0 && measure.is_finite()) {
                return broken_down(residual, iteration);
            }
            let enough = measure <= effort.reduction * effort.reduction * start;
            if (enough && iteration >= FEWEST) || iteration == effort.iterations {
                return Ok(iteration);
            }
            matrix.apply(&direction, &mut image);
            for (earlier, earlier_image, energy) in &directions {
                let overlap = dot(earlier, &image) / energy;
                add_scaled(-overlap, earlier, &mut direction);
                add_scaled(-overlap, earlier_image, &mut image);
            }
            let energy = dot(&direction, &image);
            let step = dot(&direction, residual) / energy;
            if !(energy > 0.0 && step.is_finite()) {
                return broken_down(residual, iteration);
            }
            add_scaled(step, &direction, x);
            add_scaled(-step, &image, residual);
            directions.push_back((direction, image, energy));
        }
        Ok(effort.iterations)
    }
}

/// Where no direction can be found any more: fine once there was progress or if there is nothing to do, else an error.
fn broken_down(residual: &[f64], iterations: usize) -> Result<usize, DensityError> {
    if iterations > 0 || residual.iter().all(|&residual| residual == 0.0) {
        return Ok(iterations);
    }
    Err(DensityError::NotConverged {
        what: "the Galerkin iteration broke down: it",
        reached: 1.0,
        iterations,
        remedy: "use a direct solver: slow modes this slow are lost in the rounding of their energy",
    })
}
