//! What an ensemble of exits is summarised to.

use serde::{Deserialize, Serialize};

use crate::ensemble::Merge;
use crate::observe::TimeHistogram;
use crate::statistics::{CoMoments, Moments};

/// First passages to one target.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PassageSummary {
    /// Moments of the times of those that reached it, in units of time.
    pub time: Moments,
    /// Replicas that did not reach it before their horizon.
    pub censored: u64,
    /// The time that all replicas together spent before reaching it, censored and diverged ones included.
    pub time_at_risk: f64,
    /// When it was reached.
    pub reached: TimeHistogram,
    /// When observation ended without its being reached.
    pub lost: TimeHistogram,
    /// Moments of the places where it was entered, from 2 to 16 coordinates: seen at steps, where the replica is after the
    /// step; corrected, the mean place of the path inside the step, on the border.
    pub place: Option<CoMoments>,
}

impl Merge for PassageSummary {
    fn merge(&mut self, later: &Self) {
        self.time.merge(&later.time);
        self.censored += later.censored;
        self.time_at_risk += later.time_at_risk;
        self.reached.merge(&later.reached);
        self.lost.merge(&later.lost);
        match (&mut self.place, &later.place) {
            // Both are of the dimension of the rule.
            (Some(mine), Some(theirs)) => mine.merge(theirs).unwrap_or_default(),
            (mine @ None, Some(theirs)) => *mine = Some(theirs.clone()),
            (_, None) => {}
        }
    }
}

/// First passages to every target, seen at steps and, where the rule allows, corrected for crossings inside steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExitSummary {
    /// Per target, as seen at the ends of steps.
    pub at_steps: Vec<PassageSummary>,
    /// Per target, corrected; empty where the rule has no bridge.
    pub corrected: Vec<PassageSummary>,
    /// Replicas whose position became infinite or undefined before they reached the last target.
    pub diverged: u64,
    /// Steps of replicas that were computed.
    pub steps: u64,
}

impl Merge for ExitSummary {
    fn merge(&mut self, later: &Self) {
        for (mine, theirs) in self.at_steps.iter_mut().zip(&later.at_steps) {
            mine.merge(theirs);
        }
        for (mine, theirs) in self.corrected.iter_mut().zip(&later.corrected) {
            mine.merge(theirs);
        }
        self.diverged += later.diverged;
        self.steps += later.steps;
    }
}

/// How one replica ended, in steps; `f64::NAN` marks a target that was not reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ReplicaExit {
    pub at_steps: Vec<f64>,
    pub corrected: Vec<f64>,
    /// Where it entered each target, `[targets × coordinates]`, as seen at steps; empty where places are not kept.
    pub places: Vec<f64>,
    /// The same for corrected passages.
    pub corrected_places: Vec<f64>,
    pub end: f64,
    pub diverged: bool,
}

impl ReplicaExit {
    /// Of a replica that has reached nothing; its places will have so many coordinates.
    pub(super) fn new(targets: usize, corrected: bool, coordinates: usize) -> Self {
        let corrected = if corrected { targets } else { 0 };
        Self {
            at_steps: vec![f64::NAN; targets],
            corrected: vec![f64::NAN; corrected],
            places: vec![f64::NAN; targets * coordinates],
            corrected_places: vec![f64::NAN; corrected * coordinates],
            end: f64::NAN,
            diverged: false,
        }
    }

    /// Where a target was entered, `[coordinates]`, to be written.
    pub(super) fn place_mut(&mut self, target: usize, corrected: bool) -> &mut [f64] {
        let (times, places) = if corrected {
            (&self.corrected, &mut self.corrected_places)
        } else {
            (&self.at_steps, &mut self.places)
        };
        let coordinates = places.len() / times.len().max(1);
        &mut places[target * coordinates..(target + 1) * coordinates]
    }
}

/// The times and places of a replica's passages, in one of the two ways to see them.
type Seen = fn(&ReplicaExit) -> (&Vec<f64>, &Vec<f64>);

/// Summarises the replicas of one leaf, in order.
pub(super) fn summarise(exits: &[ReplicaExit], time_step: f64) -> ExitSummary {
    let passages = |seen: Seen| {
        let targets = exits.first().map_or(0, |exit| seen(exit).0.len());
        (0..targets)
            .map(|target| {
                let mut summary = PassageSummary::default();
                for exit in exits {
                    let (times, places) = seen(exit);
                    let (steps, coordinates) = (times[target], places.len() / targets);
                    if steps.is_nan() {
                        let end = exit.end * time_step;
                        summary.censored += u64::from(!exit.diverged);
                        summary.time_at_risk += end;
                        summary.lost.add(end);
                    } else {
                        let time = steps * time_step;
                        summary.time.push(time);
                        summary.time_at_risk += time;
                        summary.reached.add(time);
                        if coordinates > 0 {
                            let place = &places[target * coordinates..(target + 1) * coordinates];
                            let moments = summary.place.get_or_insert_with(|| CoMoments::new(coordinates));
                            moments.push(place).unwrap_or_default();
                        }
                    }
                }
                summary
            })
            .collect()
    };
    ExitSummary {
        at_steps: passages(|exit| (&exit.at_steps, &exit.places)),
        corrected: passages(|exit| (&exit.corrected, &exit.corrected_places)),
        diverged: exits.iter().map(|exit| u64::from(exit.diverged)).sum(),
        steps: 0,
    }
}
