//! Quantiles of values of either sign, by counts in logarithmic bins of their magnitude.

use serde::{Deserialize, Serialize};

use super::TimeHistogram;

/// Counts of values; every quantile is known to 0.8 % of its magnitude, and merging is exact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sketch {
    negative: TimeHistogram,
    positive: TimeHistogram,
}

impl Sketch {
    /// Counts one finite value.
    pub fn add(&mut self, value: f64) {
        if value < 0.0 { self.negative.add(-value) } else { self.positive.add(value) }
    }

    /// Adds the counts of another sketch.
    pub fn merge(&mut self, other: &Self) {
        self.negative.merge(&other.negative);
        self.positive.merge(&other.positive);
    }

    /// The number of values counted.
    pub fn total(&self) -> u64 {
        self.negative.total() + self.positive.total()
    }

    /// The value below which a share `probability` lies; `None` without counts.
    pub fn quantile(&self, probability: f64) -> Option<f64> {
        let (below, all) = (self.negative.total() as f64, self.total() as f64);
        let target = probability * all;
        if target < below {
            self.negative.quantile(1.0 - target / below).map(|magnitude| -magnitude)
        } else {
            let above = all - below;
            if above > 0.0 {
                self.positive.quantile((target - below) / above)
            } else {
                self.negative.quantile(0.0).map(|m| -m)
            }
        }
    }

    /// Counts of magnitudes of both signs.
    pub fn magnitudes(&self) -> TimeHistogram {
        let mut all = self.negative.clone();
        all.merge(&self.positive);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::Sketch;

    #[test]
    fn quantiles_of_a_symmetric_grid() {
        let mut sketch = Sketch::default();
        for k in -10_000..=10_000 {
            sketch.add(f64::from(k) * 1e-3);
        }
        for probability in [0.05, 0.25, 0.75, 0.9] {
            let exact = 20.0 * probability - 10.0;
            let found = sketch.quantile(probability).expect("counts");
            assert!((found - exact).abs() <= 0.016 * exact.abs(), "{found} {exact}");
        }
        assert!(sketch.quantile(0.5).expect("counts").abs() < 0.01);
    }
}
