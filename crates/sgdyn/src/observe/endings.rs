//! Where replicas end: places that are told apart by their distance, and how often each is reached.

use serde::{Deserialize, Serialize};

/// A place where replicas end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// Where it is, `[d]`.
    pub position: Vec<f64>,
    /// How many replicas end there.
    pub count: u64,
}

/// Counts of endings. Two places nearer than the tolerance are one, named by the replica of the lowest number; so the counts
/// do not depend on how replicas are grouped as long as places lie farther apart than the tolerance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Endings {
    /// The places, in the order in which they were met.
    pub places: Vec<Ending>,
    /// Replicas that end nowhere: they diverged, or what they would reach could not be found.
    pub lost: u64,
}

impl Endings {
    /// Adds `count` replicas that end at `position`, `[d]`.
    pub fn add(&mut self, position: &[f64], count: u64, tolerance: f64) {
        let near = |ending: &&mut Ending| distance(&ending.position, position) <= tolerance;
        match self.places.iter_mut().find(near) {
            Some(known) => known.count += count,
            None => self.places.push(Ending { position: position.to_vec(), count }),
        }
    }

    /// Adds other replicas.
    pub fn merge(&mut self, other: &Self, tolerance: f64) {
        for place in &other.places {
            self.add(&place.position, place.count, tolerance);
        }
        self.lost += other.lost;
    }

    /// The number of replicas, lost ones included.
    pub fn replicas(&self) -> u64 {
        self.lost + self.places.iter().map(|place| place.count).sum::<u64>()
    }
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_places_are_one() {
        let mut all = Endings { places: Vec::new(), lost: 1 };
        all.add(&[1.0, 0.0], 2, 1e-6);
        let mut rest = Endings::default();
        rest.add(&[-1.0, 0.0], 4, 1e-6);
        rest.add(&[1.0, 1e-9], 3, 1e-6);
        all.merge(&rest, 1e-6);
        let counts: Vec<u64> = all.places.iter().map(|place| place.count).collect();
        assert_eq!((counts, all.lost, all.replicas()), (vec![5, 4], 1, 10));
        assert_eq!(all.places[0].position, [1.0, 0.0]);
    }
}
