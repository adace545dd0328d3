//! Traces, diagonals and densities of a matrix of a network by random vectors.

use super::error::SpectrumError;
use super::memory::Memory;
use super::operator::CurvatureOperator;
use super::probe::Probes;
use crate::krylov::{
    Diagonal, DiagonalEstimate, HutchPlusPlus, KrylovError, SpectralDensity, SymmetricOperator, TraceEstimate,
};
use crate::lanes::Real;
use crate::statistics::Estimate;

/// The trace, until `method`'s standard error is reached or its vectors are used up; entry by entry, and so exactly, where the
/// subspace could hold every direction: few signs in few dimensions repeat each other.
///
/// # Errors
/// [`SpectrumError::Memory`] if the subspace does not fit; [`SpectrumError::Krylov`].
pub fn trace<R: Real>(
    mut operator: CurvatureOperator<'_, R>,
    method: HutchPlusPlus,
    probes: Probes,
    memory: Memory,
) -> Result<TraceEstimate, SpectrumError> {
    memory.check_vectors(
        "the subspace of a trace",
        method.subspace + 2,
        operator.dimension(),
        size_of::<R>(),
    )?;
    let dimension = operator.dimension();
    if dimension <= method.subspace {
        let (mut unit, mut column) = (vec![R::ZERO; dimension], vec![R::ZERO; dimension]);
        let mut sum = 0.0;
        for index in 0..dimension {
            unit[index] = R::ONE;
            operator.multiply(&unit, &mut column);
            unit[index] = R::ZERO;
            sum += column[index].to_f64();
        }
        if !sum.is_finite() {
            return Err(operator.explain(KrylovError::NotFinite { product: dimension, format: R::NAME }));
        }
        let trace = Estimate::exact(sum);
        return Ok(TraceEstimate { trace, on_subspace: sum, products: dimension });
    }
    let found = method.run(&mut operator, |index, out: &mut [R]| probes.fill(index, out));
    found.map_err(|error| operator.explain(error))
}

/// The diagonal, `[d]`.
///
/// # Errors
/// [`SpectrumError::Krylov`].
pub fn diagonal<R: Real>(
    mut operator: CurvatureOperator<'_, R>,
    method: Diagonal,
    probes: Probes,
) -> Result<DiagonalEstimate, SpectrumError> {
    let found = method.run(&mut operator, |index, out: &mut [R]| probes.fill(index, out));
    found.map_err(|error| operator.explain(error))
}

/// Quadratures of `nodes` nodes of the spectral measure of `vectors` random vectors.
///
/// # Errors
/// [`SpectrumError::Memory`] if the `nodes` vectors of a Krylov space do not fit; [`SpectrumError::Krylov`].
pub fn density<R: Real>(
    mut operator: CurvatureOperator<'_, R>,
    vectors: usize,
    nodes: usize,
    probes: Probes,
    memory: Memory,
) -> Result<SpectralDensity, SpectrumError> {
    memory.check_vectors("the Krylov space of a density", nodes + 2, operator.dimension(), size_of::<R>())?;
    let probe = |index: usize, out: &mut [R]| probes.fill(index, out);
    let found = SpectralDensity::sample(&mut operator, vectors, nodes, probe);
    found.map_err(|error| operator.explain(error))
}
