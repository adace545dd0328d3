//! What theories predict for the escape of a cell: columns beside what is measured.

use super::called_for::called_for;
use super::escape_process::process;
use super::one_jump::one_jump;
use super::rows::Row;
use super::setting::Setting;
use crate::escape::{
    ActionOptions, Basin, BrokenAssumption, EscapeCase, EscapeError, EscapeTheory, Exits, ItoProcess,
    PassPath, SearchOptions, Surface,
};
use crate::landscape::formula::Condition;
use crate::study::{Cell, Noise, Rule, Schedule, TheoryOfEscape};
use crate::theory::{EscapeTime, SgdPrefactor, total_rate};

/// Without `escape.theories`, theories are asked in up to so many dimensions.
const MOST_DIMENSIONS: usize = 20;
/// Steps larger than this share of the fastest relaxation are no diffusion.
const LARGE_STEP: f64 = 0.1;

/// The escape of a cell as theories see it.
pub(super) struct EscapeTheories {
    basin: Result<Basin, EscapeError>,
    surface: Surface,
    process: Option<Box<dyn ItoProcess>>,
    asked: Vec<TheoryOfEscape>,
    /// η of a discrete rule.
    learning_rate: Option<f64>,
    rule: Rule,
    noise: Option<Noise>,
}

/// A prediction before it is written down.
struct Prediction {
    suffix: &'static str,
    time: Result<f64, &'static str>,
    broken: Vec<BrokenAssumption>,
}

impl EscapeTheories {
    /// `None` where there is nothing that a theory could speak of: data, drifts without a loss, schedules.
    pub(super) fn new(
        cell: &Cell,
        setting: &Setting<f64>,
        start: &[f64],
        asked: Option<&[TheoryOfEscape]>,
    ) -> Option<Self> {
        let description = &cell.description;
        let field = setting.field()?;
        let surface = Surface::of(field).ok()?;
        let dimension = surface.dimension();
        if asked.is_none() && dimension > MOST_DIMENSIONS {
            return None;
        }
        let step = match &description.rule {
            Rule::Sgd { step, weight_decay } | Rule::HeavyBall { step, weight_decay, .. } => {
                Some((step, *weight_decay))
            }
            Rule::Sgld { step, .. } => Some((step, 0.0)),
            Rule::Langevin { .. } | Rule::Sde { .. } | Rule::Sme2 { .. } | Rule::Levy { .. } => None,
            _ => return None,
        };
        if step.is_some_and(|(step, decay)| step.schedule != Schedule::Constant || decay != 0.0) {
            return None;
        }
        let asked = match asked {
            Some(asked) => asked.to_vec(),
            None => called_for(&description.rule, description.noise.as_ref(), dimension),
        };
        if asked.is_empty() {
            return None;
        }
        Some(Self {
            basin: Basin::around(&surface, start, &SearchOptions::default()),
            process: process(cell, setting, field),
            surface,
            asked,
            learning_rate: step.map(|(step, _)| step.learning_rate),
            rule: description.rule.clone(),
            noise: description.noise.clone(),
        })
    }

    /// Adds the predictions for a target to its row, as `column_predicted_…`, with the number of gates and what is broken.
    pub(super) fn describe(&self, target: &Condition, column: &str, row: &mut Row) {
        let in_target = |point: &[f64]| target.contains(point);
        let mut predictions = Vec::new();
        match self.basin.as_ref().map_err(short).and_then(|basin| {
            let exits = basin.exits(&in_target).map_err(|error| short(&error))?;
            row.count("target_gates", exits.exits.len() as u64);
            Ok((basin, exits))
        }) {
            Ok((basin, exits)) => {
                if self.asked.contains(&TheoryOfEscape::Levy)
                    && let Some(time) = one_jump(&self.rule, &basin.minimum.position, &in_target)
                {
                    predictions.push(Prediction { suffix: "levy", time, broken: Vec::new() });
                }
                if exits.exits.is_empty() {
                    let reason = if exits.broken.is_empty() {
                        "no gate leads to the target"
                    } else {
                        "target below saddle"
                    };
                    predictions.extend(self.suffixes().into_iter().map(|suffix| Prediction {
                        suffix,
                        time: Err(reason),
                        broken: Vec::new(),
                    }));
                } else {
                    self.over_gates(&exits, row, column, &mut predictions);
                }
            }
            Err(reason) => predictions.extend(self.suffixes().into_iter().map(|suffix| Prediction {
                suffix,
                time: Err(reason),
                broken: Vec::new(),
            })),
        }
        for prediction in &predictions {
            row.maybe(&format!("{column}_predicted_{}", prediction.suffix), prediction.time.ok());
        }
        row.text("assumptions_broken", &broken_text(&predictions));
    }

    /// The columns of the theories over gates.
    fn suffixes(&self) -> Vec<&'static str> {
        let of = |theory: &TheoryOfEscape| match theory {
            TheoryOfEscape::Kramers => vec!["kramers"],
            TheoryOfEscape::Langer => vec!["langer"],
            TheoryOfEscape::Sgld => vec!["sgld"],
            TheoryOfEscape::Sgd => vec!["sgd_density", "sgd_flux"],
            TheoryOfEscape::LossProportional => vec!["loss_proportional"],
            TheoryOfEscape::Levy | TheoryOfEscape::Action => Vec::new(),
        };
        self.asked.iter().flat_map(of).collect()
    }

    fn over_gates(&self, exits: &Exits, row: &mut Row, column: &str, predictions: &mut Vec<Prediction>) {
        let ways: Vec<PassPath> = exits.exits.iter().map(|exit| exit.way.clone()).collect();
        let at_saddle: Vec<bool> = exits.exits.iter().map(|exit| exit.at_saddle).collect();
        let over = |ways: Vec<PassPath>| EscapeCase::over_gates(&self.surface, ways);
        let Ok(case) = over(ways.clone()) else { return };
        for suffix in self.suffixes() {
            let (case, scale) = match suffix {
                "loss_proportional" => match over(self.lifted(&ways)) {
                    Ok(case) => (case, 1.0),
                    Err(_) => continue,
                },
                // Time is counted in k√η by Langer's formula.
                "langer" => (case.clone(), self.learning_rate.unwrap_or(1.0).sqrt()),
                _ => (case.clone(), 1.0),
            };
            let predicted = self.theory(suffix, &ways[0]).and_then(|theory| {
                case.predict(theory, self.process.as_deref()).map_err(|error| short(&error))
            });
            let (time, mut broken) = match predicted {
                Ok(prediction) => {
                    let time = total(&prediction.by_gate, &at_saddle);
                    // Beyond the largest number there is no time to compare with.
                    let time = Some(scale * time.to_far_well()).filter(|time| time.is_finite());
                    (time.ok_or("beyond all numbers"), prediction.broken)
                }
                Err(reason) => (Err(reason), Vec::new()),
            };
            if time.is_ok() {
                broken.extend(exits.broken.iter().cloned());
                self.discreteness(&ways[0], at_saddle[0], &mut broken);
            }
            if suffix == "kramers"
                && let (Ok(EscapeTheory::EyringKramers { inverse_temperature }), Some(corrections)) =
                    (self.theory(suffix, &ways[0]), case.temperature_correction())
                && !at_saddle.contains(&true)
                && let Ok(prediction) =
                    case.predict(EscapeTheory::EyringKramers { inverse_temperature }, None)
            {
                let corrected: Vec<EscapeTime> = prediction
                    .by_gate
                    .iter()
                    .zip(corrections)
                    .map(|(time, correction)| EscapeTime {
                        log_to_far_well: time.log_to_far_well
                            + (correction / inverse_temperature).max(-0.5).ln_1p(),
                    })
                    .collect();
                let time = total_rate(&corrected).to_far_well();
                if time.is_finite() {
                    row.number(&format!("{column}_predicted_kramers_corrected"), time);
                }
            }
            predictions.push(Prediction { suffix, time, broken });
        }
        if self.asked.contains(&TheoryOfEscape::Sgd) {
            row.number("path_share", ways[0].switch_share());
        }
        if self.asked.contains(&TheoryOfEscape::Action) {
            self.least_action(&case, row);
        }
    }

    /// The least exponent over the gates.
    fn least_action(&self, case: &EscapeCase, row: &mut Row) {
        let paths = self.process.as_deref().and_then(|process| {
            let least = case.least_actions(process, &ActionOptions::default());
            least.ok()?.into_iter().min_by(|a, b| a.action.total_cmp(&b.action))
        });
        row.maybe("action", paths.as_ref().map(|path| path.action));
        row.maybe("action_error", paths.as_ref().map(|path| path.discretisation_error));
    }

    /// The theory behind a column, with its numbers.
    fn theory(&self, suffix: &str, way: &PassPath) -> Result<EscapeTheory, &'static str> {
        let noise = || self.noise_along(way).ok_or("no noise along the way");
        Ok(match suffix {
            "kramers" => EscapeTheory::EyringKramers { inverse_temperature: 1.0 / noise()? },
            "sgld" => EscapeTheory::Sgld { diffusion: noise()? },
            "langer" => {
                let Rule::HeavyBall { step, momentum, .. } = &self.rule else {
                    return Err("no momentum");
                };
                // D = (η/2) C without momentum.
                let covariance = 2.0 * noise()? / step.learning_rate;
                EscapeTheory::KramersLanger {
                    inverse_temperature: 2.0 * (1.0 - momentum) / (step.learning_rate * covariance),
                    friction: (1.0 - momentum) / step.learning_rate.sqrt(),
                }
            }
            "sgd_density" | "sgd_flux" => {
                let learning_rate = self.rate_of_noise().ok_or("no learning rate")?;
                let prefactor = if suffix == "sgd_flux" {
                    SgdPrefactor::ContinuousFlux
                } else {
                    SgdPrefactor::ContinuousDensity
                };
                // D = (η/2B) H at the minimum says what B is, for any scale of the noise.
                let batch_size = 0.5 * learning_rate * way.curvatures[0] / noise()?;
                EscapeTheory::Sgd { learning_rate, batch_size, prefactor }
            }
            _ => EscapeTheory::LossProportional {
                temperature: self.loss_temperature().ok_or("noise unlike loss")?,
            },
        })
    }

    /// tᵀDt at the minimum, t the direction in which the way leaves.
    fn noise_along(&self, way: &PassPath) -> Option<f64> {
        let process = self.process.as_deref()?;
        let noise =
            process.tensor_along(&way.minimum.position, &way.minimum.eigenvectors[way.leaving_mode()]);
        (noise > 0.0 && noise.is_finite()).then_some(noise)
    }

    /// η, of the rule or of the equation that models it.
    fn rate_of_noise(&self) -> Option<f64> {
        match &self.rule {
            Rule::Sde { diffusion, .. } | Rule::Sme2 { diffusion, .. } => Some(diffusion.learning_rate),
            _ => self.learning_rate,
        }
    }

    /// T of D = T·(L + floor/scale).
    fn loss_temperature(&self) -> Option<f64> {
        let Some(Noise::LossProportional { scale, .. }) = &self.noise else { return None };
        let batch = match &self.rule {
            Rule::Sde { diffusion, .. } | Rule::Sme2 { diffusion, .. } => diffusion.batch_size,
            Rule::Sgd { step, .. } => step.batch_size,
            _ => return None,
        };
        Some(0.5 * self.rate_of_noise()? * scale / batch as f64)
    }

    /// The ways with the floor of the noise added to the loss, so that D = T·L.
    fn lifted(&self, ways: &[PassPath]) -> Vec<PassPath> {
        let lift = match &self.noise {
            Some(Noise::LossProportional { scale, floor }) => floor / scale,
            _ => 0.0,
        };
        let mut ways = ways.to_vec();
        for way in &mut ways {
            way.minimum.loss += lift;
            way.saddle.loss += lift;
            for loss in &mut way.losses {
                *loss += lift;
            }
        }
        ways
    }

    fn discreteness(&self, way: &PassPath, at_saddle: bool, broken: &mut Vec<BrokenAssumption>) {
        let stiffest = way.minimum.eigenvalues.iter().copied().fold(0.0, f64::max);
        let step = self.learning_rate.unwrap_or(0.0) * stiffest;
        let known = broken.iter().any(|broken| matches!(broken, BrokenAssumption::LargeStep { .. }));
        if step > LARGE_STEP && !known {
            broken.push(BrokenAssumption::LargeStep { step });
        }
        let share = (2.0 * self.learning_rate.unwrap_or(0.0) * way.saddle.eigenvalues[0].abs()).sqrt();
        if at_saddle && share > LARGE_STEP {
            broken.push(BrokenAssumption::SeenAtSteps { share });
        }
    }
}

/// The rates of all gates added; a gate at whose top the target begins counts twice.
fn total(by_gate: &[EscapeTime], at_saddle: &[bool]) -> EscapeTime {
    let times: Vec<EscapeTime> = by_gate
        .iter()
        .zip(at_saddle)
        .map(|(time, at_saddle)| match at_saddle {
            true => EscapeTime { log_to_far_well: time.log_to_far_well - std::f64::consts::LN_2 },
            false => *time,
        })
        .collect();
    total_rate(&times)
}

/// Why there is no prediction, in a few words.
fn short(error: &EscapeError) -> &'static str {
    match error {
        EscapeError::Unbounded { .. } => "landscape unbounded",
        EscapeError::WrongKind { .. } => "degenerate point",
        EscapeError::NoSaddle { .. } => "no saddle found",
        EscapeError::SingularDiffusion { .. } => "noise vanishes on the way",
        EscapeError::NotFinite { .. } => "landscape not finite",
        EscapeError::Theory(_) => "outside the theory",
        _ => "search failed",
    }
}

/// What is broken, told once where all predictions break the same.
fn broken_text(predictions: &[Prediction]) -> String {
    let lists: Vec<(&str, Vec<&str>)> = predictions
        .iter()
        .map(|prediction| {
            let names: Vec<&str> = match &prediction.time {
                Ok(_) => prediction.broken.iter().map(BrokenAssumption::name).collect(),
                Err(reason) => vec![*reason],
            };
            let once: Vec<&str> = names
                .iter()
                .enumerate()
                .filter(|(k, name)| !names[..*k].contains(name))
                .map(|(_, n)| *n)
                .collect();
            (prediction.suffix, once)
        })
        .collect();
    match lists.first() {
        Some((_, first)) if lists.iter().all(|(_, names)| names == first) => first.join(", "),
        _ => {
            let told = lists.iter().filter(|(_, names)| !names.is_empty());
            told.map(|(suffix, names)| format!("{suffix}: {}", names.join(", ")))
                .collect::<Vec<_>>()
                .join("; ")
        }
    }
}
