//! Residuals in twice the working precision.
//!
//! A mean time τ stored in f64 has a residual of 1e-16 · departure · τ, which at low temperature exceeds the right side
//! itself: no f64 vector has a small one. Held as a sum of two f64 and with its residual summed likewise, τ can be
//! refined until the residual bounds the error.

use rayon::prelude::*;

use super::super::Rates;
use super::vectors::chunk_length;

/// An unevaluated sum of two f64: 32 digits (T. J. Dekker, *Numer. Math.* 18, 224 (1971)).
#[derive(Clone, Copy, Debug, Default)]
struct Double {
    high: f64,
    low: f64,
}

impl Double {
    fn sum(a: f64, b: f64) -> Self {
        let high = a + b;
        let shadow = high - a;
        Self { high, low: (a - (high - shadow)) + (b - shadow) }
    }

    fn plus(self, other: Self) -> Self {
        let sum = Self::sum(self.high, other.high);
        let tail = Self::sum(self.low, other.low);
        let sum = Self::renormalised(sum.high, sum.low + tail.high);
        Self::renormalised(sum.high, sum.low + tail.low)
    }

    /// Requires |high| ≥ |low|.
    fn renormalised(high: f64, low: f64) -> Self {
        let sum = high + low;
        Self { high: sum, low: low - (sum - high) }
    }

    fn times(self, factor: f64) -> Self {
        let product = self.high * factor;
        let (a, b) = (split(self.high), split(factor));
        // Without a fused multiply-add in the baseline processor, the splitting is faster than its emulation.
        let error = ((a.0 * b.0 - product) + a.0 * b.1 + a.1 * b.0) + a.1 * b.1;
        Self::renormalised(product, error + self.low * factor)
    }

    fn minus(self, other: Self) -> Self {
        self.plus(Self { high: -other.high, low: -other.low })
    }
}

/// The upper and lower 26 bits.
fn split(value: f64) -> (f64, f64) {
    let scaled = 134_217_729.0 * value;
    let upper = scaled - (scaled - value);
    (upper, value - upper)
}

/// A vector held as sums of two f64.
#[derive(Clone, Debug)]
pub(super) struct PreciseVector {
    values: Vec<Double>,
}

impl PreciseVector {
    pub(super) fn zero(states: usize) -> Self {
        Self { values: vec![Double::default(); states] }
    }

    pub(super) fn add(&mut self, change: impl Fn(usize) -> f64) {
        for (state, value) in self.values.iter_mut().enumerate() {
            *value = value.plus(Double { high: change(state), low: 0.0 });
        }
    }

    pub(super) fn rounded(&self, state: usize) -> f64 {
        self.values[state].high
    }

    /// Writes `right + L x`.
    pub(super) fn backward_residual(&self, chain: &Rates, right: &[f64], out: &mut [f64]) {
        in_pieces(out, |state| {
            let here = self.values[state];
            let mut sum = Double { high: right[state], low: 0.0 }.minus(here.times(chain.exits()[state]));
            let (targets, rates) = chain.row(state);
            for (&target, &rate) in targets.iter().zip(rates) {
                sum = sum.plus(self.values[target as usize].minus(here).times(rate));
            }
            sum.high
        });
    }

    /// Writes `right + Lᵀ x`.
    pub(super) fn forward_residual(
        &self,
        chain: &Rates,
        incoming: &Incoming,
        right: &[f64],
        out: &mut [f64],
    ) {
        in_pieces(out, |state| {
            let here = self.values[state];
            let mut sum = Double { high: right[state], low: 0.0 }.minus(here.times(chain.exits()[state]));
            let (targets, rates) = chain.row(state);
            for (&target, &rate) in targets.iter().zip(rates) {
                if target as usize != state {
                    sum = sum.minus(here.times(rate));
                }
            }
            let (sources, rates) = incoming.row(state);
            for (&source, &rate) in sources.iter().zip(rates) {
                sum = sum.plus(self.values[source as usize].times(rate));
            }
            sum.high
        });
    }
}

fn in_pieces(out: &mut [f64], value: impl Fn(usize) -> f64 + Sync) {
    let length = chunk_length(out.len());
    out.par_chunks_mut(length).enumerate().for_each(|(piece, out)| {
        for (offset, out) in out.iter_mut().enumerate() {
            *out = value(piece * length + offset);
        }
    });
}

/// The rates into each state.
#[derive(Clone, Debug)]
pub(super) struct Incoming {
    starts: Vec<usize>,
    sources: Vec<u32>,
    rates: Vec<f64>,
}

impl Incoming {
    pub(super) fn new(chain: &Rates) -> Self {
        let states = chain.states();
        let mut starts = vec![0; states + 1];
        let others = |state: usize| {
            let (targets, rates) = chain.row(state);
            targets.iter().zip(rates).filter(move |(target, _)| **target as usize != state)
        };
        for state in 0..states {
            for (&target, _) in others(state) {
                starts[target as usize + 1] += 1;
            }
        }
        for state in 0..states {
            starts[state + 1] += starts[state];
        }
        let mut next = starts.clone();
        let (mut sources, mut rates) = (vec![0; starts[states]], vec![0.0; starts[states]]);
        for state in 0..states {
            for (&target, &rate) in others(state) {
                let place = &mut next[target as usize];
                sources[*place] = state as u32;
                rates[*place] = rate;
                *place += 1;
            }
        }
        Self { starts, sources, rates }
    }

    pub(super) fn row(&self, state: usize) -> (&[u32], &[f64]) {
        let range = self.starts[state]..self.starts[state + 1];
        (&self.sources[range.clone()], &self.rates[range])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_keep_thirty_digits() {
        // (1 + 2⁻⁵²)·(1 + 2⁻⁵²) − 1 − 2⁻⁵¹ = 2⁻¹⁰⁴ exactly: lost in f64.
        let value = 1.0 + f64::EPSILON;
        let square = Double { high: value, low: 0.0 }.times(value);
        let rest =
            square.minus(Double { high: 1.0, low: 0.0 }).minus(Double { high: 2.0 * f64::EPSILON, low: 0.0 });
        assert_eq!(rest.high, f64::EPSILON * f64::EPSILON);
    }
}
