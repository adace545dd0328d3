//! Pearson's χ² test of counts against a law.

use super::StatisticsError;
use super::error::check_count;
use statrs::function::gamma::gamma_ur;

/// What a χ² test found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChiSquareTest {
    /// `Σ (observed − expected)²/expected`.
    pub statistic: f64,
    /// Cells minus one minus fitted parameters.
    pub degrees_of_freedom: u64,
    /// The probability of a statistic at least as large if the counts follow the law.
    pub p_value: f64,
    /// The smallest expected count. Below about 5 the χ² law is a poor approximation: join cells.
    pub smallest_expected: f64,
}

/// Tests whether `observed` counts `[cells]` follow `probabilities` `[cells]` (any positive weights), of which
/// `fitted_parameters` were estimated from the same counts.
///
/// # Errors
/// Unequal lengths, fewer than `fitted_parameters + 2` cells, no counts, or a probability that is not positive.
pub fn chi_square_goodness_of_fit(
    observed: &[u64],
    probabilities: &[f64],
    fitted_parameters: usize,
) -> Result<ChiSquareTest, StatisticsError> {
    if observed.len() != probabilities.len() {
        return Err(StatisticsError::LengthMismatch {
            first: "observed",
            first_length: observed.len(),
            second: "probabilities",
            second_length: probabilities.len(),
        });
    }
    check_count("a χ² test (in cells)", fitted_parameters + 2, observed.len())?;
    if let Some(index) = probabilities.iter().position(|p| !(*p > 0.0 && p.is_finite())) {
        return Err(StatisticsError::BadDatum {
            name: "probabilities",
            index,
            value: probabilities[index],
            allowed: "positive numbers",
        });
    }
    let total = observed.iter().sum::<u64>();
    check_count("a χ² test (in counts)", 1, total as usize)?;
    let scale = total as f64 / probabilities.iter().sum::<f64>();
    let mut statistic = 0.0;
    let mut smallest_expected = f64::INFINITY;
    for (&count, probability) in observed.iter().zip(probabilities) {
        let expected = scale * probability;
        statistic += (count as f64 - expected).powi(2) / expected;
        smallest_expected = smallest_expected.min(expected);
    }
    let degrees = observed.len() - 1 - fitted_parameters;
    let p_value = if statistic > 0.0 { gamma_ur(0.5 * degrees as f64, 0.5 * statistic) } else { 1.0 };
    Ok(ChiSquareTest { statistic, degrees_of_freedom: degrees as u64, p_value, smallest_expected })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_scipy() {
        // scipy.stats.chisquare([16, 18, 16, 14, 12, 12]): statistic 2.0, p 0.8491450360846096.
        let test = chi_square_goodness_of_fit(&[16, 18, 16, 14, 12, 12], &[1.0; 6], 0).unwrap();
        assert!((test.statistic - 2.0).abs() < 1e-14);
        assert!((test.p_value - 0.8491450360846096).abs() < 1e-12);
        let test = chi_square_goodness_of_fit(&[44, 56, 0], &[0.40, 0.55, 0.05], 0).unwrap();
        assert!((test.p_value - 0.06659732222400322).abs() < 1e-12);
        assert!((test.smallest_expected - 5.0).abs() < 1e-12);
    }

    #[test]
    fn refuses_nonsense() {
        assert!(chi_square_goodness_of_fit(&[1, 2], &[1.0], 0).is_err());
        assert!(chi_square_goodness_of_fit(&[1, 2], &[1.0, 0.0], 0).is_err());
        assert!(chi_square_goodness_of_fit(&[1, 2], &[1.0, 1.0], 1).is_err());
        assert!(chi_square_goodness_of_fit(&[0, 0], &[1.0, 1.0], 0).is_err());
    }
}
