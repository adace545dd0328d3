//! What a starting law must be.

use super::{DensityError, Rates, sums};

/// Refuses masses that are no law on the chain: one per state, none negative, summing to 1 within 1e-9.
pub(super) fn check_law(chain: &Rates, start: &[f64]) -> Result<(), DensityError> {
    if start.len() != chain.states() {
        let allowed = "one mass for each state of the chain";
        return Err(DensityError::OutOfRange { name: "masses", value: start.len() as f64, allowed });
    }
    if let Some(&value) = start.iter().find(|&&mass| !(mass >= 0.0 && mass.is_finite())) {
        let allowed = "masses that are finite and not negative";
        return Err(DensityError::OutOfRange { name: "a mass of the starting law", value, allowed });
    }
    let total = sums::sum(start);
    if (total - 1.0).abs() > 1e-9 {
        let allowed = "masses that sum to 1";
        return Err(DensityError::OutOfRange { name: "the sum of the starting law", value: total, allowed });
    }
    Ok(())
}
