//! Where the choices of a description become code: its landscape, its rule, and with them a setting that can run.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::data_setting::risk_of;
use super::noise_setting::build_noise;
use super::{RunError, unfit};
use crate::landscape::formula::{Condition, Formula, FormulaError};
use crate::landscape::{Drift, Field, HessianProduct, formula_field, named, rescaled};
use crate::lanes::{Block, Scratch};
use crate::noise::{Noise, RiskRoot};
use crate::oracle::{GaussianRegression, GradientOracle, Minibatch, NoisyField};
use crate::random::{Sampling, Variate};
use crate::risk::{EmpiricalRisk, Workspace};
use crate::rule::continuous::{
    Diffusion, Equation, EulerMaruyama, Heun, LevyDriven, LevyJumps, ModifiedDrift, WeakSecondOrder,
};
use crate::rule::discrete::{
    Descent, HeavyBall, LangevinDynamics, Nesterov, StochasticGradientDescent, VarianceAmplified,
};
use crate::rule::{Rule, Schedule};
use crate::study::description as described;
use crate::study::{Description, Integration, Integrator, Landscape, Model, Parameter};

/// Where gradients come from before noise.
pub(super) enum Source<R: Variate> {
    /// A landscape or a drift.
    Field(Field<R>),
    /// A risk over data.
    Risk(Arc<dyn EmpiricalRisk<R>>),
    /// Regression on fresh inputs.
    Regression { input_variances: Vec<f64>, label_deviation: f64 },
}

/// A description, built in the scalar type of its ensemble.
pub(super) struct Setting<R: Variate> {
    pub rule: Box<dyn Rule<R>>,
    pub source: Source<R>,
    /// The names of the coordinates.
    pub variables: Vec<String>,
    /// The numbers that conditions and formulas may call by name.
    pub parameters: BTreeMap<String, f64>,
    /// √k: conditions are written in the coordinates √k θ.
    magnification: f64,
    /// The field in double precision, where the noise is found on it.
    precise: Option<Field<f64>>,
}

pub(super) fn formula_error(key: &'static str) -> impl Fn(FormulaError) -> RunError {
    move |source| RunError::Formula { key, source }
}

impl<R: Variate> Setting<R> {
    /// Builds a cell; `directory` is where relative data paths start.
    pub(super) fn new(description: &Description, directory: Option<&Path>) -> Result<Self, RunError> {
        let (source, variables, parameters) = source(&description.landscape, directory)?;
        let source = match source {
            Source::Field(field) => Source::Field(rescaled(field, description.sharpness)),
            other => other,
        };
        let magnification = description.sharpness.sqrt();
        let precise = match &description.noise {
            Some(described::Noise::Switching { minimum: Some(_), .. }) => {
                match self::source::<f64>(&description.landscape, directory)?.0 {
                    Source::Field(field) => Some(rescaled(field, description.sharpness)),
                    _ => None,
                }
            }
            _ => None,
        };
        let names = Names {
            variables: &variables,
            parameters: &parameters,
            magnification,
            precise: precise.as_ref(),
        };
        let rule = rule(description, &source, &names)?;
        Ok(Self { rule, source, variables, parameters, magnification, precise })
    }

    /// The names that formulas may use, and where they are read.
    pub(super) fn names(&self) -> Names<'_> {
        Names {
            variables: &self.variables,
            parameters: &self.parameters,
            magnification: self.magnification,
            precise: self.precise.as_ref(),
        }
    }

    /// The number of coordinates.
    pub(super) fn dimension(&self) -> usize {
        self.rule.dimension()
    }

    /// The field, if the source is one.
    pub(super) fn field(&self) -> Option<&Field<R>> {
        match &self.source {
            Source::Field(field) => Some(field),
            _ => None,
        }
    }

    /// A condition on the coordinates.
    pub(super) fn condition(&self, key: &'static str, text: &str) -> Result<Condition, RunError> {
        self.names().condition(text).map_err(formula_error(key))
    }
}

/// The names that formulas of a study may use, and the factor √k between the coordinates that they speak of and θ.
pub(super) struct Names<'a> {
    pub variables: &'a [String],
    pub parameters: &'a BTreeMap<String, f64>,
    pub magnification: f64,
    /// The field in double precision, where the noise is found on it.
    pub precise: Option<&'a Field<f64>>,
}

impl Names<'_> {
    /// A formula as a function of θ.
    pub(super) fn formula(&self, text: &str) -> Result<Formula, FormulaError> {
        let formula = Formula::parse(text, Some(self.variables), self.parameters)?;
        if self.magnification == 1.0 { Ok(formula) } else { formula.rescaled(self.magnification) }
    }

    /// A condition on θ.
    pub(super) fn condition(&self, text: &str) -> Result<Condition, FormulaError> {
        let condition = Condition::parse(text, Some(self.variables), self.parameters)?;
        if self.magnification == 1.0 { Ok(condition) } else { condition.rescaled(self.magnification) }
    }
}

pub(super) type Built<R> = (Source<R>, Vec<String>, BTreeMap<String, f64>);

/// What a landscape says: its field or risk, the names of its coordinates and its parameters.
pub(super) fn source<R: Variate>(
    landscape: &Landscape,
    directory: Option<&Path>,
) -> Result<Built<R>, RunError> {
    Ok(match landscape {
        Landscape::Formula(formula) => {
            let (field, names) =
                formula_field(&formula.formula, formula.variables.as_deref(), &formula.parameters)
                    .map_err(formula_error("landscape.formula"))?;
            (Source::Field(field), names, formula.parameters.clone())
        }
        Landscape::Named(landscape) => {
            let parameters = landscape
                .parameters
                .iter()
                .map(|(name, parameter)| {
                    let values = match parameter {
                        Parameter::Count(count) => vec![*count as f64],
                        Parameter::Number(number) => vec![*number],
                        Parameter::Vector(values) => values.clone(),
                    };
                    (name.clone(), values)
                })
                .collect();
            let field = named(&landscape.name, &parameters)?;
            let names = coordinate_names(field.dimension());
            (Source::Field(field), names, BTreeMap::new())
        }
        Landscape::Risk(risk) => {
            if let Model::FreshRegression { input_variances, label_deviation } = &risk.model {
                let names = coordinate_names(input_variances.len());
                let (input_variances, label_deviation) = (input_variances.clone(), *label_deviation);
                (Source::Regression { input_variances, label_deviation }, names, BTreeMap::new())
            } else {
                let built = risk_of::<R>(risk, directory)?;
                let names = (0..built.dimension()).map(|index| format!("x{index}")).collect();
                (Source::Risk(built), names, BTreeMap::new())
            }
        }
    })
}

/// `x`, or `x, y`, or `x, y, z`, or `x1, x2, …`.
fn coordinate_names(dimension: usize) -> Vec<String> {
    if dimension <= 3 {
        ["x", "y", "z"][..dimension].iter().map(|&name| name.to_owned()).collect()
    } else {
        (1..=dimension).map(|index| format!("x{index}")).collect()
    }
}

/// The drift of a risk: minus its full gradient.
struct RiskDrift<R: Variate>(Arc<dyn EmpiricalRisk<R>>);

impl<R: Variate> Drift<R> for RiskDrift<R> {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }
    fn drift(&self, at: &Block<R>, scratch: &mut Scratch<R>, out: &mut Block<R>) {
        self.0.gradient(at, scratch.workspace::<Workspace<R>>(), out);
        for value in out.values_mut() {
            *value = -*value;
        }
    }
}

/// The rule of a description on a risk.
pub(super) fn rule_on<R: Variate>(
    description: &Description,
    risk: Arc<dyn EmpiricalRisk<R>>,
) -> Result<Box<dyn Rule<R>>, RunError> {
    let nothing = BTreeMap::new();
    let names = Names { variables: &[], parameters: &nothing, magnification: 1.0, precise: None };
    rule(description, &Source::Risk(risk), &names)
}

fn rule<R: Variate>(
    description: &Description,
    source: &Source<R>,
    names: &Names<'_>,
) -> Result<Box<dyn Rule<R>>, RunError> {
    let descent = |step: &described::Step, weight_decay: f64| -> Result<Descent<R>, RunError> {
        let oracle = oracle(description, source, names, step)?;
        Ok(Descent::new(oracle, step.learning_rate, schedule(step.schedule), weight_decay))
    };
    Ok(match &description.rule {
        described::Rule::Sgd { step, weight_decay } => {
            Box::new(StochasticGradientDescent(descent(step, *weight_decay)?))
        }
        described::Rule::HeavyBall { step, momentum, weight_decay } => {
            Box::new(HeavyBall { descent: descent(step, *weight_decay)?, momentum: *momentum })
        }
        described::Rule::Nesterov { step, momentum, weight_decay } => {
            Box::new(Nesterov { descent: descent(step, *weight_decay)?, momentum: *momentum })
        }
        described::Rule::Sgld { step, beta } => {
            Box::new(LangevinDynamics { descent: descent(step, 0.0)?, beta: *beta })
        }
        described::Rule::Svag { step, amplification } => Box::new(VarianceAmplified {
            descent: descent(step, 0.0)?,
            amplification: u32::try_from(*amplification)
                .map_err(|_| unfit("rule.amplification", amplification, "it must be below 4,294,967,296"))?,
        }),
        described::Rule::Langevin { beta, integration } => {
            let diffusion = Diffusion::Isotropic((2.0 / beta).sqrt());
            integrated(
                Equation { drift: drift(source)?, diffusion },
                integration,
                described::Interpretation::Ito,
            )?
        }
        described::Rule::Sde { diffusion, integration } => {
            let noise = equation_noise(description, source, names, diffusion)?;
            let scaled = Diffusion::Scaled { factor: diffusion.learning_rate.sqrt(), noise };
            let equation = Equation { drift: drift(source)?, diffusion: scaled };
            integrated(equation, integration, diffusion.interpretation)?
        }
        described::Rule::Sme2 { diffusion, integration } => {
            let noise = equation_noise(description, source, names, diffusion)?;
            let scaled = Diffusion::Scaled { factor: diffusion.learning_rate.sqrt(), noise };
            let modified = ModifiedDrift {
                drift: drift(source)?,
                hessian: hessian(source, "rule.name", "sme2")?,
                learning_rate: diffusion.learning_rate,
            };
            let equation = Equation { drift: Arc::new(modified), diffusion: scaled };
            integrated(equation, integration, diffusion.interpretation)?
        }
        described::Rule::GradientFlow {} => {
            let remedy = "nothing moves by chance in it: a study of replicas or of a grid takes another rule";
            return Err(unfit("rule.name", "gradient-flow", remedy));
        }
        described::Rule::Levy { alpha, scale, isotropic, integration } => Box::new(LevyDriven {
            drift: drift(source)?,
            alpha: *alpha,
            scale: *scale,
            step_size: integration.step_size / integration.substeps as f64,
            jumps: if *isotropic { LevyJumps::Isotropic } else { LevyJumps::PerCoordinate },
        }),
    })
}

fn integrated<R: Variate>(
    equation: Equation<R>,
    integration: &Integration,
    interpretation: described::Interpretation,
) -> Result<Box<dyn Rule<R>>, RunError> {
    let step_size = integration.step_size / integration.substeps as f64;
    if interpretation != described::Interpretation::Ito && equation.is_multiplicative() {
        if integration.integrator != Integrator::EulerMaruyama {
            let remedy =
                "only integrator = \"euler-maruyama\" evaluates noise elsewhere than at the start of a step";
            return Err(unfit("rule.interpretation", format!("{interpretation:?}"), remedy));
        }
        let weight = if interpretation == described::Interpretation::Stratonovich { 0.5 } else { 1.0 };
        return Ok(Box::new(EulerMaruyama::new(equation, step_size).with_noise_at_end(weight)));
    }
    Ok(match integration.integrator {
        Integrator::EulerMaruyama => Box::new(EulerMaruyama::new(equation, step_size)),
        Integrator::WeakOrder2 if equation.is_multiplicative() => {
            Box::new(WeakSecondOrder::new(equation, step_size))
        }
        // With constant noise Platen's scheme is stochastic Heun, which takes two evaluations of the drift and none of σ.
        Integrator::Heun | Integrator::WeakOrder2 => Box::new(Heun::new(equation, step_size)),
    })
}

fn drift<R: Variate>(source: &Source<R>) -> Result<Arc<dyn Drift<R>>, RunError> {
    match source {
        Source::Field(field) => Ok(field.drift.clone()),
        Source::Risk(risk) => Ok(Arc::new(RiskDrift(risk.clone()))),
        Source::Regression { .. } => Err(no_drift()),
    }
}

fn no_drift() -> RunError {
    unfit("landscape.risk", "fresh-regression", "its samples are drawn at each step: use a discrete rule")
}

fn hessian<R: Variate>(
    source: &Source<R>,
    key: &'static str,
    value: &str,
) -> Result<Arc<dyn HessianProduct<R>>, RunError> {
    let field = match source {
        Source::Field(field) => field.hessian.clone(),
        _ => None,
    };
    field.ok_or_else(|| unfit(key, value, "it needs second derivatives: use a formula or a named landscape"))
}

fn schedule(schedule: described::Schedule) -> Schedule {
    match schedule {
        described::Schedule::Constant => Schedule::Constant,
        described::Schedule::Step { every, factor } => Schedule::Step { every, factor },
        described::Schedule::Exponential { factor } => Schedule::Exponential { factor },
        described::Schedule::Cosine { steps, floor } => Schedule::Cosine { steps, last: floor },
        described::Schedule::Warmup { steps } => Schedule::Warmup { steps },
    }
}

pub(super) fn sampling(sampling: Option<described::Sampling>) -> Sampling {
    match sampling {
        None | Some(described::Sampling::WithReplacement) => Sampling::WithReplacement,
        Some(described::Sampling::WithoutReplacement) => Sampling::WithoutReplacement,
        Some(described::Sampling::Reshuffled) => Sampling::Reshuffled,
    }
}

/// The batch size, once it is known to fit `samples`.
fn batch_size(batch: u64, samples: usize, sampling: Sampling) -> Result<usize, RunError> {
    if batch > samples as u64 && sampling != Sampling::WithReplacement {
        let remedy = format!("without replacement it can be at most the number of samples, {samples}");
        return Err(unfit("rule.batch_size", batch, remedy));
    }
    if batch > 1 << 20 {
        return Err(unfit(
            "rule.batch_size",
            batch,
            "it can be at most 1,048,576: use the full gradient beyond",
        ));
    }
    Ok(batch as usize)
}

fn oracle<R: Variate>(
    description: &Description,
    source: &Source<R>,
    names: &Names<'_>,
    step: &described::Step,
) -> Result<Arc<dyn GradientOracle<R>>, RunError> {
    Ok(match source {
        Source::Risk(risk) => {
            let sampling = sampling(step.sampling);
            let batch_size = batch_size(step.batch_size, risk.samples(), sampling)?;
            Arc::new(Minibatch { risk: risk.clone(), batch_size, sampling })
        }
        Source::Regression { input_variances, label_deviation } => {
            let batch = batch_size(step.batch_size, usize::MAX, Sampling::WithReplacement)?;
            Arc::new(GaussianRegression::new(input_variances, *label_deviation, batch))
        }
        Source::Field(field) => {
            let noise = description
                .noise
                .as_ref()
                .map(|noise| build_noise(noise, step.batch_size, field, names))
                .transpose()?;
            Arc::new(NoisyField { drift: field.drift.clone(), noise })
        }
    })
}

/// The noise of SGD's equation on a field.
pub(super) fn equation_noise_of(
    description: &Description,
    setting: &Setting<f64>,
    diffusion: &described::Diffusion,
) -> Result<Arc<dyn Noise<f64>>, RunError> {
    let names = setting.names();
    equation_noise(description, &setting.source, &names, diffusion)
}

/// The noise of a batch's gradient on a field; none where the gradient is exact.
pub(super) fn gradient_noise_of(
    description: &Description,
    setting: &Setting<f64>,
    batch: u64,
) -> Result<Option<Arc<dyn Noise<f64>>>, RunError> {
    let names = setting.names();
    match (setting.field(), &description.noise) {
        (Some(field), Some(noise)) => Ok(Some(build_noise(noise, batch, field, &names)?)),
        _ => Ok(None),
    }
}

fn equation_noise<R: Variate>(
    description: &Description,
    source: &Source<R>,
    names: &Names<'_>,
    diffusion: &described::Diffusion,
) -> Result<Arc<dyn Noise<R>>, RunError> {
    match source {
        Source::Risk(risk) => {
            let samples = risk.samples() as f64;
            let scheme = sampling(diffusion.sampling);
            let batch = batch_size(diffusion.batch_size, risk.samples(), scheme)? as f64;
            let factor = match scheme {
                Sampling::WithReplacement => 1.0 / batch,
                _ => (samples - batch) / (batch * (samples - 1.0)),
            };
            Ok(Arc::new(RiskRoot { risk: risk.clone(), factor }))
        }
        Source::Field(field) => match &description.noise {
            Some(noise) => build_noise(noise, diffusion.batch_size, field, names),
            None => Err(unfit("noise", "absent", "an equation of SGD needs the noise of its gradients")),
        },
        Source::Regression { .. } => Err(no_drift()),
    }
}
