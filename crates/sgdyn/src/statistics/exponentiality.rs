//! The Anderson–Darling test of exponential waiting times with unknown rate.

use super::StatisticsError;
use super::error::check_count;

/// What a test of exponentiality found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExponentialityTest {
    /// Anderson–Darling's A² after the small-sample factor `1 + 0.6/n`.
    pub statistic: f64,
    /// The probability of an A² at least as large if the times are exponential. Values below 1e-6 mean "below 1e-6".
    pub p_value: f64,
    /// The standard deviation over the mean: 1 for an exponential law, below 1 for more regular exits (a dead time
    /// before the first possible exit), above 1 for a mixture of fast and slow exits.
    pub coefficient_of_variation: f64,
    /// The number of times.
    pub n: u64,
}

/// Tests whether complete (uncensored) times are exponential, the rate being estimated from them.
///
/// `A² = −n − (1/n) Σ (2i−1)[ln F(t₍ᵢ₎) + ln(1 − F(t₍ₙ₊₁₋ᵢ₎))]` with `F(t) = 1 − e^{−t/mean}`; p-values from R. B.
/// D'Agostino and M. A. Stephens, *Goodness-of-Fit Techniques* (1986), table 4.14 and its fitted curves.
///
/// # Errors
/// Fewer than five times, or a time that is negative or not finite.
pub fn exponentiality_test(times: &[f64]) -> Result<ExponentialityTest, StatisticsError> {
    check_count("a test of exponentiality", 5, times.len())?;
    if let Some(index) = times.iter().position(|t| !(*t >= 0.0 && t.is_finite())) {
        return Err(StatisticsError::BadDatum {
            name: "times",
            index,
            value: times[index],
            allowed: "finite times of at least 0",
        });
    }
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let moments: super::Moments = sorted.iter().copied().collect();
    let mean = moments.mean().value;
    let mut sum = 0.0;
    for (i, (&low, &high)) in sorted.iter().zip(sorted.iter().rev()).enumerate() {
        // A time of exactly 0 (a discrete clock) would give ln 0; it counts as the smallest positive number.
        let log_cdf = (-(-low / mean).exp_m1()).max(f64::MIN_POSITIVE).ln();
        sum += (2.0 * i as f64 + 1.0) * (log_cdf - high / mean);
    }
    let statistic = (-n - sum / n) * (1.0 + 0.6 / n);
    Ok(ExponentialityTest {
        statistic,
        p_value: p_value(statistic),
        coefficient_of_variation: moments.variance().value.sqrt() / mean,
        n: times.len() as u64,
    })
}

fn p_value(a: f64) -> f64 {
    let probability = if a < 0.26 {
        1.0 - (-12.2204 + 67.459 * a - 110.3 * a * a).exp()
    } else if a < 0.51 {
        1.0 - (-6.1327 + 20.218 * a - 18.663 * a * a).exp()
    } else if a < 0.95 {
        (0.9209 - 3.353 * a + 0.300 * a * a).exp()
    } else {
        // The fitted parabola turns up beyond a = 10, where p is below 1e-6 anyway.
        let a = a.min(10.0);
        (0.731 - 3.009 * a + 0.15 * a * a).exp()
    };
    probability.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 64-bit multiplicative congruential generator with a mixing step (splitmix64), enough for a calibration.
    struct Uniform(u64);
    impl Uniform {
        fn draw(&mut self) -> f64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) >> 11) as f64 * 2f64.powi(-53) + 2f64.powi(-54)
        }
    }

    #[test]
    fn critical_values_of_the_table() {
        // D'Agostino & Stephens, table 4.11: upper-tail points of A²(1 + 0.6/n).
        for (a, p) in
            [(0.816, 0.20), (0.916, 0.15), (1.062, 0.10), (1.321, 0.05), (1.591, 0.025), (1.959, 0.01)]
        {
            assert!((p_value(a) / p - 1.0).abs() < 0.03, "{a}: {} against {p}", p_value(a));
        }
    }

    #[test]
    fn calibrated_on_exponential_times() {
        // Oracle: p is uniform. 4000 samples of 40 times, seed 1: at level 0.05 the share has a standard error of
        // 0.0034; 4 of those are allowed (two-sided significance 6e-5), for the level 0.5 alike.
        let mut uniform = Uniform(1);
        let (mut at_5, mut at_50) = (0, 0);
        for _ in 0..4000 {
            let times: Vec<f64> = (0..40).map(|_| -3.0 * uniform.draw().ln()).collect();
            let p = exponentiality_test(&times).unwrap().p_value;
            at_5 += u32::from(p < 0.05);
            at_50 += u32::from(p < 0.5);
        }
        assert!((f64::from(at_5) / 4000.0 - 0.05).abs() < 4.0 * 0.0034);
        assert!((f64::from(at_50) / 4000.0 - 0.5).abs() < 4.0 * 0.0079);
    }

    #[test]
    fn sees_other_laws() {
        let mut uniform = Uniform(2);
        let mut draw = |map: fn(f64) -> f64| (0..400).map(|_| map(uniform.draw())).collect::<Vec<_>>();
        let delayed = exponentiality_test(&draw(|u| 0.5 - u.ln())).unwrap();
        assert!(delayed.p_value < 1e-4 && delayed.coefficient_of_variation < 0.9);
        let heavy = exponentiality_test(&draw(|u| u.ln().powi(2))).unwrap();
        assert!(heavy.p_value < 1e-4 && heavy.coefficient_of_variation > 1.2);
    }

    #[test]
    fn refuses_nonsense() {
        assert!(exponentiality_test(&[1.0; 4]).is_err());
        assert!(exponentiality_test(&[1.0, 1.0, 1.0, 1.0, -1.0]).is_err());
    }
}
