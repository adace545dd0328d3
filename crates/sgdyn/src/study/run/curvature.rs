//! `study = "curvature"`: the matrices of a network at its initial parameters or after training.

mod eigenpairs;
mod estimates;
mod look;
mod noise;
mod tables;
mod tensors;
mod unresolved;
mod verdicts;

use std::path::Path;
use std::sync::Arc;

use self::look::{Look, look};
pub(super) use self::tables::CurvatureTables;
pub(super) use self::verdicts::verdicts;
use super::cell::CellRun;
use super::divergence::cause;
use super::network_setting::{Begun, network_of};
use super::rows::Rows;
use super::setting::rule_on;
use super::training::steps;
use super::{CellPlan, RunError, lanes_for, pool, settings, unfit};
use crate::ensemble::measured::{Course, MeasuredProgram};
use crate::ensemble::{Start, Units};
use crate::lanes::{Block, Layout};
use crate::random::{Seed, Variate};
use crate::risk::network::{Activation, NetworkRisk};
use crate::rule::Rule;
use crate::spectrum::SpectrumError;
use crate::study::{Architecture, Cell, Curvature, Landscape, Model, Rule as Described};

/// A curvature cell, ready to run.
pub(super) struct CurvatureCell<R: Variate> {
    network: Arc<dyn NetworkRisk<R>>,
    /// None where the initial parameters are looked at.
    rule: Option<Box<dyn Rule<R>>>,
    start: Start,
    steps: u64,
    question: Curvature,
}

/// The parameters of a replica where it is looked at.
struct Replica<R> {
    number: u64,
    parameters: Vec<R>,
}

impl<R: Variate> CurvatureCell<R> {
    pub(super) fn new(cell: &Cell, question: &Curvature, directory: Option<&Path>) -> Result<Self, RunError> {
        let description = &cell.description;
        let Begun { network, start } = network_of::<R>("curvature", &description.landscape, directory)?;
        let untrained = question.steps.is_none() && question.epochs.is_none();
        if untrained && description.rule != (Described::GradientFlow {}) {
            let remedy = "say how long `[rule]` trains (0: not at all), or leave the rule out";
            return Err(unfit("curvature.steps", "absent", remedy));
        }
        let steps = steps(question.steps, question.epochs, description, network.samples()).unwrap_or(0);
        let rule = if steps > 0 { Some(rule_on(description, network.clone())?) } else { None };
        if !question.rescale.is_empty() {
            can_be_rescaled(&description.landscape, &question.rescale)?;
        }
        let built = Self { network, rule, start, steps, question: question.clone() };
        // More pairs than there are, and a basis that does not fit, are refused before anything is trained.
        built.check()?;
        Ok(built)
    }

    fn check(&self) -> Result<(), SpectrumError> {
        let (asked, available) = (self.question.count as usize, self.network.dimension());
        if let (true, Some(matrix)) = (asked > available, self.question.matrices.first()) {
            return Err(SpectrumError::TooMany { matrix: matrix.name(), asked, available });
        }
        let look = self.look(0, &[]);
        look.memory().check_basis(&look.lanczos(), available, size_of::<R>())
    }

    fn look<'a>(&'a self, replica: u64, parameters: &'a [R]) -> Look<'a, R> {
        Look {
            network: &*self.network,
            question: &self.question,
            replica,
            steps: self.steps,
            parameters,
            rescale: None,
        }
    }

    pub(super) fn plan(&self, cell: &Cell) -> CellPlan {
        let basis = self.look(0, &[]).lanczos().largest_basis * self.network.dimension() * size_of::<R>();
        CellPlan {
            cell: cell.index,
            settings: settings(cell),
            replicas: cell.description.ensemble.replicas,
            steps: self.rule.is_some().then_some(self.steps as f64),
            seconds: None,
            bytes: basis as u64 + (32 << 20),
        }
    }

    /// Trains and looks; `false` if it was stopped.
    pub(super) fn run(
        &self,
        run: &CellRun<'_>,
        cell: &Cell,
        seed: Seed,
        rows: &mut Rows,
        tables: &mut CurvatureTables,
    ) -> Result<bool, RunError> {
        let total = Some(self.steps * cell.description.ensemble.replicas);
        let run = CellRun { conditions: run.conditions, cell: run.cell, cells: run.cells, total };
        let Some(replicas) = self.replicas(&run, cell, seed)? else { return Ok(false) };
        pool(run.conditions.threads)?.install(|| {
            for replica in &replicas {
                if self.question.rescale.is_empty() {
                    look(cell, seed, &self.look(replica.number, &replica.parameters), rows, tables)?;
                }
                for &factor in &self.question.rescale {
                    let parameters = self.rescaled(&replica.parameters, factor);
                    let place = Look { rescale: Some(factor), ..self.look(replica.number, &parameters) };
                    look(cell, seed, &place, rows, tables)?;
                }
            }
            Ok(true)
        })
    }

    /// All replicas after training; none if it was stopped.
    fn replicas(
        &self,
        run: &CellRun<'_>,
        cell: &Cell,
        seed: Seed,
    ) -> Result<Option<Vec<Replica<R>>>, RunError> {
        let ensemble = &cell.description.ensemble;
        let Some(rule) = &self.rule else {
            let begin = |number| {
                let mut block = Block::zeros(self.network.dimension(), 1, Layout::ReplicaMajor);
                self.start.place(seed, number, 0, &mut block);
                Replica { number, parameters: block.into_values() }
            };
            return Ok(Some((0..ensemble.replicas).map(begin).collect()));
        };
        let program = MeasuredProgram {
            rule: &**rule,
            start: &self.start,
            steps: &[self.steps],
            measure: &|_, at: &[R]| Ok(at.iter().map(|value| value.to_f64()).collect()),
            cause: &|replica, step, before: &[R]| {
                cause(&*self.network, &cell.description.rule, seed, replica, step, before)
            },
            seed,
        };
        let lanes = lanes_for::<R>(rule.dimension(), rule.memory_blocks(), ensemble.lanes);
        let Some(courses) = run.run(&program, Units::new(ensemble.replicas, lanes as u64))? else {
            return Ok(None);
        };
        let end = |course: Course| {
            if let Some((step, cause)) = course.failed {
                return Err(RunError::Lost { replica: course.replica, step, cause });
            }
            let parameters = course.values.iter().flatten().map(|&value| R::from_f64(value)).collect();
            Ok(Replica { number: course.replica, parameters })
        };
        courses.0.into_iter().map(end).collect::<Result<_, _>>().map(Some)
    }

    /// The first layer times `factor`, and the weights of the second over it.
    fn rescaled(&self, parameters: &[R], factor: f64) -> Vec<R> {
        let mut parameters = parameters.to_vec();
        let tensors = self.network.parameter_tensors();
        for (tensor, factor) in tensors.iter().zip([factor, factor, factor.recip()]) {
            for value in &mut parameters[tensor.range.clone()] {
                *value *= R::from_f64(factor);
            }
        }
        parameters
    }
}

/// Refuses to rescale what is then another function.
fn can_be_rescaled(landscape: &Landscape, factors: &[f64]) -> Result<(), RunError> {
    let Landscape::Risk(risk) = landscape else { return Ok(()) };
    let Model::Network(network) = &risk.model else { return Ok(()) };
    let value = || format!("{factors:?}");
    let Architecture::Dense { layers, activation } = &network.architecture else {
        return Err(unfit("curvature.rescale", value(), "it takes a chain of dense layers"));
    };
    if layers.len() < 2 {
        return Err(unfit("curvature.rescale", value(), "it takes two layers, and the network has one"));
    }
    if !matches!(activation, Activation::Relu | Activation::Identity) {
        let remedy = format!(
            "{0}(αz) is not α {0}(z), so the function would change: set landscape.activation = \"relu\"",
            activation.name()
        );
        return Err(unfit("curvature.rescale", value(), remedy));
    }
    Ok(())
}
