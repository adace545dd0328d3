//! What the cells of a study will take, before any of them is run.

use super::{Prepared, RunError, Seen, lanes_for, settings};
use crate::ensemble::LEAF;
use crate::random::Variate;
use crate::study::{Cell, Description, Landscape, Precision, Rule, Study};

/// Steps of replicas a second that one thread makes, roughly: for the expected time of a plan.
const STEPS_PER_SECOND: f64 = 2e8;

/// What a cell will take.
#[derive(Clone, Debug, PartialEq)]
pub struct CellPlan {
    /// The cell, from 0.
    pub cell: usize,
    /// What is swept, as `key = value`.
    pub settings: String,
    /// The number of replicas.
    pub replicas: u64,
    /// Steps of each replica, a guess where replicas stop by themselves; `None` where nothing is known.
    pub steps: Option<f64>,
    /// Expected time on the threads given, in seconds.
    pub seconds: Option<f64>,
    /// Expected memory in bytes.
    pub bytes: u64,
}

/// What each cell will take on `threads` threads, without running it.
///
/// # Errors
/// [`RunError`] for a study that [`run`](super::run()) would refuse.
pub fn plan(study: &Study, threads: usize) -> Result<Vec<CellPlan>, RunError> {
    let mut seen = Seen::default();
    let mut plans = Vec::new();
    for cell in study.cells() {
        let cell = cell?;
        if seen.repeats(&cell) {
            continue;
        }
        plans.push(match cell.description.ensemble.precision {
            Precision::F64 => plan_cell::<f64>(study, &cell, threads)?,
            Precision::F32 => plan_cell::<f32>(study, &cell, threads)?,
        });
    }
    Ok(plans)
}

fn plan_cell<R: Variate>(study: &Study, cell: &Cell, threads: usize) -> Result<CellPlan, RunError> {
    let replicas = cell.description.ensemble.replicas;
    let prepared = Prepared::<R>::new(study, cell)?;
    let (steps, dimension) = match &prepared {
        Prepared::Escape(escape) => (escape.expected_steps(cell), 1),
        Prepared::Laws(law) => (law.expected_steps(), law.dimension()),
        Prepared::Stationary(stationary) => (Some(stationary.steps() as f64), stationary.dimension()),
        Prepared::Simulate(simulate) => (Some(simulate.steps() as f64), simulate.dimension()),
        Prepared::Occupation(occupation) => (Some(occupation.steps() as f64), occupation.dimension()),
        Prepared::Density(density) => return Ok(plan_on_grid(cell, density.size()?)),
        Prepared::FirstPassage(passage) => return Ok(plan_on_grid(cell, passage.size()?)),
        Prepared::RareEvent(event) => return Ok(event.plan(cell)),
        Prepared::Curvature(curvature) => return Ok(curvature.plan(cell)),
        Prepared::Train(train) => (Some(train.steps() as f64), train.dimension()),
        Prepared::CriticalPoints(points) => {
            return Ok(CellPlan {
                cell: cell.index,
                settings: settings(cell),
                replicas: 0,
                steps: None,
                seconds: Some(points.seconds() / threads as f64),
                bytes: (8 * points.dimension() * points.dimension()) as u64 + (32 << 20),
            });
        }
    };
    let work = dimension as f64 * cost_per_coordinate(&cell.description, dimension);
    let workers = (threads as u64).min(replicas.div_ceil(LEAF)).max(1) as f64;
    Ok(CellPlan {
        cell: cell.index,
        settings: settings(cell),
        replicas,
        steps,
        seconds: steps.map(|steps| steps * replicas as f64 * work / STEPS_PER_SECOND / workers),
        bytes: (threads * state_bytes::<R>(dimension)) as u64 + (32 << 20),
    })
}

/// What a thread holds of its replicas: positions, what a rule remembers, and random numbers for some steps ahead.
fn state_bytes<R: Variate>(dimension: usize) -> usize {
    const ARRAYS: usize = 24;
    const LEAST: usize = 1 << 14;
    (ARRAYS * dimension * lanes_for::<R>(dimension, 1, None)).max(LEAST) * size_of::<R>()
}

/// The plan of a cell on a grid, from measured eliminations: `n log n` values and `n^1.5` operations in the plane, `n^4/3`
/// values in space, where what does not fit is iterated.
fn plan_on_grid(cell: &Cell, (cells, dimension, solves): (usize, usize, f64)) -> CellPlan {
    let allowed = cell.description.grid.as_ref().map_or(0.0, |grid| grid.memory * f64::from(1 << 30));
    let n = cells as f64;
    let (direct, time) = match dimension {
        1 => (400.0 * n, 1e-5 * n),
        2 => (64.0 * n * n.log2() + 300.0 * n, 3e-9 * n.powf(1.5) + 1.5e-6 * n),
        _ => (200.0 * n.powf(4.0 / 3.0) + 300.0 * n, 1e-9 * n.powi(2)),
    };
    let iterated = direct > allowed;
    let (bytes, time) = if iterated { (700.0 * n, 8e-6 * n) } else { (direct, time) };
    CellPlan {
        cell: cell.index,
        settings: settings(cell),
        replicas: 0,
        steps: None,
        seconds: Some(time * solves),
        bytes: bytes as u64,
    }
}

/// The cost of a step and coordinate relative to one of a double well. A minibatch costs its samples: less for a large
/// model, whose rows are read as they lie.
fn cost_per_coordinate(description: &Description, dimension: usize) -> f64 {
    const LARGE: usize = 64;
    let batch = match &description.rule {
        Rule::Sgd { step, .. }
        | Rule::HeavyBall { step, .. }
        | Rule::Nesterov { step, .. }
        | Rule::Sgld { step, .. }
        | Rule::Svag { step, .. } => step.batch_size as f64,
        _ => 1.0,
    };
    match (&description.landscape, dimension > LARGE) {
        (Landscape::Risk(_), true) => 0.02 * batch,
        (Landscape::Risk(_), false) => 0.3 * batch,
        _ => 1.0,
    }
}
