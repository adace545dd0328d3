//! Chains with known answers, and the matrix exponential, for the tests of this room.

use super::{Rates, RatesBuilder};
use faer::Mat;

/// A birth–death chain from its rates up and down `[states]`; the first rate down and the last rate up are exits.
pub(super) fn birth_death(up: &[f64], down: &[f64]) -> Rates {
    let mut builder = RatesBuilder::new();
    for state in 0..up.len() {
        if state > 0 {
            builder.rate(state - 1, down[state]);
        } else {
            builder.exit(down[state]);
        }
        if state + 1 < up.len() {
            builder.rate(state + 1, up[state]);
        } else {
            builder.exit(up[state]);
        }
        builder.finish_state([state as u32, 0, 0]);
    }
    builder.finish().unwrap()
}

/// `x/(eˣ − 1)`.
fn bernoulli(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { x / x.exp_m1() }
}

/// The Scharfetter–Gummel chain of `dx = −U' dt + √(2D) dW` on cells between −a and a, closed; and its centres.
pub(super) fn diffusion(cells: usize, a: f64, d: f64, u: impl Fn(f64) -> f64) -> (Rates, Vec<f64>) {
    let width = 2.0 * a / cells as f64;
    let centres: Vec<f64> = (0..cells).map(|cell| -a + width * (cell as f64 + 0.5)).collect();
    let (mut up, mut down) = (vec![0.0; cells], vec![0.0; cells]);
    for cell in 0..cells - 1 {
        let rise = (u(centres[cell + 1]) - u(centres[cell])) / d;
        up[cell] = d / (width * width) * bernoulli(rise);
        down[cell + 1] = d / (width * width) * bernoulli(-rise);
    }
    (birth_death(&up, &down), centres)
}

/// The generator as a full matrix.
pub(super) fn generator(chain: &Rates) -> Mat<f64> {
    let mut matrix = Mat::zeros(chain.states(), chain.states());
    for state in 0..chain.states() {
        let (targets, rates) = chain.row(state);
        for (&target, &rate) in targets.iter().zip(rates) {
            matrix[(state, target as usize)] += rate;
        }
        matrix[(state, state)] -= chain.departure(state);
    }
    matrix
}

/// `exp(tL)` by scaling and squaring of a Taylor polynomial.
pub(super) fn exponential(chain: &Rates, time: f64) -> Mat<f64> {
    let states = chain.states();
    let fastest = (0..states).map(|state| chain.departure(state)).fold(0.0, f64::max);
    let halvings = (fastest * time).log2().ceil().max(0.0) as i32 + 3;
    let small = generator(chain) * faer::Scale(time / 2.0_f64.powi(halvings));
    let mut power = Mat::<f64>::identity(states, states);
    let mut sum = power.clone();
    for term in 1..20 {
        power = &power * &small * faer::Scale(1.0 / f64::from(term));
        sum += &power;
    }
    for _ in 0..halvings {
        sum = &sum * &sum;
    }
    sum
}

/// `exp(tLᵀ) p`.
pub(super) fn moved(chain: &Rates, start: &[f64], time: f64) -> Vec<f64> {
    let matrix = exponential(chain, time);
    (0..start.len()).map(|to| (0..start.len()).map(|from| start[from] * matrix[(from, to)]).sum()).collect()
}
