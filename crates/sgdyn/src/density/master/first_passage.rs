//! How many steps a chain takes to leave.

use super::Transition;
use super::elimination::resolvent;
use crate::density::{DensityError, QuasiStationary};

/// Mean and variance of the number of steps until the chain is left, from each state.
#[derive(Clone, Debug, PartialEq)]
pub struct StepsToLeave {
    /// The mean number of **steps**, at least 1, `[states]`.
    pub mean: Vec<f64>,
    /// The variance of the number of steps, `[states]`.
    pub variance: Vec<f64>,
}

impl Transition {
    /// Solves (I − P)τ = 1 for the mean, and (I − P)v = s for the variance, where s is the variance that a step
    /// makes in the mean that remains: s_i = Σ_j P_ij (τ_j − τ_i + 1)² over all j, exits with τ = 0. Nothing but
    /// positive numbers is added.
    ///
    /// # Errors
    /// A state that never leaves; memory.
    pub fn steps_to_leave(&self) -> Result<StepsToLeave, DensityError> {
        let chain = self.chain();
        let states = self.states();
        let solver = resolvent(chain)?;
        let (mut mean, mut variance) = (vec![0.0; states], vec![0.0; states]);
        solver.backward(&vec![1.0; states], &mut mean)?;
        let spread: Vec<f64> = (0..states)
            .map(|state| {
                let remaining = mean[state] - 1.0;
                let (targets, probabilities) = chain.row(state);
                let onward: f64 = targets
                    .iter()
                    .zip(probabilities)
                    .map(|(&target, p)| p * (mean[target as usize] - remaining).powi(2))
                    .sum();
                onward + self.stays()[state] + chain.exits()[state] * remaining * remaining
            })
            .collect();
        solver.backward(&spread, &mut variance)?;
        Ok(StepsToLeave { mean, variance })
    }

    /// The quasi-stationary law; its rate is the probability to leave in a step, 1 − λ for P's largest eigenvalue λ,
    /// with nearly all digits however small it is.
    ///
    /// # Errors
    /// A state that never leaves; otherwise as [`QuasiStationary::new`].
    pub fn quasi_stationary(&self) -> Result<QuasiStationary, DensityError> {
        let chain = self.chain();
        QuasiStationary::new(chain, &*resolvent(chain)?)
    }
}
