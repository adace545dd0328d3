//! How many steps a chain takes to leave.

use super::Transition;
use super::elimination::resolvent;
use crate::density::DensityError;

/// Mean and variance of the number of steps until the chain is left, from each state.
#[derive(Clone, Debug, PartialEq)]
pub struct StepsToLeave {
    /// The mean number of **steps**, at least 1, `[states]`.
    pub mean: Vec<f64>,
    /// The variance of the number of steps, `[states]`.
    pub variance: Vec<f64>,
}

/// The law that a chain keeps while it is being left.
#[derive(Clone, Debug, PartialEq)]
pub struct QuasiStationary {
    /// The masses, which sum to 1, `[states]`.
    pub masses: Vec<f64>,
    /// The probability to leave in a step, 1 − λ for P's largest eigenvalue λ.
    pub exit_probability: f64,
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

    /// The quasi-stationary law and its exit probability, which has all its digits however small it is.
    ///
    /// # Errors
    /// A state that never leaves; several laws that decay equally slowly.
    pub fn quasi_stationary(&self) -> Result<QuasiStationary, DensityError> {
        const MOST_ITERATIONS: usize = 2_000;
        let states = self.states();
        let solver = resolvent(self.chain())?;
        let mut masses = vec![1.0 / states as f64; states];
        let mut occupation = vec![0.0; states];
        let mut change = f64::INFINITY;
        for _ in 0..MOST_ITERATIONS {
            solver.forward(&masses, &mut occupation)?;
            let total: f64 = occupation.iter().sum();
            change = 0.0;
            for (mass, &time) in masses.iter_mut().zip(&occupation) {
                change += (time / total - *mass).abs();
                *mass = time / total;
            }
            if change < 1e-14 * states as f64 {
                let exits = masses.iter().zip(self.chain().exits());
                return Ok(QuasiStationary {
                    exit_probability: exits.map(|(p, exit)| p * exit).sum(),
                    masses,
                });
            }
        }
        let remedy = "two parts are left equally slowly: name the one to start in";
        Err(DensityError::NotConverged {
            what: "the quasi-stationary law",
            reached: change,
            iterations: MOST_ITERATIONS,
            remedy,
        })
    }
}
