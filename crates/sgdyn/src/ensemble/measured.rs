//! Ensembles whose replicas are each measured at given steps, by whatever is passed in.

use serde::{Deserialize, Serialize};

use super::walk::{Journey, Place, Walk};
use super::{Control, Merge, Start, UnitProgram};
use crate::lanes::Block;
use crate::random::{Seed, Variate};
use crate::rule::Rule;

/// What is measured of one replica at a step, at its position, `[d]`; an error ends the measurements of this replica.
pub type Measure<'a, R> = dyn Fn(u64, &[R]) -> Result<Vec<f64>, String> + Sync + 'a;

/// Why a replica's position is no longer finite: asked with its number, the step that made it so, from 0, and its position before that
/// step, `[d]`.
pub type Cause<'a, R> = dyn Fn(u64, u64, &[R]) -> String + Sync + 'a;

/// An ensemble of replicas that are measured one by one: for few replicas and costly measurements.
pub struct MeasuredProgram<'a, R: Variate> {
    /// The update rule.
    pub rule: &'a dyn Rule<R>,
    /// Where replicas start.
    pub start: &'a Start,
    /// The steps at which replicas are measured, rising; 0 is the start. The last one is the horizon.
    pub steps: &'a [u64],
    /// The measurement.
    pub measure: &'a Measure<'a, R>,
    /// What is told of a replica that left the range of numbers.
    pub cause: &'a Cause<'a, R>,
    /// The seed of the ensemble.
    pub seed: Seed,
}

/// What was measured of a replica.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// The replica.
    pub replica: u64,
    /// What was measured at each step, until a measurement failed.
    pub values: Vec<Vec<f64>>,
    /// The step at which one failed, or after which the position was not finite, and why.
    pub failed: Option<(u64, String)>,
}

/// The courses of all replicas, in their order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Courses(pub Vec<Course>);

impl Merge for Courses {
    fn merge(&mut self, later: &Self) {
        self.0.extend_from_slice(&later.0);
    }
}

/// A unit in flight: one block of lanes, and what was measured so far.
#[derive(Debug, Serialize, Deserialize)]
pub struct MeasuredUnit {
    walk: Walk,
    courses: Vec<Course>,
    measured: usize,
}

impl<R: Variate> UnitProgram for MeasuredProgram<'_, R> {
    type State = MeasuredUnit;
    type Summary = Courses;

    fn begin(&self, replicas: std::ops::Range<u64>) -> MeasuredUnit {
        let walk = Walk::of(&replicas);
        let course = |replica| Course { replica, values: Vec::new(), failed: None };
        MeasuredUnit { walk, courses: replicas.map(course).collect(), measured: 0 }
    }

    fn advance(&self, unit: &mut MeasuredUnit, control: &Control<'_>) -> Option<Courses> {
        let MeasuredUnit { walk, courses, measured } = unit;
        let steps = self.steps.last().copied().unwrap_or(0);
        let journey = Journey { rule: self.rule, start: self.start, steps, seed: self.seed };
        let mut before = walk.position::<R>(self.rule);
        walk.finish(&journey, control, |place, position| {
            self.note_lost(place, before.as_ref(), position, courses);
            match &mut before {
                Some(before) => before.values_mut().copy_from_slice(position.values()),
                None => before = Some(position.clone()),
            }
            if self.steps.get(*measured) == Some(&place.step) {
                *measured += 1;
                self.measure_all(place, position, courses);
            }
        })?;
        Some(Courses(std::mem::take(courses)))
    }
}

impl<R: Variate> MeasuredProgram<'_, R> {
    /// Ends the courses of replicas whose position was finite before, and is not.
    fn note_lost(
        &self,
        place: Place,
        before: Option<&Block<R>>,
        position: &Block<R>,
        courses: &mut [Course],
    ) {
        // Counted to the end rather than looked for, so that the loop runs on many values at once.
        let lost = |value: &R| u64::from(*value * R::ZERO != R::ZERO);
        let (1.., Some(before)) = (position.values().iter().map(lost).sum::<u64>(), before) else { return };
        let column = |block: &Block<R>, lane: usize| -> Vec<R> {
            (0..block.dimension()).map(|coordinate| block.get(coordinate, lane)).collect()
        };
        for (lane, course) in courses.iter_mut().enumerate().filter(|(_, course)| course.failed.is_none()) {
            if column(position, lane).iter().any(|value| !value.to_f64().is_finite()) {
                let cause = (self.cause)(course.replica, place.step - 1, &column(before, lane));
                course.failed = Some((place.step, cause));
            }
        }
    }

    fn measure_all(&self, place: Place, position: &Block<R>, courses: &mut [Course]) {
        for (lane, course) in courses.iter_mut().enumerate().filter(|(_, course)| course.failed.is_none()) {
            let at: Vec<R> =
                (0..position.dimension()).map(|coordinate| position.get(coordinate, lane)).collect();
            match (self.measure)(place.step, &at) {
                Ok(values) => course.values.push(values),
                Err(reason) => course.failed = Some((place.step, reason)),
            }
        }
    }
}
