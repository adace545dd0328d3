//! Running a study: every cell in turn, its rows into one table, the rows into verdicts.

mod called_for;
mod cell;
mod committor;
mod critical_points;
mod critical_verdicts;
mod curvature;
mod data_setting;
mod density;
mod divergence;
mod error;
mod escape;
mod escape_process;
#[cfg(test)]
mod escape_tests;
mod escape_theory;
mod exit_place;
mod first_passage;
mod found_points;
mod grid_box;
mod grid_dynamics;
mod grid_setting;
mod grid_verdicts;
mod interpolation;
mod law_fits;
mod law_theory;
mod laws;
mod levy_verdicts;
mod minimum;
mod momentum_exit;
mod network_setting;
#[cfg(test)]
mod network_tests;
mod noise_setting;
mod occupation;
mod occupation_basins;
mod occupation_exact;
mod occupation_theory;
mod occupation_verdicts;
mod one_dimension;
mod one_jump;
mod orders;
mod plan;
mod prepared_data;
mod rare_event;
mod rare_event_coordinate;
mod rare_event_exact;
mod rare_event_verdicts;
mod rows;
mod setting;
mod simulate;
mod stability;
mod stationary;
mod switching;
mod theory_verdicts;
mod train;
mod training;
mod verdicts;
mod walkers;

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

pub use error::RunError;
pub use plan::{CellPlan, plan};
pub use walkers::{Ground, Walker, Walkers, check_walkers, walkers};

use self::cell::CellRun;
use self::critical_points::CriticalPointsCell;
use self::curvature::{CurvatureCell, CurvatureTables};
use self::density::{DensityCell, Tables};
use self::escape::{EscapeCell, Known};
use self::escape_theory::EscapeTheories;
use self::first_passage::FirstPassageCell;
use self::laws::LawCell;
use self::minimum::Analysis;
use self::occupation::{OccupationCell, OccupationTables};
use self::occupation_basins::{CellBasins, basin_rows};
use self::rare_event::RareEventCell;
use self::rows::Rows;
use self::setting::Setting;
use self::simulate::SimulateCell;
use self::stationary::StationaryCell;
use self::train::{TrainCell, TrainTables};
use super::{
    Cell, Datum, Description, EscapeSolver, Precision, Question, RunDirectory, Study, Table, Verdict,
};
use crate::ensemble::LEAF;
use crate::ensemble::exit::ExitSummary;
use crate::random::{Seed, Variate};

/// How a study is run; nothing here changes a result.
pub struct Conditions<'a> {
    /// The number of threads.
    pub threads: usize,
    /// Set to end cleanly: the cell in progress is saved, finished cells are reported.
    pub stop: &'a AtomicBool,
    /// Where checkpoints go, if anywhere.
    pub directory: Option<&'a RunDirectory>,
    /// Called from any thread, often.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The cell in progress, from 0.
    pub cell: usize,
    /// The number of cells.
    pub cells: usize,
    /// Steps of replicas done in this cell by this process.
    pub done: u64,
    /// Steps of replicas of this cell, where they are known beforehand.
    pub total: Option<u64>,
}

/// What a study gives.
#[derive(Clone, Debug)]
pub struct Results {
    /// One row for each thing measured.
    pub rows: Table,
    /// Further tables, such as survival curves and paths.
    pub details: Vec<Table>,
    /// What the rows say of the theories.
    pub verdicts: Vec<Verdict>,
    /// How many cells are finished; fewer than all of them if the run was stopped.
    pub finished_cells: usize,
}

/// The rows and tables of a run as they grow.
#[derive(Default)]
struct Collected {
    rows: Rows,
    survival: Rows,
    tail: Rows,
    paths: Rows,
    densities: Rows,
    modes: Rows,
    orders: Rows,
    positions: Rows,
    edges: Rows,
    ways: Rows,
    map: Rows,
    searches: Rows,
    course: Rows,
    basins: Vec<CellBasins>,
    curvature: CurvatureTables,
    train: TrainTables,
    /// The last exits, with the description they belong to: cells that differ only in how crossings inside a step are
    /// seen share their paths.
    last_exits: Option<(Description, ExitSummary)>,
    finished: usize,
}

/// Runs every cell of `study` that is not finished.
///
/// # Errors
/// [`RunError`] with the key, the value and the remedy, or with the file that could not be written.
pub fn run(study: &Study, conditions: &Conditions<'_>) -> Result<Results, RunError> {
    let mut collected = Collected::default();
    let mut seen = Seen::default();
    for cell in study.cells() {
        let cell = cell?;
        if seen.repeats(&cell) {
            collected.finished += 1;
            continue;
        }
        let finished = match cell.description.ensemble.precision {
            Precision::F64 => run_cell::<f64>(study, &cell, conditions, &mut collected)?,
            Precision::F32 => run_cell::<f32>(study, &cell, conditions, &mut collected)?,
        };
        if !finished || conditions.stop.load(Ordering::Relaxed) {
            collected.finished += usize::from(finished);
            break;
        }
        collected.finished += 1;
    }
    basin_rows(&collected.basins, &mut collected.rows);
    results(study, &collected)
}

/// The cells that were met: where a swept key does not fit a cell, its values repeat the same description.
#[derive(Default)]
struct Seen(HashSet<String>);

impl Seen {
    fn repeats(&mut self, cell: &Cell) -> bool {
        let partial = cell.coordinates.iter().any(|coordinate| coordinate.value == Datum::Missing);
        partial && !self.0.insert(format!("{:?}", cell.description))
    }
}

fn results(study: &Study, collected: &Collected) -> Result<Results, RunError> {
    let mut details = Vec::new();
    let orders = with_orders(&collected.orders);
    let laws = match study.first().question {
        Question::Laws(_) => law_fits::table(&collected.rows),
        _ => Rows::default(),
    };
    for (name, rows) in [
        ("survival", &collected.survival),
        ("tail", &collected.tail),
        ("paths", &collected.paths),
        ("density", &collected.densities),
        ("spectrum", &collected.modes),
        ("orders", &orders),
        ("laws", &laws),
        ("positions", &collected.positions),
        ("edges", &collected.edges),
        ("ways", &collected.ways),
        ("map", &collected.map),
        ("searches", &collected.searches),
        ("course", &collected.course),
    ]
    .into_iter()
    .chain(collected.curvature.named())
    .chain(collected.train.named())
    {
        if !rows.is_empty() {
            details.push(rows.table(name, study)?);
        }
    }
    Ok(Results {
        rows: collected.rows.table("rows", study)?,
        details,
        // Half a sweep says nothing of the whole.
        verdicts: if collected.finished == study.cell_count() {
            match &study.first().question {
                Question::CriticalPoints(question) => {
                    critical_verdicts::verdicts(question, &collected.rows, &collected.searches)
                }
                Question::Train(_) => stability::verdicts(&collected.train.edges),
                Question::Curvature(question) => {
                    let precision = study.first().ensemble.precision;
                    curvature::verdicts(question, precision, &collected.rows, &collected.curvature)
                }
                question => verdicts::verdicts(question, &collected.rows),
            }
        } else {
            Vec::new()
        },
        finished_cells: collected.finished,
    })
}

/// The errors of approximations with the orders fitted to them.
fn with_orders(errors: &Rows) -> Rows {
    let fitted = orders::fitted(errors);
    let mut rows = Rows::default();
    for row in errors.iter() {
        let own = |order: &&orders::Order| {
            row.word("approximation") == Some(&order.approximation)
                && row.word("quantity") == Some(&order.quantity)
        };
        let slope = fitted.iter().find(own).and_then(|order| order.fit.as_ref()).map(|fit| fit.slope);
        let mut row = row.clone();
        row.maybe("order", slope.map(|slope| slope.value))
            .maybe("order_stderr", slope.map(|slope| slope.stderr));
        rows.push(row);
    }
    rows
}

/// A pool for work on grids.
fn pool(threads: usize) -> Result<rayon::ThreadPool, RunError> {
    let builder = rayon::ThreadPoolBuilder::new().num_threads(threads);
    builder.build().map_err(|source| RunError::Threads { threads, source })
}

/// Runs one cell and adds its rows; `false` if it was stopped.
fn run_cell<R: Variate>(
    study: &Study,
    cell: &Cell,
    conditions: &Conditions<'_>,
    collected: &mut Collected,
) -> Result<bool, RunError> {
    let ensemble = &cell.description.ensemble;
    let place = CellRun { conditions, cell: cell.index, cells: study.cell_count(), total: None };
    let prepared = Prepared::<R>::new(study, cell)?;
    let seed = Seed::new(cell.description.seed, cell.index as u64);
    match prepared {
        Prepared::Escape(escape) => {
            let twin = without_correction(&cell.description);
            let known = collected.last_exits.take().filter(|(description, _)| *description == twin);
            let summary = match known {
                Some((_, summary)) => summary,
                None => match escape.run(&place, ensemble.replicas, ensemble.lanes, seed)? {
                    Some(summary) => summary,
                    None => return Ok(false),
                },
            };
            let precise = Setting::<f64>::new(&cell.description, study.file().and_then(Path::parent))?;
            let question = escape.question();
            let known = Known {
                ways: exit_place::ways(cell, &escape, &precise, question, seed, conditions)?,
                theories: pool(conditions.threads)?.install(|| {
                    EscapeTheories::new(cell, &precise, &question.start, question.theories.as_deref())
                }),
                on_grid: pool(conditions.threads)?
                    .install(|| FirstPassageCell::means(cell, precise, question)),
            };
            escape.report(cell, &summary, &known, &mut collected.rows, &mut collected.survival)?;
            collected.last_exits = Some((twin, summary));
        }
        Prepared::Stationary(stationary) => {
            let place =
                CellRun { total: Some(ensemble.replicas.saturating_mul(stationary.steps())), ..place };
            let Some(summary) = stationary.run(&place, ensemble.replicas, ensemble.lanes, seed)? else {
                return Ok(false);
            };
            stationary.report(cell, &summary, &mut collected.rows, &mut collected.tail);
        }
        Prepared::Simulate(simulate) => {
            let place = CellRun { total: Some(ensemble.replicas.saturating_mul(simulate.steps())), ..place };
            let Some(summary) = simulate.run(&place, ensemble.replicas, ensemble.lanes, seed)? else {
                return Ok(false);
            };
            simulate.report(cell, &summary, &mut collected.rows, &mut collected.paths);
        }
        Prepared::Occupation(occupation) => {
            let place =
                CellRun { total: Some(ensemble.replicas.saturating_mul(occupation.steps())), ..place };
            let Some(summary) = occupation.run(&place, ensemble.replicas, ensemble.lanes, seed)? else {
                return Ok(false);
            };
            let mut tables = OccupationTables {
                rows: &mut collected.rows,
                course: &mut collected.course,
                basins: &mut collected.basins,
            };
            pool(conditions.threads)?.install(|| occupation.report(cell, &summary, &mut tables));
        }
        Prepared::Density(density) => {
            let mut tables = Tables {
                rows: &mut collected.rows,
                densities: &mut collected.densities,
                modes: &mut collected.modes,
                orders: &mut collected.orders,
            };
            return pool(conditions.threads)?.install(|| density.run(&place, cell, seed, &mut tables));
        }
        Prepared::Laws(law) => {
            let Some(summary) = law.run(&place, ensemble.replicas, ensemble.lanes, seed)? else {
                return Ok(false);
            };
            let rows = &mut collected.rows;
            pool(conditions.threads)?.install(|| law.report(cell, &summary, rows))?;
        }
        Prepared::FirstPassage(mut passage) => {
            let (rows, curves) = (&mut collected.rows, &mut collected.survival);
            pool(conditions.threads)?.install(|| passage.run(cell, rows, curves))?;
        }
        Prepared::RareEvent(event) => {
            pool(conditions.threads)?.install(|| event.run(cell, seed, &mut collected.rows))?;
        }
        Prepared::Train(train) => {
            let place = CellRun { total: Some(ensemble.replicas.saturating_mul(train.steps())), ..place };
            let Some(summary) = train.run(&place, cell, seed)? else {
                return Ok(false);
            };
            train.save_weights(&place, &summary)?;
            train.report(cell, &summary, &mut collected.rows, &mut collected.train);
        }
        Prepared::Curvature(curvature) => {
            return curvature.run(&place, cell, seed, &mut collected.rows, &mut collected.curvature);
        }
        Prepared::CriticalPoints(points) => {
            let mut tables = critical_points::Tables {
                rows: &mut collected.rows,
                positions: &mut collected.positions,
                edges: &mut collected.edges,
                ways: &mut collected.ways,
                map: &mut collected.map,
                searches: &mut collected.searches,
            };
            pool(conditions.threads)?.install(|| points.run(cell, &mut tables))?;
        }
    }
    Ok(true)
}

/// A cell that is built and checked, ready to run.
enum Prepared<R: Variate> {
    Escape(Box<EscapeCell<R>>),
    Stationary(Box<StationaryCell<R>>),
    Simulate(Box<SimulateCell<R>>),
    Density(Box<DensityCell>),
    FirstPassage(Box<FirstPassageCell>),
    RareEvent(Box<RareEventCell>),
    Laws(Box<LawCell<R>>),
    CriticalPoints(Box<CriticalPointsCell>),
    Occupation(Box<OccupationCell<R>>),
    Curvature(Box<CurvatureCell<R>>),
    Train(Box<TrainCell<R>>),
}

impl<R: Variate> Prepared<R> {
    fn new(study: &Study, cell: &Cell) -> Result<Self, RunError> {
        let directory = study.file().and_then(Path::parent);
        let setting = || Setting::<R>::new(&cell.description, directory);
        let precise = || Setting::<f64>::new(&cell.description, directory);
        Ok(match &cell.description.question {
            Question::Escape(question) if question.solver == EscapeSolver::Grid => {
                Self::FirstPassage(Box::new(FirstPassageCell::of_escape(cell, precise()?, question)?))
            }
            Question::Density(question) => {
                Self::Density(Box::new(DensityCell::new(cell, precise()?, question)?))
            }
            Question::FirstPassage(question) => {
                Self::FirstPassage(Box::new(FirstPassageCell::new(cell, precise()?, question)?))
            }
            Question::RareEvent(question) => {
                Self::RareEvent(Box::new(RareEventCell::new(cell, precise()?, question)?))
            }
            Question::Escape(question) => {
                escape::refuse_silence(&cell.description)?;
                Self::Escape(Box::new(EscapeCell::new(setting()?, question)?))
            }
            Question::Laws(question) => {
                Self::Laws(Box::new(LawCell::new(cell, setting()?, precise()?, question)?))
            }
            Question::Stationary(question) => {
                let precise = precise()?;
                let from = question.minimum.as_deref();
                let analysis = Analysis::new(&cell.description, &precise, directory, from)?;
                let built = StationaryCell::new(setting()?, analysis, &cell.description, question)?;
                Self::Stationary(Box::new(built))
            }
            Question::Occupation(question) => {
                Self::Occupation(Box::new(OccupationCell::new(setting()?, precise()?, question)?))
            }
            Question::Simulate(question) => {
                let built = SimulateCell::new(setting()?, &cell.description, question, directory)?;
                Self::Simulate(Box::new(built))
            }
            Question::Train(question) => Self::Train(Box::new(TrainCell::new(cell, question, directory)?)),
            Question::Curvature(question) => {
                Self::Curvature(Box::new(CurvatureCell::new(cell, question, directory)?))
            }
            Question::CriticalPoints(question) => {
                Self::CriticalPoints(Box::new(CriticalPointsCell::new(cell, question, directory)?))
            }
        })
    }
}

/// The description of the cell whose paths this one shares.
fn without_correction(description: &Description) -> Description {
    let mut twin = description.clone();
    if let Question::Escape(question) = &mut twin.question {
        question.crossing_correction = false;
    }
    twin
}

/// What is swept, as `key = value`.
fn settings(cell: &Cell) -> String {
    let one = |coordinate: &super::Coordinate| format!("{} = {}", coordinate.column, text(&coordinate.value));
    cell.coordinates.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn text(datum: &Datum) -> String {
    match datum {
        Datum::Number(value) => value.to_string(),
        Datum::Count(value) => value.to_string(),
        Datum::Integer(value) => value.to_string(),
        Datum::Truth(value) => value.to_string(),
        Datum::Text(value) => value.clone(),
        Datum::Missing => "–".to_owned(),
    }
}

/// The lanes of a block: as many as keep a step's arrays in the first-level cache.
fn lanes_for<R: Variate>(dimension: usize, memory_blocks: usize, asked: Option<u64>) -> usize {
    const STATE_BYTES: usize = 1 << 14;
    const MOST_LANES: usize = 256;
    let smallest = LEAF as usize;
    if let Some(asked) = asked {
        return (asked as usize).clamp(smallest, 1 << 16).next_power_of_two();
    }
    let per_lane = dimension * (4 + memory_blocks) * size_of::<R>();
    (STATE_BYTES / per_lane).clamp(smallest, MOST_LANES).next_power_of_two()
}

/// Keys that do not fit together.
#[allow(clippy::needless_pass_by_value, reason = "callers format the value where they stand")]
fn unfit(key: &'static str, value: impl ToString, remedy: impl Into<String>) -> RunError {
    RunError::Unfit { key, value: value.to_string(), remedy: remedy.into() }
}
