//! Escapes of the heavy ball: its friction, and the phase space in which its chain is solved.

use super::one_dimension::Line;
use super::setting::Setting;
use crate::study::{Cell, Escape, Grid, GridMethod, Rule};
use crate::theory::{HeavyBallLimit, heavy_ball_limit};

/// Heights above the bottom, in units of the temperature, beyond which no replica climbs.
const HIGHEST: f64 = 30.0;
/// Deviations of the momentum that the box holds.
const DEVIATIONS: f64 = 7.0;
/// Cells along the place, where the study says none.
const CELLS: f64 = 80.0;
/// The width of a cell of momenta in deviations of the noise of a step. A chain between cells spreads mass over a cell in
/// every step, a variance of 1/12 of a squared width besides the noise's: 2 %, which two grids extrapolate away.
const CELL_OF_MOMENTA: f64 = 0.5;
/// Larger chains are left to those who give `grid.cells`.
const MOST_CELLS: f64 = 16_000.0;

/// The limit of a rule with momentum and Gaussian noise of one variance.
fn limit(line: &Line<'_>, start: f64) -> Option<HeavyBallLimit> {
    let Rule::HeavyBall { step, momentum, weight_decay: 0.0 } = line.rule() else { return None };
    let variance = line.uniform_noise_variance(start, step.batch_size)?;
    heavy_ball_limit(step.learning_rate, *momentum, variance).ok()
}

/// The friction, in the time k√η.
pub(super) fn friction(line: &Line<'_>, start: f64) -> Option<f64> {
    limit(line, start).map(|limit| limit.friction)
}

/// The cell and the question in phase space (θ, m), in a box that holds the well and the momenta that the noise makes; a ball
/// starts at rest.
///
/// Mass is spread over a cell in every step. Where a step moves the ball by less than a cell, at large µ, that heats it: two
/// grids tell by how much, and the error that they show is the one to believe.
pub(super) fn in_phase_space(
    cell: &Cell,
    setting: &Setting<f64>,
    question: &Escape,
) -> Option<(Cell, Escape)> {
    let [start] = question.start[..] else { return None };
    let line = Line::new(cell, setting)?;
    let limit = limit(&line, start)?;
    let thresholds: Vec<f64> = question
        .target
        .iter()
        .map(|target| Some(setting.condition("escape.target", target).ok()?.half_space()?.threshold))
        .collect::<Option<_>>()?;
    let farthest =
        thresholds.iter().copied().max_by(|a, b| (a - start).abs().total_cmp(&(b - start).abs()))?;
    let bottom = line.bottom(start)?;
    let away = (start - farthest).signum();
    let mut wall = bottom + 0.05 * away;
    while (line.loss(wall) - line.loss(bottom)) < HIGHEST * limit.temperature {
        wall += 0.02 * away * (1.0 + (wall - bottom).abs());
        if (wall - bottom).abs() > 1e3 {
            return None;
        }
    }
    let beyond = farthest - 0.05 * (start - farthest);
    let momentum = DEVIATIONS * limit.momentum_deviation;
    let asked = cell.description.grid.as_ref();
    let momenta = (2.0 * momentum / (CELL_OF_MOMENTA * limit.noise_deviation)).ceil().max(0.5 * CELLS);
    let cells = asked.and_then(|grid| grid.cells.clone()).unwrap_or_else(|| vec![CELLS, momenta]);
    if asked.is_none_or(|grid| grid.cells.is_none()) && CELLS * momenta > MOST_CELLS {
        return None;
    }
    let mut cell = cell.clone();
    cell.description.grid = Some(Grid {
        lower: Some(vec![wall.min(beyond), -momentum]),
        upper: Some(vec![wall.max(beyond), momentum]),
        cells: Some(cells),
        faces: vec!["reflecting".to_owned()],
        stretch: 0.0,
        method: asked.map_or(GridMethod::Automatic, |grid| grid.method),
        memory: asked.map_or(6.0, |grid| grid.memory),
    });
    Some((cell, Escape { start: vec![start, 0.0], ..question.clone() }))
}
