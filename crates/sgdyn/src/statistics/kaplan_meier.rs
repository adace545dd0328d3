//! Kaplan–Meier survival of censored exit times and its restricted mean.

use super::error::check_count;
use super::{Estimate, StatisticsError};

/// One replica: until when it was watched, and whether it exited then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// The exit time, or the time at which watching ended.
    pub time: f64,
    /// `false`: censored at `time`.
    pub exited: bool,
}

/// The survival function just after one of its jumps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SurvivalStep {
    /// The time of the jump.
    pub time: f64,
    /// `Ŝ(time)`, with Greenwood's standard error; `n` replicas were still watched just before.
    pub survival: Estimate,
}

/// The mean of `min(exit time, horizon)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RestrictedMean {
    /// `∫₀^horizon Ŝ dt`, with Greenwood's standard error; `n` replicas in all.
    pub mean: Estimate,
    /// The horizon.
    pub horizon: f64,
}

struct Jump {
    time: f64,
    at_risk: f64,
    exits: f64,
}

fn jumps(observations: &[Observation]) -> Result<Vec<Jump>, StatisticsError> {
    check_count("Kaplan–Meier", 1, observations.len())?;
    if let Some(index) = observations.iter().position(|o| !(o.time >= 0.0 && o.time.is_finite())) {
        return Err(StatisticsError::BadDatum {
            name: "observations",
            index,
            value: observations[index].time,
            allowed: "finite times of at least 0",
        });
    }
    let mut sorted = observations.to_vec();
    sorted.sort_by(|a, b| a.time.total_cmp(&b.time));
    let mut jumps = Vec::new();
    let mut first = 0;
    for tied in sorted.chunk_by(|a, b| a.time == b.time) {
        let exits = tied.iter().filter(|o| o.exited).count();
        if exits > 0 {
            // By convention a replica censored at the time of an exit was still at risk.
            let at_risk = (sorted.len() - first) as f64;
            jumps.push(Jump { time: tied[0].time, at_risk, exits: exits as f64 });
        }
        first += tied.len();
    }
    Ok(jumps)
}

/// The product-limit estimate of the survival function (E. L. Kaplan and P. Meier, *J. Am. Stat. Assoc.* 53, 457
/// (1958)), at its jumps in order of time; it is 1 before the first. No law of the exits is assumed, only that
/// censoring does not depend on them.
///
/// # Errors
/// No observations, or a time that is negative or not finite.
pub fn kaplan_meier(observations: &[Observation]) -> Result<Vec<SurvivalStep>, StatisticsError> {
    let (mut survival, mut greenwood) = (1.0, 0.0);
    Ok(jumps(observations)?
        .into_iter()
        .map(|Jump { time, at_risk, exits }| {
            survival *= 1.0 - exits / at_risk;
            greenwood += exits / (at_risk * (at_risk - exits));
            let stderr = if survival > 0.0 { survival * greenwood.sqrt() } else { 0.0 };
            SurvivalStep { time, survival: Estimate { value: survival, stderr, n: at_risk as u64 } }
        })
        .collect())
}

/// The mean exit time restricted to `horizon`: what censored data determine without assuming a law.
///
/// Variance by Greenwood: `Σ_j [∫_{t_j}^horizon Ŝ]² d_j/(n_j(n_j − d_j))` with d_j exits among n_j at risk.
///
/// # Errors
/// As [`kaplan_meier`], and for a horizon that is not positive or lies beyond the last observation, where the data
/// say nothing.
pub fn restricted_mean(
    observations: &[Observation],
    horizon: f64,
) -> Result<RestrictedMean, StatisticsError> {
    let jumps = jumps(observations)?;
    let last = observations.iter().map(|o| o.time).fold(0.0, f64::max);
    let resolved = observations.iter().any(|o| o.time == last && !o.exited);
    if !(horizon > 0.0 && (horizon <= last || !resolved) && horizon.is_finite()) {
        return Err(StatisticsError::OutOfRange {
            name: "horizon",
            value: horizon,
            allowed: "a positive time up to the last observation",
        });
    }
    let mut segments = Vec::new();
    let (mut start, mut survival) = (0.0, 1.0);
    for jump in jumps.iter().take_while(|jump| jump.time < horizon) {
        segments.push(survival * (jump.time - start));
        survival *= 1.0 - jump.exits / jump.at_risk;
        start = jump.time;
    }
    segments.push(survival * (horizon - start));
    let (mut remaining, mut variance) = (0.0, 0.0);
    for (segment, jump) in segments.iter().skip(1).zip(&jumps).rev() {
        remaining += segment;
        if jump.at_risk > jump.exits {
            variance += remaining * remaining * jump.exits / (jump.at_risk * (jump.at_risk - jump.exits));
        }
    }
    let mean = remaining + segments[0];
    let n = observations.len() as u64;
    Ok(RestrictedMean { mean: Estimate { value: mean, stderr: variance.sqrt(), n }, horizon })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observe(times: &[(f64, bool)]) -> Vec<Observation> {
        times.iter().map(|&(time, exited)| Observation { time, exited }).collect()
    }

    #[test]
    fn without_censoring_it_is_the_sample_mean() {
        let times = [1.0, 2.5, 2.5, 4.0, 7.0, 11.0];
        let all = observe(&times.map(|time| (time, true)));
        let result = restricted_mean(&all, 8.0).unwrap();
        let clipped: Vec<f64> = times.iter().map(|t| t.min(8.0)).collect();
        let mean = clipped.iter().sum::<f64>() / 6.0;
        let variance = clipped.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / 36.0;
        assert!((result.mean.value - mean).abs() < 1e-14);
        // Greenwood's variance telescopes to the plug-in variance of the mean.
        assert!((result.mean.stderr - variance.sqrt()).abs() < 1e-14);
    }

    #[test]
    fn censored_by_hand() {
        // At risk 5, 4 (one censored at 2), 2 (one censored at 3): S = 4/5, then 4/5 · 2/3 … by hand.
        let data = observe(&[(1.0, true), (2.0, false), (3.0, true), (4.0, false), (5.0, true)]);
        let steps = kaplan_meier(&data).unwrap();
        let values: Vec<f64> = steps.iter().map(|s| s.survival.value).collect();
        assert!((values[0] - 0.8).abs() < 1e-15);
        assert!((values[1] - 0.8 * 2.0 / 3.0).abs() < 1e-15);
        assert_eq!(values[2], 0.0);
        assert!((steps[0].survival.stderr - (0.8f64 * 0.2 / 5.0).sqrt()).abs() < 1e-15);
        let mean = restricted_mean(&data, 4.0).unwrap().mean.value;
        assert!((mean - (1.0 + 0.8 * 2.0 + 0.8 * 2.0 / 3.0)).abs() < 1e-15);
    }

    #[test]
    fn refuses_a_horizon_beyond_the_data() {
        let data = observe(&[(1.0, true), (2.0, false)]);
        assert!(restricted_mean(&data, 2.0).is_ok());
        assert!(restricted_mean(&data, 2.1).is_err());
        assert!(restricted_mean(&data, 0.0).is_err());
        assert!(kaplan_meier(&[]).is_err());
        assert!(kaplan_meier(&observe(&[(f64::NAN, true)])).is_err());
    }
}
