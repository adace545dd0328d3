//! Weights that balance a chain: its stationary law without exits.

use super::super::Rates;
use super::precise::Incoming;

/// Logarithms below the largest that weights keep; what is lighter still counts as this light.
const DEEPEST: f64 = -600.0;
/// Detailed balance must hold to this on every pair for a chain to count as reversible.
const BALANCE: f64 = 1e-10;

/// The weights by which a reversible chain without its exits is in detailed balance, `w_i r_ij = w_j r_ji`, the largest of
/// each connected part being 1; none where it is not reversible.
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
                if !(back[position] > 0.0) {
                    return None;
                }
                paired += 1;
                let there = here + (rate / back[position]).ln();
                if logarithms[other] == UNSEEN {
                    logarithms[other] = there;
                    queue.push(target);
                } else if !((logarithms[other] - there).abs() <= BALANCE) {
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
    Some(logarithms.into_iter().map(|logarithm| logarithm.max(DEEPEST).exp()).collect())
}
