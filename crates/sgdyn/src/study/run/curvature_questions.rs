//! The questions of a study of curvature at one point, and the rows of their answers.

use super::RunError;
use super::rows::{Row, Rows};
use crate::krylov::{Diagonal, HutchPlusPlus, KrylovError, Lanczos, SymmetricOperator};
use crate::random::{Seed, Variate};
use crate::risk::Workspace;
use crate::risk::network::{NetworkPoint, NetworkRisk};
use crate::spectrum::{
    CurvatureMatrix, CurvatureOperator, LayerQuestion, Memory, Probes, SpectrumError, alignment, all_by_gram,
    covariance_trace, density, diagonal, eigenpairs, gram_is_smaller, layers, overlap, top_by_gram, trace,
};
use crate::statistics::Estimate;
use crate::study::{Cell, Curvature, CurvatureObservable};

/// Eigenvalues that a row shows; all are in the table of eigenvalues.
const SHOWN: usize = 3;
/// The places at which a density is told.
const PLACES: usize = 400;
/// Vectors of Hutch++ for what is large: more than the outliers of a classifier with ten classes.
const SUBSPACE: usize = 30;

/// The further tables of a study of curvature.
#[derive(Default)]
pub(super) struct CurvatureTables {
    eigenvalues: Rows,
    density: Rows,
    diagonal: Rows,
    layers: Rows,
    covariance: Rows,
}

impl CurvatureTables {
    pub(super) fn named(&self) -> impl Iterator<Item = (&'static str, &Rows)> {
        [
            ("eigenvalues", &self.eigenvalues),
            ("spectral-density", &self.density),
            ("diagonal", &self.diagonal),
            ("layers", &self.layers),
            ("covariance", &self.covariance),
        ]
        .into_iter()
    }
}

/// A network at a point, and what is asked there.
pub(super) struct Look<'a, R: Variate> {
    pub network: &'a dyn NetworkRisk<R>,
    pub question: &'a Curvature,
    pub replica: u64,
    pub steps: u64,
    pub parameters: &'a [R],
    /// The factor of the first layer, if it was rescaled.
    pub rescale: Option<f64>,
}

impl<R: Variate> Look<'_, R> {
    pub(super) fn memory(&self) -> Memory {
        Memory::gibibytes(self.question.memory)
    }

    pub(super) fn lanczos(&self) -> Lanczos {
        Lanczos {
            which: self.question.which,
            tolerance: self.question.tolerance,
            largest_products: self.question.products as usize,
            ..Lanczos::largest(self.question.count as usize)
        }
    }

    fn traces(&self) -> HutchPlusPlus {
        let Curvature { standard_error, most_vectors, .. } = *self.question;
        let most = most_vectors as usize;
        HutchPlusPlus { subspace: SUBSPACE, tolerance: standard_error, fewest: most.min(10), most }
    }

    fn asks(&self, observable: CurvatureObservable) -> bool {
        self.question.observe.contains(&observable)
    }
}

/// Asks all questions at one point: a row for each matrix, and the tables.
pub(super) fn look<R: Variate>(
    cell: &Cell,
    seed: Seed,
    look: &Look<'_, R>,
    rows: &mut Rows,
    tables: &mut CurvatureTables,
) -> Result<(), RunError> {
    let (replica, step) = (look.replica, look.steps);
    let diverged = |source| RunError::Diverged { replica, step, source: Box::new(source) };
    let point = look.network.at(look.parameters).map_err(diverged)?;
    let losses = look.network.sample_losses(look.parameters).map_err(diverged)?;
    let mut gradient = vec![R::ZERO; point.dimension()];
    point.gradient(&mut Workspace::new(), &mut gradient).map_err(diverged)?;
    let mut keys = Row::of(cell);
    keys.count("replica", replica).count("steps", step);
    if let Some(factor) = look.rescale {
        keys.number("rescale", factor);
    }
    let mut common = keys.clone();
    common.number("loss", losses.iter().sum::<f64>() / losses.len() as f64);
    if let Some(accuracy) = look.network.accuracy(look.parameters).map_err(diverged)? {
        common.number("accuracy", accuracy);
    }
    common.number("gradient_norm", gradient.iter().map(|value| value.to_f64().powi(2)).sum::<f64>().sqrt());
    let noise = covariance_trace(&*point)?;
    common.number("noise", noise);
    let mut asked = Asked { look, point: &*point, keys, noise, probes: Numbered { seed, replica }, tables };
    asked.covariance(&mut common)?;
    for &matrix in &look.question.matrices {
        let mut row = common.clone();
        asked.matrix(matrix, &mut row)?;
        row.count("parameters", point.dimension() as u64).count("samples", point.samples() as u64);
        rows.push(row);
    }
    Ok(())
}

/// Random vectors by the number of their question.
#[derive(Clone, Copy)]
struct Numbered {
    seed: Seed,
    replica: u64,
}

impl Numbered {
    fn of(self, matrix: CurvatureMatrix, question: u64) -> Probes {
        Probes::new(self.seed, self.replica, ((matrix as u64) << 32) | question)
    }
}

/// A point that is being asked.
struct Asked<'a, 'l, R: Variate> {
    look: &'a Look<'l, R>,
    point: &'a dyn NetworkPoint<R>,
    /// What names the point in every table.
    keys: Row,
    /// tr Σ.
    noise: f64,
    probes: Numbered,
    tables: &'a mut CurvatureTables,
}

impl<R: Variate> Asked<'_, '_, R> {
    fn operator(&self, matrix: CurvatureMatrix) -> CurvatureOperator<'_, R> {
        CurvatureOperator::new(self.point, matrix)
    }

    fn keys(&self, matrix: CurvatureMatrix) -> Row {
        let mut row = self.keys.clone();
        row.text("matrix", matrix.name());
        row
    }

    fn matrix(&mut self, matrix: CurvatureMatrix, row: &mut Row) -> Result<(), RunError> {
        use CurvatureObservable as Of;
        row.text("matrix", matrix.name());
        if self.look.asks(Of::Eigenvalues) {
            self.eigenvalues(matrix, row)?;
        }
        if self.look.asks(Of::Trace) {
            let found = trace(
                self.operator(matrix),
                self.look.traces(),
                self.probes.of(matrix, 0),
                self.look.memory(),
            )?;
            row.estimate("trace", found.trace);
            if matches!(matrix, CurvatureMatrix::Hessian | CurvatureMatrix::GaussNewton) {
                let ratio = self.noise / found.trace.value;
                let stderr = ratio.abs() * found.trace.stderr / found.trace.value.abs();
                row.estimate("noise_over_trace", Estimate { value: ratio, stderr, n: found.trace.n });
            }
        }
        if matrix == CurvatureMatrix::Covariance {
            row.number("trace_exact", self.noise);
        }
        if self.look.asks(Of::Density) {
            self.density(matrix, row)?;
        }
        if self.look.asks(Of::Diagonal) {
            self.diagonal(matrix, row)?;
        }
        if self.look.asks(Of::AdaptiveSharpness) {
            let scale = self.look.parameters.iter().map(|value| value.abs()).collect();
            let lanczos = Lanczos { count: 1, ..self.look.lanczos() };
            let pairs =
                eigenpairs(self.operator(matrix).scaled(scale), matrix, &lanczos, self.look.memory())?;
            row.number("adaptive_sharpness", pairs.values[0]);
            row.number("adaptive_sharpness_residual", pairs.residuals[0]);
        }
        if self.look.asks(Of::Layers) {
            self.layers(matrix)?;
        }
        if self.look.asks(Of::Alignment) && matrix != CurvatureMatrix::Covariance {
            self.alignment(matrix, row)?;
        }
        Ok(())
    }

    fn eigenvalues(&mut self, matrix: CurvatureMatrix, row: &mut Row) -> Result<(), RunError> {
        let found = eigenpairs(self.operator(matrix), matrix, &self.look.lanczos(), self.look.memory());
        let pairs = match found {
            // A result of its own, which the verdict tells; the other questions have theirs.
            Err(SpectrumError::Krylov(error @ KrylovError::EigenpairsNotConverged { .. })) => {
                row.text("not_converged", &error.to_string());
                return Ok(());
            }
            found => found?,
        };
        for (index, (&value, &residual)) in pairs.values.iter().zip(&pairs.residuals).enumerate() {
            if index < SHOWN {
                row.number(&format!("eigenvalue_{}", index + 1), value);
            }
            let mut entry = self.keys(matrix);
            entry.count("index", index as u64 + 1).number("eigenvalue", value).number("residual", residual);
            self.tables.eigenvalues.push(entry);
        }
        let relative =
            pairs.values.iter().zip(&pairs.residuals).map(|(value, residual)| residual / value.abs());
        row.count("eigenpairs", pairs.values.len() as u64);
        row.number("largest_relative_residual", relative.fold(0.0, f64::max));
        row.count("products", pairs.products as u64);
        Ok(())
    }

    fn density(&mut self, matrix: CurvatureMatrix, row: &mut Row) -> Result<(), RunError> {
        let Curvature { vectors, nodes, smoothing, .. } = *self.look.question;
        let probes = self.probes.of(matrix, 1);
        let (vectors, nodes) = (vectors as usize, nodes as usize);
        let found = density(self.operator(matrix), vectors, nodes, probes, self.look.memory())?;
        let dimension = self.point.dimension() as f64;
        let mean = found.mean(|node| node);
        row.estimate(
            "trace_density",
            Estimate { value: dimension * mean.value, stderr: dimension * mean.stderr, n: mean.n },
        );
        let all = || found.quadratures.iter().flat_map(|quadrature| &quadrature.nodes).copied();
        let least = all().fold(f64::INFINITY, f64::min);
        let width = all().fold(f64::NEG_INFINITY, f64::max) - least;
        let smoothing = (smoothing * width).max(f64::MIN_POSITIVE);
        for place in 0..PLACES {
            let part = place as f64 / (PLACES - 1) as f64;
            let x = least - 4.0 * smoothing + part * (width + 8.0 * smoothing);
            let mut entry = self.keys(matrix);
            entry.number("x", x).estimate("density", found.smoothed(x, smoothing));
            entry.estimate("cumulative", found.cumulative(x));
            let [lower, upper] = found.cumulative_bounds(x);
            entry.number("cumulative_lower", lower).number("cumulative_upper", upper);
            self.tables.density.push(entry);
        }
        Ok(())
    }

    fn diagonal(&mut self, matrix: CurvatureMatrix, row: &mut Row) -> Result<(), RunError> {
        let Curvature { standard_error, most_vectors, .. } = *self.look.question;
        let most = most_vectors as usize;
        let method = Diagonal { tolerance: standard_error, fewest: most.min(10), most };
        let found = diagonal(self.operator(matrix), method, self.probes.of(matrix, 2))?;
        row.estimate("trace_diagonal", found.trace).number("diagonal_error", found.relative_error);
        for tensor in self.look.network.parameter_tensors() {
            for (index, parameter) in tensor.range.clone().enumerate() {
                let mut entry = self.keys(matrix);
                entry.text("tensor", &tensor.name).count("index", index as u64);
                entry
                    .number("value", found.values[parameter])
                    .number("value_stderr", found.stderrs[parameter]);
                self.tables.diagonal.push(entry);
            }
        }
        Ok(())
    }

    fn layers(&mut self, matrix: CurvatureMatrix) -> Result<(), RunError> {
        let (lanczos, traces, memory) = (self.look.lanczos(), self.look.traces(), self.look.memory());
        let question = LayerQuestion { matrix, lanczos, traces, memory };
        let tensors = self.look.network.parameter_tensors();
        let probes = |number: u64| self.probes.of(matrix, 1 << 20 | number);
        for layer in layers(self.point, &tensors, &question, probes)? {
            let mut entry = self.keys(matrix);
            entry.text("tensor", &layer.tensor.name).count("parameters", layer.tensor.range.len() as u64);
            entry.number("eigenvalue", layer.eigenvalue).number("residual", layer.residual);
            entry.estimate("trace", layer.trace).estimate("noise_share", layer.noise_share);
            self.tables.layers.push(entry);
        }
        Ok(())
    }

    fn alignment(&mut self, matrix: CurvatureMatrix, row: &mut Row) -> Result<(), RunError> {
        let probes = |number: u64| self.probes.of(matrix, 1 << 21 | number);
        let found = alignment(self.point, matrix, self.look.traces(), probes)?;
        row.estimate("product_trace", found.product_trace).estimate("alignment", found.cosine());
        let noise = CurvatureMatrix::Covariance;
        let (lanczos, memory) = (self.look.lanczos(), self.look.memory());
        let one = eigenpairs(self.operator(matrix), matrix, &lanczos, memory)?;
        let other = eigenpairs(self.operator(noise), noise, &lanczos, memory)?;
        let dimension = self.point.dimension();
        row.number("subspace_overlap", overlap(&one.vectors, &other.vectors, dimension));
        row.number("subspace_overlap_random", lanczos.count as f64 / dimension as f64);
        Ok(())
    }

    /// The eigenvalues of the covariance, by the Gram matrix where that is smaller.
    fn covariance(&mut self, row: &mut Row) -> Result<(), RunError> {
        let all = self.look.asks(CurvatureObservable::CovarianceSpectrum);
        if !all && !self.look.asks(CurvatureObservable::Covariance) {
            return Ok(());
        }
        let (lanczos, memory) = (self.look.lanczos(), self.look.memory());
        let small = gram_is_smaller(
            self.point.samples(),
            self.operator(CurvatureMatrix::Covariance).dimension(),
            &lanczos,
        );
        row.truth("noise_by_gram", all || small);
        let (values, residuals, way) = if all {
            let found = all_by_gram(self.point, memory)?;
            row.number("gram_trace", found.values.iter().sum());
            (found.values, found.residuals, "gram, all at once")
        } else if small {
            let found = top_by_gram(self.point, &lanczos, memory)?;
            (found.values, found.residuals, "gram")
        } else {
            let noise = CurvatureMatrix::Covariance;
            let found = eigenpairs(self.operator(noise), noise, &lanczos, memory)?;
            (found.values, found.residuals, "matrix-free")
        };
        if let Some(&largest) = values.first() {
            row.number("noise_eigenvalue_1", largest);
        }
        for (index, &value) in values.iter().enumerate() {
            let mut entry = self.keys.clone();
            entry.count("index", index as u64 + 1).number("eigenvalue", value);
            entry.maybe("residual", residuals.get(index).copied()).text("way", way);
            self.tables.covariance.push(entry);
        }
        Ok(())
    }
}
