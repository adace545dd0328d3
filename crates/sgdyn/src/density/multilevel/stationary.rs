//! Stationary laws of large chains.

use super::super::{DenseElimination, DensityError, Rates, RatesBuilder, Resolvent};
use super::aggregates::Aggregates;
use super::galerkin::improve;
use super::hierarchy::{COARSEST, Hierarchy, Side};
use super::matrix::Conductances;
use super::precise::{Incoming, PreciseVector};
use super::weights::{LIGHTEST, best_potential, detailed_balance};

/// Cycles of aggregation–disaggregation.
const CYCLES: usize = 30;
/// The aggregates of this many cycles are chosen anew; then they stand, and the cycle is a fixed iteration.
const CHOOSING: usize = 3;
/// Weights this good balance a chain for its preconditioner.
const BALANCED: f64 = 1e-3;
/// Solves for the law's correction.
const CORRECTIONS: usize = 20;
/// Directions kept by them.
const KEPT: usize = 24;

/// The stationary masses of a closed chain, `Lᵀ p = 0`, `Σ p = 1`, to the relative error `tolerance` of every entry;
/// `[states]`. Entries below 1e-260 of the largest count as that large.
///
/// Detailed balance is followed from state to state where it holds. Else multilevel aggregation–disaggregation
/// (H. De Sterck et al., *SIAM J. Sci. Comput.* 32, 40 (2010)) brings every mass to its magnitude, with positive sums only,
/// and then `p (1 + δ)` is solved for, with residuals in twice the working precision, until δ is below the tolerance: δ
/// resolves the slow modes, which a residual does not show.
///
/// # Errors
/// A chain with exits or of several closed parts; [`DensityError::NotConverged`].
pub fn stationary_iteratively(chain: &Rates, tolerance: f64) -> Result<Vec<f64>, DensityError> {
    if !(1e-14..=0.1).contains(&tolerance) {
        let allowed = "a relative error from 1e-14 to 0.1";
        return Err(DensityError::OutOfRange { name: "tolerance", value: tolerance, allowed });
    }
    if let Some(&value) = chain.exits().iter().find(|exit| **exit > 0.0) {
        let allowed = "a chain without exits: close its faces, or ask for the quasi-stationary law";
        return Err(DensityError::OutOfRange { name: "exit", value, allowed });
    }
    let incoming = Incoming::new(chain);
    connected(chain, &incoming)?;
    let mut masses = match detailed_balance(chain, &incoming) {
        Some(weights) => weights,
        None => closed_weights(chain, &incoming, tolerance)?,
    };
    let total: f64 = masses.iter().sum();
    masses.iter_mut().for_each(|mass| *mass /= total);
    Ok(masses)
}

/// The stationary weights of the chain without its exits, the largest being 1.
pub(super) fn preconditioning_weights(chain: &Rates, incoming: &Incoming) -> Result<Vec<f64>, DensityError> {
    closed_weights(chain, incoming, BALANCED)
}

fn closed_weights(chain: &Rates, incoming: &Incoming, tolerance: f64) -> Result<Vec<f64>, DensityError> {
    let mut weights = best_potential(chain, incoming)?;
    let mut aggregates = Vec::new();
    for cycle in 0..CYCLES {
        aggregates.truncate(if cycle < CHOOSING { 0 } else { usize::MAX });
        let matrix = closed(chain, &weights);
        let mut factors = vec![1.0; chain.states()];
        disaggregate(&matrix, &mut factors, &mut aggregates, 0)?;
        let change = multiply(&mut weights, 1e100, |state| factors[state]);
        if std::env::var_os("TRACE").is_some() {
            eprintln!("cycle {cycle}: {change:e}");
        }
        if change <= 0.1 {
            break;
        }
    }
    let mut reached = f64::INFINITY;
    let mut iterations = 0;
    let mut hierarchy = None;
    for _ in 0..CORRECTIONS {
        if hierarchy.is_none() || reached > 0.1 {
            hierarchy = Some(Hierarchy::new(closed(chain, &weights), false)?);
        }
        let Some(hierarchy) = &hierarchy else { break };
        let mut residual = vec![0.0; chain.states()];
        PreciseVector::from_slice(&weights).forward_residual(chain, incoming, None, &mut residual);
        let mut correction = vec![0.0; chain.states()];
        match hierarchy.finest(Side::Forward) {
            Some(matrix) => {
                iterations += improve(
                    hierarchy,
                    Side::Forward,
                    matrix,
                    &mut residual,
                    &mut correction,
                    1e-3,
                    40,
                    KEPT,
                )?
                .iterations;
            }
            None => hierarchy.precondition(Side::Forward, &residual, &mut correction)?,
        }
        let total: f64 = weights.iter().sum();
        let mean = weights.iter().zip(&correction).map(|(weight, change)| weight * change).sum::<f64>() / total;
        reached = multiply(&mut weights, 10.0, |state| 1.0 + (correction[state] - mean));
        if std::env::var_os("TRACE").is_some() {
            eprintln!("correction after {iterations}: {reached:e}");
        }
        if reached <= tolerance {
            return Ok(weights);
        }
    }
    Err(DensityError::NotConverged {
        what: "the stationary law by iteration",
        reached,
        iterations,
        remedy: "ask for a larger tolerance, or use a direct solver",
    })
}

/// Multiplies the weights, by at most `limit`, scales them to a largest of 1, and returns the largest relative change.
fn multiply(weights: &mut [f64], limit: f64, factor: impl Fn(usize) -> f64) -> f64 {
    let mut change = 0.0_f64;
    let mut largest = 0.0_f64;
    for (state, weight) in weights.iter_mut().enumerate() {
        let factor = factor(state);
        if *weight > LIGHTEST {
            change = change.max((factor - 1.0).abs());
        }
        *weight *= factor.clamp(limit.recip(), limit);
        largest = largest.max(*weight);
    }
    weights.iter_mut().for_each(|weight| *weight = (*weight / largest).max(LIGHTEST));
    change
}

fn closed(chain: &Rates, weights: &[f64]) -> Conductances {
    super::solver::scaled(chain, weights, false)
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
        return stationary_factors(matrix, factors);
    }
    let transposed = matrix.transposed();
    relax(matrix, &transposed, factors);
    let relaxed = matrix.scaled_rows(factors);
    if aggregates.len() == level {
        let symmetric = relaxed.symmetric_part(&relaxed.transposed());
        aggregates.push(Aggregates::pairwise(&symmetric, 2));
    }
    let coarse = relaxed.aggregated(&aggregates[level].of, &aggregates[level].members);
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
        if inflow > 0.0 {
            factors[state] = inflow / matrix.diagonal()[state];
        }
    };
    (0..matrix.states()).for_each(&mut update);
    (0..matrix.states()).rev().for_each(&mut update);
}

fn stationary_factors(matrix: &Conductances, factors: &mut [f64]) -> Result<(), DensityError> {
    let last = matrix.states() - 1;
    let mut builder = RatesBuilder::new();
    let mut source = vec![0.0; last];
    for state in 0..=last {
        let (targets, values) = matrix.row(state);
        for (&target, &value) in targets.iter().zip(values) {
            let target = target as usize;
            match (state == last, target == last) {
                (true, _) => source[target] = value,
                (_, true) => builder.exit(value),
                _ => builder.rate(target, value),
            }
        }
        if state < last {
            builder.finish_state([0; 3]);
        }
    }
    factors[last] = 1.0;
    DenseElimination::new(&builder.finish()?)?.forward(&source, &mut factors[..last])
}

/// That every state can reach every other: all from state 0, forwards and backwards.
fn connected(chain: &Rates, incoming: &Incoming) -> Result<(), DensityError> {
    let reaches = |row: &dyn Fn(usize) -> Vec<u32>| {
        let mut seen = vec![false; chain.states()];
        let mut open = vec![0_u32];
        if let Some(first) = seen.first_mut() {
            *first = true;
        }
        while let Some(state) = open.pop() {
            for next in row(state as usize) {
                if !std::mem::replace(&mut seen[next as usize], true) {
                    open.push(next);
                }
            }
        }
        seen.iter().position(|seen| !seen)
    };
    let remedy = "restrict the chain to one part, or use noise in every direction";
    if let Some(state) = reaches(&|state| incoming.row(state).0.to_vec()) {
        return Err(DensityError::Unreachable { state, what: "state 0", remedy });
    }
    match reaches(&|state| chain.row(state).0.to_vec()) {
        None => Ok(()),
        Some(_) => Err(DensityError::Unreachable { state: 0, what: "every other state", remedy }),
    }
}
