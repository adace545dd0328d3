//! What an ensemble of exits is summarised to.

use serde::{Deserialize, Serialize};

use crate::ensemble::Merge;
use crate::observe::TimeHistogram;
use crate::statistics::Moments;

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
}

impl Merge for PassageSummary {
    fn merge(&mut self, later: &Self) {
        self.time.merge(&later.time);
        self.censored += later.censored;
        self.time_at_risk += later.time_at_risk;
        self.reached.merge(&later.reached);
        self.lost.merge(&later.lost);
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
    pub end: f64,
    pub diverged: bool,
}

impl ReplicaExit {
    pub(super) fn new(targets: usize, corrected: bool) -> Self {
        Self {
            at_steps: vec![f64::NAN; targets],
            corrected: vec![f64::NAN; if corrected { targets } else { 0 }],
            end: f64::NAN,
            diverged: false,
        }
    }
}

/// Summarises the replicas of one leaf, in order.
pub(super) fn summarise(exits: &[ReplicaExit], time_step: f64) -> ExitSummary {
    let passages = |times: &dyn Fn(&ReplicaExit) -> &Vec<f64>| {
        let targets = exits.first().map_or(0, |exit| times(exit).len());
        (0..targets)
            .map(|target| {
                let mut summary = PassageSummary::default();
                for exit in exits {
                    let steps = times(exit)[target];
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
                    }
                }
                summary
            })
            .collect()
    };
    ExitSummary {
        at_steps: passages(&|exit| &exit.at_steps),
        corrected: passages(&|exit| &exit.corrected),
        diverged: exits.iter().map(|exit| u64::from(exit.diverged)).sum(),
        steps: 0,
    }
}
