//! Laws: a straight line through points with known standard errors, and whether they are on one.

use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::error::check_confidence;
use super::regression::{Bend, Line, check_points};
use super::{Estimate, Interval, StatisticsError, normal_interval, normal_survival};

/// Below this probability a bend, or a scatter, is no chance.
const SIGNIFICANCE: f64 = 0.01;

/// Whether points with known errors lie on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linearity {
    /// Nothing speaks against a line, and a slope that changes by its own size would have been seen.
    Straight,
    /// The quadratic term differs from zero, or the scatter from the standard errors: p below 0.01.
    Refused,
    /// A slope that changes by its own size over the range is as compatible with the points as a line.
    NotResolved,
}

/// A law `y = intercept + slope·x`, fitted to points whose standard errors are known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LawFit {
    /// The value at x = 0.
    pub intercept: Estimate,
    /// Its normal interval.
    pub intercept_interval: Interval,
    /// The slope; its standard error comes from those of the points, not from the residuals.
    pub slope: Estimate,
    /// Its normal interval: the errors are known, so Student's law has no part in it.
    pub slope_interval: Interval,
    /// Pearson's r of x and y, unweighted. Near ±1 it does not show a line: see `curvature`.
    pub correlation: f64,
    /// `Σ ((y − line)/stderr)²`, of law χ²(n − 2) on a line.
    pub chi_square: f64,
    /// The probability of at least this χ² on a line.
    pub fit_p_value: f64,
    /// The coefficient of x² where it is added to the line.
    pub curvature: Estimate,
    /// The probability of a coefficient at least as far from zero on a line (normal, two-sided).
    pub curvature_p_value: f64,
    /// What the two tests say together.
    pub linearity: Linearity,
}

/// Fits `y` `[n]` against `x` `[n]`, n ≥ 4, with standard errors `stderr` `[n]` of y, and tests the line.
///
/// A correlation near 1 cannot tell a law from its neighbours: ln k against 1/k on k = 1…2 has |r| = 0.995. The slope
/// must be compared with its prediction, and the line with a parabola.
/// ```
/// use sgdyn::statistics::{Linearity, law_fit};
/// let k: Vec<f64> = (0..=10).map(|i| 1.0 + 0.1 * f64::from(i)).collect();
/// let inverse: Vec<f64> = k.iter().map(|k| 1.0 / k).collect();
/// let logarithm: Vec<f64> = k.iter().map(|k| k.ln()).collect();
/// let law = law_fit(&inverse, &logarithm, &[0.01; 11], 0.95)?;
/// assert!(law.correlation < -0.99);
/// assert_eq!(law.linearity, Linearity::Refused);
/// # Ok::<(), sgdyn::statistics::StatisticsError>(())
/// ```
///
/// # Errors
/// Unequal lengths, fewer than four points or three distinct x, values not finite, standard errors that are not positive,
/// confidence outside (0, 1).
pub fn law_fit(x: &[f64], y: &[f64], stderr: &[f64], confidence: f64) -> Result<LawFit, StatisticsError> {
    check_confidence(confidence)?;
    if let Some(index) = stderr.iter().position(|error| !(*error > 0.0 && error.is_finite())) {
        let allowed = "positive numbers";
        return Err(StatisticsError::BadDatum { name: "stderr", index, value: stderr[index], allowed });
    }
    let weights: Vec<f64> = stderr.iter().map(|error| error.powi(-2)).collect();
    check_points(x, y, &weights, 4)?;
    let n = x.len() as u64;
    let line = Line::through(x, y, &weights)?;
    let estimate = |value: f64, variance: f64| Estimate { value, stderr: variance.sqrt(), n };
    let slope = estimate(line.slope, 1.0 / line.spread);
    let intercept = estimate(line.at(0.0), 1.0 / line.total_weight + line.mean_x * line.mean_x / line.spread);
    let bend = Bend::of(x, &weights, &line)?;
    let curvature = estimate(bend.coefficient(y, &weights), 1.0 / bend.spread);
    let residual = |i: usize| (y[i] - line.at(x[i])) / stderr[i];
    let chi_square: f64 = (0..x.len()).map(|i| residual(i).powi(2)).sum();
    let fit_p_value = ChiSquared::new(n as f64 - 2.0).map_or(f64::NAN, |law| law.sf(chi_square));
    let curvature_p_value = 2.0 * normal_survival((curvature.value / curvature.stderr).abs());
    let linearity = if curvature_p_value < SIGNIFICANCE || fit_p_value < SIGNIFICANCE {
        Linearity::Refused
    } else {
        let range = |pick: fn(f64, f64) -> f64| x.iter().copied().reduce(pick).unwrap_or(f64::NAN);
        // From end to end the slope of the parabola changes by 2cΔx.
        let width = 2.0 * (range(f64::max) - range(f64::min));
        let change = normal_interval(curvature, confidence)?;
        let seen = width * change.lower.abs().max(change.upper.abs());
        if seen < slope.value.abs() { Linearity::Straight } else { Linearity::NotResolved }
    };
    Ok(LawFit {
        intercept,
        intercept_interval: normal_interval(intercept, confidence)?,
        slope,
        slope_interval: normal_interval(slope, confidence)?,
        correlation: correlation(x, y),
        chi_square,
        fit_p_value,
        curvature,
        curvature_p_value,
        linearity,
    })
}

/// Pearson's r.
fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_x, mean_y) = (mean(x), mean(y));
    let sum = |a: &[f64], mean_a: f64, b: &[f64], mean_b: f64| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum()
    };
    sum(x, mean_x, y, mean_y) / (sum(x, mean_x, x, mean_x) * sum(y, mean_y, y, mean_y)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::normal_quantile;
    use super::*;

    /// Normal draws by inversion of splitmix64.
    fn normals(count: usize) -> Vec<f64> {
        let mut state = 7_u64;
        let mut next = || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((mixed ^ (mixed >> 31)) >> 11) as f64 + 0.5
        };
        (0..count).map(|_| normal_quantile(next() / (1_u64 << 53) as f64)).collect()
    }

    #[test]
    fn intervals_cover_and_tests_keep_their_level() {
        // Oracle: the line that the points were made from. 2000 fits to 6 points: coverage 0.95 and refusals 0.02 (two
        // tests at 0.01) within 4 binomial standard errors, 0.02 and 0.0125.
        let x = [0.0, 1.0, 2.0, 4.0, 5.0, 7.0];
        let stderr = [0.1, 0.2, 0.1, 0.3, 0.2, 0.1];
        let (mut covered, mut refused) = (0, 0);
        for draw in normals(12_000).chunks_exact(6) {
            let y: Vec<f64> = (0..6).map(|i| 1.0 - 0.5 * x[i] + stderr[i] * draw[i]).collect();
            let fit = law_fit(&x, &y, &stderr, 0.95).unwrap();
            covered += u32::from(fit.slope_interval.contains(-0.5));
            refused += u32::from(fit.linearity == Linearity::Refused);
        }
        assert!((f64::from(covered) / 2000.0 - 0.95).abs() < 0.02, "{covered}");
        assert!(f64::from(refused) / 2000.0 < 0.0325, "{refused}");
    }

    #[test]
    fn agrees_with_the_fit_by_residuals_where_they_are_as_large_as_the_errors() {
        let x: Vec<f64> = (0..8).map(f64::from).collect();
        let y = [0.1, 1.3, 1.9, 3.2, 3.8, 5.3, 5.9, 7.2];
        let weights = vec![4.0; 8];
        let other = super::super::weighted_linear_fit(&x, &y, &weights, 0.95).unwrap();
        let fit = law_fit(&x, &y, &[0.5; 8], 0.95).unwrap();
        assert!((fit.slope.value - other.slope.value).abs() < 1e-14);
        assert!((fit.slope.stderr - other.slope_stderr_from_weights).abs() < 1e-14);
        assert!((fit.chi_square - other.chi_square).abs() < 1e-12);
        assert!((fit.correlation.powi(2) - other.r_squared).abs() < 1e-13);
        let curved = super::super::curvature_test(&x, &y, &weights).unwrap().curvature;
        assert!((fit.curvature.value - curved.value).abs() < 1e-14);
        // An exact line with errors as small as one likes is straight, and its r is 1.
        let line: Vec<f64> = x.iter().map(|x| 3.0 - 2.0 * x).collect();
        let fit = law_fit(&x, &line, &[1e-6; 8], 0.95).unwrap();
        assert_eq!(fit.linearity, Linearity::Straight);
        assert!((fit.correlation + 1.0).abs() < 1e-14 && (fit.slope.value + 2.0).abs() < 1e-12);
    }

    #[test]
    fn what_errors_hide_is_not_resolved_and_a_false_law_is_refused() {
        // γ ∝ k claimed to have ln γ linear in 1/k: r is 0.995, and only errors tell.
        let k: Vec<f64> = (0..5).map(|i| 1.0 + 0.25 * f64::from(i)).collect();
        let inverse: Vec<f64> = k.iter().map(|k| 1.0 / k).collect();
        let log_rate: Vec<f64> = k.iter().map(|k| k.ln() - 3.0).collect();
        let claim = |error: f64| law_fit(&inverse, &log_rate, &[error; 5], 0.95).unwrap();
        assert!(claim(0.005).correlation.abs() > 0.99);
        assert_eq!(claim(0.005).linearity, Linearity::Refused);
        assert_eq!(claim(0.1).linearity, Linearity::NotResolved);
    }

    #[test]
    fn refuses_nonsense() {
        let x = [1.0, 2.0, 3.0, 4.0];
        assert!(law_fit(&x[..3], &x[..3], &[1.0; 3], 0.95).is_err());
        assert!(law_fit(&x, &x, &[1.0, 0.0, 1.0, 1.0], 0.95).is_err());
        assert!(law_fit(&x, &x, &[1.0; 4], 1.0).is_err());
        assert!(law_fit(&[1.0, 1.0, 2.0, 2.0], &x, &[1.0; 4], 0.95).is_err());
        assert!(law_fit(&x, &[f64::NAN; 4], &[1.0; 4], 0.95).is_err());
    }
}
