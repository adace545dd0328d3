//! What is exactly known of escapes in one dimension.

use std::sync::Arc;

use super::grid_dynamics::interpretation;
use super::noise_setting::build_noise;
use super::setting::Setting;
use crate::landscape::formula::{HalfSpace, Side};
use crate::landscape::{Field, named, rescaled};
use crate::lanes::{Block, Scratch};
use crate::random::Variate;
use crate::study::{Cell, Integrator, Landscape, Noise, Parameter, Rule};
use crate::theory::{
    ChainTarget, FarSide, Process, chain_first_passage, first_passage_time, heun_first_passage,
    interval_exit_time,
};

/// A one-dimensional landscape with the rule that moves on it.
pub(super) struct Line<'a> {
    field: Field<f64>,
    rule: &'a Rule,
    noise: Option<&'a Noise>,
    /// The simulator's own root of a single draw's variance, where its value depends on more than x and the description.
    root: Option<Arc<dyn crate::noise::Noise<f64>>>,
}

impl<'a> Line<'a> {
    /// `None` in more dimensions or without a loss.
    pub(super) fn new<R: Variate>(cell: &'a Cell, setting: &Setting<R>) -> Option<Self> {
        if setting.dimension() != 1 || setting.field()?.loss.is_none() {
            return None;
        }
        let field = match &cell.description.landscape {
            Landscape::Formula(formula) => {
                let variables = Some(&setting.variables[..]);
                crate::landscape::formula_field(&formula.formula, variables, &formula.parameters).ok()?.0
            }
            Landscape::Named(landscape) => {
                let list = |parameter: &Parameter| match parameter {
                    Parameter::Count(count) => vec![*count as f64],
                    Parameter::Number(number) => vec![*number],
                    Parameter::Vector(values) => values.clone(),
                };
                let parameters =
                    landscape.parameters.iter().map(|(name, value)| (name.clone(), list(value))).collect();
                named(&landscape.name, &parameters).ok()?
            }
            Landscape::Risk(_) => return None,
        };
        let field = rescaled(field, cell.description.sharpness);
        let noise = cell.description.noise.as_ref();
        let root = match noise {
            Some(noise @ Noise::Switching { .. }) => {
                Some(build_noise(noise, 1, &field, &setting.names()).ok()?)
            }
            _ => None,
        };
        Some(Self { field, rule: &cell.description.rule, noise, root })
    }

    /// The rule that moves on it.
    pub(super) fn rule(&self) -> &Rule {
        self.rule
    }

    /// The loss at x.
    pub(super) fn loss(&self, x: f64) -> f64 {
        self.field.loss_at(&[x]).unwrap_or(f64::NAN)
    }

    fn slope(&self, x: f64) -> f64 {
        self.field.gradient_at(&[x])[0]
    }

    fn curvature(&self, x: f64) -> f64 {
        self.field.hessian_at(&[x]).map_or(f64::NAN, |hessian| hessian[0])
    }

    /// The variance of one gradient of a batch at x, for Gaussian laws with a closed form.
    fn noise_variance(&self, x: f64, batch: u64) -> Option<f64> {
        let variance = match self.noise? {
            Noise::Gaussian { standard_deviation } => standard_deviation * standard_deviation,
            Noise::Covariance { matrix } => matrix[0][0],
            Noise::LowRank { factor } => factor[0].iter().map(|entry| entry * entry).sum(),
            Noise::Hessian { scale, floor } => scale * self.curvature(x).abs() + floor,
            Noise::LossProportional { scale, floor } => (scale * self.loss(x) + floor).max(0.0),
            Noise::Multiplicative { curvature_deviation, standard_deviation } => {
                (curvature_deviation * x).powi(2) + standard_deviation * standard_deviation
            }
            Noise::Switching { .. } => {
                let at = Block::point(&[x]);
                let mut out = at.zeros_like();
                self.root.as_ref()?.apply_root(&at, &[1.0], &mut Scratch::new(), &mut out);
                out.get(0, 0).powi(2)
            }
            _ => return None,
        };
        Some(variance / batch as f64)
    }

    /// The exact mean of the escape time: by quadrature for an equation, by the transfer operator for a discrete rule.
    pub(super) fn exact(&self, start: f64, target: &HalfSpace) -> Option<f64> {
        let far = FarSide::Infinite;
        let passage = match self.rule {
            Rule::Langevin { beta, .. } => {
                let process = Process::gibbs(|x| self.loss(x), 1.0 / beta).ok()?;
                first_passage_time(&process, start, target.threshold, far)
            }
            Rule::Levy { alpha, scale, .. } if *alpha == 2.0 => {
                let process = Process::gibbs(|x| self.loss(x), scale * scale).ok()?;
                first_passage_time(&process, start, target.threshold, far)
            }
            Rule::Sde { diffusion, .. } => {
                self.noise_variance(start, diffusion.batch_size)?;
                let half = 0.5 * diffusion.learning_rate;
                let variance = |x| half * self.noise_variance(x, diffusion.batch_size).unwrap_or(f64::NAN);
                let meant = interpretation(diffusion.interpretation);
                let process = Process::state_dependent(|x| self.slope(x), variance).interpreted(meant);
                first_passage_time(&process, start, target.threshold, far)
            }
            _ => return self.chain(start, target),
        };
        passage.ok().map(|passage| passage.mean).filter(|mean| mean.is_finite())
    }

    /// The exact probability that the equation's path reaches the target before the other half-space, which lies on the other
    /// side of the start; by quadrature, seen from the side that keeps the digits of a small one.
    pub(super) fn probability(&self, start: f64, target: &HalfSpace, before: &HalfSpace) -> Option<f64> {
        let direction = match (target.side, before.side) {
            (Side::Above, Side::Below) => 1.0,
            (Side::Below, Side::Above) => -1.0,
            _ => return None,
        };
        let process = match self.rule {
            Rule::Langevin { beta, .. } => {
                Process::gibbs(move |u| self.loss(direction * u), 1.0 / beta).ok()?
            }
            Rule::Sde { diffusion, .. } => {
                self.noise_variance(start, diffusion.batch_size)?;
                let half = 0.5 * diffusion.learning_rate;
                let variance = move |u: f64| {
                    half * self.noise_variance(direction * u, diffusion.batch_size).unwrap_or(f64::NAN)
                };
                Process::state_dependent(move |u| direction * self.slope(direction * u), variance)
                    .interpreted(interpretation(diffusion.interpretation))
            }
            _ => return None,
        };
        let (lower, upper) = (direction * before.threshold, direction * target.threshold);
        let exit = interval_exit_time(&process, direction * start, lower, upper).ok()?;
        Some(exit.upper_exit_probability).filter(|probability| probability.is_finite())
    }

    /// The exact mean time of the chain that the rule or its integrator is, seen at steps.
    pub(super) fn chain(&self, start: f64, target: &HalfSpace) -> Option<f64> {
        let threshold = match target.side {
            Side::Below => ChainTarget::Below(target.threshold),
            Side::Above => ChainTarget::Above(target.threshold),
        };
        let exit = match self.rule {
            Rule::Langevin { beta, integration } if integration.integrator == Integrator::EulerMaruyama => {
                let step = integration.step_size / integration.substeps as f64;
                let spread = (2.0 * step / beta).sqrt();
                let exit = chain_first_passage(|x| -step * self.slope(x), |_| spread, start, threshold);
                exit.map(|exit| exit.mean_steps * step)
            }
            Rule::Levy { alpha, scale, integration, .. } if *alpha == 2.0 => {
                let step = integration.step_size / integration.substeps as f64;
                let spread = scale * (2.0 * step).sqrt();
                let exit = chain_first_passage(|x| -step * self.slope(x), |_| spread, start, threshold);
                exit.map(|exit| exit.mean_steps * step)
            }
            Rule::Langevin { beta, integration } => {
                let step = integration.step_size / integration.substeps as f64;
                let (drift, slope) = (|x| -self.slope(x), |x| -self.curvature(x));
                let exit = heun_first_passage(drift, slope, (2.0 / beta).sqrt(), step, start, threshold);
                exit.map(|exit| exit.mean_steps * step)
            }
            Rule::Sgld { step, beta } => {
                let rate = step.learning_rate;
                let variance = |x| match self.noise {
                    Some(_) => self.noise_variance(x, step.batch_size),
                    None => Some(0.0),
                };
                variance(start)?;
                let spread = |x| (2.0 * rate / beta + rate * rate * variance(x).unwrap_or(f64::NAN)).sqrt();
                let exit = chain_first_passage(|x| -rate * self.slope(x), spread, start, threshold);
                exit.map(|exit| exit.mean_steps * rate)
            }
            Rule::Sgd { step, weight_decay } => {
                let rate = step.learning_rate;
                self.noise_variance(start, step.batch_size)?;
                let spread = |x| rate * self.noise_variance(x, step.batch_size).unwrap_or(f64::NAN).sqrt();
                let drift = |x: f64| -rate * (self.slope(x) + weight_decay * x);
                chain_first_passage(drift, spread, start, threshold).map(|exit| exit.mean_steps * rate)
            }
            _ => return None,
        };
        exit.ok().filter(|mean| mean.is_finite())
    }

    /// The variance of one gradient of a batch, if it is the same everywhere.
    pub(super) fn uniform_noise_variance(&self, x: f64, batch: u64) -> Option<f64> {
        let uniform =
            matches!(self.noise?, Noise::Gaussian { .. } | Noise::Covariance { .. } | Noise::LowRank { .. });
        self.noise_variance(x, batch).filter(|_| uniform)
    }

    /// The bottom of the well around x.
    pub(super) fn bottom(&self, x: f64) -> Option<f64> {
        self.root_near(self.descend(x)?)
    }

    /// How far the loss rises from `start` on its way to `end`.
    pub(super) fn barrier(&self, start: f64, end: f64) -> Option<f64> {
        const POINTS: usize = 4_000;
        let at = |index: usize| self.loss(start + (end - start) * index as f64 / POINTS as f64);
        let highest = (0..=POINTS).map(at).fold(f64::NEG_INFINITY, f64::max);
        Some(highest - self.loss(start)).filter(|barrier| barrier.is_finite())
    }

    /// Gradient descent from `start`, a step at a time as long as the slope keeps its sign.
    fn descend(&self, start: f64) -> Option<f64> {
        let mut x = start;
        let mut step = 1e-3 * (1.0 + start.abs());
        for _ in 0..10_000 {
            let slope = self.slope(x);
            if slope == 0.0 {
                return Some(x);
            }
            let next = x - step * slope.signum();
            if !slope.is_finite() || !next.is_finite() {
                return None;
            }
            if self.slope(next) * slope <= 0.0 {
                step *= 0.25;
                if step < 1e-9 {
                    return Some(x);
                }
            } else {
                x = next;
            }
        }
        None
    }

    /// The root of the slope near `x`, by Newton's method.
    fn root_near(&self, x: f64) -> Option<f64> {
        let mut root = x;
        for _ in 0..50 {
            let curvature = self.curvature(root);
            if curvature == 0.0 || !curvature.is_finite() {
                return None;
            }
            let step = self.slope(root) / curvature;
            root -= step;
            if step.abs() <= 1e-14 * (1.0 + root.abs()) {
                return Some(root);
            }
        }
        (root - x).abs().is_finite().then_some(root)
    }
}
