//! Extreme eigenpairs of a matrix of a network.

use super::error::SpectrumError;
use super::memory::Memory;
use super::operator::{CurvatureMatrix, CurvatureOperator};
use crate::krylov::{Eigenpairs, Lanczos, SymmetricOperator};
use crate::lanes::Real;

/// The eigenpairs that `lanczos` asks for, with residuals computed from products, if all of them converge and the basis
/// fits into `memory`.
///
/// # Errors
/// [`SpectrumError::TooMany`], [`SpectrumError::Memory`]; [`SpectrumError::Krylov`] where any of the pairs does not
/// converge: none is returned then.
pub fn eigenpairs<R: Real>(
    mut operator: CurvatureOperator<'_, R>,
    matrix: CurvatureMatrix,
    lanczos: &Lanczos,
    memory: Memory,
) -> Result<Eigenpairs<R>, SpectrumError> {
    let dimension = operator.dimension();
    if lanczos.count > dimension {
        let (matrix, asked) = (matrix.name(), lanczos.count);
        return Err(SpectrumError::TooMany { matrix, asked, available: dimension });
    }
    memory.check_basis(lanczos, dimension, size_of::<R>())?;
    let found = lanczos.run(&mut operator);
    found.map_err(|error| operator.explain(error))
}
