//! The stationary law of a closed chain.

use super::elimination::Pattern;
use super::solver::rate_between;
use super::{DensityError, Rates, Resolvent, sums};

/// 2⁻¹⁰⁰⁰: the mass given to the state of reference when with mass 1 the others would overflow.
const TINY: f64 = f64::from_bits(23 << 52);

/// The stationary law of a closed chain by renewal at one state; `None` where `resolvent` gives none.
///
/// With a state of reference s made the only exit, π_j / π_s is the mean time spent in j between a departure from s, at
/// unit rate, and the return: a solve without subtractions from the rates out of s. Any state of the one closed class can
/// be s; one near a local maximum of π is taken, so that ratios underflow, to a mass of 0, rather than overflow. States
/// outside the closed class have mass 0.
///
/// # Errors
/// A chain without states or with an exit; two states of different closed classes (one is named: it cannot reach the
/// other); those of `resolvent`.
pub(super) fn stationary_by_renewal(
    chain: &Rates,
    resolvent: impl FnOnce(&Rates) -> Result<Option<Box<dyn Resolvent>>, DensityError>,
) -> Result<Option<Vec<f64>>, DensityError> {
    let states = chain.states();
    if states == 0 {
        return Err(DensityError::OutOfRange { name: "states", value: 0.0, allowed: "at least 1 state" });
    }
    if let Some(&value) = chain.exits().iter().find(|&&exit| exit > 0.0) {
        let allowed =
            "a chain without exits (reflecting or periodic faces), or ask for the quasi-stationary law";
        return Err(DensityError::OutOfRange { name: "rate of exit", value, allowed });
    }
    if states == 1 {
        return Ok(Some(vec![1.0]));
    }
    let reference = reference(chain)?;
    let (open, kept) = chain.restricted(|state| state != reference);
    let Some(solver) = resolvent(&open)? else { return Ok(None) };
    let mut source = vec![0.0; states - 1];
    let (targets, values) = chain.row(reference);
    for (&target, &value) in targets.iter().zip(values) {
        if target as usize != reference {
            source[target as usize - usize::from(target as usize > reference)] = value;
        }
    }
    let mut masses = vec![0.0; states - 1];
    let mut own = 1.0;
    solver.forward(&source, &mut masses)?;
    let mut total = own + sums::sum(&masses);
    if !total.is_finite() {
        own = TINY;
        for value in &mut source {
            *value *= TINY;
        }
        solver.forward(&source, &mut masses)?;
        total = own + sums::sum(&masses);
    }
    if !total.is_finite() {
        return Err(DensityError::OutOfRange {
            name: "ratio of the largest mass to that of the state of reference",
            value: total,
            allowed: "a chain whose local maxima differ by less than a factor of 1e600: raise the temperature, or narrow the box",
        });
    }
    let mut law = vec![0.0; states];
    law[reference] = own / total;
    for (&state, mass) in kept.iter().zip(masses) {
        law[state] = mass / total;
    }
    Ok(Some(law))
}

/// A state that all others can reach, near a local maximum of the stationary law.
fn reference(chain: &Rates) -> Result<usize, DensityError> {
    let pattern = Pattern::new(chain);
    let states = chain.states();
    // Searching against the rates, the last state from which a search has to start is the only one that all may reach.
    let mut seen = vec![false; states];
    let mut last = 0;
    for state in 0..states {
        if !seen[state] {
            last = state;
            search(&pattern, state, &mut seen);
        }
    }
    seen.fill(false);
    search(&pattern, last, &mut seen);
    if let Some(state) = seen.iter().position(|&seen| !seen) {
        return Err(DensityError::Unreachable {
            state,
            what: "all parts of the chain, which has more than one closed class",
            remedy: "ask for the stationary law of one class at a time, or raise the temperature",
        });
    }
    // Uphill: to where more goes than comes back.
    let mut at = last;
    for _ in 0..states {
        let (targets, values) = chain.row(at);
        let gain = |(&target, &value): (&u32, &f64)| {
            (target as usize, value / rate_between(chain, target as usize, at))
        };
        let best = targets.iter().zip(values).filter(|&(&target, _)| target as usize != at).map(gain);
        match best.max_by(|a, b| a.1.total_cmp(&b.1)) {
            Some((target, ratio)) if ratio > 1.0 => at = target,
            _ => break,
        }
    }
    Ok(at)
}

/// Marks all states that can reach `state` and are not marked yet.
fn search(pattern: &Pattern, state: usize, seen: &mut [bool]) {
    let mut open = vec![state as u32];
    seen[state] = true;
    while let Some(state) = open.pop() {
        for &(source, _) in pattern.sources(state) {
            if !std::mem::replace(&mut seen[source as usize], true) {
                open.push(source);
            }
        }
    }
}
