//! Paths of a rule in the lanes of a block: a lane whose path has ended takes the next one.

use super::event::{Path, PathRequest, PathStart, Progress, Travel};
use super::rule_event::{RuleEvent, Watched};
use crate::ensemble::LEAF;
use crate::ensemble::exit::InsideStep;
use crate::lanes::{Block, Layout, Scratch};
use crate::random::Draws;
use crate::rule::State;

/// Where a path of a rule is, with all that the rule remembers and its age.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleState {
    /// Position, then memory block by block, `[d·(1 + blocks)]`.
    values: Box<[f64]>,
    /// Steps since the start, those of the paths that it is a copy of included.
    age: u64,
}

impl RuleState {
    /// At a point, with nothing remembered.
    pub(super) fn at_rest(point: &[f64], memory_blocks: usize) -> Self {
        let mut values = point.to_vec();
        values.resize(point.len() * (1 + memory_blocks), 0.0);
        Self { values: values.into(), age: 0 }
    }

    fn read(state: &State<f64>, lane: usize, age: u64) -> Self {
        let column = |block: &Block<f64>| -> Vec<f64> {
            (0..block.dimension()).map(|coordinate| block.get(coordinate, lane)).collect()
        };
        let values = [&state.position].into_iter().chain(&state.memory).flat_map(column).collect();
        Self { values, age }
    }

    fn write(&self, state: &mut State<f64>, lane: usize) {
        let dimension = state.position.dimension();
        let blocks = [&mut state.position].into_iter().chain(&mut state.memory);
        for (block, values) in blocks.zip(self.values.chunks_exact(dimension)) {
            for (coordinate, &value) in values.iter().enumerate() {
                block.set(coordinate, lane, value);
            }
        }
    }

    /// The position, `[d]`.
    pub fn position(&self, dimension: usize) -> &[f64] {
        &self.values[..dimension]
    }
}

/// As many lanes as keep a step's arrays in the first-level cache.
fn most_lanes(dimension: usize, memory_blocks: usize) -> usize {
    const STATE_BYTES: usize = 1 << 14;
    const MOST_LANES: usize = 256;
    let per_lane = dimension * (4 + memory_blocks) * size_of::<f64>();
    (STATE_BYTES / per_lane).clamp(LEAF as usize, MOST_LANES)
}

/// A path in a lane, with its number among the starts.
type Traveller = Travel<RuleState, usize>;

struct Lanes<'a, 'e> {
    event: &'a RuleEvent<'e>,
    request: &'a PathRequest,
    starts: &'a [PathStart<'a, RuleState>],
    next: usize,
    state: State<f64>,
    /// The position by coordinates, where the rule stores it by replicas.
    view: Option<Block<f64>>,
    draws: Draws<f64>,
    scratch: Scratch<f64>,
    travellers: Vec<Option<Traveller>>,
    replicas: Vec<u64>,
    steps: Vec<u64>,
    free: Vec<usize>,
    /// Levels of target and failure before a step.
    before: [Vec<f64>; 2],
    after: [Vec<f64>; 2],
    levels: Vec<f64>,
    done: Vec<Option<Path<RuleState>>>,
    left: u64,
}

/// Runs paths to their ends; see [`PathSource::run`](super::PathSource::run).
pub(super) fn run_paths(
    event: &RuleEvent<'_>,
    starts: &[PathStart<'_, RuleState>],
    request: &PathRequest,
) -> Option<Vec<Path<RuleState>>> {
    if starts.is_empty() {
        return Some(Vec::new());
    }
    let mut lanes = Lanes::new(event, starts, request);
    while lanes.refill() {
        lanes.run_fill()?;
    }
    Some(lanes.done.into_iter().flatten().collect())
}

impl<'a, 'e> Lanes<'a, 'e> {
    fn new(
        event: &'a RuleEvent<'e>,
        starts: &'a [PathStart<'a, RuleState>],
        request: &'a PathRequest,
    ) -> Self {
        let rule = event.rule;
        let lanes = starts
            .len()
            .next_multiple_of(LEAF as usize)
            .min(most_lanes(rule.dimension(), rule.memory_blocks()));
        let zeros = || Block::zeros(rule.dimension(), lanes, rule.layout());
        let by_coordinates = || Block::zeros(rule.dimension(), lanes, Layout::CoordinateMajor);
        Self {
            event,
            request,
            starts,
            next: 0,
            state: State { position: zeros(), memory: (0..rule.memory_blocks()).map(|_| zeros()).collect() },
            view: (rule.layout() != Layout::CoordinateMajor).then(by_coordinates),
            draws: Draws::new(request.seed, &rule.demands(), lanes),
            scratch: Scratch::new(),
            travellers: (0..lanes).map(|_| None).collect(),
            replicas: vec![starts[0].stream; lanes],
            steps: vec![0; lanes],
            free: (0..lanes).rev().collect(),
            before: [vec![0.0; lanes], vec![0.0; lanes]],
            after: [vec![0.0; lanes], vec![0.0; lanes]],
            levels: vec![0.0; lanes],
            done: starts.iter().map(|_| None).collect(),
            left: request.most_steps,
        }
    }

    /// Gives free lanes to waiting paths; `false` once none is on its way.
    fn refill(&mut self) -> bool {
        let mut placed = false;
        while self.next < self.starts.len()
            && let Some(&lane) = self.free.last()
        {
            let (number, start) = (self.next, &self.starts[self.next]);
            self.next += 1;
            let traveller = Traveller::new(number, start.state, start.level, self.request);
            if traveller.end.is_some() {
                self.done[number] = Some(traveller.finish_at(start.state.clone()));
                continue;
            }
            self.free.pop();
            start.state.write(&mut self.state, lane);
            (self.replicas[lane], self.steps[lane]) = (start.stream, 0);
            self.draws.restart(lane, start.stream, 0);
            self.travellers[lane] = Some(traveller);
            placed = true;
        }
        if placed {
            self.look_at_boundaries();
            std::mem::swap(&mut self.before, &mut self.after);
        }
        self.free.len() < self.travellers.len()
    }

    /// Runs the steps of one fill; `None` if too many were made.
    fn run_fill(&mut self) -> Option<()> {
        self.draws.fill(&self.replicas, &self.steps);
        for step in 0..self.draws.fill_steps() {
            let live = (self.travellers.len() - self.free.len()) as u64;
            self.left = self.left.checked_sub(live)?;
            // Steps are alike: a rule with a schedule was refused.
            self.event.rule.advance(0, &mut self.state, self.draws.step(step), &mut self.scratch);
            self.look_at_boundaries();
            let (event, travellers) = (self.event, &self.travellers);
            let position = self.view.as_ref().unwrap_or(&self.state.position);
            let live = |lane: usize| travellers[lane].is_some();
            event.coordinate.levels(position, live, &mut self.scratch, &mut self.levels);
            for lane in 0..self.travellers.len() {
                self.take_note(lane);
            }
            std::mem::swap(&mut self.before, &mut self.after);
            if self.free.len() == self.travellers.len() {
                break;
            }
        }
        let filled = self.draws.fill_steps() as u64;
        for steps in &mut self.steps {
            *steps += filled;
        }
        Some(())
    }

    /// The levels of both boundaries.
    fn look_at_boundaries(&mut self) {
        if let Some(view) = &mut self.view {
            for lane in 0..view.lanes() {
                for coordinate in 0..view.dimension() {
                    view.set(coordinate, lane, self.state.position.get(coordinate, lane));
                }
            }
        }
        let position = self.view.as_ref().unwrap_or(&self.state.position);
        let [target, failure] = &mut self.after;
        self.event.target.levels(position, &mut self.scratch, target);
        if let Some(watched) = &self.event.failure {
            watched.levels(position, &mut self.scratch, failure);
        }
    }

    /// What a step was for the path in a lane.
    fn take_note(&mut self, lane: usize) {
        let Some(traveller) = &mut self.travellers[lane] else { return };
        let state = &self.state;
        let mut paths: Option<[InsideStep; 2]> = None;
        let step = traveller.steps + 1;
        let age = self.starts[traveller.state].state.age + step;
        let replica = self.replicas[lane];
        let mut crossed = |watched: &Watched<'_>, side: usize| {
            let (before, after) = (self.before[side][lane], self.after[side][lane]);
            let point = || {
                (0..state.position.dimension())
                    .map(|coordinate| state.position.get(coordinate, lane))
                    .collect()
            };
            let path = || {
                paths.get_or_insert_with(|| InsideStep::both_sides(self.request.seed, replica, step))[side]
            };
            after.is_finite() && watched.boundary.crossed(&watched.sight, before, after, point, path)
        };
        let failed = self.event.failure.as_ref().is_some_and(|failure| crossed(failure, 1));
        let progress = if failed {
            Progress::Failed
        } else if crossed(&self.event.target, 0) {
            Progress::Reached
        } else if self.event.horizon.is_some_and(|horizon| age >= horizon) {
            Progress::Failed
        } else {
            let level = self.levels[lane];
            Progress::Level(if level.is_finite() { level } else { f64::NAN })
        };
        traveller.after(progress, self.request, |_| RuleState::read(state, lane, age));
        if traveller.end.is_some()
            && let Some(traveller) = self.travellers[lane].take()
        {
            let number = traveller.state;
            self.done[number] = Some(traveller.finish_at(RuleState::read(&self.state, lane, age)));
            self.free.push(lane);
        }
    }
}

impl Watched<'_> {
    fn levels(&self, position: &Block<f64>, scratch: &mut Scratch<f64>, out: &mut [f64]) {
        self.boundary.level(position, scratch, out);
        if self.sign < 0.0 {
            for level in out {
                *level = -*level;
            }
        }
    }
}
