//! A Markov chain in continuous time between the cells of a grid.

use super::DensityError;

/// Rates between states 0 … n−1, and out of the chain for ever.
///
/// The generator is `(L f)_i = Σ_j r_ij (f_j − f_i) − e_i f_i` with rates `r_ij ≥ 0` and exits `e_i ≥ 0`; the master
/// equation of the masses p is `dp_j/dt = Σ_i p_i r_ij − p_j (e_j + Σ_k r_jk)`. Only r and e are stored: diagonals are
/// sums of them, never differences.
#[derive(Clone, Debug, PartialEq)]
pub struct Rates {
    starts: Vec<usize>,
    targets: Vec<u32>,
    values: Vec<f64>,
    exits: Vec<f64>,
    places: Vec<[u32; 3]>,
}

impl Rates {
    /// The number of states.
    pub fn states(&self) -> usize {
        self.exits.len()
    }

    /// The number of rates stored.
    pub fn entries(&self) -> usize {
        self.values.len()
    }

    /// Where state `state` can go, and at which rates; targets ascend.
    pub fn row(&self, state: usize) -> (&[u32], &[f64]) {
        let range = self.starts[state]..self.starts[state + 1];
        (&self.targets[range.clone()], &self.values[range])
    }

    /// The rates at which states leave the chain, `[states]`.
    pub fn exits(&self) -> &[f64] {
        &self.exits
    }

    /// The place of each state on the grid, `[states]`: what geometric orderings go by.
    pub fn places(&self) -> &[[u32; 3]] {
        &self.places
    }

    /// `e_i + Σ_j r_ij`: the rate at which a state is left.
    pub fn departure(&self, state: usize) -> f64 {
        self.row(state).1.iter().sum::<f64>() + self.exits[state]
    }

    /// The same chain, killed in addition at `rate` everywhere: its resolvent is `(rate − L)⁻¹`.
    pub fn killed(&self, rate: f64) -> Self {
        let exits = self.exits.iter().map(|exit| exit + rate).collect();
        Self { exits, ..self.clone() }
    }

    /// The chain on the states that `keep`; what led to the others leads out. Also returns the old numbers of the states
    /// kept.
    pub fn restricted(&self, keep: impl Fn(usize) -> bool) -> (Self, Vec<usize>) {
        const GONE: u32 = u32::MAX;
        let kept: Vec<usize> = (0..self.states()).filter(|&state| keep(state)).collect();
        let mut number = vec![GONE; self.states()];
        for (new, &old) in kept.iter().enumerate() {
            number[old] = new as u32;
        }
        let mut builder = RatesBuilder::new();
        for &old in &kept {
            let (targets, values) = self.row(old);
            let mut exit = self.exits[old];
            for (&target, &value) in targets.iter().zip(values) {
                match number[target as usize] {
                    GONE => exit += value,
                    target => builder.rate(target as usize, value),
                }
            }
            builder.exit(exit);
            builder.finish_state(self.places[old]);
        }
        (builder.finish_unchecked(), kept)
    }
}

/// Builds [`Rates`] state by state.
#[derive(Clone, Debug, Default)]
pub struct RatesBuilder {
    starts: Vec<usize>,
    row: Vec<(u32, f64)>,
    exit: f64,
    targets: Vec<u32>,
    values: Vec<f64>,
    exits: Vec<f64>,
    places: Vec<[u32; 3]>,
}

impl RatesBuilder {
    /// No state yet.
    pub fn new() -> Self {
        Self { starts: vec![0], ..Self::default() }
    }

    /// Adds to the rate from the state in progress to `target`; a rate of zero is dropped.
    pub fn rate(&mut self, target: usize, value: f64) {
        if value != 0.0 {
            self.row.push((target as u32, value));
        }
    }

    /// Adds to the rate at which the state in progress leaves the chain.
    pub fn exit(&mut self, value: f64) {
        self.exit += value;
    }

    /// Ends the state in progress, which lies at `place` on the grid.
    pub fn finish_state(&mut self, place: [u32; 3]) {
        self.row.sort_unstable_by_key(|entry| entry.0);
        let first = self.targets.len();
        for &(target, value) in &self.row {
            if self.targets.len() > first && self.targets.last() == Some(&target) {
                let last = self.values.len() - 1;
                self.values[last] += value;
            } else {
                self.targets.push(target);
                self.values.push(value);
            }
        }
        self.row.clear();
        self.starts.push(self.targets.len());
        self.exits.push(std::mem::take(&mut self.exit));
        self.places.push(place);
    }

    /// The chain.
    ///
    /// # Errors
    /// A rate that is negative, infinite or NaN.
    pub fn finish(self) -> Result<Rates, DensityError> {
        let bad = |value: f64| !(value >= 0.0 && value.is_finite());
        for state in 0..self.exits.len() {
            let range = self.starts[state]..self.starts[state + 1];
            for (&target, &value) in self.targets[range.clone()].iter().zip(&self.values[range]) {
                if bad(value) {
                    return Err(DensityError::Rate { from: state, to: target as usize, value });
                }
            }
            if bad(self.exits[state]) {
                return Err(DensityError::Rate { from: state, to: state, value: self.exits[state] });
            }
        }
        Ok(self.finish_unchecked())
    }

    fn finish_unchecked(self) -> Rates {
        let Self { starts, targets, values, exits, places, .. } = self;
        Rates { starts, targets, values, exits, places }
    }
}
