//! An escape as it happens: walkers on their landscape, and beside them the survival curve as it grows.

mod contour;
mod line;
mod plane;
mod survival;

use self::survival::Survival;
use super::labels;
use super::rows::Rows;
use crate::failure::Failure;
use anyhow::anyhow;
use sgdyn::study::{Results, Rule, Study, Walker, Walkers, walkers};
use sgdyn_report::{Animation, Figure};
use std::sync::atomic::{AtomicBool, Ordering};

/// Enough to be seen as a crowd, few enough to be seen one by one.
const WALKERS: u64 = 200;
/// Six seconds.
const FRAMES: u32 = 120;
/// The animation ends when this share of the ensemble is left.
const LEFT_AT_THE_END: f64 = 0.05;
/// So many frames an escaped walker is still seen where it left.
const FAREWELL: usize = 8;

/// The animation of a cell of an escape study that has been run. Its walkers are the study's first replicas, run again.
///
/// # Errors
/// A cell that was not run or has no walkers to show.
pub(crate) fn of(
    study: &Study,
    results: &Results,
    cell: usize,
    threads: usize,
    stop: &AtomicBool,
) -> Result<Animation, Failure> {
    sgdyn::study::check_walkers(study, cell)?;
    let unknown = || {
        let told = "the run holds no survival curve of this cell: let it finish first (`sgdyn resume`)";
        Failure::usage(anyhow!("`--animate` is {cell}: {told}"))
    };
    let survival = Survival::of(study, results, cell).ok_or_else(unknown)?;
    let end = survival.time_when_left(LEFT_AT_THE_END);
    // Time runs faster and faster: how walkers settle in the well takes far less of it than how they leave.
    let share = |frame: u32| (f64::from(frame) / f64::from(FRAMES - 1)).powi(2);
    let times: Vec<f64> = (0..FRAMES).map(|frame| end * share(frame)).collect();
    let crowd = walkers(study, cell, WALKERS, &times, threads, stop)?;
    if stop.load(Ordering::Relaxed) {
        let remedy = "the results are there; `sgdyn report DIR --animate` draws the animation";
        return Err(Failure::failed(anyhow!("interrupted while the walkers were followed: {remedy}")));
    }
    let scene = Scene::new(study, cell, crowd, survival)?;
    let frames: Vec<Figure> = match scene.crowd.variables.len() {
        1 => line::frames(&scene),
        _ => plane::frames(&scene),
    };
    Ok(Animation::new(frames))
}

/// What every frame is made from.
struct Scene {
    title: String,
    settings: String,
    crowd: Walkers,
    survival: Survival,
    /// The inverse temperature, where the rule has one.
    beta: Option<f64>,
    /// Whether the rule lives in steps.
    in_steps: bool,
}

impl Scene {
    fn new(study: &Study, cell: usize, crowd: Walkers, survival: Survival) -> Result<Self, Failure> {
        let first = study.first();
        let cell = study.cell(cell).map_err(Failure::usage)?;
        let swept: Vec<_> = cell.coordinates.into_iter().map(|one| (one.column, one.value)).collect();
        let (beta, in_steps) = match &cell.description.rule {
            Rule::Langevin { beta, .. } => (Some(*beta), false),
            Rule::Sgld { beta, .. } => (Some(*beta), true),
            Rule::Sde { .. } | Rule::Sme2 { .. } | Rule::Levy { .. } => (None, false),
            _ => (None, true),
        };
        Ok(Self {
            title: first.title.clone().unwrap_or_else(|| study.name().to_owned()),
            settings: labels::settings(&swept),
            crowd,
            survival,
            beta,
            in_steps,
        })
    }

    /// A frame without its panels.
    fn figure(&self) -> Figure {
        let count = self.crowd.walkers.len();
        let target = labels::setting("target", &sgdyn::study::Datum::Text(self.crowd.target.clone()));
        let mut subtitle = format!("{count} replicas until they reach {target}");
        if !self.settings.is_empty() {
            subtitle = format!("{}; {subtitle}", self.settings);
        }
        Figure::new(self.title.clone()).subtitle(subtitle)
    }

    /// The time of a frame and how many have left by then.
    fn clock(&self, frame: usize) -> String {
        let (time, step) = (self.crowd.times[frame], self.crowd.time_step);
        let end = self.crowd.times.last().copied().unwrap_or(1.0);
        let decimals = (2.0 - end.log10().floor()).clamp(0.0, 9.0) as usize;
        let steps = if self.in_steps { format!(" (step {:.0})", time / step) } else { String::new() };
        let left = self.crowd.walkers.iter().filter(|walker| has_left(walker, time)).count();
        format!("t = {time:.decimals$}{steps}: {left} of {} have escaped", self.crowd.walkers.len())
    }

    /// Where those are that have not left by a frame, `[walkers × d]`.
    fn inside(&self, frame: usize) -> impl Iterator<Item = &[f64]> {
        let d = self.crowd.variables.len();
        let place = move |walker: &'_ Walker| -> std::ops::Range<usize> {
            debug_assert!(walker.positions.len() >= (frame + 1) * d);
            frame * d..(frame + 1) * d
        };
        self.crowd
            .walkers
            .iter()
            .map(move |walker| &walker.positions[place(walker)])
            .filter(|place| place.iter().all(|x| x.is_finite()))
    }

    /// Where those left who left by a frame, not more than `last` frames ago.
    fn exits(&self, frame: usize, last: usize) -> impl Iterator<Item = &[f64]> {
        let times = &self.crowd.times;
        let until = times[frame];
        let from = frame.checked_sub(last).map_or(f64::NEG_INFINITY, |frame| times[frame]);
        let recent = move |walker: &&Walker| walker.exit.is_some_and(|exit| from < exit && exit <= until);
        self.crowd.walkers.iter().filter(recent).map(|walker| &walker.exit_place[..])
    }
}

fn has_left(walker: &Walker, time: f64) -> bool {
    walker.exit.is_some_and(|exit| exit <= time)
}

/// The rows of the last target of a cell, in the main table or in that of survival.
fn rows_of<'a>(study: &Study, table: &'a sgdyn::study::Table, cell: usize, target: &str) -> Option<Rows<'a>> {
    use sgdyn::study::Datum;
    let mut key = vec![("target".to_owned(), Datum::Text(target.to_owned()))];
    if table.column("cell").is_some() {
        key.push(("cell".to_owned(), Datum::Count(cell as u64)));
    } else {
        let coordinates = study.cell(cell).ok()?.coordinates;
        key.extend(coordinates.into_iter().map(|coordinate| (coordinate.column, coordinate.value)));
    }
    let rows = Rows::of(table).matching(&key);
    (rows.len() > 0).then_some(rows)
}
