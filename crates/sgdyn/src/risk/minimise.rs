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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::{ConstantFeatures, Dataset, EmpiricalRisk, GeneralisedLinear, Labels, Link, PointRisk};

    fn banknote(l2: f64) -> GeneralisedLinear<f64> {
        let data = Dataset::ready("banknote").unwrap().standardised(ConstantFeatures::Error).unwrap();
        GeneralisedLinear::new(Link::Logistic, &data.with_intercept(), l2).unwrap()
    }

    #[test]
    fn banknote_minima_are_those_of_numpy() {
        // numpy 2, Newton iterations in float64; at l2 = 0.01 scipy's BFGS agrees to 5e-8.
        let references = [
            (
                0.01,
                [
                    -2.641633350070742,
                    -2.182775634235722,
                    -1.920931831504944,
                    0.14053952753806914,
                    -0.5047167546690445,
                ],
                0.20086167103765273,
                1e-12,
            ),
            // Without a penalty the Hessian is ill-conditioned: 1e-4 at its smallest, so that θ* has fewer digits.
            (
                0.0,
                [
                    -22.334066986212942,
                    -24.587993431014393,
                    -22.780678805740145,
                    -1.271319543691168,
                    -10.812099427643094,
                ],
                0.01818172704191199,
                1e-9,
            ),
        ];
        for (l2, expected, loss, tolerance) in references {
            let risk = banknote(l2);
            let minimum = minimise(&risk, &[0.0; 5], 1e-13).unwrap();
            for (value, expected) in minimum.at.iter().zip(expected) {
                assert!((value - expected).abs() < tolerance, "{value} {expected}");
            }
            assert!((risk.loss_at(&minimum.at) - loss).abs() < 1e-14);
            assert!(minimum.gradient_norm <= 1e-13 && minimum.iterations < 15);
        }
    }

    #[test]
    fn the_gradient_covariance_at_the_banknote_minimum_is_that_of_numpy() {
        // numpy.cov(per-sample gradients, bias=True) at l2 = 0.01.
        let risk = banknote(0.01);
        let minimum = minimise(&risk, &[0.0; 5], 1e-13).unwrap();
        let covariance = risk.gradient_covariance(&minimum.at);
        let trace: f64 = (0..5).map(|i| covariance[(i, i)]).sum();
        assert!((trace - 0.09720482371633553).abs() < 1e-13, "{trace}");
        assert!((covariance[(0, 0)] - 0.006868232432323237).abs() < 1e-14);
    }

    #[test]
    fn the_digits_minimum_has_the_loss_of_scipy() {
        let data = Dataset::ready("digits").unwrap().divided_by(16.0).unwrap().with_intercept();
        let risk = GeneralisedLinear::new(Link::Softmax, &data, 0.01).unwrap();
        let minimum = minimise(&risk, &vec![0.0; risk.dimension()], 1e-12).unwrap();
        // scipy's L-BFGS-B, gradient below 1.1e-9: loss 0.7410569338310151 and |θ*| = 7.956523521136044; the loss errs
        // by |gradient|²/l2 ~ 1e-14, θ* by √d·|gradient|/l2 ~ 1e-6.
        assert!((risk.loss_at(&minimum.at) - 0.7410569338310151).abs() < 1e-12);
        let norm = minimum.at.iter().map(|value| value * value).sum::<f64>().sqrt();
        assert!((norm - 7.956523521136044).abs() < 1e-6, "{norm}");
    }

    fn small(
        link: Link,
        values: &[f64],
        features: usize,
        classes: &[u32],
        l2: f64,
    ) -> GeneralisedLinear<f64> {
        let labels = match link {
            Link::Linear => Labels::Targets(classes.iter().map(|&class| f64::from(class)).collect()),
            _ => Labels::Classes { of_sample: classes.to_vec(), names: vec!["a".into(), "b".into()] },
        };
        let names = (0..features).map(|feature| format!("x{feature}")).collect();
        GeneralisedLinear::new(link, &Dataset::new("small", values.to_vec(), names, labels).unwrap(), l2)
            .unwrap()
    }

    #[test]
    fn linear_regression_takes_one_step_to_least_squares() {
        // Through (0, 1), (1, 2), (2, 4): slope 3/2, intercept 5/6.
        let risk = small(Link::Linear, &[0.0, 1.0, 1.0, 1.0, 2.0, 1.0], 2, &[1, 2, 4], 0.0);
        let minimum = minimise(&risk, &[7.0, -3.0], 1e-13).unwrap();
        assert!((minimum.at[0] - 1.5).abs() < 1e-14 && (minimum.at[1] - 5.0 / 6.0).abs() < 1e-14);
        assert!(minimum.iterations <= 2);
    }

    #[test]
    fn separable_classes_have_no_minimum_without_a_penalty() {
        let values = [-2.0, 1.0, -1.0, 1.0, 1.0, 1.0, 3.0, 1.0];
        let error = minimise(&small(Link::Logistic, &values, 2, &[0, 0, 1, 1], 0.0), &[0.0; 2], 1e-12);
        assert!(matches!(error, Err(RiskError::NoMinimum { .. })), "{error:?}");
        assert!(minimise(&small(Link::Logistic, &values, 2, &[0, 0, 1, 1], 1e-3), &[0.0; 2], 1e-12).is_ok());
    }

    #[test]
    fn what_is_not_strictly_convex_is_refused() {
        let error =
            |risk: &dyn SampleCurvature| minimise(risk, &vec![0.1; risk.dimension()], 1e-12).unwrap_err();
        let repeated = [1.0, 1.0, 2.0, 2.0, 4.0, 4.0];
        let linear = small(Link::Linear, &repeated, 2, &[1, 2, 3], 0.0);
        assert!(matches!(error(&linear), RiskError::NotStrictlyConvex { iterations: 0, .. }));
        let shifted = small(Link::Softmax, &[1.0, 2.0, 3.0, -1.0], 1, &[0, 1, 1, 0], 0.0);
        assert!(matches!(error(&shifted), RiskError::NotStrictlyConvex { .. }));
        let flat = PointRisk::flat(&Dataset::ready("banknote").unwrap()).unwrap();
        assert!(matches!(error(&flat), RiskError::NotStrictlyConvex { .. }));
    }

    #[test]
    fn a_start_of_another_shape_is_refused() {
        let risk = banknote(0.1);
        for start in [&[0.0; 4][..], &[f64::NAN; 5], &[0.0; 6]] {
            assert!(matches!(minimise(&risk, start, 1e-12), Err(RiskError::Start { expected: 5, .. })));
        }
    }
}
