//! Stationary laws of large chains.

use super::super::{DenseElimination, DensityError, Rates, RatesBuilder, Resolvent};
use super::aggregates::Aggregates;
use super::hierarchy::COARSEST;
use super::matrix::Conductances;
use super::precise::Incoming;
use super::solver::{IterativeResolvent, allowed_tolerance, reached, scaled};
use super::vectors::scale;
use super::weights::{HEAVIEST, LIGHTEST, best_potential, detailed_balance};

/// Cycles of aggregation–disaggregation.
const CYCLES: usize = 30;
/// The aggregates of this many cycles are chosen anew; then they stand, and the cycle is a fixed iteration.
const CHOOSING: usize = 3;
/// Weights that a cycle changes by no more than this factor balance a chain well enough for its preconditioner.
pub(super) const ROUGHLY: f64 = 0.5;
/// The rate of restarts over the largest conductance.
const RESTARTS: f64 = 1e-10;

/// The stationary masses of a closed chain, `Lᵀ p = 0`, `Σ p = 1`, to the relative error `tolerance` of every entry;
/// `[states]`. Entries below 1e-410 of the largest underflow.
///
/// Detailed balance is followed from state to state where it holds. Else multilevel aggregation–disaggregation
/// (H. De Sterck et al., *SIAM J. Sci. Comput.* 32, 40 (2010)) brings every mass to its magnitude, with positive sums only;
/// with these as weights an [`IterativeResolvent`] finds the times that a round trip from the heaviest state spends in each
/// other one, which are the masses.
///
/// # Errors
/// A chain with exits or of several closed parts; [`DensityError::NotConverged`].
pub fn stationary_iteratively(chain: &Rates, tolerance: f64) -> Result<Vec<f64>, DensityError> {
    allowed_tolerance(tolerance)?;
    if let Some(&value) = chain.exits().iter().find(|exit| **exit > 0.0) {
        let allowed = "a chain without exits: close its faces, or ask for the quasi-stationary law";
        return Err(DensityError::OutOfRange { name: "exit", value, allowed });
    }
    let incoming = Incoming::new(chain);
    connected(chain, &incoming)?;
    let mut masses = match detailed_balance(chain, &incoming) {
        Some(weights) => weights,
        None => fed(chain, &nearly_balanced(chain, &incoming, ROUGHLY)?, tolerance)?,
    };
    let total: f64 = masses.iter().sum();
    scale(total.recip(), &mut masses);
    Ok(masses)
}

/// Weights that nearly balance the chain without its exits, the largest being [`HEAVIEST`]: cycles of aggregation–disaggregation
/// until none changes by more than the factor `1 + change`.
pub(super) fn nearly_balanced(
    chain: &Rates,
    incoming: &Incoming,
    change: f64,
) -> Result<Vec<f64>, DensityError> {
    let mut weights = best_potential(chain, incoming)?;
    let mut aggregates = Vec::new();
    for cycle in 0..CYCLES {
        if cycle < CHOOSING {
            aggregates.clear();
        }
        let matrix = scaled(chain, &weights, false);
        let mut factors = vec![1.0; chain.states()];
        disaggregate(&matrix, &mut factors, &mut aggregates, 0)?;
        let changed = multiply(&mut weights, &factors);
        if changed <= change {
            break;
        }
    }
    Ok(weights)
}

/// The masses from those of one state, the heaviest: it feeds the others until they return to it.
fn fed(chain: &Rates, weights: &[f64], tolerance: f64) -> Result<Vec<f64>, DensityError> {
    let heaviest =
        (0..chain.states()).fold(0, |best, state| if weights[state] > weights[best] { state } else { best });
    let (rest, kept) = chain.restricted(|state| state != heaviest);
    let mut flow = vec![0.0; chain.states()];
    let (targets, rates) = chain.row(heaviest);
    for (&target, &rate) in targets.iter().zip(rates) {
        flow[target as usize] = rate;
    }
    let source: Vec<f64> = kept.iter().map(|&state| flow[state]).collect();
    let weights = kept.iter().map(|&state| weights[state]).collect();
    let mut times = vec![0.0; rest.states()];
    IterativeResolvent::balanced_by(&rest, weights, tolerance)?.solve_forward(&source, &mut times)?;
    let mut masses = vec![1.0; chain.states()];
    for (&state, &time) in kept.iter().zip(&times) {
        masses[state] = time;
    }
    Ok(masses)
}

/// Multiplies the weights, scales them to a largest of [`HEAVIEST`], and returns the largest relative change.
fn multiply(weights: &mut [f64], factors: &[f64]) -> f64 {
    let mut change = 0.0_f64;
    let mut largest = 0.0_f64;
    for (weight, &factor) in weights.iter_mut().zip(factors) {
        if *weight > LIGHTEST {
            change = change.max((factor - 1.0).abs());
        }
        *weight *= factor.clamp(1e-100, 1e100);
        largest = largest.max(*weight);
    }
    for weight in weights {
        *weight = (*weight / largest * HEAVIEST).max(LIGHTEST);
    }
    change
}

/// One cycle for `Cᵀ q = 0`, q > 0, from q = 1: relax, lump with the weights reached, solve the lumped chain alike, and
/// multiply each aggregate by its answer.
fn disaggregate(
    matrix: &Conductances,
    factors: &mut [f64],
    aggregates: &mut Vec<Aggregates>,
    level: usize,
) -> Result<(), DensityError> {
    if matrix.states() <= COARSEST {
        // Where the lumped chain falls apart, restarts at a negligible rate join its parts.
        return stationary_factors(matrix, 0.0, factors)
            .or_else(|_| stationary_factors(matrix, RESTARTS, factors));
    }
    let transposed = matrix.transposed();
    relax(matrix, &transposed, factors);
    let relaxed = matrix.scaled_rows(factors);
    if aggregates.len() == level {
        let symmetric = relaxed.symmetric_part(&relaxed.transposed());
        aggregates.push(Aggregates::pairwise(&symmetric, 2));
    }
    let coarse = relaxed.aggregated(&aggregates[level].of, &aggregates[level].members);
    if coarse.states() * 10 > matrix.states() * 9 {
        return Ok(());
    }
    let mut coarse_factors = vec![1.0; coarse.states()];
    disaggregate(&coarse, &mut coarse_factors, aggregates, level + 1)?;
    for (factor, &aggregate) in factors.iter_mut().zip(&aggregates[level].of) {
        *factor *= coarse_factors[aggregate as usize];
    }
    relax(matrix, &transposed, factors);
    Ok(())
}

/// Gauss–Seidel there and back on `d_j q_j = Σ_i q_i c_ij`.
fn relax(matrix: &Conductances, transposed: &Conductances, factors: &mut [f64]) {
    let mut update = |state: usize| {
        let (sources, values) = transposed.row(state);
        let inflow: f64 =
            sources.iter().zip(values).map(|(&source, value)| value * factors[source as usize]).sum();
        if inflow > 0.0 && matrix.diagonal()[state] > 0.0 {
            factors[state] = inflow / matrix.diagonal()[state];
        }
    };
    (0..matrix.states()).for_each(&mut update);
    (0..matrix.states()).rev().for_each(&mut update);
}

fn stationary_factors(matrix: &Conductances, restarts: f64, factors: &mut [f64]) -> Result<(), DensityError> {
    let last = matrix.states() - 1;
    let restart = restarts * matrix.diagonal().iter().fold(0.0_f64, |largest, &value| largest.max(value));
    let mut builder = RatesBuilder::new();
    let mut source = vec![0.0; last];
    for state in 0..=last {
        let (targets, values) = matrix.row(state);
        for (&target, &value) in targets.iter().zip(values) {
            let target = target as usize;
            match (state == last, target == last) {
                (true, _) => source[target] += value,
                (_, true) => builder.exit(value),
                _ => builder.rate(target, value),
            }
        }
        if state < last {
            builder.exit(restart);
            source[state] += restart;
            builder.finish_state([0; 3]);
        }
    }
    factors[last] = 1.0;
    DenseElimination::new(&builder.finish()?)?.forward(&source, &mut factors[..last])
}

/// That every state can reach every other: all from state 0, forwards and backwards.
fn connected(chain: &Rates, incoming: &Incoming) -> Result<(), DensityError> {
    let mut first = vec![0.0; chain.states()];
    if let Some(value) = first.first_mut() {
        *value = 1.0;
    }
    let missed = |seen: Vec<bool>| seen.iter().position(|seen| !seen);
    let remedy = "restrict the chain to one part, or use noise in every direction";
    if let Some(state) = missed(reached(&first, |state| incoming.row(state).0)) {
        return Err(DensityError::Unreachable { state, what: "state 0", remedy });
    }
    match missed(reached(&first, |state| chain.row(state).0)) {
        None => Ok(()),
        Some(_) => Err(DensityError::Unreachable { state: 0, what: "every other state", remedy }),
    }
}
