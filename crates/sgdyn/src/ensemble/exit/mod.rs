//! First passages: every replica runs until it reached all targets; its lane is then given to the next one.

mod condition_region;
mod crossing;
mod follow;
mod nested_watch;
mod place;
mod region_watch;
mod strides;
mod summary;
mod target;
#[cfg(test)]
mod tests;
mod watch;

pub use condition_region::ConditionRegion;
pub(crate) use crossing::{InsideStep, REACH};
pub use follow::{Followed, Home};
pub use summary::{ExitSummary, PassageSummary};
pub use target::{HalfSpace, Region, Side, Targets};

use serde::{Deserialize, Serialize};

use self::strides::StrideBuffers;
use self::summary::{ReplicaExit, summarise};
use self::watch::{Look, Occupant, Watch};
use super::{Control, LEAF, MergeTree, Start, UnitProgram};
use crate::lanes::{Block, Scratch, lane_kernel};
use crate::random::{Draws, Seed, Variate};
use crate::rule::{Rule, State};

/// An ensemble of exits.
pub struct ExitProgram<'a, R: Variate> {
    /// The update rule.
    pub rule: &'a dyn Rule<R>,
    /// Where replicas start.
    pub start: &'a Start,
    /// What they run to.
    pub targets: &'a Targets<R>,
    /// Whether crossings inside a step are looked for, where the rule offers its diffusion.
    pub correct_crossings: bool,
    /// A replica that has not reached all targets after so many steps is censored.
    pub most_steps: u64,
    /// The seed of the ensemble.
    pub seed: Seed,
    /// Replicas advanced at a time.
    pub lanes: usize,
}

/// A unit in flight.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExitUnit {
    first: u64,
    count: u64,
    /// How many lanes it began with: a resumed unit keeps them, as replicas enter lanes at fills, whose size goes by it.
    width: usize,
    /// The next replica that gets a lane.
    next: u64,
    lanes: Vec<LaneState>,
    /// Exits of replicas `first, first + 1, …`; `None` while they run or wait.
    done: Vec<Option<ReplicaExit>>,
    steps: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct LaneState {
    replica: u64,
    step: u64,
    position: Vec<f64>,
    memory: Vec<Vec<f64>>,
    exit: ReplicaExit,
}

/// How many fills lie between two reports of progress.
const FILLS_PER_REPORT: u64 = 64;

/// The lanes of a unit while it runs.
struct Lanes<'a, R: Variate> {
    program: &'a ExitProgram<'a, R>,
    state: State<R>,
    draws: Draws<R>,
    watch: Watch<'a, R>,
    scratch: Scratch<R>,
    occupants: Vec<Occupant>,
    replicas: Vec<u64>,
    steps: Vec<u64>,
    /// Lanes that are not live.
    free: Vec<usize>,
    /// No live lane is at a later step than this.
    latest: u64,
    exits: Vec<ReplicaExit>,
    finished: Vec<usize>,
    strides: StrideBuffers<R>,
    /// The coordinates of the places that exits keep.
    place_coordinates: usize,
}

impl<R: Variate> UnitProgram for ExitProgram<'_, R> {
    type State = ExitUnit;
    type Summary = ExitSummary;

    fn begin(&self, replicas: std::ops::Range<u64>) -> ExitUnit {
        let count = replicas.end - replicas.start;
        let width = self.lanes.min((count as usize).next_multiple_of(LEAF as usize));
        let done = (0..count).map(|_| None).collect();
        ExitUnit {
            first: replicas.start,
            count,
            width,
            next: replicas.start,
            lanes: Vec::new(),
            done,
            steps: 0,
        }
    }

    fn advance(&self, unit: &mut ExitUnit, control: &Control<'_>) -> Option<ExitSummary> {
        let mut lanes = Lanes::new(self, unit, place::kept_coordinates(self.rule.dimension()));
        let steps_per_fill = lanes.draws.fill_steps() as u64 * lanes.steps.len() as u64;
        loop {
            for fill in 0..FILLS_PER_REPORT {
                if !lanes.refill(unit) {
                    control.report(fill * steps_per_fill);
                    return Some(self.summary(unit));
                }
                lanes.run_fill(unit);
            }
            if !control.report(FILLS_PER_REPORT * steps_per_fill) {
                lanes.save(unit);
                return None;
            }
        }
    }
}

impl<R: Variate> ExitProgram<'_, R> {
    fn summary(&self, unit: &ExitUnit) -> ExitSummary {
        let mut tree = MergeTree::default();
        let exits: Vec<ReplicaExit> = unit.done.iter().flatten().cloned().collect();
        for (index, leaf) in exits.chunks(LEAF as usize).enumerate() {
            tree.insert(0, index as u64, summarise(leaf, self.rule.time_step()));
        }
        let mut summary = tree.root().unwrap_or_else(|| summarise(&[], self.rule.time_step()));
        summary.steps = unit.steps;
        summary
    }
}

impl<'a, R: Variate> Lanes<'a, R> {
    fn new(program: &'a ExitProgram<'a, R>, unit: &mut ExitUnit, place_coordinates: usize) -> Self {
        let (lanes, rule) = (unit.width, program.rule);
        let zeros = || Block::zeros(rule.dimension(), lanes, rule.layout());
        let mut all = Self {
            program,
            state: State { position: zeros(), memory: (0..rule.memory_blocks()).map(|_| zeros()).collect() },
            draws: Draws::new(program.seed, &rule.demands(), lanes),
            watch: Watch::new(program.targets, rule, lanes, program.correct_crossings, place_coordinates > 0),
            scratch: Scratch::new(),
            occupants: vec![Occupant { replica: 0, live: false }; lanes],
            replicas: vec![unit.first; lanes],
            steps: vec![0; lanes],
            free: (0..lanes).rev().collect(),
            latest: 0,
            exits: Vec::new(),
            finished: Vec::new(),
            strides: StrideBuffers::new(),
            place_coordinates,
        };
        all.exits = vec![all.empty_exit(); lanes];
        for saved in std::mem::take(&mut unit.lanes) {
            let Some(lane) = all.free.pop() else { break };
            all.occupy(lane, saved.replica, saved.step, saved.exit);
            for (coordinate, &value) in saved.position.iter().enumerate() {
                all.state.position.set(coordinate, lane, R::from_f64(value));
            }
            for (block, values) in all.state.memory.iter_mut().zip(&saved.memory) {
                for (coordinate, &value) in values.iter().enumerate() {
                    block.set(coordinate, lane, R::from_f64(value));
                }
            }
        }
        all
    }

    fn empty_exit(&self) -> ReplicaExit {
        let corrected = self.program.correct_crossings && self.program.rule.bridge().is_some();
        ReplicaExit::new(self.program.targets.len(), corrected, self.place_coordinates)
    }

    fn occupy(&mut self, lane: usize, replica: u64, step: u64, exit: ReplicaExit) {
        self.occupants[lane] = Occupant { replica, live: true };
        self.latest = self.latest.max(step);
        (self.replicas[lane], self.steps[lane]) = (replica, step);
        self.draws.restart(lane, replica, step);
        self.watch.enter(lane, &exit);
        self.exits[lane] = exit;
    }

    /// Gives free lanes to waiting replicas; `false` once no lane is live. With a rule whose steps depend on their number
    /// all lanes start together.
    fn refill(&mut self, unit: &mut ExitUnit) -> bool {
        let lanes = self.occupants.len();
        let together = self.program.rule.depends_on_step();
        if together && self.free.len() < lanes {
            return true;
        }
        while unit.next < unit.first + unit.count
            && let Some(lane) = self.free.pop()
        {
            let replica = unit.next;
            unit.next += 1;
            self.program.start.place(self.program.seed, replica, lane, &mut self.state.position);
            for block in &mut self.state.memory {
                for coordinate in 0..block.dimension() {
                    block.set(coordinate, lane, R::ZERO);
                }
            }
            self.occupy(lane, replica, 0, self.empty_exit());
        }
        self.free.len() < lanes
    }

    /// Runs the steps of one fill.
    fn run_fill(&mut self, unit: &mut ExitUnit) {
        let fill_steps = self.draws.fill_steps();
        self.draws.fill(&self.replicas, &self.steps);
        let ends_inside = self.ends_within(fill_steps as u64);
        if ends_inside || !self.stride(unit) {
            self.step(ends_inside, unit);
        }
        self.end_fill(unit);
    }

    /// Counts the steps of a fill, and ends the replicas that diverged in it.
    fn end_fill(&mut self, unit: &mut ExitUnit) {
        let fill_steps = self.draws.fill_steps() as u64;
        for steps in &mut self.steps {
            *steps += fill_steps;
        }
        self.latest += fill_steps;
        self.end_diverged(unit);
    }

    /// Runs the steps of one fill, with a look after each.
    fn step(&mut self, ends_inside: bool, unit: &mut ExitUnit) {
        let first_live = self.occupants.iter().position(|occupant| occupant.live).unwrap_or(0);
        let before = self.steps[first_live];
        for step in 0..self.draws.fill_steps() {
            self.one_step(step, before, ends_inside, unit);
        }
    }

    /// Runs step `step` of a fill with a look after it, `before` being the steps of live lanes at the last fill.
    fn one_step(&mut self, step: usize, before: u64, ends_inside: bool, unit: &mut ExitUnit) {
        self.watch.before(&self.state.position, &mut self.scratch);
        let number = before + step as u64;
        self.program.rule.advance(number, &mut self.state, self.draws.step(step), &mut self.scratch);
        let look = Look {
            seed: self.program.seed,
            occupants: &self.occupants,
            steps: &self.steps,
            since_fill: step as u64 + 1,
            most_steps: self.program.most_steps,
        };
        self.watch.after(&self.state.position, &look, &mut self.exits, &mut self.scratch, &mut self.finished);
        while let Some(lane) = self.finished.pop() {
            self.release(lane, unit);
        }
        if ends_inside {
            self.censor(step as u64 + 1, unit);
        }
    }

    /// Whether a live lane comes to its horizon within the next `fill_steps` steps.
    fn ends_within(&mut self, fill_steps: u64) -> bool {
        let horizon = self.program.most_steps.saturating_sub(fill_steps);
        if self.latest >= horizon {
            // The bound has grown with every fill, whoever left: now the lanes are asked.
            let live = self.occupants.iter().zip(&self.steps).filter(|(occupant, _)| occupant.live);
            self.latest = live.map(|(_, &step)| step).max().unwrap_or(0);
        }
        self.latest >= horizon
    }

    /// Ends replicas that are at their horizon, `since_fill` steps after the last fill: in this very step, since what
    /// becomes of them later must not count.
    fn censor(&mut self, since_fill: u64, unit: &mut ExitUnit) {
        for lane in 0..self.occupants.len() {
            if self.occupants[lane].live && self.steps[lane] + since_fill >= self.program.most_steps {
                self.exits[lane].diverged = !self.is_finite(lane);
                self.exits[lane].end = self.program.most_steps as f64;
                self.release(lane, unit);
            }
        }
    }

    /// Ends replicas that are nowhere. They are looked for after each fill, whose size goes by the number of lanes; when
    /// they ended is said to the largest fill, so that it does not.
    fn end_diverged(&mut self, unit: &mut ExitUnit) {
        if !not_finite(self.state.position.values()) {
            return;
        }
        for lane in 0..self.occupants.len() {
            if self.occupants[lane].live && !self.is_finite(lane) {
                let noticed = self.steps[lane].next_multiple_of(Draws::<R>::MOST_FILL_STEPS as u64);
                self.exits[lane].diverged = true;
                self.exits[lane].end = noticed.min(self.program.most_steps) as f64;
                self.release(lane, unit);
            }
        }
    }

    fn is_finite(&self, lane: usize) -> bool {
        let position = &self.state.position;
        (0..position.dimension()).all(|coordinate| position.get(coordinate, lane).to_f64().is_finite())
    }

    fn release(&mut self, lane: usize, unit: &mut ExitUnit) {
        self.occupants[lane].live = false;
        self.free.push(lane);
        self.watch.leave(lane);
        let empty = self.empty_exit();
        let exit = std::mem::replace(&mut self.exits[lane], empty);
        unit.steps += exit.end as u64;
        let index = (self.occupants[lane].replica - unit.first) as usize;
        unit.done[index] = Some(exit);
        // A free lane idles at a harmless place until it is given away.
        self.program.start.place(
            self.program.seed,
            self.occupants[lane].replica,
            lane,
            &mut self.state.position,
        );
    }

    /// Writes the live lanes to `unit`.
    fn save(&self, unit: &mut ExitUnit) {
        let column =
            |block: &Block<R>, lane| (0..block.dimension()).map(|c| block.get(c, lane).to_f64()).collect();
        unit.lanes = (0..self.occupants.len())
            .filter(|&lane| self.occupants[lane].live)
            .map(|lane| LaneState {
                replica: self.occupants[lane].replica,
                step: self.steps[lane],
                position: column(&self.state.position, lane),
                memory: self.state.memory.iter().map(|block| column(block, lane)).collect(),
                exit: self.exits[lane].clone(),
            })
            .collect();
    }
}

lane_kernel! {
    fn not_finite<R: Variate>(values: &[R]) -> bool {
        let mut broken = 0;
        for &value in values {
            // Infinite and undefined values alone give something else than 0.
            broken |= u32::from(value * R::ZERO != R::ZERO);
        }
        broken != 0
    }
}
