//! The law that a chain in steps settles to.

use super::Transition;
use super::classes::closed_classes;
use super::elimination::stationary_by_elimination;
use crate::density::DensityError;

/// Multiplications of an elimination that is done at once, and of one that is done at all.
const QUICK_ELIMINATION: f64 = 2e9;
const LONGEST_ELIMINATION: f64 = 1e11;

impl Transition {
    /// The stationary masses, `[states]`: p = pP.
    ///
    /// States that the chain leaves for good have mass 0. By elimination without subtractions, so that a mass of 1e-200
    /// has its digits. Where that takes long (in two dimensions) powers of P come first: they have 1e-14 of the largest
    /// masses in as many steps as the chain takes to forget.
    ///
    /// # Errors
    /// [`DensityError::Unreachable`] if mass is lost, so that there is no stationary law, or if several parts of the
    /// chain do not reach each other, so that there are several; powers of P that do not converge.
    pub fn stationary(&self) -> Result<Vec<f64>, DensityError> {
        let classes = closed_classes(self.chain());
        let class = match classes.as_slice() {
            [class] => class,
            [] => {
                let remedy = "mass is lost: reflect it at the box, or ask for the quasi-stationary law";
                return Err(DensityError::Unreachable { state: 0, what: "a stationary law", remedy });
            }
            [one, other, ..] => {
                let remedy = "the chain falls apart into several laws: start it inside one of them";
                let state = other.first().or(one.first()).copied().unwrap_or(0);
                return Err(DensityError::Unreachable { state, what: "the other states", remedy });
            }
        };
        let mut member = vec![false; self.states()];
        for &state in class {
            member[state] = true;
        }
        let (chain, kept) = self.chain().restricted(|state| member[state]);
        let work: f64 = (0..chain.states())
            .map(|state| {
                let reach =
                    chain.row(state).0.last().map_or(0, |&last| (last as usize).saturating_sub(state));
                (reach as f64).powi(2)
            })
            .sum();
        let law = if work < QUICK_ELIMINATION {
            stationary_by_elimination(&chain)?
        } else {
            match self.restricted_powers(&kept) {
                Err(_) if work < LONGEST_ELIMINATION => stationary_by_elimination(&chain)?,
                other => other?,
            }
        };
        let mut masses = vec![0.0; self.states()];
        for (&state, mass) in kept.iter().zip(law) {
            masses[state] = mass;
        }
        Ok(masses)
    }

    /// p(I + 9P)/10 until a step changes it no more, from the even law on `kept`.
    fn restricted_powers(&self, kept: &[usize]) -> Result<Vec<f64>, DensityError> {
        const MOST_STEPS: usize = 4_000;
        let mut masses = vec![0.0; self.states()];
        for &state in kept {
            masses[state] = 1.0 / kept.len() as f64;
        }
        let mut next = masses.clone();
        let mut change = f64::INFINITY;
        for _ in 0..MOST_STEPS {
            self.advance(&masses, &mut next);
            let (mut total, mut moved) = (0.0, 0.0);
            for (mass, next) in masses.iter_mut().zip(&next) {
                moved += (next - *mass).abs();
                // A little of the old law, or a chain that jumps to and fro would never settle.
                *mass = 0.1 * *mass + 0.9 * next;
                total += *mass;
            }
            for mass in &mut masses {
                *mass /= total;
            }
            change = moved;
            if change < 1e-14 * (kept.len() as f64).sqrt().max(1.0) {
                return Ok(kept.iter().map(|&state| masses[state]).collect());
            }
        }
        let remedy = "the chain mixes slowly: take fewer cells, so that elimination serves";
        Err(DensityError::NotConverged {
            what: "the stationary law by powers",
            reached: change,
            iterations: MOST_STEPS,
            remedy,
        })
    }

    /// The probability to land outside the box in a step from the law `masses`, `[states]`: what the box cuts off.
    pub fn mass_beyond(&self, masses: &[f64]) -> f64 {
        masses.iter().zip(self.beyond()).map(|(mass, beyond)| mass * beyond).sum()
    }
}
