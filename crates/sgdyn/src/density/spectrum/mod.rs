//! The slowest modes of a chain: how fast it forgets, and along what.

mod inverse;
pub(super) mod krylov;
#[cfg(test)]
mod tests;

use super::solver::rate_between;
use super::{DensityError, QuasiStationary, Rates, Solver};
use faer::linalg::solvers::Solve;
use faer::{Mat, c64};
use inverse::Inverse;
use krylov::{Kind, Pair};

/// One mode: `L v = −(λ + iω) v`, `Lᵀ u = −(λ + iω) u`, `Σ u_i v_i = 1`.
///
/// Averages of v decay as `exp(−λt)`, turning at ω. A pair `±ω` stands once, with `ω > 0`.
#[derive(Clone, Debug, PartialEq)]
pub struct Mode {
    /// λ, per unit of time.
    pub decay: f64,
    /// ω in radians per unit of time; 0 for a real mode.
    pub frequency: f64,
    /// The real part of v, a function of the state, `[states]`; `Σ w |v|² = 1` in the weights of the spectrum.
    pub right: Vec<f64>,
    /// The imaginary part of v, `[states]`; empty for a real mode.
    pub right_imaginary: Vec<f64>,
    /// The real part of u, masses, `[states]`.
    pub left: Vec<f64>,
    /// The imaginary part of u, `[states]`; empty for a real mode.
    pub left_imaginary: Vec<f64>,
    /// `‖v − (κ + λ + iω)(κ − L)⁻¹ v‖ / ‖v‖` in the weights of the spectrum, at the shift κ it was found with.
    pub residual: f64,
}

impl Mode {
    /// `|λ + iω|`.
    pub fn modulus(&self) -> f64 {
        self.decay.hypot(self.frequency)
    }

    /// 2 for a complex pair, else 1.
    pub fn multiplicity(&self) -> usize {
        if self.frequency > 0.0 { 2 } else { 1 }
    }
}

/// The eigenvalues of −L nearest to 0 and their modes.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    /// In ascending decay. A closed chain's stationary law, at 0, is not among them; of a chain with exits the first is
    /// the quasi-stationary one.
    pub modes: Vec<Mode>,
    /// Whether detailed balance holds: then all modes are real.
    pub reversible: bool,
    /// The weights w of the norm of right modes, `[states]`: the stationary law or, with exits, q/φ of the
    /// [`QuasiStationary`] law. `w_i r_ij = w_j r_ji` where the chain is reversible.
    pub weights: Vec<f64>,
}

impl Spectrum {
    /// The slowest decay, per unit of time: a closed chain's spectral gap, a chain with exits' rate of exit.
    pub fn gap(&self) -> Option<f64> {
        self.modes.first().map(|mode| mode.decay)
    }
}

/// How much slower than the others a mode may be before theirs are computed afresh: a solve is exact relative to its
/// slowest mode, so this factor times the rounding is what the others lose.
const SPREAD: f64 = 1e3;
/// The relative residual of a Krylov space that has converged.
const TOLERANCE: f64 = 1e-12;

/// The `count` eigenvalues of −L nearest to 0 with right and left modes (a complex pair counts twice and is not cut).
///
/// Block Arnoldi on `(κ − L)⁻¹` in L²(w). A closed chain is first solved without κ, by its group inverse, so that
/// slow rates are not what remains of a subtraction. Where rates span many decades, each group is found
/// at a κ of its own size: every eigenvalue keeps its relative digits.
///
/// # Errors
/// `count` of 0 or beyond the number of modes; [`DensityError::NotConverged`]; those of the solver.
pub fn spectrum(chain: &Rates, solver: &dyn Solver, count: usize) -> Result<Spectrum, DensityError> {
    let closed = chain.exits().iter().all(|&exit| exit == 0.0);
    if count == 0 || count + usize::from(closed) > chain.states() {
        let allowed =
            "at least 1 and at most the number of states, less 1 for the stationary law of a closed chain";
        return Err(DensityError::OutOfRange { name: "modes", value: count as f64, allowed });
    }
    let (weights, quasi_stationary, stationary) = if closed {
        let stationary = solver.stationary(chain)?;
        (stationary.clone(), None, stationary)
    } else {
        let law = QuasiStationary::new(chain, &*solver.resolvent(chain)?)?;
        let ratio = |(q, phi): (&f64, &f64)| if *phi > 0.0 { q / phi } else { 0.0 };
        (law.masses.iter().zip(&law.amplitude).map(ratio).collect(), Some(law), Vec::new())
    };
    let reversible = holds_detailed_balance(chain, &weights);
    let search = Search { chain, weights: &weights, reversible };
    let base = if closed {
        Inverse::pinned(chain, solver, &stationary)?
    } else {
        Inverse::killed(chain, solver, 0.0)?
    };
    let mut modes = search.modes(&base, count)?;
    drop(base);
    let mut found = 0;
    modes.retain(|mode| {
        found += mode.multiplicity();
        found < count + mode.multiplicity()
    });
    // What the modes found last are exact relative to.
    let mut exact = modes.first().map_or(0.0, Mode::modulus);
    while let Some(beyond) = modes.iter().position(|mode| mode.modulus() > SPREAD * exact) {
        // The widest gap above what is exact: modes on either side are not mistaken for each other.
        let known = modes.iter().rposition(|mode| mode.modulus() <= exact * (1.0 + 1e-6)).unwrap_or(0);
        let ratio = |cut: usize| modes[cut].modulus() / modes[cut - 1].modulus();
        let widest = (known + 1..=beyond).max_by(|&a, &b| ratio(a).total_cmp(&ratio(b)));
        let cut = widest.unwrap_or(beyond);
        let between = (modes[cut].modulus() * modes[cut - 1].modulus()).sqrt();
        exact = modes[cut].modulus();
        modes.truncate(cut);
        let mut found: usize = modes.iter().map(Mode::multiplicity).sum();
        let wanted = count + usize::from(closed);
        let mut fast = search.modes(&Inverse::killed(chain, solver, exact)?, wanted)?;
        fast.sort_by(|a, b| a.modulus().total_cmp(&b.modulus()));
        fast.retain(|mode| {
            let keep = mode.modulus() > between && found < count;
            found += if keep { mode.multiplicity() } else { 0 };
            keep
        });
        modes.append(&mut fast);
    }
    if let (Some(law), Some(first)) = (quasi_stationary, modes.first_mut()) {
        let residual = law.residual;
        first.clone_from(&Mode::real(law.rate, law.amplitude, law.masses, residual));
    }
    modes.sort_by(|a, b| a.decay.total_cmp(&b.decay));
    Ok(Spectrum { modes, reversible, weights })
}

impl Mode {
    fn real(decay: f64, right: Vec<f64>, left: Vec<f64>, residual: f64) -> Self {
        let (right_imaginary, left_imaginary) = (Vec::new(), Vec::new());
        Self { decay, frequency: 0.0, right, right_imaginary, left, left_imaginary, residual }
    }
}

/// Whether `w_i r_ij = w_j r_ji` on every edge, to the precision of the weights.
fn holds_detailed_balance(chain: &Rates, weights: &[f64]) -> bool {
    (0..chain.states()).all(|state| {
        let (targets, rates) = chain.row(state);
        targets.iter().zip(rates).all(|(&target, &rate)| {
            let there = weights[state] * rate;
            let back = weights[target as usize] * rate_between(chain, target as usize, state);
            (there - back).abs() <= 1e-8 * there.max(back) + f64::MIN_POSITIVE
        })
    })
}

struct Search<'a> {
    chain: &'a Rates,
    weights: &'a [f64],
    reversible: bool,
}

impl Search<'_> {
    /// The `wanted` modes nearest to −κ, in ascending modulus.
    fn modes(&self, inverse: &Inverse<'_>, wanted: usize) -> Result<Vec<Mode>, DensityError> {
        let backward = |from: &[f64], to: &mut [f64]| inverse.backward(from, to);
        let right = self.largest(&backward, wanted)?;
        let left = if self.reversible {
            right.iter().map(|pair| self.to_masses(pair)).collect()
        } else {
            // On f = u/w the adjoint lives in the same space as the operator itself.
            let forward = |from: &[f64], to: &mut [f64]| {
                let masses: Vec<f64> = from.iter().zip(self.weights).map(|(f, w)| f * w).collect();
                inverse.forward(&masses, to)?;
                for (value, &weight) in to.iter_mut().zip(self.weights) {
                    *value = if weight > 0.0 { *value / weight } else { 0.0 };
                }
                Ok(())
            };
            let left = self.largest(&forward, wanted)?;
            let left: Vec<Pair> = left.iter().map(|pair| self.to_masses(pair)).collect();
            dual_to(&right, &left)?
        };
        right
            .into_iter()
            .zip(left)
            .map(|(right, left)| {
                let residual = self.residual(&right, inverse)?;
                let [real, imaginary] = right.value;
                let square = real * real + imaginary * imaginary;
                Ok(Mode {
                    decay: real / square - inverse.kill(),
                    frequency: (0.0 - imaginary) / square,
                    right: right.real,
                    right_imaginary: right.imaginary,
                    left: left.real,
                    left_imaginary: left.imaginary,
                    residual,
                })
            })
            .collect()
    }

    fn largest(&self, apply: krylov::Apply<'_>, wanted: usize) -> Result<Vec<Pair>, DensityError> {
        let states = self.chain.states();
        let mut start = Vec::new();
        for vector in 0..wanted {
            let scattered: Vec<f64> = (0..states).map(|state| scattered(state, vector)).collect();
            let mut smooth = vec![0.0; states];
            apply(&scattered, &mut smooth)?;
            start.push(smooth);
        }
        let kind = if self.reversible { Kind::SelfAdjoint } else { Kind::General };
        Ok(krylov::largest(apply, self.weights, start, wanted, TOLERANCE, kind)?.pairs)
    }

    fn to_masses(&self, pair: &Pair) -> Pair {
        let weighted = |part: &[f64]| part.iter().zip(self.weights).map(|(f, w)| f * w).collect();
        Pair { value: pair.value, real: weighted(&pair.real), imaginary: weighted(&pair.imaginary) }
    }

    /// `‖v − v'/μ‖`, v' the operator's product with v.
    fn residual(&self, pair: &Pair, inverse: &Inverse<'_>) -> Result<f64, DensityError> {
        let states = self.chain.states();
        let square = pair.value[0].powi(2) + pair.value[1].powi(2);
        let (p, q) = (pair.value[0] / square, -pair.value[1] / square);
        let (mut real, mut imaginary) = (vec![0.0; states], vec![0.0; states]);
        inverse.backward(&pair.real, &mut real)?;
        if !pair.imaginary.is_empty() {
            inverse.backward(&pair.imaginary, &mut imaginary)?;
        }
        let mut square = 0.0;
        for state in 0..states {
            let (a, b) = (real[state], imaginary[state]);
            let first = pair.real[state] - (p * a - q * b);
            let second = pair.imaginary.get(state).copied().unwrap_or(0.0) - (p * b + q * a);
            square += self.weights[state] * (first * first + second * second);
        }
        Ok(square.sqrt())
    }
}

/// Numbers without pattern in (−1, 1), the same on every machine (G. L. Steele et al., SplitMix64, OOPSLA 2014).
fn scattered(state: usize, vector: usize) -> f64 {
    let mut bits = (state as u64 ^ ((vector as u64 + 1) << 40)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

/// The combinations of left vectors u with `Σ u_a v_b = δ_ab`. Within a cluster of close eigenvalues any basis of the
/// left space will do: the combination sorts it out.
fn dual_to(right: &[Pair], left: &[Pair]) -> Result<Vec<Pair>, DensityError> {
    let count = right.len();
    let entries = |pair: &Pair| -> Vec<c64> {
        let imaginary = pair.imaginary.iter().copied().chain(std::iter::repeat(0.0));
        pair.real.iter().zip(imaginary).map(|(&re, im)| c64::new(re, im)).collect()
    };
    let (rights, lefts): (Vec<_>, Vec<_>) =
        (right.iter().map(entries).collect(), left.iter().map(entries).collect());
    let unpaired = |reached: f64| DensityError::NotConverged {
        what: "the left modes",
        reached,
        iterations: count,
        remedy: "ask for one mode more or less, so that a cluster of close rates is not cut",
    };
    if left.len() != count {
        return Err(unpaired(f64::INFINITY));
    }
    let overlaps = Mat::from_fn(count, count, |a, b| {
        let products = lefts[a].iter().zip(&rights[b]).map(|(u, v)| *u * *v);
        products.fold(c64::new(0.0, 0.0), |sum, product| sum + product)
    });
    let identity = Mat::from_fn(count, count, |a, b| c64::new(f64::from(u8::from(a == b)), 0.0));
    let combination = overlaps.partial_piv_lu().solve(&identity);
    let mut duals = Vec::new();
    for (a, pair) in right.iter().enumerate() {
        let mut dual = vec![c64::new(0.0, 0.0); pair.real.len()];
        for (b, entries) in lefts.iter().enumerate() {
            let factor = combination[(a, b)];
            dual.iter_mut().zip(entries).for_each(|(sum, entry)| *sum += factor * *entry);
        }
        if dual.iter().any(|entry| !entry.re.is_finite()) {
            return Err(unpaired(f64::NAN));
        }
        let imaginary =
            if pair.imaginary.is_empty() { Vec::new() } else { dual.iter().map(|entry| entry.im).collect() };
        duals.push(Pair { value: pair.value, real: dual.iter().map(|entry| entry.re).collect(), imaginary });
    }
    Ok(duals)
}
