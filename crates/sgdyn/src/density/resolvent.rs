//! Solves with the generator of a chain that everything leaves.

use super::{DensityError, Rates};

/// The inverse of minus the generator, `G = (−L)⁻¹ ≥ 0`, of a chain that is left from every state.
///
/// All right-hand sides of the questions asked are non-negative, and then a direct elimination adds and multiplies
/// positive numbers only: every entry of the answer has nearly all its digits.
pub trait Resolvent: Sync {
    /// Writes f with `−L f = right` to `out`: with `right = 1` the mean time to leave, from each state; `[states]`.
    ///
    /// # Errors
    /// An iteration that did not converge.
    fn backward(&self, right: &[f64], out: &mut [f64]) -> Result<(), DensityError>;
    /// Writes p with `−Lᵀ p = source` to `out`: the mean time spent in each state from the starting masses `source`,
    /// `[states]`.
    ///
    /// # Errors
    /// An iteration that did not converge.
    fn forward(&self, source: &[f64], out: &mut [f64]) -> Result<(), DensityError>;
}

/// Elimination without subtractions (W. K. Grassmann, M. I. Taksar and D. P. Heyman, *Oper. Res.* 33, 1107 (1985)) on
/// a full matrix: n³/3 operations, for small chains and as the yardstick of the sparse solvers.
#[derive(Clone, Debug)]
pub struct DenseElimination {
    /// After elimination: above and below the diagonal the rates among the states that were left at that point.
    rates: Vec<f64>,
    /// The departure rate of each state when it was eliminated.
    departures: Vec<f64>,
}

impl DenseElimination {
    /// Eliminates the states from the last to the first.
    ///
    /// # Errors
    /// A state that cannot leave the chain.
    pub fn new(chain: &Rates) -> Result<Self, DensityError> {
        let states = chain.states();
        let mut rates = vec![0.0; states * states];
        let mut exits = chain.exits().to_vec();
        for state in 0..states {
            let (targets, values) = chain.row(state);
            for (&target, &value) in targets.iter().zip(values) {
                if target as usize != state {
                    rates[state * states + target as usize] = value;
                }
            }
        }
        let mut departures = vec![0.0; states];
        for pivot in (0..states).rev() {
            let (above, from) = rates.split_at_mut(pivot * states);
            let out = &from[..pivot];
            let departure = exits[pivot] + out.iter().sum::<f64>();
            if departure.is_nan() || departure <= 0.0 {
                let remedy = "open a face, name a target, or ask for the stationary law";
                return Err(DensityError::Unreachable { state: pivot, what: "any exit", remedy });
            }
            departures[pivot] = departure;
            let exit = exits[pivot];
            for (state, row) in above.chunks_exact_mut(states).enumerate() {
                let share = row[pivot] / departure;
                if share > 0.0 {
                    for (rate, &onward) in row[..pivot].iter_mut().zip(out) {
                        *rate += share * onward;
                    }
                    row[state] = 0.0;
                    exits[state] += share * exit;
                }
            }
        }
        Ok(Self { rates, departures })
    }

    fn states(&self) -> usize {
        self.departures.len()
    }
}

impl Resolvent for DenseElimination {
    fn backward(&self, right: &[f64], out: &mut [f64]) -> Result<(), DensityError> {
        let states = self.states();
        out.copy_from_slice(right);
        for pivot in (0..states).rev() {
            let scaled = out[pivot] / self.departures[pivot];
            for (state, value) in out[..pivot].iter_mut().enumerate() {
                *value += self.rates[state * states + pivot] * scaled;
            }
        }
        for state in 0..states {
            let row = &self.rates[state * states..state * states + state];
            let gained: f64 = row.iter().zip(&*out).map(|(rate, value)| rate * value).sum();
            out[state] = (out[state] + gained) / self.departures[state];
        }
        Ok(())
    }

    fn forward(&self, source: &[f64], out: &mut [f64]) -> Result<(), DensityError> {
        let states = self.states();
        out.copy_from_slice(source);
        for pivot in (0..states).rev() {
            let scaled = out[pivot] / self.departures[pivot];
            let row = &self.rates[pivot * states..pivot * states + pivot];
            for (value, rate) in out[..pivot].iter_mut().zip(row) {
                *value += rate * scaled;
            }
        }
        for state in 0..states {
            let gained: f64 =
                (0..state).map(|earlier| out[earlier] * self.rates[earlier * states + state]).sum();
            out[state] = (out[state] + gained) / self.departures[state];
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::RatesBuilder;
    use super::*;

    #[test]
    fn a_walk_with_one_exit_has_the_closed_mean_time_and_occupation() {
        // Rates 1 to both neighbours on 0..5, reflecting at 0, exit beyond 4: τ_i = Σ_{k=i}^{4} (k + 1).
        let mut builder = RatesBuilder::new();
        for state in 0_usize..5 {
            if state > 0 {
                builder.rate(state - 1, 1.0);
            }
            if state < 4 {
                builder.rate(state + 1, 1.0);
            } else {
                builder.exit(1.0);
            }
            builder.finish_state([state as u32, 0, 0]);
        }
        let chain = builder.finish().unwrap();
        let solver = DenseElimination::new(&chain).unwrap();
        let mut times = [0.0; 5];
        solver.backward(&[1.0; 5], &mut times).unwrap();
        for (time, exact) in times.iter().zip([15.0, 14.0, 12.0, 9.0, 5.0]) {
            assert!((time - exact).abs() < 1e-13, "{times:?}");
        }
        let mut occupation = [0.0; 5];
        solver.forward(&[1.0, 0.0, 0.0, 0.0, 0.0], &mut occupation).unwrap();
        for (time, exact) in occupation.iter().zip([5.0, 4.0, 3.0, 2.0, 1.0]) {
            assert!((time - exact).abs() < 1e-13, "{occupation:?}");
        }
    }

    #[test]
    fn a_closed_chain_is_refused() {
        let mut builder = RatesBuilder::new();
        for state in 0_usize..2 {
            builder.rate(1 - state, 1.0);
            builder.finish_state([state as u32, 0, 0]);
        }
        let chain = builder.finish().unwrap();
        assert!(matches!(DenseElimination::new(&chain), Err(DensityError::Unreachable { state: 0, .. })));
    }
}
