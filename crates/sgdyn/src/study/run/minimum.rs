//! The linear theory of a cell: its minimum, the curvature and noise there, and what they predict.

use std::path::Path;

use faer::{Mat, MatRef};

use super::data_setting::curvature_of;
use super::noise_setting::build_noise_at;
use super::setting::{Setting, Source, sampling};
use super::stationary::theory_name;
use super::{RunError, unfit};
use crate::landscape::Field;
use crate::lanes::{Block, Scratch};
use crate::noise::Noise;
use crate::random::{Law, Sampling};
use crate::risk::{SampleCurvature, minimise};
use crate::study::description as described;
use crate::study::{Description, Landscape, Model, Rule, StationaryTheory};
use crate::theory::{
    LinearDynamics, RandomMultiplier, TailLaw, TheoryError, eigenbasis, fluctuating_stationary_covariance,
    regression_stationary_covariance, stationary_covariance,
};

/// The largest component of the gradient that counts as zero, relative to the gradient's scale.
const GRADIENT_TOLERANCE: f64 = 1e-11;

/// The theories in the order in which each is trusted over those before it.
const FROM_CRUDE_TO_FINE: [StationaryTheory; 4] = [
    StationaryTheory::Sme2,
    StationaryTheory::Sde,
    StationaryTheory::Discrete,
    StationaryTheory::Fluctuating,
];

/// What fluctuates with the samples besides the gradient at the minimum.
enum Fluctuation {
    /// The Hessians of a risk's samples.
    Samples(Box<dyn SampleCurvature>),
    /// An independent curvature noise of this variance in each coordinate.
    Diagonal(f64),
    /// Fresh Gaussian inputs with these variances, and the variance of the labels.
    Regression(Vec<f64>, f64),
    /// Nothing.
    None,
}

/// A minimum and what is known there.
pub(super) struct Analysis {
    /// θ*, `[d]`.
    pub minimum: Vec<f64>,
    /// The eigenvalues of H, descending.
    pub eigenvalues: Vec<f64>,
    /// Their eigenvectors, one row each, `[d × d]`.
    pub directions: Vec<f64>,
    hessian: Mat<f64>,
    /// The covariance of a single-sample gradient at θ*; `None` if it is infinite.
    noise: Option<Mat<f64>>,
    fluctuation: Fluctuation,
    samples: Option<u64>,
}

/// Predicted stationary laws.
#[derive(Default)]
pub(super) struct Predictions {
    /// For each theory its variance along each mode; `None` where it predicts none.
    pub variances: Vec<(&'static str, Option<Vec<f64>>)>,
    /// The covariance of the best theory that has one.
    pub covariance: Option<Mat<f64>>,
    /// Why a theory predicts nothing.
    pub reason: Option<String>,
    /// Kesten's exponent, where there is one.
    pub tail_exponent: Option<f64>,
}

impl Analysis {
    /// Finds the minimum of a cell's landscape and analyses it.
    pub(super) fn new(
        description: &Description,
        setting: &Setting<f64>,
        directory: Option<&Path>,
        from: Option<&[f64]>,
    ) -> Result<Self, RunError> {
        match (&setting.source, &description.landscape) {
            (Source::Regression { input_variances, label_deviation }, _) => {
                let label_variance = label_deviation * label_deviation;
                let hessian = diagonal(input_variances);
                let noise =
                    Mat::from_fn(hessian.nrows(), hessian.ncols(), |i, j| label_variance * hessian[(i, j)]);
                let fluctuation = Fluctuation::Regression(input_variances.clone(), label_variance);
                Self::at(vec![0.0; input_variances.len()], hessian, Some(noise), fluctuation, None)
            }
            (_, Landscape::Risk(risk)) => {
                let curvature = curvature_of(risk, directory)?;
                if matches!(risk.model, Model::Flat) {
                    return Err(unfit(
                        "landscape.risk",
                        "flat",
                        "it has no minimum: use study = \"simulate\"",
                    ));
                }
                let start = from.map_or_else(|| vec![0.0; curvature.dimension()], <[f64]>::to_vec);
                if start.len() != curvature.dimension() {
                    let remedy = format!("the risk has {} parameters", curvature.dimension());
                    return Err(unfit("stationary.minimum", format!("{start:?}"), remedy));
                }
                let minimum = minimise(&*curvature, &start, GRADIENT_TOLERANCE)?.at;
                let hessian = curvature.hessian(&minimum);
                let noise = curvature.gradient_covariance(&minimum);
                let samples = Some(curvature.samples() as u64);
                Self::at(minimum, hessian, Some(noise), Fluctuation::Samples(curvature), samples)
            }
            (Source::Field(field), _) => {
                let start = from.map_or_else(|| vec![0.0; field.dimension()], <[f64]>::to_vec);
                let decay = weight_decay(&description.rule);
                let minimum = field_minimum(field, &start, decay)?;
                let dimension = minimum.len();
                let entries = field.hessian_at(&minimum).unwrap_or_default();
                let hessian = Mat::from_fn(dimension, dimension, |i, j| {
                    entries[i * dimension + j] + if i == j { decay } else { 0.0 }
                });
                let (noise, fluctuation) = match &description.noise {
                    None => (Some(Mat::zeros(dimension, dimension)), Fluctuation::None),
                    Some(noise) => {
                        let built = build_noise_at(noise, field, setting)?;
                        let fluctuation = match noise {
                            described::Noise::Multiplicative { curvature_deviation, .. } => {
                                Fluctuation::Diagonal(curvature_deviation * curvature_deviation)
                            }
                            _ => Fluctuation::None,
                        };
                        (noise_covariance(&*built, &minimum), fluctuation)
                    }
                };
                Self::at(minimum, hessian, noise, fluctuation, None)
            }
            _ => Err(unfit("study", "stationary", "this landscape has no minimum to analyse")),
        }
    }

    fn at(
        minimum: Vec<f64>,
        hessian: Mat<f64>,
        noise: Option<Mat<f64>>,
        fluctuation: Fluctuation,
        samples: Option<u64>,
    ) -> Result<Self, RunError> {
        let what = "the modes of the Hessian";
        let (ascending, vectors) =
            eigenbasis(hessian.as_ref()).map_err(|source| RunError::Theory { what, source })?;
        let dimension = minimum.len();
        let eigenvalues: Vec<f64> = ascending.iter().rev().copied().collect();
        let mut directions = Vec::with_capacity(dimension * dimension);
        for mode in (0..dimension).rev() {
            directions.extend((0..dimension).map(|row| vectors[(row, mode)]));
        }
        Ok(Self { minimum, eigenvalues, directions, hessian, noise, fluctuation, samples })
    }

    /// The predictions of `theories`, the best last.
    pub(super) fn predictions(
        &self,
        description: &Description,
        theories: &[StationaryTheory],
    ) -> Predictions {
        let mut predictions = Predictions::default();
        let Some(linear) = Linear::of(&description.rule) else {
            predictions.reason = Some("the rule has no linear theory".to_owned());
            return predictions;
        };
        let Some(single) = &self.noise else {
            predictions.reason = Some("the noise has no finite covariance".to_owned());
            return predictions;
        };
        let sampling = match (linear.sampling, self.samples) {
            (Sampling::WithReplacement, _) | (_, None) => crate::theory::Sampling::WithReplacement,
            (_, Some(samples)) => crate::theory::Sampling::WithoutReplacement { samples },
        };
        let factor = sampling.variance_factor(linear.batch_size);
        let dimension = self.minimum.len();
        // What SGLD injects is white noise of variance 2/(ηβ) per gradient.
        let noise = Mat::from_fn(dimension, dimension, |i, j| {
            let injected = if i == j { linear.injected } else { 0.0 };
            factor.mul_add(single[(i, j)], injected)
        });
        for theory in FROM_CRUDE_TO_FINE {
            if !theories.contains(&theory) {
                continue;
            }
            let covariance = self.covariance(theory, &linear, noise.as_ref(), sampling);
            let variances = match covariance {
                Some(Ok(covariance)) => {
                    let variances = self.along_modes(covariance.as_ref());
                    predictions.covariance = Some(covariance);
                    Some(variances)
                }
                Some(Err(error)) => {
                    predictions.reason = Some(format!("{}: {error}", theory_name(theory)));
                    // A better theory that denies the variance overrules a cruder one that has it.
                    predictions.covariance = None;
                    None
                }
                None => None,
            };
            predictions.variances.push((theory_name(theory), variances));
        }
        predictions.tail_exponent = self.tail_exponent(&linear);
        predictions
    }

    /// `None` where a theory does not speak of this rule.
    fn covariance(
        &self,
        theory: StationaryTheory,
        linear: &Linear,
        noise: MatRef<'_, f64>,
        sampling: crate::theory::Sampling,
    ) -> Option<Result<Mat<f64>, TheoryError>> {
        let dynamics = match theory {
            StationaryTheory::Sde => LinearDynamics::FirstOrderSde,
            StationaryTheory::Sme2 => LinearDynamics::SecondOrderSde,
            StationaryTheory::Discrete => linear.discrete?,
            StationaryTheory::Fluctuating => {
                linear.discrete.filter(|dynamics| *dynamics == LinearDynamics::Sgd)?;
                return self.fluctuating(linear, noise, sampling);
            }
        };
        let rate =
            if theory == StationaryTheory::Discrete { linear.learning_rate } else { linear.effective_rate };
        Some(
            stationary_covariance(self.hessian.as_ref(), noise, rate, dynamics).map(|found| found.covariance),
        )
    }

    fn fluctuating(
        &self,
        linear: &Linear,
        noise: MatRef<'_, f64>,
        sampling: crate::theory::Sampling,
    ) -> Option<Result<Mat<f64>, TheoryError>> {
        let (rate, batch) = (linear.learning_rate, linear.batch_size);
        let hessian = self.hessian.as_ref();
        let solve = |action: &mut dyn FnMut(MatRef<'_, f64>) -> Mat<f64>| {
            fluctuating_stationary_covariance(hessian, noise, rate, batch, sampling, action)
                .map(|found| found.covariance)
        };
        Some(match &self.fluctuation {
            Fluctuation::Samples(risk) => solve(&mut |v| risk.fluctuation(&self.minimum, v)),
            Fluctuation::Diagonal(variance) => solve(&mut |v| {
                let mean = hessian * v * hessian;
                Mat::from_fn(v.nrows(), v.ncols(), |i, j| {
                    mean[(i, j)] + if i == j { variance * v[(i, i)] } else { 0.0 }
                })
            }),
            Fluctuation::Regression(inputs, labels) => {
                let inputs = diagonal(inputs);
                regression_stationary_covariance(inputs.as_ref(), *labels, rate, batch)
                    .map(|found| found.covariance)
            }
            Fluctuation::None => return None,
        })
    }

    /// Kesten's exponent in one dimension.
    fn tail_exponent(&self, linear: &Linear) -> Option<f64> {
        if self.minimum.len() != 1 || linear.discrete != Some(LinearDynamics::Sgd) {
            return None;
        }
        let multiplier = match &self.fluctuation {
            Fluctuation::Regression(inputs, _) => RandomMultiplier::LeastSquares {
                learning_rate: linear.learning_rate * inputs[0],
                batch_size: linear.batch_size,
            },
            Fluctuation::Diagonal(variance) => RandomMultiplier::Gaussian {
                mean: 1.0 - linear.learning_rate * self.eigenvalues[0],
                standard_deviation: linear.learning_rate * (variance / linear.batch_size as f64).sqrt(),
            },
            _ => return None,
        };
        match multiplier.tail() {
            Ok(TailLaw::PowerLaw { exponent }) => Some(exponent),
            _ => None,
        }
    }

    fn along_modes(&self, covariance: MatRef<'_, f64>) -> Vec<f64> {
        let dimension = self.minimum.len();
        self.directions
            .chunks_exact(dimension)
            .map(|direction| {
                let mut sum = 0.0;
                for i in 0..dimension {
                    let mut row = 0.0;
                    for j in 0..dimension {
                        row += covariance[(i, j)] * direction[j];
                    }
                    sum += row * direction[i];
                }
                sum
            })
            .collect()
    }
}

/// The linear dynamics of a rule.
struct Linear {
    learning_rate: f64,
    /// The rate of the equation that resembles the rule: η/(1 − µ) with momentum.
    effective_rate: f64,
    batch_size: u64,
    sampling: Sampling,
    injected: f64,
    discrete: Option<LinearDynamics>,
}

impl Linear {
    fn of(rule: &Rule) -> Option<Self> {
        let of_step =
            |step: &described::Step, effective: f64, injected: f64, discrete: Option<LinearDynamics>| {
                let constant = step.schedule == described::Schedule::Constant;
                let scheme = sampling(step.sampling);
                (constant && scheme != Sampling::Reshuffled).then_some(Self {
                    learning_rate: step.learning_rate,
                    effective_rate: effective,
                    batch_size: step.batch_size,
                    sampling: scheme,
                    injected,
                    discrete,
                })
            };
        match rule {
            Rule::Sgd { step, .. } => of_step(step, step.learning_rate, 0.0, Some(LinearDynamics::Sgd)),
            Rule::HeavyBall { step, momentum, .. } => {
                let dynamics = LinearDynamics::HeavyBall { momentum: *momentum };
                of_step(step, step.learning_rate / (1.0 - momentum), 0.0, Some(dynamics))
            }
            Rule::Nesterov { step, momentum, .. } => {
                of_step(step, step.learning_rate / (1.0 - momentum), 0.0, None)
            }
            Rule::Sgld { step, beta } => {
                let injected = 2.0 / (step.learning_rate * beta);
                of_step(step, step.learning_rate, injected, Some(LinearDynamics::Sgd))
            }
            Rule::Svag { step, amplification } => {
                let dynamics = LinearDynamics::Svag { amplification: *amplification as f64 };
                of_step(step, step.learning_rate, 0.0, Some(dynamics))
            }
            Rule::Sde { diffusion, .. } | Rule::Sme2 { diffusion, .. } => Some(Self {
                learning_rate: diffusion.learning_rate,
                effective_rate: diffusion.learning_rate,
                batch_size: diffusion.batch_size,
                sampling: sampling(diffusion.sampling),
                injected: 0.0,
                discrete: None,
            }),
            // As SGD at η = 1 with noise of covariance 2/β.
            Rule::Langevin { beta, .. } => Some(Self {
                learning_rate: 1.0,
                effective_rate: 1.0,
                batch_size: 1,
                sampling: Sampling::WithReplacement,
                injected: 2.0 / beta,
                discrete: None,
            }),
            Rule::Levy { .. } | Rule::GradientFlow {} => None,
        }
    }
}

fn weight_decay(rule: &Rule) -> f64 {
    match rule {
        Rule::Sgd { weight_decay, .. }
        | Rule::HeavyBall { weight_decay, .. }
        | Rule::Nesterov { weight_decay, .. } => *weight_decay,
        _ => 0.0,
    }
}

fn diagonal(values: &[f64]) -> Mat<f64> {
    Mat::from_fn(values.len(), values.len(), |i, j| if i == j { values[i] } else { 0.0 })
}

/// The covariance of one draw of `noise` at a point; `None` if its law has none.
fn noise_covariance(noise: &dyn Noise<f64>, point: &[f64]) -> Option<Mat<f64>> {
    let variance = match noise.law() {
        Law::Normal | Law::Rademacher | Law::ThreePoint => 1.0,
        Law::StudentT { degrees } if degrees > 2.0 => degrees / (degrees - 2.0),
        Law::Stable { alpha: 2.0 } => 2.0,
        _ => return None,
    };
    let (dimension, variates) = (point.len(), noise.variates());
    let at = Block::point(point);
    let mut column = at.zeros_like();
    let mut scratch = Scratch::new();
    let mut covariance = Mat::zeros(dimension, dimension);
    for variate in 0..variates {
        let mut unit = vec![0.0; variates];
        unit[variate] = 1.0;
        noise.apply_root(&at, &unit, &mut scratch, &mut column);
        for i in 0..dimension {
            for j in 0..dimension {
                covariance[(i, j)] += variance * column.get(i, 0) * column.get(j, 0);
            }
        }
    }
    Some(covariance)
}

/// A minimum of `L + ½λ|x|²` by damped Newton steps that descend also where the curvature is negative.
fn field_minimum(field: &Field<f64>, start: &[f64], decay: f64) -> Result<Vec<f64>, RunError> {
    let dimension = field.dimension();
    if start.len() != dimension {
        let remedy = format!("the landscape is of dimension {dimension}");
        return Err(unfit("stationary.minimum", format!("{start:?}"), remedy));
    }
    if field.loss.is_none() {
        return Err(unfit("landscape.name", "a drift without a loss", "it has no minimum to analyse"));
    }
    let loss = |x: &[f64]| {
        field.loss_at(x).unwrap_or(f64::NAN) + 0.5 * decay * x.iter().map(|value| value * value).sum::<f64>()
    };
    let mut x = start.to_vec();
    for _ in 0..500 {
        let gradient: Vec<f64> = field.gradient_at(&x).iter().zip(&x).map(|(g, x)| g + decay * x).collect();
        let size = gradient.iter().fold(0.0_f64, |largest, g| largest.max(g.abs()));
        let entries = field.hessian_at(&x).unwrap_or_default();
        let hessian = Mat::from_fn(dimension, dimension, |i, j| {
            entries[i * dimension + j] + if i == j { decay } else { 0.0 }
        });
        let what = "the modes of the Hessian on the way to the minimum";
        let (values, vectors) =
            eigenbasis(hessian.as_ref()).map_err(|source| RunError::Theory { what, source })?;
        let stiffest = values.iter().fold(0.0_f64, |largest, h| largest.max(h.abs()));
        if size <= GRADIENT_TOLERANCE * (1.0 + stiffest) {
            if values.iter().any(|&h| h < -1e-9 * stiffest) {
                let remedy =
                    "the search ended on a saddle or a maximum: start it elsewhere, nearer to a minimum";
                return Err(unfit("stationary.minimum", format!("{start:?}"), remedy));
            }
            return Ok(x);
        }
        let mut step = vec![0.0; dimension];
        for mode in 0..dimension {
            let along: f64 = (0..dimension).map(|row| vectors[(row, mode)] * gradient[row]).sum();
            let curvature = values[mode].abs().max(1e-8 * stiffest).max(1e-300);
            for row in 0..dimension {
                step[row] -= along / curvature * vectors[(row, mode)];
            }
        }
        let here = loss(&x);
        let mut share = 1.0;
        let moved = loop {
            let next: Vec<f64> = x.iter().zip(&step).map(|(x, step)| x + share * step).collect();
            // At the bottom the loss no longer resolves a step that the gradient still asks for.
            if loss(&next) <= here + 1e-14 * here.abs() || share < 1e-12 {
                break next;
            }
            share *= 0.5;
        };
        if moved == x {
            return Ok(x);
        }
        x = moved;
    }
    let remedy = "no minimum was found within 500 steps of Newton's method: give a start nearer to one";
    Err(unfit("stationary.minimum", format!("{start:?}"), remedy))
}
