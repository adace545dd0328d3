//! Escape over a barrier: Eyring–Kramers, Kramers–Langer, and the theorems on SGLD and SGD.

use super::TheoryError;
use super::error::{check_not_negative, check_positive};
use super::symmetric::Eigenbasis;
use faer::{Mat, MatRef};
use std::f64::consts::{LN_2, PI};

/// A saddle through which a well is left.
#[derive(Clone, Debug)]
pub struct Gate {
    /// The barrier ΔU = U(saddle) − U(minimum) > 0.
    pub barrier: f64,
    /// The Hessian at the saddle, `[d × d]`, with exactly one negative eigenvalue.
    pub hessian: Mat<f64>,
    /// How many equivalent saddles there are; their rates add.
    pub multiplicity: u32,
}

/// A mean escape time in units of t, as logarithms since it is exponentially large.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EscapeTime {
    /// ln of the mean time to the far well.
    pub log_to_far_well: f64,
}

impl EscapeTime {
    /// The mean time until the far well is reached; infinite where it exceeds the largest number.
    pub fn to_far_well(&self) -> f64 {
        self.log_to_far_well.exp()
    }

    /// The mean time until the saddle is reached for the first time: half of that to the far well, since from the saddle
    /// either side is as likely.
    pub fn to_saddle(&self) -> f64 {
        (self.log_to_far_well - LN_2).exp()
    }

    /// ln of the escape rate.
    pub fn log_rate(&self) -> f64 {
        -self.log_to_far_well
    }

    /// The escape rate per unit of time.
    pub fn rate(&self) -> f64 {
        (-self.log_to_far_well).exp()
    }

    fn from_log_rates(log_rates: impl IntoIterator<Item = f64>) -> Self {
        let total = log_rates.into_iter().fold(f64::NEG_INFINITY, super::quadrature::log_add);
        Self { log_to_far_well: -total }
    }
}

/// The escape through several independent paths: γ = Σ_p γ_p.
pub fn total_rate(paths: &[EscapeTime]) -> EscapeTime {
    EscapeTime::from_log_rates(paths.iter().map(EscapeTime::log_rate))
}

/// ½ ln(|det H_S|/det H_A), and |λ₁| at the saddle.
fn prefactor(minimum: &Eigenbasis, saddle: &Eigenbasis) -> Result<(f64, f64), TheoryError> {
    let flat = saddle.flat_tolerance();
    let negative = saddle.values.iter().filter(|v| **v < -flat).count();
    if negative != 1 {
        return Err(TheoryError::NotASaddle { negative });
    }
    if let Some(&eigenvalue) = saddle.values.iter().find(|v| v.abs() <= flat) {
        let needed = "free of zero eigenvalues";
        return Err(TheoryError::NotPositive { name: "the saddle's Hessian", eigenvalue, needed });
    }
    let log_determinant = |basis: &Eigenbasis| basis.values.iter().map(|v| v.abs().ln()).sum::<f64>();
    Ok((0.5 * (log_determinant(saddle) - log_determinant(minimum)), -saddle.values[0]))
}

fn over_gates(
    minimum: MatRef<'_, f64>,
    gates: &[Gate],
    inverse_temperature: f64,
    unstable_rate: impl Fn(f64) -> f64,
) -> Result<EscapeTime, TheoryError> {
    check_positive("inverse_temperature", inverse_temperature)?;
    let well = Eigenbasis::of("the minimum's Hessian", minimum)?;
    if let Some(&eigenvalue) = well.values.iter().find(|v| **v <= well.flat_tolerance()) {
        let needed = "positive definite";
        return Err(TheoryError::NotPositive { name: "the minimum's Hessian", eigenvalue, needed });
    }
    let mut log_rates = Vec::with_capacity(gates.len());
    for gate in gates {
        check_positive("barrier", gate.barrier)?;
        check_positive("multiplicity", f64::from(gate.multiplicity))?;
        super::symmetric::check_symmetric("the saddle's Hessian", gate.hessian.as_ref(), well.dimension())?;
        let saddle = Eigenbasis::of("the saddle's Hessian", gate.hessian.as_ref())?;
        let (log_ratio, curvature) = prefactor(&well, &saddle)?;
        log_rates.push(
            (f64::from(gate.multiplicity) * unstable_rate(curvature) / (2.0 * PI)).ln()
                - log_ratio
                - inverse_temperature * gate.barrier,
        );
    }
    Ok(EscapeTime::from_log_rates(log_rates))
}

/// Overdamped Langevin dynamics, `τ = (2π/|λ₁(S)|) √(|det H_S|/det H_A) e^{βΔU}`; rates of several gates add.
///
/// Relative error O(1/β) (A. Bovier, M. Eckhoff, V. Gayrard and M. Klein, *J. Eur. Math. Soc.* 6, 399 (2004)). A
/// process without gates never leaves.
///
/// # Errors
/// Shapes; β or a barrier not positive; a minimum that is not positive definite; [`TheoryError::NotASaddle`].
/// ```
/// use faer::mat;
/// use sgdyn::theory::{Gate, eyring_kramers};
/// // x⁴ − 2x²: U'' = 8 at 1, −4 at 0, barrier 1.
/// let gate = Gate { barrier: 1.0, hessian: mat![[-4.0]], multiplicity: 1 };
/// let time = eyring_kramers(mat![[8.0]].as_ref(), &[gate], 3.0)?;
/// let textbook = std::f64::consts::PI / 8f64.sqrt() * 3f64.exp();
/// assert!((time.to_far_well() / textbook - 1.0).abs() < 1e-14);
/// # Ok::<(), sgdyn::theory::TheoryError>(())
/// ```
pub fn eyring_kramers(
    minimum: MatRef<'_, f64>,
    gates: &[Gate],
    inverse_temperature: f64,
) -> Result<EscapeTime, TheoryError> {
    over_gates(minimum, gates, inverse_temperature, |curvature| curvature)
}

/// Underdamped Langevin dynamics of unit mass, dq = p dt, dp = −∇U dt − γp dt + √(2γ/β) dW: Eyring–Kramers with |λ₁|
/// replaced by `√(γ²/4 + |λ₁|) − γ/2` (J. S. Langer, *Ann. Phys.* 54, 258 (1969)).
///
/// For heavy ball: time k√η, friction γ = (1−μ)/√η, 1/β = ηC/(2(1−μ)). It needs γ well above the energy-diffusion
/// regime, γ ≫ |λ₁|^{1/2}/(βΔU).
///
/// # Errors
/// As [`eyring_kramers`], and for a friction that is negative.
pub fn kramers_langer(
    minimum: MatRef<'_, f64>,
    gates: &[Gate],
    inverse_temperature: f64,
    friction: f64,
) -> Result<EscapeTime, TheoryError> {
    check_not_negative("friction", friction)?;
    let half = 0.5 * friction;
    // |λ|/(√(γ²/4 + |λ|) + γ/2): the difference without cancellation at large friction.
    over_gates(minimum, gates, inverse_temperature, |curvature| {
        curvature / ((half * half + curvature).sqrt() + half)
    })
}

/// SGLD with diffusion D (Z. Xie, I. Sato and M. Sugiyama, ICLR 2021, theorem 3.1):
/// `τ = 2π √(−det H_b/det H_a)/|H_be| · e^{ΔL/D}`, which is Eyring–Kramers at β = 1/D.
///
/// # Errors
/// As [`eyring_kramers`].
pub fn sgld_theorem(
    minimum: MatRef<'_, f64>,
    gate: &Gate,
    diffusion: f64,
) -> Result<EscapeTime, TheoryError> {
    check_positive("diffusion", diffusion)?;
    eyring_kramers(minimum, std::slice::from_ref(gate), 1.0 / diffusion)
}

/// An escape path as the SGD theorem sees it, along one eigendirection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EscapePath {
    /// ΔL = L(b) − L(a) > 0.
    pub barrier: f64,
    /// The curvature H_ae > 0 at the minimum along the path.
    pub minimum_curvature: f64,
    /// |H_be| > 0 at the saddle along the path.
    pub saddle_curvature: f64,
    /// s in \[0, 1\]: the share of the barrier that is climbed under the minimum's noise, (L(c) − L(a))/ΔL if the
    /// noise switches at c. 4/9 for x⁴ − 2x² with c the inflection.
    pub switch_share: f64,
}

/// What happens to the density where the diffusion switches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SgdPrefactor {
    /// p is continuous (anti-Itô noise): 2π/|H_be|, as printed with the theorem.
    ContinuousDensity,
    /// Dp is continuous, as the Itô Fokker–Planck equation asks: 2π/H_ae.
    ContinuousFlux,
}

/// SGD with noise covariance proportional to |H| (Xie, Sato and Sugiyama, theorem 3.2):
/// `τ = (2π/h) exp[(2BΔL/η)(s/H_ae + (1−s)/|H_be|)]` with h by `prefactor`.
///
/// It describes *switching diffusion*: D = (η/2B)H_ae up to c and (η/2B)|H_be| beyond. Taken literally, D ∝ |H| vanishes
/// at the inflection and the process never crosses it: see [`super::reaches_inflection`]. A widespread version closes
/// the bracket after s/H_ae; it is wrong.
///
/// # Errors
/// Numbers that are not positive, or s outside \[0, 1\].
pub fn sgd_theorem(
    path: EscapePath,
    learning_rate: f64,
    batch_size: f64,
    prefactor: SgdPrefactor,
) -> Result<EscapeTime, TheoryError> {
    check_positive("learning_rate", learning_rate)?;
    check_positive("batch_size", batch_size)?;
    check_positive("barrier", path.barrier)?;
    check_positive("minimum_curvature", path.minimum_curvature)?;
    check_positive("saddle_curvature", path.saddle_curvature)?;
    let s = path.switch_share;
    if !(0.0..=1.0).contains(&s) {
        let allowed = "a number from 0 to 1";
        return Err(TheoryError::OutOfRange { name: "switch_share", value: s, allowed });
    }
    let curvature = match prefactor {
        SgdPrefactor::ContinuousDensity => path.saddle_curvature,
        SgdPrefactor::ContinuousFlux => path.minimum_curvature,
    };
    let exponent = 2.0 * batch_size * path.barrier / learning_rate
        * (s / path.minimum_curvature + (1.0 - s) / path.saddle_curvature);
    Ok(EscapeTime { log_to_far_well: (2.0 * PI / curvature).ln() + exponent })
}

#[cfg(test)]
mod tests {
    use super::super::{FarSide, Interpretation, Process, first_passage_time};
    use super::*;
    use faer::mat;

    fn gate(barrier: f64, hessian: Mat<f64>) -> Gate {
        Gate { barrier, hessian, multiplicity: 1 }
    }

    #[test]
    fn gates_add_and_dimensions_factorise() {
        let well = mat![[8.0, 0.0], [0.0, 3.0]];
        let saddle = mat![[-4.0, 0.0], [0.0, 3.0]];
        let plane = eyring_kramers(well.as_ref(), &[gate(1.0, saddle.clone())], 3.0).unwrap();
        let line = eyring_kramers(mat![[8.0]].as_ref(), &[gate(1.0, mat![[-4.0]])], 3.0).unwrap();
        assert!((plane.log_to_far_well - line.log_to_far_well).abs() < 1e-14);
        assert!((line.to_saddle() * 2.0 / line.to_far_well() - 1.0).abs() < 1e-14);
        let twice = Gate { multiplicity: 2, ..gate(1.0, saddle.clone()) };
        let two = eyring_kramers(well.as_ref(), &[twice], 3.0).unwrap();
        assert!((two.rate() / plane.rate() - 2.0).abs() < 1e-13);
        assert!((total_rate(&[plane, plane]).rate() / two.rate() - 1.0).abs() < 1e-13);
        let same = sgld_theorem(well.as_ref(), &gate(1.0, saddle), 1.0 / 3.0).unwrap();
        assert!((same.log_to_far_well - plane.log_to_far_well).abs() < 1e-14);
    }

    #[test]
    fn friction_limits() {
        let escape = |friction| {
            kramers_langer(mat![[8.0]].as_ref(), &[gate(1.0, mat![[-4.0]])], 3.0, friction).unwrap()
        };
        let overdamped = eyring_kramers(mat![[8.0]].as_ref(), &[gate(1.0, mat![[-4.0]])], 3.0).unwrap();
        // Large friction: time stretched by γ. None: transition-state theory, (√H_A/2π) e^{−βΔU}.
        assert!((escape(1e6).rate() * 1e6 / overdamped.rate() - 1.0).abs() < 1e-10);
        let transition_state = 8f64.sqrt() / (2.0 * PI) * (-3f64).exp();
        assert!((escape(0.0).rate() / transition_state - 1.0).abs() < 1e-14);
    }

    #[test]
    fn both_prefactors_against_switching_diffusion() {
        // U = x⁴ − 2x² from the well at 1, noise switching at the inflection 1/√3. Oracle: exact quadrature of the time to
        // the saddle, half of the time to the far well.
        let eta_over_b = 0.03;
        let inflection = 1.0 / 3f64.sqrt();
        let gradient = |x: f64| 4.0 * x.powi(3) - 4.0 * x;
        let path = EscapePath {
            barrier: 1.0,
            minimum_curvature: 8.0,
            saddle_curvature: 4.0,
            switch_share: 4.0 / 9.0,
        };
        for (interpretation, prefactor) in [
            (Interpretation::AntiIto, SgdPrefactor::ContinuousDensity),
            (Interpretation::Ito, SgdPrefactor::ContinuousFlux),
        ] {
            let diffusion = move |x: f64| 0.5 * eta_over_b * if x > inflection { 8.0 } else { 4.0 };
            let process = Process::state_dependent(gradient, diffusion).interpreted(interpretation);
            let exact = first_passage_time(&process, 1.0, 0.0, FarSide::Infinite).unwrap();
            let theory = sgd_theorem(path, eta_over_b, 1.0, prefactor).unwrap();
            // Corrections are O(D/ΔL) = 0.1; the two prefactors differ by a factor 2.
            let ratio = (exact.log_mean + LN_2 - theory.log_to_far_well).exp();
            assert!((ratio - 1.0).abs() < 0.1, "{prefactor:?}: {ratio}");
        }
    }

    #[test]
    fn refuses_nonsense() {
        let well = mat![[8.0]];
        assert!(matches!(
            eyring_kramers(well.as_ref(), &[gate(1.0, mat![[4.0]])], 3.0),
            Err(TheoryError::NotASaddle { negative: 0 })
        ));
        assert!(eyring_kramers(mat![[-1.0]].as_ref(), &[gate(1.0, mat![[-4.0]])], 3.0).is_err());
        assert!(eyring_kramers(well.as_ref(), &[gate(-1.0, mat![[-4.0]])], 3.0).is_err());
        assert!(eyring_kramers(well.as_ref(), &[gate(1.0, Mat::zeros(2, 2))], 3.0).is_err());
        assert_eq!(eyring_kramers(well.as_ref(), &[], 3.0).unwrap().rate(), 0.0);
        let path =
            EscapePath { barrier: 1.0, minimum_curvature: 8.0, saddle_curvature: 4.0, switch_share: 1.5 };
        assert!(sgd_theorem(path, 0.1, 1.0, SgdPrefactor::ContinuousFlux).is_err());
    }
}
