//! The law of a chain over time, over any horizon.

mod ladder;
mod step;
mod survival;
#[cfg(test)]
mod tests;

pub use survival::{Survival, SurvivalAt, TailSwitch, survival};

use super::law::check_law;
use super::{DensityError, Rates, Solver, sums};
use ladder::Ladder;

/// What an evolution has spent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepCounts {
    /// Steps taken.
    pub steps: usize,
    /// Steps tried and rejected, their error too large.
    pub rejected: usize,
    /// Steps in which a mass would have been negative, mended by implicit Euler steps; among those taken.
    pub mended: usize,
    /// The largest weight that the implicit Euler steps had in a step.
    pub largest_mend: f64,
    /// Solves with a resolvent.
    pub solves: usize,
    /// Resolvents made.
    pub resolvents: usize,
    /// The largest relative defect of mass that the rounding (or the tolerance) of a solve left, before it was mended.
    pub largest_defect: f64,
}

/// The masses of a chain, from a starting law onwards: `dp/dt = Lᵀ p`.
///
/// Second order in time, L-stable, adaptive: see [`Evolution::advance`]. No mass is ever negative or clipped, and
/// masses and what has left sum to 1 within rounding.
pub struct Evolution<'a> {
    chain: &'a Rates,
    tolerance: f64,
    masses: Vec<f64>,
    left: f64,
    time: f64,
    error: f64,
    wanted: f64,
    interval: Interval,
    ladder: Ladder<'a>,
    counts: StepCounts,
}

/// Steps that still tile the way to a time: `time = target − ticks · step`.
#[derive(Clone, Copy, Debug)]
struct Interval {
    target: f64,
    step: f64,
    ticks: u128,
}

/// Halvings of an interval; beyond them no step would be wide enough for any horizon of use.
const DEEPEST: u32 = 110;

impl<'a> Evolution<'a> {
    /// Starts at time 0 from masses `[states]`. `tolerance` bounds the estimated local error of each step, in mass
    /// (total variation), relative to the mass still there.
    ///
    /// # Errors
    /// Masses that are no law; a tolerance outside 1e-12 to 0.1.
    pub fn new(
        chain: &'a Rates,
        solver: &'a dyn Solver,
        start: &[f64],
        tolerance: f64,
    ) -> Result<Self, DensityError> {
        check_law(chain, start)?;
        if !(1e-12..=0.1).contains(&tolerance) {
            let allowed = "a local error per step from 1e-12 to 0.1";
            return Err(DensityError::OutOfRange { name: "tolerance", value: tolerance, allowed });
        }
        Ok(Self {
            chain,
            tolerance,
            masses: start.to_vec(),
            left: 0.0,
            time: 0.0,
            error: 0.0,
            wanted: 0.5 * tolerance.cbrt() / initial_speed(chain, start),
            interval: Interval { target: 0.0, step: 0.0, ticks: 0 },
            ladder: Ladder::new(chain, solver),
            counts: StepCounts::default(),
        })
    }

    /// The masses now, `[states]`.
    pub fn masses(&self) -> &[f64] {
        &self.masses
    }

    /// The probability of having left the chain: summed from what left, not 1 minus the masses.
    pub fn left(&self) -> f64 {
        self.left
    }

    /// The time now.
    pub fn time(&self) -> f64 {
        self.time
    }

    /// The sum over steps of the estimated local error relative to the mass then there. Errors do not grow in a
    /// Markov chain, so this bounds the error of the masses, in total variation, as far as the estimates hold.
    pub fn estimated_error(&self) -> f64 {
        self.error
    }

    /// What has been spent.
    pub fn counts(&self) -> StepCounts {
        self.counts
    }

    /// Advances to the time `target`.
    ///
    /// With `E = (1 − γhLᵀ)⁻¹ ≥ 0`, γ = 1 − 1/√2, a step of h is `(1 + √2) E² p − √2 E p`: second order, L-stable (R.
    /// Alexander, *SIAM J. Numer. Anal.* 14, 1006 (1977), in solves with one M-matrix). A third E
    /// estimates the local error. Where the difference would be negative (no method of second order is
    /// positive at every h: C. Bolley and M. Crouzeix, *RAIRO Anal. Numér.* 12, 237 (1978)) the step is mixed, by the least
    /// weight that leaves no cell negative, with `(4 − 1/γ) E³ p + (1/γ − 3) E⁴ p`: implicit Euler steps of
    /// γh, positive and conservative. What that moves counts as error. A step whose error is
    /// over the tolerance is rejected and halved; steps are the way to the target divided by powers of two, and
    /// resolvents are kept.
    ///
    /// # Errors
    /// A target before the present time or not finite; those of the solver; a solver that loses mass.
    pub fn advance(&mut self, target: f64) -> Result<(), DensityError> {
        while self.step_towards(target)? {}
        Ok(())
    }

    /// One step towards `target`; false where the target is reached.
    ///
    /// # Errors
    /// As [`Evolution::advance`].
    pub fn step_towards(&mut self, target: f64) -> Result<bool, DensityError> {
        if !(target >= self.time && target.is_finite()) {
            let allowed = "a finite time not before the present one";
            return Err(DensityError::OutOfRange { name: "time", value: target, allowed });
        }
        if target == self.time {
            return Ok(false);
        }
        if self.interval.target != target || self.interval.ticks == 0 {
            self.divide(target)?;
        }
        loop {
            let mass = sums::sum(&self.masses);
            let tried = step::step(self.chain, &mut self.ladder, self.interval.step, &self.masses)?;
            self.counts.largest_defect = self.counts.largest_defect.max(tried.defect);
            let error = tried.error / mass.max(f64::MIN_POSITIVE);
            // A third-order local error; the factor keeps most predictions from being rejected.
            let growth = if error > 0.0 { 0.85 * (self.tolerance / error).cbrt() } else { 4.0 };
            if error > self.tolerance {
                self.counts.rejected += 1;
                self.halve(growth)?;
                continue;
            }
            self.masses = tried.masses;
            self.left += tried.left;
            self.error += error;
            self.counts.steps += 1;
            if tried.mend > 0.0 {
                self.counts.mended += 1;
                self.counts.largest_mend = self.counts.largest_mend.max(tried.mend);
            }
            self.counts.solves = self.ladder.solves();
            self.counts.resolvents = self.ladder.made();
            self.wanted = self.interval.step * growth.clamp(0.3, 4.0);
            let Interval { step, ticks, .. } = &mut self.interval;
            *ticks -= 1;
            self.time = if *ticks == 0 { target } else { target - *ticks as f64 * *step };
            if *ticks > 0 && ticks.is_multiple_of(2) && self.wanted >= 2.0 * *step {
                *step *= 2.0;
                *ticks /= 2;
            } else if *ticks > 0 && self.wanted < 0.6 * *step {
                self.halve(0.5)?;
            }
            return Ok(true);
        }
    }

    /// Divides the way to `target` by the power of two that makes its steps at most as wide as wanted.
    fn divide(&mut self, target: f64) -> Result<(), DensityError> {
        let way = target - self.time;
        let halvings = (way / self.wanted).log2().ceil().max(0.0);
        if halvings > f64::from(DEEPEST) {
            return Err(too_short(self.wanted));
        }
        let ticks = 1_u128 << halvings as u32;
        self.interval = Interval { target, step: way / ticks as f64, ticks };
        Ok(())
    }

    fn halve(&mut self, growth: f64) -> Result<(), DensityError> {
        let halvings = (-growth.log2()).ceil().clamp(1.0, 8.0) as u32;
        if self.interval.ticks.leading_zeros() <= halvings || self.interval.step < f64::MIN_POSITIVE {
            return Err(too_short(self.interval.step));
        }
        self.interval.ticks <<= halvings;
        self.interval.step /= f64::from(1_u32 << halvings);
        Ok(())
    }
}

fn too_short(step: f64) -> DensityError {
    let allowed = "rates and times less than 2^110 apart, and a tolerance above the solver's";
    DensityError::OutOfRange { name: "step of time", value: step, allowed }
}

/// `Σ |Lᵀ p|`, per unit of time; never 0.
fn initial_speed(chain: &Rates, start: &[f64]) -> f64 {
    let mut flow = vec![0.0; start.len()];
    for (state, &mass) in start.iter().enumerate() {
        let (targets, rates) = chain.row(state);
        for (&target, &rate) in targets.iter().zip(rates) {
            flow[target as usize] += mass * rate;
            flow[state] -= mass * rate;
        }
        flow[state] -= mass * chain.exits()[state];
    }
    flow.iter().map(|flow| flow.abs()).sum::<f64>().max(f64::MIN_POSITIVE.sqrt())
}
