//! `study = "rare-event"`: probabilities and rates by splitting, forward flux and brute force, against exact ones.

use super::escape::{describe, describe_integration};
use super::one_dimension::Line;
use super::rare_event_coordinate::choose;
use super::rare_event_exact::{Known, probability, rate};
use super::rows::{Row, Rows};
use super::setting::{Setting, formula_error};
use super::{CellPlan, RunError, settings, unfit};
use crate::escape::{
    BasinExit, Boundary, BruteForceOptions, EscapeError, ForwardFluxOptions, ProbabilityMethod,
    RareEventEstimate, ReactionCoordinate, RuleEvent, RuleEventParts, SplittingOptions, brute_force,
    flux_rate, forward_flux, multilevel_splitting,
};
use crate::landscape::formula::Condition;
use crate::random::Seed;
use crate::statistics::{Estimate, Interval};
use crate::study::{Cell, Precision, RareEvent, RareMethod, RareQuantity};

const CONFIDENCE: f64 = 0.95;
/// One path in so many is replaced at a time.
const REPLACED_SHARE: u64 = 20;

/// A rare event, checked.
pub(super) struct RareEventCell {
    setting: Setting<f64>,
    question: RareEvent,
    target: Condition,
    before: Option<Condition>,
    /// Of the target, and of the failure.
    regions: (Boundary, Option<Boundary>),
    horizon: Option<u64>,
}

impl RareEventCell {
    pub(super) fn new(cell: &Cell, setting: Setting<f64>, question: &RareEvent) -> Result<Self, RunError> {
        if cell.description.ensemble.precision == Precision::F32 {
            let remedy = "a path that is copied a thousand times is run in double precision: leave it out";
            return Err(unfit("ensemble.precision", "f32", remedy));
        }
        if question.quantity == RareQuantity::Rate && question.method == RareMethod::Ensemble {
            let remedy = "a rate by brute force is that of study = \"escape\"";
            return Err(unfit("rare-event.method", "ensemble", remedy));
        }
        if question.replaced >= question.paths && question.replaced.is_some() {
            let remedy = "fewer paths are replaced than `rare-event.paths` says that there are";
            return Err(unfit("rare-event.replaced", question.replaced.unwrap_or(0), remedy));
        }
        let dimension = setting.dimension();
        if question.start.len() != dimension {
            let remedy =
                format!("the landscape is of dimension {dimension}: {}", setting.variables.join(", "));
            return Err(unfit("rare-event.start", format!("{:?}", question.start), remedy));
        }
        let target = setting.condition("rare-event.target", &question.target)?;
        let before = question.before.as_deref().map(|text| setting.condition("rare-event.before", text));
        let before = before.transpose()?;
        let horizon = horizon(question, setting.rule.time_step());
        match (question.quantity, &before, horizon) {
            (RareQuantity::Probability, None, None) => {
                let remedy = "a path needs an end besides the target: give it, or `rare-event.within_time` or `within_steps`";
                return Err(unfit("rare-event.before", "absent", remedy));
            }
            (RareQuantity::Rate, None, _) => {
                let remedy = "a rate needs the core of the basin, such as \"x >= 0.9\" around a minimum at 1";
                return Err(unfit("rare-event.before", "absent", remedy));
            }
            (RareQuantity::Rate, _, Some(_)) => {
                let remedy = "a horizon goes with a probability: leave `within_time` and `within_steps` out";
                return Err(unfit("rare-event.quantity", "rate", remedy));
            }
            _ => {}
        }
        if let (Some(target), Some(before)) =
            (target.half_space(), before.as_ref().and_then(Condition::half_space))
            && (target.coordinate, target.side) == (before.coordinate, before.side)
        {
            let remedy =
                "it overlaps the target: the one lies in the other; failure is where paths come back to";
            return Err(unfit("rare-event.before", question.before.as_deref().unwrap_or_default(), remedy));
        }
        let region = |key, condition: &Condition| Boundary::condition(condition).map_err(formula_error(key));
        let failure = before.as_ref().map(|before| region("rare-event.before", before)).transpose()?;
        let regions = (region("rare-event.target", &target)?, failure);
        let built = Self { setting, question: question.clone(), target, before, regions, horizon };
        // What no path can be copied of, and a start in the wrong place, is refused before anything runs.
        let flat = ReactionCoordinate::Coordinate { coordinate: 0, sign: 1.0 };
        let parts = built.parts(&flat);
        match (question.quantity, &built.regions.1) {
            (RareQuantity::Rate, Some(core)) => drop(BasinExit::new(parts, core)?),
            _ => drop(RuleEvent::new(parts)?),
        }
        if let Some(asked) = question.coordinate.as_deref().filter(|asked| *asked != "committor") {
            choose(asked, cell, &built.setting, &question.start, &built.target, built.before.as_ref())?;
        }
        Ok(built)
    }

    fn parts<'a>(&'a self, coordinate: &'a ReactionCoordinate) -> RuleEventParts<'a> {
        RuleEventParts {
            rule: &*self.setting.rule,
            start: &self.question.start,
            target: &self.regions.0,
            failure: self.regions.1.as_ref(),
            coordinate,
            horizon: self.horizon,
            inside_steps: self.question.crossing_correction,
        }
    }

    /// How long it takes is not known before.
    pub(super) fn plan(&self, cell: &Cell) -> CellPlan {
        let paths = match self.question.method {
            RareMethod::Ensemble => cell.description.ensemble.replicas,
            _ => self.question.paths.unwrap_or(0) * self.question.runs.unwrap_or(0),
        };
        let state = self.setting.dimension() * (1 + self.setting.rule.memory_blocks()) * size_of::<f64>();
        // A path keeps some tens of its states.
        let bytes = self.question.paths.unwrap_or(0) * 50 * (state as u64 + 32) + (32 << 20);
        CellPlan {
            cell: cell.index,
            settings: settings(cell),
            replicas: paths,
            steps: None,
            seconds: None,
            bytes,
        }
    }

    /// Looks for the event; its row goes to `rows`.
    pub(super) fn run(&self, cell: &Cell, seed: Seed, rows: &mut Rows) -> Result<(), RunError> {
        let mut row = Row::of(cell);
        describe(cell, &mut row);
        describe_integration(cell, &mut row);
        let question = &self.question;
        row.text("target", &question.target);
        row.text("before", question.before.as_deref().unwrap_or("none"));
        row.maybe("within", self.horizon.map(|steps| steps as f64 * self.setting.rule.time_step()));
        row.text("method", method_name(question.method));
        let start = question.start.first().copied().unwrap_or_default();
        let line = Line::new(cell, &self.setting).zip(self.target.half_space());
        row.maybe("barrier", line.and_then(|(line, half)| line.barrier(start, half.threshold)));
        let asked = question.coordinate.as_deref().unwrap_or("automatic");
        let (start, target, before) = (&question.start, &self.target, self.before.as_ref());
        let chosen = match question.method {
            RareMethod::Ensemble => None,
            _ => Some(choose(asked, cell, &self.setting, start, target, before)?),
        };
        row.text("reaction_coordinate", chosen.as_ref().map_or("none", |chosen| &chosen.words));
        let flat = ReactionCoordinate::Coordinate { coordinate: 0, sign: 1.0 };
        let coordinate = chosen.as_ref().map_or(&flat, |chosen| &chosen.coordinate);
        let outcome = match question.quantity {
            RareQuantity::Probability => {
                let before = before.filter(|_| self.horizon.is_none());
                let known = before.and_then(|before| probability(cell, &self.setting, start, target, before));
                self.probability(cell, coordinate, seed, known, &mut row)
            }
            RareQuantity::Rate => {
                self.rate(coordinate, seed, rate(cell, &self.setting, start, target), &mut row)
            }
        };
        match outcome {
            Err(EscapeError::BudgetSpent { level, probability, .. }) => {
                row.truth("budget_spent", true);
                row.maybe("level_passed", level.is_finite().then_some(level));
                row.maybe("probability_of_level", level.is_finite().then_some(probability));
            }
            other => other?,
        }
        rows.push(row);
        Ok(())
    }

    fn method(&self) -> ProbabilityMethod {
        let paths = self.question.paths.unwrap_or(0);
        let runs = self.question.runs.unwrap_or(0) as usize;
        let steps = self.question.max_steps;
        let count = paths as usize;
        if self.question.method == RareMethod::ForwardFlux {
            let options = ForwardFluxOptions { paths: count, runs, steps, ..ForwardFluxOptions::default() };
            return ProbabilityMethod::ForwardFlux(options);
        }
        let replaced = self.question.replaced.unwrap_or((paths / REPLACED_SHARE).max(1)) as usize;
        let confidence = CONFIDENCE;
        ProbabilityMethod::Splitting(SplittingOptions { paths: count, replaced, runs, confidence, steps })
    }

    fn probability(
        &self,
        cell: &Cell,
        coordinate: &ReactionCoordinate,
        seed: Seed,
        known: Option<Known>,
        row: &mut Row,
    ) -> Result<(), EscapeError> {
        let event = RuleEvent::new(self.parts(coordinate))?;
        if self.question.method == RareMethod::Ensemble {
            let paths = cell.description.ensemble.replicas as usize;
            let options = BruteForceOptions { paths, confidence: CONFIDENCE, steps: self.question.max_steps };
            let estimate = brute_force(&event, seed, &options)?;
            report("probability", estimate.probability, estimate.interval, known, row);
            row.count("work_steps", estimate.plain.steps);
            row.number("steps_per_path", estimate.plain.steps as f64 / estimate.plain.paths as f64);
            row.count("paths", estimate.plain.paths).count("reached", estimate.reached);
            row.count("diverged", estimate.diverged).truth("budget_spent", estimate.spent);
            return Ok(());
        }
        let estimate = match self.method() {
            ProbabilityMethod::Splitting(options) => multilevel_splitting(&event, seed, &options)?,
            ProbabilityMethod::ForwardFlux(options) => forward_flux(&event, seed, &options)?,
        };
        report("probability", estimate.probability, estimate.interval, known, row);
        work(&estimate, row);
        row.truth("budget_spent", false);
        Ok(())
    }

    fn rate(
        &self,
        coordinate: &ReactionCoordinate,
        seed: Seed,
        known: Option<Known>,
        row: &mut Row,
    ) -> Result<(), EscapeError> {
        let Some(core) = &self.regions.1 else { return Ok(()) };
        let exit = BasinExit::new(self.parts(coordinate), core)?;
        let estimate = flux_rate(&exit, seed, &self.method())?;
        report("rate", estimate.rate, estimate.interval, known, row);
        row.estimate("cycle_time", estimate.cycle_time);
        row.estimate("probability_through", estimate.probability);
        row.number("first_interface", estimate.interface);
        row.count("work_steps", estimate.steps).count("extinct", estimate.extinct as u64);
        row.truth("budget_spent", false);
        Ok(())
    }
}

/// The steps after which paths have failed; those of a discrete rule are counted as such.
fn horizon(question: &RareEvent, time_step: f64) -> Option<u64> {
    let in_time = question.within_time.map(|time| (time / time_step).round().max(1.0) as u64);
    question.within_steps.or(in_time)
}

/// An estimate beside what is known of it.
fn report(name: &str, estimate: Estimate, interval: Interval, known: Option<Known>, row: &mut Row) {
    row.estimate(name, estimate);
    row.number(&format!("{name}_lower"), interval.lower);
    row.number(&format!("{name}_upper"), interval.upper);
    let relative = estimate.stderr / estimate.value;
    row.maybe("relative_error", relative.is_finite().then_some(relative));
    row.maybe(&format!("{name}_exact"), known.map(|known| known.value));
    row.maybe(&format!("{name}_exact_error"), known.and_then(|known| known.error));
    // Without a spread between runs, or a path that got there, there is nothing to measure a deviation by.
    let z = known
        .filter(|_| estimate.stderr > 0.0)
        .map(|known| (estimate.value - known.value) / estimate.stderr.hypot(known.error.unwrap_or(0.0)));
    row.maybe("z", z);
}

/// What it took, beside brute force.
fn work(estimate: &RareEventEstimate, row: &mut Row) {
    row.count("work_steps", estimate.steps);
    let each = estimate.plain.steps as f64 / estimate.plain.paths as f64;
    row.maybe("steps_per_path", each.is_finite().then_some(each));
    let speed_up = estimate.speed_up();
    row.maybe("speed_up", (speed_up.is_finite() && speed_up > 0.0).then_some(speed_up));
    row.count("paths", estimate.plain.paths).count("runs", estimate.runs.len() as u64);
    row.count("stages", estimate.stages).count("extinct", estimate.extinct as u64);
    row.count("diverged", estimate.diverged);
}

fn method_name(method: RareMethod) -> &'static str {
    match method {
        RareMethod::Splitting => "splitting",
        RareMethod::ForwardFlux => "forward-flux",
        RareMethod::Ensemble => "ensemble",
    }
}
