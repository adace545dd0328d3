//! A problem on a grid: the dynamics of a description, a box that holds them, and the solver of their chains.

use std::sync::Arc;

use super::RunError;
use super::setting::{Setting, Source, equation_noise_of, gradient_noise_of, sampling};
use super::unfit;
use crate::density::master::{HeavyBallStep, Outside, SgdStep, Transition, minibatch_transition};
use crate::density::{
    Axis, DensityError, DiffusionProcess, Face, Grid, LevyFlight, Method, Rates, SparseSolver, Target,
    find_box, generator, generator_until, nodal_chain,
};
use crate::landscape::Field;
use crate::landscape::formula::{Condition, Side};
use crate::noise::{Isotropic, Noise};
use crate::random::{Law, Sampling};
use crate::risk::EmpiricalRisk;
use crate::study::{
    Description, Grid as DescribedGrid, GridMethod, Interpretation as DescribedInterpretation, Rule,
};
use crate::theory::Interpretation;

/// The mass that an automatic box may cut off at each face.
const MASS_CUT_OFF: f64 = 1e-10;
/// SGD's own law is wider than that of its equation: an automatic box is wider by this on each side.
const WIDER: f64 = 0.3;
const DEFAULT_CELLS: [usize; 3] = [1000, 200, 60];
const FEWEST_CELLS: usize = 4;

/// What moves on a grid.
enum Dynamics {
    Diffusion { process: DiffusionProcess, interpretation: Interpretation },
    Flight { field: Field<f64>, alpha: f64, scale: f64 },
    Sgd { field: Field<f64>, noise: Option<Arc<dyn Noise<f64>>>, learning_rate: f64 },
    HeavyBall { field: Field<f64>, noise: Option<Arc<dyn Noise<f64>>>, learning_rate: f64, momentum: f64 },
    Minibatches { risk: Arc<dyn EmpiricalRisk<f64>>, batch_size: usize, learning_rate: f64 },
}

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

impl Dynamics {
    /// The box: what is given, and the rest found.
    fn ends(&self, fixed: &[[Option<f64>; 2]], points: &[Vec<f64>]) -> Result<Vec<[f64; 2]>, RunError> {
        let given: Option<Vec<[f64; 2]>> = fixed.iter().map(|ends| Some([ends[0]?, ends[1]?])).collect();
        if let Some(given) = given {
            return Ok(given);
        }
        let origin = vec![vec![0.0; fixed.len()]];
        let around = if points.is_empty() { &origin } else { points };
        match self {
            Self::Diffusion { process, interpretation } => {
                Ok(find_box(process, *interpretation, around, fixed, MASS_CUT_OFF)?)
            }
            Self::Sgd { field, noise: Some(noise), learning_rate } if noise.law() == Law::Normal => {
                let process = DiffusionProcess::stochastic_gradient(field, noise.clone(), *learning_rate)?;
                let found = find_box(&process, Interpretation::Ito, around, fixed, MASS_CUT_OFF)?;
                let widened = |(ends, fixed): (&[f64; 2], &[Option<f64>; 2])| {
                    let more = WIDER * (ends[1] - ends[0]);
                    [fixed[0].unwrap_or(ends[0] - more), fixed[1].unwrap_or(ends[1] + more)]
                };
                Ok(found.iter().zip(fixed).map(widened).collect())
            }
            _ => Err(unfit(
                "grid.lower",
                "absent",
                "a box is found for diffusions and for SGD with Gaussian noise; here give `grid.lower` and `grid.upper`",
            )),
        }
    }
}

fn dynamics(description: &Description, setting: &Setting<f64>) -> Result<Dynamics, RunError> {
    let field = |rule: &str| {
        setting.field().cloned().ok_or_else(|| {
            unfit("rule.name", rule, "on a grid it needs a formula or a named landscape, not data")
        })
    };
    match &description.rule {
        Rule::Langevin { beta, .. } => {
            let process = DiffusionProcess::langevin(&field("langevin")?, *beta)?;
            Ok(Dynamics::Diffusion { process, interpretation: Interpretation::Ito })
        }
        Rule::Sde { diffusion, .. } => {
            let rate = diffusion.learning_rate;
            let process = match &setting.source {
                Source::Risk(risk) => {
                    let (samples, batch) = (risk.samples() as f64, diffusion.batch_size as f64);
                    let factor = match sampling(diffusion.sampling) {
                        Sampling::WithReplacement => 1.0 / batch,
                        _ => (samples - batch) / (batch * (samples - 1.0)),
                    };
                    DiffusionProcess::of_risk(risk.clone(), factor, rate)?
                }
                _ => DiffusionProcess::stochastic_gradient(
                    &field("sde")?,
                    equation_noise_of(description, setting, diffusion)?,
                    rate,
                )?,
            };
            Ok(Dynamics::Diffusion { process, interpretation: interpretation(diffusion.interpretation) })
        }
        Rule::Sme2 { diffusion, .. } => {
            let noise = equation_noise_of(description, setting, diffusion)?;
            let process =
                DiffusionProcess::modified_equation(&field("sme2")?, noise, diffusion.learning_rate)?;
            Ok(Dynamics::Diffusion { process, interpretation: interpretation(diffusion.interpretation) })
        }
        Rule::Levy { alpha, scale, .. } => {
            let field = field("levy")?;
            if field.dimension() != 1 {
                let remedy =
                    "the fractional Fokker–Planck equation is solved in one dimension: use an ensemble";
                return Err(unfit("landscape", format!("of dimension {}", field.dimension()), remedy));
            }
            Ok(Dynamics::Flight { field, alpha: *alpha, scale: *scale })
        }
        Rule::Sgd { step, weight_decay } => {
            plain(step, *weight_decay)?;
            if let Source::Risk(risk) = &setting.source {
                if sampling(step.sampling) != Sampling::WithReplacement {
                    let remedy =
                        "on a grid minibatches are drawn with replacement: use an ensemble for other schemes";
                    return Err(unfit("rule.sampling", format!("{:?}", step.sampling), remedy));
                }
                let batch_size = step.batch_size as usize;
                return Ok(Dynamics::Minibatches {
                    risk: risk.clone(),
                    batch_size,
                    learning_rate: step.learning_rate,
                });
            }
            let noise = gradient_noise_of(description, setting, step.batch_size)?;
            Ok(Dynamics::Sgd { field: field("sgd")?, noise, learning_rate: step.learning_rate })
        }
        Rule::HeavyBall { step, momentum, weight_decay } => {
            plain(step, *weight_decay)?;
            let field = field("heavy-ball")?;
            if field.dimension() != 1 {
                let remedy = "momentum doubles the dimension: on a grid it takes problems in one coordinate";
                return Err(unfit("landscape", format!("of dimension {}", field.dimension()), remedy));
            }
            let noise = gradient_noise_of(description, setting, step.batch_size)?;
            Ok(Dynamics::HeavyBall { field, noise, learning_rate: step.learning_rate, momentum: *momentum })
        }
        Rule::Sgld { step, beta } => {
            plain(step, 0.0)?;
            let field = field("sgld")?;
            if description.noise.is_some() {
                let remedy = "on a grid sgld takes the exact gradient: leave [noise] out";
                return Err(unfit("noise", "given", remedy));
            }
            // θ − ηg + √(2η/β) z is SGD with gradient noise of deviation √(2/(ηβ)).
            let amplitude = (2.0 / (step.learning_rate * beta)).sqrt();
            let noise = Isotropic { amplitude, law: Law::Normal, dimension: field.dimension() };
            Ok(Dynamics::Sgd { field, noise: Some(Arc::new(noise)), learning_rate: step.learning_rate })
        }
        Rule::GradientFlow {} | Rule::Nesterov { .. } | Rule::Svag { .. } => Err(unfit(
            "rule.name",
            super::escape::rule_name(&description.rule),
            "on a grid the discrete rules are sgd, sgld and heavy-ball; use study = \"simulate\" for this one",
        )),
    }
}

/// Refuses what would make a step depend on more than where it starts.
fn plain(step: &crate::study::Step, weight_decay: f64) -> Result<(), RunError> {
    if step.schedule != crate::study::Schedule::Constant {
        let remedy = "on a grid the learning rate is constant: a schedule has no stationary law";
        return Err(unfit("rule.schedule", "given", remedy));
    }
    if weight_decay != 0.0 {
        let remedy = "on a grid write it into the landscape: add ½·w·x² to the formula";
        return Err(unfit("rule.weight_decay", weight_decay, remedy));
    }
    Ok(())
}

pub(super) fn interpretation(described: DescribedInterpretation) -> Interpretation {
    match described {
        DescribedInterpretation::Ito => Interpretation::Ito,
        DescribedInterpretation::Stratonovich => Interpretation::Stratonovich,
        DescribedInterpretation::AntiIto => Interpretation::AntiIto,
    }
}

/// Points in a target, seen from `start`: just beyond the threshold of a half-space, else the nearest along each axis and
/// diagonal, as far as ten times the nearest of all.
fn points_in(target: &Condition, start: &[f64]) -> Vec<Vec<f64>> {
    const INTO: f64 = 0.05;
    const NEAREST: f64 = 1e-2;
    const GROWTH: f64 = 1.05;
    const RADII: i32 = 200;
    if let Some(half) = target.half_space() {
        let mut point = start.to_vec();
        let Some(entry) = point.get_mut(half.coordinate) else { return Vec::new() };
        *entry = half.threshold + INTO * (half.threshold - *entry);
        return vec![point];
    }
    let dimension = start.len();
    let variables = target.variables().len();
    let mut found: Vec<(f64, Vec<f64>)> = Vec::new();
    for direction in 0..3_usize.pow(dimension as u32) {
        let signs: Vec<f64> =
            (0..dimension).map(|axis| (direction / 3_usize.pow(axis as u32) % 3) as f64 - 1.0).collect();
        let at = |radius: f64| -> Vec<f64> {
            start.iter().zip(&signs).map(|(x, sign)| x + radius * sign).collect()
        };
        let hit = (0..RADII)
            .map(|step| NEAREST * GROWTH.powi(step))
            .find(|&radius| target.contains(&at(radius)[..variables]));
        if let Some(radius) = hit {
            found.push((radius, at((1.0 + INTO) * radius)));
        }
    }
    let nearest = found.iter().map(|(radius, _)| *radius).fold(f64::INFINITY, f64::min);
    found.into_iter().filter(|(radius, _)| *radius <= 10.0 * nearest).map(|(_, point)| point).collect()
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

/// Cells that widen from the middle of the box to its ends: x = m + w·sinh(s u)/sinh(s) with u from −1 to 1 and s twice
/// the stretch.
fn stretched(lower: f64, upper: f64, cells: usize, stretch: f64) -> Axis {
    use crate::lanes::Real;
    let sinh = |x: f64| 0.5 * (Real::exp(x) - Real::exp(-x));
    let (middle, half, s) = (0.5 * (lower + upper), 0.5 * (upper - lower), 1.5 * stretch);
    let face = |index: usize| {
        let u = 2.0 * index as f64 / cells as f64 - 1.0;
        middle + half * sinh(s * u) / sinh(s)
    };
    Axis::stretched((0..=cells).map(face).collect())
}

fn faces(grid: &DescribedGrid, dimension: usize) -> Result<Vec<[Face; 2]>, RunError> {
    let words: Vec<Face> = grid
        .faces
        .iter()
        .map(|word| match word.as_str() {
            "reflecting" => Ok(Face::Reflecting),
            "absorbing" => Ok(Face::Absorbing),
            "periodic" => Ok(Face::Periodic),
            other => {
                Err(unfit("grid.faces", other, "a face is \"reflecting\", \"absorbing\" or \"periodic\""))
            }
        })
        .collect::<Result<_, _>>()?;
    match words[..] {
        [all] => Ok(vec![[all; 2]; dimension]),
        _ if words.len() == 2 * dimension => {
            Ok(words.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect())
        }
        _ => {
            let remedy = format!(
                "give one word for all faces, or {}: lower and upper of each coordinate",
                2 * dimension
            );
            Err(unfit("grid.faces", format!("{} words", words.len()), remedy))
        }
    }
}

fn cells(grid: &DescribedGrid, dimension: usize) -> Result<Vec<usize>, RunError> {
    let Some(cells) = &grid.cells else { return Ok(vec![DEFAULT_CELLS[dimension - 1]; dimension]) };
    let whole = |&count: &f64| count.fract() == 0.0 && (FEWEST_CELLS as f64..=1e8).contains(&count);
    if cells.len() != dimension || !cells.iter().all(whole) {
        let remedy =
            format!("give {dimension} whole number(s) of at least {FEWEST_CELLS}, one for each coordinate");
        return Err(unfit("grid.cells", format!("{cells:?}"), remedy));
    }
    Ok(cells.iter().map(|&count| count as usize).collect())
}

fn fixed_ends(grid: &DescribedGrid, dimension: usize) -> Result<Vec<[Option<f64>; 2]>, RunError> {
    let mut fixed = vec![[None; 2]; dimension];
    for (side, key, ends) in [(0, "grid.lower", &grid.lower), (1, "grid.upper", &grid.upper)] {
        let Some(ends) = ends else { continue };
        if ends.len() != dimension {
            let remedy = format!("give {dimension} number(s), one for each coordinate");
            return Err(unfit(key, format!("{ends:?}"), remedy));
        }
        for (fixed, &end) in fixed.iter_mut().zip(ends) {
            fixed[side] = Some(end);
        }
    }
    for ends in &fixed {
        if let [Some(lower), Some(upper)] = ends
            && lower >= upper
        {
            return Err(unfit("grid.upper", upper, format!("it must lie above grid.lower = {lower}")));
        }
    }
    Ok(fixed)
}
