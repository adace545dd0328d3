//! Ensembles that run for a given number of steps and are looked at on the way.

use serde::{Deserialize, Serialize};

use super::{Control, LEAF, Merge, MergeTree, Start, UnitProgram};
use crate::lanes::{Block, Scratch};
use crate::observe::{Bins, Projection, Sketch, Snapshot, TimeAverage};
use crate::random::{Draws, Seed, Variate};
use crate::rule::{Rule, State};
use crate::statistics::{CoMoments, Moments};

/// What is observed of an ensemble.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::struct_excessive_bools, reason = "each says of one statistic whether it is kept")]
pub struct Observations {
    /// The observed components.
    pub projection: Projection,
    /// The steps at which a snapshot is taken, rising; 0 is the start.
    pub snapshots: Vec<u64>,
    /// Whether snapshots hold the covariance of the components.
    pub covariance: bool,
    /// Whether snapshots hold squared displacements from the start.
    pub displacement: bool,
    /// Whether snapshots hold logarithms of magnitudes.
    pub logarithms: bool,
    /// Whether snapshots hold quantiles.
    pub quantiles: bool,
    /// The bins that snapshots count in, if any.
    pub histogram: Option<Bins>,
    /// Averages over time, if asked for.
    pub average: Option<Average>,
    /// How many replicas leave their paths: their components at every snapshot.
    pub paths: u64,
}

/// When averages over time are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Average {
    /// After this many steps.
    pub burn_in: u64,
    /// At every so many steps from there on.
    pub every: u64,
}

/// An ensemble that runs to a horizon.
pub struct HorizonProgram<'a, R: Variate> {
    /// The update rule.
    pub rule: &'a dyn Rule<R>,
    /// Where replicas start.
    pub start: &'a Start,
    /// The number of steps.
    pub steps: u64,
    /// What is observed.
    pub observations: &'a Observations,
    /// The seed of the ensemble.
    pub seed: Seed,
}

/// A path at the snapshots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Path {
    /// The replica.
    pub replica: u64,
    /// Its components at each snapshot, `[snapshots][m]`.
    pub points: Vec<Vec<f64>>,
}

/// What an ensemble gives.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct HorizonSummary {
    /// The snapshots in order.
    pub snapshots: Vec<Snapshot>,
    /// Averages over time of each component; empty if none were asked for.
    pub averages: Vec<TimeAverage>,
    /// Replicas that were infinite or undefined at the end or at an average, and are left out of the averages.
    pub diverged: u64,
    /// The paths asked for.
    pub paths: Vec<Path>,
}

impl Merge for HorizonSummary {
    fn merge(&mut self, later: &Self) {
        for (mine, theirs) in self.snapshots.iter_mut().zip(&later.snapshots) {
            mine.merge(theirs);
        }
        if self.averages.is_empty() {
            self.averages.clone_from(&later.averages);
        } else {
            for (mine, theirs) in self.averages.iter_mut().zip(&later.averages) {
                mine.merge(theirs);
            }
        }
        self.diverged += later.diverged;
        self.paths.extend_from_slice(&later.paths);
    }
}

impl Merge for Snapshot {
    fn merge(&mut self, later: &Self) {
        Self::merge(self, later);
    }
}

/// A unit in flight: one block of lanes.
#[derive(Debug, Serialize, Deserialize)]
pub struct HorizonUnit {
    first: u64,
    count: u64,
    step: u64,
    /// Position and memory blocks, `[blocks][lanes][d]`; empty before the first step.
    blocks: Vec<Vec<Vec<f64>>>,
    origin: Vec<Vec<f64>>,
    sums: Vec<[Vec<f64>; 2]>,
    averaged: u64,
    snapshots: Vec<Snapshot>,
    paths: Vec<Path>,
}

const FILLS_PER_REPORT: u64 = 32;

impl<R: Variate> UnitProgram for HorizonProgram<'_, R> {
    type State = HorizonUnit;
    type Summary = HorizonSummary;

    fn begin(&self, replicas: std::ops::Range<u64>) -> HorizonUnit {
        HorizonUnit {
            first: replicas.start,
            count: replicas.end - replicas.start,
            step: 0,
            blocks: Vec::new(),
            origin: Vec::new(),
            sums: Vec::new(),
            averaged: 0,
            snapshots: Vec::new(),
            paths: Vec::new(),
        }
    }

    fn advance(&self, unit: &mut HorizonUnit, control: &Control<'_>) -> Option<HorizonSummary> {
        let lanes = (unit.count as usize).next_multiple_of(LEAF as usize);
        let zeros = || Block::<R>::zeros(self.rule.dimension(), lanes, self.rule.layout());
        let memory = (0..self.rule.memory_blocks()).map(|_| zeros()).collect();
        let mut state = State { position: zeros(), memory };
        let mut draws = Draws::new(self.seed, &self.rule.demands(), lanes);
        let mut scratch = Scratch::new();
        // Lanes beyond the last replica run along and are never looked at.
        let replicas: Vec<u64> = (0..lanes as u64).map(|lane| unit.first + lane).collect();
        if unit.blocks.is_empty() {
            for (lane, &replica) in replicas.iter().enumerate() {
                self.start.place(self.seed, replica, lane, &mut state.position);
            }
            self.begin_observing(unit, &state.position);
        } else {
            restore(unit, &mut state);
            for (lane, &replica) in replicas.iter().enumerate() {
                draws.restart(lane, replica, unit.step);
            }
        }
        let mut steps = vec![unit.step; lanes];
        let mut fills = 0;
        while unit.step < self.steps {
            draws.fill(&replicas, &steps);
            for step in 0..draws.fill_steps() {
                if unit.step == self.steps {
                    break;
                }
                self.rule.advance(unit.step, &mut state, draws.step(step), &mut scratch);
                unit.step += 1;
                self.observe(unit, &state.position);
            }
            steps.fill(unit.step);
            fills += 1;
            if fills % FILLS_PER_REPORT == 0 && unit.step < self.steps {
                let done = FILLS_PER_REPORT * draws.fill_steps() as u64 * unit.count;
                if !control.report(done) {
                    save(unit, &state);
                    return None;
                }
            }
        }
        control.report((fills % FILLS_PER_REPORT) * draws.fill_steps() as u64 * unit.count);
        Some(self.summary(unit, &state.position))
    }
}

impl<R: Variate> HorizonProgram<'_, R> {
    fn components(&self) -> usize {
        self.observations.projection.components()
    }

    /// The components of every replica of a unit, `[count][m]`.
    fn project(&self, unit: &HorizonUnit, position: &Block<R>) -> Vec<Vec<f64>> {
        let mut offset = vec![0.0; position.dimension()];
        (0..unit.count as usize)
            .map(|lane| {
                let mut out = vec![0.0; self.components()];
                self.observations.projection.apply(position, lane, &mut offset, &mut out);
                out
            })
            .collect()
    }

    fn begin_observing(&self, unit: &mut HorizonUnit, position: &Block<R>) {
        let projected = self.project(unit, position);
        let paths = self.observations.paths.saturating_sub(unit.first).min(unit.count);
        unit.paths = (0..paths).map(|lane| Path { replica: unit.first + lane, points: Vec::new() }).collect();
        if self.observations.displacement {
            unit.origin = projected;
        }
        if self.observations.average.is_some() {
            let zeros = vec![0.0; self.components()];
            unit.sums = vec![[zeros.clone(), zeros]; unit.count as usize];
        }
        if self.observations.snapshots.first() == Some(&0) {
            self.snapshot(unit, position);
        }
    }

    fn observe(&self, unit: &mut HorizonUnit, position: &Block<R>) {
        if self.observations.snapshots.get(unit.snapshots.len()) == Some(&unit.step) {
            self.snapshot(unit, position);
        }
        let Some(average) = self.observations.average else { return };
        if unit.step > average.burn_in && (unit.step - average.burn_in).is_multiple_of(average.every) {
            let mut offset = vec![0.0; position.dimension()];
            let mut out = vec![0.0; self.components()];
            for (lane, [first, second]) in unit.sums.iter_mut().enumerate() {
                self.observations.projection.apply(position, lane, &mut offset, &mut out);
                for ((first, second), &y) in first.iter_mut().zip(second).zip(&out) {
                    *first += y;
                    *second += y * y;
                }
            }
            unit.averaged += 1;
        }
    }

    fn snapshot(&self, unit: &mut HorizonUnit, position: &Block<R>) {
        let projected = self.project(unit, position);
        for (path, components) in unit.paths.iter_mut().zip(&projected) {
            path.points.push(components.clone());
        }
        let mut tree = MergeTree::default();
        for (index, leaf) in projected.chunks(LEAF as usize).enumerate() {
            let first = index * LEAF as usize;
            tree.insert(0, index as u64, self.leaf(leaf, unit.origin.get(first..).unwrap_or_default()));
        }
        unit.snapshots.push(tree.root().unwrap_or_default());
    }

    fn leaf(&self, leaf: &[Vec<f64>], origin: &[Vec<f64>]) -> Snapshot {
        let components = self.components();
        let mut snapshot = Snapshot {
            components: vec![Moments::new(); components],
            covariance: self.observations.covariance.then(|| CoMoments::new(components)),
            displacement: vec![Moments::new(); if self.observations.displacement { components } else { 0 }],
            logarithms: vec![Moments::new(); if self.observations.logarithms { components } else { 0 }],
            sketches: vec![Sketch::default(); if self.observations.quantiles { components } else { 0 }],
            histogram: vec![0; self.observations.histogram.as_ref().map_or(0, Bins::count)],
            diverged: 0,
        };
        for (replica, values) in leaf.iter().enumerate() {
            if values.iter().any(|value| !value.is_finite()) {
                snapshot.diverged += 1;
                continue;
            }
            for (moments, &value) in snapshot.components.iter_mut().zip(values) {
                moments.push(value);
            }
            if let Some(covariance) = &mut snapshot.covariance {
                covariance.push(values).expect("the replicas of one ensemble have the same components");
            }
            for (sketch, &value) in snapshot.sketches.iter_mut().zip(values) {
                sketch.add(value);
            }
            if let Some(bins) = &self.observations.histogram {
                snapshot.histogram[bins.bin(values)] += 1;
            }
            for (moments, &value) in
                snapshot.logarithms.iter_mut().zip(values).filter(|(_, value)| **value != 0.0)
            {
                moments.push(crate::lanes::Real::ln(value.abs()));
            }
            if self.observations.displacement {
                for ((moments, &value), &from) in
                    snapshot.displacement.iter_mut().zip(values).zip(&origin[replica])
                {
                    moments.push((value - from) * (value - from));
                }
            }
        }
        snapshot
    }

    fn summary(&self, unit: &mut HorizonUnit, position: &Block<R>) -> HorizonSummary {
        let last = self.project(unit, position);
        let samples = unit.averaged as f64;
        let (mut tree, mut diverged) = (MergeTree::default(), 0);
        for (index, leaf) in last.chunks(LEAF as usize).enumerate() {
            let mut averages = vec![TimeAverage::default(); self.components()];
            for (replica, values) in leaf.iter().enumerate() {
                let sums = unit.sums.get(index * LEAF as usize + replica);
                let undefined = |values: &[f64]| values.iter().any(|value| !value.is_finite());
                if undefined(values) || sums.is_some_and(|[_, second]| undefined(second)) {
                    diverged += 1;
                    continue;
                }
                let Some([first, second]) = sums else { continue };
                for (average, (first, second)) in averages.iter_mut().zip(first.iter().zip(second)) {
                    average.merge(&TimeAverage::of(first / samples, second / samples));
                }
            }
            tree.insert(0, index as u64, Averages(averages));
        }
        let averages =
            if unit.averaged > 0 { tree.root().map(|root| root.0).unwrap_or_default() } else { Vec::new() };
        let (snapshots, paths) = (std::mem::take(&mut unit.snapshots), std::mem::take(&mut unit.paths));
        HorizonSummary { snapshots, averages, diverged, paths }
    }
}

struct Averages(Vec<TimeAverage>);

impl Merge for Averages {
    fn merge(&mut self, later: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&later.0) {
            mine.merge(theirs);
        }
    }
}

fn save<R: Variate>(unit: &mut HorizonUnit, state: &State<R>) {
    let lanes = unit.count as usize;
    let columns = |block: &Block<R>| {
        (0..lanes).map(|lane| (0..block.dimension()).map(|c| block.get(c, lane).to_f64()).collect()).collect()
    };
    unit.blocks = std::iter::once(&state.position).chain(&state.memory).map(columns).collect();
}

fn restore<R: Variate>(unit: &mut HorizonUnit, state: &mut State<R>) {
    let blocks = std::iter::once(&mut state.position).chain(&mut state.memory);
    for (block, columns) in blocks.zip(std::mem::take(&mut unit.blocks)) {
        for (lane, column) in columns.into_iter().enumerate() {
            for (coordinate, value) in column.into_iter().enumerate() {
                block.set(coordinate, lane, R::from_f64(value));
            }
        }
    }
}
