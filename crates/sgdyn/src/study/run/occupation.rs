//! `study = "occupation"`: the time spent in regions and the basins in which replicas end, against exact laws on a grid and
//! theories of preference.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::cell::CellRun;
use super::escape::describe;
use super::occupation_basins::CellBasins;
use super::occupation_exact::{ExactOccupation, Instants, exact};
use super::occupation_theory::{Prediction, predictions};
use super::rows::{Row, Rows};
use super::setting::{Setting, formula_error};
use super::{RunError, lanes_for, unfit};
use crate::ensemble::occupation::{OccupationProgram, OccupationSummary, SAME_END};
use crate::ensemble::{Outcome, Plan, Start, Units, run};
use crate::escape::{SearchOptions, Surface, descent_path};
use crate::landscape::formula::{CompiledCondition, Condition};
use crate::random::{Seed, Variate};
use crate::statistics::Estimate;
use crate::study::{Cell, Noise, Occupation, Rule};

/// An occupation cell, ready to run.
pub(super) struct OccupationCell<R: Variate> {
    setting: Setting<R>,
    precise: Setting<f64>,
    conditions: Vec<Condition>,
    compiled: Vec<CompiledCondition<R>>,
    start: Start,
    steps: u64,
    burn_in: u64,
    snapshots: Vec<u64>,
    surface: Option<Surface>,
    question: Occupation,
}

/// The tables of an occupation study.
pub(super) struct OccupationTables<'a> {
    pub rows: &'a mut Rows,
    pub course: &'a mut Rows,
    pub basins: &'a mut Vec<CellBasins>,
}

/// Whether two ends are one.
pub(super) fn is_same(one: &[f64], other: &[f64]) -> bool {
    one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt() <= SAME_END
}

impl<R: Variate> OccupationCell<R> {
    pub(super) fn new(
        setting: Setting<R>,
        precise: Setting<f64>,
        question: &Occupation,
    ) -> Result<Self, RunError> {
        let dimension = setting.dimension();
        if question.start.len() != dimension {
            let remedy =
                format!("the landscape is of dimension {dimension}: {}", setting.variables.join(", "));
            return Err(unfit("occupation.start", format!("{:?}", question.start), remedy));
        }
        if question.regions.is_empty() && !question.basins {
            let remedy = "name regions, such as `left = \"x < 0\"` in [occupation.regions], or set occupation.basins = true";
            return Err(unfit("occupation.regions", "empty", remedy));
        }
        let time_step = setting.rule.time_step();
        let steps = match (question.steps, question.time) {
            (Some(steps), _) => steps,
            (None, Some(time)) => (time / time_step).round().max(1.0) as u64,
            (None, None) => return Err(unfit("occupation.steps", "absent", "say how long to run")),
        };
        if steps >= 1 << 40 {
            let remedy = format!("a replica can make 2⁴⁰ steps of {time_step} at most");
            return Err(unfit("occupation.time", format!("{steps} steps"), remedy));
        }
        let burn_in = (question.burn_in * steps as f64).round() as u64;
        if steps - burn_in.min(steps) < question.every {
            let remedy = format!("only {} steps are left after the burn-in", steps - burn_in.min(steps));
            return Err(unfit("occupation.every", question.every, remedy));
        }
        let mut conditions = Vec::new();
        let mut compiled = Vec::new();
        for region in &question.regions {
            let condition = setting.condition("occupation.regions", &region.condition)?;
            compiled.push(condition.compile().map_err(formula_error("occupation.regions"))?);
            conditions.push(condition);
        }
        let surface = if question.basins { Some(surface(&precise)?) } else { None };
        let count = question.snapshots.min(steps);
        let snapshots =
            (1..=count).map(|index| (u128::from(index) * u128::from(steps) / u128::from(count)) as u64);
        let start = Start::Point(question.start.clone());
        Ok(Self {
            snapshots: snapshots.collect(),
            question: question.clone(),
            setting,
            precise,
            conditions,
            compiled,
            start,
            steps,
            burn_in,
            surface,
        })
    }

    /// The number of coordinates.
    pub(super) fn dimension(&self) -> usize {
        self.setting.dimension()
    }

    /// The steps of each replica.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    pub(super) fn run(
        &self,
        run: &CellRun<'_>,
        replicas: u64,
        lanes: Option<u64>,
        seed: Seed,
    ) -> Result<Option<OccupationSummary>, RunError> {
        let lanes = lanes_for::<R>(self.setting.dimension(), self.setting.rule.memory_blocks(), lanes);
        let end_of = |point: &[f64]| self.basin_of(point);
        let program = OccupationProgram {
            rule: &*self.setting.rule,
            start: &self.start,
            steps: self.steps,
            regions: &self.compiled,
            burn_in: self.burn_in,
            every: self.question.every,
            snapshots: &self.snapshots,
            end_of: self.surface.is_some().then_some(&end_of),
            seed,
        };
        run.run(&program, Units::new(replicas, lanes as u64))
    }

    /// The minimum in whose basin a point lies.
    fn basin_of(&self, point: &[f64]) -> Option<Vec<f64>> {
        let path = descent_path(self.surface.as_ref()?, point, &SearchOptions::default()).ok()?;
        Some(path.bottom.position)
    }

    /// Adds a row for each region and each basin, and the course of time.
    pub(super) fn report(&self, cell: &Cell, summary: &OccupationSummary, tables: &mut OccupationTables<'_>) {
        let exact = self.exact(cell);
        self.regions(cell, summary, exact.as_ref(), tables.rows);
        self.course(cell, summary, exact.as_ref(), tables.course);
        if let Some(surface) = &self.surface {
            let mut settings = Row::of(cell);
            describe(cell, &mut settings);
            tables.basins.push(CellBasins {
                settings,
                endings: summary.endings.clone(),
                exact: exact.map_or_else(Vec::new, |exact| exact.basins),
                noiseless: self.noiseless(cell),
                surface: surface.clone(),
            });
        }
    }

    /// The exact law: on a line always, elsewhere where a grid is asked for.
    fn exact(&self, cell: &Cell) -> Option<ExactOccupation> {
        let noiseless = matches!(cell.description.noise, Some(Noise::Gaussian { standard_deviation: 0.0 }));
        let asked = cell.description.grid.as_ref().is_some_and(|grid| grid.cells.is_some());
        if noiseless || !(asked || self.dimension() == 1) {
            return None;
        }
        let instants = Instants {
            start: &self.question.start,
            snapshots: &self.snapshots,
            window: [self.burn_in, self.steps],
            time_step: self.setting.rule.time_step(),
        };
        let basin = |point: &[f64]| self.basin_of(point);
        let basin = self.surface.is_some().then_some(&basin as super::occupation_exact::Basin<'_>);
        exact(&cell.description, &self.precise, &self.conditions, &instants, basin).ok()
    }

    fn regions(
        &self,
        cell: &Cell,
        summary: &OccupationSummary,
        exact: Option<&ExactOccupation>,
        rows: &mut Rows,
    ) {
        let predicted = if self.conditions.len() > 1 {
            predictions(cell, &self.precise, &self.conditions, &self.question.start)
        } else {
            Vec::new()
        };
        for (region, described) in self.question.regions.iter().enumerate() {
            let mut row = Row::of(cell);
            describe(cell, &mut row);
            row.maybe("batches_over_learning_rate", scaled_batch(&cell.description.rule));
            row.text("region", &described.name).text("condition", &described.condition);
            row.estimate("share", summary.occupation.share(region));
            let window = exact.and_then(|exact| exact.window.get(region)).copied();
            row.maybe("share_exact", window.map(|window| window.0));
            row.maybe("share_exact_error", window.and_then(|window| window.1));
            let stationary = exact.and_then(|exact| exact.stationary.get(region)).copied();
            row.maybe("share_stationary", stationary.map(|stationary| stationary.0));
            for Prediction { theory, shares } in &predicted {
                row.number(&format!("share_predicted_{theory}"), shares[region]);
            }
            Self::log_ratios(summary, exact, &predicted, region, &mut row);
            row.count("replicas", summary.occupation.replicas()).count("diverged", summary.diverged);
            rows.push(row);
        }
    }

    /// The logarithm of a region's share over that of the first.
    fn log_ratios(
        summary: &OccupationSummary,
        exact: Option<&ExactOccupation>,
        predicted: &[Prediction],
        region: usize,
        row: &mut Row,
    ) {
        if region == 0 {
            return;
        }
        let finite = |ratio: f64| Some(ratio).filter(|ratio| ratio.is_finite());
        let missing = Estimate { value: f64::NAN, stderr: f64::NAN, n: 0 };
        let ratio = summary.occupation.log_ratio(region, 0);
        row.estimate("log_ratio", if ratio.value.is_finite() { ratio } else { missing });
        let of = |values: &[(f64, Option<f64>)]| Some((values.get(region)?.0 / values.first()?.0).ln());
        row.maybe("log_ratio_exact", exact.and_then(|exact| of(&exact.window)).and_then(finite));
        row.maybe("log_ratio_stationary", exact.and_then(|exact| of(&exact.stationary)).and_then(finite));
        for Prediction { theory, shares } in predicted {
            row.maybe(&format!("log_ratio_predicted_{theory}"), finite((shares[region] / shares[0]).ln()));
        }
    }

    fn course(
        &self,
        cell: &Cell,
        summary: &OccupationSummary,
        exact: Option<&ExactOccupation>,
        course: &mut Rows,
    ) {
        for (index, (snapshot, &step)) in summary.snapshots.iter().zip(&self.snapshots).enumerate() {
            for (region, described) in self.question.regions.iter().enumerate() {
                let mut row = Row::default();
                row.count("cell", cell.index as u64).text("region", &described.name);
                row.count("step", step).number("time", step as f64 * self.setting.rule.time_step());
                row.estimate("share", snapshot.share(region));
                let exact = exact.and_then(|exact| exact.course.get(index)?.get(region));
                row.maybe("share_exact", exact.copied());
                course.push(row);
            }
        }
    }

    /// Where the rule ends from the same start with no noise: gradient descent of a discrete rule, else steepest descent.
    fn noiseless(&self, cell: &Cell) -> Option<Vec<f64>> {
        let start = &self.question.start;
        let discrete = matches!(
            cell.description.rule,
            Rule::Sgd { .. } | Rule::HeavyBall { .. } | Rule::Nesterov { .. } | Rule::Svag { .. }
        );
        if !discrete {
            return self.basin_of(start);
        }
        let mut description = cell.description.clone();
        description.noise = Some(Noise::Gaussian { standard_deviation: 0.0 });
        let setting = Setting::<f64>::new(&description, None).ok()?;
        let end_of = |point: &[f64]| self.basin_of(point);
        let program = OccupationProgram {
            rule: &*setting.rule,
            start: &self.start,
            steps: self.steps,
            regions: &[],
            burn_in: 0,
            every: self.steps,
            snapshots: &[],
            end_of: Some(&end_of),
            seed: Seed::new(0, 0),
        };
        let plan = Plan {
            threads: 1,
            stop: &AtomicBool::new(false),
            progress: None,
            store: None,
            save_every: Duration::from_secs(3600),
        };
        let Ok(Outcome::Finished(summary)) = run(&program, Units::new(1, 1), &plan) else { return None };
        summary.endings.places.into_iter().next().map(|place| place.position)
    }
}

/// The surface that descents are made on.
fn surface(setting: &Setting<f64>) -> Result<Surface, RunError> {
    let field = setting.field().ok_or_else(|| {
        unfit("occupation.basins", "true", "basins need a formula or a named landscape, not data")
    })?;
    Surface::of(field).map_err(|cause| unfit("occupation.basins", "true", cause.to_string()))
}

/// B/η of rules whose noise it sets.
fn scaled_batch(rule: &Rule) -> Option<f64> {
    match rule {
        Rule::Sgd { step, .. } => Some(step.batch_size as f64 / step.learning_rate),
        Rule::Sde { diffusion, .. } => Some(diffusion.batch_size as f64 / diffusion.learning_rate),
        _ => None,
    }
}
