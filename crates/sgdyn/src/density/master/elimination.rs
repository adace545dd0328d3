//! Elimination without subtractions in a band.

use crate::density::{DenseElimination, DensityError, Rates, Resolvent};

/// [`DenseElimination`] in the band of the chain: n·w² operations and 2nw numbers for n states that go at most w
/// states far. A step of SGD goes a few deviations of its noise far, and w is small where η is.
#[derive(Clone, Debug)]
pub struct BandElimination {
    half_band: usize,
    /// Row i, column j at `i·(2·half_band + 1) + j + half_band − i`.
    band: Vec<f64>,
    departures: Vec<f64>,
}

/// Memory that an elimination may take.
const MOST_MEBIBYTES: usize = 4096;

impl BandElimination {
    /// Eliminates the states from the last to the first.
    ///
    /// # Errors
    /// A state that cannot leave the chain; a band that does not fit into 4 GiB.
    pub fn new(chain: &Rates) -> Result<Self, DensityError> {
        let mut exits = chain.exits().to_vec();
        let (half_band, mut band) = banded(chain)?;
        let states = chain.states();
        let width = 2 * half_band + 1;
        let mut departures = vec![0.0; states];
        for pivot in (0..states).rev() {
            let departure = eliminate(&mut band, half_band, pivot, Some(&mut exits));
            if departure.is_nan() || departure <= 0.0 {
                let remedy = "let mass be lost outside, name a target, or ask for the stationary law";
                return Err(DensityError::Unreachable { state: pivot, what: "any exit", remedy });
            }
            departures[pivot] = departure;
        }
        debug_assert_eq!(band.len(), states * width);
        Ok(Self { half_band, band, departures })
    }

    /// Entries of row `state` towards the states before it.
    fn before(&self, state: usize) -> (usize, &[f64]) {
        let width = 2 * self.half_band + 1;
        let first = state.saturating_sub(self.half_band);
        (first, &self.band[state * width + first + self.half_band - state..state * width + self.half_band])
    }

    fn towards(&self, from: usize, to: usize) -> f64 {
        self.band[from * (2 * self.half_band + 1) + to + self.half_band - from]
    }
}

impl Resolvent for BandElimination {
    fn backward(&self, right: &[f64], out: &mut [f64]) -> Result<(), DensityError> {
        let states = self.departures.len();
        out.copy_from_slice(right);
        for pivot in (0..states).rev() {
            let scaled = out[pivot] / self.departures[pivot];
            let first = pivot.saturating_sub(self.half_band);
            for (state, value) in out[..pivot].iter_mut().enumerate().skip(first) {
                *value += self.towards(state, pivot) * scaled;
            }
        }
        for state in 0..states {
            let (first, row) = self.before(state);
            let gained: f64 = row.iter().zip(&out[first..state]).map(|(rate, value)| rate * value).sum();
            out[state] = (out[state] + gained) / self.departures[state];
        }
        Ok(())
    }

    fn forward(&self, source: &[f64], out: &mut [f64]) -> Result<(), DensityError> {
        let states = self.departures.len();
        out.copy_from_slice(source);
        for pivot in (0..states).rev() {
            let scaled = out[pivot] / self.departures[pivot];
            let (first, row) = self.before(pivot);
            for (value, rate) in out[first..pivot].iter_mut().zip(row) {
                *value += rate * scaled;
            }
        }
        for state in 0..states {
            let first = state.saturating_sub(self.half_band);
            let gained: f64 = (first..state).map(|earlier| out[earlier] * self.towards(earlier, state)).sum();
            out[state] = (out[state] + gained) / self.departures[state];
        }
        Ok(())
    }
}

/// The elimination that suits a chain: in its band, or dense where the band is as wide as the chain.
///
/// # Errors
/// As [`BandElimination::new`].
pub(super) fn resolvent(chain: &Rates) -> Result<Box<dyn Resolvent>, DensityError> {
    if 2 * half_band(chain) + 1 < chain.states() {
        return Ok(Box::new(BandElimination::new(chain)?));
    }
    check_memory(chain.states(), chain.states())?;
    Ok(Box::new(DenseElimination::new(chain)?))
}

/// The stationary law of a closed chain whose states all reach each other, by elimination.
pub(super) fn stationary_by_elimination(chain: &Rates) -> Result<Vec<f64>, DensityError> {
    let (half_band, mut band) = banded(chain)?;
    let (states, width) = (chain.states(), 2 * half_band + 1);
    let mut departures = vec![1.0; states];
    for pivot in (1..states).rev() {
        departures[pivot] = eliminate(&mut band, half_band, pivot, None);
        if departures[pivot].is_nan() || departures[pivot] <= 0.0 {
            let remedy = "the chain falls apart";
            return Err(DensityError::Unreachable { state: pivot, what: "the states before it", remedy });
        }
    }
    let mut law = vec![0.0; states];
    law[0] = 1.0;
    for state in 1..states {
        let first = state.saturating_sub(half_band);
        let gained: f64 = (first..state)
            .map(|earlier| law[earlier] * band[earlier * width + state + half_band - earlier])
            .sum();
        law[state] = gained / departures[state];
        if law[state] > 1e100 {
            law[..=state].iter_mut().for_each(|mass| *mass *= 1e-100);
        }
    }
    let total: f64 = law.iter().sum();
    for mass in &mut law {
        *mass /= total;
    }
    Ok(law)
}

/// Sends what arrives at `pivot` on to where it leads; gives the rate at which `pivot` is left towards earlier states.
fn eliminate(band: &mut [f64], half_band: usize, pivot: usize, exits: Option<&mut Vec<f64>>) -> f64 {
    let width = 2 * half_band + 1;
    let first = pivot.saturating_sub(half_band);
    let (earlier, row) = band.split_at_mut(pivot * width);
    let onward = &row[first + half_band - pivot..half_band];
    let exit = exits.as_ref().map_or(0.0, |exits| exits[pivot]);
    let departure = onward.iter().sum::<f64>() + exit;
    if departure.is_nan() || departure <= 0.0 {
        return departure;
    }
    let mut exits = exits;
    for state in first..pivot {
        let arriving = earlier[state * width + pivot + half_band - state];
        if arriving == 0.0 {
            continue;
        }
        let share = arriving / departure;
        let from = state * width + first + half_band - state;
        for (rate, &onward) in earlier[from..from + onward.len()].iter_mut().zip(onward) {
            *rate += share * onward;
        }
        if let Some(exits) = exits.as_deref_mut() {
            exits[state] += share * exit;
        }
    }
    departure
}

fn half_band(chain: &Rates) -> usize {
    (0..chain.states())
        .map(|state| {
            let (targets, _) = chain.row(state);
            let reach = |target: Option<&u32>| target.map_or(0, |&target| state.abs_diff(target as usize));
            reach(targets.first()).max(reach(targets.last()))
        })
        .max()
        .unwrap_or(0)
}

fn check_memory(states: usize, width: usize) -> Result<(), DensityError> {
    let needed_mebibytes = (states * width) >> 17;
    if needed_mebibytes <= MOST_MEBIBYTES {
        return Ok(());
    }
    // The band widens with the number of states.
    let fitting = states as f64 * (MOST_MEBIBYTES as f64 / needed_mebibytes as f64).sqrt();
    Err(DensityError::Memory {
        what: "elimination",
        cells: states,
        needed_mebibytes,
        allowed_mebibytes: MOST_MEBIBYTES,
        fitting_cells: fitting as usize,
    })
}

/// The half band and the off-diagonal rates in it. A diagonal entry of the band takes what an elimination leads back
/// to its state: it is never read.
fn banded(chain: &Rates) -> Result<(usize, Vec<f64>), DensityError> {
    let half_band = half_band(chain);
    let (states, width) = (chain.states(), 2 * half_band + 1);
    check_memory(states, width)?;
    let mut band = vec![0.0; states * width];
    for state in 0..states {
        let (targets, values) = chain.row(state);
        for (&target, &value) in targets.iter().zip(values) {
            if target as usize != state {
                band[state * width + target as usize + half_band - state] = value;
            }
        }
    }
    Ok((half_band, band))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::RatesBuilder;

    #[test]
    fn a_band_gives_what_the_full_matrix_gives() {
        // Rates without structure to at most three neighbours, a tiny exit: times of 1e12 to 13 digits.
        let mut builder = RatesBuilder::new();
        for state in 0_usize..40 {
            for target in state.saturating_sub(3)..(state + 4).min(40) {
                if target != state {
                    builder.rate(target, 1e-3 + (0.618 * (state * 40 + target) as f64).fract());
                }
            }
            builder.exit(if state == 17 { 1e-12 } else { 0.0 });
            builder.finish_state([state as u32, 0, 0]);
        }
        let chain = builder.finish().unwrap();
        let (dense, band) = (DenseElimination::new(&chain).unwrap(), BandElimination::new(&chain).unwrap());
        let right: Vec<f64> = (0..40).map(|state| f64::from(state % 3)).collect();
        let (mut one, mut other) = (vec![0.0; 40], vec![0.0; 40]);
        dense.backward(&right, &mut one).unwrap();
        band.backward(&right, &mut other).unwrap();
        assert!(one.iter().zip(&other).all(|(a, b)| (a / b - 1.0).abs() < 1e-12), "{one:?} {other:?}");
        dense.forward(&right, &mut one).unwrap();
        band.forward(&right, &mut other).unwrap();
        assert!(one.iter().zip(&other).all(|(a, b)| (a / b - 1.0).abs() < 1e-12), "{one:?} {other:?}");
        // The stationary law of the closed chain is the occupation before an exit this rare.
        let law = stationary_by_elimination(&chain).unwrap();
        let total: f64 = one.iter().sum();
        assert!(law.iter().zip(&one).all(|(p, time)| (p * total / time - 1.0).abs() < 1e-9));
    }
}
