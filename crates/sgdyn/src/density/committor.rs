//! Which of two targets comes first.

use super::{DensityError, Rates, RatesBuilder, Solver};

/// The probabilities of leaving through one set of exits rather than the other, from every state.
///
/// Both are solved for: 1 minus the other would lose the digits of a rare one.
#[derive(Clone, Debug, PartialEq)]
pub struct Committor {
    /// The probability of leaving by the chosen exits, `−L q = b`, `[states]`.
    pub chosen: Vec<f64>,
    /// The probability of leaving by the others, `−L q = a`, `[states]`.
    pub others: Vec<f64>,
}

impl Committor {
    /// From the rates `chosen` `[states]` at which each state leaves by the chosen exits, and `others` by the rest; their
    /// sums are the chain's exits.
    ///
    /// # Errors
    /// Rates that are negative or do not add up to the chain's exits within 1e-9 relative; those of the solver.
    pub fn new(
        chain: &Rates,
        solver: &dyn Solver,
        chosen: &[f64],
        others: &[f64],
    ) -> Result<Self, DensityError> {
        for part in [chosen, others] {
            if part.len() != chain.states() {
                let allowed = "one rate for each state of the chain";
                let value = part.len() as f64;
                return Err(DensityError::OutOfRange { name: "rates of exit", value, allowed });
            }
        }
        for (state, &exit) in chain.exits().iter().enumerate() {
            let (b, a) = (chosen[state], others[state]);
            if !(b >= 0.0 && a >= 0.0 && (a + b - exit).abs() <= 1e-9 * exit) {
                let allowed = "two rates, neither negative, that add up to the exit of each state";
                return Err(DensityError::OutOfRange { name: "a rate of exit", value: a + b, allowed });
            }
        }
        let resolvent = solver.resolvent(chain)?;
        let mut probabilities = [vec![0.0; chain.states()], vec![0.0; chain.states()]];
        for (right, out) in [chosen, others].into_iter().zip(&mut probabilities) {
            resolvent.backward(right, out)?;
        }
        let [chosen, others] = probabilities;
        Ok(Self { chosen, others })
    }
}

/// Where a state belongs when a chain is asked which of two sets it reaches first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// In the chosen set.
    Chosen,
    /// In the other set.
    Other,
    /// In neither: the chain goes on.
    Between,
}

/// A chain between two sets, ready for [`Committor::new`].
#[derive(Clone, Debug, PartialEq)]
pub struct Between {
    /// The chain on the states in neither set; it is left into both.
    pub chain: Rates,
    /// The old number of each of its states.
    pub kept: Vec<usize>,
    /// The rates into the chosen set.
    pub chosen: Vec<f64>,
    /// The rates into the other set and, where there were exits before, out of the chain.
    pub others: Vec<f64>,
}

impl Between {
    /// Removes the states of both sets.
    ///
    /// # Errors
    /// Sets that leave no state between them, or a chosen set without states.
    pub fn new(chain: &Rates, side: impl Fn(usize) -> Side) -> Result<Self, DensityError> {
        let sides: Vec<Side> = (0..chain.states()).map(side).collect();
        let (mut number, mut kept) = (vec![0; chain.states()], Vec::new());
        for state in 0..chain.states() {
            if sides[state] == Side::Between {
                number[state] = kept.len();
                kept.push(state);
            }
        }
        if kept.is_empty() || !sides.contains(&Side::Chosen) {
            let covered = chain.states() - kept.len();
            return Err(DensityError::Target { covered, cells: chain.states() });
        }
        let mut builder = RatesBuilder::new();
        let (mut chosen, mut others) = (Vec::new(), Vec::new());
        for &state in &kept {
            let (mut into, mut away) = (0.0, chain.exits()[state]);
            let (targets, rates) = chain.row(state);
            for (&target, &rate) in targets.iter().zip(rates) {
                match sides[target as usize] {
                    Side::Chosen => into += rate,
                    Side::Other => away += rate,
                    Side::Between => builder.rate(number[target as usize], rate),
                }
            }
            builder.exit(into + away);
            builder.finish_state(chain.places()[state]);
            chosen.push(into);
            others.push(away);
        }
        Ok(Self { chain: builder.finish()?, kept, chosen, others })
    }
}

#[cfg(test)]
mod tests {
    use super::super::DenseSolver;
    use super::*;

    #[test]
    fn the_gamblers_ruin_keeps_the_digits_of_both_probabilities() {
        // Up at rate 1, down at rate 2, from x to 100 before 0: (2^x − 1)/(2^100 − 1), and from x to 0 first:
        // (1 − 2^(x−100))/(1 − 2^(−100)).
        let n = 100_usize;
        let mut builder = RatesBuilder::new();
        for x in 0..=n {
            if x > 0 {
                builder.rate(x - 1, 2.0);
            }
            if x < n {
                builder.rate(x + 1, 1.0);
            }
            builder.finish_state([x as u32, 0, 0]);
        }
        let walk = builder.finish().unwrap();
        let side = |x| match x {
            0 => Side::Other,
            100 => Side::Chosen,
            _ => Side::Between,
        };
        let between = Between::new(&walk, side).unwrap();
        let committor =
            Committor::new(&between.chain, &DenseSolver, &between.chosen, &between.others).unwrap();
        for (&x, (up, down)) in between.kept.iter().zip(committor.chosen.iter().zip(&committor.others)) {
            let two = 2.0_f64;
            let exact = (two.powi(x as i32) - 1.0) / (two.powi(100) - 1.0);
            assert!((up / exact - 1.0).abs() < 1e-13, "from {x}: {up:e}, {exact:e}");
            let exact = -((x as f64 - 100.0) * two.ln()).exp_m1() / (1.0 - two.powi(-100));
            assert!((down / exact - 1.0).abs() < 1e-13, "from {x}: {down:e}, {exact:e}");
        }
        assert!(Between::new(&walk, |_| Side::Chosen).is_err());
        assert!(Between::new(&walk, |_| Side::Between).is_err());
        let wrong = vec![1.0; between.chosen.len()];
        assert!(Committor::new(&between.chain, &DenseSolver, &between.chosen, &wrong).is_err());
    }
}
