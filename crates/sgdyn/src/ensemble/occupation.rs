//! Ensembles of which one asks in which regions they are, and where they end.

use serde::{Deserialize, Serialize};

use super::walk::{Journey, Place, Walk};
use super::{Control, LEAF, Merge, MergeTree, Start, UnitProgram};
use crate::landscape::formula::{CompiledCondition, ConditionWorkspace};
use crate::lanes::Block;
use crate::observe::{Endings, Occupation, Occupied};
use crate::random::{Seed, Variate};
use crate::rule::Rule;

/// Where a replica that stops at a point would end, such as the minimum that steepest descent reaches; none if nowhere.
pub type EndOf<'a> = &'a (dyn Fn(&[f64]) -> Option<Vec<f64>> + Sync);

/// Two ends nearer than this are one.
pub const SAME_END: f64 = 1e-4;

/// An ensemble that runs to a horizon and is looked for in regions on the way.
pub struct OccupationProgram<'a, R: Variate> {
    /// The update rule.
    pub rule: &'a dyn Rule<R>,
    /// Where replicas start.
    pub start: &'a Start,
    /// The number of steps.
    pub steps: u64,
    /// The regions; they may overlap.
    pub regions: &'a [CompiledCondition<R>],
    /// Steps before the time in regions is counted.
    pub burn_in: u64,
    /// It is counted at every so many steps from there on.
    pub every: u64,
    /// The steps at which replicas in regions are counted, rising; 0 is the start.
    pub snapshots: &'a [u64],
    /// Where replicas would end, if that is asked.
    pub end_of: Option<EndOf<'a>>,
    /// The seed of the ensemble.
    pub seed: Seed,
}

/// What an ensemble gives.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct OccupationSummary {
    /// Shares of time, of replicas that did not diverge.
    pub occupation: Occupation,
    /// Replicas in regions at the snapshots, in order.
    pub snapshots: Vec<Occupied>,
    /// Where replicas end, if that was asked.
    pub endings: Endings,
    /// Replicas whose position was infinite or undefined at the end.
    pub diverged: u64,
}

impl Merge for OccupationSummary {
    fn merge(&mut self, later: &Self) {
        self.occupation.merge(&later.occupation);
        self.snapshots.resize(self.snapshots.len().max(later.snapshots.len()), Occupied::default());
        for (mine, theirs) in self.snapshots.iter_mut().zip(&later.snapshots) {
            mine.merge(theirs);
        }
        self.endings.merge(&later.endings, SAME_END);
        self.diverged += later.diverged;
    }
}

/// A unit in flight: one block of lanes.
#[derive(Debug, Serialize, Deserialize)]
pub struct OccupationUnit {
    walk: Walk,
    seen: Seen,
}

/// What was observed of a unit so far.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Seen {
    /// Observations inside each region, `[regions][count]`.
    inside: Vec<Vec<u64>>,
    /// Observations so far.
    observed: u64,
    snapshots: Vec<Occupied>,
}

impl<R: Variate> UnitProgram for OccupationProgram<'_, R> {
    type State = OccupationUnit;
    type Summary = OccupationSummary;

    fn begin(&self, replicas: std::ops::Range<u64>) -> OccupationUnit {
        let count = (replicas.end - replicas.start) as usize;
        let seen = Seen { inside: vec![vec![0; count]; self.regions.len()], ..Seen::default() };
        OccupationUnit { walk: Walk::of(&replicas), seen }
    }

    fn advance(&self, unit: &mut OccupationUnit, control: &Control<'_>) -> Option<OccupationSummary> {
        let OccupationUnit { walk, seen } = unit;
        let journey = Journey { rule: self.rule, start: self.start, steps: self.steps, seed: self.seed };
        let (mut workspace, mut mask) = (ConditionWorkspace::default(), Vec::new());
        let (place, position) = walk.finish(&journey, control, |place, position| {
            mask.resize(position.lanes(), 0);
            self.observe(seen, place, position, &mut workspace, &mut mask);
        })?;
        Some(self.summary(seen, place, &position))
    }
}

impl<R: Variate> OccupationProgram<'_, R> {
    fn observe(
        &self,
        seen: &mut Seen,
        place: Place,
        position: &Block<R>,
        workspace: &mut ConditionWorkspace<R>,
        mask: &mut [u8],
    ) {
        let counted = place.step > self.burn_in && (place.step - self.burn_in).is_multiple_of(self.every);
        let shown = self.snapshots.get(seen.snapshots.len()) == Some(&place.step);
        if !counted && !shown {
            return;
        }
        let count = place.count as usize;
        let mut snapshot = Occupied::default();
        for (region, inside) in self.regions.iter().zip(&mut seen.inside) {
            region.mask(position, workspace, mask);
            if counted {
                for (inside, &here) in inside.iter_mut().zip(&*mask) {
                    *inside += u64::from(here != 0);
                }
            }
            if shown {
                let here = |&lane: &usize| mask[lane] != 0 && is_somewhere(position, lane);
                snapshot.inside.push((0..count).filter(here).count() as u64);
            }
        }
        seen.observed += u64::from(counted);
        if shown {
            snapshot.replicas = (0..count).filter(|&lane| is_somewhere(position, lane)).count() as u64;
            seen.snapshots.push(snapshot);
        }
    }

    fn summary(&self, seen: &mut Seen, place: Place, position: &Block<R>) -> OccupationSummary {
        let mut tree = MergeTree::default();
        for first in (0..place.count as usize).step_by(LEAF as usize) {
            let lanes = first..(first + LEAF as usize).min(place.count as usize);
            tree.insert(0, first as u64 / LEAF, self.leaf(seen, lanes, position));
        }
        let mut summary = tree.root().unwrap_or_default();
        summary.snapshots = std::mem::take(&mut seen.snapshots);
        summary
    }

    fn leaf(&self, seen: &Seen, lanes: std::ops::Range<usize>, position: &Block<R>) -> OccupationSummary {
        let mut leaf = OccupationSummary::default();
        for lane in lanes {
            if !is_somewhere(position, lane) {
                leaf.diverged += 1;
                leaf.endings.lost += u64::from(self.end_of.is_some());
                continue;
            }
            if seen.observed > 0 {
                let share = |inside: &Vec<u64>| inside[lane] as f64 / seen.observed as f64;
                leaf.occupation.add(&seen.inside.iter().map(share).collect::<Vec<_>>());
            }
            if let Some(end_of) = self.end_of {
                let point: Vec<f64> =
                    (0..position.dimension()).map(|c| position.get(c, lane).to_f64()).collect();
                match end_of(&point) {
                    Some(end) => leaf.endings.add(&end, 1, SAME_END),
                    None => leaf.endings.lost += 1,
                }
            }
        }
        leaf
    }
}

fn is_somewhere<R: Variate>(position: &Block<R>, lane: usize) -> bool {
    (0..position.dimension()).all(|c| position.get(c, lane).to_f64().is_finite())
}
