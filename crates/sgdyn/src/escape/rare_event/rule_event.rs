//! Any update rule as a rare event: from a start, the target before the failure.

use super::super::EscapeError;
use super::boundary::{Boundary, Sight};
use super::coordinate::{ReactionCoordinate, check_start};
use super::event::{Path, PathRequest, PathSource, PathStart};
use super::rule_paths::{RuleState, run_paths};
use crate::random::{DrawDemand, Sampling, Seed};
use crate::rule::Rule;

/// What a rare event of a rule is made of.
#[derive(Clone, Copy)]
pub struct RuleEventParts<'a> {
    /// The rule.
    pub rule: &'a dyn Rule<f64>,
    /// Where paths start, `[d]`; what the rule remembers starts at 0.
    pub start: &'a [f64],
    /// The event.
    pub target: &'a Boundary,
    /// The failure, if there is one.
    pub failure: Option<&'a Boundary>,
    /// The level.
    pub coordinate: &'a ReactionCoordinate,
    /// The steps after which a path that is not there has failed; none where it may take its time.
    pub horizon: Option<u64>,
    /// Whether crossings of both boundaries inside a step are seen, where the rule offers its diffusion.
    pub inside_steps: bool,
}

/// A rule that is to reach a target before a failure. Paths are the lanes of blocks, whose numbers do not change a result.
pub struct RuleEvent<'a> {
    pub(super) rule: &'a dyn Rule<f64>,
    pub(super) coordinate: &'a ReactionCoordinate,
    pub(super) target: Watched<'a>,
    pub(super) failure: Option<Watched<'a>>,
    pub(super) horizon: Option<u64>,
    start: RuleState,
    start_level: f64,
}

/// A boundary and how it is seen.
pub(super) struct Watched<'a> {
    pub boundary: &'a Boundary,
    pub sight: Sight<'a>,
    /// −1 where what counts is to be outside.
    pub sign: f64,
}

impl<'a> RuleEvent<'a> {
    /// A rare event.
    ///
    /// # Errors
    /// A start of another dimension than the rule or inside a region; a rule whose steps depend on their number, or on the
    /// samples that an epoch has left: a copy of a path could not go on with noise of its own.
    pub fn new(parts: RuleEventParts<'a>) -> Result<Self, EscapeError> {
        let event = Self::anywhere(parts)?;
        check_start(parts.start, parts.target, parts.failure)?;
        Ok(event)
    }

    /// The same without a look at where the start lies.
    pub(super) fn anywhere(parts: RuleEventParts<'a>) -> Result<Self, EscapeError> {
        let RuleEventParts { rule, start, target, failure, coordinate, horizon, inside_steps } = parts;
        if start.len() != rule.dimension() {
            let (given, needed) = (start.len(), rule.dimension());
            return Err(EscapeError::Dimension { what: "the start", given, needed });
        }
        if rule.depends_on_step() {
            let reason = "its steps depend on their number (a schedule), and a level says nothing of the step; take a constant learning rate";
            return Err(EscapeError::Unsplittable { reason });
        }
        let epochs = |demand: &DrawDemand| {
            matches!(demand, DrawDemand::Minibatch { sampling: Sampling::Reshuffled, .. })
        };
        if rule.demands().iter().any(epochs) {
            let reason =
                "an epoch remembers which samples are left; draw minibatches with or without replacement";
            return Err(EscapeError::Unsplittable { reason });
        }
        let start_level = coordinate.level_at(start);
        if !start_level.is_finite() {
            return Err(EscapeError::NotFinite { what: "reaction coordinate", point: start.to_vec() });
        }
        let watched = |boundary: &'a Boundary| Watched {
            boundary,
            sight: boundary.sight(rule, inside_steps),
            sign: 1.0,
        };
        Ok(Self {
            rule,
            coordinate,
            target: watched(target),
            failure: failure.map(watched),
            horizon,
            start: RuleState::at_rest(start, rule.memory_blocks()),
            start_level,
        })
    }

    /// The level of a state.
    pub(super) fn level_of(&self, state: &RuleState) -> f64 {
        self.coordinate.level_at(state.position(self.rule.dimension()))
    }
}

impl PathSource for RuleEvent<'_> {
    type State = RuleState;

    fn start(&self, _: Seed, _: u64) -> (RuleState, f64) {
        (self.start.clone(), self.start_level)
    }

    fn run(
        &self,
        starts: &[PathStart<'_, RuleState>],
        request: &PathRequest,
    ) -> Option<Vec<Path<RuleState>>> {
        run_paths(self, starts, request)
    }
}
