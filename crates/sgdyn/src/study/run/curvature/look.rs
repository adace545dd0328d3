//! A look at one point: every question to every matrix, a row for each matrix.

use super::tables::CurvatureTables;
use super::unresolved::{Quantity, names};
use crate::krylov::{HutchPlusPlus, Lanczos};
use crate::random::{Seed, Variate};
use crate::risk::Workspace;
use crate::risk::network::{NetworkPoint, NetworkRisk};
use crate::spectrum::{CurvatureMatrix, CurvatureOperator, Memory, Probes, covariance_trace};
use crate::study::run::RunError;
use crate::study::run::rows::{Row, Rows};
use crate::study::{Cell, Curvature, CurvatureObservable};

/// Vectors of Hutch++ for what is large: more than the outliers of a classifier with ten classes.
const SUBSPACE: usize = 30;

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

    pub(super) fn traces(&self) -> HutchPlusPlus {
        let Curvature { standard_error, most_vectors, .. } = *self.question;
        let most = most_vectors as usize;
        HutchPlusPlus { subspace: SUBSPACE, tolerance: standard_error, fewest: most.min(10), most }
    }

    pub(super) fn asks(&self, observable: CurvatureObservable) -> bool {
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
    let probes = Numbered { seed, replica };
    let mut asked = Asked { look, point: &*point, keys, noise, probes, tables, short: Vec::new() };
    asked.covariance(&mut common)?;
    // What falls short there does so in the row of every matrix.
    let of_all = asked.short.len();
    for &matrix in &look.question.matrices {
        let mut row = common.clone();
        asked.matrix(matrix, &mut row)?;
        if !asked.short.is_empty() {
            row.text("unresolved", &names(&asked.short));
        }
        asked.short.truncate(of_all);
        row.count("parameters", point.dimension() as u64).count("samples", point.samples() as u64);
        rows.push(row);
    }
    Ok(())
}

/// Random vectors by the number of their question.
#[derive(Clone, Copy)]
pub(super) struct Numbered {
    seed: Seed,
    replica: u64,
}

impl Numbered {
    pub(super) fn of(self, matrix: CurvatureMatrix, question: u64) -> Probes {
        Probes::new(self.seed, self.replica, ((matrix as u64) << 32) | question)
    }
}

/// A point that is being asked.
pub(super) struct Asked<'a, 'l, R: Variate> {
    pub look: &'a Look<'l, R>,
    pub point: &'a dyn NetworkPoint<R>,
    /// What names the point in every table.
    pub keys: Row,
    /// tr Σ.
    pub noise: f64,
    pub probes: Numbered,
    pub tables: &'a mut CurvatureTables,
    /// What fell short of the accuracy that was asked for.
    pub short: Vec<Quantity>,
}

impl<'a, R: Variate> Asked<'a, '_, R> {
    pub(super) fn operator(&self, matrix: CurvatureMatrix) -> CurvatureOperator<'a, R> {
        CurvatureOperator::new(self.point, matrix)
    }

    pub(super) fn keys(&self, matrix: CurvatureMatrix) -> Row {
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
            self.trace(matrix, row)?;
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
            self.adaptive_sharpness(matrix, row)?;
        }
        if self.look.asks(Of::Layers) {
            self.layers(matrix)?;
        }
        if self.look.asks(Of::Alignment) && matrix != CurvatureMatrix::Covariance {
            self.alignment(matrix, row)?;
        }
        Ok(())
    }
}
