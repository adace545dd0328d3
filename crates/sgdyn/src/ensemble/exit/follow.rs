//! Replicas that are watched on their way: where they are at given steps, where they leave, and the way they left by.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{ExitProgram, ExitUnit, Lanes, ReplicaExit};
use crate::ensemble::LEAF;
use crate::random::Variate;

/// Points of a way home to target; a longer one keeps every second, fourth, … of them.
const MOST_POINTS: usize = 4096;

/// What a replica must leave for the last time before it enters a target: a ball.
#[derive(Clone, Debug, PartialEq)]
pub struct Home {
    /// The middle, `[d]`.
    pub middle: Vec<f64>,
    /// The radius.
    pub radius: f64,
    /// The number of the target at which a way ends.
    pub target: usize,
}

/// One replica that was followed.
#[derive(Clone, Debug, PartialEq)]
pub struct Followed {
    /// Where it was at each of the given steps, `[steps × d]`; NaN once it had reached its last target or diverged.
    pub positions: Vec<f64>,
    /// Per target the step at the end of which it was inside; NaN where it was not reached.
    pub at_steps: Vec<f64>,
    /// The same with crossings inside steps, a fraction of a step; empty where they are not looked for.
    pub corrected: Vec<f64>,
    /// Where it entered each target as seen at steps, `[targets × d]`: where it was after the step.
    pub places: Vec<f64>,
    /// The same inside the step: the mean place of the path there.
    pub corrected_places: Vec<f64>,
    /// Whether its position became infinite or undefined.
    pub diverged: bool,
    /// Points from where it was last at home to where it entered the target, `[n × d]`; empty if it did not enter it or was never
    /// followed home.
    pub way: Vec<f64>,
}

/// The way of one lane since it was last at home.
#[derive(Clone, Debug, Default)]
struct Way {
    points: Vec<f64>,
    /// Every so many steps a point.
    every: u64,
    ended: bool,
}

impl Way {
    fn restart(&mut self, x: &[f64]) {
        self.points.clear();
        self.points.extend_from_slice(x);
        self.every = 1;
    }

    fn go_on(&mut self, step: u64, x: &[f64]) {
        let begun = self.every > 0;
        if !begun || !step.is_multiple_of(self.every) {
            return;
        }
        self.points.extend_from_slice(x);
        let dimension = x.len();
        if self.points.len() > MOST_POINTS * dimension {
            let kept = self.points.chunks_exact(dimension).step_by(2).flatten().copied().collect();
            self.points = kept;
            self.every *= 2;
        }
    }
}

/// What is kept of the replicas while they run.
struct Record<'a> {
    moments: &'a [u64],
    home: Option<&'a Home>,
    next: usize,
    first: u64,
    positions: Vec<Vec<f64>>,
    ways: Vec<Way>,
}

impl Record<'_> {
    /// Looks at all lanes that are live after their step `step`.
    fn look<R: Variate>(&mut self, step: u64, lanes: &Lanes<'_, R>, unit: &ExitUnit) {
        let due = self.moments.get(self.next) == Some(&step);
        if !due && self.home.is_none() {
            return;
        }
        let mut x = vec![0.0; lanes.state.position.dimension()];
        for (lane, occupant) in lanes.occupants.iter().enumerate() {
            let Some(replica) =
                occupant.replica.checked_sub(self.first).filter(|replica| *replica < unit.count)
            else {
                continue;
            };
            let replica = replica as usize;
            if !occupant.live {
                continue;
            }
            for (coordinate, entry) in x.iter_mut().enumerate() {
                *entry = lanes.state.position.get(coordinate, lane).to_f64();
            }
            if due {
                let dimension = x.len();
                self.positions[replica][self.next * dimension..][..dimension].copy_from_slice(&x);
            }
            if let Some(home) = self.home {
                let way = &mut self.ways[replica];
                way.ended |= reached(&lanes.exits[lane], home.target);
                if way.ended {
                    continue;
                }
                let square: f64 = x.iter().zip(&home.middle).map(|(x, middle)| (x - middle).powi(2)).sum();
                if square <= home.radius * home.radius { way.restart(&x) } else { way.go_on(step, &x) }
            }
        }
        self.next += usize::from(due);
    }
}

fn reached(exit: &ReplicaExit, target: usize) -> bool {
    let is_in = |times: &[f64]| times.get(target).is_some_and(|time| !time.is_nan());
    is_in(&exit.at_steps) || is_in(&exit.corrected)
}

impl<R: Variate> ExitProgram<'_, R> {
    /// Follows some replicas of the ensemble: they take the same steps as in a run, to the bit, so their exits are those of
    /// the run. `moments` are the steps at which their positions are kept, ascending; 0 is the start. All run side by
    /// side in one thread, until they reached all targets, their horizon, or `stop` is set.
    pub fn follow(
        &self,
        replicas: Range<u64>,
        moments: &[u64],
        home: Option<&Home>,
        stop: &AtomicBool,
    ) -> Vec<Followed> {
        let (count, dimension) = ((replicas.end - replicas.start) as usize, self.rule.dimension());
        let mut unit = ExitUnit {
            first: replicas.start,
            count: count as u64,
            width: count.next_multiple_of(LEAF as usize),
            next: replicas.start,
            lanes: Vec::new(),
            done: (0..count).map(|_| None).collect(),
            steps: 0,
        };
        let mut lanes = Lanes::new(self, &mut unit, dimension);
        let mut record = Record {
            moments,
            home,
            next: 0,
            first: replicas.start,
            positions: vec![vec![f64::NAN; moments.len() * dimension]; count],
            ways: vec![Way::default(); count],
        };
        let mut before = 0;
        while lanes.refill(&mut unit) && !stop.load(Ordering::Relaxed) {
            if before == 0 {
                record.look(0, &lanes, &unit);
            }
            let fill_steps = lanes.draws.fill_steps();
            lanes.draws.fill(&lanes.replicas, &lanes.steps);
            let ends_inside = lanes.ends_within(fill_steps as u64);
            for step in 0..fill_steps {
                lanes.one_step(step, before, ends_inside, &mut unit);
                record.look(before + step as u64 + 1, &lanes, &unit);
            }
            before += fill_steps as u64;
            lanes.end_fill(&mut unit);
        }
        let exits = unit.done.into_iter().map(|exit| exit.unwrap_or_else(|| lanes.empty_exit()));
        let kept = record.positions.into_iter().zip(record.ways);
        exits.zip(kept).map(|(exit, (positions, way))| followed(exit, positions, way, home)).collect()
    }
}

fn followed(exit: ReplicaExit, positions: Vec<f64>, way: Way, home: Option<&Home>) -> Followed {
    let mut points = Vec::new();
    if let Some(home) = home.filter(|home| reached(&exit, home.target)) {
        let mut exit = exit.clone();
        let inside = exit.corrected.get(home.target).is_some_and(|time| !time.is_nan());
        points = way.points;
        points.extend_from_slice(exit.place_mut(home.target, inside));
    }
    Followed {
        positions,
        at_steps: exit.at_steps,
        corrected: exit.corrected,
        places: exit.places,
        corrected_places: exit.corrected_places,
        diverged: exit.diverged,
        way: points,
    }
}
