//! Straight lines through data: slope and intercept with Student intervals, and a test for curvature.

use super::error::{check_confidence, check_count, check_finite};
use super::{Estimate, Interval, StatisticsError, student_quantile};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// A fitted line `y = intercept + slope·x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearFit {
    /// The value at x = 0.
    pub intercept: Estimate,
    /// The slope; standard error from the residuals.
    pub slope: Estimate,
    /// Student's interval of the slope with n − 2 degrees of freedom.
    pub slope_interval: Interval,
    /// `Σ w (y − fit)²`: with weights `w = 1/stderr²` it follows χ²(n − 2) if the line is right.
    pub chi_square: f64,
    /// The standard error of the slope if the weights are exactly `1/stderr²`, whatever the residuals.
    pub slope_stderr_from_weights: f64,
    /// The coefficient of determination R². Near 1 it does not show that the relation is a line: see
    /// [`curvature_test`].
    pub r_squared: f64,
}

/// Whether data bend away from a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvatureTest {
    /// The coefficient of x² when it is added to the fit.
    pub curvature: Estimate,
    /// The probability of a coefficient at least as far from 0 if the relation is a line (Student, n − 3 degrees).
    pub p_value: f64,
}

/// Ordinary least squares of `y` `[n]` on `x` `[n]`: errors of equal, unknown variance.
///
/// # Errors
/// Unequal lengths, fewer than three points, values not finite, all x equal, or confidence outside (0, 1).
pub fn linear_fit(x: &[f64], y: &[f64], confidence: f64) -> Result<LinearFit, StatisticsError> {
    weighted_linear_fit(x, y, &vec![1.0; x.len()], confidence)
}

/// Least squares with weights `[n]`, up to a common factor the reciprocal variances of `y`.
///
/// Standard errors and the interval take the common factor from the residuals.
///
/// # Errors
/// As [`linear_fit`], and for weights that are not positive.
pub fn weighted_linear_fit(
    x: &[f64],
    y: &[f64],
    weights: &[f64],
    confidence: f64,
) -> Result<LinearFit, StatisticsError> {
    check_confidence(confidence)?;
    check_points(x, y, weights, 3)?;
    let n = x.len();
    let line = Line::through(x, y, weights)?;
    let residual: f64 = (0..n).map(|i| weights[i] * (y[i] - line.at(x[i])).powi(2)).sum();
    let total: f64 = (0..n).map(|i| weights[i] * (y[i] - line.mean_y).powi(2)).sum();
    let degrees = n as f64 - 2.0;
    let variance = residual / degrees;
    let slope_stderr = (variance / line.spread).sqrt();
    let intercept_stderr =
        (variance * (1.0 / line.total_weight + line.mean_x * line.mean_x / line.spread)).sqrt();
    let half = student_quantile(degrees, 0.5 + 0.5 * confidence) * slope_stderr;
    Ok(LinearFit {
        intercept: Estimate { value: line.at(0.0), stderr: intercept_stderr, n: n as u64 },
        slope: Estimate { value: line.slope, stderr: slope_stderr, n: n as u64 },
        slope_interval: Interval { lower: line.slope - half, upper: line.slope + half, confidence },
        chi_square: residual,
        slope_stderr_from_weights: line.spread.powf(-0.5),
        r_squared: if total > 0.0 { 1.0 - residual / total } else { f64::NAN },
    })
}

/// Adds x² to the weighted fit and tests its coefficient against 0. Equal weights: pass ones.
///
/// # Errors
/// As [`weighted_linear_fit`], with at least four points and three distinct x.
pub fn curvature_test(x: &[f64], y: &[f64], weights: &[f64]) -> Result<CurvatureTest, StatisticsError> {
    check_points(x, y, weights, 4)?;
    let n = x.len();
    let line = Line::through(x, y, weights)?;
    let bend = Bend::of(x, weights, &line)?;
    let curvature = bend.coefficient(y, weights);
    let residual: f64 =
        (0..n).map(|i| weights[i] * (y[i] - line.at(x[i]) - curvature * bend.shape[i]).powi(2)).sum();
    let degrees = n as f64 - 3.0;
    let stderr = (residual / degrees / bend.spread).sqrt();
    let p_value =
        StudentsT::new(0.0, 1.0, degrees).map_or(f64::NAN, |law| 2.0 * law.sf((curvature / stderr).abs()));
    Ok(CurvatureTest { curvature: Estimate { value: curvature, stderr, n: n as u64 }, p_value })
}

/// The part of x² that a line does not explain: it carries all the information on the curvature.
pub(super) struct Bend {
    shape: Vec<f64>,
    /// `Σ w shape²`: the reciprocal variance of the curvature where weights are those of y.
    pub(super) spread: f64,
}

impl Bend {
    pub(super) fn of(x: &[f64], weights: &[f64], line: &Line) -> Result<Self, StatisticsError> {
        let square: Vec<f64> = x.iter().map(|x| (x - line.mean_x).powi(2)).collect();
        let explained = Line::through(x, &square, weights)?;
        let shape: Vec<f64> = (0..x.len()).map(|i| square[i] - explained.at(x[i])).collect();
        let sum = |of: &[f64]| -> f64 { weights.iter().zip(of).map(|(w, value)| w * value * value).sum() };
        let (spread, scale) = (sum(&shape), sum(&square));
        if spread <= 1e-20 * scale {
            return Err(StatisticsError::TooFew { what: "a curvature test (distinct x)", needed: 3, got: 2 });
        }
        Ok(Self { shape, spread })
    }

    /// The coefficient of x² in the fit of a parabola to y.
    pub(super) fn coefficient(&self, y: &[f64], weights: &[f64]) -> f64 {
        (0..y.len()).map(|i| weights[i] * self.shape[i] * y[i]).sum::<f64>() / self.spread
    }
}

pub(super) struct Line {
    pub(super) total_weight: f64,
    pub(super) mean_x: f64,
    pub(super) mean_y: f64,
    pub(super) spread: f64,
    pub(super) slope: f64,
}

impl Line {
    pub(super) fn through(x: &[f64], y: &[f64], weights: &[f64]) -> Result<Self, StatisticsError> {
        let n = x.len();
        let total_weight: f64 = weights.iter().sum();
        let mean_x = (0..n).map(|i| weights[i] * x[i]).sum::<f64>() / total_weight;
        let mean_y = (0..n).map(|i| weights[i] * y[i]).sum::<f64>() / total_weight;
        let spread: f64 = (0..n).map(|i| weights[i] * (x[i] - mean_x).powi(2)).sum();
        if x.iter().all(|value| *value == x[0]) || spread <= 0.0 {
            return Err(StatisticsError::NoSpread { x: x[0] });
        }
        let product: f64 = (0..n).map(|i| weights[i] * (x[i] - mean_x) * (y[i] - mean_y)).sum();
        Ok(Self { total_weight, mean_x, mean_y, spread, slope: product / spread })
    }

    pub(super) fn at(&self, x: f64) -> f64 {
        self.mean_y + self.slope * (x - self.mean_x)
    }
}

pub(super) fn check_points(
    x: &[f64],
    y: &[f64],
    weights: &[f64],
    needed: usize,
) -> Result<(), StatisticsError> {
    for (second, values) in [("y", y), ("weights", weights)] {
        if values.len() != x.len() {
            return Err(StatisticsError::LengthMismatch {
                first: "x",
                first_length: x.len(),
                second,
                second_length: values.len(),
            });
        }
    }
    check_count("a fitted line", needed, x.len())?;
    check_finite("x", x)?;
    check_finite("y", y)?;
    match weights.iter().position(|weight| !(*weight > 0.0 && weight.is_finite())) {
        None => Ok(()),
        Some(index) => Err(StatisticsError::BadDatum {
            name: "weights",
            index,
            value: weights[index],
            allowed: "positive numbers",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const Y: [f64; 10] = [0.1, 1.3, 1.9, 3.2, 3.8, 5.3, 5.9, 7.2, 7.8, 9.4];

    fn x() -> Vec<f64> {
        (0..10).map(f64::from).collect()
    }

    #[test]
    fn ordinary_matches_scipy() {
        // scipy.stats.linregress
        let fit = linear_fit(&x(), &Y, 0.95).unwrap();
        assert!((fit.slope.value - 1.001818181818182).abs() < 1e-14);
        assert!((fit.intercept.value - 0.08181818181818112).abs() < 1e-14);
        assert!((fit.slope.stderr - 0.026074696683998554).abs() < 1e-14);
        assert!((fit.intercept.stderr - 0.13920078844651695).abs() < 1e-13);
        assert!(fit.slope_interval.contains(1.0) && !fit.slope_interval.contains(1.1));
    }

    #[test]
    fn a_weight_of_two_is_a_doubled_point() {
        let (x, mut weights) = (x(), vec![1.0; 10]);
        weights[3] = 2.0;
        let weighted = weighted_linear_fit(&x, &Y, &weights, 0.9).unwrap();
        let (mut x2, mut y2) = (x.clone(), Y.to_vec());
        x2.push(3.0);
        y2.push(Y[3]);
        let doubled = linear_fit(&x2, &y2, 0.9).unwrap();
        assert!((weighted.slope.value - doubled.slope.value).abs() < 1e-14);
        assert!((weighted.chi_square - doubled.chi_square).abs() < 1e-13);
    }

    #[test]
    fn curvature_is_seen_where_correlation_is_not() {
        // ln k against 1/k on k = 1…2 has |r| = 0.995, yet it is no line.
        let k: Vec<f64> = (0..=10).map(|i| 1.0 + 0.1 * f64::from(i)).collect();
        let inverse: Vec<f64> = k.iter().map(|k| 1.0 / k).collect();
        let log: Vec<f64> = k.iter().map(|k| k.ln()).collect();
        let fit = linear_fit(&inverse, &log, 0.95).unwrap();
        assert!(fit.r_squared > 0.98);
        assert!(curvature_test(&inverse, &log, &[1.0; 11]).unwrap().p_value < 1e-6);
        // An exact parabola returns its coefficient.
        let parabola: Vec<f64> = x().iter().map(|x| 2.0 - x + 0.25 * x * x).collect();
        let test = curvature_test(&x(), &parabola, &[1.0; 10]).unwrap();
        assert!((test.curvature.value - 0.25).abs() < 1e-13);
        // The residuals of scipy's example do not bend.
        assert!(curvature_test(&x(), &Y, &[1.0; 10]).unwrap().p_value > 0.05);
    }

    #[test]
    fn refuses_nonsense() {
        assert!(linear_fit(&[1.0, 2.0], &[1.0, 2.0], 0.95).is_err());
        assert_eq!(linear_fit(&[1.0; 3], &[1.0, 2.0, 3.0], 0.95), Err(StatisticsError::NoSpread { x: 1.0 }));
        assert!(linear_fit(&[1.0, 2.0, 3.0], &[1.0, 2.0], 0.95).is_err());
        assert!(weighted_linear_fit(&[1.0, 2.0, 3.0], &[1.0; 3], &[1.0, 0.0, 1.0], 0.95).is_err());
        assert!(curvature_test(&[1.0, 2.0, 1.0, 2.0], &[1.0; 4], &[1.0; 4]).is_err());
    }
}
