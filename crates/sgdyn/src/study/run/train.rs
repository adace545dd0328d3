//! `study = "train"`: what becomes of a network as it is trained, with its sharpness against the limit of stability.

use std::path::Path;
use std::sync::Arc;

use super::cell::CellRun;
use super::divergence::cause;
use super::escape::describe;
use super::network_setting::{Begun, networks_of};
use super::rows::{Row, Rows};
use super::setting::rule_on;
use super::stability::{Edge, edge};
use super::training::{is_full_batch, stability_limit, steps};
use super::{RunError, lanes_for, unfit};
use crate::ensemble::measured::{Course, Courses, MeasuredProgram};
use crate::ensemble::{Start, Units};
use crate::krylov::Lanczos;
use crate::random::{Seed, Variate};
use crate::risk::Workspace;
use crate::risk::network::{NetworkRisk, weights_file};
use crate::rule::Rule;
use crate::spectrum::{
    CurvatureMatrix, CurvatureOperator, Memory, SpectrumError, covariance_trace, eigenpairs,
};
use crate::statistics::Moments;
use crate::study::{Cell, Train, TrainObservable};

/// The most observations of a replica.
const MOST_OBSERVATIONS: u64 = 100_000;
/// A basis of some tens of vectors fits beside a network that is trained.
const MEMORY: Memory = Memory { bytes: 4 << 30 };
/// Observations of a training without `every`.
const USUAL: u64 = 50;
/// What a sharpness comes with, converged or not: its |Hv − λv|/|λ| and the products that it took.
const CERTIFICATE: [&str; 2] = ["sharpness_residual", "sharpness_products"];

/// A training cell, ready to run.
pub(super) struct TrainCell<R: Variate> {
    network: Arc<dyn NetworkRisk<R>>,
    /// The same network on the test samples, if the data are split.
    test: Option<Arc<dyn NetworkRisk<R>>>,
    rule: Box<dyn Rule<R>>,
    start: Start,
    /// When replicas are looked at.
    steps: Vec<u64>,
    limit: Option<f64>,
    full_batch: bool,
    question: Train,
}

/// The further tables of a study of training.
#[derive(Default)]
pub(super) struct TrainTables {
    courses: Rows,
    /// One for each cell: what its sharpness did, and which replicas failed.
    pub edges: Rows,
}

impl TrainTables {
    pub(super) fn named(&self) -> impl Iterator<Item = (&'static str, &Rows)> {
        [("courses", &self.courses), ("stability", &self.edges)].into_iter()
    }
}

impl<R: Variate> TrainCell<R> {
    pub(super) fn new(cell: &Cell, question: &Train, directory: Option<&Path>) -> Result<Self, RunError> {
        let description = &cell.description;
        let (Begun { network, start }, test) = networks_of::<R>("train", &description.landscape, directory)?;
        let rule = rule_on(description, network.clone())?;
        let samples = network.samples();
        let Some(last) = steps(question.steps, question.epochs, description, samples) else {
            return Err(unfit("train.steps", "absent", "say how long to train"));
        };
        let every = question.every.unwrap_or(last / USUAL).clamp(1, last);
        if last / every > MOST_OBSERVATIONS || last >= 1 << 40 {
            let remedy =
                format!("at most {MOST_OBSERVATIONS} observations and 2⁴⁰ steps: observe less often");
            return Err(unfit("train.every", every, remedy));
        }
        let built = Self {
            start,
            steps: (0..=last / every).map(|index| index * every).collect(),
            limit: stability_limit(&description.rule),
            full_batch: is_full_batch(&description.rule, samples),
            question: question.clone(),
            network,
            test,
            rule,
        };
        if built.asks(TrainObservable::Sharpness) {
            MEMORY.check_basis(&built.lanczos(), built.dimension(), size_of::<R>())?;
        }
        Ok(built)
    }

    fn asks(&self, observable: TrainObservable) -> bool {
        self.question.observe.contains(&observable)
    }

    fn lanczos(&self) -> Lanczos {
        Lanczos {
            tolerance: self.question.tolerance,
            largest_products: self.question.products as usize,
            ..Lanczos::largest(1)
        }
    }

    /// The number of parameters.
    pub(super) fn dimension(&self) -> usize {
        self.network.dimension()
    }

    /// The steps of each replica.
    pub(super) fn steps(&self) -> u64 {
        self.steps.last().copied().unwrap_or(0)
    }

    pub(super) fn run(
        &self,
        run: &CellRun<'_>,
        cell: &Cell,
        seed: Seed,
    ) -> Result<Option<Courses>, RunError> {
        let ensemble = &cell.description.ensemble;
        let lanes = lanes_for::<R>(self.dimension(), self.rule.memory_blocks(), ensemble.lanes);
        let program = MeasuredProgram {
            rule: &*self.rule,
            start: &self.start,
            steps: &self.steps,
            measure: &|step, at: &[R]| {
                let mut values = self.measure(at).map_err(|error| error.to_string())?;
                if self.question.save_weights && step == self.steps() {
                    // Behind what has a name.
                    values.extend(at.iter().map(|value| value.to_f64()));
                }
                Ok(values)
            },
            cause: &|replica, step, before: &[R]| {
                cause(&*self.network, &cell.description.rule, seed, replica, step, before)
            },
            seed,
        };
        run.run(&program, Units::new(ensemble.replicas, lanes as u64))
    }

    /// Writes the parameters that each replica ended with, where they are asked for and there is a place for them.
    pub(super) fn save_weights(&self, run: &CellRun<'_>, courses: &Courses) -> Result<(), RunError> {
        let Some(directory) = run.conditions.directory.filter(|_| self.question.save_weights) else {
            return Ok(());
        };
        let named = self.names().len();
        for course in &courses.0 {
            // A replica that failed has no end.
            let Some(last) = course.values.get(self.steps.len() - 1) else { continue };
            let parameters: Vec<R> = last[named..].iter().map(|&value| R::from_f64(value)).collect();
            let name = format!("cell-{}-replica-{}.safetensors", run.cell, course.replica);
            directory.write_weights(&name, &weights_file(&*self.network, &parameters)?)?;
        }
        Ok(())
    }

    /// The names of what is measured, in order.
    fn names(&self) -> Vec<&'static str> {
        let mut names = vec!["loss"];
        if self.test.is_some() {
            names.push("test_loss");
        }
        if self.asks(TrainObservable::Accuracy) {
            names.push("accuracy");
            if self.test.is_some() {
                names.push("test_accuracy");
            }
        }
        if self.asks(TrainObservable::GradientNorm) || self.asks(TrainObservable::Noise) {
            names.push("gradient_norm");
        }
        if self.asks(TrainObservable::Noise) {
            names.extend(["noise", "noise_scale"]);
        }
        if self.asks(TrainObservable::Sharpness) {
            names.push("sharpness");
            names.extend(CERTIFICATE);
        }
        names
    }

    /// What is measured of a replica; NaN for a sharpness that did not converge, and for the accuracy of numbers.
    fn measure(&self, at: &[R]) -> Result<Vec<f64>, SpectrumError> {
        let point = self.network.at(at)?;
        let samples = || std::iter::once(&self.network).chain(&self.test);
        let mut values = Vec::new();
        for network in samples() {
            let losses = network.sample_losses(at)?;
            values.push(losses.iter().sum::<f64>() / losses.len() as f64);
        }
        if self.asks(TrainObservable::Accuracy) {
            for network in samples() {
                values.push(network.accuracy(at)?.unwrap_or(f64::NAN));
            }
        }
        let mut gradient = vec![R::ZERO; point.dimension()];
        let mut square = f64::NAN;
        if self.asks(TrainObservable::GradientNorm) || self.asks(TrainObservable::Noise) {
            point.gradient(&mut Workspace::new(), &mut gradient)?;
            square = gradient.iter().map(|value| value.to_f64().powi(2)).sum();
            values.push(square.sqrt());
        }
        if self.asks(TrainObservable::Noise) {
            let noise = covariance_trace(&*point)?;
            values.extend([noise, noise / square]);
        }
        if self.asks(TrainObservable::Sharpness) {
            let hessian = CurvatureMatrix::Hessian;
            let operator = CurvatureOperator::new(&*point, hessian);
            match eigenpairs(operator, hessian, &self.lanczos(), MEMORY) {
                Ok(pairs) => {
                    let (value, residual) = (pairs.values[0], pairs.residuals[0]);
                    values.extend([value, residual / value.abs(), pairs.products as f64]);
                }
                Err(error) => {
                    let found = error.unconverged()?;
                    values.extend([f64::NAN, found.worst, found.products as f64]);
                }
            }
        }
        Ok(values)
    }

    /// A row for each observation, and the courses of the replicas.
    pub(super) fn report(&self, cell: &Cell, summary: &Courses, rows: &mut Rows, tables: &mut TrainTables) {
        let names = self.names();
        for (index, &step) in self.steps.iter().enumerate() {
            let measured: Vec<&Vec<f64>> =
                summary.0.iter().filter_map(|course| course.values.get(index)).collect();
            let mut row = Row::of(cell);
            describe(cell, &mut row);
            row.count("step", step);
            // A mean of residuals is none of the mean.
            for (place, name) in names.iter().enumerate().filter(|(_, name)| !CERTIFICATE.contains(name)) {
                let mut moments = Moments::new();
                for values in &measured {
                    if values[place].is_finite() {
                        moments.push(values[place]);
                    }
                }
                let mean = moments.mean();
                if mean.stderr.is_finite() {
                    row.estimate(name, mean);
                } else {
                    row.maybe(name, Some(mean.value).filter(|value| value.is_finite()));
                }
                if let (true, Some(limit)) = (*name == "sharpness", self.limit) {
                    row.number("stability_limit", limit);
                    row.maybe("sharpness_ratio", Some(mean.value / limit).filter(|ratio| ratio.is_finite()));
                }
            }
            row.count("replicas", measured.len() as u64);
            row.count("failed", summary.0.len() as u64 - measured.len() as u64);
            rows.push(row);
        }
        for course in &summary.0 {
            for (values, &step) in course.values.iter().zip(&self.steps) {
                let mut row = Row::default();
                row.count("cell", cell.index as u64).count("replica", course.replica).count("step", step);
                for (name, &value) in names.iter().zip(values) {
                    row.maybe(name, Some(value).filter(|value| value.is_finite()));
                }
                tables.courses.push(row);
            }
        }
        tables.edges.push(self.edge(cell, &names, &summary.0));
    }

    /// What the sharpness did beside its limit, and what failed.
    fn edge(&self, cell: &Cell, names: &[&str], courses: &[Course]) -> Row {
        let mut row = Row::of(cell);
        describe(cell, &mut row);
        row.truth("full_batch", self.full_batch);
        let failures: Vec<String> = courses
            .iter()
            .filter_map(|course| course.failed.as_ref().map(|failed| (course.replica, failed)))
            .map(|(replica, (step, reason))| format!("replica {replica} at step {step}: {reason}"))
            .collect();
        row.count("replicas", courses.len() as u64).count("failed", failures.len() as u64);
        if let Some(first) = failures.first() {
            row.text("first_failure", first);
        }
        let Some(place) = names.iter().position(|name| *name == "sharpness") else { return row };
        self.unconverged(&mut row, place, courses);
        let Some(limit) = self.limit else { return row };
        let ratios: Vec<Vec<f64>> = courses
            .iter()
            .map(|course| course.values.iter().map(|values| values[place] / limit).collect())
            .collect();
        let Edge { largest, reached, mean } = edge(&ratios);
        row.number("stability_limit", limit).maybe("largest_ratio", largest);
        row.count("reached", reached.len() as u64);
        let first = reached.iter().filter_map(|&index| self.steps.get(index)).min();
        row.maybe("first_reached", first.map(|&step| step as f64));
        row.maybe("ratio_after", mean.map(|mean| mean.value));
        row.maybe("ratio_after_stderr", mean.map(|mean| mean.stderr).filter(|error| error.is_finite()));
        row
    }
    /// How many sharpnesses did not converge, and how far the first of them came; they stand at `place`, their
    /// certificate behind them.
    fn unconverged(&self, row: &mut Row, place: usize, courses: &[Course]) {
        let missing: Vec<(u64, u64, &Vec<f64>)> = courses
            .iter()
            .flat_map(|course| {
                course.values.iter().zip(&self.steps).map(|(at, &step)| (course.replica, step, at))
            })
            .filter(|(_, _, values)| values[place].is_nan())
            .collect();
        let measured: usize = courses.iter().map(|course| course.values.len()).sum();
        row.count("sharpnesses", measured as u64).count("not_converged", missing.len() as u64);
        if let Some((replica, step, values)) = missing.first() {
            let [residual, products] = [1, 2].map(|behind| values[place + behind]);
            let tolerance = self.question.tolerance;
            row.text(
                "first_not_converged",
                &format!("replica {replica} at step {step}: |Hv − λv|/|λ| is {residual:.1e} after {products} products, above {tolerance:.1e}"),
            );
        }
    }
}
