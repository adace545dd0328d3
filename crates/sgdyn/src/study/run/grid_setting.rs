//! A problem on a grid: the dynamics of a description, a box that holds them, and the solver of their chains.

use std::sync::Arc;

use super::grid_box::{FEWEST_CELLS, cells, faces, fixed_ends, points_in, stretched};
use super::grid_dynamics::{Dynamics, dynamics};
use super::setting::Setting;
use super::{RunError, unfit};
use crate::density::master::{HeavyBallStep, Outside, SgdStep, Transition, minibatch_transition};
use crate::density::{
    Axis, DensityError, DiffusionProcess, Face, Grid, LevyFlight, Method, Rates, SparseSolver, Target,
    generator, generator_until, nodal_chain,
};
use crate::landscape::formula::{Condition, Side};
use crate::noise::Noise;
use crate::random::Law;
use crate::study::{Description, GridMethod};

/// The chain that dynamics are on a grid.
pub(super) enum Chain {
    /// Rates per unit of time.
    InTime(Rates),
    /// Probabilities per step.
    InSteps(Transition),
}

impl Chain {
    /// The rates, or the probabilities per step less the identity.
    pub(super) fn rates(&self) -> &Rates {
        match self {
            Self::InTime(rates) => rates,
            Self::InSteps(transition) => transition.chain(),
        }
    }
}

/// The problem of one cell.
pub(super) struct GridProblem {
    dynamics: Dynamics,
    /// The names of the grid's coordinates.
    pub variables: Vec<String>,
    ends: Vec<[f64; 2]>,
    faces: Vec<[Face; 2]>,
    cells: Vec<usize>,
    stretch: f64,
    /// A point that becomes a cell's centre, where the box is free to move.
    centred: Option<Vec<f64>>,
    /// A coordinate and a place on it that becomes a face, where the box is free to move.
    faced: Option<(usize, f64)>,
    pub solver: SparseSolver,
}

impl GridProblem {
    /// The problem of a cell, in a box that holds the start, if there is one, and reaches into the targets.
    pub(super) fn new(
        description: &Description,
        setting: &Setting<f64>,
        start: Option<&[f64]>,
        targets: &[Condition],
    ) -> Result<Self, RunError> {
        let Some(grid) = &description.grid else {
            return Err(unfit("grid", "absent", "this study needs a grid"));
        };
        let dynamics = dynamics(description, setting)?;
        let mut variables = setting.variables.clone();
        if matches!(dynamics, Dynamics::HeavyBall { .. }) {
            variables.push("momentum".to_owned());
        }
        let dimension = variables.len();
        if !(1..=3).contains(&dimension) {
            return Err(DensityError::Dimension { dimension }.into());
        }
        if let Some(point) = start.filter(|point| point.len() != dimension) {
            let remedy = format!("the grid has the coordinates {}", variables.join(", "));
            return Err(unfit("start", format!("{point:?}"), remedy));
        }
        let mut points: Vec<Vec<f64>> = start.iter().map(|point| point.to_vec()).collect();
        for (start, target) in
            start.iter().flat_map(|start| targets.iter().map(move |target| (start, target)))
        {
            points.extend(points_in(target, start));
        }
        let faces = faces(grid, dimension)?;
        let cells = cells(grid, dimension)?;
        let fixed = fixed_ends(grid, dimension)?;
        let free = fixed.iter().all(|ends| ends[0].is_none() && ends[1].is_none());
        let ends = dynamics.ends(&fixed, &points)?;
        let method = match grid.method {
            GridMethod::Automatic => Method::Automatic,
            GridMethod::Direct => Method::Direct,
            GridMethod::Iterative => Method::Iterative,
        };
        let solver = SparseSolver::new(method, (grid.memory * f64::from(1 << 30)) as usize);
        let movable = free && grid.stretch == 0.0;
        let centred = start.filter(|_| movable).map(<[f64]>::to_vec);
        // In steps a target begins at a face: what is beyond is out, whole cells of it.
        let in_steps = !matches!(dynamics, Dynamics::Diffusion { .. } | Dynamics::Flight { .. });
        let faced = match targets {
            [target] if movable && in_steps => {
                target.half_space().map(|half| (half.coordinate, half.threshold))
            }
            _ => None,
        };
        let stretch = grid.stretch;
        let problem = Self { dynamics, variables, ends, faces, cells, stretch, centred, faced, solver };
        if let Some(start) = start
            && problem.grid(1)?.cell_of(start).is_none()
        {
            let (lower, upper) = problem.ends.iter().map(|ends| (ends[0], ends[1])).unzip();
            let point = start.to_vec();
            return Err(DensityError::OutsideBox { what: "the start", point, lower, upper }.into());
        }
        Ok(problem)
    }

    /// Whether time is counted in steps, and how much time a step stands for.
    pub(super) fn time_step(&self) -> Option<f64> {
        match &self.dynamics {
            Dynamics::Diffusion { .. } | Dynamics::Flight { .. } => None,
            Dynamics::Sgd { learning_rate, .. }
            | Dynamics::HeavyBall { learning_rate, .. }
            | Dynamics::Minibatches { learning_rate, .. } => Some(*learning_rate),
        }
    }

    /// The process, if the dynamics are a diffusion.
    pub(super) fn process(&self) -> Option<&DiffusionProcess> {
        match &self.dynamics {
            Dynamics::Diffusion { process, .. } => Some(process),
            _ => None,
        }
    }

    /// One step of SGD in one dimension, if the dynamics are.
    pub(super) fn sgd(&self) -> Option<SgdStep<'_>> {
        match &self.dynamics {
            Dynamics::Sgd { field, noise, learning_rate } if field.dimension() == 1 => {
                Some(SgdStep { field, noise: noise.as_deref(), learning_rate: *learning_rate })
            }
            _ => None,
        }
    }

    /// The noise of SGD's gradient.
    pub(super) fn noise(&self) -> Option<Arc<dyn Noise<f64>>> {
        match &self.dynamics {
            Dynamics::Sgd { noise, .. } => noise.clone(),
            _ => None,
        }
    }

    /// The ends of the box, `[d]`.
    pub(super) fn ends(&self) -> &[[f64; 2]] {
        &self.ends
    }

    /// Whether cells may be halved for an estimate of the error: a law of masses on points has no density to converge to.
    pub(super) fn refines(&self) -> bool {
        match &self.dynamics {
            Dynamics::Minibatches { .. } => false,
            Dynamics::Sgd { noise, .. } => {
                noise.as_ref().is_some_and(|noise| matches!(noise.law(), Law::Normal | Law::Stable { .. }))
            }
            _ => true,
        }
    }

    /// The grid, with cells `coarser` times as wide.
    pub(super) fn grid(&self, coarser: usize) -> Result<Grid, RunError> {
        let mut axes = Vec::new();
        for (axis, &[lower, upper]) in self.ends.iter().enumerate() {
            let cells = (self.cells[axis] / coarser).max(FEWEST_CELLS);
            let width = (upper - lower) / cells as f64;
            let place = match (&self.centred, self.faced) {
                (_, Some((coordinate, face))) if coordinate == axis => (face - lower) / width,
                (Some(point), _) => (point[axis] - lower) / width - 0.5,
                (None, _) => 0.0,
            };
            let shift = (place - place.round()) * width;
            let (lower, upper) = (lower + shift, upper + shift);
            let built = if self.stretch == 0.0 {
                Axis::uniform(lower, upper, cells)
            } else {
                stretched(lower, upper, cells, self.stretch)
            };
            axes.push(built.ending(self.faces[axis][0], self.faces[axis][1]));
        }
        Ok(Grid::new(axes)?)
    }

    /// The chain on a grid.
    pub(super) fn chain(&self, grid: &Grid) -> Result<Chain, RunError> {
        let outside = self.outside();
        Ok(match &self.dynamics {
            Dynamics::Diffusion { process, interpretation } => {
                Chain::InTime(generator(process, grid, *interpretation)?)
            }
            Dynamics::Flight { field, alpha, scale } => {
                let drift = |x: f64| -field.gradient_at(&[x])[0];
                Chain::InTime(LevyFlight { drift: &drift, alpha: *alpha, noise_scale: *scale }.rates(grid)?)
            }
            Dynamics::Sgd { field, noise, learning_rate } => {
                let step = SgdStep { field, noise: noise.as_deref(), learning_rate: *learning_rate };
                Chain::InSteps(step.transition(grid, outside)?)
            }
            Dynamics::HeavyBall { field, noise, learning_rate, momentum } => {
                let sgd = SgdStep { field, noise: noise.as_deref(), learning_rate: *learning_rate };
                Chain::InSteps(HeavyBallStep { sgd, momentum: *momentum }.transition(grid, outside)?)
            }
            Dynamics::Minibatches { risk, batch_size, learning_rate } => {
                Chain::InSteps(minibatch_transition(grid, &**risk, *batch_size, *learning_rate, outside)?)
            }
        })
    }

    /// The chain until it reaches `condition`, and the cell of each of its states.
    pub(super) fn chain_until(
        &self,
        grid: &Grid,
        condition: &Condition,
    ) -> Result<(Chain, Vec<usize>), RunError> {
        let target = target(condition, grid.dimension());
        if let Dynamics::Diffusion { process, interpretation } = &self.dynamics {
            let nodal = grid.dimension() == 1 && process.tensor_at(&[grid.axes()[0].centre(0)])[0] > 0.0;
            let (rates, cells) = if nodal {
                nodal_chain(process, grid, *interpretation, Some(&target))
                    .or_else(|_| generator_until(process, grid, *interpretation, &target))?
            } else {
                generator_until(process, grid, *interpretation, &target)?
            };
            return Ok((Chain::InTime(rates), cells));
        }
        let covered = target.cover(grid)?;
        Ok(match self.chain(grid)? {
            Chain::InTime(rates) => {
                let (rates, cells) = rates.restricted(|cell| !covered[cell]);
                (Chain::InTime(rates), cells)
            }
            Chain::InSteps(transition) => {
                let (transition, cells) = transition.restricted(|cell| !covered[cell])?;
                (Chain::InSteps(transition), cells)
            }
        })
    }

    fn outside(&self) -> Outside {
        let absorbing = self.faces.iter().flatten().any(|face| *face == Face::Absorbing);
        if absorbing { Outside::Lost } else { Outside::Reflected }
    }
}

/// A condition as a region; a half-space is cut exactly.
fn target(condition: &Condition, dimension: usize) -> Target {
    if let Some(half) = condition.half_space() {
        let mut normal = vec![0.0; dimension];
        let sign = if half.side == Side::Below { 1.0 } else { -1.0 };
        if let Some(entry) = normal.get_mut(half.coordinate) {
            *entry = sign;
        }
        return Target::half_space(normal, sign * half.threshold);
    }
    let (condition, variables) = (condition.clone(), condition.variables().len());
    Target::region(move |point| condition.contains(&point[..variables]))
}
