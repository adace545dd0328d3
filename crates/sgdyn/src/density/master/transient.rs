//! The law of a chain after a number of steps.

use faer::Mat;

use super::Transition;
use crate::density::DensityError;

/// Masses after some steps.
#[derive(Clone, Debug, PartialEq)]
pub struct AfterSteps {
    /// The masses still in the chain, `[states]`.
    pub masses: Vec<f64>,
    /// The mass that left.
    pub lost: f64,
}

/// Multiplications that steps one by one may take.
const MOST_MULTIPLICATIONS: f64 = 4e9;
/// States of a chain whose powers are formed.
const MOST_STATES: usize = 1500;

impl Transition {
    /// The law after `steps` steps from `masses`, `[states]`.
    ///
    /// Step by step; where that takes long, by squares of P (products of positive numbers: the masses keep their digits
    /// over any horizon).
    ///
    /// # Errors
    /// Too many steps for a chain of more than 1500 states.
    pub fn after(&self, masses: &[f64], steps: u64) -> Result<AfterSteps, DensityError> {
        let mut run = Run::new(self, masses);
        run.forward(steps)?;
        Ok(AfterSteps { masses: run.masses, lost: run.lost })
    }

    /// The probability not to have left after each of `steps`, which ascend, from `masses`, `[states]`.
    ///
    /// # Errors
    /// Steps that descend; otherwise as [`Transition::after`].
    pub fn survival(&self, masses: &[f64], steps: &[u64]) -> Result<Vec<f64>, DensityError> {
        let mut run = Run::new(self, masses);
        let mut step = 0;
        steps
            .iter()
            .map(|&next| {
                let Some(ahead) = next.checked_sub(step) else {
                    let allowed = "an ascending number of steps";
                    return Err(DensityError::OutOfRange { name: "steps", value: next as f64, allowed });
                };
                run.forward(ahead)?;
                step = next;
                Ok(run.masses.iter().sum())
            })
            .collect()
    }
}

/// A law on its way.
struct Run<'a> {
    transition: &'a Transition,
    masses: Vec<f64>,
    next: Vec<f64>,
    lost: f64,
    /// P^(2^k) and the probability to leave within 2^k steps, `[states]`, as far as needed yet.
    powers: Vec<(Mat<f64>, Vec<f64>)>,
}

impl<'a> Run<'a> {
    fn new(transition: &'a Transition, masses: &[f64]) -> Self {
        let next = vec![0.0; masses.len()];
        Self { transition, masses: masses.to_vec(), next, lost: 0.0, powers: Vec::new() }
    }

    fn forward(&mut self, steps: u64) -> Result<(), DensityError> {
        if steps as f64 * (self.transition.chain().entries() as f64) <= MOST_MULTIPLICATIONS {
            for _ in 0..steps {
                self.lost += self.transition.advance(&self.masses, &mut self.next);
                std::mem::swap(&mut self.masses, &mut self.next);
            }
            return Ok(());
        }
        let states = self.transition.states();
        if states > MOST_STATES {
            let allowed = "fewer steps, or at most 1500 states, or the stationary or quasi-stationary law";
            return Err(DensityError::OutOfRange { name: "steps", value: steps as f64, allowed });
        }
        for bit in 0..u64::BITS - steps.leading_zeros() {
            self.extend_powers(bit as usize);
            if steps >> bit & 1 == 1 {
                let (power, leaves) = &self.powers[bit as usize];
                self.lost += self.masses.iter().zip(leaves).map(|(mass, leaves)| mass * leaves).sum::<f64>();
                for (target, next) in self.next.iter_mut().enumerate() {
                    let column = power.col(target);
                    *next = self.masses.iter().zip(column.iter()).map(|(mass, p)| mass * p).sum();
                }
                std::mem::swap(&mut self.masses, &mut self.next);
            }
        }
        Ok(())
    }

    fn extend_powers(&mut self, bit: usize) {
        let states = self.transition.states();
        if self.powers.is_empty() {
            let mut power = Mat::zeros(states, states);
            for state in 0..states {
                let (targets, values) = self.transition.chain().row(state);
                for (&target, &value) in targets.iter().zip(values) {
                    power[(state, target as usize)] = value;
                }
                power[(state, state)] += self.transition.stays()[state];
            }
            self.powers.push((power, self.transition.chain().exits().to_vec()));
        }
        while self.powers.len() <= bit {
            let (power, leaves) = &self.powers[self.powers.len() - 1];
            let mut square = Mat::zeros(states, states);
            // One thread: the same bits for any number of them.
            faer::linalg::matmul::matmul(
                &mut square,
                faer::Accum::Replace,
                power,
                power,
                1.0,
                faer::Par::Seq,
            );
            let leaves: Vec<f64> = (0..states)
                .map(|state| {
                    let later: f64 = (0..states).map(|target| power[(state, target)] * leaves[target]).sum();
                    leaves[state] + later
                })
                .collect();
            // Rows sum to 1 with what leaves: without this, rounding grows with the horizon.
            for (state, leaves) in leaves.iter().enumerate() {
                let total = leaves + (0..states).map(|target| square[(state, target)]).sum::<f64>();
                (0..states).for_each(|target| square[(state, target)] /= total);
            }
            self.powers.push((square, leaves));
        }
    }
}
