//! The first replicas of an escape study on their way, and the landscape that they walk on: what an animation shows.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use super::escape::EscapeCell;
use super::setting::{Setting, Source};
use super::{RunError, unfit};
use crate::ensemble::exit::Followed;
use crate::landscape::formula::Condition;
use crate::lanes::{Block, Layout, Scratch};
use crate::random::{Seed, Variate};
use crate::study::{Cell, EscapeSolver, Precision, Question, Study};

/// Walkers that one thread advances side by side.
const SIDE_BY_SIDE: u64 = 32;
/// Points of a landscape on a line, and along each side of one in the plane.
const LINE_POINTS: usize = 600;
const PLANE_POINTS: usize = 120;
/// The shares of all positions that a picture leaves out on either side: jumps of heavy tails would shrink the rest.
const LEFT_OUT: f64 = 0.002;
/// A picture reaches beyond the walkers by this share of their range.
const MARGIN: f64 = 0.12;

/// Replicas 0, 1, … of one cell of an escape study at chosen times.
#[derive(Clone, Debug)]
pub struct Walkers {
    /// The names of the coordinates, d of them.
    pub variables: Vec<String>,
    /// The last target of the study: a walker that entered it has escaped.
    pub target: String,
    /// How much time one step is.
    pub time_step: f64,
    /// The times t at which they are seen, ascending.
    pub times: Vec<f64>,
    /// The walkers, replica 0 first.
    pub walkers: Vec<Walker>,
    /// What they walk on.
    pub ground: Ground,
}

/// One replica.
#[derive(Clone, Debug, PartialEq)]
pub struct Walker {
    /// Where it is at each of the times, `[times × d]`; NaN once it escaped or diverged.
    pub positions: Vec<f64>,
    /// When it escaped, as the study counts it, if it did before the last of the times.
    pub exit: Option<f64>,
    /// Where it entered the target then, `[d]`; NaN if it did not.
    pub exit_place: Vec<f64>,
}

/// The landscape around the walkers, on a regular grid.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Places along each coordinate, in equal steps: one list on a line, two in the plane.
    pub axes: Vec<Vec<f64>>,
    /// The loss at each place, the first coordinate varying fastest; empty for a drift without a loss.
    pub loss: Vec<f64>,
    /// The level of the target at each place: at most 0 inside.
    pub level: Vec<f64>,
    /// The highest loss at which a walker was seen.
    pub highest: f64,
}

/// Whether [`walkers`] can follow the replicas of a cell.
///
/// # Errors
/// [`RunError::Unfit`]: a cell that is not there, another question, a grid in place of replicas, more than two dimensions.
pub fn check_walkers(study: &Study, cell: usize) -> Result<(), RunError> {
    let cell = cell_of(study, cell)?;
    let directory = study.file().and_then(Path::parent);
    drawable(&Setting::<f64>::new(&cell.description, directory)?)
}

/// Follows the first `count` replicas of a cell (all of them if it has fewer) and keeps where they are at `times`, rounded to
/// steps. They are the replicas of the study itself: the same random numbers, the same exits. Beyond the last time
/// nothing is simulated.
///
/// # Errors
/// As [`check_walkers`]; whatever keeps the cell from running.
pub fn walkers(
    study: &Study,
    cell: usize,
    count: u64,
    times: &[f64],
    threads: usize,
    stop: &AtomicBool,
) -> Result<Walkers, RunError> {
    let cell = cell_of(study, cell)?;
    match cell.description.ensemble.precision {
        Precision::F64 => follow::<f64>(study, &cell, count, times, threads, stop),
        Precision::F32 => follow::<f32>(study, &cell, count, times, threads, stop),
    }
}

fn cell_of(study: &Study, index: usize) -> Result<Cell, RunError> {
    if index >= study.cell_count() {
        let remedy = format!("the cells of this study are numbered from 0 to {}", study.cell_count() - 1);
        return Err(unfit("--animate", index, remedy));
    }
    let cell = study.cell(index)?;
    let of = |question: &Question| format!("of a study of the kind \"{}\"", question.name());
    match &cell.description.question {
        Question::Escape(question) if question.solver == EscapeSolver::Grid => Err(unfit(
            "--animate",
            "of an escape solved on a grid",
            "a grid has no walkers to show: set escape.solver = \"ensemble\"",
        )),
        Question::Escape(_) => Ok(cell),
        other => Err(unfit("--animate", of(other), "only escapes are animated: study = \"escape\"")),
    }
}

fn drawable<R: Variate>(setting: &Setting<R>) -> Result<(), RunError> {
    if setting.dimension() <= 2 {
        return Ok(());
    }
    let remedy = "only escapes in one or two coordinates can be drawn: the figures and tables of a run hold what \
                  is known of this one";
    Err(unfit("--animate", format!("of {} coordinates", setting.dimension()), remedy))
}

fn follow<R: Variate>(
    study: &Study,
    cell: &Cell,
    count: u64,
    times: &[f64],
    threads: usize,
    stop: &AtomicBool,
) -> Result<Walkers, RunError> {
    let directory = study.file().and_then(Path::parent);
    let Question::Escape(question) = &cell.description.question else {
        return Err(unfit("--animate", cell.index, "only escapes are animated"));
    };
    let escape = EscapeCell::<R>::new(Setting::new(&cell.description, directory)?, question)?;
    drawable(&escape.setting)?;
    let time_step = escape.setting.rule.time_step();
    let mut moments: Vec<u64> = times.iter().map(|time| (time / time_step).round() as u64).collect();
    moments.dedup();
    let seed = Seed::new(cell.description.seed, cell.index as u64);
    let program = escape.program(seed, SIDE_BY_SIDE as usize);
    // One step more, so that those inside at the last time are still seen.
    let horizon = moments.last().copied().unwrap_or(0) + 1;
    let program = crate::ensemble::exit::ExitProgram { most_steps: horizon, ..program };
    let count = count.min(cell.description.ensemble.replicas);
    let groups: Vec<_> = (0..count.div_ceil(SIDE_BY_SIDE))
        .map(|group| group * SIDE_BY_SIDE..((group + 1) * SIDE_BY_SIDE).min(count))
        .collect();
    let followed: Vec<Followed> = super::pool(threads)?.install(|| {
        let each = groups.into_par_iter().map(|group| program.follow(group, &moments, None, stop));
        each.collect::<Vec<_>>().into_iter().flatten().collect()
    });
    let last = question.target.len().saturating_sub(1);
    let inside_steps = question.crossing_correction;
    let times: Vec<f64> = moments.iter().map(|&step| step as f64 * time_step).collect();
    let dimension = escape.setting.dimension();
    let walkers: Vec<Walker> = followed
        .into_iter()
        .map(|one| {
            let (steps, places) = if inside_steps && !one.corrected.is_empty() {
                (one.corrected, one.corrected_places)
            } else {
                (one.at_steps, one.places)
            };
            let end = (horizon - 1) as f64;
            let exit = steps.get(last).filter(|step| **step <= end).map(|step| step * time_step);
            let mut positions = one.positions;
            for (place, &time) in positions.chunks_exact_mut(dimension).zip(&times) {
                if exit.is_some_and(|exit| time >= exit) {
                    place.fill(f64::NAN);
                }
            }
            let place = exit.and(places.get(last * dimension..(last + 1) * dimension));
            let exit_place = place.map_or_else(|| vec![f64::NAN; dimension], <[f64]>::to_vec);
            Walker { positions, exit, exit_place }
        })
        .collect();
    let target = question.target[last].clone();
    // What they walk on is drawn in double precision.
    let precise = Setting::<f64>::new(&cell.description, directory)?;
    let condition = precise.condition("escape.target", &target)?;
    let ground = ground(&precise, &condition, &question.start, &walkers);
    Ok(Walkers { variables: precise.variables, target, time_step, times, walkers, ground })
}

/// The landscape in a box that holds nearly all places where walkers were seen, and some of the target.
fn ground(setting: &Setting<f64>, target: &Condition, start: &[f64], walkers: &[Walker]) -> Ground {
    let dimension = start.len();
    let points = if dimension == 1 { LINE_POINTS } else { PLANE_POINTS };
    let axes: Vec<Vec<f64>> = (0..dimension)
        .map(|coordinate| {
            let seen = walkers.iter().flat_map(|walker| {
                let all = walker.positions.chunks_exact(dimension).chain([&walker.exit_place[..]]);
                all.map(|place| place[coordinate])
            });
            let mut seen: Vec<f64> = seen.filter(|x| x.is_finite()).chain([start[coordinate]]).collect();
            seen.sort_by(f64::total_cmp);
            let out = (LEFT_OUT * seen.len() as f64) as usize;
            let (mut low, mut high) = (seen[out], seen[seen.len() - 1 - out]);
            // The border of the target is to be seen, reached or not.
            if let Some(half) = target.half_space().filter(|half| half.coordinate == coordinate) {
                (low, high) = (low.min(half.threshold), high.max(half.threshold));
            }
            let margin = if high > low { MARGIN * (high - low) } else { 1.0 };
            let width = (high - low + 2.0 * margin) / (points - 1) as f64;
            (0..points).map(|index| low - margin + width * index as f64).collect()
        })
        .collect();
    let places: Vec<Vec<f64>> = match &axes[..] {
        [x, y] => y.iter().flat_map(|&y| x.iter().map(move |&x| vec![x, y])).collect(),
        _ => axes[0].iter().map(|&x| vec![x]).collect(),
    };
    let seen: Vec<Vec<f64>> = walkers
        .iter()
        .flat_map(|walker| walker.positions.chunks_exact(dimension))
        .filter(|place| place.iter().all(|x| x.is_finite()))
        .map(<[f64]>::to_vec)
        .collect();
    let level = |place: &Vec<f64>| target.level().value(place);
    let highest = losses(setting, &seen).into_iter().filter(|loss| loss.is_finite());
    Ground {
        level: places.iter().map(level).collect(),
        loss: losses(setting, &places),
        highest: highest.fold(f64::NEG_INFINITY, f64::max),
        axes,
    }
}

/// The loss at some places; nothing for a drift without one.
fn losses(setting: &Setting<f64>, places: &[Vec<f64>]) -> Vec<f64> {
    let lanes = places.len();
    let mut block = Block::zeros(setting.dimension(), lanes, Layout::CoordinateMajor);
    if let Source::Risk(risk) = &setting.source {
        block = Block::zeros(setting.dimension(), lanes, risk.layout());
    }
    for (lane, place) in places.iter().enumerate() {
        for (coordinate, &value) in place.iter().enumerate() {
            block.set(coordinate, lane, value);
        }
    }
    let mut out = vec![0.0; lanes];
    match &setting.source {
        Source::Risk(risk) => risk.loss(&block, &mut out),
        Source::Field(field) => match &field.loss {
            Some(loss) => loss.loss(&block, &mut Scratch::new(), &mut out),
            None => return Vec::new(),
        },
        Source::Regression { .. } => return Vec::new(),
    }
    out
}
