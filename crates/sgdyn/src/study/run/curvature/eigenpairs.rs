//! Extreme eigenpairs of a matrix, and of the one that no rescaling changes.

use super::look::Asked;
use super::unresolved::Quantity;
use crate::krylov::{Eigenpairs, Lanczos};
use crate::random::Variate;
use crate::spectrum::{CurvatureMatrix, CurvatureOperator, eigenpairs};
use crate::study::run::RunError;
use crate::study::run::rows::Row;

/// Eigenvalues that a row shows; all are in the table of eigenvalues.
const SHOWN: usize = 3;

impl<R: Variate> Asked<'_, '_, R> {
    /// The eigenpairs of an operator if they converge; else none, and a row that says how far they came.
    pub(super) fn pairs(
        &mut self,
        quantity: Quantity,
        operator: CurvatureOperator<'_, R>,
        matrix: CurvatureMatrix,
        lanczos: &Lanczos,
    ) -> Result<Option<Eigenpairs<R>>, RunError> {
        match eigenpairs(operator, matrix, lanczos, self.look.memory()) {
            Ok(pairs) => Ok(Some(pairs)),
            Err(error) => {
                let unconverged = error.unconverged()?;
                self.unconverged(quantity, self.keys(matrix), &unconverged);
                Ok(None)
            }
        }
    }

    pub(super) fn eigenvalues(&mut self, matrix: CurvatureMatrix, row: &mut Row) -> Result<(), RunError> {
        let (operator, lanczos) = (self.operator(matrix), self.look.lanczos());
        let Some(pairs) = self.pairs(Quantity::Eigenpairs, operator, matrix, &lanczos)? else {
            return Ok(());
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

    /// The largest eigenvalue of diag|θ| A diag|θ|.
    pub(super) fn adaptive_sharpness(
        &mut self,
        matrix: CurvatureMatrix,
        row: &mut Row,
    ) -> Result<(), RunError> {
        let scale = self.look.parameters.iter().map(|value| value.abs()).collect();
        let lanczos = Lanczos { count: 1, ..self.look.lanczos() };
        let operator = self.operator(matrix).scaled(scale);
        if let Some(pairs) = self.pairs(Quantity::AdaptiveSharpness, operator, matrix, &lanczos)? {
            row.number("adaptive_sharpness", pairs.values[0]);
            row.number("adaptive_sharpness_residual", pairs.residuals[0]);
        }
        Ok(())
    }
}
