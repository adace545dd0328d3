//! Noise proportional to the loss, D = T·L, as in regression: power laws instead of exponentials.

use super::TheoryError;
use super::error::check_positive;
use std::f64::consts::PI;

/// The exponent φ = 1 + 1/T of the stationary density p ∝ L^(−φ) under Itô noise with D(x) = T·L(x) in one dimension.
///
/// For squared error near a minimum of curvature h and minimal loss L*, T = ηh/B.
///
/// # Errors
/// T ≤ 0.
pub fn density_exponent(temperature: f64) -> Result<f64, TheoryError> {
    check_positive("temperature", temperature)?;
    Ok(1.0 + 1.0 / temperature)
}

/// The mean escape time to the far well in one dimension,
/// `τ = 2π/√(h|h_s|(1+T)) · (L_s/L*)^(1/T + 1/2)`, by Laplace's method for small T.
///
/// A power of the ratio of the losses at the saddle and at the minimum, not an exponential of their difference (T. Mori,
/// L. Ziyin, K. Liu and M. Ueda, ICML 2022). To the saddle it is half of this. At L* = 0 there is no escape at all.
///
/// # Errors
/// T, the curvatures or L* not positive, or L_s ≤ L*.
pub fn power_law_escape_time(
    temperature: f64,
    minimum_loss: f64,
    saddle_loss: f64,
    minimum_curvature: f64,
    saddle_curvature: f64,
) -> Result<f64, TheoryError> {
    check_positive("temperature", temperature)?;
    check_positive("minimum_loss", minimum_loss)?;
    check_positive("saddle_loss − minimum_loss", saddle_loss - minimum_loss)?;
    check_positive("minimum_curvature", minimum_curvature)?;
    check_positive("|saddle_curvature|", saddle_curvature.abs())?;
    let prefactor = 2.0 * PI / (minimum_curvature * saddle_curvature.abs() * (1.0 + temperature)).sqrt();
    Ok(prefactor * (saddle_loss / minimum_loss).powf(1.0 / temperature + 0.5))
}

#[cfg(test)]
mod tests {
    use super::super::{Domain, FarSide, Process, first_passage_time, stationary_density};
    use super::*;

    fn process(temperature: f64) -> Process<'static> {
        // L = (x² − 1)² + 0.5: L* = 0.5, L_s = 1.5.
        let loss = |x: f64| (x * x - 1.0).powi(2) + 0.5;
        Process::state_dependent(|x: f64| 4.0 * x * (x * x - 1.0), move |x| temperature * loss(x))
    }

    #[test]
    fn power_law_against_exact_quadrature() {
        for temperature in [0.02, 0.01] {
            let exact = first_passage_time(&process(temperature), 1.0, -1.0, FarSide::Infinite).unwrap();
            let law = power_law_escape_time(temperature, 0.5, 1.5, 8.0, -4.0).unwrap();
            // Laplace's method is right up to O(T).
            assert!((law / exact.mean - 1.0).abs() < 3.0 * temperature);
        }
        assert!(power_law_escape_time(0.1, 0.0, 1.0, 1.0, 1.0).is_err());
    }

    #[test]
    fn density_is_a_power_of_the_loss() {
        let temperature = 0.4;
        let exponent = density_exponent(temperature).unwrap();
        let domain = Domain { lower: None, upper: None, center: 1.0 };
        let density = stationary_density(&process(temperature), domain).unwrap();
        // E[L^φ f] / E[L^φ] is then the plain average of f over a bounded set: here the mean of x² on [0, 1] is 1/3.
        let flattened = |x: f64| {
            if (0.0..1.0).contains(&x) { ((x * x - 1.0).powi(2) + 0.5).powf(exponent) } else { 0.0 }
        };
        let ratio = density.expectation(|x| flattened(x) * x * x) / density.expectation(flattened);
        // The edge at 0 cuts a panel of the mesh: first-order in its width.
        assert!((ratio * 3.0 - 1.0).abs() < 0.02, "{ratio}");
    }
}
