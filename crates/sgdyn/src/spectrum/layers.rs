//! The blocks of the matrices that belong to single tensors of parameters.

use super::covariance::covariance_trace;
use super::eigenpairs::eigenpairs;
use super::error::SpectrumError;
use super::estimates::trace;
use super::memory::Memory;
use super::operator::{CurvatureMatrix, CurvatureOperator};
use super::probe::Probes;
use crate::krylov::{HutchPlusPlus, Lanczos, Unconverged};
use crate::lanes::Real;
use crate::risk::network::{NetworkPoint, ParameterTensor};
use crate::statistics::Estimate;

/// What is asked of each block.
#[derive(Clone, Copy, Debug)]
pub struct LayerQuestion {
    /// The matrix whose blocks are looked at.
    pub matrix: CurvatureMatrix,
    /// How its largest eigenvalue is found.
    pub lanczos: Lanczos,
    /// How traces are found.
    pub traces: HutchPlusPlus,
    /// What may be kept.
    pub memory: Memory,
}

/// An eigenvalue λ that converged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LargestEigenvalue {
    /// λ.
    pub value: f64,
    /// |Av − λv|.
    pub residual: f64,
}

/// The block of one tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerCurvature {
    /// The tensor.
    pub tensor: ParameterTensor,
    /// tr A of the block.
    pub trace: Estimate,
    /// The largest eigenvalue of the block, or how far it came: the other blocks have theirs.
    pub largest: Result<LargestEigenvalue, Unconverged>,
    /// The part of tr Σ, the noise of the gradient, that lies in the tensor.
    pub noise_share: Estimate,
}

/// The blocks of all `tensors`, in their order; `probes` writes the vectors of a number.
///
/// # Errors
/// As [`eigenpairs`], except for an eigenvalue that does not converge, and [`trace`].
pub fn layers<R: Real>(
    point: &dyn NetworkPoint<R>,
    tensors: &[ParameterTensor],
    question: &LayerQuestion,
    probes: impl Fn(u64) -> Probes,
) -> Result<Vec<LayerCurvature>, SpectrumError> {
    let whole = covariance_trace(point)?;
    let block =
        |tensor: &ParameterTensor, matrix| CurvatureOperator::new(point, matrix).block(tensor.range.clone());
    let one = |(index, tensor): (usize, &ParameterTensor)| {
        let number = 2 * index as u64;
        let LayerQuestion { matrix, traces, memory, .. } = *question;
        let lanczos = Lanczos { count: 1, ..question.lanczos };
        let largest = match eigenpairs(block(tensor, matrix), matrix, &lanczos, memory) {
            Ok(pairs) => Ok(LargestEigenvalue { value: pairs.values[0], residual: pairs.residuals[0] }),
            Err(error) => Err(error.unconverged()?),
        };
        let noise =
            trace(block(tensor, CurvatureMatrix::Covariance), traces, probes(number + 1), memory)?.trace;
        Ok(LayerCurvature {
            tensor: tensor.clone(),
            trace: trace(block(tensor, matrix), traces, probes(number), memory)?.trace,
            largest,
            noise_share: Estimate { value: noise.value / whole, stderr: noise.stderr / whole, n: noise.n },
        })
    };
    tensors.iter().enumerate().map(one).collect()
}
