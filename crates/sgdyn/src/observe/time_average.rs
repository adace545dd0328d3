//! Averages over time along each replica, and their spread over replicas.

use serde::{Deserialize, Serialize};

use crate::statistics::Estimate;

/// Joint moments over replicas of two time averages of one component: `a = ⟨y⟩` and `b = ⟨y²⟩`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TimeAverage {
    count: u64,
    mean: [f64; 2],
    /// Sums of products of deviations: aa, ab, bb.
    products: [f64; 3],
}

impl TimeAverage {
    /// One replica.
    pub fn of(first: f64, second: f64) -> Self {
        Self { count: 1, mean: [first, second], products: [0.0; 3] }
    }

    /// Adds other replicas.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        let (mine, theirs) = (self.count as f64, other.count as f64);
        let all = mine + theirs;
        let delta = [other.mean[0] - self.mean[0], other.mean[1] - self.mean[1]];
        let weight = mine * theirs / all;
        self.products[0] += other.products[0] + delta[0] * delta[0] * weight;
        self.products[1] += other.products[1] + delta[0] * delta[1] * weight;
        self.products[2] += other.products[2] + delta[1] * delta[1] * weight;
        self.mean[0] += delta[0] * theirs / all;
        self.mean[1] += delta[1] * theirs / all;
        self.count += other.count;
    }

    /// What too few replicas tell.
    fn missing() -> Estimate {
        Estimate { value: f64::NAN, stderr: f64::NAN, n: 0 }
    }

    /// The number of replicas.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean of y over time and replicas.
    pub fn mean(&self) -> Estimate {
        let n = self.count as f64;
        if self.count == 0 {
            return Self::missing();
        }
        let spread = if self.count > 1 { self.products[0] / (n - 1.0) } else { f64::NAN };
        Estimate { value: self.mean[0], stderr: (spread / n).sqrt(), n: self.count }
    }

    /// The variance of y about the ensemble's mean: `b̄ − ā² + s²ₐ/n`, which has no bias; its standard error by the delta
    /// method from the spread of (a, b) over replicas.
    pub fn variance(&self) -> Estimate {
        let n = self.count as f64;
        if self.count < 2 {
            return Self::missing();
        }
        let [aa, ab, bb] = self.products.map(|product| product / (n - 1.0));
        let [a, b] = self.mean;
        let value = b - a * a + aa / n;
        let stderr = ((bb - 4.0 * a * ab + 4.0 * a * a * aa) / n).max(0.0).sqrt();
        Estimate { value, stderr, n: self.count }
    }
}

#[cfg(test)]
mod tests {
    use super::TimeAverage;

    /// Two replicas with known series: variance about the common mean, without bias for independent replicas.
    #[test]
    fn variance_is_about_the_mean_of_the_ensemble() {
        let mut all = TimeAverage::of(1.0, 2.0);
        all.merge(&TimeAverage::of(3.0, 12.0));
        assert_eq!(all.mean().value, 2.0);
        // b̄ − ā² + s²/n = 7 − 4 + 2/2.
        assert!((all.variance().value - 4.0).abs() < 1e-15);
    }
}
