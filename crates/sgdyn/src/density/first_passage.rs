//! First passage out of a chain: when, how spread, after where, and through which exit.

use super::law::check_law;
use super::{DensityError, Rates, Solver, sums};

/// Mean and variance of the time T at which the chain is left, from every state.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstPassage {
    /// `τ_i = E_i T`, the solution of `−L τ = 1`, in units of time, `[states]`.
    pub mean: Vec<f64>,
    /// `Var_i T`, in units of time squared, `[states]`.
    pub variance: Vec<f64>,
}

impl FirstPassage {
    /// Two solves with one resolvent.
    ///
    /// The second moment solves `−L m = 2τ`, and `m − τ²` would lose the variance of a passage that is nearly
    /// certain in time. With `L(τ²) = Γ + 2τ Lτ` the variance itself solves `−L v = Γ`,
    /// `Γ_i = Σ_j r_ij (τ_j − τ_i)² + e_i τ_i²`: positive terms only.
    ///
    /// # Errors
    /// Those of the solver: a state that cannot leave.
    ///
    /// # Examples
    /// ```
    /// use sgdyn::density::{DenseSolver, FirstPassage, RatesBuilder};
    /// // One state that is left at rate 2: exponential, mean ½ and variance ¼.
    /// let mut chain = RatesBuilder::new();
    /// chain.exit(2.0);
    /// chain.finish_state([0, 0, 0]);
    /// let passage = FirstPassage::new(&chain.finish()?, &DenseSolver)?;
    /// assert_eq!((passage.mean[0], passage.variance[0]), (0.5, 0.25));
    /// # Ok::<(), sgdyn::density::DensityError>(())
    /// ```
    pub fn new(chain: &Rates, solver: &dyn Solver) -> Result<Self, DensityError> {
        let resolvent = solver.resolvent(chain)?;
        let mut mean = vec![0.0; chain.states()];
        resolvent.backward(&vec![1.0; chain.states()], &mut mean)?;
        let spread: Vec<f64> = (0..chain.states())
            .map(|state| {
                let (targets, rates) = chain.row(state);
                let jumps = targets.iter().zip(rates);
                let jumps = jumps.map(|(&to, &rate)| rate * (mean[to as usize] - mean[state]).powi(2));
                jumps.sum::<f64>() + chain.exits()[state] * mean[state].powi(2)
            })
            .collect();
        let mut variance = vec![0.0; chain.states()];
        resolvent.backward(&spread, &mut variance)?;
        Ok(Self { mean, variance })
    }

    /// `E_i T² = v_i + τ_i²`, from one state.
    pub fn second_moment(&self, state: usize) -> f64 {
        self.variance[state] + self.mean[state].powi(2)
    }

    /// Mean and variance of T from a starting law `[states]`: `τ̄ = Σ p_i τ_i`, `Σ p_i [v_i + (τ_i − τ̄)²]`.
    ///
    /// # Errors
    /// Masses that are no law on the states.
    pub fn from_law(&self, chain: &Rates, start: &[f64]) -> Result<(f64, f64), DensityError> {
        check_law(chain, start)?;
        let mean = sums::dot(start, &self.mean);
        let between = start.iter().zip(&self.mean).map(|(mass, time)| mass * (time - mean).powi(2));
        Ok((mean, sums::dot(start, &self.variance) + between.sum::<f64>()))
    }
}

/// The mean time that a chain with exits spends in each state, `o = (−Lᵀ)⁻¹ p`, from a starting law p `[states]`, in
/// units of time, `[states]`. `Σ o_i` is the mean time to leave; `e_i o_i` the probability of leaving from state i.
///
/// # Errors
/// Masses that are no law; those of the solver.
pub fn occupation(chain: &Rates, solver: &dyn Solver, start: &[f64]) -> Result<Vec<f64>, DensityError> {
    check_law(chain, start)?;
    let mut times = vec![0.0; chain.states()];
    solver.resolvent(chain)?.forward(start, &mut times)?;
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::super::sample_chains::birth_death;
    use super::super::{DenseSolver, RatesBuilder};
    use super::*;

    /// `steps` states one after another, each left forwards at rate 1.
    fn erlang(steps: usize, rate: f64) -> Rates {
        let mut builder = RatesBuilder::new();
        for state in 0..steps {
            if state + 1 < steps {
                builder.rate(state + 1, rate);
            } else {
                builder.exit(rate);
            }
            builder.finish_state([state as u32, 0, 0]);
        }
        builder.finish().unwrap()
    }

    #[test]
    fn passage_through_stages_is_erlang() {
        // n stages of rate k: mean n/k, variance n/k². At n = 1000 the second moment minus the squared mean would
        // lose three digits; here none is lost beyond the rounding of 1000 additions.
        let passage = FirstPassage::new(&erlang(1000, 3.0), &DenseSolver).unwrap();
        assert!((passage.mean[0] / (1000.0 / 3.0) - 1.0).abs() < 1e-13);
        assert!((passage.variance[0] / (1000.0 / 9.0) - 1.0).abs() < 1e-12);
        assert!((passage.second_moment(999) / (2.0 / 9.0) - 1.0).abs() < 1e-13);
    }

    #[test]
    fn a_symmetric_walk_has_the_closed_mean_and_variance() {
        // Rates 1 both ways on 1..N−1 with exits at 0 and N: E_x T = x(N−x)/2 and, for the embedded walk with
        // S = x(N−x) mean steps and Var S = S(x² + (N−x)² − 2)/3, Var T = (Var S + S)/4.
        let n = 40_usize;
        let chain = birth_death(&vec![1.0; n - 1], &vec![1.0; n - 1]);
        let passage = FirstPassage::new(&chain, &DenseSolver).unwrap();
        for x in 1..n {
            let (a, b) = (x as f64, (n - x) as f64);
            let steps = a * b;
            let variance = (steps * (a * a + b * b - 2.0) / 3.0 + steps) / 4.0;
            assert!((passage.mean[x - 1] / (steps / 2.0) - 1.0).abs() < 1e-13);
            assert!((passage.variance[x - 1] / variance - 1.0).abs() < 1e-13);
        }
        // A law, against the occupation measure, and the law of total variance over two starting points.
        let mut start = vec![0.0; n - 1];
        (start[4], start[19]) = (0.25, 0.75);
        let (mean, variance) = passage.from_law(&chain, &start).unwrap();
        let times = occupation(&chain, &DenseSolver, &start).unwrap();
        assert!((times.iter().sum::<f64>() / mean - 1.0).abs() < 1e-13);
        let second = 0.25 * passage.second_moment(4) + 0.75 * passage.second_moment(19);
        assert!(((variance + mean * mean) / second - 1.0).abs() < 1e-13);
        let left: f64 = times.iter().zip(chain.exits()).map(|(time, exit)| time * exit).sum();
        assert!((left - 1.0).abs() < 1e-13);
    }

    #[test]
    fn what_is_no_law_is_refused() {
        let chain = erlang(3, 1.0);
        for start in [vec![1.0], vec![0.5, 0.2, 0.2], vec![1.5, -0.5, 0.0], vec![f64::NAN, 0.0, 0.0]] {
            assert!(matches!(occupation(&chain, &DenseSolver, &start), Err(DensityError::OutOfRange { .. })));
        }
    }
}
