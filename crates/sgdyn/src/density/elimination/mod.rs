//! Sparse elimination without subtractions, for chains on one- and two-dimensional grids and small three-dimensional ones.

mod cut;
mod dissection;
mod factor;
mod front;
mod panel;
mod pattern;
mod product;
mod solve;
#[cfg(test)]
mod tests;
mod workspace;

pub use dissection::Dissection;
pub(super) use pattern::Pattern;

use std::sync::Arc;

use super::{DensityError, Rates, Resolvent};
use factor::{Eliminator, Factor};
use workspace::Workspace;

/// A chain eliminated state by state, without a subtraction, in the order of a [`Dissection`]; answers any number of
/// right-hand sides.
///
/// Taking state p out of a chain with rates r and exits e leaves the chain seen only while it is elsewhere (it is
/// *censored*): `r_ij += r_ip r_pj / D_p`, `e_i += r_ip e_p / D_p`, where the departure `D_p = e_p + Σ_j r_pj` is a sum over
/// the states that remain. Diagonals are never stored, so nothing cancels (W. K. Grassmann, M. I. Taksar and D. P.
/// Heyman, *Oper. Res.* 33, 1107 (1985)), and each entry of an answer to a non-negative right-hand side is relatively
/// accurate whatever the condition number (C. A. O'Cinneide, *Numer. Math.* 65, 109 (1993)). The work is done on fronts,
/// full matrices over the states of a separator and those around it (I. S. Duff and J. K. Reid, *ACM Trans. Math.
/// Softw.* 9, 302 (1983)), whose updates are products of non-negative matrices.
///
/// The bits do not depend on the number of threads. The range of numbers is the one limit: where an exit is less likely
/// than 1e-308 from a state that is eliminated late, it is taken for none, which is an error.
///
/// ```
/// use sgdyn::density::{Elimination, RatesBuilder, Resolvent};
///
/// // Rates 1 to both neighbours on 0..5, reflecting at 0, exit beyond 4: the mean times to leave are 15, 14, 12, 9, 5.
/// let mut builder = RatesBuilder::new();
/// for state in 0_usize..5 {
///     if state > 0 {
///         builder.rate(state - 1, 1.0);
///     }
///     if state < 4 { builder.rate(state + 1, 1.0) } else { builder.exit(1.0) }
///     builder.finish_state([state as u32, 0, 0]);
/// }
/// let solver = Elimination::new(&builder.finish()?)?;
/// let mut times = [0.0; 5];
/// solver.backward(&[1.0; 5], &mut times)?;
/// assert!((times[0] - 15.0).abs() < 1e-13);
/// # Ok::<(), sgdyn::density::DensityError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Elimination {
    dissection: Arc<Dissection>,
    factor: Factor,
}

impl Elimination {
    /// Dissects a chain and eliminates its states.
    ///
    /// # Errors
    /// A state that cannot leave the chain; an empty chain.
    pub fn new(chain: &Rates) -> Result<Self, DensityError> {
        Self::ordered(Arc::new(Dissection::new(chain)?), chain)
    }

    /// Eliminates the states of a chain in an order found before, for a chain with rates between the same states: a
    /// [`killed`](Rates::killed) one, for instance.
    ///
    /// # Errors
    /// A state that cannot leave the chain; a chain with rates between other states.
    pub fn ordered(dissection: Arc<Dissection>, chain: &Rates) -> Result<Self, DensityError> {
        let eliminator = Eliminator { chain, dissection: &dissection };
        if chain.states() != dissection.states() {
            return Err(eliminator.other_chain());
        }
        let (factor, _) = eliminator.eliminate(&dissection.root, &mut Workspace::default())?;
        Ok(Self { dissection, factor })
    }

    /// The most bytes that [`Elimination::new`] takes, by dissecting the chain (some per cent of the work); see
    /// [`Dissection::fit`] for a refusal that says what fits.
    ///
    /// # Errors
    /// An empty chain.
    pub fn bytes_needed(chain: &Rates) -> Result<usize, DensityError> {
        Ok(Dissection::new(chain)?.bytes_needed())
    }

    /// The order of the elimination, to be used again.
    pub fn dissection(&self) -> &Arc<Dissection> {
        &self.dissection
    }

    /// Runs a solve on values in the order of elimination.
    fn in_order(
        &self,
        given: &[f64],
        out: &mut [f64],
        solve: impl FnOnce(&mut [f64]),
    ) -> Result<(), DensityError> {
        let states = self.dissection.states();
        for length in [given.len(), out.len()] {
            if length != states {
                return Err(DensityError::OutOfRange {
                    name: "length of the right-hand side or the answer",
                    value: length as f64,
                    allowed: "one value for each state",
                });
            }
        }
        let order = &self.dissection.order;
        let mut values: Vec<f64> = order.iter().map(|&state| given[state as usize]).collect();
        solve(&mut values);
        for (&state, value) in order.iter().zip(values) {
            out[state as usize] = value;
        }
        Ok(())
    }
}

impl Resolvent for Elimination {
    fn backward(&self, right: &[f64], out: &mut [f64]) -> Result<(), DensityError> {
        let root = &self.dissection.root;
        self.in_order(right, out, |values| {
            solve::backward_up(root, &self.factor, values);
            solve::backward_down(root, &self.factor, values, &[]);
        })
    }

    fn forward(&self, source: &[f64], out: &mut [f64]) -> Result<(), DensityError> {
        let root = &self.dissection.root;
        self.in_order(source, out, |values| {
            solve::forward_up(root, &self.factor, values);
            solve::forward_down(root, &self.factor, values, &[]);
        })
    }
}
