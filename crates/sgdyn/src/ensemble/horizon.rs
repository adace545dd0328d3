//! Ensembles that run for a given number of steps and are looked at on the way.

use serde::{Deserialize, Serialize};

use super::walk::{Journey, Place, Walk};
use super::{Control, LEAF, Merge, MergeTree, Start, UnitProgram};
use crate::lanes::Block;
use crate::observe::{Bins, Projection, Sketch, Snapshot, TimeAverage};
use crate::random::{Seed, Variate};
use crate::rule::Rule;
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
    walk: Walk,
    seen: Seen,
}

/// What was observed of a unit so far.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Seen {
    origin: Vec<Vec<f64>>,
    sums: Vec<[Vec<f64>; 2]>,
    averaged: u64,
    snapshots: Vec<Snapshot>,
    paths: Vec<Path>,
}

impl<R: Variate> UnitProgram for HorizonProgram<'_, R> {
    type State = HorizonUnit;
    type Summary = HorizonSummary;

    fn begin(&self, replicas: std::ops::Range<u64>) -> HorizonUnit {
        HorizonUnit { walk: Walk::of(&replicas), seen: Seen::default() }
    }

    fn advance(&self, unit: &mut HorizonUnit, control: &Control<'_>) -> Option<HorizonSummary> {
        let HorizonUnit { walk, seen } = unit;
        let journey = Journey { rule: self.rule, start: self.start, steps: self.steps, seed: self.seed };
        let (place, position) = walk.finish(&journey, control, |place, position| {
            if place.step == 0 {
                self.begin_observing(seen, place, position);
            } else {
                self.observe(seen, place, position);
            }
        })?;
        Some(self.summary(seen, place, &position))
    }
}

impl<R: Variate> HorizonProgram<'_, R> {
    fn components(&self) -> usize {
        self.observations.projection.components()
    }

    /// The components of every replica of a unit, `[count][m]`.
    fn project(&self, place: Place, position: &Block<R>) -> Vec<Vec<f64>> {
        let mut offset = vec![0.0; position.dimension()];
        (0..place.count as usize)
            .map(|lane| {
                let mut out = vec![0.0; self.components()];
                self.observations.projection.apply(position, lane, &mut offset, &mut out);
                out
            })
            .collect()
    }

    fn begin_observing(&self, seen: &mut Seen, place: Place, position: &Block<R>) {
        let projected = self.project(place, position);
        let paths = self.observations.paths.saturating_sub(place.first).min(place.count);
        seen.paths =
            (0..paths).map(|lane| Path { replica: place.first + lane, points: Vec::new() }).collect();
        if self.observations.displacement {
            seen.origin = projected;
        }
        if self.observations.average.is_some() {
            let zeros = vec![0.0; self.components()];
            seen.sums = vec![[zeros.clone(), zeros]; place.count as usize];
        }
        if self.observations.snapshots.first() == Some(&0) {
            self.snapshot(seen, place, position);
        }
    }

    fn observe(&self, seen: &mut Seen, place: Place, position: &Block<R>) {
        if self.observations.snapshots.get(seen.snapshots.len()) == Some(&place.step) {
            self.snapshot(seen, place, position);
        }
        let Some(average) = self.observations.average else { return };
        if place.step > average.burn_in && (place.step - average.burn_in).is_multiple_of(average.every) {
            let mut offset = vec![0.0; position.dimension()];
            let mut out = vec![0.0; self.components()];
            for (lane, [first, second]) in seen.sums.iter_mut().enumerate() {
                self.observations.projection.apply(position, lane, &mut offset, &mut out);
                for ((first, second), &y) in first.iter_mut().zip(second).zip(&out) {
                    *first += y;
                    *second += y * y;
                }
            }
            seen.averaged += 1;
        }
    }

    fn snapshot(&self, seen: &mut Seen, place: Place, position: &Block<R>) {
        let projected = self.project(place, position);
        for (path, components) in seen.paths.iter_mut().zip(&projected) {
            path.points.push(components.clone());
        }
        let mut tree = MergeTree::default();
        for (index, leaf) in projected.chunks(LEAF as usize).enumerate() {
            let first = index * LEAF as usize;
            tree.insert(0, index as u64, self.leaf(leaf, seen.origin.get(first..).unwrap_or_default()));
        }
        seen.snapshots.push(tree.root().unwrap_or_default());
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

    fn summary(&self, seen: &mut Seen, place: Place, position: &Block<R>) -> HorizonSummary {
        let last = self.project(place, position);
        let samples = seen.averaged as f64;
        let (mut tree, mut diverged) = (MergeTree::default(), 0);
        for (index, leaf) in last.chunks(LEAF as usize).enumerate() {
            let mut averages = vec![TimeAverage::default(); self.components()];
            for (replica, values) in leaf.iter().enumerate() {
                let sums = seen.sums.get(index * LEAF as usize + replica);
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
            if seen.averaged > 0 { tree.root().map(|root| root.0).unwrap_or_default() } else { Vec::new() };
        let (snapshots, paths) = (std::mem::take(&mut seen.snapshots), std::mem::take(&mut seen.paths));
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
