//! Watching the lanes of a block for first passages.

use super::crossing::{InsideStep, REACH, crossed_lanes};
use super::place::{self, Crossing};
use super::summary::ReplicaExit;
use super::target::{Targets, side_sign};
use crate::landscape::{Guard, Nearness};
use crate::lanes::{Block, Scratch, lane_kernel};
use crate::random::{Seed, Variate};
use crate::rule::{Bridge, Rule};

/// Lanes are asked by strips whether any of them is to be looked at, then by groups, then one by one: of a strip almost
/// always none is, and a call should take many lanes.
const STRIP: usize = 256;
const GROUP: usize = 16;

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
    fn step(&self, lane: usize) -> u64 {
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
            watch.at_steps[lane] = R::from_f64(f64::NEG_INFINITY);
            watch.corrected[lane] = R::from_f64(f64::NEG_INFINITY);
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

/// Thresholds on one coordinate: each lane waits for the next one it has not reached.
pub(super) struct NestedWatch<R> {
    coordinate: usize,
    sign: R,
    thresholds: Vec<(f64, usize)>,
    variance: Option<f64>,
    before: Vec<R>,
    at_steps: Vec<R>,
    corrected: Vec<R>,
    next: Vec<[usize; 2]>,
    /// Where lanes were before the step, where corrected places are kept.
    kept: Option<Block<R>>,
}

impl<R: Variate> NestedWatch<R> {
    fn new(
        coordinate: usize,
        sign: f64,
        thresholds: &[(f64, usize)],
        variance: Option<f64>,
        lanes: usize,
        kept: Option<Block<R>>,
    ) -> Self {
        let nowhere = R::from_f64(f64::NEG_INFINITY);
        Self {
            coordinate,
            sign: R::from_f64(sign),
            thresholds: thresholds.to_vec(),
            variance,
            before: vec![R::ZERO; lanes],
            at_steps: vec![nowhere; lanes],
            corrected: vec![nowhere; lanes],
            next: vec![[0; 2]; lanes],
            kept,
        }
    }

    fn threshold(&self, next: usize) -> R {
        R::from_f64(self.thresholds.get(next).map_or(f64::NEG_INFINITY, |threshold| threshold.0))
    }

    fn enter(&mut self, lane: usize, exit: &ReplicaExit) {
        let reached = |times: &[f64]| times.iter().filter(|time| !time.is_nan()).count();
        self.next[lane] = [reached(&exit.at_steps), reached(&exit.corrected)];
        self.at_steps[lane] = self.threshold(self.next[lane][0]);
        self.corrected[lane] = self.threshold(self.next[lane][1]);
    }

    /// The boundary as a walk reports it.
    pub(super) fn guard(&self) -> Guard<'_, R> {
        Guard {
            coordinate: self.coordinate,
            sign: self.sign,
            at_steps: &self.at_steps,
            near: self.variance.map(|variance| Nearness {
                reach: R::from_f64(REACH * variance),
                thresholds: &self.corrected,
            }),
        }
    }

    /// The guard of one lane alone.
    pub(super) fn guard_of(&self, lane: usize) -> Guard<'_, R> {
        let guard = self.guard();
        let near = guard.near.map(|near| Nearness { thresholds: &near.thresholds[lane..=lane], ..near });
        Guard { at_steps: &guard.at_steps[lane..=lane], near, ..guard }
    }

    /// Remembers where one lane is before a step, `[d]`.
    pub(super) fn remember(&mut self, lane: usize, x: &[R]) {
        if let Some(kept) = &mut self.kept {
            for (coordinate, &value) in x.iter().enumerate() {
                kept.set(coordinate, lane, value);
            }
        }
    }

    /// Records passages of one lane after a step from `before`.
    pub(super) fn after_in_lane(
        &mut self,
        lane: usize,
        before: R,
        position: &Block<R>,
        look: &Look<'_>,
        exits: &mut [ReplicaExit],
        finished: &mut Vec<usize>,
    ) {
        self.before[lane] = before;
        self.after_in_group(lane..lane + 1, position, look, exits, finished);
    }

    fn before(&mut self, position: &Block<R>) {
        if self.variance.is_some() {
            self.before.copy_from_slice(position.coordinate(self.coordinate));
        }
        keep(&mut self.kept, position);
    }

    fn after(
        &mut self,
        position: &Block<R>,
        look: &Look<'_>,
        exits: &mut [ReplicaExit],
        finished: &mut Vec<usize>,
    ) {
        let x = position.coordinate(self.coordinate);
        for first in (0..x.len()).step_by(STRIP) {
            let strip = first..(first + STRIP).min(x.len());
            if self.any(strip.clone(), x) {
                for group in strip.clone().step_by(GROUP) {
                    self.after_in_group(
                        group..(group + GROUP).min(strip.end),
                        position,
                        look,
                        exits,
                        finished,
                    );
                }
            }
        }
    }

    /// Whether any of some lanes is to be looked at.
    fn any(&self, lanes: std::ops::Range<usize>, x: &[R]) -> bool {
        let (x, at_steps) = (&x[lanes.clone()], &self.at_steps[lanes.clone()]);
        let Some(variance) = self.variance else { return any_inside(self.sign, x, at_steps) };
        let (before, corrected) = (&self.before[lanes.clone()], &self.corrected[lanes]);
        any_near(self.sign, R::from_f64(REACH * variance), before, x, corrected, at_steps)
    }

    fn after_in_group(
        &mut self,
        lanes: std::ops::Range<usize>,
        position: &Block<R>,
        look: &Look<'_>,
        exits: &mut [ReplicaExit],
        finished: &mut Vec<usize>,
    ) {
        let x = position.coordinate(self.coordinate);
        if !self.any(lanes.clone(), x) {
            return;
        }
        let crossed = self.variance.map_or(0, |variance| self.crossed(lanes.clone(), x, look, variance));
        for lane in lanes.clone() {
            let wanted =
                crossed >> (lane - lanes.start) & 1 == 1 || self.sign * x[lane] <= self.at_steps[lane];
            // A replica that overflowed has diverged; it has reached nothing.
            let wanted = wanted && x[lane].to_f64().is_finite();
            if wanted && look.occupants[lane].live && look.step(lane) <= look.most_steps {
                self.look_at(lane, position, look, &mut exits[lane], finished);
            }
        }
    }

    /// Which lanes of a group crossed their next threshold inside the step, as bits.
    fn crossed(&self, lanes: std::ops::Range<usize>, x: &[R], look: &Look<'_>, variance: f64) -> u32 {
        let (mut replicas, mut steps) = ([0; GROUP], [0; GROUP]);
        for (slot, lane) in lanes.clone().enumerate() {
            (replicas[slot], steps[slot]) = (look.occupants[lane].replica, look.step(lane));
        }
        let (before, thresholds) = (&self.before[lanes.clone()], &self.corrected[lanes.clone()]);
        let count = lanes.len();
        let (replicas, steps) = (&replicas[..count], &steps[..count]);
        crossed_lanes(look.seed, replicas, steps, self.sign, before, &x[lanes], thresholds, variance)
    }

    fn look_at(
        &mut self,
        lane: usize,
        position: &Block<R>,
        look: &Look<'_>,
        exit: &mut ReplicaExit,
        finished: &mut Vec<usize>,
    ) {
        let sign = self.sign.to_f64();
        let x = position.get(self.coordinate, lane).to_f64();
        let (after, step) = (sign * x, look.step(lane));
        if let Some(variance) = self.variance {
            let before = sign * self.before[lane].to_f64();
            let mut inside = None;
            while let Some(&(threshold, target)) = self.thresholds.get(self.next[lane][1]) {
                let (p, q) = (before - threshold, after - threshold);
                let path = *inside
                    .get_or_insert_with(|| InsideStep::new(look.seed, look.occupants[lane].replica, step));
                // A path that starts inside (a threshold passed earlier in this very step by its correction) is there.
                let crossed = q <= 0.0 || p <= 0.0 || path.crosses(p, q, variance);
                if !crossed {
                    break;
                }
                let fraction = if p <= 0.0 { 0.0 } else { path.fraction(p, q, variance, target as u32) };
                exit.corrected[target] = (step - 1) as f64 + fraction;
                if let Some(kept) = &self.kept {
                    let ends = place::of_lane(kept, lane).zip(place::of_lane(position, lane));
                    let place = exit.place_mut(target, true);
                    for (entry, (from, to)) in place.iter_mut().zip(ends) {
                        *entry = from + fraction * (to - from);
                    }
                    // Noise that is the same in all directions moves the others no further.
                    place[self.coordinate] = sign * threshold;
                }
                self.next[lane][1] += 1;
            }
            self.corrected[lane] = self.threshold(self.next[lane][1]);
        }
        while let Some(&(threshold, target)) = self.thresholds.get(self.next[lane][0]) {
            if after > threshold {
                break;
            }
            exit.at_steps[target] = step as f64;
            put(exit.place_mut(target, false), position, lane);
            self.next[lane][0] += 1;
        }
        self.at_steps[lane] = self.threshold(self.next[lane][0]);
        if self.next[lane][0] == self.thresholds.len() {
            exit.end = step as f64;
            finished.push(lane);
        }
    }
}

lane_kernel! {
    /// Whether any `sign · x` is at or below its threshold. Almost always none is, so lanes are told apart only after
    /// that. An integer OR: a floating-point minimum is far slower.
    fn any_inside<R: Variate>(sign: R, x: &[R], thresholds: &[R]) -> bool {
        let mut any = 0;
        for (&x, &threshold) in x.iter().zip(thresholds) {
            any |= u32::from(sign * x <= threshold);
        }
        any != 0
    }
}

lane_kernel! {
    /// As [`any_inside`], or near enough to the next threshold that the path inside the step may have crossed it.
    fn any_near<R: Variate>(
        sign: R,
        reach: R,
        before: &[R],
        x: &[R],
        corrected: &[R],
        at_steps: &[R],
    ) -> bool {
        let mut any = 0;
        for (((&before, &x), &corrected), &at_steps) in before.iter().zip(x).zip(corrected).zip(at_steps) {
            let (from, to) = (sign * before, sign * x);
            any |= u32::from((from - corrected) * (to - corrected) <= reach) | u32::from(to <= at_steps);
        }
        any != 0
    }
}

/// Targets of any shape, through their level functions.
pub(super) struct RegionWatch<'a, R: Variate> {
    targets: &'a Targets<R>,
    bridge: Option<&'a dyn Bridge<R>>,
    before: Vec<Vec<R>>,
    level: Vec<R>,
    kept: Option<Block<R>>,
}

impl<'a, R: Variate> RegionWatch<'a, R> {
    fn new(
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
    fn enter(&mut self, _: usize, _: &ReplicaExit) {}

    fn before(&mut self, position: &Block<R>, scratch: &mut Scratch<R>) {
        if self.bridge.is_some() {
            for target in 0..self.targets.len() {
                evaluate(self.targets, target, position, scratch, &mut self.before[target]);
            }
        }
        keep(&mut self.kept, position);
    }

    fn after(
        &mut self,
        position: &Block<R>,
        look: &Look<'_>,
        exits: &mut [ReplicaExit],
        scratch: &mut Scratch<R>,
        finished: &mut Vec<usize>,
    ) {
        let mut point = vec![0.0; position.dimension()];
        for target in 0..self.targets.len() {
            evaluate(self.targets, target, position, scratch, &mut self.level);
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
                            let gradient = level_gradient(self.targets, target, &point);
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
        let gradient = level_gradient(self.targets, target, point);
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

/// Copies where lanes are, where that is wanted.
fn keep<R: Variate>(kept: &mut Option<Block<R>>, position: &Block<R>) {
    if let Some(kept) = kept {
        kept.values_mut().copy_from_slice(position.values());
    }
}

/// Writes where a lane is to a place; nothing to one without coordinates.
fn put<R: Variate>(place: &mut [f64], position: &Block<R>, lane: usize) {
    for (entry, value) in place.iter_mut().zip(place::of_lane(position, lane)) {
        *entry = value;
    }
}

fn evaluate<R: Variate>(
    targets: &Targets<R>,
    target: usize,
    position: &Block<R>,
    scratch: &mut Scratch<R>,
    out: &mut [R],
) {
    match targets {
        Targets::Nested { coordinate, side, thresholds } => {
            let sign = R::from_f64(side_sign(*side));
            let threshold =
                thresholds.iter().find(|threshold| threshold.1 == target).map_or(0.0, |found| found.0);
            let threshold = R::from_f64(threshold);
            for (out, &x) in out.iter_mut().zip(position.coordinate(*coordinate)) {
                *out = sign * x - threshold;
            }
        }
        Targets::Regions(regions) => regions[target].level(position, scratch, out),
    }
}

fn level_gradient<R: Variate>(targets: &Targets<R>, target: usize, point: &[f64]) -> Option<Vec<f64>> {
    match targets {
        Targets::Nested { coordinate, side, .. } => {
            let mut gradient = vec![0.0; point.len()];
            gradient[*coordinate] = side_sign(*side);
            Some(gradient)
        }
        Targets::Regions(regions) => regions[target].level_gradient(point),
    }
}
