//! The law of a chain that has not yet left, long after the start, and the rate at which it leaves.

use super::spectrum::krylov;
use super::{DensityError, Rates, Resolvent, sums};

/// The slowest triple of a chain with exits: `Lᵀ q = −ν q`, `L φ = −ν φ`.
///
/// From any start p the masses tend to `⟨φ, p⟩ q exp(−νt)` (P. Collet, S. Martínez and J. San Martín, *Quasi-Stationary
/// Distributions*, Springer 2013).
#[derive(Clone, Debug, PartialEq)]
pub struct QuasiStationary {
    /// The quasi-stationary law q, `Σ q_i = 1`, `[states]`.
    pub masses: Vec<f64>,
    /// The amplitude φ with which a start in each state survives, `Σ q_i φ_i = 1`, `[states]`.
    pub amplitude: Vec<f64>,
    /// `ν = Σ_i q_i e_i`, per unit of time: a sum of positive terms, with nearly all digits however small.
    pub rate: f64,
    /// The larger of `Σ |q − ν Gᵀ q|` and `Σ q |φ − ν G φ|` in the last iteration, with `G = (−L)⁻¹`.
    pub residual: f64,
    /// Solves spent.
    pub solves: usize,
}

/// Positive iterations before a Krylov space is asked for a better start.
const PATIENCE: usize = 30;
/// Rounds of a Krylov space and positive iterations.
const ROUNDS: usize = 6;
/// The relative residual at which an iteration is done.
const TOLERANCE: f64 = 1e-13;

impl QuasiStationary {
    /// Inverse iteration with the resolvent `(−L)⁻¹` of `chain`.
    ///
    /// Positive vectors stay positive and no difference is taken, so remote cells keep their relative digits. Where the
    /// two slowest rates are close, a Krylov space supplies the start.
    ///
    /// # Errors
    /// [`DensityError::NotConverged`] where the slowest rate is not single, as for a chain of two separate parts; those
    /// of the resolvent.
    pub fn new(chain: &Rates, resolvent: &dyn Resolvent) -> Result<Self, DensityError> {
        let states = chain.states();
        let weights = vec![1.0; states];
        let forward = |from: &[f64], to: &mut [f64]| resolvent.forward(from, to);
        let backward = |from: &[f64], to: &mut [f64]| resolvent.backward(from, to);
        let start = vec![1.0 / states as f64; states];
        let mut left = Power::new(start, weights);
        left.run(&forward)?;
        let masses = left.vector;
        let mut right = Power::new(vec![1.0; states], masses.clone());
        right.run(&backward)?;
        let mut amplitude = right.vector;
        let overlap = sums::dot(&masses, &amplitude);
        for value in &mut amplitude {
            *value /= overlap;
        }
        Ok(Self {
            rate: sums::dot(&masses, chain.exits()),
            masses,
            amplitude,
            residual: left.residual.max(right.residual),
            solves: left.solves + right.solves,
        })
    }
}

/// Power iteration with a positive operator, normalised in `Σ w |x|`.
struct Power {
    vector: Vec<f64>,
    weights: Vec<f64>,
    residual: f64,
    solves: usize,
}

impl Power {
    fn new(vector: Vec<f64>, weights: Vec<f64>) -> Self {
        Self { vector, weights, residual: f64::INFINITY, solves: 0 }
    }

    fn run(&mut self, apply: krylov::Apply<'_>) -> Result<(), DensityError> {
        for round in 0..=ROUNDS {
            if round > 0 {
                // The residual norm weighs each coordinate by w; so does this inner product: x² w/x.
                let weights: Vec<f64> = self
                    .weights
                    .iter()
                    .zip(&self.vector)
                    .map(|(w, x)| if *x > 0.0 { w / x } else { 0.0 })
                    .collect();
                let start = vec![self.vector.clone()];
                let ritz = krylov::largest(apply, &weights, start, 1, 1e-12, krylov::Kind::General)?;
                self.solves += ritz.solves;
                for (value, better) in self.vector.iter_mut().zip(&ritz.pairs[0].real) {
                    *value = better.abs();
                }
            }
            if self.iterate(apply)? {
                return Ok(());
            }
        }
        Err(DensityError::NotConverged {
            what: "the quasi-stationary law",
            reached: self.residual,
            iterations: self.solves,
            remedy: "two parts of the chain leave at nearly the same rate and hardly mix: ask for each on its own",
        })
    }

    /// Iterates until the residual is down to the tolerance, or to where rounding holds it.
    fn iterate(&mut self, apply: krylov::Apply<'_>) -> Result<bool, DensityError> {
        let mut next = vec![0.0; self.vector.len()];
        let total = sums::dot(&self.weights, &self.vector);
        for value in &mut self.vector {
            *value /= total;
        }
        for _ in 0..PATIENCE {
            apply(&self.vector, &mut next)?;
            self.solves += 1;
            let total = sums::dot(&self.weights, &next);
            for value in &mut next {
                *value /= total;
            }
            self.residual = sums::weighted_distance(&self.weights, &next, 1.0, &self.vector);
            std::mem::swap(&mut self.vector, &mut next);
            if self.residual <= TOLERANCE {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample_chains::birth_death;
    use super::super::{DenseSolver, RatesBuilder, Solver};
    use super::*;

    #[test]
    fn a_walk_between_two_exits_has_sines() {
        // Rates 1 both ways on 1..N−1, exits at 0 and N: q_x ∝ sin(πx/N), ν = 2(1 − cos(π/N)) = 4 sin²(π/2N).
        let n = 50_usize;
        let chain = birth_death(&vec![1.0; n - 1], &vec![1.0; n - 1]);
        let resolvent = DenseSolver.resolvent(&chain).unwrap();
        let law = QuasiStationary::new(&chain, &*resolvent).unwrap();
        let angle = std::f64::consts::PI / n as f64;
        let rate = 4.0 * (angle / 2.0).sin().powi(2);
        assert!((law.rate / rate - 1.0).abs() < 1e-12, "{:e}", law.rate / rate - 1.0);
        let norm: f64 = (1..n).map(|x| (angle * x as f64).sin()).sum();
        for x in 1..n {
            let exact = (angle * x as f64).sin() / norm;
            assert!((law.masses[x - 1] / exact - 1.0).abs() < 1e-11);
            // The chain is symmetric: φ ∝ q.
            let ratio = law.amplitude[x - 1] / law.amplitude[0] * law.masses[0] / law.masses[x - 1];
            assert!((ratio - 1.0).abs() < 1e-11);
        }
        assert!(law.residual < 1e-13 && law.solves < 60, "{} {}", law.residual, law.solves);
    }

    #[test]
    fn two_wells_that_hardly_mix_need_the_krylov_space() {
        // States 0 and 1 leave at rates 1 and 1.02 and exchange at 0.01: L = −[[1.01, −.01], [−.01, 1.03]], so
        // ν = 1.02 − √(0.01² + 0.01²), and the other rate is 2.8 % above: plain iteration takes 1,000 solves.
        let mut builder = RatesBuilder::new();
        for (state, exit) in [(0_usize, 1.0), (1, 1.02)] {
            builder.rate(1 - state, 0.01);
            builder.exit(exit);
            builder.finish_state([state as u32, 0, 0]);
        }
        let chain = builder.finish().unwrap();
        let resolvent = DenseSolver.resolvent(&chain).unwrap();
        let law = QuasiStationary::new(&chain, &*resolvent).unwrap();
        let rate = 1.02 - 0.01 * 2.0_f64.sqrt();
        assert!((law.rate / rate - 1.0).abs() < 1e-13, "{}", law.rate);
        assert!(law.solves < 250, "{}", law.solves);
    }

    #[test]
    fn separate_parts_with_equal_rates_are_given_as_they_are_reached() {
        // Both parts leave at rate 1: any mixture is quasi-stationary, the uniform start stays.
        let mut builder = RatesBuilder::new();
        for state in 0..2 {
            builder.exit(1.0);
            builder.finish_state([state, 0, 0]);
        }
        let chain = builder.finish().unwrap();
        let resolvent = DenseSolver.resolvent(&chain).unwrap();
        let law = QuasiStationary::new(&chain, &*resolvent).unwrap();
        assert_eq!(law.rate, 1.0);
        assert_eq!(law.masses, [0.5, 0.5]);
    }
}
