//! The minimum of a strictly convex risk, by damped Newton steps.

use faer::prelude::*;
use faer::{Mat, Side};

use super::curvature::SampleCurvature;
use super::error::RiskError;

/// Newton's method doubles the digits of each step; a start at 0 on standardised data needs about ten.
const MOST_ITERATIONS: usize = 200;

/// A minimum that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimum {
    /// θ*, `[d]`.
    pub at: Vec<f64>,
    /// The largest component of ∇L(θ*) in magnitude.
    pub gradient_norm: f64,
    /// Newton steps taken.
    pub iterations: usize,
}

/// Minimises a strictly convex `risk` from `start`, `[d]`, until the largest component of the gradient is at most
/// `tolerance` (1e-12 is above the rounding of standardised data).
///
/// Steps −H⁻¹∇L by a dense Cholesky factor, halved until the loss decreases by 10⁻⁴ of what the slope promises
/// (Nocedal and Wright, Numerical Optimization, 2006, algorithms 3.1 and 3.2).
///
/// ```
/// use sgdyn::risk::{ConstantFeatures, Dataset, GeneralisedLinear, Link, minimise};
///
/// let data = Dataset::ready("banknote")?.standardised(ConstantFeatures::Error)?.with_intercept();
/// let minimum = minimise(&GeneralisedLinear::new(Link::Logistic, &data, 0.01)?, &[0.0; 5], 1e-12)?;
/// assert!(minimum.gradient_norm <= 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`RiskError::Start`], [`RiskError::NotStrictlyConvex`], [`RiskError::NoMinimum`] for separable classes without a
/// penalty, and [`RiskError::NotConverged`].
pub fn minimise(risk: &dyn SampleCurvature, start: &[f64], tolerance: f64) -> Result<Minimum, RiskError> {
    let dimension = risk.dimension();
    let found = start.iter().filter(|value| value.is_finite()).count();
    if found != dimension || start.len() != dimension {
        return Err(RiskError::Start { expected: dimension, found });
    }
    let mut at = start.to_vec();
    let mut gradient = vec![0.0; dimension];
    risk.gradient_at(&at, &mut gradient);
    let mut loss = risk.loss_at(&at);
    for iterations in 0..MOST_ITERATIONS {
        let gradient_norm = largest(&gradient);
        let step = newton_step(risk, &at, &gradient)
            .ok_or(RiskError::NotStrictlyConvex { iterations, gradient_norm })?;
        // A small gradient is not enough: on separable classes it vanishes while θ marches on in steps of order 1.
        let near = largest(&step) <= 1e-6 * (1.0 + largest(&at));
        if gradient_norm <= tolerance {
            if near {
                return Ok(Minimum { at, gradient_norm, iterations });
            }
            return Err(RiskError::NoMinimum { largest: largest(&at), gradient_norm });
        }
        let slope: f64 = gradient.iter().zip(&step).map(|(gradient, step)| gradient * step).sum();
        let stopped = RiskError::NotConverged { tolerance, iterations, gradient_norm };
        let mut length = 1.0;
        loop {
            let trial: Vec<f64> = at.iter().zip(&step).map(|(at, step)| at + length * step).collect();
            let trial_loss = risk.loss_at(&trial);
            // Where the promised decrease drowns in the rounding of the loss, only the gradient can tell.
            let resolved = -slope > 1e-10 * (1.0 + loss.abs());
            if !resolved || trial_loss <= loss + 1e-4 * length * slope {
                at = trial;
                loss = trial_loss;
                risk.gradient_at(&at, &mut gradient);
                break;
            }
            length *= 0.5;
            if length < 1e-10 {
                return Err(stopped);
            }
        }
        let stalled = near && largest(&gradient) >= gradient_norm;
        if stalled && largest(&gradient) > tolerance {
            return Err(stopped);
        }
    }
    Err(RiskError::NotConverged { tolerance, iterations: MOST_ITERATIONS, gradient_norm: largest(&gradient) })
}

/// −H⁻¹∇L, or `None` if H is not positive definite to rounding.
fn newton_step(risk: &dyn SampleCurvature, at: &[f64], gradient: &[f64]) -> Option<Vec<f64>> {
    let dimension = gradient.len();
    let hessian = risk.hessian(at);
    let factor = hessian.llt(Side::Lower).ok()?;
    // Of a singular matrix, rounding leaves pivots of either sign and of order d·ε of the diagonal.
    let smallest = dimension as f64 * f64::EPSILON;
    let definite = (0..dimension).all(|i| factor.L()[(i, i)].powi(2) > smallest * hessian[(i, i)]);
    let solution = factor.solve(Mat::from_fn(dimension, 1, |i, _| -gradient[i]));
    let step = solution.col_as_slice(0).to_vec();
    (definite && step.iter().all(|value| value.is_finite())).then_some(step)
}

fn largest(values: &[f64]) -> f64 {
    // NaN stays visible: it must not pass for convergence.
    values.iter().fold(0.0, |largest, value| if value.abs() <= largest { largest } else { value.abs() })
}
