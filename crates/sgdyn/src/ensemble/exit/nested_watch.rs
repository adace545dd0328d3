//! Watching lanes for thresholds on one coordinate.

use super::crossing::{InsideStep, REACH, crossed_lanes};
use super::place::{self, keep, put};
use super::summary::ReplicaExit;
use super::watch::Look;
use crate::landscape::{Guard, Nearness};
use crate::lanes::{Block, lane_kernel};
use crate::random::Variate;

/// Lanes are asked by strips whether any of them is to be looked at, then by groups, then one by one: of a strip almost
/// always none is, and a call should take many lanes.
const STRIP: usize = 256;
const GROUP: usize = 16;

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
    pub(super) fn new(
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

    pub(super) fn enter(&mut self, lane: usize, exit: &ReplicaExit) {
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

    /// Nothing is looked for in an empty lane.
    pub(super) fn leave(&mut self, lane: usize) {
        self.at_steps[lane] = R::from_f64(f64::NEG_INFINITY);
        self.corrected[lane] = R::from_f64(f64::NEG_INFINITY);
    }

    pub(super) fn before(&mut self, position: &Block<R>) {
        if self.variance.is_some() {
            self.before.copy_from_slice(position.coordinate(self.coordinate));
        }
        keep(&mut self.kept, position);
    }

    pub(super) fn after(
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
