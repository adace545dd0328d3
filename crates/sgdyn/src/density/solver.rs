//! Where resolvents come from: the one choice between direct and iterative solves that every question takes.

use std::sync::{Arc, Mutex, PoisonError};

use super::renewal::stationary_by_renewal;
use super::{
    DenseElimination, DensityError, Dissection, Elimination, IterativeResolvent, Rates, Resolvent,
    stationary_iteratively,
};

/// Makes the [`Resolvent`] of a chain. Questions about a chain take a solver, so that elimination on a full matrix, on
/// a nested order, or an iteration answer them alike.
pub trait Solver: Sync {
    /// `(−L)⁻¹` of a chain that is left from every state.
    ///
    /// # Errors
    /// A state that cannot leave the chain; whatever the solver needs and lacks, memory for one.
    fn resolvent(&self, chain: &Rates) -> Result<Box<dyn Resolvent>, DensityError>;

    /// The stationary law π of a closed chain, `πL = 0`, `Σ π_i = 1`, `[states]`.
    ///
    /// By renewal at one state s: between two visits to s the chain spends the mean time
    /// `π_j/π_s = Σ_i r_si G_ij` in j, with G the resolvent of the chain that ends in s. All terms are positive.
    ///
    /// # Errors
    /// A chain with exits, which has no stationary law; one that falls apart; that of [`Solver::resolvent`].
    fn stationary(&self, chain: &Rates) -> Result<Vec<f64>, DensityError> {
        let law = stationary_by_renewal(chain, |open| self.resolvent(open).map(Some))?;
        Ok(law.unwrap_or_default())
    }
}

/// Elimination on a full matrix, [`DenseElimination`]: for up to some thousand states.
#[derive(Clone, Copy, Debug, Default)]
pub struct DenseSolver;

impl Solver for DenseSolver {
    fn resolvent(&self, chain: &Rates) -> Result<Box<dyn Resolvent>, DensityError> {
        Ok(Box::new(DenseElimination::new(chain)?))
    }
}

/// Sparse elimination, [`Elimination`], where its factors fit into memory, else the iteration of
/// [`IterativeResolvent`].
///
/// The order of an elimination is kept for the next chain with rates at the same places: implicit steps of several
/// sizes share it.
#[derive(Debug)]
pub struct SparseSolver {
    method: Method,
    allowed_bytes: usize,
    tolerance: f64,
    order: Mutex<Option<Arc<Dissection>>>,
}

/// Which solves a [`SparseSolver`] makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Elimination where its factors fit, else iteration.
    #[default]
    Automatic,
    /// Elimination, or an error that says what fits.
    Direct,
    /// Iteration.
    Iterative,
}

impl SparseSolver {
    /// Where iterations stop, relative to the answer.
    const TOLERANCE: f64 = 1e-10;

    /// A solver that takes at most about `allowed_bytes` of memory for factors.
    pub fn new(method: Method, allowed_bytes: usize) -> Self {
        Self { method, allowed_bytes, tolerance: Self::TOLERANCE, order: Mutex::new(None) }
    }

    /// The order for a chain; `None` where it is to be iterated.
    fn order(&self, chain: &Rates) -> Result<Option<Arc<Dissection>>, DensityError> {
        if self.method == Method::Iterative {
            return Ok(None);
        }
        // A poisoned lock holds an order all the same.
        let mut kept = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(order) = kept.as_ref().filter(|order| order.serves(chain)) {
            return Ok(Some(order.clone()));
        }
        let order = Arc::new(Dissection::new(chain)?);
        match order.fit(self.allowed_bytes) {
            Err(_) if self.method == Method::Automatic => return Ok(None),
            fits => fits?,
        }
        *kept = Some(order.clone());
        Ok(Some(order))
    }
}

impl Solver for SparseSolver {
    fn resolvent(&self, chain: &Rates) -> Result<Box<dyn Resolvent>, DensityError> {
        Ok(match self.order(chain)? {
            Some(order) => Box::new(Elimination::ordered(order, chain)?),
            None => Box::new(IterativeResolvent::owning(chain.clone(), self.tolerance)?),
        })
    }

    fn stationary(&self, chain: &Rates) -> Result<Vec<f64>, DensityError> {
        let direct = stationary_by_renewal(chain, |open| match self.order(open)? {
            Some(order) => Ok(Some(Box::new(Elimination::ordered(order, open)?) as Box<dyn Resolvent>)),
            None => Ok(None),
        })?;
        direct.map_or_else(|| stationary_iteratively(chain, self.tolerance), Ok)
    }
}

/// The chain that ends where it first reaches `state`, its resolvent, and the old numbers of its states.
///
/// # Errors
/// States that cannot reach `state`; those of the solver.
pub(super) fn pinned(
    solver: &(impl Solver + ?Sized),
    chain: &Rates,
    state: usize,
) -> Result<(Box<dyn Resolvent>, Vec<usize>), DensityError> {
    let (rest, kept) = chain.restricted(|other| other != state);
    let resolvent = solver.resolvent(&rest).map_err(|error| match error {
        DensityError::Unreachable { state, .. } => DensityError::Unreachable {
            state: kept[state],
            what: "the rest of the chain",
            remedy: "the chain falls apart: diffusion must join all cells, or each part is asked for on its own",
        },
        other => other,
    })?;
    Ok((resolvent, kept))
}

/// The rate of one jump; 0 where there is none.
pub(super) fn rate_between(chain: &Rates, from: usize, to: usize) -> f64 {
    let (targets, rates) = chain.row(from);
    targets.binary_search(&(to as u32)).map_or(0.0, |position| rates[position])
}

#[cfg(test)]
mod tests {
    use super::super::RatesBuilder;
    use super::*;

    #[test]
    fn a_birth_death_chain_has_its_closed_stationary_law() {
        // Births at rate 3, deaths at rate 1: π_i ∝ 3^i, over 30 decades.
        let states = 64_usize;
        let mut builder = RatesBuilder::new();
        for state in 0..states {
            if state > 0 {
                builder.rate(state - 1, 1.0);
            }
            if state + 1 < states {
                builder.rate(state + 1, 3.0);
            }
            builder.finish_state([state as u32, 0, 0]);
        }
        let masses = DenseSolver.stationary(&builder.finish().unwrap()).unwrap();
        assert!((masses.iter().sum::<f64>() - 1.0).abs() < 1e-14);
        for pair in masses.windows(2) {
            assert!((pair[1] / pair[0] - 3.0).abs() < 1e-13, "{}", pair[1] / pair[0]);
        }
    }

    #[test]
    fn exits_and_separate_parts_are_refused() {
        let mut builder = RatesBuilder::new();
        for state in 0_usize..4 {
            builder.rate(state ^ 1, 1.0);
            builder.finish_state([state as u32, 0, 0]);
        }
        let parts = builder.finish().unwrap();
        assert!(matches!(DenseSolver.stationary(&parts), Err(DensityError::Unreachable { .. })));
        let open = parts.killed(0.5);
        assert!(matches!(DenseSolver.stationary(&open), Err(DensityError::OutOfRange { value: 0.5, .. })));
    }
}
