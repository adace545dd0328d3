//! Confidence intervals: normal, Student, χ² for a variance, Clopper–Pearson for a proportion.

use super::error::{check_confidence, check_count};
use super::{Estimate, StatisticsError, chi_square_quantile, normal_quantile, student_quantile};
use serde::{Deserialize, Serialize};
use statrs::function::gamma::ln_gamma;

/// A two-sided confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub lower: f64,
    /// The upper end; may be infinite.
    pub upper: f64,
    /// The probability with which such intervals cover the truth.
    pub confidence: f64,
}

impl Interval {
    /// Whether `value` lies between the ends, both included.
    pub fn contains(&self, value: f64) -> bool {
        self.lower <= value && value <= self.upper
    }
}

/// `value ± z·stderr` with the normal quantile z: for estimates whose error is known or rests on many data.
///
/// # Errors
/// [`StatisticsError::OutOfRange`] for a confidence outside (0, 1).
pub fn normal_interval(estimate: Estimate, confidence: f64) -> Result<Interval, StatisticsError> {
    check_confidence(confidence)?;
    let half = normal_quantile(0.5 + 0.5 * confidence) * estimate.stderr;
    Ok(Interval { lower: estimate.value - half, upper: estimate.value + half, confidence })
}

/// `value ± t·stderr` with Student's quantile t for `n − 1` degrees of freedom: a mean of n Gaussian data.
///
/// # Errors
/// Confidence outside (0, 1), or fewer than two data.
pub fn student_interval(estimate: Estimate, confidence: f64) -> Result<Interval, StatisticsError> {
    check_confidence(confidence)?;
    check_count("Student's interval", 2, estimate.n as usize)?;
    let half = student_quantile(estimate.n as f64 - 1.0, 0.5 + 0.5 * confidence) * estimate.stderr;
    Ok(Interval { lower: estimate.value - half, upper: estimate.value + half, confidence })
}

/// The exact interval `[(n−1)s²/χ²_up, (n−1)s²/χ²_low]` of the variance of n Gaussian data with unbiased variance s².
///
/// # Errors
/// Confidence outside (0, 1), or fewer than two data.
pub fn variance_interval(variance: f64, n: u64, confidence: f64) -> Result<Interval, StatisticsError> {
    check_confidence(confidence)?;
    check_count("the interval of a variance", 2, n as usize)?;
    let degrees = n as f64 - 1.0;
    let tail = 0.5 * (1.0 - confidence);
    Ok(Interval {
        lower: degrees * variance / chi_square_quantile(degrees, 1.0 - tail),
        upper: degrees * variance / chi_square_quantile(degrees, tail),
        confidence,
    })
}

/// The exact interval of a probability after `successes` in `trials` (C. J. Clopper and E. S. Pearson, *Biometrika*
/// 26, 404 (1934)): it covers at least with its confidence for every true probability, 0 and 1 included.
///
/// # Errors
/// Confidence outside (0, 1), no trials, or more successes than trials.
pub fn binomial_interval(successes: u64, trials: u64, confidence: f64) -> Result<Interval, StatisticsError> {
    check_confidence(confidence)?;
    check_count("a proportion", 1, trials as usize)?;
    if successes > trials {
        return Err(StatisticsError::OutOfRange {
            name: "successes",
            value: successes as f64,
            allowed: "at most the number of trials",
        });
    }
    let (k, n) = (successes as f64, trials as f64);
    let tail = 0.5 * (1.0 - confidence);
    let lower = if successes == 0 { 0.0 } else { beta_quantile(k, n - k + 1.0, tail) };
    let upper = if successes == trials { 1.0 } else { beta_quantile(k + 1.0, n - k, 1.0 - tail) };
    Ok(Interval { lower, upper, confidence })
}

/// By bisection: the inverse of `statrs` does not come back from counts such as 42 of 4·10⁷.
fn beta_quantile(a: f64, b: f64, probability: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..1100 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if beta_distribution(a, b, middle) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The regularised incomplete beta function I_x(a, b) for 0 < x < 1, by Lentz's continued fraction run until it stands: near
/// the mean it takes some √(a + b) terms, and `statrs` stops after 140. Seven digits at a + b = 10⁸, where logarithms of the
/// gamma function cancel.
fn beta_distribution(a: f64, b: f64, x: f64) -> f64 {
    const MOST_TERMS: u32 = 10_000_000;
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_distribution(b, a, 1.0 - x);
    }
    let factor = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p();
    let away_from_zero = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let (mut c, mut d) = (1.0, 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for term in 1..MOST_TERMS {
        let m = f64::from(term);
        let mut change = 1.0;
        for numerator in [
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        ] {
            d = 1.0 / away_from_zero(1.0 + numerator * d);
            c = away_from_zero(1.0 + numerator / c);
            change = c * d;
            fraction *= change;
        }
        if (change - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    factor.exp() * fraction / a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, want: f64) {
        assert!((got / want - 1.0).abs() < 1e-11, "{got} against {want}");
    }

    #[test]
    fn quantiles_match_scipy() {
        // scipy 1.x: norm.ppf, chi2.ppf, t.ppf.
        close(normal_quantile(0.975), 1.959963984540054);
        close(normal_quantile(1e-10), -6.361340902404056);
        close(chi_square_quantile(2.0, 0.975), 7.377758908227871);
        close(chi_square_quantile(200.0, 0.025), 162.72798250184627);
        close(student_quantile(4.0, 0.975), 2.7764451051977987);
        // Student's law with one degree is Cauchy's: tan(π(p − 1/2)).
        close(student_quantile(1.0, 0.975), (std::f64::consts::PI * 0.475).tan());
        assert!(normal_quantile(1.5).is_nan() && chi_square_quantile(-1.0, 0.5).is_nan());
    }

    #[test]
    fn clopper_pearson_matches_scipy() {
        // scipy.stats.binomtest(k, n).proportion_ci(0.95, "exact").
        let interval = binomial_interval(3, 20, 0.95).unwrap();
        close(interval.lower, 0.03207093718554477);
        close(interval.upper, 0.37892682654529564);
        let none = binomial_interval(0, 10, 0.95).unwrap();
        assert_eq!(none.lower, 0.0);
        close(none.upper, 1.0 - 0.025f64.powf(0.1));
        // scipy.stats.beta.ppf; few among many are what brute force sees of a rare event.
        for (k, n, lower, upper, digits) in [
            (16_000, 1_000_000, 0.015754975870755777, 0.016247833365115993, 1e-8),
            (500_000, 1_000_000, 0.49901951919531184, 0.5009804808046882, 1e-8),
            (40, 40_000_000, 7.144147541277493e-7, 1.3617159278221908e-6, 1e-6),
            (3, 400_000_000, 1.5466803099095943e-9, 2.1918182498225554e-8, 1e-6),
        ] {
            let interval = binomial_interval(k, n, 0.95).unwrap();
            assert!((interval.lower / lower - 1.0).abs() < digits, "{k} of {n}: {interval:?}");
            assert!((interval.upper / upper - 1.0).abs() < digits, "{k} of {n}: {interval:?}");
        }
        assert!(binomial_interval(3, 2, 0.95).is_err());
        assert!(binomial_interval(0, 0, 0.95).is_err());
        assert!(binomial_interval(1, 2, 1.0).is_err());
    }

    #[test]
    fn widths() {
        let estimate = Estimate { value: 1.0, stderr: 0.5, n: 5 };
        close(student_interval(estimate, 0.95).unwrap().upper, 1.0 + 0.5 * 2.7764451051977987);
        close(normal_interval(estimate, 0.95).unwrap().lower, 1.0 - 0.5 * 1.959963984540054);
        // mpmath: erfc(x/√2)/2.
        close(super::super::normal_survival(3.0), 0.0013498980316300946);
        close(super::super::normal_survival(20.0), 2.753624118606234e-89);
        let variance = variance_interval(2.0, 3, 0.95).unwrap();
        close(variance.lower, 4.0 / 7.377758908227871);
        assert!(variance.contains(2.0));
    }
}
