//! The resolvent of a large chain by iteration.

use std::borrow::Cow;

use super::super::{DensityError, Rates, Resolvent};
use super::galerkin::Effort;
use super::hierarchy::{Hierarchy, Side};
use super::matrix::Conductances;
use super::precise::{Incoming, PreciseVector};
use super::stationary::{ROUGHLY, nearly_balanced};
use super::weights::{LIGHTEST, detailed_balance};

/// Corrections in twice the working precision.
const CORRECTIONS: usize = 25;
/// One correction of a reversible chain: one direction kept would do in exact arithmetic with a fixed preconditioner.
const REVERSIBLE: Effort = Effort { reduction: 1e-6, iterations: 120, kept: 3 };
/// One correction of another.
const IRREVERSIBLE: Effort = Effort { reduction: 1e-6, iterations: 120, kept: 24 };

/// What a solve took and how good it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Convergence {
    /// Cycles of the preconditioner on the finest level.
    pub iterations: usize,
    /// Corrections added in twice the working precision.
    pub corrections: usize,
    /// The relative error of every entry: the last correction over the answer, the largest of all states. The correction
    /// resolves the slow modes as well as the rest, so this is the error *before* it was added.
    pub change: f64,
    /// `max_i |right + L f|_i / right_i`: because `(−L)⁻¹ ≥ 0`, no entry of f is wrong by more than this factor. A bound,
    /// not an estimate, up to the 1e-16 of rounding f in the end; infinite where right has zeros.
    pub bound: f64,
    /// What the residuals add up to, over the sum of the right side; backward both are weighted with w. In a metastable
    /// chain it is the relative error of the slow mode, which neither cancels nor hides here.
    pub imbalance: f64,
}

/// The resolvent of a chain too large for direct factors: flexible conjugate directions with an aggregation multigrid.
///
/// With weights w that are stationary when the exits are closed, `B = −diag(w) L` is an M-matrix whose row and column sums
/// are both `w_i e_i ≥ 0`, so its symmetric part is positive, and aggregation by pairs has bounded quality on it (Y. Notay,
/// *SIAM J. Sci. Comput.* 34, A2288 (2012)). Coarse matrices are sums of conductances: chains again, lumped with the weights
/// w, as in aggregation–disaggregation; whole wells end as states of the coarsest chain, which is eliminated without
/// subtractions, so exponentially slow modes are found there and not iterated for. Answers are refined in twice the
/// working precision until the error itself, not the residual, is below the tolerance.
///
/// Memory: about `30 entries + 400 states` bytes for a reversible chain, up to three times that for another. The bits of the answer do
/// not depend on the number of threads.
///
/// Limits: slow modes down to about 1e-20 of the departure rates (1e-14 forward without detailed balance), stationary laws
/// that span up to 400 decades. Beyond, solves end in [`DensityError::NotConverged`].
///
/// ```
/// use sgdyn::density::{IterativeResolvent, RatesBuilder, Resolvent};
///
/// // A walk on 1000 sites with an exit beyond the last: τ_0 = 1000 · 1001 / 2.
/// let mut builder = RatesBuilder::new();
/// for site in 0..1000_usize {
///     if site > 0 {
///         builder.rate(site - 1, 1.0);
///     }
///     if site < 999 {
///         builder.rate(site + 1, 1.0);
///     } else {
///         builder.exit(1.0);
///     }
///     builder.finish_state([site as u32, 0, 0]);
/// }
/// let chain = builder.finish()?;
/// let mut times = vec![0.0; 1000];
/// IterativeResolvent::new(&chain, 1e-10)?.backward(&[1.0; 1000], &mut times)?;
/// assert!((times[0] / 500_500.0 - 1.0).abs() < 1e-10);
/// # Ok::<(), sgdyn::density::DensityError>(())
/// ```
#[derive(Debug)]
pub struct IterativeResolvent<'a> {
    chain: Cow<'a, Rates>,
    incoming: Incoming,
    weights: Vec<f64>,
    reversible: bool,
    hierarchy: Hierarchy,
    tolerance: f64,
}

impl<'a> IterativeResolvent<'a> {
    /// Prepares solves to the relative error `tolerance` of every entry (1e-10 is usual).
    ///
    /// # Errors
    /// A tolerance outside [1e-14, 0.1]; a state that cannot leave the chain; a chain that cannot be coarsened, or, if it is
    /// not reversible, whose stationary weights did not converge.
    pub fn new(chain: &'a Rates, tolerance: f64) -> Result<Self, DensityError> {
        Self::of(Cow::Borrowed(chain), tolerance)
    }

    /// The same for a chain that nobody else keeps.
    ///
    /// # Errors
    /// As [`IterativeResolvent::new`].
    pub fn owning(chain: Rates, tolerance: f64) -> Result<IterativeResolvent<'static>, DensityError> {
        IterativeResolvent::of(Cow::Owned(chain), tolerance)
    }

    fn of(chain: Cow<'a, Rates>, tolerance: f64) -> Result<Self, DensityError> {
        allowed_tolerance(tolerance)?;
        let incoming = Incoming::new(&chain);
        everything_leaves(&chain, &incoming)?;
        let balanced = detailed_balance(&chain, &incoming);
        let reversible = balanced.is_some();
        let weights = match balanced {
            Some(weights) => weights,
            None => nearly_balanced(&chain, &incoming, ROUGHLY)?,
        };
        let hierarchy = Hierarchy::new(scaled(&chain, &weights, true), reversible)?;
        Ok(Self { chain, incoming, weights, reversible, hierarchy, tolerance })
    }

    /// The same for a chain without detailed balance, with weights known to balance it nearly.
    pub(super) fn balanced_by(
        chain: &'a Rates,
        weights: Vec<f64>,
        tolerance: f64,
    ) -> Result<Self, DensityError> {
        let incoming = Incoming::new(chain);
        let hierarchy = Hierarchy::new(scaled(chain, &weights, true), false)?;
        Ok(Self { chain: Cow::Borrowed(chain), incoming, weights, reversible: false, hierarchy, tolerance })
    }

    /// Whether detailed balance holds between the states.
    pub fn reversible(&self) -> bool {
        self.reversible
    }

    /// The numbers of states of all levels, from the chain itself to the one eliminated.
    pub fn levels(&self) -> Vec<usize> {
        self.hierarchy.sizes()
    }

    /// [`Resolvent::backward`], with what it took.
    ///
    /// # Errors
    /// [`DensityError::NotConverged`] where the tolerance was not reached.
    pub fn solve_backward(&self, right: &[f64], out: &mut [f64]) -> Result<Convergence, DensityError> {
        self.solve(Side::Backward, right, out)
    }

    /// [`Resolvent::forward`], with what it took.
    ///
    /// # Errors
    /// [`DensityError::NotConverged`] where the tolerance was not reached.
    pub fn solve_forward(&self, source: &[f64], out: &mut [f64]) -> Result<Convergence, DensityError> {
        self.solve(Side::Forward, source, out)
    }

    /// Where the answer is not zero: rounding must not fill what no path reaches.
    fn touched(&self, side: Side, right: &[f64]) -> Vec<bool> {
        match side {
            Side::Backward => reached(right, |state| self.incoming.row(state).0),
            Side::Forward => reached(right, |state| self.chain.row(state).0),
        }
    }

    fn solve(&self, side: Side, right: &[f64], out: &mut [f64]) -> Result<Convergence, DensityError> {
        let states = self.chain.states();
        let mut convergence =
            Convergence { iterations: 0, corrections: 0, change: 0.0, bound: 0.0, imbalance: 0.0 };
        if right.len() != states || out.len() != states {
            let allowed = "one number per state of the chain";
            return Err(DensityError::OutOfRange { name: "right side", value: right.len() as f64, allowed });
        }
        if let Some(&value) = right.iter().find(|right| !(**right >= 0.0 && right.is_finite())) {
            let allowed = "finite numbers of at least 0";
            return Err(DensityError::OutOfRange { name: "right side", value, allowed });
        }
        if right.iter().all(|&right| right == 0.0) {
            out.fill(0.0);
            return Ok(convergence);
        }
        let touched = self.touched(side, right);
        let mut before = Convergence { change: f64::INFINITY, bound: f64::INFINITY, ..convergence };
        let mut answer = PreciseVector::zero(states);
        let mut residual = right.to_vec();
        let mut correction = vec![0.0; states];
        let effort = if self.reversible { REVERSIBLE } else { IRREVERSIBLE };
        loop {
            if side == Side::Backward {
                residual.iter_mut().zip(&self.weights).for_each(|(residual, weight)| *residual *= weight);
            }
            correction.fill(0.0);
            convergence.iterations += self.hierarchy.improve(side, &mut residual, &mut correction, effort)?;
            if side == Side::Forward {
                correction.iter_mut().zip(&self.weights).for_each(|(value, weight)| *value *= weight);
            }
            correction
                .iter_mut()
                .zip(&touched)
                .filter(|(_, touched)| !**touched)
                .for_each(|(value, _)| *value = 0.0);
            answer.add(|state| correction[state]);
            convergence.corrections += 1;
            match side {
                Side::Backward => answer.backward_residual(&self.chain, right, &mut residual),
                Side::Forward => {
                    answer.forward_residual(&self.chain, &self.incoming, right, &mut residual);
                }
            }
            convergence.change = largest((0..states).map(|state| {
                let value = answer.rounded(state);
                if value == 0.0 && correction[state] == 0.0 { 0.0 } else { (correction[state] / value).abs() }
            }));
            convergence.bound =
                largest(residual.iter().zip(right).map(|(residual, right)| {
                    if *right > 0.0 { residual.abs() / right } else { f64::INFINITY }
                }));
            let weighed = |values: &[f64]| -> f64 {
                let weight = |state: usize| if side == Side::Backward { self.weights[state] } else { 1.0 };
                values.iter().enumerate().map(|(state, value)| weight(state) * value.abs()).sum()
            };
            convergence.imbalance = weighed(&residual) / weighed(right);
            // Halved at least each time, what would follow is no more than the last change.
            let settled = convergence.change <= self.tolerance
                && 2.0 * convergence.change <= before.change
                && convergence.imbalance <= self.tolerance;
            let bound_falls = convergence.bound.is_finite() && 2.0 * convergence.bound <= before.bound;
            if convergence.bound <= self.tolerance || (settled && !bound_falls) {
                break;
            }
            before = convergence;
            if convergence.corrections == CORRECTIONS {
                return Err(DensityError::NotConverged {
                    what: "the iterative resolvent",
                    reached: convergence.change,
                    iterations: convergence.iterations,
                    remedy: if self.weights.contains(&LIGHTEST) {
                        "make the box smaller (its stationary law spans over 400 decades), or use a direct solver"
                    } else {
                        "ask for a larger tolerance, a higher temperature, or use a direct solver"
                    },
                });
            }
        }
        for (state, out) in out.iter_mut().enumerate() {
            *out = answer.rounded(state);
        }
        Ok(convergence)
    }
}

impl Resolvent for IterativeResolvent<'_> {
    fn backward(&self, right: &[f64], out: &mut [f64]) -> Result<(), DensityError> {
        self.solve_backward(right, out).map(|_| ())
    }

    fn forward(&self, source: &[f64], out: &mut [f64]) -> Result<(), DensityError> {
        self.solve_forward(source, out).map(|_| ())
    }
}

pub(super) fn allowed_tolerance(tolerance: f64) -> Result<(), DensityError> {
    if (1e-14..=0.1).contains(&tolerance) {
        return Ok(());
    }
    let allowed = "a relative error from 1e-14 to 0.1";
    Err(DensityError::OutOfRange { name: "tolerance", value: tolerance, allowed })
}

/// The largest value; NaN counts as infinite.
fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |largest, value| if value.is_nan() { f64::INFINITY } else { largest.max(value) })
}

/// `−diag(w) L`, with or without the exits.
pub(super) fn scaled(chain: &Rates, weights: &[f64], exits: bool) -> Conductances {
    Conductances::from_rows(chain.states(), chain.entries(), |state, entries| {
        let (targets, rates) = chain.row(state);
        entries.extend(targets.iter().zip(rates).map(|(&target, &rate)| (target, weights[state] * rate)));
        if exits { weights[state] * chain.exits()[state] } else { 0.0 }
    })
}

fn everything_leaves(chain: &Rates, incoming: &Incoming) -> Result<(), DensityError> {
    let leaves = reached(chain.exits(), |state| incoming.row(state).0);
    match leaves.iter().position(|leaves| !leaves) {
        None => Ok(()),
        Some(state) => Err(DensityError::Unreachable {
            state,
            what: "any exit",
            remedy: "open a face, name a target, or ask for the stationary law",
        }),
    }
}

/// The states that some positive entry of `start` leads to, through `next`.
pub(super) fn reached<'b>(start: &[f64], next: impl Fn(usize) -> &'b [u32]) -> Vec<bool> {
    let mut seen: Vec<bool> = start.iter().map(|&value| value > 0.0).collect();
    let mut open: Vec<u32> = (0..start.len() as u32).filter(|&state| seen[state as usize]).collect();
    while let Some(state) = open.pop() {
        for &other in next(state as usize) {
            if !std::mem::replace(&mut seen[other as usize], true) {
                open.push(other);
            }
        }
    }
    seen
}
