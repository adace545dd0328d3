//! The slowest modes of a chain in steps.

use faer::{Mat, c64};

use super::Transition;
use super::elimination::resolvent;
use crate::density::DensityError;

/// A function that a step multiplies by λ: `Σ_j P_ij f_j = λ f_i`.
#[derive(Clone, Debug, PartialEq)]
pub struct StepMode {
    /// 1 − λ, real and imaginary part: the rate **per step** at which the mode decays.
    pub decay: [f64; 2],
    /// The real part of f, `[states]`, at most 1 in size.
    pub shape: Vec<f64>,
    /// The largest entry of `|Pf − λf|`.
    pub residual: f64,
}

impl StepMode {
    /// λ, real and imaginary part.
    pub fn eigenvalue(&self) -> [f64; 2] {
        [1.0 - self.decay[0], -self.decay[1]]
    }
}

impl Transition {
    /// The `count` modes whose λ lie nearest to 1, slowest first; a closed chain begins with λ = 1.
    ///
    /// Arnoldi's method with the inverse of κ + I − P, κ = 1e-4, by elimination without subtractions: decays are known to
    /// about 1e-18. A rarer exit has its digits in [`Transition::quasi_stationary`].
    ///
    /// # Errors
    /// A count of 0 or above the number of states; memory; [`DensityError::NotConverged`] if a residual exceeds 1e-8.
    pub fn slowest_modes(&self, count: usize) -> Result<Vec<StepMode>, DensityError> {
        const KILLING: f64 = 1e-4;
        let states = self.states();
        if count == 0 || count > states {
            let allowed = "at least 1 and at most the number of states";
            return Err(DensityError::OutOfRange { name: "count", value: count as f64, allowed });
        }
        let solver = resolvent(&self.chain().killed(KILLING))?;
        let size = states.min(4 * count + 20);
        let mut basis: Vec<Vec<f64>> = Vec::with_capacity(size + 1);
        // Without structure, so that no mode is missed.
        let first: Vec<f64> = (0..states).map(|k| 1.0 + (0.618_033_988_749_895 * k as f64).fract()).collect();
        basis.push(normalised(first).0);
        let mut hessenberg = Mat::<f64>::zeros(size, size);
        let mut used = size;
        for column in 0..size {
            let mut next = vec![0.0; states];
            solver.backward(&basis[column], &mut next)?;
            let scale = next.iter().map(|v| v * v).sum::<f64>().sqrt();
            // Twice is enough.
            for _ in 0..2 {
                for (row, vector) in basis.iter().enumerate() {
                    let overlap: f64 = vector.iter().zip(&next).map(|(a, b)| a * b).sum();
                    hessenberg[(row, column)] += overlap;
                    next.iter_mut().zip(vector).for_each(|(next, v)| *next -= overlap * v);
                }
            }
            let (next, length) = normalised(next);
            if column + 1 == size || length <= 1e-14 * scale {
                used = column + 1;
                break;
            }
            hessenberg[(column + 1, column)] = length;
            basis.push(next);
        }
        let small = hessenberg.submatrix(0, 0, used, used).to_owned();
        let failed = |reached: f64| DensityError::NotConverged {
            what: "the slowest modes",
            reached,
            iterations: used,
            remedy: "ask for fewer modes",
        };
        let eigen = small.eigen().map_err(|_| failed(f64::NAN))?;
        let mut order: Vec<usize> = (0..used).collect();
        let inverse = |index: usize| eigen.S().column_vector()[index];
        order.sort_by(|&a, &b| inverse(b).norm().total_cmp(&inverse(a).norm()));
        order.truncate(count);
        let modes: Vec<StepMode> = order
            .into_iter()
            .map(|index| {
                let decay = inverse(index).inv() - c64::new(KILLING, 0.0);
                let vector = |part: fn(c64) -> f64| -> Vec<f64> {
                    (0..states)
                        .map(|state| (0..used).map(|k| basis[k][state] * part(eigen.U()[(k, index)])).sum())
                        .collect()
                };
                self.mode(decay, vector(|z| z.re), vector(|z| z.im))
            })
            .collect();
        match modes.iter().map(|mode| mode.residual).fold(0.0, f64::max) {
            residual if residual < 1e-8 => Ok(modes),
            residual => Err(failed(residual)),
        }
    }

    fn mode(&self, decay: c64, mut real: Vec<f64>, mut imaginary: Vec<f64>) -> StepMode {
        // The phase at which the largest entry is real.
        let (largest, size) = (0..real.len())
            .map(|k| (k, real[k].hypot(imaginary[k])))
            .fold((0, 0.0), |best, next| if next.1 > best.1 { next } else { best });
        let turn = c64::new(real[largest], -imaginary[largest]) / (size * size);
        for (re, im) in real.iter_mut().zip(&mut imaginary) {
            let turned = c64::new(*re, *im) * turn;
            (*re, *im) = (turned.re, turned.im);
        }
        let (mut real_next, mut imaginary_next) = (vec![0.0; real.len()], vec![0.0; real.len()]);
        self.expectation(&real, &mut real_next);
        self.expectation(&imaginary, &mut imaginary_next);
        let residual = (0..real.len())
            .map(|k| {
                let f = c64::new(real[k], imaginary[k]);
                (c64::new(real_next[k], imaginary_next[k]) - (c64::new(1.0, 0.0) - decay) * f).norm()
            })
            .fold(0.0, f64::max);
        StepMode { decay: [decay.re, decay.im], shape: real, residual }
    }
}

fn normalised(mut vector: Vec<f64>) -> (Vec<f64>, f64) {
    let length = vector.iter().map(|v| v * v).sum::<f64>().sqrt();
    if length > 0.0 {
        for v in &mut vector {
            *v /= length;
        }
    }
    (vector, length)
}
