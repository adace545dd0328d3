//! Mergeable central moments of one quantity, up to the fourth.

use super::Estimate;
use serde::{Deserialize, Serialize};

/// Count, mean and central sums `M_p = Σ (x − mean)^p` for p = 2, 3, 4.
///
/// Data are added one at a time or whole accumulators are merged; both use the pairwise update of P. Pébay,
/// *Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical moments*,
/// Sandia report SAND2008-6212 (2008), which does not cancel when the mean is large.
///
/// Merging in another order changes the last bits: promise equal bits only for one fixed tree of merges.
/// ```
/// use sgdyn::statistics::Moments;
/// let (mut left, right): (Moments, Moments) = ([1.0, 2.0].into_iter().collect(), [3.0, 4.0].into_iter().collect());
/// left.merge(&right);
/// assert_eq!(left.mean().value, 2.5);
/// assert!((left.variance().value - 5.0 / 3.0).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    count: u64,
    mean: f64,
    m2: f64,
    m3: f64,
    m4: f64,
}

impl Moments {
    /// No data.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one datum.
    pub fn push(&mut self, x: f64) {
        let before = self.count as f64;
        self.count += 1;
        let n = self.count as f64;
        let delta = x - self.mean;
        let shift = delta / n;
        let square = shift * shift;
        let term = delta * shift * before;
        self.mean += shift;
        self.m4 += term * square * (n * n - 3.0 * n + 3.0) + 6.0 * square * self.m2 - 4.0 * shift * self.m3;
        self.m3 += term * shift * (n - 2.0) - 3.0 * shift * self.m2;
        self.m2 += term;
    }

    /// Adds all data of `other`.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        let (na, nb) = (self.count as f64, other.count as f64);
        let n = na + nb;
        let delta = other.mean - self.mean;
        let shift = delta / n;
        let square = shift * shift;
        self.m4 += other.m4
            + delta * shift * square * na * nb * (na * na - na * nb + nb * nb)
            + 6.0 * square * (na * na * other.m2 + nb * nb * self.m2)
            + 4.0 * shift * (na * other.m3 - nb * self.m3);
        self.m3 +=
            other.m3 + delta * square * na * nb * (na - nb) + 3.0 * shift * (na * other.m2 - nb * self.m2);
        self.m2 += other.m2 + delta * shift * na * nb;
        self.mean += nb * shift;
        self.count += other.count;
    }

    /// The number of data.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean; its standard error is `√(s²/n)` with the unbiased variance s². NaN without data.
    pub fn mean(&self) -> Estimate {
        let n = self.count as f64;
        let value = if self.count == 0 { f64::NAN } else { self.mean };
        Estimate { value, stderr: (self.unbiased_variance() / n).sqrt(), n: self.count }
    }

    /// The unbiased variance `M2/(n−1)`.
    ///
    /// Its squared standard error `(μ₄ − (n−3)/(n−1) σ⁴)/n` uses the measured fourth moment, so it holds for
    /// data that are not Gaussian. With heavy tails μ₄ itself may not exist, and the standard error then grows
    /// with n instead of settling.
    pub fn variance(&self) -> Estimate {
        let n = self.count as f64;
        let value = self.unbiased_variance();
        let fourth = self.m4 / n;
        let square = (fourth - (n - 3.0) / (n - 1.0) * value * value) / n;
        let stderr = if self.count < 2 { f64::NAN } else { square.max(0.0).sqrt() };
        Estimate { value, stderr, n: self.count }
    }

    /// The skewness `√n M3/M2^{3/2}`, with the standard error it has for Gaussian data,
    /// `√(6n(n−1)/((n−2)(n+1)(n+3)))`: divide by it to test normality. NaN below three data or without spread.
    pub fn skewness(&self) -> Estimate {
        let n = self.count as f64;
        let value = n.sqrt() * self.m3 / self.m2.powf(1.5);
        Estimate { value, stderr: gaussian_skewness_variance(n).sqrt(), n: self.count }
    }

    /// The excess kurtosis `n M4/M2² − 3`, with the standard error it has for Gaussian data,
    /// `√(24n(n−1)²/((n−3)(n−2)(n+3)(n+5)))`. NaN below four data or without spread.
    pub fn excess_kurtosis(&self) -> Estimate {
        let n = self.count as f64;
        let value = n * self.m4 / (self.m2 * self.m2) - 3.0;
        Estimate { value, stderr: gaussian_kurtosis_variance(n).sqrt(), n: self.count }
    }

    fn unbiased_variance(&self) -> f64 {
        if self.count < 2 { f64::NAN } else { self.m2 / (self.count as f64 - 1.0) }
    }
}

fn gaussian_skewness_variance(n: f64) -> f64 {
    if n < 3.0 { f64::NAN } else { 6.0 * n * (n - 1.0) / ((n - 2.0) * (n + 1.0) * (n + 3.0)) }
}

fn gaussian_kurtosis_variance(n: f64) -> f64 {
    if n < 4.0 {
        return f64::NAN;
    }
    24.0 * n * (n - 1.0) * (n - 1.0) / ((n - 3.0) * (n - 2.0) * (n + 3.0) * (n + 5.0))
}

impl FromIterator<f64> for Moments {
    fn from_iter<I: IntoIterator<Item = f64>>(data: I) -> Self {
        let mut moments = Self::new();
        moments.extend(data);
        moments
    }
}

impl Extend<f64> for Moments {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, data: I) {
        for x in data {
            self.push(x);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Deterministic, skewed, far from zero: the mean is 10⁶ times the spread.
    fn data() -> Vec<f64> {
        (0..997).map(|i| 1e6 + (f64::from(i) * 0.7390851).sin().exp()).collect()
    }

    /// Two passes over the data, with the offset taken out first: the definition itself.
    fn two_pass(data: &[f64]) -> (f64, [f64; 3]) {
        let n = data.len() as f64;
        let mean = data.iter().map(|x| x - 1e6).sum::<f64>() / n;
        let sum = |p: i32| data.iter().map(|x| (x - 1e6 - mean).powi(p)).sum::<f64>();
        (mean + 1e6, [sum(2), sum(3), sum(4)])
    }

    #[test]
    fn streaming_and_merging_match_two_passes() {
        let data = data();
        let (mean, central) = two_pass(&data);
        let streamed: Moments = data.iter().copied().collect();
        let mut merged = Moments::new();
        for chunk in data.chunks(37) {
            merged.merge(&chunk.iter().copied().collect());
        }
        for moments in [streamed, merged] {
            assert_eq!(moments.count, 997);
            // The data themselves carry relative rounding 1e-16 × 1e6 / spread ≈ 1e-10.
            assert!((moments.mean - mean).abs() < 1e-9);
            for (got, want) in [moments.m2, moments.m3, moments.m4].into_iter().zip(central) {
                assert!((got / want - 1.0).abs() < 1e-9, "{got} against {want}");
            }
        }
    }

    #[test]
    fn small_sample_by_hand() {
        let moments: Moments = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].into_iter().collect();
        assert!((moments.mean().value - 5.0).abs() < 1e-15);
        assert!((moments.variance().value - 32.0 / 7.0).abs() < 1e-14);
        // Σ(x−5)³ = 42 and Σ(x−5)⁴ = 356: skewness √8·42/32^1.5, kurtosis 8·356/32² − 3.
        assert!((moments.skewness().value - 8f64.sqrt() * 42.0 / 32f64.powf(1.5)).abs() < 1e-14);
        assert!((moments.excess_kurtosis().value - (8.0 * 356.0 / 1024.0 - 3.0)).abs() < 1e-14);
    }

    #[test]
    fn variance_error_of_a_two_point_law() {
        // x = ±1 in equal numbers: μ₄ = σ⁴, so the leading term cancels and only O(1/n²) is left.
        let moments: Moments = (0..1000).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        assert!(moments.variance().stderr < 2.0 / 1000.0);
    }

    #[test]
    fn empty_and_single() {
        let mut moments = Moments::new();
        assert!(moments.mean().value.is_nan());
        moments.push(3.0);
        assert_eq!(moments.mean().value, 3.0);
        assert!(moments.mean().stderr.is_nan() && moments.variance().stderr.is_nan());
    }
}
