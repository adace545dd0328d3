//! Resolvents that are kept while steps come back to them.

use super::super::{DensityError, Rates, Resolvent, Solver, sums};

/// Resolvents at once; each may be as large as a factorisation.
const KEPT: usize = 3;

/// The resolvents `(κ − L)⁻¹` of the last few κ.
pub(super) struct Ladder<'a> {
    chain: &'a Rates,
    solver: &'a dyn Solver,
    /// The one used last stands last.
    rungs: Vec<(f64, Box<dyn Resolvent>)>,
    made: usize,
    solves: usize,
}

/// `E p`, with what left the chain meanwhile.
pub(super) struct Moved {
    pub(super) masses: Vec<f64>,
    pub(super) left: f64,
    /// The relative defect of mass before it was mended.
    pub(super) defect: f64,
}

impl<'a> Ladder<'a> {
    pub(super) fn new(chain: &'a Rates, solver: &'a dyn Solver) -> Self {
        Self { chain, solver, rungs: Vec::new(), made: 0, solves: 0 }
    }

    pub(super) fn made(&self) -> usize {
        self.made
    }

    pub(super) fn solves(&self) -> usize {
        self.solves
    }

    /// The position of the resolvent at κ, made if need be.
    fn climb(&mut self, kill: f64) -> Result<usize, DensityError> {
        // Intervals between times that were typed in differ by rounding: a step may be as much off.
        let near = |rung: &(f64, Box<dyn Resolvent>)| (rung.0 / kill - 1.0).abs() < 1e-13;
        if let Some(position) = self.rungs.iter().position(near) {
            self.rungs[position..].rotate_left(1);
            return Ok(self.rungs.len() - 1);
        }
        if self.rungs.len() == KEPT {
            self.rungs.remove(0);
        }
        self.rungs.push((kill, self.solver.resolvent(&self.chain.killed(kill))?));
        self.made += 1;
        Ok(self.rungs.len() - 1)
    }

    /// `E p = κ (κ − Lᵀ)⁻¹ p`, an implicit Euler step of 1/κ.
    ///
    /// With `o = (κ − Lᵀ)⁻¹ p` mass is conserved if `Σ p = κ Σ o + Σ e o`. Rounding, or an iterative solver's tolerance,
    /// leaves a defect of the same sign step after step while a resolvent is kept, so o is scaled to
    /// close the balance: no mass becomes negative and no digit is lost.
    pub(super) fn move_masses(&mut self, kill: f64, masses: &[f64]) -> Result<Moved, DensityError> {
        let rung = self.climb(kill)?;
        let (kill, resolvent) = &self.rungs[rung];
        let mut occupation = vec![0.0; masses.len()];
        resolvent.forward(masses, &mut occupation)?;
        self.solves += 1;
        let leaving = sums::dot(&occupation, self.chain.exits());
        let before = sums::sum(masses);
        let after = kill * sums::sum(&occupation) + leaving;
        // What has nearly all left, down to the end of the range of f64, has no relative precision to judge by.
        let defect = if before > 1e-290 { (after / before - 1.0).abs() } else { 0.0 };
        if defect.is_nan() || defect > 1e-6 {
            return Err(DensityError::NotConverged {
                what: "the balance of mass in a step of time",
                reached: defect,
                iterations: self.solves,
                remedy: "tighten the solver's tolerance",
            });
        }
        let mend = if after > 0.0 { before / after } else { 1.0 };
        let scale = kill * mend;
        for time in &mut occupation {
            *time *= scale;
        }
        Ok(Moved { masses: occupation, left: leaving * mend, defect })
    }
}
