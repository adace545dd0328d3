//! What theory says of an escape in a cell of a `laws` study, and what is exactly known of it.

use std::sync::Arc;

use super::first_passage::FirstPassageCell;
use super::setting::{Setting, equation_noise_of, gradient_noise_of};
use super::{RunError, unfit};
use crate::escape::{Basin, BrokenAssumption, EscapeCase, EscapeTheory, SearchOptions, Surface};
use crate::landscape::Field;
use crate::landscape::formula::Condition;
use crate::lanes::{Block, Scratch};
use crate::noise::Noise;
use crate::random::Law;
use crate::study::{
    Cell, Diffusion, Integration, Integrator, Interpretation, Laws, Noise as DescribedNoise, Rule,
};
use crate::theory::{
    FarSide, Interpretation as Meaning, Process, SgdPrefactor, first_passage_time, total_rate,
};

/// The noise of the cell's equation: D(x) = constant + factor · σσᵀ.
struct Spread {
    constant: f64,
    field: Option<(Arc<dyn Noise<f64>>, f64)>,
    meaning: Meaning,
}

/// A predicted mean time P exp(E), as logarithms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Predicted {
    /// E, of the gate with the lowest.
    pub exponent: f64,
    /// ln P, with the first correction at a finite barrier where it is known.
    pub log_prefactor: f64,
}

/// The escape of one cell, as theories see it.
pub(super) struct LawTheory {
    field: Field<f64>,
    case: EscapeCase,
    theory: EscapeTheory,
    spread: Spread,
    target: Condition,
    /// The minimum that is left.
    pub minimum: Vec<f64>,
}

impl LawTheory {
    pub(super) fn new(cell: &Cell, setting: &Setting<f64>, laws: &Laws) -> Result<Self, RunError> {
        let [text] = laws.target.as_slice() else {
            let found = format!("{} conditions", laws.target.len());
            return Err(unfit("laws.target", found, "a law is about one target: join conditions by `or`"));
        };
        let Some(field) = setting.field().cloned() else {
            return Err(unfit(
                "landscape.risk",
                "a risk",
                "laws of escape need a formula or a named landscape",
            ));
        };
        let dimension = field.dimension();
        if laws.start.len() != dimension {
            let remedy =
                format!("the landscape is of dimension {dimension}: {}", setting.variables.join(", "));
            return Err(unfit("laws.start", format!("{:?}", laws.start), remedy));
        }
        let target = setting.condition("laws.target", text)?;
        let refused = |error: crate::escape::EscapeError| {
            unfit("laws.start", format!("{:?}", laws.start), error.to_string())
        };
        let surface = Surface::of(&field).map_err(refused)?;
        let basin = Basin::around(&surface, &laws.start, &SearchOptions::default()).map_err(refused)?;
        let mut ways = basin.ways().map_err(refused)?;
        let minimum = ways[0].minimum.position.clone();
        if target.contains(&minimum) {
            let remedy = format!("the minimum {minimum:?} lies inside it: nothing is left to escape");
            return Err(unfit("laws.target", text, remedy));
        }
        let passes = format!("{:?}", ways.iter().map(|way| &way.saddle.position).collect::<Vec<_>>());
        ways.retain(|way| way.far.as_ref().is_none_or(|far| target.contains(&far.position)));
        if ways.is_empty() {
            let remedy = format!("it holds no minimum beyond the passes {passes} around {minimum:?}");
            return Err(unfit("laws.target", text, remedy));
        }
        if let Some(way) = ways.iter().find(|way| target.contains(&way.saddle.position)) {
            let remedy = format!(
                "the pass {:?} lies inside it: the theories speak of the time to the far side, so let it begin beyond",
                way.saddle.position
            );
            return Err(unfit("laws.target", text, remedy));
        }
        let case = EscapeCase::over_gates(&surface, ways).map_err(refused)?;
        let (theory, spread) = theory_of(cell, setting)?;
        Ok(Self { field, case, theory, spread, target, minimum })
    }

    /// The prediction where all noise is `colder` times as small.
    pub(super) fn predicted(&self, colder: f64) -> Result<Predicted, RunError> {
        let theory = match self.theory {
            EscapeTheory::Sgld { diffusion } => EscapeTheory::Sgld { diffusion: diffusion / colder },
            EscapeTheory::Sgd { learning_rate, batch_size, prefactor } => {
                EscapeTheory::Sgd { learning_rate, batch_size: batch_size * colder, prefactor }
            }
            other => other,
        };
        let refused = |error: crate::escape::EscapeError| unfit("laws", "this escape", error.to_string());
        let mut times = self.case.predict(theory, None).map_err(refused)?.by_gate;
        if let Some(corrections) = self.case.finite_barrier_corrections(theory) {
            for (time, correction) in times.iter_mut().zip(corrections) {
                time.log_to_far_well += correction.max(-0.5).ln_1p();
            }
        }
        let exponent = self.case.exponents(theory).into_iter().fold(f64::INFINITY, f64::min);
        Ok(Predicted { exponent, log_prefactor: total_rate(&times).log_to_far_well - exponent })
    }

    /// The logarithm of what the prefactor would be by the other convention over what it is.
    pub(super) fn other_prefactor(&self) -> Option<f64> {
        let way = self.case.gates().first()?;
        let ratio = (way.curvatures[0] / -way.saddle.eigenvalues[0]).ln();
        match self.theory {
            EscapeTheory::Sgd { prefactor: SgdPrefactor::ContinuousFlux, .. } => Some(ratio),
            EscapeTheory::Sgd { prefactor: SgdPrefactor::ContinuousDensity, .. } => Some(-ratio),
            _ => None,
        }
    }

    /// Whether σ depends on x.
    pub(super) fn noise_depends_on_state(&self) -> bool {
        self.spread.field.as_ref().is_some_and(|(noise, _)| noise.depends_on_state())
    }

    /// Whether state-dependent noise has Itô's meaning.
    pub(super) fn is_ito(&self) -> bool {
        self.spread.meaning == Meaning::Ito
    }

    /// The conditions of the theory that the case breaks.
    pub(super) fn broken(&self, noise: Option<&DescribedNoise>) -> Vec<BrokenAssumption> {
        let switches = matches!(noise, Some(DescribedNoise::Switching { .. }));
        let broken =
            self.case.predict(self.theory, None).map(|prediction| prediction.broken).unwrap_or_default();
        let stands = |broken: &BrokenAssumption| {
            !(switches && matches!(broken, BrokenAssumption::VanishingNoise { .. }))
        };
        broken.into_iter().filter(stands).collect()
    }

    /// ln of the exact mean time of the equation in one dimension, where all noise is `colder` times as small; by the other
    /// meaning of state-dependent noise if `other`.
    pub(super) fn log_exact(&self, colder: f64, other: bool) -> Option<f64> {
        let half_space = self.target.half_space().filter(|_| self.field.dimension() == 1)?;
        let meaning = match (other, self.spread.meaning) {
            (false, meaning) => meaning,
            (true, Meaning::Ito) => Meaning::AntiIto,
            (true, _) => Meaning::Ito,
        };
        let slope = |x: f64| self.field.gradient_at(&[x])[0];
        let process = Process::state_dependent(slope, |x| self.spread.at(x) / colder).interpreted(meaning);
        let passage = first_passage_time(&process, self.minimum[0], half_space.threshold, FarSide::Infinite);
        passage.ok().map(|passage| passage.log_mean).filter(|log| log.is_finite())
    }
}

/// ln of the mean time of the equation on a grid, in two or three dimensions.
pub(super) fn log_on_grid(cell: &Cell, laws: &Laws, minimum: &[f64]) -> Option<f64> {
    let mut equation = cell.clone();
    if let Rule::Sgd { step, .. } = &cell.description.rule {
        equation.description.rule = Rule::Sde {
            diffusion: Diffusion {
                learning_rate: step.learning_rate,
                batch_size: step.batch_size,
                sampling: None,
                interpretation: Interpretation::Ito,
            },
            integration: Integration {
                step_size: step.learning_rate,
                substeps: 1,
                integrator: Integrator::EulerMaruyama,
            },
        };
    }
    let setting = Setting::<f64>::new(&equation.description, None).ok()?;
    let escape = laws.escape_from(minimum.to_vec());
    let means = FirstPassageCell::means(&equation, setting, &escape);
    means.first()?.map(|(mean, _)| mean.ln())
}

impl Spread {
    /// D at a point of a line.
    fn at(&self, x: f64) -> f64 {
        let Some((noise, factor)) = &self.field else { return self.constant };
        let at = Block::point(&[x]);
        let mut out = at.zeros_like();
        let mut scratch = Scratch::new();
        let mut unit = vec![0.0; noise.variates()];
        let mut variance = 0.0;
        for variate in 0..unit.len() {
            unit[variate] = 1.0;
            noise.apply_root(&at, &unit, &mut scratch, &mut out);
            unit[variate] = 0.0;
            variance += out.get(0, 0).powi(2);
        }
        self.constant + factor * variance
    }
}

/// The theory whose noise is that of the cell, and the noise itself.
fn theory_of(cell: &Cell, setting: &Setting<f64>) -> Result<(EscapeTheory, Spread), RunError> {
    let described = &cell.description;
    let (learning_rate, batch, constant, noise, meaning) = match &described.rule {
        Rule::Langevin { beta, .. } => (0.0, 1, 1.0 / beta, None, Interpretation::Ito),
        Rule::Sgld { step, beta } => {
            let noise = gradient_noise_of(described, setting, step.batch_size)?;
            (step.learning_rate, step.batch_size, 1.0 / beta, noise, Interpretation::Ito)
        }
        Rule::Sgd { step, .. } => {
            let noise = gradient_noise_of(described, setting, step.batch_size)?;
            (step.learning_rate, step.batch_size, 0.0, noise, Interpretation::Ito)
        }
        Rule::Sde { diffusion, .. } => {
            let noise = equation_noise_of(described, setting, diffusion)?;
            (diffusion.learning_rate, diffusion.batch_size, 0.0, Some(noise), diffusion.interpretation)
        }
        other => {
            let remedy = "laws are predicted for sgd, sde, sgld and langevin";
            return Err(unfit("rule.name", super::escape::rule_name(other), remedy));
        }
    };
    if let Some(noise) = &noise
        && noise.law() != Law::Normal
    {
        return Err(unfit("noise.name", "not Gaussian", "laws are predicted for Gaussian noise"));
    }
    let prefactor = match meaning {
        Interpretation::Ito => SgdPrefactor::ContinuousFlux,
        Interpretation::AntiIto => SgdPrefactor::ContinuousDensity,
        Interpretation::Stratonovich => {
            let remedy = "the theorem on SGD has a prefactor for ito and for anti-ito";
            return Err(unfit("rule.interpretation", "stratonovich", remedy));
        }
    };
    let meaning = super::grid_dynamics::interpretation(meaning);
    let factor = 0.5 * learning_rate;
    let theory = match (&described.noise, &noise) {
        (_, None) => EscapeTheory::Sgld { diffusion: constant },
        (_, Some(noise)) if noise.amplitude().is_some() => {
            let amplitude = noise.amplitude().unwrap_or_default();
            EscapeTheory::Sgld { diffusion: constant + factor * amplitude * amplitude }
        }
        (Some(DescribedNoise::Switching { minimum: Some(_), scale, .. }), _) if constant == 0.0 => {
            let batch_size = batch as f64 / scale.unwrap_or(1.0);
            EscapeTheory::Sgd { learning_rate, batch_size, prefactor }
        }
        (Some(DescribedNoise::Hessian { scale, .. }), _) if constant == 0.0 => {
            EscapeTheory::Sgd { learning_rate, batch_size: batch as f64 / scale, prefactor }
        }
        _ => {
            let remedy = "laws are predicted for noise that is the same everywhere (gaussian), that switches from \
                          `noise.minimum` on (switching), or that follows the Hessian";
            return Err(unfit("noise.name", "this noise", remedy));
        }
    };
    Ok((theory, Spread { constant, field: noise.map(|noise| (noise, factor)), meaning }))
}
