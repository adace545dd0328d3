//! The two-sided one-sample Kolmogorov–Smirnov test.

use super::StatisticsError;
use super::error::{check_count, check_finite};
use std::f64::consts::PI;

/// What a Kolmogorov–Smirnov test found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KolmogorovSmirnovTest {
    /// `D = sup |F_n − F|`.
    pub statistic: f64,
    /// The probability of a D at least as large if the data follow F.
    pub p_value: f64,
    /// The number of data.
    pub n: u64,
}

/// Tests whether `data` follow the continuous law with distribution function `cdf`.
///
/// The p-value is Kolmogorov's limit law at `D(√n + 0.12 + 0.11/√n)` (M. A. Stephens, *J. R. Stat. Soc. B* 32, 115
/// (1970)), within 0.01 of the exact one from n = 5 on. `cdf` must not have been fitted to the same data: fitted
/// parameters make the p-value far too large.
///
/// # Errors
/// No data, data that are not finite, or a `cdf` value outside \[0, 1\].
pub fn kolmogorov_smirnov_test(
    data: &[f64],
    cdf: impl Fn(f64) -> f64,
) -> Result<KolmogorovSmirnovTest, StatisticsError> {
    check_count("a Kolmogorov–Smirnov test", 1, data.len())?;
    check_finite("data", data)?;
    let mut sorted = data.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let mut statistic: f64 = 0.0;
    for (i, &x) in sorted.iter().enumerate() {
        let probability = cdf(x);
        if !(0.0..=1.0).contains(&probability) {
            return Err(StatisticsError::OutOfRange {
                name: "cdf(x)",
                value: probability,
                allowed: "a distribution function with values from 0 to 1",
            });
        }
        let (below, above) = (i as f64 / n, (i as f64 + 1.0) / n);
        statistic = statistic.max(probability - below).max(above - probability);
    }
    let root = n.sqrt();
    let p_value = kolmogorov_survival(statistic * (root + 0.12 + 0.11 / root));
    Ok(KolmogorovSmirnovTest { statistic, p_value, n: data.len() as u64 })
}

/// Kolmogorov's limit law, `P(K > x) = 2 Σ_{k≥1} (−1)^{k−1} exp(−2k²x²)`, to machine precision.
pub fn kolmogorov_survival(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return if x.is_nan() { f64::NAN } else { 1.0 };
    }
    if x < 1.0 {
        // Jacobi's transform of the same series converges where the alternating one does not.
        let scale = PI * PI / (8.0 * x * x);
        let sum: f64 = (0..5).map(|k| f64::from(2 * k + 1).powi(2)).map(|odd| (-odd * scale).exp()).sum();
        return 1.0 - (2.0 * PI).sqrt() / x * sum;
    }
    let term = |k: i32| (-2.0 * f64::from(k * k) * x * x).exp();
    (2.0 * (term(1) - term(2) + term(3) - term(4) + term(5))).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_law_matches_scipy() {
        // scipy.stats.kstwobign.sf
        for (x, want) in [(0.5, 0.9639452436648751), (1.0, 0.26999967167735456), (2.0, 0.0006709252557796953)]
        {
            assert!((kolmogorov_survival(x) - want).abs() < 1e-14);
        }
        // The two series agree where they meet.
        assert!((kolmogorov_survival(1.0 - 1e-14) - kolmogorov_survival(1.0)).abs() < 1e-13);
        assert_eq!(kolmogorov_survival(0.0), 1.0);
    }

    #[test]
    fn statistic_and_exact_p_value() {
        let data = [0.05, 0.12, 0.31, 0.33, 0.48, 0.51, 0.66, 0.72, 0.9, 0.93];
        let test = kolmogorov_smirnov_test(&data, |x| x).unwrap();
        assert!((test.statistic - 0.11).abs() < 1e-15);
        // scipy.stats.kstwo.sf (exact): D = 0.05, n = 1000 and D = 0.27, n = 20; Stephens promises 0.01.
        for (d, n, want) in [(0.05, 1000.0f64, 0.013012074781090332), (0.27, 20.0, 0.0887936037613537)] {
            let root = n.sqrt();
            assert!((kolmogorov_survival(d * (root + 0.12 + 0.11 / root)) - want).abs() < 2e-3);
        }
    }

    #[test]
    fn refuses_nonsense() {
        assert!(kolmogorov_smirnov_test(&[], |x| x).is_err());
        assert!(kolmogorov_smirnov_test(&[f64::NAN], |x| x).is_err());
        assert!(kolmogorov_smirnov_test(&[2.0], |x| x).is_err());
    }
}
