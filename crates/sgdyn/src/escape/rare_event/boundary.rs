//! The boundaries of failure and of the event, seen at the ends of steps and inside them.

use crate::ensemble::exit::{ConditionRegion, HalfSpace, InsideStep, REACH, Region, Side};
use crate::landscape::formula::{Condition, FormulaError};
use crate::lanes::{Block, Scratch};
use crate::rule::{Bridge, Rule};

/// The boundary of a region of states.
pub struct Boundary(Shape);

enum Shape {
    /// `sign · x ≤ threshold` is inside.
    HalfSpace {
        coordinate: usize,
        sign: f64,
        threshold: f64,
    },
    Region(Box<dyn Region<f64>>),
}

impl Boundary {
    /// Of a half-space.
    pub fn half_space(half: HalfSpace) -> Self {
        let sign = if half.side == Side::Below { 1.0 } else { -1.0 };
        Self(Shape::HalfSpace { coordinate: half.coordinate, sign, threshold: sign * half.threshold })
    }

    /// Of a region of any shape.
    pub fn region(region: Box<dyn Region<f64>>) -> Self {
        Self(Shape::Region(region))
    }

    /// Of the points where a condition holds.
    ///
    /// # Errors
    /// [`FormulaError`] if its level function cannot be differentiated or is too large.
    pub fn condition(condition: &Condition) -> Result<Self, FormulaError> {
        Ok(match condition.half_space() {
            Some(half) => Self::half_space(half.into()),
            None => Self::region(Box::new(ConditionRegion::new(condition)?)),
        })
    }

    /// Writes to every lane a level that is at most 0 inside and above 0 outside.
    pub(super) fn level(&self, at: &Block<f64>, scratch: &mut Scratch<f64>, out: &mut [f64]) {
        match &self.0 {
            Shape::HalfSpace { coordinate, sign, threshold } => {
                for (out, &x) in out.iter_mut().zip(at.coordinate(*coordinate)) {
                    *out = sign * x - threshold;
                }
            }
            Shape::Region(region) => region.level(at, scratch, out),
        }
    }

    /// The level of one point.
    pub(super) fn level_at(&self, point: &[f64]) -> f64 {
        let mut level = [0.0];
        self.level(&Block::point(point), &mut Scratch::new(), &mut level);
        level[0]
    }

    fn gradient(&self, point: &[f64]) -> Option<Vec<f64>> {
        match &self.0 {
            Shape::HalfSpace { coordinate, sign, .. } => {
                let mut gradient = vec![0.0; point.len()];
                *gradient.get_mut(*coordinate)? = *sign;
                Some(gradient)
            }
            Shape::Region(region) => region.level_gradient(point),
        }
    }

    /// How crossings inside a step of `rule` are seen.
    pub(super) fn sight<'a>(&self, rule: &'a dyn Rule<f64>, inside_steps: bool) -> Sight<'a> {
        let Some(bridge) = rule.bridge().filter(|_| inside_steps) else { return Sight::AtSteps };
        match (bridge.isotropic_variance(), &self.0) {
            (Some(variance), Shape::HalfSpace { .. }) => Sight::Constant(variance),
            (Some(variance), Shape::Region(_)) => Sight::Isotropic(variance),
            (None, _) => Sight::Local(bridge),
        }
    }

    /// Whether a path from level `before` to level `after` at `point` was inside at the end of the step or during it.
    pub(super) fn crossed(
        &self,
        sight: &Sight<'_>,
        before: f64,
        after: f64,
        point: impl FnOnce() -> Vec<f64>,
        path: impl FnOnce() -> InsideStep,
    ) -> bool {
        if after <= 0.0 {
            return true;
        }
        let variance = match sight {
            Sight::AtSteps => return false,
            Sight::Constant(variance) => *variance,
            Sight::Isotropic(variance) => {
                let gradient = self.gradient(&point()).unwrap_or_default();
                variance * gradient.iter().map(|slope| slope * slope).sum::<f64>()
            }
            Sight::Local(bridge) => {
                let point = point();
                self.gradient(&point).map_or(0.0, |gradient| bridge.variance_along(&point, &gradient))
            }
        };
        before * after <= REACH * variance && path().crosses(before, after, variance)
    }
}

/// What is known of a path between two steps.
pub(super) enum Sight<'a> {
    /// Nothing.
    AtSteps,
    /// The variance of the level over a step, the same everywhere.
    Constant(f64),
    /// The variance of a step along every unit vector.
    Isotropic(f64),
    /// The variance at a point.
    Local(&'a dyn Bridge<f64>),
}
