//! Noise proportional to |L''|, taken literally: what it does at an inflection point.

use super::TheoryError;
use super::error::check_positive;

fn strength(learning_rate: f64, batch_size: f64, slope: f64, third: f64) -> Result<f64, TheoryError> {
    check_positive("learning_rate", learning_rate)?;
    check_positive("batch_size", batch_size)?;
    check_positive("|third derivative|", third.abs())?;
    // D = (η/2B)|L'''||x − c| near the inflection c, so Φ = ∫L'/D = −ν ln|x − c|.
    Ok(2.0 * batch_size * (slope / third).abs() / learning_rate)
}

/// The exponent `4B|L'/L'''|/η` of the crossing time τ ∝ δ^(−exponent) of an inflection where L' points back, under
/// D = (η/2B)|L''| with a floor δ. Without a floor the process never crosses, at any η/B.
///
/// `slope` and `third` are L' and L''' at the inflection.
///
/// # Errors
/// η, B or |L'''| not positive.
pub fn floor_exponent(
    learning_rate: f64,
    batch_size: f64,
    slope: f64,
    third: f64,
) -> Result<f64, TheoryError> {
    Ok(2.0 * strength(learning_rate, batch_size, slope, third)?)
}

/// Whether the Itô process with D = (η/2B)|L''| even reaches the inflection: iff η/B > 2|L'/L'''|.
///
/// # Errors
/// η, B or |L'''| not positive.
pub fn reaches_inflection(
    learning_rate: f64,
    batch_size: f64,
    slope: f64,
    third: f64,
) -> Result<bool, TheoryError> {
    Ok(strength(learning_rate, batch_size, slope, third)? < 1.0)
}

#[cfg(test)]
mod tests {
    use super::super::{FarSide, Process, first_passage_time};
    use super::*;

    #[test]
    fn crossing_time_is_a_power_of_the_floor() {
        // L = x⁴ − 2x² at c = 1/√3: L' = 4c³ − 4c, L''' = 24c.
        let c = 1.0 / 3f64.sqrt();
        let gradient = |x: f64| 4.0 * x.powi(3) - 4.0 * x;
        let eta = 0.05;
        let exponent = floor_exponent(eta, 1.0, gradient(c), 24.0 * c).unwrap();
        let log_time = |floor: f64| {
            let diffusion = move |x: f64| f64::max(0.5 * eta * (12.0 * x * x - 4.0).abs(), floor);
            let process = Process::state_dependent(gradient, diffusion);
            first_passage_time(&process, 1.0, 0.3, FarSide::Infinite).unwrap().log_mean
        };
        let slope = (log_time(1e-7) - log_time(1e-6)) / 10f64.ln();
        // The next order of the floor's expansion is a relative δ^{1/2} or so.
        assert!((slope / exponent - 1.0).abs() < 1e-3, "{slope} against {exponent}");
        assert!(!reaches_inflection(eta, 1.0, gradient(c), 24.0 * c).unwrap());
        assert!(reaches_inflection(0.3, 1.0, gradient(c), 24.0 * c).unwrap());
        assert!(floor_exponent(0.1, 1.0, 1.0, 0.0).is_err());
    }
}
