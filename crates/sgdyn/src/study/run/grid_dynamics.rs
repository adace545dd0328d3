//! What moves on a grid: the process, or the step, that a description's rule is.

use std::sync::Arc;

use super::setting::{Setting, Source, equation_noise_of, gradient_noise_of, sampling};
use super::{RunError, unfit};
use crate::density::{DiffusionProcess, find_box};
use crate::landscape::Field;
use crate::noise::{Isotropic, Noise};
use crate::random::{Law, Sampling};
use crate::risk::EmpiricalRisk;
use crate::study::{Description, Interpretation as DescribedInterpretation, Rule};
use crate::theory::Interpretation;

/// The mass that an automatic box may cut off at each face.
const MASS_CUT_OFF: f64 = 1e-10;
/// SGD's own law is wider than that of its equation: an automatic box is wider by this on each side.
const WIDER: f64 = 0.3;

/// What moves on a grid.
pub(super) enum Dynamics {
    Diffusion { process: DiffusionProcess, interpretation: Interpretation },
    Flight { field: Field<f64>, alpha: f64, scale: f64 },
    Sgd { field: Field<f64>, noise: Option<Arc<dyn Noise<f64>>>, learning_rate: f64 },
    HeavyBall { field: Field<f64>, noise: Option<Arc<dyn Noise<f64>>>, learning_rate: f64, momentum: f64 },
    Minibatches { risk: Arc<dyn EmpiricalRisk<f64>>, batch_size: usize, learning_rate: f64 },
}

impl Dynamics {
    /// The box: what is given, and the rest found.
    pub(super) fn ends(
        &self,
        fixed: &[[Option<f64>; 2]],
        points: &[Vec<f64>],
    ) -> Result<Vec<[f64; 2]>, RunError> {
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

pub(super) fn dynamics(description: &Description, setting: &Setting<f64>) -> Result<Dynamics, RunError> {
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
