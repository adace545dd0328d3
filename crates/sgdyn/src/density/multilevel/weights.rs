//! Weights that balance a chain: its stationary law without exits.

use super::super::{DensityError, Rates};
use super::galerkin::Effort;
use super::hierarchy::{Hierarchy, Side};
use super::matrix::Conductances;
use super::precise::Incoming;

/// The heaviest weight: its square must be representable.
pub(super) const HEAVIEST: f64 = 1e130;
/// The lightest weight.
pub(super) const LIGHTEST: f64 = 1e-280;
/// A pair joined in one direction only counts as a ratio of rates of this logarithm.
const ONE_WAY: f64 = 5.0;
/// Larger logarithms of ratios count as this: a strong circulation must not outweigh the gradient.
const STEEPEST: f64 = 20.0;
/// What holds the logarithms of a part that hangs together with nothing else.
const ANCHOR: f64 = 1e-9;
/// Detailed balance must hold to this on every pair for a chain to count as reversible.
const BALANCE: f64 = 1e-10;

/// The weight that lies a logarithm below the heaviest.
fn weight(logarithm: f64) -> f64 {
    (logarithm + HEAVIEST.ln()).exp().max(LIGHTEST)
}

/// `ln(a/b)` of positive numbers, where a/b itself may overflow.
fn logarithm_of_ratio(a: f64, b: f64) -> f64 {
    let ratio = a / b;
    if ratio.is_normal() { ratio.ln() } else { a.ln() - b.ln() }
}

/// The weights by which a reversible chain without its exits is in detailed balance, `w_i r_ij = w_j r_ji`, the largest of
/// each connected part being [`HEAVIEST`]; none where it is not reversible.
pub(super) fn detailed_balance(chain: &Rates, incoming: &Incoming) -> Option<Vec<f64>> {
    const UNSEEN: f64 = f64::INFINITY;
    let states = chain.states();
    let mut logarithms = vec![UNSEEN; states];
    let mut queue: Vec<u32> = Vec::with_capacity(states);
    for root in 0..states {
        if logarithms[root] != UNSEEN {
            continue;
        }
        logarithms[root] = 0.0;
        let first = queue.len();
        queue.push(root as u32);
        let mut next = first;
        let mut largest = 0.0_f64;
        while next < queue.len() {
            let state = queue[next] as usize;
            next += 1;
            let here = logarithms[state];
            largest = largest.max(here);
            let mut paired = 0;
            let (targets, rates) = chain.row(state);
            for (&target, &rate) in targets.iter().zip(rates) {
                let other = target as usize;
                if other == state {
                    continue;
                }
                let (sources, back) = incoming.row(state);
                let position = sources.binary_search(&target).ok()?;
                paired += 1;
                let there = here + logarithm_of_ratio(rate, back[position]);
                if logarithms[other] == UNSEEN {
                    logarithms[other] = there;
                    queue.push(target);
                } else if (logarithms[other] - there).abs() > BALANCE {
                    return None;
                }
            }
            if paired != incoming.row(state).0.len() {
                return None;
            }
        }
        for &state in &queue[first..] {
            logarithms[state as usize] -= largest;
        }
    }
    Some(logarithms.into_iter().map(weight).collect())
}

/// The weights whose ratios come closest to those of detailed balance, least squares of logarithms over all pairs: the
/// part of the drift that is a gradient, and a start for what is left.
pub(super) fn best_potential(chain: &Rates, incoming: &Incoming) -> Result<Vec<f64>, DensityError> {
    let states = chain.states();
    let mut residual = vec![0.0; states];
    let graph = Conductances::from_rows(states, chain.entries(), |state, entries| {
        let (targets, rates) = chain.row(state);
        let (sources, back) = incoming.row(state);
        for (&target, &rate) in targets.iter().zip(rates) {
            if target as usize == state {
                continue;
            }
            let ratio = match sources.binary_search(&target) {
                Ok(position) => logarithm_of_ratio(back[position], rate).clamp(-STEEPEST, STEEPEST),
                Err(_) => -ONE_WAY,
            };
            residual[state] += ratio;
            entries.push((target, 1.0));
        }
        for &source in sources {
            if chain.row(state).0.binary_search(&source).is_err() {
                residual[state] += ONE_WAY;
                entries.push((source, 1.0));
            }
        }
        ANCHOR
    });
    let hierarchy = Hierarchy::new(graph, true)?;
    let mut logarithms = vec![0.0; states];
    let effort = Effort { reduction: 1e-4, iterations: 40, kept: 3 };
    hierarchy.improve(Side::Backward, &mut residual, &mut logarithms, effort)?;
    let largest = logarithms.iter().fold(f64::NEG_INFINITY, |largest, &value| largest.max(value));
    Ok(logarithms.into_iter().map(|value| weight(value - largest)).collect())
}
