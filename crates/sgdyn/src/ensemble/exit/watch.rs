//! Watching the lanes of a block for first passages.

use super::nested_watch::NestedWatch;
use super::region_watch::RegionWatch;
use super::summary::ReplicaExit;
use super::target::{Targets, side_sign};
use crate::lanes::{Block, Scratch};
use crate::random::{Seed, Variate};
use crate::rule::{Bridge, Rule};

/// Who sits in a lane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Occupant {
    pub replica: u64,
    pub live: bool,
}

/// Looks for first passages after each step.
pub(super) enum Watch<'a, R: Variate> {
    Nested(NestedWatch<R>),
    Regions(RegionWatch<'a, R>),
}

/// One look after one step.
pub(super) struct Look<'a> {
    pub seed: Seed,
    pub occupants: &'a [Occupant],
    /// The own step of each lane at the last fill.
    pub steps: &'a [u64],
    /// Steps since the last fill, this one included.
    pub since_fill: u64,
    /// Steps are not looked at beyond this one.
    pub most_steps: u64,
}

impl Look<'_> {
    pub(super) fn step(&self, lane: usize) -> u64 {
        self.steps[lane] + self.since_fill
    }
}

impl<'a, R: Variate> Watch<'a, R> {
    /// `places` says whether exits keep them.
    pub(super) fn new(
        targets: &'a Targets<R>,
        rule: &'a dyn Rule<R>,
        lanes: usize,
        correct: bool,
        places: bool,
    ) -> Self {
        let bridge = if correct { rule.bridge() } else { None };
        let kept = bridge.filter(|_| places).map(|_| Block::zeros(rule.dimension(), lanes, rule.layout()));
        match targets {
            Targets::Nested { coordinate, side, thresholds } => {
                let variance = bridge.and_then(Bridge::isotropic_variance);
                if bridge.is_some() == variance.is_some() {
                    return Self::Nested(NestedWatch::new(
                        *coordinate,
                        side_sign(*side),
                        thresholds,
                        variance,
                        lanes,
                        kept,
                    ));
                }
                Self::Regions(RegionWatch::new(targets, bridge, lanes, kept))
            }
            Targets::Regions(_) => Self::Regions(RegionWatch::new(targets, bridge, lanes, kept)),
        }
    }

    /// Before a lane's first step.
    pub(super) fn enter(&mut self, lane: usize, exit: &ReplicaExit) {
        match self {
            Self::Nested(watch) => watch.enter(lane, exit),
            Self::Regions(watch) => watch.enter(lane, exit),
        }
    }

    /// After a lane's last step.
    pub(super) fn leave(&mut self, lane: usize) {
        if let Self::Nested(watch) = self {
            watch.leave(lane);
        }
    }

    /// Remembers where all lanes are before a step.
    pub(super) fn before(&mut self, position: &Block<R>, scratch: &mut Scratch<R>) {
        match self {
            Self::Nested(watch) => watch.before(position),
            Self::Regions(watch) => watch.before(position, scratch),
        }
    }

    /// Records passages after a step; gives the lanes that reached their last target.
    pub(super) fn after(
        &mut self,
        position: &Block<R>,
        look: &Look<'_>,
        exits: &mut [ReplicaExit],
        scratch: &mut Scratch<R>,
        finished: &mut Vec<usize>,
    ) {
        match self {
            Self::Nested(watch) => watch.after(position, look, exits, finished),
            Self::Regions(watch) => watch.after(position, look, exits, scratch, finished),
        }
    }
}
