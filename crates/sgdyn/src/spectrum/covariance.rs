//! The spectrum of the covariance of per-sample gradients through their Gram matrix.

use faer::{Mat, Side};

use super::error::SpectrumError;
use super::memory::Memory;
use crate::krylov::{KrylovError, Lanczos, SymmetricMatrix};
use crate::lanes::Real;
use crate::risk::Workspace;
use crate::risk::network::{Gram, NetworkPoint};

/// Eigenvalues of the covariance Σ = (1/N) Σ (∇ℓᵢ − ∇L)(∇ℓᵢ − ∇L)ᵀ, the largest first. Beyond these and the N − 1 that
/// there can be, its eigenvalues are 0.
#[derive(Clone, Debug, PartialEq)]
pub struct GramSpectrum {
    /// λ.
    pub values: Vec<f64>,
    /// |Kv − λv| with the centred Gram matrix K/N and its eigenvectors v of norm 1; empty where all were found at once.
    pub residuals: Vec<f64>,
}

/// tr Σ = (1/N) Σ |∇ℓᵢ|² − |∇L|², exactly.
///
/// # Errors
/// As [`NetworkPoint::gradient`].
pub fn covariance_trace<R: Real>(point: &dyn NetworkPoint<R>) -> Result<f64, SpectrumError> {
    let mut norms = vec![R::ZERO; point.samples()];
    point.squared_norms(&mut norms)?;
    let mut gradient = vec![R::ZERO; point.dimension()];
    point.gradient(&mut Workspace::new(), &mut gradient)?;
    let sum: f64 = norms.iter().map(|norm| norm.to_f64()).sum();
    let square: f64 = gradient.iter().map(|value| value.to_f64().powi(2)).sum();
    Ok((sum / point.samples() as f64 - square).max(0.0))
}

/// Whether the Gram matrix is the smaller way to `lanczos`' eigenpairs: N² against its basis of d.
pub fn gram_is_smaller(samples: usize, dimension: usize, lanczos: &Lanczos) -> bool {
    samples as u128 * samples as u128 <= lanczos.largest_basis as u128 * dimension as u128
}

/// The largest eigenvalues of the covariance by `lanczos` on the centred Gram matrix: memory N² and a basis of N, for any
/// number of parameters.
///
/// # Errors
/// [`SpectrumError::Memory`]; [`SpectrumError::TooMany`] beyond N; [`SpectrumError::Krylov`] if any does not converge.
pub fn top_by_gram<R: Real>(
    point: &dyn NetworkPoint<R>,
    lanczos: &Lanczos,
    memory: Memory,
) -> Result<GramSpectrum, SpectrumError> {
    let samples = point.samples();
    if lanczos.count > samples {
        let (matrix, asked) = ("the Gram matrix", lanczos.count);
        return Err(SpectrumError::TooMany { matrix, asked, available: samples });
    }
    check_gram::<R>(samples, 1, memory)?;
    let gram = point.gram();
    let matrix = SymmetricMatrix::new(gram.values(), gram.stride(), samples, 1.0 / samples as f64)?.centred();
    let pairs = lanczos.run(matrix)?;
    Ok(GramSpectrum { values: pairs.values, residuals: pairs.residuals })
}

/// All N eigenvalues of the centred Gram matrix over N, at once: about 4 N² numbers in `f64`, and N³ operations.
///
/// # Errors
/// [`SpectrumError::Memory`], [`SpectrumError::Krylov`].
pub fn all_by_gram<R: Real>(
    point: &dyn NetworkPoint<R>,
    memory: Memory,
) -> Result<GramSpectrum, SpectrumError> {
    let samples = point.samples();
    // The matrix, its centred copy, and what the eigenvalue solver takes.
    check_gram::<R>(samples, 1 + 3 * (8 / size_of::<R>()), memory)?;
    let centred = centred(&point.gram());
    let values = centred
        .self_adjoint_eigenvalues(Side::Lower)
        .map_err(|_| KrylovError::Dense { dimension: samples })?;
    Ok(GramSpectrum { values: values.into_iter().rev().collect(), residuals: Vec::new() })
}

fn check_gram<R: Real>(samples: usize, copies: usize, memory: Memory) -> Result<(), SpectrumError> {
    let number = size_of::<R>() as u128 * copies as u128;
    let needed = number * (samples as u128).pow(2);
    memory.check(format!("the Gram matrix of {samples} samples"), needed, || {
        let fitting = ((memory.bytes / number) as f64).sqrt() as usize;
        format!("that of {fitting} samples would fit; take a subset, or ask for eigenpairs, which need no Gram matrix")
    })
}

/// (I − 11ᵀ/N) K (I − 11ᵀ/N)/N.
fn centred<R: Real>(gram: &Gram<R>) -> Mat<f64> {
    let samples = gram.samples();
    let count = samples as f64;
    let means: Vec<f64> = (0..samples)
        .map(|row| gram.row(row).iter().map(|value| value.to_f64()).sum::<f64>() / count)
        .collect();
    let mean = means.iter().sum::<f64>() / count;
    Mat::from_fn(samples, samples, |row, column| {
        (gram.row(row)[column].to_f64() - means[row] - means[column] + mean) / count
    })
}
