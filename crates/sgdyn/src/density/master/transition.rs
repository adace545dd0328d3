//! The transition probabilities of a chain in steps.

use rayon::prelude::*;

use super::symmetric_law::Window;
use crate::density::{DensityError, Grid, Rates, RatesBuilder};

/// What becomes of probability that lands outside the box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// It leaves the chain for ever: it counts as an exit.
    Lost,
    /// It is put into the outermost cell that it passed: the chain conserves mass, and [`Transition::beyond`] tells
    /// how much was put there.
    Reflected,
}

/// The probabilities P_ij to go in one step from cell i, filled evenly, to cell j (S. M. Ulam, *A Collection of
/// Mathematical Problems*, 1960, §VI.4).
///
/// Off-diagonal probabilities and exits are a chain of [`Rates`]: I − P is minus its generator, so that every solve of
/// the continuous chain serves, and 1 − P_ii is never formed by a subtraction. Probabilities below 1e-30 of a row
/// are dropped. The masses p of cells, `[states]`, evolve by `p'_j = Σ_i p_i P_ij`.
///
/// Filling cells evenly after each step adds (w²/6)(1 − ηU'')² to the variance of a step, w the width of a cell: all
/// answers on uniform grids with smooth noise are of order 2 in w, with even powers only, and two grids extrapolate.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    chain: Rates,
    stays: Vec<f64>,
    beyond: Vec<f64>,
}

/// Where one state goes.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// Targets, the state itself among them; in any order, repeated targets add.
    pub(super) landings: Vec<(u32, f64)>,
    pub(super) exit: f64,
    pub(super) beyond: f64,
}

impl Row {
    /// A row of cells in one dimension with what lies beyond either end.
    pub(super) fn of_line(mut window: Window, outside: [f64; 2], cells: usize, rule: Outside) -> Self {
        let [below, above] = outside;
        let mut exit = 0.0;
        match rule {
            Outside::Lost => exit = below + above,
            Outside::Reflected => {
                for (cell, mass) in [(0, below), (cells - 1, above)] {
                    // A window must not be stretched over the whole line for mass that would be dropped.
                    if mass > SMALLEST {
                        window.cover(cell, cell + 1);
                        window.add(cell, mass);
                    }
                }
            }
        }
        let first = window.first as u32;
        let landings = window.values.iter().zip(first..).map(|(&mass, cell)| (cell, mass)).collect();
        Self { landings, exit, beyond: below + above }
    }
}

/// Below this share of a row a probability is dropped.
const SMALLEST: f64 = 1e-30;

impl Transition {
    /// Builds all rows in parallel; each is scaled to sum to 1, which it does to rounding.
    pub(super) fn assemble(
        grid: &Grid,
        row: impl Fn(usize) -> Result<Row, DensityError> + Sync,
    ) -> Result<Self, DensityError> {
        let rows: Vec<Row> = (0..grid.cells()).into_par_iter().map(&row).collect::<Result<_, _>>()?;
        let mut builder = RatesBuilder::new();
        let (mut stays, mut beyond) = (vec![0.0; rows.len()], Vec::with_capacity(rows.len()));
        for (state, row) in rows.into_iter().enumerate() {
            let total = row.exit + row.landings.iter().map(|landing| landing.1).sum::<f64>();
            if !(total > 0.5 && total < 1.5) {
                return Err(DensityError::Rate { from: state, to: state, value: total });
            }
            for (target, probability) in row.landings {
                if target as usize == state {
                    stays[state] += probability / total;
                } else if probability >= SMALLEST {
                    builder.rate(target as usize, probability / total);
                }
            }
            builder.exit(row.exit / total);
            builder.finish_state(grid.place(state).map(|index| index as u32));
            beyond.push(row.beyond);
        }
        Ok(Self { chain: builder.finish()?, stays, beyond })
    }

    /// The number of states.
    pub fn states(&self) -> usize {
        self.stays.len()
    }

    /// Off-diagonal probabilities and exits, as a chain whose generator is P − I.
    pub fn chain(&self) -> &Rates {
        &self.chain
    }

    /// The probabilities P_ii to stay, `[states]`.
    pub fn stays(&self) -> &[f64] {
        &self.stays
    }

    /// The probability to land outside the box in one step, `[states]`: lost or put into the edge cells.
    pub fn beyond(&self) -> &[f64] {
        &self.beyond
    }

    /// Writes the masses after one step to `out`, `[states]`, and gives the mass that left the chain.
    pub fn advance(&self, masses: &[f64], out: &mut [f64]) -> f64 {
        for ((out, mass), stay) in out.iter_mut().zip(masses).zip(&self.stays) {
            *out = mass * stay;
        }
        let mut lost = 0.0;
        for (state, &mass) in masses.iter().enumerate() {
            if mass == 0.0 {
                continue;
            }
            let (targets, values) = self.chain.row(state);
            for (&target, value) in targets.iter().zip(values) {
                out[target as usize] += mass * value;
            }
            lost += mass * self.chain.exits()[state];
        }
        lost
    }

    /// Writes `E[f(next) | now]` to `out`, `[states]`; f is 0 where the chain was left.
    pub fn expectation(&self, values: &[f64], out: &mut [f64]) {
        out.par_iter_mut().enumerate().with_min_len(64).for_each(|(state, out)| {
            let (targets, probabilities) = self.chain.row(state);
            let onward: f64 =
                targets.iter().zip(probabilities).map(|(&target, p)| p * values[target as usize]).sum();
            *out = onward + self.stays[state] * values[state];
        });
    }

    /// The chain that is left for ever on reaching a state that does not `keep`. Also returns the old numbers of the
    /// states kept.
    ///
    /// # Errors
    /// A target that holds every state or none.
    pub fn restricted(&self, keep: impl Fn(usize) -> bool) -> Result<(Self, Vec<usize>), DensityError> {
        let (chain, kept) = self.chain.restricted(keep);
        let covered = self.states() - kept.len();
        if covered == 0 || kept.is_empty() {
            return Err(DensityError::Target { covered, cells: self.states() });
        }
        let of_kept = |values: &[f64]| kept.iter().map(|&state| values[state]).collect();
        Ok((Self { chain, stays: of_kept(&self.stays), beyond: of_kept(&self.beyond) }, kept))
    }
}
