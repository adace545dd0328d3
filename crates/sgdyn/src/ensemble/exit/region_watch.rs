//! Watching lanes for targets of any shape.

use super::crossing::{InsideStep, REACH};
use super::place::{self, Crossing, keep, put};
use super::summary::ReplicaExit;
use super::target::Targets;
use super::watch::Look;
use crate::lanes::{Block, Scratch};
use crate::random::Variate;
use crate::rule::Bridge;

/// Targets of any shape, through their level functions.
pub(super) struct RegionWatch<'a, R: Variate> {
    targets: &'a Targets<R>,
    bridge: Option<&'a dyn Bridge<R>>,
    before: Vec<Vec<R>>,
    level: Vec<R>,
    kept: Option<Block<R>>,
}

impl<'a, R: Variate> RegionWatch<'a, R> {
    pub(super) fn new(
        targets: &'a Targets<R>,
        bridge: Option<&'a dyn Bridge<R>>,
        lanes: usize,
        kept: Option<Block<R>>,
    ) -> Self {
        Self {
            targets,
            bridge,
            before: vec![vec![R::ZERO; lanes]; targets.len()],
            level: vec![R::ZERO; lanes],
            kept,
        }
    }

    #[allow(
        clippy::unused_self,
        reason = "the same interface as the nested watch, which does remember lanes"
    )]
    pub(super) fn enter(&mut self, _: usize, _: &ReplicaExit) {}

    pub(super) fn before(&mut self, position: &Block<R>, scratch: &mut Scratch<R>) {
        if self.bridge.is_some() {
            for target in 0..self.targets.len() {
                self.targets.level(target, position, scratch, &mut self.before[target]);
            }
        }
        keep(&mut self.kept, position);
    }

    pub(super) fn after(
        &mut self,
        position: &Block<R>,
        look: &Look<'_>,
        exits: &mut [ReplicaExit],
        scratch: &mut Scratch<R>,
        finished: &mut Vec<usize>,
    ) {
        let mut point = vec![0.0; position.dimension()];
        for target in 0..self.targets.len() {
            self.targets.level(target, position, scratch, &mut self.level);
            for (lane, exit) in exits.iter_mut().enumerate() {
                if !look.occupants[lane].live || look.step(lane) > look.most_steps {
                    continue;
                }
                let (step, after) = (look.step(lane), self.level[lane].to_f64());
                if !after.is_finite() {
                    continue;
                }
                if let Some(bridge) = self.bridge
                    && exit.corrected[target].is_nan()
                {
                    let before = self.before[target][lane].to_f64();
                    for (coordinate, value) in point.iter_mut().enumerate() {
                        *value = position.get(coordinate, lane).to_f64();
                    }
                    let fraction = self.crossed(target, bridge, before, after, &point, || {
                        InsideStep::new(look.seed, look.occupants[lane].replica, step)
                    });
                    if let Some(fraction) = fraction {
                        exit.corrected[target] = (step - 1) as f64 + fraction;
                        if let Some(kept) = &self.kept {
                            let from: Vec<f64> = place::of_lane(kept, lane).collect();
                            let gradient = self.targets.level_gradient(target, &point);
                            let place = gradient.map_or_else(
                                || point.clone(),
                                |gradient| {
                                    let (to, levels) = (&point[..], (before, after));
                                    Crossing { from: &from, to, fraction, levels, gradient: &gradient }
                                        .place(bridge)
                                },
                            );
                            exit.place_mut(target, true).copy_from_slice(&place);
                        }
                    }
                }
                if exit.at_steps[target].is_nan() && after <= 0.0 {
                    exit.at_steps[target] = step as f64;
                    put(exit.place_mut(target, false), position, lane);
                }
            }
        }
        for (lane, exit) in exits.iter_mut().enumerate() {
            let occupied = look.occupants[lane].live && look.step(lane) <= look.most_steps;
            if occupied && exit.end.is_nan() && exit.at_steps.iter().all(|time| !time.is_nan()) {
                exit.end = look.step(lane) as f64;
                finished.push(lane);
            }
        }
    }

    /// The fraction of the step at which the level reached 0, if it did: the level is taken as Brownian with the variance
    /// that the rule has along its gradient.
    fn crossed(
        &self,
        target: usize,
        bridge: &dyn Bridge<R>,
        before: f64,
        after: f64,
        point: &[f64],
        path: impl FnOnce() -> InsideStep,
    ) -> Option<f64> {
        let gradient = self.targets.level_gradient(target, point);
        let Some(gradient) = gradient else { return (after <= 0.0).then_some(1.0) };
        let variance = bridge.variance_along(point, &gradient);
        if before <= 0.0 {
            return Some(0.0);
        }
        if variance <= 0.0 || before * after > REACH * variance {
            return (after <= 0.0).then_some(1.0);
        }
        let path = path();
        let crossed = after <= 0.0 || path.crosses(before, after, variance);
        crossed.then(|| path.fraction(before, after, variance, target as u32))
    }
}
