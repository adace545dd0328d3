//! The rate of exponential exits, under each way of stopping the observation.

use super::error::{check_confidence, check_count};
use super::{Estimate, Interval, StatisticsError, chi_square_quantile, normal_quantile};

/// When one stopped watching. The same n and T mean different things under different rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoppingRule {
    /// At the n-th exit: n was fixed, the total time T is random, 2λT ~ χ²(2n).
    StoppedAtNthExit,
    /// After a fixed total time, exited replicas being replaced: n is Poisson with mean λT.
    FixedTotalTime,
    /// Each replica at its own exit or its own horizon, without replacement: both n and T are random.
    CensoredEach,
}

/// What was seen: sufficient for the rate of an exponential law under every rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExitSample {
    /// The number of exits.
    pub exits: u64,
    /// The total time under observation `Σ tᵢ`, with the time of replicas that did not exit.
    pub total_time: f64,
}

impl ExitSample {
    /// From exit times `[n]` and the horizons at which the other replicas were censored `[m]`.
    pub fn from_times(exit_times: &[f64], censored_at: &[f64]) -> Self {
        Self {
            exits: exit_times.len() as u64,
            total_time: exit_times.iter().sum::<f64>() + censored_at.iter().sum::<f64>(),
        }
    }
}

/// The rate and the mean time of exponential exits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExitRate {
    /// The rate λ per unit of time, `n` = exits.
    pub rate: Estimate,
    /// Its confidence interval.
    pub rate_interval: Interval,
    /// The mean exit time `T/n` (infinite without exits).
    pub mean_time: Estimate,
    /// Its confidence interval, the reciprocal of the rate's.
    pub mean_time_interval: Interval,
}

/// Estimates the rate of exponential exits.
///
/// | rule | rate | interval of λ |
/// |---|---|---|
/// | [`StoppedAtNthExit`](StoppingRule::StoppedAtNthExit) | `(n−1)/T`, unbiased | `χ²(2n)/2T` on both sides, exact |
/// | [`FixedTotalTime`](StoppingRule::FixedTotalTime) | `n/T`, unbiased | `χ²(2n)/2T` below, `χ²(2n+2)/2T` above, exact coverage or more |
/// | [`CensoredEach`](StoppingRule::CensoredEach) | `n/T` | where the log likelihood `n ln λ − λT` falls by half the χ²(1) quantile |
///
/// All assume exponential exits: test that with [`super::exponentiality_test`], and where it fails report the mean, or
/// [`super::restricted_mean`] under censoring. Theory: J. F. Lawless, *Statistical Models and Methods for
/// Lifetime Data*, 2nd ed. (2003), chapter 4.
///
/// # Errors
/// Confidence outside (0, 1), a total time that is not positive, or no exit under
/// [`StoppedAtNthExit`](StoppingRule::StoppedAtNthExit).
/// ```
/// use sgdyn::statistics::{ExitSample, StoppingRule, exit_rate};
/// let seen = ExitSample { exits: 0, total_time: 100.0 };
/// let rate = exit_rate(seen, StoppingRule::FixedTotalTime, 0.90)?;
/// assert!((rate.rate_interval.upper - 0.05f64.recip().ln() / 100.0).abs() < 1e-12); // the "rule of three"
/// # Ok::<(), sgdyn::statistics::StatisticsError>(())
/// ```
pub fn exit_rate(
    sample: ExitSample,
    rule: StoppingRule,
    confidence: f64,
) -> Result<ExitRate, StatisticsError> {
    check_confidence(confidence)?;
    let ExitSample { exits, total_time } = sample;
    if !(total_time > 0.0 && total_time.is_finite()) {
        return Err(StatisticsError::OutOfRange {
            name: "total_time",
            value: total_time,
            allowed: "a positive, finite time",
        });
    }
    let n = exits as f64;
    let tail = 0.5 * (1.0 - confidence);
    let poisson_lower =
        if exits == 0 { 0.0 } else { chi_square_quantile(2.0 * n, tail) / (2.0 * total_time) };
    let (rate, rate_stderr, lower, upper) = match rule {
        StoppingRule::StoppedAtNthExit => {
            check_count("a rate stopped at the n-th exit", 1, exits as usize)?;
            let rate = (n - 1.0) / total_time;
            let stderr = if exits > 2 { rate / (n - 2.0).sqrt() } else { f64::NAN };
            (rate, stderr, poisson_lower, chi_square_quantile(2.0 * n, 1.0 - tail) / (2.0 * total_time))
        }
        StoppingRule::FixedTotalTime => {
            let upper = chi_square_quantile(2.0 * n + 2.0, 1.0 - tail) / (2.0 * total_time);
            (n / total_time, n.sqrt() / total_time, poisson_lower, upper)
        }
        StoppingRule::CensoredEach => {
            let (lower, upper) = profile_likelihood(n, confidence);
            (n / total_time, n.sqrt() / total_time, lower / total_time, upper / total_time)
        }
    };
    let mean_time = total_time / n;
    Ok(ExitRate {
        rate: Estimate { value: rate, stderr: rate_stderr, n: exits },
        rate_interval: Interval { lower, upper, confidence },
        mean_time: Estimate { value: mean_time, stderr: mean_time / n.sqrt(), n: exits },
        mean_time_interval: Interval { lower: 1.0 / upper, upper: 1.0 / lower, confidence },
    })
}

/// The two λT at which `2[n ln n − n − (n ln λT − λT)]` equals the χ²(1) quantile.
fn profile_likelihood(n: f64, confidence: f64) -> (f64, f64) {
    let drop = normal_quantile(0.5 + 0.5 * confidence).powi(2);
    if n == 0.0 {
        return (0.0, 0.5 * drop);
    }
    // With r = λT/n: r − 1 − ln r = drop/(2n), one root on either side of 1, both found by bisection in ln r.
    let level = drop / (2.0 * n);
    let root = |mut inside: f64, mut outside: f64| {
        for _ in 0..200 {
            let middle = 0.5 * (inside + outside);
            if middle.exp_m1() - middle < level {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        n * (0.5 * (inside + outside)).exp()
    };
    (root(0.0, -1.0 - level), root(0.0, (2.0 + 2.0 * level).ln() + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_by_rule() {
        let sample = ExitSample { exits: 5, total_time: 10.0 };
        // scipy: chi2.ppf([0.025, 0.975], 10) and chi2.ppf(0.975, 12).
        let (low, high, high_next) = (3.2469727802368396, 20.483177350807388, 23.336664158645338);
        let fixed_count = exit_rate(sample, StoppingRule::StoppedAtNthExit, 0.95).unwrap();
        assert!((fixed_count.rate.value - 0.4).abs() < 1e-15);
        assert!((fixed_count.rate_interval.lower - low / 20.0).abs() < 1e-12);
        assert!((fixed_count.rate_interval.upper - high / 20.0).abs() < 1e-12);
        let fixed_time = exit_rate(sample, StoppingRule::FixedTotalTime, 0.95).unwrap();
        assert!((fixed_time.rate.value - 0.5).abs() < 1e-15);
        assert!((fixed_time.rate_interval.upper - high_next / 20.0).abs() < 1e-12);
        assert!((fixed_time.mean_time_interval.lower - 20.0 / high_next).abs() < 1e-12);
    }

    #[test]
    fn profile_likelihood_interval_meets_its_definition() {
        let interval = exit_rate(ExitSample { exits: 7, total_time: 3.5 }, StoppingRule::CensoredEach, 0.95)
            .unwrap()
            .rate_interval;
        let log_likelihood = |rate: f64| 7.0 * rate.ln() - rate * 3.5;
        for end in [interval.lower, interval.upper] {
            let deviance = 2.0 * (log_likelihood(2.0) - log_likelihood(end));
            // chi2.ppf(0.95, 1)
            assert!((deviance - 3.841458820694124).abs() < 1e-9);
        }
        let none = exit_rate(ExitSample { exits: 0, total_time: 2.0 }, StoppingRule::CensoredEach, 0.95);
        assert!((none.unwrap().rate_interval.upper - 3.841458820694124 / 4.0).abs() < 1e-12);
    }

    #[test]
    fn refuses_nonsense() {
        let rule = StoppingRule::StoppedAtNthExit;
        assert!(exit_rate(ExitSample { exits: 0, total_time: 1.0 }, rule, 0.95).is_err());
        assert!(exit_rate(ExitSample { exits: 1, total_time: 0.0 }, rule, 0.95).is_err());
        assert!(exit_rate(ExitSample { exits: 1, total_time: 1.0 }, rule, 0.0).is_err());
        assert_eq!(ExitSample::from_times(&[1.0, 2.0], &[4.0]), ExitSample { exits: 2, total_time: 7.0 });
    }
}
