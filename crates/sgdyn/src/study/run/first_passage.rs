//! `study = "first-passage"`, and escapes that are solved on a grid: moments, rates and survival without sampling.

use super::RunError;
use super::committor::GridCommittor;
use super::escape::describe;
use super::escape_theory::EscapeTheories;
use super::grid_setting::{Chain, GridProblem};
use super::interpolation::{Weights, interpolated};
use super::momentum_exit;
use super::one_dimension::Line;
use super::rows::{Row, Rows};
use super::setting::Setting;
use super::unfit;
use crate::density::{FirstPassage, QuasiStationary, Solver, SparseSolver, survival};
use crate::landscape::formula::Condition;
use crate::study::{Cell, Escape, FirstPassage as Question, PassageObservable};

/// Points of a survival curve, from a thousandth of the mean to ten times the mean.
const CURVE_POINTS: usize = 60;
const CURVE_FROM: f64 = 1e-3;
const CURVE_TO: f64 = 10.0;
/// The error of each step of time, in probability.
const TOLERANCE: f64 = 1e-6;

/// What is asked of a chain with a target.
pub(super) struct FirstPassageCell {
    setting: Setting<f64>,
    /// The name of the columns, and of the keys.
    column: &'static str,
    start: Vec<f64>,
    targets: Vec<Aim>,
    before: Option<Condition>,
    rate: bool,
    survival: bool,
    theories: Option<EscapeTheories>,
}

/// One target, and the problem of reaching it.
struct Aim {
    text: String,
    condition: Condition,
    problem: GridProblem,
}

/// The passage from the start on one grid.
struct Passage {
    mean: f64,
    deviation: f64,
    /// The rate at late times.
    rate: Option<f64>,
}

impl FirstPassageCell {
    pub(super) fn new(cell: &Cell, setting: Setting<f64>, question: &Question) -> Result<Self, RunError> {
        let before = question.before.as_deref().map(|text| setting.condition("first-passage.before", text));
        let mut built = Self {
            column: "first_passage_time",
            start: question.start.clone(),
            targets: Vec::new(),
            before: before.transpose()?,
            rate: false,
            survival: false,
            theories: None,
            setting,
        };
        built.aim(cell, "first-passage.target", &question.target)?;
        built.observe(question.observe.as_deref())?;
        Ok(built)
    }

    /// An escape without replicas.
    pub(super) fn of_escape(cell: &Cell, setting: Setting<f64>, question: &Escape) -> Result<Self, RunError> {
        let mut built = Self {
            column: "escape_time",
            start: question.start.clone(),
            targets: Vec::new(),
            before: None,
            rate: false,
            survival: false,
            theories: None,
            setting,
        };
        built.aim(cell, "escape.target", &question.target)?;
        built.observe(None)?;
        Ok(built)
    }

    /// Takes what is asked for, else what the number of cells allows.
    fn observe(&mut self, asked: Option<&[PassageObservable]>) -> Result<(), RunError> {
        const MOST_CELLS: usize = 100_000;
        let few = match self.targets.first() {
            Some(aim) => aim.problem.grid(1)?.cells() <= MOST_CELLS,
            None => true,
        };
        let observes = |observable| asked.map_or(few, |asked| asked.contains(&observable));
        self.rate = observes(PassageObservable::Rate);
        self.survival = observes(PassageObservable::Survival);
        Ok(())
    }

    /// The mean times to the targets of an escape in two or three dimensions and their errors; none where no grid answers.
    pub(super) fn means(
        cell: &Cell,
        setting: Setting<f64>,
        question: &Escape,
    ) -> Vec<Option<(f64, Option<f64>)>> {
        let none = || question.target.iter().map(|_| None).collect();
        // A ball has a momentum besides its place: its chain lives in phase space, and steps.
        let phase_space = momentum_exit::in_phase_space(cell, &setting, question);
        let in_time = phase_space.is_none();
        let (cell, question) =
            phase_space.as_ref().map_or((cell, question), |(cell, question)| (cell, question));
        if in_time && (!(2..=3).contains(&setting.dimension()) || setting.field().is_none()) {
            return none();
        }
        let Ok(mut passage) = Self::of_escape(cell, setting, question) else { return none() };
        if in_time && passage.targets.iter().any(|aim| aim.problem.process().is_none()) {
            return none();
        }
        passage.survival = false;
        passage.rate = false;
        let mean = |aim| {
            let fine = passage.on_grid(1, aim, None).ok()?.mean;
            Some(extrapolated(fine, passage.on_grid(2, aim, None).ok().map(|coarse| coarse.mean)))
        };
        passage.targets.iter().map(mean).collect()
    }

    /// The number of cells, of dimensions, and about how many solves they take.
    pub(super) fn size(&self) -> Result<(usize, usize, f64), RunError> {
        let Some(aim) = self.targets.first() else { return Ok((0, 1, 0.0)) };
        let grid = aim.problem.grid(1)?;
        let each = 1.0 + if self.rate { 1.0 } else { 0.0 } + if self.survival { 40.0 } else { 0.0 };
        Ok((grid.cells(), grid.dimension(), each * self.targets.len() as f64))
    }

    fn aim(&mut self, cell: &Cell, key: &'static str, targets: &[String]) -> Result<(), RunError> {
        for text in targets {
            let condition = self.setting.condition(key, text)?;
            if self.holds(&condition) {
                let remedy = format!("the start {:?} lies inside it: nothing is left to reach", self.start);
                return Err(unfit(key, text, remedy));
            }
            let problem = GridProblem::new(
                &cell.description,
                &self.setting,
                Some(&self.start),
                std::slice::from_ref(&condition),
            )?;
            self.targets.push(Aim { text: text.clone(), condition, problem });
        }
        Ok(())
    }

    fn holds(&self, condition: &Condition) -> bool {
        condition.contains(&self.start[..condition.variables().len()])
    }

    /// Solves every target; rows and survival curves go to their tables.
    pub(super) fn run(&mut self, cell: &Cell, rows: &mut Rows, curves: &mut Rows) -> Result<(), RunError> {
        let asked = match &cell.description.question {
            crate::study::Question::Escape(question) => question.theories.as_deref(),
            _ => None,
        };
        self.theories = EscapeTheories::new(cell, &self.setting, &self.start, asked);
        for aim in &self.targets {
            let mut row = Row::of(cell);
            describe(cell, &mut row);
            row.text("target", &aim.text);
            self.passage(cell, aim, &mut row, curves)?;
            self.known(cell, &aim.condition, &mut row);
            if let Some(before) = &self.before {
                let (reached, error) = self.committor(aim, before)?;
                row.number("committor", reached).maybe("committor_error", error);
            }
            rows.push(row);
        }
        Ok(())
    }

    fn passage(&self, cell: &Cell, aim: &Aim, row: &mut Row, curves: &mut Rows) -> Result<(), RunError> {
        let fine = self.on_grid(1, aim, Some((cell, curves)))?;
        let coarse = if aim.problem.refines() { self.on_grid(2, aim, None).ok() } else { None };
        let (value, error) = extrapolated(fine.mean, coarse.as_ref().map(|coarse| coarse.mean));
        row.number(self.column, value).maybe(&format!("{}_error", self.column), error);
        row.number(&format!("{}_on_grid", self.column), fine.mean);
        if let Some(time_step) = aim.problem.time_step() {
            row.number(&self.column.replace("time", "steps"), value / time_step);
        }
        row.number(&format!("{}_deviation", self.column), fine.deviation);
        if self.rate {
            let (rate, error) = match fine.rate {
                Some(rate) => {
                    let (rate, error) = extrapolated(rate, coarse.and_then(|coarse| coarse.rate));
                    (Some(rate), error)
                }
                None => (None, None),
            };
            row.maybe("rate", rate).maybe("rate_error", error);
        }
        row.count("cells", aim.problem.grid(1)?.cells() as u64);
        Ok(())
    }

    /// The passage on a grid of cells `coarser` times as wide; its survival curve goes to `curves`.
    fn on_grid(
        &self,
        coarser: usize,
        aim: &Aim,
        curves: Option<(&Cell, &mut Rows)>,
    ) -> Result<Passage, RunError> {
        let problem = &aim.problem;
        let grid = problem.grid(coarser)?;
        let (chain, cells) = problem.chain_until(&grid, &aim.condition)?;
        let unit = problem.time_step().unwrap_or(1.0);
        let weights = Weights::at(&grid, &self.start, &cells);
        let (mean, variance) = match &chain {
            Chain::InTime(rates) => {
                let passage = FirstPassage::new(rates, &problem.solver)?;
                (passage.mean, passage.variance)
            }
            Chain::InSteps(transition) => {
                let passage = transition.steps_to_leave()?;
                (passage.mean, passage.variance)
            }
        };
        let (mean, variance) = (interpolated(&weights, &mean), interpolated(&weights, &variance));
        let rate = if self.rate { late_rate(&chain, &problem.solver)? } else { None };
        if let Some((cell, curves)) = curves.filter(|_| self.survival) {
            curve(&chain, &problem.solver, &weights, mean, |time, surviving| {
                let mut row = Row::default();
                row.count("cell", cell.index as u64).text("target", &aim.text);
                row.number("time", time * unit).number("survival", surviving);
                curves.push(row);
            })?;
        }
        Ok(Passage {
            mean: mean * unit,
            deviation: variance.sqrt() * unit,
            rate: rate.map(|rate| rate / unit),
        })
    }

    /// What is known of the passage elsewhere.
    fn known(&self, cell: &Cell, condition: &Condition, row: &mut Row) {
        let line = Line::new(cell, &self.setting);
        let line = line.as_ref().zip(condition.half_space());
        let start = self.start[0];
        row.maybe(
            &format!("{}_exact", self.column),
            line.as_ref().and_then(|(line, half)| line.exact(start, half)),
        );
        if let Some(theories) = &self.theories {
            theories.describe(condition, self.column, row);
        }
    }

    /// The probability to reach `target` before `other`, with its error.
    fn committor(&self, aim: &Aim, other: &Condition) -> Result<(f64, Option<f64>), RunError> {
        let (fine, coarse) = (self.committor_on(1, aim, other)?, self.committor_on(2, aim, other).ok());
        Ok(extrapolated(fine, coarse))
    }

    fn committor_on(&self, coarser: usize, aim: &Aim, other: &Condition) -> Result<f64, RunError> {
        let grid = aim.problem.grid(coarser)?;
        Ok(GridCommittor::new(&aim.problem, grid, &aim.condition, other)?.at(&self.start))
    }
}

/// The rate of leaving at late times; none where no single slowest mode stands out.
fn late_rate(chain: &Chain, solver: &SparseSolver) -> Result<Option<f64>, RunError> {
    Ok(match chain {
        Chain::InTime(rates) => {
            let resolvent = solver.resolvent(rates)?;
            QuasiStationary::new(rates, &*resolvent).ok().map(|law| law.rate)
        }
        Chain::InSteps(transition) => {
            let exit = transition.quasi_stationary().ok().map(|law| law.rate);
            // In steps survival falls as (1 − p)^k.
            exit.map(|exit| -(-exit).ln_1p())
        }
    })
}

/// Gives the survival curve point by point.
fn curve(
    chain: &Chain,
    solver: &SparseSolver,
    weights: &Weights,
    mean: f64,
    mut point: impl FnMut(f64, f64),
) -> Result<(), RunError> {
    let ratio = (CURVE_TO / CURVE_FROM).powf(1.0 / (CURVE_POINTS - 1) as f64);
    let times = (0..CURVE_POINTS).map(|index| mean * CURVE_FROM * ratio.powi(index as i32));
    match chain {
        Chain::InTime(rates) => {
            let times: Vec<f64> = times.collect();
            let curve = survival(rates, solver, &weights.law(rates.states()), &times, TOLERANCE)?;
            for at in curve.curve {
                point(at.time, at.surviving);
            }
        }
        Chain::InSteps(transition) => {
            let mut steps: Vec<u64> = times.map(|time| time.round() as u64).collect();
            steps.dedup();
            let surviving = transition.survival(&weights.law(transition.states()), &steps)?;
            for (step, surviving) in steps.into_iter().zip(surviving) {
                point(step as f64, surviving);
            }
        }
    }
    Ok(())
}

/// The value for cells of no width from those of width w and 2w, of an error in w², and how far it is from the finer.
pub(super) fn extrapolated(fine: f64, coarse: Option<f64>) -> (f64, Option<f64>) {
    match coarse {
        Some(coarse) if coarse.is_finite() => {
            let value = fine + (fine - coarse) / 3.0;
            (value, Some((value - fine).abs()))
        }
        _ => (fine, None),
    }
}
