//! Directions without curvature: plain diffusion, and what reshuffled epochs make of it.

use super::TheoryError;
use super::error::{check_not_negative, check_positive};

/// The variance `kη²σ²` after k `steps` with independent batches of gradient variance σ².
pub fn flat_variance(learning_rate: f64, noise_variance: f64, steps: u64) -> f64 {
    steps as f64 * learning_rate * learning_rate * noise_variance
}

/// The diffusion coefficients of a flat mode, `(per step, per unit of time)`: η²σ²/2 and ησ²/2. The variance grows by
/// twice the coefficient.
pub fn diffusion_coefficient(learning_rate: f64, noise_variance: f64) -> (f64, f64) {
    (0.5 * learning_rate * learning_rate * noise_variance, 0.5 * learning_rate * noise_variance)
}

/// The variance with reshuffled epochs of M disjoint batches: `η²σ² k(M−k)/(M−1)` after k steps of an epoch, 0 at its
/// end, σ² being the variance of one batch gradient over the shuffles.
///
/// Batches of an epoch are correlated by −1/(M−1), since together they are the full gradient. A measurement taken at
/// whole epochs sees a variance of zero.
///
/// # Errors
/// Fewer than two batches in an epoch.
pub fn reshuffled_flat_variance(
    learning_rate: f64,
    noise_variance: f64,
    steps: u64,
    batches_per_epoch: u64,
) -> Result<f64, TheoryError> {
    if batches_per_epoch < 2 {
        return Err(TheoryError::OutOfRange {
            name: "batches_per_epoch",
            value: batches_per_epoch as f64,
            allowed: "at least 2",
        });
    }
    let (k, m) = ((steps % batches_per_epoch) as f64, batches_per_epoch as f64);
    Ok(learning_rate * learning_rate * noise_variance * k * (m - k) / (m - 1.0))
}

/// The steps `1/(2ηλ)` before which a mode of curvature λ looks diffusive: over a shorter horizon the answer is "not
/// resolved". Infinite for λ = 0.
///
/// # Errors
/// η ≤ 0 or λ < 0.
pub fn resolution_steps(learning_rate: f64, curvature: f64) -> Result<f64, TheoryError> {
    check_positive("learning_rate", learning_rate)?;
    check_not_negative("curvature", curvature)?;
    Ok(0.5 / (learning_rate * curvature))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reshuffling_enumerated() {
        // All orders of four batch gradients whose mean is zero: the variance of η Σ_{j≤k} g_j.
        let gradients = [1.0, -2.0, 0.5, 0.5f64];
        let variance = gradients.iter().map(|g| g * g).sum::<f64>() / 4.0;
        for k in 0..=4 {
            let (mut sum, mut orders) = (0.0, 0.0);
            for code in 0..256usize {
                let order = [code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6 & 3];
                let mut seen = [false; 4];
                for i in order {
                    seen[i] = true;
                }
                if seen.iter().all(|s| *s) {
                    let position: f64 = order[..k].iter().map(|&i| 0.1 * gradients[i]).sum();
                    sum += position * position;
                    orders += 1.0;
                }
            }
            let got = reshuffled_flat_variance(0.1, variance, k as u64, 4).unwrap();
            assert_eq!(orders, 24.0);
            assert!((got - sum / orders).abs() < 1e-16, "{k}");
        }
        assert!(reshuffled_flat_variance(0.1, 1.0, 3, 1).is_err());
    }

    #[test]
    fn diffusion() {
        let (per_step, per_time) = diffusion_coefficient(0.1, 2.0);
        assert!((flat_variance(0.1, 2.0, 50) - 2.0 * per_step * 50.0).abs() < 1e-15);
        // Time t = ηk.
        assert!((flat_variance(0.1, 2.0, 50) - 2.0 * per_time * 5.0).abs() < 1e-15);
        assert_eq!(resolution_steps(0.1, 0.0).unwrap(), f64::INFINITY);
        assert!((resolution_steps(0.1, 0.05).unwrap() - 100.0).abs() < 1e-12);
        assert!(resolution_steps(0.0, 1.0).is_err());
    }
}
