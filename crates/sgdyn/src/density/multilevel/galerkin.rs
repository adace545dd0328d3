//! A Krylov iteration that seeks the Galerkin solution: conjugate gradients where the matrix is symmetric.

use std::collections::VecDeque;

use super::super::DensityError;
use super::hierarchy::{Hierarchy, Side};
use super::matrix::Conductances;
use super::vectors::{add_scaled, dot};

/// Fewest iterations: the energy may sit in few states (a source where the chain hardly ever is), and the rest still has to
/// follow.
const FEWEST: usize = 8;

/// How far an inner solve came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    pub(super) iterations: usize,
    /// `√(r·M⁻¹r)` over its start, about the error in the energy norm.
    pub(super) reduction: f64,
}

/// Improves x, which solves `B x = right`, where `residual` holds `right − B x` and is kept up to date.
///
/// Each new direction d is made `B`-orthogonal to the `kept` last ones from the left, and the residual orthogonal to d:
/// with a symmetric B these are flexible conjugate gradients; else, as the symmetric part is positive, a Galerkin
/// solution that exists and is quasi-optimal in the energy norm. A residual norm would not do: it does not see the slow
/// modes, the energy norm does.
pub(super) fn improve(
    hierarchy: &Hierarchy,
    side: Side,
    matrix: &Conductances,
    residual: &mut [f64],
    x: &mut [f64],
    reduction: f64,
    iterations: usize,
    kept: usize,
) -> Result<Progress, DensityError> {
    let states = x.len();
    let mut directions: VecDeque<(Vec<f64>, Vec<f64>, f64)> = VecDeque::with_capacity(kept + 1);
    let mut start = 0.0;
    let mut progress = Progress { iterations: 0, reduction: 1.0 };
    for iteration in 0..=iterations {
        let (mut direction, mut image) = if directions.len() > kept {
            directions.pop_front().map_or_else(Default::default, |(direction, image, _)| (direction, image))
        } else {
            (vec![0.0; states], vec![0.0; states])
        };
        hierarchy.precondition(side, residual, &mut direction)?;
        let measure = dot(residual, &direction).abs();
        if iteration == 0 {
            start = measure;
        }
        if !(start > 0.0 && measure.is_finite()) {
            return broken_down(residual, progress);
        }
        progress.reduction = (measure / start).sqrt();
        if (progress.reduction <= reduction && iteration >= FEWEST) || iteration == iterations {
            return Ok(progress);
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
            return broken_down(residual, progress);
        }
        add_scaled(step, &direction, x);
        add_scaled(-step, &image, residual);
        directions.push_back((direction, image, energy));
        progress.iterations = iteration + 1;
    }
    Ok(progress)
}

/// What is left where no direction can be found any more: fine once there was progress or nothing to do, else an error.
fn broken_down(residual: &[f64], progress: Progress) -> Result<Progress, DensityError> {
    if progress.iterations > 0 || residual.iter().all(|&residual| residual == 0.0) {
        return Ok(progress);
    }
    Err(DensityError::NotConverged {
        what: "the iterative solve broke down: it",
        reached: 1.0,
        iterations: 0,
        remedy: "use a direct solver, or smaller cells where the drift is strong",
    })
}
