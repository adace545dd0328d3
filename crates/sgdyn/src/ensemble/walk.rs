//! One block of lanes on its way to a horizon: what every ensemble with a fixed number of steps does.

use serde::{Deserialize, Serialize};

use super::{Control, LEAF, Start};
use crate::lanes::{Block, Layout, Scratch};
use crate::random::{Draws, Seed, Variate};
use crate::rule::{Rule, State};

/// Which replicas walk, and how far they are.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Place {
    /// The first replica.
    pub first: u64,
    /// How many replicas there are: lanes beyond them run along and are never looked at.
    pub count: u64,
    /// The steps made.
    pub step: u64,
}

/// Replicas in flight, as they are saved between steps.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Walk {
    place: Place,
    /// Position and memory blocks, `[blocks][lanes][d]`; empty before the first step.
    blocks: Vec<Vec<Vec<f64>>>,
}

/// What walks, and how far.
pub(super) struct Journey<'a, R: Variate> {
    pub rule: &'a dyn Rule<R>,
    pub start: &'a Start,
    pub steps: u64,
    pub seed: Seed,
}

const FILLS_PER_REPORT: u64 = 32;

/// The lanes of a block of `count` replicas.
fn lanes<R: Variate>(rule: &dyn Rule<R>, count: u64) -> usize {
    match rule.layout() {
        Layout::CoordinateMajor => (count as usize).next_multiple_of(LEAF as usize),
        // A lane beyond the replicas costs as much as one of them there.
        Layout::ReplicaMajor => count as usize,
    }
}

impl Walk {
    /// Replicas that have not begun.
    pub(super) fn of(replicas: &std::ops::Range<u64>) -> Self {
        let place = Place { first: replicas.start, count: replicas.end - replicas.start, step: 0 };
        Self { place, blocks: Vec::new() }
    }

    /// Where replicas in flight are; none that have not begun.
    pub(super) fn position<R: Variate>(&self, rule: &dyn Rule<R>) -> Option<Block<R>> {
        let columns = self.blocks.first()?;
        let mut position = Block::zeros(rule.dimension(), lanes(rule, self.place.count), rule.layout());
        for (lane, column) in columns.iter().enumerate() {
            for (coordinate, &value) in column.iter().enumerate() {
                position.set(coordinate, lane, R::from_f64(value));
            }
        }
        Some(position)
    }

    /// Advances to the horizon and answers the last place and position; `None` where `control` asked to stop. `observe` sees
    /// the start, step 0, and the end of every step.
    pub(super) fn finish<R: Variate>(
        &mut self,
        journey: &Journey<'_, R>,
        control: &Control<'_>,
        mut observe: impl FnMut(Place, &Block<R>),
    ) -> Option<(Place, Block<R>)> {
        let rule = journey.rule;
        let lanes = lanes(rule, self.place.count);
        let zeros = || Block::<R>::zeros(rule.dimension(), lanes, rule.layout());
        let memory = (0..rule.memory_blocks()).map(|_| zeros()).collect();
        let mut state = State { position: zeros(), memory };
        let mut draws = Draws::new(journey.seed, &rule.demands(), lanes);
        let mut scratch = Scratch::new();
        let replicas: Vec<u64> = (0..lanes as u64).map(|lane| self.place.first + lane).collect();
        if self.blocks.is_empty() {
            for (lane, &replica) in replicas.iter().enumerate() {
                journey.start.place(journey.seed, replica, lane, &mut state.position);
            }
            observe(self.place, &state.position);
        } else {
            self.restore(&mut state);
            for (lane, &replica) in replicas.iter().enumerate() {
                draws.restart(lane, replica, self.place.step);
            }
        }
        let mut steps = vec![self.place.step; lanes];
        let mut fills = 0;
        while self.place.step < journey.steps {
            draws.fill(&replicas, &steps);
            for step in 0..draws.fill_steps() {
                if self.place.step == journey.steps {
                    break;
                }
                rule.advance(self.place.step, &mut state, draws.step(step), &mut scratch);
                self.place.step += 1;
                observe(self.place, &state.position);
            }
            steps.fill(self.place.step);
            fills += 1;
            if fills % FILLS_PER_REPORT == 0 && self.place.step < journey.steps {
                let done = FILLS_PER_REPORT * draws.fill_steps() as u64 * self.place.count;
                if !control.report(done) {
                    self.save(&state);
                    return None;
                }
            }
        }
        control.report((fills % FILLS_PER_REPORT) * draws.fill_steps() as u64 * self.place.count);
        Some((self.place, state.position))
    }

    fn save<R: Variate>(&mut self, state: &State<R>) {
        let lanes = self.place.count as usize;
        let columns = |block: &Block<R>| {
            (0..lanes)
                .map(|lane| (0..block.dimension()).map(|c| block.get(c, lane).to_f64()).collect())
                .collect()
        };
        self.blocks = std::iter::once(&state.position).chain(&state.memory).map(columns).collect();
    }

    fn restore<R: Variate>(&mut self, state: &mut State<R>) {
        let blocks = std::iter::once(&mut state.position).chain(&mut state.memory);
        for (block, columns) in blocks.zip(std::mem::take(&mut self.blocks)) {
            for (lane, column) in columns.into_iter().enumerate() {
                for (coordinate, value) in column.into_iter().enumerate() {
                    block.set(coordinate, lane, R::from_f64(value));
                }
            }
        }
    }
}
