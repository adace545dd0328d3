//! `study = "curvature"`: the matrices of a network at its initial parameters or after training.

use std::path::Path;
use std::sync::Arc;

use super::cell::CellRun;
use super::network_setting::{initial, network_of};
use super::rows::{Row, Rows};
use super::setting::rule_on;
use super::{CellPlan, RunError, lanes_for, pool, settings};
use crate::ensemble::measured::MeasuredProgram;
use crate::ensemble::{Start, Units};
use crate::krylov::Lanczos;
use crate::lanes::{Block, Layout};
use crate::random::{Seed, Variate};
use crate::risk::Workspace;
use crate::risk::network::{NetworkPoint, NetworkRisk};
use crate::rule::Rule;
use crate::spectrum::{CurvatureMatrix, CurvatureOperator, Memory, SpectrumError, eigenpairs};
use crate::study::{Cell, Curvature};

/// Eigenvalues that a row shows; all are in the table of eigenvalues.
const SHOWN: usize = 3;

/// A curvature cell, ready to run.
pub(super) struct CurvatureCell<R: Variate> {
    network: Arc<dyn NetworkRisk<R>>,
    /// None where the initial parameters are looked at.
    rule: Option<Box<dyn Rule<R>>>,
    start: Start,
    question: Curvature,
}

/// The further tables of a study of curvature.
#[derive(Default)]
pub(super) struct CurvatureTables {
    eigenvalues: Rows,
}

impl CurvatureTables {
    pub(super) fn named(&self) -> impl Iterator<Item = (&'static str, &Rows)> {
        [("eigenvalues", &self.eigenvalues)].into_iter()
    }
}

/// A replica where it is looked at.
struct Place<R> {
    replica: u64,
    parameters: Vec<R>,
}

impl<R: Variate> CurvatureCell<R> {
    pub(super) fn new(cell: &Cell, question: &Curvature, directory: Option<&Path>) -> Result<Self, RunError> {
        let network = network_of::<R>("curvature", &cell.description.landscape, directory)?;
        let rule = match question.steps {
            None | Some(0) => None,
            Some(_) => Some(rule_on(&cell.description, network.clone())?),
        };
        let start = initial(&*network);
        let built = Self { network, rule, start, question: question.clone() };
        // What does not fit is refused before anything is trained.
        for &matrix in &built.question.matrices {
            Self::check(&built, matrix)?;
        }
        Ok(built)
    }

    fn check(&self, matrix: CurvatureMatrix) -> Result<(), SpectrumError> {
        let (asked, available) = (self.question.count as usize, self.network.dimension());
        if asked > available {
            return Err(SpectrumError::TooMany { matrix: matrix.name(), asked, available });
        }
        self.memory().check_basis(&self.lanczos(), available, size_of::<R>())
    }

    fn memory(&self) -> Memory {
        Memory::gibibytes(self.question.memory)
    }

    fn lanczos(&self) -> Lanczos {
        Lanczos {
            which: self.question.which,
            tolerance: self.question.tolerance,
            largest_products: self.question.products as usize,
            ..Lanczos::largest(self.question.count as usize)
        }
    }

    pub(super) fn plan(&self, cell: &Cell, threads: usize) -> CellPlan {
        let _ = threads;
        CellPlan {
            cell: cell.index,
            settings: settings(cell),
            replicas: cell.description.ensemble.replicas,
            steps: self.question.steps.map(|steps| steps as f64),
            seconds: None,
            bytes: (self.lanczos().largest_basis * self.network.dimension() * size_of::<R>()) as u64
                + (32 << 20),
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
        let Some(places) = self.places(run, cell, seed)? else { return Ok(false) };
        pool(run.conditions.threads)?.install(|| {
            for place in &places {
                self.look(cell, place, rows, tables)?;
            }
            Ok(true)
        })
    }

    /// The parameters of all replicas; none if it was stopped.
    fn places(&self, run: &CellRun<'_>, cell: &Cell, seed: Seed) -> Result<Option<Vec<Place<R>>>, RunError> {
        let ensemble = &cell.description.ensemble;
        let Some(rule) = &self.rule else {
            let place = |replica| {
                let mut block = Block::zeros(self.network.dimension(), 1, Layout::ReplicaMajor);
                self.start.place(seed, replica, 0, &mut block);
                Place { replica, parameters: block.into_values() }
            };
            return Ok(Some((0..ensemble.replicas).map(place).collect()));
        };
        let steps = [self.steps()];
        let program = MeasuredProgram {
            rule: &**rule,
            start: &self.start,
            steps: &steps,
            measure: &|at: &[R]| Ok(at.iter().map(|value| value.to_f64()).collect()),
            seed,
        };
        let lanes = lanes_for::<R>(rule.dimension(), rule.memory_blocks(), ensemble.lanes);
        let Some(courses) = run.run(&program, Units::new(ensemble.replicas, lanes as u64))? else {
            return Ok(None);
        };
        let place = |course: crate::ensemble::measured::Course| {
            let parameters = course.values.first()?.iter().map(|&value| R::from_f64(value)).collect();
            Some(Place { replica: course.replica, parameters })
        };
        Ok(Some(courses.0.into_iter().filter_map(place).collect()))
    }

    fn steps(&self) -> u64 {
        self.question.steps.unwrap_or(0)
    }

    fn look(
        &self,
        cell: &Cell,
        place: &Place<R>,
        rows: &mut Rows,
        tables: &mut CurvatureTables,
    ) -> Result<(), RunError> {
        let (replica, step) = (place.replica, self.steps());
        let diverged = |source| RunError::Diverged { replica, step, source };
        let point = self.network.at(&place.parameters).map_err(diverged)?;
        let losses = self.network.sample_losses(&place.parameters).map_err(diverged)?;
        let mut gradient = vec![R::ZERO; point.dimension()];
        point.gradient(&mut Workspace::new(), &mut gradient).map_err(diverged)?;
        let norm = gradient.iter().map(|value| value.to_f64().powi(2)).sum::<f64>().sqrt();
        for &matrix in &self.question.matrices {
            let mut row = Row::of(cell);
            row.count("replica", replica).count("steps", step);
            row.number("loss", losses.iter().sum::<f64>() / losses.len() as f64);
            row.number("gradient_norm", norm);
            row.text("matrix", matrix.name());
            let keys = row.clone();
            self.eigenvalues(&*point, matrix, &mut row, &keys, tables)?;
            row.count("parameters", point.dimension() as u64).count("samples", point.samples() as u64);
            rows.push(row);
        }
        Ok(())
    }

    fn eigenvalues(
        &self,
        point: &dyn NetworkPoint<R>,
        matrix: CurvatureMatrix,
        row: &mut Row,
        keys: &Row,
        tables: &mut CurvatureTables,
    ) -> Result<(), RunError> {
        let operator = CurvatureOperator::new(point, matrix);
        let pairs = eigenpairs(operator, matrix, &self.lanczos(), self.memory())?;
        for (index, (&value, &residual)) in pairs.values.iter().zip(&pairs.residuals).enumerate() {
            if index < SHOWN {
                row.number(&format!("eigenvalue_{}", index + 1), value);
            }
            let mut entry = keys.clone();
            entry.count("index", index as u64 + 1).number("eigenvalue", value).number("residual", residual);
            tables.eigenvalues.push(entry);
        }
        row.count("products", pairs.products as u64);
        Ok(())
    }
}
