//! An ensemble at one step.

use serde::{Deserialize, Serialize};

use super::Sketch;
use crate::statistics::{CoMoments, Moments};

/// The observed components of all replicas at one step.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Snapshot {
    /// Moments of each component.
    pub components: Vec<Moments>,
    /// The covariance of all components, where it was asked for.
    pub covariance: Option<CoMoments>,
    /// Squares of the displacement of each component since the start.
    pub displacement: Vec<Moments>,
    /// Logarithms of the magnitude of each component, where they were asked for; zeros are left out.
    pub logarithms: Vec<Moments>,
    /// Quantiles of each component, where they were asked for.
    pub sketches: Vec<Sketch>,
    /// Counts in the bins of a box and outside it, where they were asked for.
    pub histogram: Vec<u64>,
    /// Replicas that were infinite or undefined and are left out of all the rest.
    pub diverged: u64,
}

impl Snapshot {
    /// Adds other replicas.
    ///
    /// # Panics
    /// If the snapshots are of different components.
    pub fn merge(&mut self, other: &Self) {
        if self.components.is_empty() {
            let diverged = self.diverged;
            *self = other.clone();
            self.diverged += diverged;
            return;
        }
        let moments = self.components.iter_mut().chain(&mut self.displacement).chain(&mut self.logarithms);
        for (mine, theirs) in
            moments.zip(other.components.iter().chain(&other.displacement).chain(&other.logarithms))
        {
            mine.merge(theirs);
        }
        if let (Some(mine), Some(theirs)) = (&mut self.covariance, &other.covariance) {
            mine.merge(theirs).expect("the snapshots of one ensemble have the same components");
        }
        for (mine, theirs) in self.sketches.iter_mut().zip(&other.sketches) {
            mine.merge(theirs);
        }
        for (mine, theirs) in self.histogram.iter_mut().zip(&other.histogram) {
            *mine += theirs;
        }
        self.diverged += other.diverged;
    }
}
