//! One step of time: second order where positive, mended by implicit Euler where not.

use super::super::{DensityError, Rates, sums};
use super::ladder::Ladder;
use rayon::prelude::*;
use std::f64::consts::{FRAC_1_SQRT_2, SQRT_2};

/// γ = 1 − 1/√2.
const GAMMA: f64 = 1.0 - FRAC_1_SQRT_2;
/// The step's local error is `(γ²(3 − 2γ) − 1/6) (hL)³ p + …`, and `(1 − E)³ p = −(γhL)³ p + …`: their ratio.
const ERROR: f64 = (GAMMA * GAMMA * (3.0 - 2.0 * GAMMA) - 1.0 / 6.0) / (GAMMA * GAMMA * GAMMA);
/// The weight of E⁴ p in the mending step, `1/γ − 3`: the mean time of 3 or 4 steps of γh is h.
const FOURTH: f64 = 1.0 / GAMMA - 3.0;
/// Below this, numbers have no relative precision left to decide a sign with.
const VANISHING: f64 = 1e-290;

/// A step tried.
pub(super) struct Tried {
    pub(super) masses: Vec<f64>,
    /// What left the chain.
    pub(super) left: f64,
    /// The estimated local error, in mass.
    pub(super) error: f64,
    /// The weight of the mending step.
    pub(super) mend: f64,
    /// The largest relative defect of mass of its solves.
    pub(super) defect: f64,
}

/// Steps by `step` from `masses`.
pub(super) fn step(
    chain: &Rates,
    ladder: &mut Ladder<'_>,
    step: f64,
    masses: &[f64],
) -> Result<Tried, DensityError> {
    let kill = 1.0 / (GAMMA * step);
    let first = ladder.move_masses(kill, masses)?;
    let second = ladder.move_masses(kill, &first.masses)?;
    let third = ladder.move_masses(kill, &second.masses)?;
    let defect = first.defect.max(second.defect).max(third.defect);
    let differences: Vec<f64> = (0..chain.states())
        .into_par_iter()
        .map(|i| (masses[i] - 3.0 * (first.masses[i] - second.masses[i]) - third.masses[i]).abs())
        .collect();
    let leaving = (first.left - 2.0 * second.left + third.left).abs();
    let mut tried = Tried {
        masses: first
            .masses
            .par_iter()
            .zip(&second.masses)
            .map(|(a, b)| a + (1.0 + SQRT_2) * (b - a))
            .collect(),
        left: first.left + (1.0 + SQRT_2) * second.left,
        error: ERROR * (sums::sum(&differences) + leaving),
        mend: 0.0,
        defect,
    };
    if tried.masses.iter().any(|&mass| mass < 0.0) {
        let fourth = ladder.move_masses(kill, &third.masses)?;
        let combined = third.masses.par_iter().zip(&fourth.masses);
        let mending: Vec<f64> = combined.map(|(a, b)| (1.0 - FOURTH) * a + FOURTH * b).collect();
        let left = first.left + second.left + third.left + FOURTH * fourth.left;
        tried.mend_with(&mending, left);
    }
    tried.balance(sums::sum(masses));
    Ok(tried)
}

impl Tried {
    /// Mixes with masses that are nowhere negative, by the least weight that leaves none negative.
    fn mend_with(&mut self, mending: &[f64], left: f64) {
        let mut weight: f64 = 0.0;
        for (mass, &other) in self.masses.iter_mut().zip(mending) {
            if *mass < 0.0 {
                if *mass > -VANISHING && other < VANISHING {
                    *mass = other;
                } else {
                    weight = weight.max(*mass / (*mass - other));
                }
            }
        }
        // Rounding may leave the deciding cell a last bit below zero.
        while weight < 1.0
            && self.masses.iter().zip(mending).any(|(mass, other)| mass + weight * (other - mass) < 0.0)
        {
            weight = (weight * (1.0 + 1e-12) + f64::EPSILON).min(1.0);
        }
        let mut moved = weight * (left - self.left).abs();
        for (mass, &other) in self.masses.iter_mut().zip(mending) {
            moved += weight * (other - *mass).abs();
            *mass = if weight < 1.0 { *mass + weight * (other - *mass) } else { other };
        }
        self.left += weight * (left - self.left);
        self.error += moved;
        self.mend = weight;
    }

    /// The coefficients sum to 1 only within rounding, always the same way: 10⁴ steps would add it up.
    fn balance(&mut self, before: f64) {
        let after = sums::sum(&self.masses) + self.left;
        if after > 0.0 {
            let scale = before / after;
            self.masses.par_iter_mut().for_each(|mass| *mass *= scale);
            self.left *= scale;
        }
    }
}
