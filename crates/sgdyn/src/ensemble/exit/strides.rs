//! All steps of a fill in one go: where a rule is a walk, lanes run blindly past their thresholds; those that raised an
//! alarm, few of them, are taken back and stepped again with both eyes open.

use super::watch::{Look, Watch};
use super::{ExitUnit, Lanes};
use crate::landscape::{Stride, Walk};
use crate::random::Variate;

/// Almost no lane raises an alarm, so they are asked by groups first.
const GROUP: usize = 32;

/// What a walk needs beside the lanes.
#[derive(Debug)]
pub(super) struct StrideBuffers<R> {
    /// Positions at the last fill.
    start: Vec<R>,
    alarms: Vec<u32>,
    /// The position and the noise of one lane.
    x: Vec<R>,
    z: Vec<R>,
}

impl<R: Variate> StrideBuffers<R> {
    pub(super) fn new() -> Self {
        Self { start: Vec::new(), alarms: Vec::new(), x: Vec::new(), z: Vec::new() }
    }
}

impl<R: Variate> Lanes<'_, R> {
    /// Runs the steps of one fill, in none of which a lane comes to its horizon; `false` if that takes a look after
    /// every step.
    pub(super) fn stride(&mut self, unit: &mut ExitUnit) -> bool {
        let Watch::Nested(watch) = &self.watch else { return false };
        let Some((walk, stride)) = self.program.rule.walk() else { return false };
        let buffers = &mut self.strides;
        buffers.start.clear();
        buffers.start.extend_from_slice(self.state.position.values());
        buffers.alarms.clear();
        buffers.alarms.resize(self.occupants.len(), 0);
        let x = self.state.position.values_mut();
        walk.walk(stride, self.draws.variates(0), x, watch.guard(), &mut buffers.alarms);
        for first in (0..self.occupants.len()).step_by(GROUP) {
            let group = first..(first + GROUP).min(self.occupants.len());
            if self.strides.alarms[group.clone()].iter().fold(0, |any, alarm| any | alarm) == 0 {
                continue;
            }
            for lane in group {
                if self.strides.alarms[lane] != 0 {
                    self.step_again(lane, walk, stride, unit);
                }
            }
        }
        true
    }

    /// Takes a lane back to the last fill and looks at it after every step.
    fn step_again(&mut self, lane: usize, walk: &dyn Walk<R>, stride: Stride<R>, unit: &mut ExitUnit) {
        let (lanes, dimension) = (self.occupants.len(), self.program.rule.dimension());
        let buffers = &mut self.strides;
        buffers.x.clear();
        buffers.x.extend(buffers.start[lane..].iter().step_by(lanes));
        buffers.z.clear();
        buffers.z.extend(self.draws.variates(0)[lane..].iter().step_by(lanes));
        for step in 0..self.draws.fill_steps() {
            let Watch::Nested(watch) = &mut self.watch else { return };
            let buffers = &mut self.strides;
            watch.remember(lane, &buffers.x);
            let guard = watch.guard_of(lane);
            let before = buffers.x[guard.coordinate];
            let z = &buffers.z[step * dimension..(step + 1) * dimension];
            walk.walk(stride, z, &mut buffers.x, guard, &mut [0]);
            for (coordinate, &value) in buffers.x.iter().enumerate() {
                self.state.position.set(coordinate, lane, value);
            }
            let look = Look {
                seed: self.program.seed,
                occupants: &self.occupants,
                steps: &self.steps,
                since_fill: step as u64 + 1,
                most_steps: self.program.most_steps,
            };
            watch.after_in_lane(
                lane,
                before,
                &self.state.position,
                &look,
                &mut self.exits,
                &mut self.finished,
            );
            if self.finished.pop().is_some() {
                // What becomes of a free lane until it is given away does not matter.
                self.release(lane, unit);
                return;
            }
        }
    }
}
