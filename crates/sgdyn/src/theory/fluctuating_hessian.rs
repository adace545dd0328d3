//! SGD near a minimum whose Hessian fluctuates from batch to batch: when a stationary variance exists, and which.

use super::TheoryError;
use super::error::{check_not_negative, check_positive};
use super::kesten::RandomMultiplier;
use super::sampling::Sampling;
use super::symmetric::{Eigenbasis, check_symmetric};
use faer::{Mat, MatRef};

/// One mode, θ' = θ − η(H_B θ + ξ) with E H_B = λ, Var H_B = Γ and independent additive noise of variance σ².
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FluctuatingMode {
    /// η.
    pub learning_rate: f64,
    /// The mean curvature λ.
    pub curvature: f64,
    /// The variance Γ of the batch curvature.
    pub curvature_variance: f64,
    /// The variance σ² of the additive gradient noise.
    pub noise_variance: f64,
}

impl FluctuatingMode {
    /// The factor `(1−ηλ)² + η²Γ` on the second moment at each step.
    pub fn second_moment_growth(&self) -> f64 {
        let eta = self.learning_rate;
        (1.0 - eta * self.curvature).powi(2) + eta * eta * self.curvature_variance
    }

    /// The exact stationary variance `ησ²/(2λ − ηλ² − ηΓ)`.
    ///
    /// # Errors
    /// Arguments out of range; [`TheoryError::InfiniteVariance`] unless `ηΓ < λ(2 − ηλ)`.
    pub fn stationary_variance(&self) -> Result<f64, TheoryError> {
        self.check()?;
        let restoring = 2.0 * self.curvature - self.learning_rate * self.curvature * self.curvature;
        let spread = self.learning_rate * self.curvature_variance;
        self.variance(restoring, spread)
    }

    /// The Langevin approximation `ησ²/(2λ − ηΓ)`, which misses the −ηλ² of the discrete step: it finds a variance
    /// for `ηΓ < 2λ`.
    ///
    /// # Errors
    /// Arguments out of range; [`TheoryError::InfiniteVariance`] unless `ηΓ < 2λ`.
    pub fn langevin_variance(&self) -> Result<f64, TheoryError> {
        self.check()?;
        self.variance(2.0 * self.curvature, self.learning_rate * self.curvature_variance)
    }

    /// E ln|1 − ηH_B| for a Gaussian H_B: a stationary *law* exists iff this is negative, with or without a variance.
    pub fn gaussian_lyapunov_exponent(&self) -> f64 {
        RandomMultiplier::Gaussian {
            mean: 1.0 - self.learning_rate * self.curvature,
            standard_deviation: self.learning_rate * self.curvature_variance.sqrt(),
        }
        .lyapunov_exponent()
    }

    fn check(&self) -> Result<(), TheoryError> {
        check_positive("learning_rate", self.learning_rate)?;
        check_not_negative("curvature", self.curvature)?;
        check_not_negative("curvature_variance", self.curvature_variance)?;
        check_not_negative("noise_variance", self.noise_variance)
    }

    fn variance(&self, restoring: f64, spread: f64) -> Result<f64, TheoryError> {
        if restoring > 0.0 && spread < restoring {
            return Ok(self.learning_rate * self.noise_variance / (restoring - spread));
        }
        let spectral_radius = if restoring > 0.0 { spread / restoring } else { f64::INFINITY };
        Err(TheoryError::InfiniteVariance { spectral_radius })
    }
}

/// The stationary covariance with fluctuating Hessian.
#[derive(Clone, Debug)]
pub struct FluctuatingStationary {
    /// `V = E θθᵀ`, `[d × d]`, with zeros along flat modes.
    pub covariance: Mat<f64>,
    /// The spectral radius ρ of the fluctuation part preconditioned by the mean part (its largest Ritz value): the
    /// variance exists iff ρ < 1, and multiplicative noise enlarges the slowest response by 1/(1−ρ).
    pub spectral_radius: f64,
    /// The relative residual reached.
    pub relative_residual: f64,
    /// How often the per-sample action was applied.
    pub applications: usize,
    /// The number of flat modes left out.
    pub flat_modes: usize,
}

/// Solves `V = E[(I−ηH_B)V(I−ηH_B)ᵀ] + η²C` for minibatches of size B.
///
/// `sample_action(V)` returns `(1/N) Σᵢ HᵢVHᵢ` for symmetric V `[d × d]`; never a d² × d² matrix. With the batch factor
/// f ([`Sampling::variance_factor`]), `E[H_B V H_B] = HVH + f·((1/N)Σ HᵢVHᵢ − HVH)`, so in H's eigenbasis
/// `(L₀ − η²F)V = η²C` with L₀ diagonal, V_ij(1 − (1−ηh_i)(1−ηh_j)), and F self-adjoint: conjugate gradients,
/// preconditioned by L₀, whose Lanczos coefficients give ρ. A direction of nonpositive curvature proves ρ ≥ 1.
/// Modes that C does not reach, directly or through the fluctuations, are not examined.
///
/// The additive noise is taken to be independent of H_B (C is the noise at the minimum). Flat modes of H are left out;
/// with convex per-sample losses nothing fluctuates there.
///
/// # Errors
/// Shapes, asymmetry, η or the batch size out of range; [`TheoryError::Unstable`] if the mean dynamics is;
/// [`TheoryError::InfiniteVariance`]; [`TheoryError::FlatFluctuation`]; [`TheoryError::NotConverged`].
pub fn fluctuating_stationary_covariance(
    hessian: MatRef<'_, f64>,
    noise: MatRef<'_, f64>,
    learning_rate: f64,
    batch_size: u64,
    sampling: Sampling,
    mut sample_action: impl FnMut(MatRef<'_, f64>) -> Mat<f64>,
) -> Result<FluctuatingStationary, TheoryError> {
    check_positive("learning_rate", learning_rate)?;
    if batch_size == 0 {
        let allowed = "at least 1";
        return Err(TheoryError::OutOfRange { name: "batch_size", value: 0.0, allowed });
    }
    let basis = Eigenbasis::of("hessian", hessian)?;
    let d = basis.dimension();
    check_symmetric("noise", noise, d)?;
    let flat = basis.flat_tolerance();
    for (index, &eigenvalue) in basis.values.iter().enumerate() {
        if eigenvalue < -flat || learning_rate * eigenvalue >= 2.0 {
            return Err(TheoryError::Unstable { eigenvalue, index, learning_rate, limit: 2.0 });
        }
    }
    let factor = learning_rate * learning_rate * sampling.variance_factor(batch_size);
    let h = &basis.values;
    let is_flat = |i: usize| h[i] <= flat;
    let curved =
        |x: &Mat<f64>| Mat::from_fn(d, d, |i, j| if is_flat(i) || is_flat(j) { 0.0 } else { x[(i, j)] });
    let mean_part = |i: usize, j: usize| learning_rate * (h[i] + h[j] - learning_rate * h[i] * h[j]);
    let precondition = |r: &Mat<f64>| {
        Mat::from_fn(d, d, |i, j| if is_flat(i) || is_flat(j) { 0.0 } else { r[(i, j)] / mean_part(i, j) })
    };

    let mut applications = 0;
    let mut apply = |v: &Mat<f64>| -> Result<Mat<f64>, TheoryError> {
        applications += 1;
        let image = sample_action(basis.restored(v.as_ref()).as_ref());
        check_symmetric("sample_action(V)", image.as_ref(), d)?;
        let image = basis.rotated(image.as_ref());
        let kept = curved(&image);
        let lost = (&image - &kept).norm_l2();
        if lost > 1e-8 * image.norm_l2() {
            return Err(TheoryError::FlatFluctuation { share: lost / image.norm_l2() });
        }
        Ok(Mat::from_fn(d, d, |i, j| {
            if is_flat(i) || is_flat(j) {
                return 0.0;
            }
            let fluctuation = kept[(i, j)] - h[i] * h[j] * v[(i, j)];
            mean_part(i, j) * v[(i, j)] - factor * fluctuation
        }))
    };

    let right = curved(&(faer::Scale(learning_rate * learning_rate) * basis.rotated(noise)));
    let flat_modes = (0..d).filter(|&i| is_flat(i)).count();
    let mut solution = Mat::<f64>::zeros(d, d);
    let mut residual = right.clone();
    let mut scaled = precondition(&residual);
    let mut direction = scaled.clone();
    let start = inner(&residual, &scaled);
    let mut energy = start;
    let mut lanczos = Lanczos::default();
    let (tolerance, most) = (1e-13, 400);
    for _ in 0..most {
        if energy <= tolerance * tolerance * start {
            break;
        }
        let image = apply(&direction)?;
        let curvature = inner(&direction, &image);
        let step = energy / curvature;
        lanczos.push(step, energy);
        if curvature <= 0.0 {
            return Err(TheoryError::InfiniteVariance { spectral_radius: 1.0 - lanczos.smallest() });
        }
        solution = &solution + faer::Scale(step) * &direction;
        residual = &residual - faer::Scale(step) * &image;
        scaled = precondition(&residual);
        let next = inner(&residual, &scaled);
        direction = &scaled + faer::Scale(next / energy) * &direction;
        energy = next;
    }
    let relative_residual = if start > 0.0 { (energy / start).sqrt() } else { 0.0 };
    let spectral_radius = if start > 0.0 { 1.0 - lanczos.smallest() } else { 0.0 };
    // Rounding stops the residual at about 1e-16 of the condition number 2/(1−ρ).
    if relative_residual > 1e-9 {
        if spectral_radius > 1.0 - 1e-9 {
            return Err(TheoryError::InfiniteVariance { spectral_radius });
        }
        return Err(TheoryError::NotConverged {
            what: "the stationary covariance with fluctuating Hessian",
            reached: relative_residual,
            iterations: applications,
            remedy: "is sample_action linear, symmetric and deterministic?",
        });
    }
    Ok(FluctuatingStationary {
        covariance: basis.restored(solution.as_ref()),
        spectral_radius,
        relative_residual,
        applications,
        flat_modes,
    })
}

fn inner(a: &Mat<f64>, b: &Mat<f64>) -> f64 {
    let mut sum = 0.0;
    for j in 0..a.ncols() {
        sum += a.col(j).iter().zip(b.col(j).iter()).map(|(a, b)| a * b).sum::<f64>();
    }
    sum
}

/// The tridiagonal matrix hidden in conjugate gradients, and its smallest eigenvalue.
#[derive(Default)]
struct Lanczos {
    diagonal: Vec<f64>,
    off_diagonal: Vec<f64>,
    last: Option<(f64, f64)>,
}

impl Lanczos {
    /// Adds an iteration with step α and residual energy before it.
    fn push(&mut self, step: f64, energy: f64) {
        match self.last {
            None => self.diagonal.push(1.0 / step),
            Some((last_step, last_energy)) => {
                let ratio = energy / last_energy;
                self.diagonal.push(1.0 / step + ratio / last_step);
                self.off_diagonal.push(ratio.sqrt() / last_step);
            }
        }
        self.last = Some((step, energy));
    }

    /// Bisection on Sturm counts: eigenvalues below x are negative pivots of T − x.
    fn smallest(&self) -> f64 {
        let n = self.diagonal.len();
        let off = |i: usize| self.off_diagonal.get(i).copied().unwrap_or(0.0).abs();
        let radius = |i: usize| if i == 0 { off(0) } else { off(i - 1) + off(i) };
        let bound = (0..n).map(|i| self.diagonal[i].abs() + radius(i)).fold(0.0f64, f64::max) * (1.0 + 1e-12);
        let has_below = |x: f64| {
            let mut pivot = 1.0;
            (0..n).any(|i| {
                let square = if i == 0 { 0.0 } else { off(i - 1) * off(i - 1) };
                pivot = self.diagonal[i] - x - square / pivot;
                if pivot == 0.0 {
                    pivot = f64::MIN_POSITIVE;
                }
                pivot < 0.0
            })
        };
        let (mut low, mut high) = (-bound, bound);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if has_below(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        0.5 * (low + high)
    }
}

#[cfg(test)]
mod tests {
    use super::super::symmetric::testing::{largest_difference, positive_definite};
    use super::*;
    use faer::mat;

    #[test]
    fn scalar_limits() {
        let mode = FluctuatingMode {
            learning_rate: 0.5,
            curvature: 1.0,
            curvature_variance: 1.0,
            noise_variance: 2.0,
        };
        // 0.5·2/(2 − 0.5 − 0.5) = 1, and 1/(2 − 0.5) in the Langevin approximation.
        assert!((mode.stationary_variance().unwrap() - 1.0).abs() < 1e-15);
        assert!((mode.langevin_variance().unwrap() - 1.0 / 1.5).abs() < 1e-15);
        // Γ = 3.2: beyond the exact limit λ(2 − ηλ)/η = 3, below Langevin's 4.
        let mode = FluctuatingMode { curvature_variance: 3.2, ..mode };
        assert!(matches!(
            mode.stationary_variance(),
            Err(TheoryError::InfiniteVariance { spectral_radius }) if (spectral_radius - 3.2 / 3.0).abs() < 1e-14
        ));
        assert!(mode.langevin_variance().is_ok());
        assert!(mode.second_moment_growth() > 1.0 && mode.gaussian_lyapunov_exponent() < 0.0);
        // h = 1, s = 2, η = 0.6: typical paths shrink, the second moment grows by 1.6.
        let mode = FluctuatingMode {
            learning_rate: 0.6,
            curvature: 1.0,
            curvature_variance: 4.0,
            noise_variance: 1.0,
        };
        assert!((mode.second_moment_growth() - 1.6).abs() < 1e-15);
        assert!((mode.gaussian_lyapunov_exponent() + 0.39832).abs() < 1e-5);
    }

    fn samples(d: usize, n: usize) -> (Vec<Mat<f64>>, Mat<f64>) {
        let all: Vec<Mat<f64>> =
            (0..n).map(|i| positive_definite(d, 0.0, 1.0 + 0.2 * i as f64, i as f64)).collect();
        let mean = all.iter().fold(Mat::zeros(d, d), |sum, h| sum + faer::Scale(1.0 / n as f64) * h);
        (all, mean)
    }

    fn action(samples: &[Mat<f64>]) -> impl FnMut(MatRef<'_, f64>) -> Mat<f64> {
        |v| {
            let scale = 1.0 / samples.len() as f64;
            let d = v.nrows();
            samples.iter().fold(Mat::zeros(d, d), |sum, h| sum + faer::Scale(scale) * (h * (v * h)))
        }
    }

    #[test]
    fn is_the_fixed_point_of_the_recursion() {
        let (all, h) = samples(4, 7);
        let c = positive_definite(4, 0.2, 1.0, 9.0);
        let (eta, batch) = (0.4, 2);
        for sampling in [Sampling::WithReplacement, Sampling::WithoutReplacement { samples: 7 }] {
            let got =
                fluctuating_stationary_covariance(h.as_ref(), c.as_ref(), eta, batch, sampling, action(&all))
                    .unwrap();
            let factor = sampling.variance_factor(batch);
            let step = Mat::from_fn(4, 4, |i, j| f64::from(u8::from(i == j)) - eta * h[(i, j)]);
            let mut act = action(&all);
            let mut v = Mat::<f64>::zeros(4, 4);
            for _ in 0..3000 {
                let excess = act(v.as_ref()) - &h * (&v * &h);
                v = &step * (&v * &step)
                    + faer::Scale(eta * eta * factor) * excess
                    + faer::Scale(eta * eta) * &c;
            }
            assert!(largest_difference(&got.covariance, &v) < 1e-11 * v.norm_max());
            assert!(got.spectral_radius > 0.0 && got.spectral_radius < 1.0);
        }
    }

    #[test]
    fn every_pair_of_samples_enumerated() {
        // B = 2 without replacement among 3 samples: the three batches are listed and averaged directly.
        let (all, h) = samples(3, 3);
        let c = positive_definite(3, 0.2, 1.0, 9.0);
        let eta = 0.5;
        let sampling = Sampling::WithoutReplacement { samples: 3 };
        let got = fluctuating_stationary_covariance(h.as_ref(), c.as_ref(), eta, 2, sampling, action(&all))
            .unwrap();
        let batches: Vec<Mat<f64>> = [(0, 1), (0, 2), (1, 2)]
            .into_iter()
            .map(|(a, b)| {
                Mat::from_fn(3, 3, |i, j| {
                    f64::from(u8::from(i == j)) - 0.5 * eta * (all[a][(i, j)] + all[b][(i, j)])
                })
            })
            .collect();
        let v = &got.covariance;
        let mut image = faer::Scale(eta * eta) * &c;
        for step in &batches {
            image += faer::Scale(1.0 / 3.0) * (step * (v * step.transpose()));
        }
        assert!(largest_difference(&image, v) < 1e-12 * v.norm_max());
    }

    #[test]
    fn spectral_radius_and_divergence() {
        // One mode, H_i = 1 ± s: Γ = s², so ρ = ηΓ/(λ(2 − ηλ)).
        for (s, exists) in [(1.2, true), (1.9, false)] {
            let got = fluctuating_stationary_covariance(
                mat![[1.0]].as_ref(),
                mat![[2.0]].as_ref(),
                0.5,
                1,
                Sampling::WithReplacement,
                |v| mat![[(1.0 + s * s) * v[(0, 0)]]],
            );
            let radius = 0.5 * s * s / 1.5;
            match got {
                Ok(solution) => {
                    assert!(exists && (solution.spectral_radius - radius).abs() < 1e-12);
                    let mode = FluctuatingMode {
                        learning_rate: 0.5,
                        curvature: 1.0,
                        curvature_variance: s * s,
                        noise_variance: 2.0,
                    };
                    let want = mode.stationary_variance().unwrap();
                    assert!((solution.covariance[(0, 0)] / want - 1.0).abs() < 1e-13);
                }
                Err(TheoryError::InfiniteVariance { spectral_radius }) => {
                    assert!(!exists && (spectral_radius - radius).abs() < 1e-12);
                }
                Err(other) => panic!("{other}"),
            }
        }
    }

    #[test]
    fn flat_modes_are_left_out() {
        let h = mat![[1.0, 0.0], [0.0, 0.0]];
        let c = mat![[1.0, 0.0], [0.0, 0.0]];
        let convex = |v: MatRef<'_, f64>| mat![[1.5 * v[(0, 0)], 0.0], [0.0, 0.0]];
        let scheme = Sampling::WithReplacement;
        let got = fluctuating_stationary_covariance(h.as_ref(), c.as_ref(), 0.5, 1, scheme, convex).unwrap();
        assert_eq!(got.flat_modes, 1);
        assert!((got.covariance[(0, 0)] - 0.5 / (2.0 - 0.5 - 0.25)).abs() < 1e-14);
        let leaking = |v: MatRef<'_, f64>| mat![[1.5 * v[(0, 0)], 0.0], [0.0, v[(0, 0)]]];
        assert!(matches!(
            fluctuating_stationary_covariance(h.as_ref(), c.as_ref(), 0.5, 1, scheme, leaking),
            Err(TheoryError::FlatFluctuation { .. })
        ));
    }
}
