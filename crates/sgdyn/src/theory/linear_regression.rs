//! The exact stationary covariance of SGD on least squares with Gaussian inputs.

use super::TheoryError;
use super::error::{check_not_negative, check_positive};
use super::symmetric::Eigenbasis;
use faer::{Mat, MatRef};

/// The stationary state of SGD on ℓ = ½(w·x − y)², x ~ N(0, A), label noise σ², w from the optimum.
#[derive(Clone, Debug)]
pub struct RegressionStationary {
    /// `E wwᵀ`, `[d × d]`; it commutes with A.
    pub covariance: Mat<f64>,
    /// The eigenvalues of A, ascending, `[d]`.
    pub curvatures: Vec<f64>,
    /// The variance along each eigenvector, `[d]`.
    pub variances: Vec<f64>,
    /// The mean excess loss `½ E wᵀAw`.
    pub excess_loss: f64,
    /// κ = Σᵢ (η/B)aᵢ/(2 − ηaᵢ(1 + 1/B)): the noise feeds on itself by this factor, and a variance exists iff κ < 1.
    pub feedback: f64,
}

/// Solves the closed system of the second moments, for batches drawn with replacement.
///
/// C(w) = (1/B)[AwwᵀA + (wᵀAw)A + σ²A] gives, in A's eigenbasis with T = Tr(AV), V diagonal and
/// `vᵢ = (η/B)(T + σ²)/(2 − ηaᵢ(1 + 1/B))`, hence `T = σ²κ/(1 − κ)`.
///
/// # Errors
/// A that is not positive definite, η, B or σ² out of range; [`TheoryError::Unstable`] if ηa(1 + 1/B) ≥ 2 for a mode;
/// [`TheoryError::InfiniteVariance`] if κ ≥ 1.
pub fn regression_stationary_covariance(
    input_covariance: MatRef<'_, f64>,
    label_variance: f64,
    learning_rate: f64,
    batch_size: u64,
) -> Result<RegressionStationary, TheoryError> {
    check_positive("learning_rate", learning_rate)?;
    check_positive("batch_size", batch_size as f64)?;
    check_not_negative("label_variance", label_variance)?;
    let basis = Eigenbasis::of("input_covariance", input_covariance)?;
    let batch = batch_size as f64;
    let limit = 2.0 / (1.0 + 1.0 / batch);
    for (index, &eigenvalue) in basis.values.iter().enumerate() {
        if eigenvalue <= basis.flat_tolerance() {
            let needed = "positive definite (directions without input never move)";
            return Err(TheoryError::NotPositive { name: "input_covariance", eigenvalue, needed });
        }
        if learning_rate * eigenvalue >= limit {
            return Err(TheoryError::Unstable { eigenvalue, index, learning_rate, limit });
        }
    }
    let response: Vec<f64> = basis
        .values
        .iter()
        .map(|a| learning_rate / batch / (2.0 - learning_rate * a * (1.0 + 1.0 / batch)))
        .collect();
    let feedback: f64 = basis.values.iter().zip(&response).map(|(a, r)| a * r).sum();
    if feedback >= 1.0 {
        return Err(TheoryError::InfiniteVariance { spectral_radius: feedback });
    }
    let trace = label_variance * feedback / (1.0 - feedback);
    let variances: Vec<f64> = response.iter().map(|r| r * (trace + label_variance)).collect();
    let d = basis.dimension();
    let modal = Mat::from_fn(d, d, |i, j| if i == j { variances[i] } else { 0.0 });
    Ok(RegressionStationary {
        covariance: basis.restored(modal.as_ref()),
        curvatures: basis.values,
        variances,
        excess_loss: 0.5 * trace,
        feedback,
    })
}

#[cfg(test)]
mod tests {
    use super::super::symmetric::testing::{largest_difference, positive_definite};
    use super::super::{Sampling, fluctuating_stationary_covariance};
    use super::*;

    #[test]
    fn matches_the_general_solver() {
        let a = positive_definite(5, 0.2, 1.5, 0.7);
        let (eta, batch, sigma) = (0.3, 3, 0.5);
        let got = regression_stationary_covariance(a.as_ref(), sigma, eta, batch).unwrap();
        // Isserlis: E xxᵀVxxᵀ = 2AVA + A Tr(AV).
        let action = |v: MatRef<'_, f64>| {
            let av = &a * v;
            let trace: f64 = (0..5).map(|i| av[(i, i)]).sum();
            faer::Scale(2.0) * (&av * &a) + faer::Scale(trace) * &a
        };
        let noise = faer::Scale(sigma / batch as f64) * &a;
        let want = fluctuating_stationary_covariance(
            a.as_ref(),
            noise.as_ref(),
            eta,
            batch,
            Sampling::WithReplacement,
            action,
        )
        .unwrap();
        assert!(largest_difference(&got.covariance, &want.covariance) < 1e-13);
    }

    #[test]
    fn one_dimension_and_limits() {
        // d = B = 1: V(1 − (1 − 2η + 3η²)) = η²σ², so V = ησ²/(2 − 3η), and no variance from η = 2/3 on (κ = 2 there).
        let solve = |eta| regression_stationary_covariance(faer::mat![[1.0]].as_ref(), 1.0, eta, 1);
        assert!((solve(0.5).unwrap().variances[0] - 1.0).abs() < 1e-14);
        assert!(matches!(solve(0.67), Err(TheoryError::InfiniteVariance { .. })));
        assert!(matches!(solve(1.0), Err(TheoryError::Unstable { .. })));
        assert!(regression_stationary_covariance(faer::mat![[0.0]].as_ref(), 1.0, 0.1, 1).is_err());
        assert!(regression_stationary_covariance(faer::mat![[1.0]].as_ref(), 1.0, 0.1, 0).is_err());
    }
}
