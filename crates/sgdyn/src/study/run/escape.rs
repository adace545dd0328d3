//! `study = "escape"`: first passages, against quadrature, the chain's own operator and Kramers' law.

use super::cell::CellRun;
use super::exit_place::{self, ExitWays};
use super::one_dimension::Line;
use super::rows::{Row, Rows};
use super::setting::{Setting, formula_error};
use super::{RunError, lanes_for, unfit};
use crate::ensemble::exit::{
    ConditionRegion, ExitProgram, ExitSummary, HalfSpace, PassageSummary, Region, Side, Targets,
};
use crate::ensemble::{Start, Units};
use crate::landscape::formula;
use crate::observe::survival_curve;
use crate::random::{Seed, Variate};
use crate::statistics::{ExitSample, StoppingRule, exit_rate};
use crate::study::{Cell, Escape, Rule};

/// Without a horizon of its own a replica is censored after so many steps.
const MOST_STEPS: u64 = 1_000_000_000;
/// Replicas of a unit: enough that lanes run empty for a small part of it only.
const REPLICAS_PER_LANE: u64 = 64;
/// Points of a survival curve that a table holds.
const CURVE_POINTS: usize = 400;
const CONFIDENCE: f64 = 0.95;

/// An escape cell, ready to run.
pub(super) struct EscapeCell<R: Variate> {
    pub(super) setting: Setting<R>,
    targets: Targets<R>,
    start: Start,
    most_steps: u64,
    question: Escape,
}

impl<R: Variate> EscapeCell<R> {
    pub(super) fn new(setting: Setting<R>, question: &Escape) -> Result<Self, RunError> {
        let dimension = setting.dimension();
        if question.start.len() != dimension {
            let remedy =
                format!("the landscape is of dimension {dimension}: {}", setting.variables.join(", "));
            return Err(unfit("escape.start", format!("{:?}", question.start), remedy));
        }
        let mut half_spaces = Vec::new();
        let mut regions: Vec<Box<dyn Region<R>>> = Vec::new();
        for target in &question.target {
            let condition = setting.condition("escape.target", target)?;
            if condition.contains(&question.start) {
                let remedy =
                    format!("the start {:?} lies inside it: nothing is left to escape", question.start);
                return Err(unfit("escape.target", target, remedy));
            }
            half_spaces.extend(condition.half_space().map(half_space));
            regions.push(Box::new(ConditionRegion::new(&condition).map_err(formula_error("escape.target"))?));
        }
        let nested = (half_spaces.len() == regions.len()).then(|| Targets::nested(&half_spaces)).flatten();
        let targets = nested.unwrap_or(Targets::Regions(regions));
        let time_step = setting.rule.time_step();
        let most_steps = match (question.max_steps, question.max_time) {
            (Some(steps), _) => steps,
            (None, Some(time)) => (time / time_step).ceil().max(1.0) as u64,
            (None, None) => MOST_STEPS,
        };
        if most_steps >= 1 << 40 {
            let remedy = format!("a replica can make 2⁴⁰ steps of {time_step} at most");
            return Err(unfit("escape.max_time", format!("{most_steps} steps"), remedy));
        }
        let start = Start::Point(question.start.clone());
        Ok(Self { setting, targets, start, most_steps, question: question.clone() })
    }

    fn lanes(&self, asked: Option<u64>) -> usize {
        lanes_for::<R>(self.setting.dimension(), self.setting.rule.memory_blocks(), asked)
    }

    /// What is asked.
    pub(super) fn question(&self) -> &Escape {
        &self.question
    }

    /// The replicas of the ensemble.
    pub(super) fn program(&self, seed: Seed, lanes: usize) -> ExitProgram<'_, R> {
        ExitProgram {
            rule: &*self.setting.rule,
            start: &self.start,
            targets: &self.targets,
            correct_crossings: true,
            most_steps: self.most_steps,
            seed,
            lanes,
        }
    }

    /// Runs the ensemble. Crossings are always looked for where the rule allows: both ways to see an exit come out of the
    /// same paths.
    pub(super) fn run(
        &self,
        run: &CellRun<'_>,
        replicas: u64,
        lanes: Option<u64>,
        seed: Seed,
    ) -> Result<Option<ExitSummary>, RunError> {
        let lanes = self.lanes(lanes);
        let program = self.program(seed, lanes);
        // Few replicas are spread so that no thread is idle.
        let per_thread = replicas.div_ceil(4 * run.conditions.threads as u64);
        let smallest = (lanes as u64 * REPLICAS_PER_LANE).min(per_thread.max(lanes as u64));
        run.run(&program, Units::new(replicas, smallest))
    }

    /// A guess of the steps of one replica, from the exact mean where there is one.
    pub(super) fn expected_steps(&self, cell: &Cell) -> Option<f64> {
        let line = Line::new(cell, &self.setting)?;
        let last = self.question.target.len().checked_sub(1)?;
        let condition = self.setting.condition("escape.target", &self.question.target[last]).ok()?;
        let half_space = condition.half_space()?;
        let time = line.exact(self.question.start[0], &half_space)?;
        Some((time / self.setting.rule.time_step()).min(self.most_steps as f64))
    }

    /// Adds the rows of a finished cell, and its survival curves; `on_grid` holds the mean times that a grid gave, `ways` the
    /// most probable ways into each target.
    pub(super) fn report(
        &self,
        cell: &Cell,
        summary: &ExitSummary,
        on_grid: &[Option<(f64, Option<f64>)>],
        ways: &[Option<ExitWays>],
        rows: &mut Rows,
        survival: &mut Rows,
    ) -> Result<(), RunError> {
        let corrected = self.question.crossing_correction && !summary.corrected.is_empty();
        let passages = if corrected { &summary.corrected } else { &summary.at_steps };
        let line = Line::new(cell, &self.setting);
        let targets = self.question.target.iter().zip(passages);
        for ((target, passage), (on_grid, ways)) in targets.zip(on_grid.iter().zip(ways)) {
            let condition = self.setting.condition("escape.target", target)?;
            let mut row = Row::of(cell);
            describe(cell, &mut row);
            describe_integration(cell, &mut row);
            row.text("target", target);
            row.truth("crossing_correction", corrected);
            row.estimate("escape_time", passage.time.mean());
            let predicted = line.as_ref().zip(condition.half_space());
            let start = self.question.start.first().copied().unwrap_or_default();
            let exact = predicted.as_ref().and_then(|(line, half)| line.exact(start, half));
            row.maybe("escape_time_exact", exact.or(on_grid.map(|(mean, _)| mean)));
            if let Some((_, error)) = on_grid {
                row.maybe("escape_time_exact_error", *error);
            }
            row.maybe(
                "escape_time_exact_chain",
                predicted.as_ref().filter(|_| !corrected).and_then(|(line, half)| line.chain(start, half)),
            );
            row.maybe(
                "escape_time_predicted_kramers",
                predicted.as_ref().and_then(|(line, half)| line.kramers(start, half)),
            );
            let (rate, bounds) = rate(passage);
            row.maybe("escape_rate", rate);
            row.maybe("escape_rate_lower", bounds.map(|bounds| bounds.0));
            row.maybe("escape_rate_upper", bounds.map(|bounds| bounds.1));
            row.maybe("escape_time_median", passage.reached.quantile(0.5).filter(|_| passage.censored == 0));
            row.count("exits", passage.time.count());
            row.count("censored", passage.censored);
            row.count("diverged", summary.diverged);
            exit_place::describe(&mut row, &self.setting.variables, passage, ways.as_ref());
            rows.push(row);
            let curve = survival_curve(&passage.reached, &passage.lost);
            let stride = curve.len().div_ceil(CURVE_POINTS).max(1);
            for point in curve.iter().step_by(stride) {
                let mut row = Row::default();
                row.count("cell", cell.index as u64).text("target", target);
                row.number("time", point.time);
                row.number("survival", point.survival).number("survival_stderr", point.stderr);
                survival.push(row);
            }
        }
        Ok(())
    }
}

/// The settings that every row names, swept or not.
pub(super) fn describe(cell: &Cell, row: &mut Row) {
    row.text("rule", rule_name(&cell.description.rule));
    match &cell.description.rule {
        Rule::Langevin { beta, .. } => {
            row.number("beta", *beta);
        }
        Rule::Sde { diffusion, .. } | Rule::Sme2 { diffusion, .. } => {
            row.number("learning_rate", diffusion.learning_rate).count("batch_size", diffusion.batch_size);
        }
        Rule::Levy { alpha, scale, .. } => {
            row.number("alpha", *alpha).number("scale", *scale);
        }
        Rule::Sgld { step, beta } => {
            row.number("beta", *beta).number("learning_rate", step.learning_rate);
        }
        Rule::Sgd { step, .. }
        | Rule::HeavyBall { step, .. }
        | Rule::Nesterov { step, .. }
        | Rule::Svag { step, .. } => {
            row.number("learning_rate", step.learning_rate).count("batch_size", step.batch_size);
        }
    }
}

/// How the rule of an ensemble is integrated, if it is.
fn describe_integration(cell: &Cell, row: &mut Row) {
    match &cell.description.rule {
        Rule::Langevin { integration, .. }
        | Rule::Sde { integration, .. }
        | Rule::Sme2 { integration, .. } => {
            row.number("step_size", integration.step_size);
            row.text("integrator", integrator_name(integration.integrator));
        }
        Rule::Levy { integration, .. } => {
            row.number("step_size", integration.step_size);
        }
        _ => {}
    }
}

/// The name of a rule in a study.
pub(super) fn rule_name(rule: &Rule) -> &'static str {
    match rule {
        Rule::Sgd { .. } => "sgd",
        Rule::HeavyBall { .. } => "heavy-ball",
        Rule::Nesterov { .. } => "nesterov",
        Rule::Sgld { .. } => "sgld",
        Rule::Svag { .. } => "svag",
        Rule::Langevin { .. } => "langevin",
        Rule::Sde { .. } => "sde",
        Rule::Sme2 { .. } => "sme2",
        Rule::Levy { .. } => "levy",
    }
}

fn integrator_name(integrator: crate::study::Integrator) -> &'static str {
    match integrator {
        crate::study::Integrator::EulerMaruyama => "euler-maruyama",
        crate::study::Integrator::Heun => "heun",
        crate::study::Integrator::WeakOrder2 => "weak-order-2",
    }
}

/// The half-space with its threshold inside: an open one ends at the last number before.
fn half_space(half: formula::HalfSpace) -> HalfSpace {
    let (threshold, side) = match (half.side, half.closed) {
        (formula::Side::Below, true) => (half.threshold, Side::Below),
        (formula::Side::Below, false) => (half.threshold.next_down(), Side::Below),
        (formula::Side::Above, true) => (half.threshold, Side::Above),
        (formula::Side::Above, false) => (half.threshold.next_up(), Side::Above),
    };
    HalfSpace { coordinate: half.coordinate, threshold, side }
}

/// The rate of exponential exits with its interval, exact without censoring.
fn rate(passage: &PassageSummary) -> (Option<f64>, Option<(f64, f64)>) {
    let sample = ExitSample { exits: passage.time.count(), total_time: passage.time_at_risk };
    let rule =
        if passage.censored == 0 { StoppingRule::StoppedAtNthExit } else { StoppingRule::CensoredEach };
    match exit_rate(sample, rule, CONFIDENCE) {
        Ok(rate) => (Some(rate.rate.value), Some((rate.rate_interval.lower, rate.rate_interval.upper))),
        Err(_) => (None, None),
    }
}
