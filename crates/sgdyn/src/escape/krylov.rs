//! Large Hessians through their products: lowest eigenpairs by Lanczos' method, linear solves by conjugate gradients.

use faer::{Mat, Side};

use super::EscapeError;
use super::vectors::{add, dot, generic_direction, norm, remove_components, scale};

/// The largest Krylov basis before a restart.
const BASIS: usize = 160;

/// Restarts before giving up.
const RESTARTS: usize = 60;

/// An eigenpair, with the largest magnitude in the spectrum as far as seen.
pub(super) struct LowestPair {
    pub(super) value: f64,
    pub(super) vector: Vec<f64>,
    pub(super) magnitude: f64,
}

/// The lowest eigenpair of a symmetric operator on the complement of the orthonormal eigenvectors `known`.
///
/// Lanczos' method with full reorthogonalisation, restarted with the best Ritz vector. `start` may carry a guess; a
/// generic part is added to it, since a guess that lies in an invariant subspace would never leave it.
pub(super) fn lowest_pair(
    dimension: usize,
    apply: &dyn Fn(&[f64]) -> Vec<f64>,
    known: &[Vec<f64>],
    start: Option<&[f64]>,
    tolerance: f64,
) -> Result<LowestPair, EscapeError> {
    let mut guess = generic_direction(dimension, known.len());
    if let Some(start) = start {
        scale(0.1, &mut guess);
        add(1.0, start, &mut guess);
    }
    let mut magnitude = 0.0f64;
    let mut residual = f64::INFINITY;
    for _ in 0..RESTARTS {
        remove_components(known, &mut guess);
        let length = norm(&guess);
        scale(1.0 / length, &mut guess);
        let mut basis = vec![guess.clone()];
        let (mut diagonal, mut below) = (Vec::new(), Vec::<f64>::new());
        loop {
            let last = &basis[basis.len() - 1];
            let mut next = apply(last);
            diagonal.push(dot(last, &next));
            remove_components(known, &mut next);
            remove_components(&basis, &mut next);
            let beta = norm(&next);
            let size = diagonal.len();
            magnitude = magnitude.max(diagonal[size - 1].abs()).max(beta);
            // An invariant subspace: what is left of `next` is rounding, and no longer orthogonal once scaled up.
            let exhausted = size + known.len() >= dimension || beta <= 1e-12 * magnitude;
            if exhausted || size == BASIS || size.is_multiple_of(10) {
                let tridiagonal = Mat::from_fn(size, size, |i, j| match i.abs_diff(j) {
                    0 => diagonal[i],
                    1 => below[i.min(j)],
                    _ => 0.0,
                });
                let eigen =
                    tridiagonal.self_adjoint_eigen(Side::Lower).map_err(|_| not_converged(residual))?;
                let values: Vec<f64> = eigen.S().column_vector().iter().copied().collect();
                magnitude = magnitude.max(values[0].abs()).max(values[size - 1].abs());
                let weights = eigen.U();
                residual = beta * weights[(size - 1, 0)].abs();
                let converged = exhausted || residual <= tolerance * magnitude;
                if converged || size == BASIS {
                    guess.fill(0.0);
                    for (row, vector) in basis.iter().enumerate() {
                        add(weights[(row, 0)], vector, &mut guess);
                    }
                    if converged {
                        let length = norm(&guess);
                        scale(1.0 / length, &mut guess);
                        return Ok(LowestPair { value: values[0], vector: guess, magnitude });
                    }
                    break;
                }
            }
            below.push(beta);
            scale(1.0 / beta, &mut next);
            basis.push(next);
        }
    }
    Err(not_converged(residual / magnitude))
}

fn not_converged(reached: f64) -> EscapeError {
    let remedy = "the lowest curvatures lie too close together: they may be a flat valley";
    EscapeError::NotConverged { what: "Lanczos' method", reached, iterations: RESTARTS * BASIS, remedy }
}

/// The largest magnitude of the spectrum, to a few per cent: ten steps of the power method.
pub(super) fn largest_magnitude(dimension: usize, apply: &dyn Fn(&[f64]) -> Vec<f64>) -> f64 {
    let mut vector = generic_direction(dimension, 0);
    let mut magnitude = 0.0;
    for _ in 0..10 {
        vector = apply(&vector);
        magnitude = norm(&vector);
        if magnitude == 0.0 {
            break;
        }
        scale(1.0 / magnitude, &mut vector);
    }
    magnitude
}

/// An approximate solution of `Ax = right` on the complement of `known`, cut at the first negative curvature or where
/// |x| reaches `radius` (T. Steihaug, *SIAM J. Numer. Anal.* 20, 626 (1983)).
pub(super) fn truncated_solve(
    apply: &dyn Fn(&[f64]) -> Vec<f64>,
    known: &[Vec<f64>],
    right: &[f64],
    radius: f64,
) -> Vec<f64> {
    let mut residual = right.to_vec();
    remove_components(known, &mut residual);
    let mut solution = vec![0.0; right.len()];
    let first = norm(&residual);
    // Superlinear near the solution: the solve is as exact as the gradient is small.
    let wanted = first * first.sqrt().clamp(1e-12, 1e-3);
    let mut direction = residual.clone();
    let mut square = first * first;
    for _ in 0..2 * right.len() {
        if square.sqrt() <= wanted || square == 0.0 {
            break;
        }
        let mut product = apply(&direction);
        remove_components(known, &mut product);
        let curvature = dot(&direction, &product);
        let step = square / curvature;
        let mut ahead = solution.clone();
        add(step, &direction, &mut ahead);
        if curvature <= 0.0 || norm(&ahead) >= radius {
            let (a, b) = (dot(&direction, &direction), dot(&solution, &direction));
            let c = dot(&solution, &solution) - radius * radius;
            add((-b + (b * b - a * c).max(0.0).sqrt()) / a, &direction, &mut solution);
            break;
        }
        solution = ahead;
        add(-step, &product, &mut residual);
        let next = dot(&residual, &residual);
        scale(next / square, &mut direction);
        add(1.0, &residual, &mut direction);
        square = next;
    }
    solution
}
