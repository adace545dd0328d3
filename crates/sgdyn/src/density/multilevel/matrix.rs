//! The M-matrices of all levels: conductances between states and out, diagonals as sums.

use rayon::prelude::*;

use super::vectors::chunk_length;

/// The matrix `(B x)_i = Σ_j c_ij (x_i − x_j) + k_i x_i` with `c, k ≥ 0`.
///
/// Written with differences, because on metastable chains x is nearly constant over whole wells: there the differences
/// are exact, while a stored diagonal would cancel.
#[derive(Clone, Debug, Default)]
pub(super) struct Conductances {
    starts: Vec<usize>,
    targets: Vec<u32>,
    values: Vec<f64>,
    excess: Vec<f64>,
    diagonal: Vec<f64>,
}

impl Conductances {
    /// The matrix of rows given one after another; entries of one row and target are added, the diagonal is ignored.
    pub(super) fn from_rows(
        states: usize,
        entries: usize,
        mut row: impl FnMut(usize, &mut Vec<(u32, f64)>) -> f64,
    ) -> Self {
        let mut matrix = Self {
            starts: Vec::with_capacity(states + 1),
            targets: Vec::with_capacity(entries),
            values: Vec::with_capacity(entries),
            excess: Vec::with_capacity(states),
            diagonal: Vec::with_capacity(states),
        };
        matrix.starts.push(0);
        let mut entries = Vec::new();
        for state in 0..states {
            entries.clear();
            let excess = row(state, &mut entries);
            // Stable, so that equal targets are added in the order given.
            entries.sort_by_key(|entry| entry.0);
            let first = matrix.targets.len();
            for &(target, value) in &entries {
                if target as usize == state || value == 0.0 {
                    continue;
                }
                if matrix.targets.len() > first && matrix.targets.last() == Some(&target) {
                    let last = matrix.values.len() - 1;
                    matrix.values[last] += value;
                } else {
                    matrix.targets.push(target);
                    matrix.values.push(value);
                }
            }
            let sum: f64 = matrix.values[first..].iter().sum();
            matrix.starts.push(matrix.targets.len());
            matrix.excess.push(excess);
            matrix.diagonal.push(sum + excess);
        }
        matrix
    }

    pub(super) fn states(&self) -> usize {
        self.excess.len()
    }

    pub(super) fn entries(&self) -> usize {
        self.values.len()
    }

    pub(super) fn row(&self, state: usize) -> (&[u32], &[f64]) {
        let range = self.starts[state]..self.starts[state + 1];
        (&self.targets[range.clone()], &self.values[range])
    }

    pub(super) fn excess(&self) -> &[f64] {
        &self.excess
    }

    pub(super) fn diagonal(&self) -> &[f64] {
        &self.diagonal
    }

    /// The transpose.
    pub(super) fn transposed(&self) -> Self {
        let (states, entries) = (self.states(), self.entries());
        let mut starts = vec![0; states + 1];
        for &target in &self.targets {
            starts[target as usize + 1] += 1;
        }
        for state in 0..states {
            starts[state + 1] += starts[state];
        }
        let mut next = starts.clone();
        let (mut targets, mut values) = (vec![0; entries], vec![0.0; entries]);
        for state in 0..states {
            let (columns, row) = self.row(state);
            for (&column, &value) in columns.iter().zip(row) {
                let place = &mut next[column as usize];
                targets[*place] = state as u32;
                values[*place] = value;
                *place += 1;
            }
        }
        // What a column lacks: equal to the row's excess where the weights balance the chain exactly.
        let excess = (0..states)
            .map(|state| self.diagonal[state] - values[starts[state]..starts[state + 1]].iter().sum::<f64>())
            .collect();
        Self { starts, targets, values, excess, diagonal: self.diagonal.clone() }
    }

    /// `diag(factors) B`.
    pub(super) fn scaled_rows(&self, factors: &[f64]) -> Self {
        let scale =
            |values: &[f64]| values.iter().zip(factors).map(|(value, factor)| value * factor).collect();
        let values = (0..self.states())
            .flat_map(|state| self.row(state).1.iter().map(move |value| value * factors[state]))
            .collect();
        Self {
            starts: self.starts.clone(),
            targets: self.targets.clone(),
            values,
            excess: scale(&self.excess),
            diagonal: scale(&self.diagonal),
        }
    }

    /// `(B + Bᵀ)/2`: what the aggregates are chosen by.
    pub(super) fn symmetric_part(&self, transposed: &Self) -> Self {
        Self::from_rows(self.states(), self.entries(), |state, entries| {
            for matrix in [self, transposed] {
                let (targets, values) = matrix.row(state);
                entries.extend(targets.iter().zip(values).map(|(&target, value)| (target, 0.5 * value)));
            }
            self.excess[state]
        })
    }

    /// The Galerkin matrix `Pᵀ B P` on aggregates: sums of conductances, no subtraction.
    pub(super) fn aggregated(&self, aggregate_of: &[u32], members: &[Vec<u32>]) -> Self {
        Self::from_rows(members.len(), self.entries() / 2, |aggregate, entries| {
            let mut excess = 0.0;
            for &member in &members[aggregate] {
                let (targets, values) = self.row(member as usize);
                for (&target, &value) in targets.iter().zip(values) {
                    match aggregate_of[target as usize] {
                        // A state left out stays at zero on the coarse level: what leads there leads out.
                        u32::MAX => excess += value,
                        target => entries.push((target, value)),
                    }
                }
                excess += self.excess[member as usize];
            }
            excess
        })
    }

    /// Writes `B x`.
    pub(super) fn apply(&self, x: &[f64], out: &mut [f64]) {
        self.rows_into(out, |_, row| row, x);
    }

    /// Writes `right − B x`.
    pub(super) fn residual(&self, right: &[f64], x: &[f64], out: &mut [f64]) {
        self.rows_into(out, |state, row| right[state] - row, x);
    }

    fn rows_into(&self, out: &mut [f64], finish: impl Fn(usize, f64) -> f64 + Sync, x: &[f64]) {
        let compute = |first: usize, out: &mut [f64]| {
            for (offset, value) in out.iter_mut().enumerate() {
                let state = first + offset;
                let (targets, conductances) = self.row(state);
                let here = x[state];
                let mut sum = self.excess[state] * here;
                for (&target, conductance) in targets.iter().zip(conductances) {
                    sum += conductance * (here - x[target as usize]);
                }
                *value = finish(state, sum);
            }
        };
        let length = chunk_length(out.len());
        if length >= out.len() {
            return compute(0, out);
        }
        out.par_chunks_mut(length).enumerate().for_each(|(chunk, out)| compute(chunk * length, out));
    }

    /// Writes `x = L⁻¹ right`, one forward Gauss–Seidel sweep from zero. States are cut into chunks that see each other's
    /// start values only: their number depends on the matrix, never on the threads.
    pub(super) fn sweep_forward(&self, right: &[f64], x: &mut [f64]) {
        let length = chunk_length(x.len());
        let sweep = |first: usize, x: &mut [f64]| {
            for offset in 0..x.len() {
                let state = first + offset;
                let (targets, conductances) = self.row(state);
                let mut sum = right[state];
                for (&target, conductance) in targets.iter().zip(conductances) {
                    let target = target as usize;
                    if target >= state {
                        break;
                    }
                    if target >= first {
                        sum += conductance * x[target - first];
                    }
                }
                x[offset] = sum / self.diagonal[state];
            }
        };
        if length >= x.len() {
            return sweep(0, x);
        }
        x.par_chunks_mut(length).enumerate().for_each(|(chunk, x)| sweep(chunk * length, x));
    }

    /// Adds `U⁻¹ right` to x, one backward Gauss–Seidel sweep on the residual `right`, which is overwritten.
    pub(super) fn sweep_backward(&self, right: &mut [f64], x: &mut [f64]) {
        let length = chunk_length(x.len());
        let sweep = |first: usize, right: &mut [f64], x: &mut [f64]| {
            for offset in (0..x.len()).rev() {
                let state = first + offset;
                let (targets, conductances) = self.row(state);
                let mut sum = right[offset];
                for (&target, conductance) in targets.iter().zip(conductances).rev() {
                    let target = target as usize;
                    if target <= state {
                        break;
                    }
                    if target < first + x.len() {
                        sum += conductance * right[target - first];
                    }
                }
                right[offset] = sum / self.diagonal[state];
                x[offset] += right[offset];
            }
        };
        if length >= x.len() {
            return sweep(0, right, x);
        }
        x.par_chunks_mut(length)
            .zip(right.par_chunks_mut(length))
            .enumerate()
            .for_each(|(chunk, (x, right))| sweep(chunk * length, right, x));
    }
}
