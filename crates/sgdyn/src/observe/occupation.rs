//! Where replicas spend their time: shares of regions, and how they hang together.

use serde::{Deserialize, Serialize};

use crate::statistics::{CoMoments, Estimate};

/// Joint moments over replicas of the share of its time that each spends in each region. Replicas are independent, times
/// along one are not: errors come from the spread over replicas.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Occupation {
    shares: Option<CoMoments>,
}

impl Occupation {
    /// Adds one replica with its shares, `[regions]`, of the same length for all.
    ///
    /// # Panics
    /// If the number of regions changes.
    pub fn add(&mut self, shares: &[f64]) {
        let moments = self.shares.get_or_insert_with(|| CoMoments::new(shares.len()));
        moments.push(shares).expect("replicas of one ensemble have the same regions");
    }

    /// Adds other replicas.
    ///
    /// # Panics
    /// If they have other regions.
    pub fn merge(&mut self, other: &Self) {
        match (&mut self.shares, &other.shares) {
            (Some(mine), Some(theirs)) => {
                mine.merge(theirs).expect("replicas of one ensemble have the same regions");
            }
            (mine @ None, theirs) => mine.clone_from(theirs),
            (Some(_), None) => {}
        }
    }

    /// The number of replicas.
    pub fn replicas(&self) -> u64 {
        self.shares.as_ref().map_or(0, CoMoments::count)
    }

    /// The mean share of a region.
    pub fn share(&self, region: usize) -> Estimate {
        let mean = self.shares.as_ref().and_then(|shares| shares.mean(region));
        mean.unwrap_or(Estimate { value: f64::NAN, stderr: f64::NAN, n: 0 })
    }

    /// `ln(a/b)` of the mean shares of two regions. Its error by the delta method, with their covariance over replicas:
    /// `n·s² = s_aa/a² + s_bb/b² − 2s_ab/(ab)`.
    pub fn log_ratio(&self, a: usize, b: usize) -> Estimate {
        let covariance = |i, j| self.shares.as_ref().and_then(|shares| shares.covariance(i, j));
        let (over, under) = (self.share(a), self.share(b));
        let variance = match (covariance(a, a), covariance(b, b), covariance(a, b)) {
            (Some(aa), Some(bb), Some(ab)) => {
                aa / over.value.powi(2) + bb / under.value.powi(2) - 2.0 * ab / (over.value * under.value)
            }
            _ => f64::NAN,
        };
        let value = crate::lanes::Real::ln(over.value / under.value);
        Estimate { value, stderr: (variance.max(0.0) / over.n as f64).sqrt(), n: over.n }
    }
}

/// How many replicas are in each region at one step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupied {
    /// The replicas in each region, `[regions]`.
    pub inside: Vec<u64>,
    /// All replicas that are anywhere: those that diverged are left out.
    pub replicas: u64,
}

impl Occupied {
    /// Adds other replicas.
    pub fn merge(&mut self, other: &Self) {
        self.inside.resize(self.inside.len().max(other.inside.len()), 0);
        for (mine, theirs) in self.inside.iter_mut().zip(&other.inside) {
            *mine += theirs;
        }
        self.replicas += other.replicas;
    }

    /// The share of replicas in a region, with its binomial standard error.
    pub fn share(&self, region: usize) -> Estimate {
        let n = self.replicas as f64;
        let value = self.inside.get(region).map_or(f64::NAN, |&count| count as f64 / n);
        Estimate { value, stderr: (value * (1.0 - value) / n).sqrt(), n: self.replicas }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three replicas by hand: a = (0.2, 0.4, 0.6), b = 1 − a. Then s_aa = s_bb = −s_ab = 0.04, a = 0.4, b = 0.6.
    #[test]
    fn shares_and_their_ratio() {
        let mut all = Occupation::default();
        all.merge(&Occupation::default());
        let mut rest = Occupation::default();
        all.add(&[0.2, 0.8]);
        rest.add(&[0.4, 0.6]);
        rest.add(&[0.6, 0.4]);
        all.merge(&rest);
        assert_eq!(all.replicas(), 3);
        assert!((all.share(0).value - 0.4).abs() < 1e-15);
        assert!((all.share(0).stderr - (0.04f64 / 3.0).sqrt()).abs() < 1e-15);
        let ratio = all.log_ratio(0, 1);
        assert!((ratio.value - (0.4f64 / 0.6).ln()).abs() < 1e-14);
        // d ln(a/(1−a)) = da/(a(1−a)).
        assert!((ratio.stderr - (0.04f64 / 3.0).sqrt() / 0.24).abs() < 1e-14);
        assert!(Occupation::default().share(0).value.is_nan());
    }

    #[test]
    fn counts_at_a_step() {
        let mut all = Occupied::default();
        all.merge(&Occupied { inside: vec![3, 1], replicas: 5 });
        all.merge(&Occupied { inside: vec![1, 2], replicas: 3 });
        assert_eq!(all, Occupied { inside: vec![4, 3], replicas: 8 });
        assert_eq!(all.share(0).value, 0.5);
        assert!((all.share(0).stderr - (0.25f64 / 8.0).sqrt()).abs() < 1e-16);
    }
}
