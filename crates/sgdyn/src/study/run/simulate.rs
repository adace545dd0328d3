//! `study = "simulate"`: statistics over replicas as the steps go by.

use std::path::Path;

use super::cell::CellRun;
use super::data_setting::curvature_of;
use super::network_setting::network_of;
use super::rows::{Row, Rows};
use super::setting::{Setting, Source, sampling};
use super::{RunError, lanes_for, unfit};
use crate::ensemble::horizon::{HorizonProgram, HorizonSummary, Observations};
use crate::ensemble::{Start, Units};
use crate::observe::Projection;
use crate::random::{Sampling, Seed, Variate};
use crate::study::{Cell, Description, Landscape, Model, Noise, Observable, Rule, Simulate};
use crate::theory::{RandomMultiplier, flat_variance, reshuffled_flat_variance};

/// The most observations of a run.
const MOST_SNAPSHOTS: u64 = 100_000;
/// The paths that `paths` keeps.
const PATHS: u64 = 20;
const QUANTILES: [(f64, &str); 5] = [
    (0.05, "quantile_05"),
    (0.25, "quantile_25"),
    (0.5, "quantile_50"),
    (0.75, "quantile_75"),
    (0.95, "quantile_95"),
];

/// A simulation cell, ready to run.
pub(super) struct SimulateCell<R: Variate> {
    setting: Setting<R>,
    start: Start,
    observations: Observations,
    steps: u64,
    exact: Exact,
}

/// What is known exactly of a run.
enum Exact {
    /// The variance per step² of a flat mode in each component, and the batches of an epoch if they are reshuffled.
    Flat {
        learning_rate: f64,
        variances: Vec<f64>,
        batches: Option<u64>,
    },
    /// The growth of ln|x| per step.
    Growth {
        start: f64,
        exponent: f64,
    },
    Nothing,
}

impl<R: Variate> SimulateCell<R> {
    pub(super) fn new(
        setting: Setting<R>,
        description: &Description,
        question: &Simulate,
        directory: Option<&Path>,
    ) -> Result<Self, RunError> {
        let dimension = setting.dimension();
        let point = match (&question.start, question.start.len()) {
            // Only a network may leave it out.
            (_, 0) => Vec::new(),
            // One number stands for all coordinates of a large model.
            (point, 1) if dimension > 1 => vec![point[0]; dimension],
            (point, length) if length == dimension => point.clone(),
            (point, _) => {
                let remedy = format!(
                    "the landscape is of dimension {dimension}: give {dimension} numbers, or one for all"
                );
                return Err(unfit("simulate.start", format!("{point:?}"), remedy));
            }
        };
        let time_step = setting.rule.time_step();
        let steps = match (question.steps, question.time) {
            (Some(steps), _) => steps,
            (None, Some(time)) => (time / time_step).round().max(1.0) as u64,
            (None, None) => return Err(unfit("simulate.steps", "absent", "say how long to simulate")),
        };
        let every = question.every.unwrap_or(steps).min(steps);
        if steps / every > MOST_SNAPSHOTS || steps >= 1 << 40 {
            let remedy = format!("at most {MOST_SNAPSHOTS} observations and 2⁴⁰ steps: observe less often");
            return Err(unfit("simulate.every", every, remedy));
        }
        let observes = |observable| question.observe.contains(&observable);
        let observations = Observations {
            // Displacements and moments are both relative to the start, so that nothing cancels.
            projection: Projection::coordinates(vec![0.0; dimension]),
            snapshots: (1..=steps / every).map(|index| index * every).collect(),
            covariance: observes(Observable::Covariance) && dimension > 1 && dimension <= 64,
            displacement: observes(Observable::Displacement),
            logarithms: observes(Observable::LogMagnitude),
            quantiles: observes(Observable::Quantiles),
            histogram: None,
            average: None,
            paths: if observes(Observable::Paths) { PATHS } else { 0 },
        };
        let exact = exact(description, &setting, &point, directory)?;
        let start = if point.is_empty() {
            network_of::<R>("simulate", &description.landscape, directory)?.start
        } else if has_weights(&description.landscape) {
            let remedy = "the network begins with `landscape.weights`: leave one of the two out";
            return Err(unfit("simulate.start", format!("{:?}", question.start), remedy));
        } else {
            Start::Point(point)
        };
        Ok(Self { setting, start, observations, steps, exact })
    }

    /// The number of coordinates.
    pub(super) fn dimension(&self) -> usize {
        self.setting.dimension()
    }

    /// The steps of each replica.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    pub(super) fn run(
        &self,
        run: &CellRun<'_>,
        replicas: u64,
        lanes: Option<u64>,
        seed: Seed,
    ) -> Result<Option<HorizonSummary>, RunError> {
        let lanes = lanes_for::<R>(self.setting.dimension(), self.setting.rule.memory_blocks(), lanes);
        let program = HorizonProgram {
            rule: &*self.setting.rule,
            start: &self.start,
            steps: self.steps,
            observations: &self.observations,
            seed,
        };
        run.run(&program, Units::new(replicas, lanes as u64))
    }

    /// Adds a row for each observation and coordinate; paths and covariances go to tables of their own.
    pub(super) fn report(&self, cell: &Cell, summary: &HorizonSummary, rows: &mut Rows, paths: &mut Rows) {
        let time_step = self.setting.rule.time_step();
        for (snapshot, &step) in summary.snapshots.iter().zip(&self.observations.snapshots) {
            for (component, moments) in snapshot.components.iter().enumerate() {
                let mut row = Row::of(cell);
                row.text("rule", super::escape::rule_name(&cell.description.rule));
                row.count("step", step).number("time", step as f64 * time_step);
                row.text("component", &self.setting.variables[component]);
                row.estimate("mean", moments.mean());
                row.estimate("variance", moments.variance());
                if let Some(displacement) = snapshot.displacement.get(component) {
                    row.estimate("displacement", displacement.mean());
                }
                self.exact_columns(step, component, &mut row);
                if let Some(sketch) = snapshot.sketches.get(component) {
                    for (probability, name) in QUANTILES {
                        row.maybe(name, sketch.quantile(probability));
                    }
                }
                if let Some(logarithm) = snapshot.logarithms.get(component) {
                    row.estimate("log_magnitude", logarithm.mean());
                }
                if let Some(covariance) = &snapshot.covariance {
                    for other in 0..component {
                        let name = format!("covariance_with_{}", self.setting.variables[other]);
                        row.maybe(&name, covariance.covariance(component, other));
                    }
                }
                row.count("replicas", moments.count()).count("diverged", snapshot.diverged);
                rows.push(row);
            }
        }
        for path in &summary.paths {
            for (point, &step) in path.points.iter().zip(&self.observations.snapshots) {
                let mut row = Row::default();
                row.count("cell", cell.index as u64).count("replica", path.replica);
                row.count("step", step).number("time", step as f64 * time_step);
                for (variable, &value) in self.setting.variables.iter().zip(point) {
                    row.number(variable, value);
                }
                paths.push(row);
            }
        }
    }

    fn exact_columns(&self, step: u64, component: usize, row: &mut Row) {
        match &self.exact {
            Exact::Flat { learning_rate, variances, batches } => {
                let variance = variances[component];
                let exact = match batches {
                    None => Some(flat_variance(*learning_rate, variance, step)),
                    Some(batches) => {
                        reshuffled_flat_variance(*learning_rate, variance, step % batches, *batches).ok()
                    }
                };
                row.maybe("variance_exact", exact);
            }
            Exact::Growth { start, exponent } => {
                row.number("log_magnitude_exact", start.abs().ln() + step as f64 * exponent);
            }
            Exact::Nothing => {}
        }
    }
}

/// Whether replicas begin with the weights of a file.
fn has_weights(landscape: &Landscape) -> bool {
    let Landscape::Risk(risk) = landscape else { return false };
    matches!(&risk.model, Model::Network(network) if network.weights.is_some())
}

fn exact<R: Variate>(
    description: &Description,
    setting: &Setting<R>,
    start: &[f64],
    directory: Option<&Path>,
) -> Result<Exact, RunError> {
    let Rule::Sgd { step, weight_decay } = &description.rule else { return Ok(Exact::Nothing) };
    if *weight_decay != 0.0 || step.schedule != crate::study::Schedule::Constant {
        return Ok(Exact::Nothing);
    }
    let (rate, batch) = (step.learning_rate, step.batch_size as f64);
    match (&description.landscape, &description.noise, &setting.source) {
        (Landscape::Risk(risk), _, Source::Risk(_)) if matches!(risk.model, Model::Flat) => {
            let curvature = curvature_of(risk, directory)?;
            let samples = curvature.samples() as f64;
            let sigma = curvature.gradient_covariance(start);
            let scheme = sampling(step.sampling);
            let factor = match scheme {
                Sampling::WithReplacement => 1.0 / batch,
                _ => (samples - batch) / (batch * (samples - 1.0)),
            };
            let variances = (0..start.len()).map(|i| factor * sigma[(i, i)]).collect();
            let even = samples % batch == 0.0;
            let batches = match scheme {
                Sampling::Reshuffled if even => Some((samples / batch) as u64),
                // Left-over samples make the batches of an epoch exchangeable parts of a larger set.
                Sampling::Reshuffled => return Ok(Exact::Nothing),
                _ => None,
            };
            Ok(Exact::Flat { learning_rate: rate, variances, batches })
        }
        (
            _,
            Some(Noise::Multiplicative { curvature_deviation, standard_deviation }),
            Source::Field(field),
        ) if *standard_deviation == 0.0 && field.dimension() == 1 && start[0] != 0.0 => {
            let quadratic =
                matches!(&description.landscape, Landscape::Named(named) if named.name == "quadratic");
            if !quadratic {
                return Ok(Exact::Nothing);
            }
            let analysis = Setting::<f64>::new(description, directory)?;
            let curvature = analysis
                .field()
                .and_then(|field| field.hessian_at(start))
                .map_or(f64::NAN, |entries| entries[0]);
            let multiplier = RandomMultiplier::Gaussian {
                mean: 1.0 - rate * curvature,
                standard_deviation: rate * curvature_deviation / batch.sqrt(),
            };
            Ok(Exact::Growth { start: start[0], exponent: multiplier.lyapunov_exponent() })
        }
        _ => Ok(Exact::Nothing),
    }
}
