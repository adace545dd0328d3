//! The stationary covariance of linear dynamics at a minimum, with state-independent noise.

use super::TheoryError;
use super::error::check_positive;
use super::symmetric::{Eigenbasis, check_symmetric, square_root};
use faer::{Mat, MatRef};

/// Linear dynamics near a minimum whose stationary covariance is known in closed form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LinearDynamics {
    /// `θ' = θ − ηĝ`, exact: HS + SH − ηHSH = ηC.
    Sgd,
    /// `m' = μm + ĝ, θ' = θ − ηm'`, exact. Stable iff ηh < 2(1+μ).
    HeavyBall {
        /// The momentum μ in [0, 1).
        momentum: f64,
    },
    /// Heavy ball in the limit η → 0 at fixed friction γ = (1−μ)/√η (time k√η): underdamped Langevin dynamics with
    /// kT = ηC/(2(1−μ)).
    Underdamped {
        /// The momentum μ in [0, 1).
        momentum: f64,
    },
    /// The first-order stochastic differential equation: HS + SH = ηC.
    FirstOrderSde,
    /// The second-order stochastic modified equation, drift −∇(L + (η/4)|∇L|²), squared diffusion ηC (Q. Li, C. Tai
    /// and W. E, ICML 2017). Its stationary variance is *not* closer to SGD's in general.
    SecondOrderSde,
    /// The same drift with squared diffusion ηC + (η²/2)(HC + CH).
    SecondOrderSdeCorrectedNoise,
    /// Stochastic variance amplified gradient (Z. Li, S. Malladi and S. Arora, NeurIPS 2021): SGD at l = 1, the
    /// first-order equation as l → ∞.
    Svag {
        /// l ≥ 1.
        amplification: f64,
    },
}

/// A direction in which a stationary law does not exist.
#[derive(Clone, Debug, PartialEq)]
pub struct FlatMode {
    /// The position of the eigenvalue in ascending order.
    pub index: usize,
    /// The eigenvalue, zero up to rounding.
    pub eigenvalue: f64,
    /// The unit eigenvector, `[d]`.
    pub direction: Vec<f64>,
    /// The diffusion coefficient per step: the variance grows by twice this much each step. Zero if C vanishes along
    /// with the curvature; the direction then never moves.
    pub diffusion: f64,
}

/// A stationary covariance, mode by mode.
#[derive(Clone, Debug)]
pub struct StationaryCovariance {
    /// `E θθᵀ`, `[d × d]`, with zeros along the flat modes.
    pub covariance: Mat<f64>,
    /// The eigenvalues of the Hessian, ascending, `[d]`.
    pub curvatures: Vec<f64>,
    /// The variance along each eigenvector, `[d]`; zero for flat modes, which have none.
    pub variances: Vec<f64>,
    /// The directions left out.
    pub flat_modes: Vec<FlatMode>,
}

impl LinearDynamics {
    fn check(self) -> Result<(), TheoryError> {
        match self {
            Self::HeavyBall { momentum } | Self::Underdamped { momentum }
                if !(0.0..1.0).contains(&momentum) =>
            {
                Err(TheoryError::OutOfRange {
                    name: "momentum",
                    value: momentum,
                    allowed: "a number from 0 (included) to 1 (excluded)",
                })
            }
            Self::Svag { amplification } if amplification < 1.0 || amplification.is_nan() => {
                Err(TheoryError::OutOfRange {
                    name: "amplification", value: amplification, allowed: "l ≥ 1"
                })
            }
            _ => Ok(()),
        }
    }

    /// Stability needs 0 < ηh < this.
    pub fn stability_limit(self) -> f64 {
        match self {
            Self::Sgd => 2.0,
            Self::HeavyBall { momentum } => 2.0 * (1.0 + momentum),
            Self::Svag { amplification } => 2.0 * amplification,
            Self::Underdamped { .. }
            | Self::FirstOrderSde
            | Self::SecondOrderSde
            | Self::SecondOrderSdeCorrectedNoise => f64::INFINITY,
        }
    }

    /// S_ij/C_ij for curvatures a, b of modes i, j.
    fn response(self, learning_rate: f64, a: f64, b: f64) -> f64 {
        let eta = learning_rate;
        match self {
            Self::Sgd => eta / (a + b - eta * a * b),
            Self::Svag { amplification } => eta / (a + b - eta * a * b / amplification),
            Self::FirstOrderSde => eta / (a + b),
            Self::SecondOrderSde => eta / (a + b + 0.5 * eta * (a * a + b * b)),
            Self::SecondOrderSdeCorrectedNoise => {
                eta * (1.0 + 0.5 * eta * (a + b)) / (a + b + 0.5 * eta * (a * a + b * b))
            }
            Self::HeavyBall { momentum } => {
                // The closed system of E θᵢθⱼ and of the two lagged products, solved by hand; written so that
                // nothing cancels as μ → 1 or ηh → 0.
                let (x, y, mu) = (eta * a, eta * b, momentum);
                let same = (1.0 - mu) * (x + y - x * y / (1.0 + mu));
                eta * eta / (same + mu * (x - y) * (x - y) / (1.0 - mu * mu))
            }
            Self::Underdamped { momentum } => {
                let friction = (1.0 - momentum) / eta.sqrt();
                eta.sqrt() / (friction * (a + b) + (a - b) * (a - b) / (2.0 * friction))
            }
        }
    }

    /// What multiplies η²C/2 in the diffusion coefficient per step of a flat mode.
    fn flat_amplification(self) -> f64 {
        match self {
            Self::HeavyBall { momentum } | Self::Underdamped { momentum } => (1.0 - momentum).powi(-2),
            _ => 1.0,
        }
    }
}

/// `H + λI`: SGD with weight decay λ is SGD on the regularised loss.
pub fn with_weight_decay(hessian: MatRef<'_, f64>, weight_decay: f64) -> Mat<f64> {
    Mat::from_fn(hessian.nrows(), hessian.ncols(), |i, j| {
        hessian[(i, j)] + if i == j { weight_decay } else { 0.0 }
    })
}

/// The stationary covariance of `dynamics` with Hessian H and minibatch gradient covariance C, both symmetric
/// `[d × d]`, not necessarily commuting.
///
/// In H's eigenbasis S_ij = C_ij·r(h_i, h_j) with the response r of the dynamics; for SGD r = η/(h_i + h_j − ηh_ih_j).
///
/// # Errors
/// Shapes, asymmetry, η ≤ 0, a parameter of `dynamics` out of range; [`TheoryError::Unstable`] naming the
/// eigenvalue; [`TheoryError::Flat`] where no stationary law exists (see [`curved_stationary_covariance`]).
/// ```
/// use faer::mat;
/// use sgdyn::theory::{LinearDynamics, stationary_covariance};
/// let (h, c) = (mat![[1.0]], mat![[1.0]]);
/// let s = stationary_covariance(h.as_ref(), c.as_ref(), 0.1, LinearDynamics::Sgd)?;
/// assert!((s.covariance[(0, 0)] - 0.1 / 1.9).abs() < 1e-15);
/// # Ok::<(), sgdyn::theory::TheoryError>(())
/// ```
pub fn stationary_covariance(
    hessian: MatRef<'_, f64>,
    noise: MatRef<'_, f64>,
    learning_rate: f64,
    dynamics: LinearDynamics,
) -> Result<StationaryCovariance, TheoryError> {
    let stationary = curved_stationary_covariance(hessian, noise, learning_rate, dynamics)?;
    match stationary.flat_modes.first() {
        None => Ok(stationary),
        Some(mode) => Err(TheoryError::Flat {
            eigenvalue: mode.eigenvalue,
            index: mode.index,
            diffusion: mode.diffusion,
        }),
    }
}

/// As [`stationary_covariance`], on the curved modes of a positive semidefinite H; flat modes are listed with their
/// diffusion coefficients instead of being refused.
///
/// # Errors
/// As [`stationary_covariance`], but for flat modes.
pub fn curved_stationary_covariance(
    hessian: MatRef<'_, f64>,
    noise: MatRef<'_, f64>,
    learning_rate: f64,
    dynamics: LinearDynamics,
) -> Result<StationaryCovariance, TheoryError> {
    check_positive("learning_rate", learning_rate)?;
    dynamics.check()?;
    let basis = Eigenbasis::of("hessian", hessian)?;
    check_symmetric("noise", noise, basis.dimension())?;
    let limit = dynamics.stability_limit();
    let flat = basis.flat_tolerance();
    for (index, &eigenvalue) in basis.values.iter().enumerate() {
        if eigenvalue < -flat || learning_rate * eigenvalue >= limit {
            return Err(TheoryError::Unstable { eigenvalue, index, learning_rate, limit });
        }
    }
    let d = basis.dimension();
    let rotated = basis.rotated(noise);
    let is_flat = |i: usize| basis.values[i] <= flat;
    let modal = Mat::from_fn(d, d, |i, j| {
        if is_flat(i) || is_flat(j) {
            return 0.0;
        }
        rotated[(i, j)] * dynamics.response(learning_rate, basis.values[i], basis.values[j])
    });
    let per_step = 0.5 * learning_rate * learning_rate * dynamics.flat_amplification();
    let flat_modes = (0..d)
        .filter(|&i| is_flat(i))
        .map(|i| FlatMode {
            index: i,
            eigenvalue: basis.values[i],
            direction: basis.vectors.col(i).iter().copied().collect(),
            diffusion: per_step * rotated[(i, i)],
        })
        .collect();
    Ok(StationaryCovariance {
        covariance: basis.restored(modal.as_ref()),
        variances: (0..d).map(|i| modal[(i, i)]).collect(),
        curvatures: basis.values,
        flat_modes,
    })
}

/// Heavy ball with a symmetric positive definite learning-rate matrix Λ: θ' = θ − Λm'.
///
/// Solves (1−μ)(ΛHS+SHΛ) − ((1+μ²)/(1−μ²))ΛHSHΛ + (μ/(1−μ²))(ΛHΛHS+SHΛHΛ) = ΛCΛ through θ = Λ^{1/2}φ, which turns Λ into
/// the learning rate 1 with Hessian Λ^{1/2}HΛ^{1/2} and noise Λ^{1/2}CΛ^{1/2}.
///
/// # Errors
/// As [`stationary_covariance`] for the transformed problem, and [`TheoryError::NotPositive`] for Λ.
pub fn heavy_ball_matrix_rate(
    hessian: MatRef<'_, f64>,
    noise: MatRef<'_, f64>,
    learning_rate: MatRef<'_, f64>,
    momentum: f64,
) -> Result<Mat<f64>, TheoryError> {
    let d = hessian.nrows();
    check_symmetric("hessian", hessian, d)?;
    check_symmetric("noise", noise, d)?;
    check_symmetric("learning_rate", learning_rate, d)?;
    let root = square_root("learning_rate", learning_rate)?;
    let transformed = |x: MatRef<'_, f64>| super::symmetric::symmetrized((&root * (x * &root)).as_ref());
    let stationary = stationary_covariance(
        transformed(hessian).as_ref(),
        transformed(noise).as_ref(),
        1.0,
        LinearDynamics::HeavyBall { momentum },
    )?;
    Ok(&root * (&stationary.covariance * &root))
}

#[cfg(test)]
mod tests {
    use super::super::symmetric::testing::{discrete_lyapunov, largest_difference, positive_definite};
    use super::*;
    use faer::mat;

    fn scalar(dynamics: LinearDynamics, h: f64, c: f64, learning_rate: f64) -> f64 {
        stationary_covariance(mat![[h]].as_ref(), mat![[c]].as_ref(), learning_rate, dynamics)
            .unwrap()
            .covariance[(0, 0)]
    }

    #[test]
    fn reference_scalars() {
        let close = |got: f64, want: f64| assert!((got - want).abs() < 1e-6, "{got} against {want}");
        close(scalar(LinearDynamics::Sgd, 1.0, 1.0, 0.1), 0.0526316);
        close(scalar(LinearDynamics::FirstOrderSde, 1.0, 1.0, 0.1), 0.05);
        close(scalar(LinearDynamics::SecondOrderSde, 1.0, 1.0, 0.1), 0.047619);
        close(scalar(LinearDynamics::SecondOrderSdeCorrectedNoise, 1.0, 1.0, 0.1), 0.0523810);
        close(scalar(LinearDynamics::HeavyBall { momentum: 0.9 }, 1.0, 1.0, 0.1), 0.5135135);
        // c = 2, η = 0.05, σ = 1: the chain 1/76, the differential equation 0.0125.
        close(scalar(LinearDynamics::Sgd, 2.0, 1.0, 0.05), 1.0 / 76.0);
        close(scalar(LinearDynamics::FirstOrderSde, 2.0, 1.0, 0.05), 0.0125);
        let svag = |l| scalar(LinearDynamics::Svag { amplification: l }, 1.0, 1.0, 0.1);
        assert_eq!(svag(1.0), scalar(LinearDynamics::Sgd, 1.0, 1.0, 0.1));
        close(svag(1e9), 0.05);
        // kT/h = ηC/(2(1−μ)h)
        close(scalar(LinearDynamics::Underdamped { momentum: 0.9 }, 2.0, 1.0, 0.1), 0.25);
    }

    /// `θ' = θ − Λm', m' = μm + Hθ + ξ` as one linear map of (θ, m), `[2d × 2d]`.
    fn heavy_ball_by_lyapunov(h: &Mat<f64>, c: &Mat<f64>, rate: &Mat<f64>, mu: f64) -> Mat<f64> {
        let d = h.nrows();
        let rate_h = rate * h;
        let (rate_c, rate_c_rate) = (rate * c, rate * (c * rate));
        let identity = |i: usize, j: usize| f64::from(u8::from(i == j));
        let f = Mat::from_fn(2 * d, 2 * d, |i, j| match (i < d, j < d) {
            (true, true) => identity(i, j) - rate_h[(i, j)],
            (true, false) => -mu * rate[(i, j - d)],
            (false, true) => h[(i - d, j)],
            (false, false) => mu * identity(i, j),
        });
        let q = Mat::from_fn(2 * d, 2 * d, |i, j| match (i < d, j < d) {
            (true, true) => rate_c_rate[(i, j)],
            (true, false) => -rate_c[(i, j - d)],
            (false, true) => -rate_c[(j, i - d)],
            (false, false) => c[(i - d, j - d)],
        });
        let full = discrete_lyapunov(&f, &q);
        Mat::from_fn(d, d, |i, j| full[(i, j)])
    }

    #[test]
    fn matches_discrete_lyapunov_without_commuting() {
        let (h, c) = (positive_definite(5, 0.3, 3.0, 0.1), positive_definite(5, 0.5, 2.0, 2.3));
        assert!(largest_difference(&(&h * &c), &(&c * &h)) > 0.05);
        for (eta, momentum) in [(0.1, 0.0), (0.5, 0.5), (0.1, 0.9), (0.02, 0.99)] {
            let rate = Mat::from_fn(5, 5, |i, j| if i == j { eta } else { 0.0 });
            let want = heavy_ball_by_lyapunov(&h, &c, &rate, momentum);
            let got =
                stationary_covariance(h.as_ref(), c.as_ref(), eta, LinearDynamics::HeavyBall { momentum })
                    .unwrap()
                    .covariance;
            // Doubling loses about cond = 1/(1 − spectral radius) ≤ 10³ of the 16 digits.
            assert!(largest_difference(&got, &want) < 1e-12, "η {eta}, μ {momentum}");
            if momentum == 0.0 {
                let sgd = stationary_covariance(h.as_ref(), c.as_ref(), eta, LinearDynamics::Sgd).unwrap();
                assert!(largest_difference(&sgd.covariance, &want) < 1e-13);
            }
        }
        let rate = positive_definite(5, 0.05, 0.3, 4.0);
        let want = heavy_ball_by_lyapunov(&h, &c, &rate, 0.8);
        let got = heavy_ball_matrix_rate(h.as_ref(), c.as_ref(), rate.as_ref(), 0.8).unwrap();
        assert!(largest_difference(&got, &want) < 1e-12);
    }

    #[test]
    fn solves_the_continuous_equations() {
        let (h, c) = (positive_definite(4, 0.3, 3.0, 0.1), positive_definite(4, 0.5, 2.0, 2.3));
        let eta = 0.2;
        let s = stationary_covariance(h.as_ref(), c.as_ref(), eta, LinearDynamics::FirstOrderSde).unwrap();
        let left = &h * &s.covariance + &s.covariance * &h;
        assert!(largest_difference(&left, &(faer::Scale(eta) * &c)) < 1e-14);
        // The heavy ball tends to its underdamped limit as η → 0 at fixed friction 0.7.
        let eta: f64 = 1e-8;
        let momentum = 1.0 - 0.7 * eta.sqrt();
        let ball = stationary_covariance(h.as_ref(), c.as_ref(), eta, LinearDynamics::HeavyBall { momentum })
            .unwrap();
        let limit =
            stationary_covariance(h.as_ref(), c.as_ref(), eta, LinearDynamics::Underdamped { momentum })
                .unwrap();
        let scale = limit.covariance[(0, 0)];
        // The corrections are of order √η = 1e-4.
        assert!(largest_difference(&ball.covariance, &limit.covariance) < 1e-3 * scale);
    }

    #[test]
    fn names_what_is_unstable_or_flat() {
        let h = mat![[0.0, 0.0], [0.0, 3.0]];
        let c = mat![[2.0, 0.5], [0.5, 1.0]];
        let solve = |eta, dynamics| stationary_covariance(h.as_ref(), c.as_ref(), eta, dynamics);
        assert!(matches!(
            solve(0.1, LinearDynamics::Sgd).unwrap_err(),
            TheoryError::Flat { eigenvalue: 0.0, index: 0, diffusion } if (diffusion - 0.01).abs() < 1e-16
        ));
        assert!(matches!(
            solve(0.7, LinearDynamics::Sgd).unwrap_err(),
            TheoryError::Unstable { index: 1, limit: 2.0, .. }
        ));
        let curved = curved_stationary_covariance(h.as_ref(), c.as_ref(), 0.1, LinearDynamics::Sgd).unwrap();
        assert_eq!(curved.flat_modes.len(), 1);
        assert!((curved.covariance[(1, 1)] - 0.1 / (3.0 * 1.7)).abs() < 1e-15);
        let decayed = with_weight_decay(h.as_ref(), 0.5);
        assert!(stationary_covariance(decayed.as_ref(), c.as_ref(), 0.1, LinearDynamics::Sgd).is_ok());
        assert!(solve(-0.1, LinearDynamics::Sgd).is_err());
        assert!(solve(0.1, LinearDynamics::HeavyBall { momentum: 1.0 }).is_err());
        assert!(solve(0.1, LinearDynamics::Svag { amplification: 0.5 }).is_err());
        let skew = mat![[1.0, 0.5], [0.0, 1.0]];
        assert!(stationary_covariance(skew.as_ref(), c.as_ref(), 0.1, LinearDynamics::Sgd).is_err());
        let wide = mat![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
        assert!(stationary_covariance(wide.as_ref(), c.as_ref(), 0.1, LinearDynamics::Sgd).is_err());
    }
}
