//! Hill's tail index, with a scan over the number of order statistics.

use super::error::check_count;
use super::{Estimate, StatisticsError};

/// Hill's estimate from the `k` largest values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HillEstimate {
    /// The number of upper order statistics used.
    pub k: usize,
    /// The tail index α, where `P(|X| > x) ~ x^−α`; standard error `α/√k`, `n = k`.
    pub index: Estimate,
}

/// Hill estimates over a range of k, and where they agree.
#[derive(Clone, Debug, PartialEq)]
pub struct HillScan {
    /// Estimates at increasing k, about eight per octave.
    pub estimates: Vec<HillEstimate>,
    /// The estimate at the upper end of the widest range of k in which all estimates agree within one standard
    /// error, if that range spans at least a factor 4. `None` means: no power law is resolved.
    pub stable: Option<HillEstimate>,
    /// The lower end of that range (equal to the upper end if there is none).
    pub stable_from: usize,
}

fn sorted_magnitudes(data: &[f64]) -> Result<Vec<f64>, StatisticsError> {
    super::error::check_finite("data", data)?;
    let mut magnitudes: Vec<f64> = data.iter().map(|x| x.abs()).filter(|x| *x > 0.0).collect();
    magnitudes.sort_by(|a, b| b.total_cmp(a));
    Ok(magnitudes)
}

fn estimate(k: usize, mean_log_excess: f64) -> HillEstimate {
    let value = 1.0 / mean_log_excess;
    HillEstimate { k, index: Estimate { value, stderr: value / (k as f64).sqrt(), n: k as u64 } }
}

/// Hill's estimate `1/α̂ = (1/k) Σ_{i≤k} ln(X₍ᵢ₎/X₍ₖ₊₁₎)` of the index of the tail of |data| (B. M. Hill, *Ann. Stat.* 3,
/// 1163 (1975)); zeros are ignored.
///
/// Its standard error `α̂/√k` holds for independent data and an exact power law beyond the k-th value. The estimate
/// always gives a number, for Gaussian data too: see [`hill_scan`].
///
/// # Errors
/// `k = 0`, fewer than `k + 1` values that are not zero, or data that are not finite.
pub fn hill_tail_index(data: &[f64], k: usize) -> Result<HillEstimate, StatisticsError> {
    check_count("Hill's k", 1, k)?;
    let magnitudes = sorted_magnitudes(data)?;
    check_count("Hill's estimate (k + 1)", k + 1, magnitudes.len())?;
    let threshold = magnitudes[k];
    let sum: f64 = magnitudes[..k].iter().map(|x| (x / threshold).ln()).sum();
    Ok(estimate(k, sum / k as f64))
}

/// Hill's estimate over k from `smallest_k` to `largest_k`, and the widest range of k where it is stable.
///
/// # Errors
/// `smallest_k = 0` or above `largest_k`, fewer than `largest_k + 1` values that are not zero, data not finite.
pub fn hill_scan(data: &[f64], smallest_k: usize, largest_k: usize) -> Result<HillScan, StatisticsError> {
    check_count("Hill's smallest k", 1, smallest_k)?;
    if smallest_k > largest_k {
        return Err(StatisticsError::OutOfRange {
            name: "smallest_k",
            value: smallest_k as f64,
            allowed: "at most largest_k",
        });
    }
    let magnitudes = sorted_magnitudes(data)?;
    check_count("Hill's scan (largest_k + 1)", largest_k + 1, magnitudes.len())?;

    let mut estimates = Vec::new();
    let (mut sum, mut next) = (0.0, smallest_k);
    for k in 1..=largest_k {
        sum += magnitudes[k - 1].ln();
        if k >= next || k == largest_k {
            estimates.push(estimate(k, sum / k as f64 - magnitudes[k].ln()));
            next = (k + 1).max((k as f64 * 1.09).round() as usize);
        }
    }
    let (from, to) = widest_agreement(&estimates);
    let spans = estimates[to].k >= 4 * estimates[from].k;
    Ok(HillScan {
        stable: spans.then(|| estimates[to]),
        stable_from: if spans { estimates[from].k } else { estimates[to].k },
        estimates,
    })
}

/// The run of estimates, widest in ln k, whose intervals `α̂ ± stderr` have a point in common.
fn widest_agreement(estimates: &[HillEstimate]) -> (usize, usize) {
    let (mut best, mut best_ratio) = ((0, 0), 1.0);
    for from in 0..estimates.len() {
        let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
        for (to, candidate) in estimates.iter().enumerate().skip(from) {
            low = low.max(candidate.index.value - candidate.index.stderr);
            high = high.min(candidate.index.value + candidate.index.stderr);
            if low > high {
                break;
            }
            let ratio = candidate.k as f64 / estimates[from].k as f64;
            if ratio > best_ratio {
                (best, best_ratio) = ((from, to), ratio);
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::normal_quantile;

    /// The quantiles of a law at (i − ½)/n: a sample without sampling noise.
    fn quantiles(n: usize, quantile: impl Fn(f64) -> f64) -> Vec<f64> {
        (0..n).map(|i| quantile((i as f64 + 0.5) / n as f64)).collect()
    }

    #[test]
    fn pareto_is_stable() {
        let data = quantiles(20_000, |u| (1.0 - u).powf(-1.0 / 1.5));
        let scan = hill_scan(&data, 50, 5_000).unwrap();
        let stable = scan.stable.unwrap();
        // Midpoint quantiles are biased by O(1/k) only.
        assert!((stable.index.value - 1.5).abs() < 1.5 * 2.0 / 50.0);
        assert_eq!(stable.k, 5_000);
        let direct = hill_tail_index(&data, 5_000).unwrap().index.value;
        assert!((stable.index.value / direct - 1.0).abs() < 1e-12);
    }

    #[test]
    fn gaussian_is_not_resolved() {
        let data = quantiles(200_000, normal_quantile);
        let scan = hill_scan(&data, 200, 60_000).unwrap();
        assert_eq!(scan.stable, None);
    }

    #[test]
    fn refuses_nonsense() {
        assert!(hill_tail_index(&[1.0, 2.0], 2).is_err());
        assert!(hill_tail_index(&[1.0, 2.0], 0).is_err());
        assert!(hill_scan(&[1.0, 2.0, 3.0], 2, 1).is_err());
    }
}
