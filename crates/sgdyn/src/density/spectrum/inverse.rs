//! The operators whose largest eigenvalues belong to the slowest modes of a chain.

use super::super::solver::pinned;
use super::super::{DensityError, Rates, Resolvent, Solver, sums};

/// An inverse of `κ − L`, in functions and, adjoint to it, in masses.
pub(super) enum Inverse<'a> {
    /// `(κ − L)⁻¹`: the resolvent of the chain killed at κ.
    Killed { resolvent: Box<dyn Resolvent>, kill: f64 },
    /// The group inverse of `−L` of a closed chain, on functions f with `⟨π, f⟩ = 0`: the chain pinned at its likeliest
    /// state s solves `−L g = f`, `g_s = 0`, and g is shifted to `⟨π, g⟩ = 0`. No κ that slow rates would have to be
    /// subtracted from (C. D. Meyer, *SIAM Review* 17, 443 (1975)).
    Pinned { resolvent: Box<dyn Resolvent>, kept: Vec<usize>, stationary: &'a [f64] },
}

impl<'a> Inverse<'a> {
    pub(super) fn killed(chain: &Rates, solver: &dyn Solver, kill: f64) -> Result<Self, DensityError> {
        let resolvent =
            if kill > 0.0 { solver.resolvent(&chain.killed(kill))? } else { solver.resolvent(chain)? };
        Ok(Self::Killed { resolvent, kill })
    }

    pub(super) fn pinned(
        chain: &Rates,
        solver: &dyn Solver,
        stationary: &'a [f64],
    ) -> Result<Self, DensityError> {
        let likeliest = (0..stationary.len()).max_by(|&a, &b| stationary[a].total_cmp(&stationary[b]));
        let (resolvent, kept) = pinned(solver, chain, likeliest.unwrap_or(0))?;
        Ok(Self::Pinned { resolvent, kept, stationary })
    }

    pub(super) fn kill(&self) -> f64 {
        match self {
            Self::Killed { kill, .. } => *kill,
            Self::Pinned { .. } => 0.0,
        }
    }

    pub(super) fn backward(&self, from: &[f64], to: &mut [f64]) -> Result<(), DensityError> {
        match self {
            Self::Killed { resolvent, .. } => resolvent.backward(from, to),
            Self::Pinned { resolvent, kept, stationary } => {
                let mean = sums::dot(stationary, from);
                let right: Vec<f64> = kept.iter().map(|&old| from[old] - mean).collect();
                let mut solution = vec![0.0; kept.len()];
                resolvent.backward(&right, &mut solution)?;
                to.fill(0.0);
                for (&old, &value) in kept.iter().zip(&solution) {
                    to[old] = value;
                }
                let mean = sums::dot(stationary, to);
                for value in to {
                    *value -= mean;
                }
                Ok(())
            }
        }
    }

    pub(super) fn forward(&self, from: &[f64], to: &mut [f64]) -> Result<(), DensityError> {
        match self {
            Self::Killed { resolvent, .. } => resolvent.forward(from, to),
            Self::Pinned { resolvent, kept, stationary } => {
                let total = sums::sum(from);
                let source: Vec<f64> = kept.iter().map(|&old| from[old] - total * stationary[old]).collect();
                let mut solution = vec![0.0; kept.len()];
                resolvent.forward(&source, &mut solution)?;
                to.fill(0.0);
                for (&old, &value) in kept.iter().zip(&solution) {
                    to[old] = value;
                }
                let total = sums::sum(to);
                sums::add_scaled(to, -total, stationary);
                Ok(())
            }
        }
    }
}
