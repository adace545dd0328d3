//! One-dimensional diffusions: drift −U'(x) and diffusion D(x), dX = −U' dt + √(2D) dW.

use super::TheoryError;
use super::error::check_positive;

/// What state-dependent noise means. The generators, with Φ' = U'/D:
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interpretation {
    /// `L = −U'∂ + D∂²`, density ∝ e^{−Φ}/D: what SGD does, since it evaluates its noise at the start of a step.
    #[default]
    Ito,
    /// `L = −U'∂ + √D ∂ √D ∂`, density ∝ e^{−Φ}/√D.
    Stratonovich,
    /// `L = −U'∂ + ∂ D ∂`, density ∝ e^{−Φ} (Hänggi–Klimontovich, anti-Itô): continuous where D jumps.
    AntiIto,
}

impl Interpretation {
    /// The point of the step at which the noise is evaluated: 0, ½ or 1.
    fn evaluation_point(self) -> f64 {
        match self {
            Self::Ito => 0.0,
            Self::Stratonovich => 0.5,
            Self::AntiIto => 1.0,
        }
    }
}

type Function<'a> = Box<dyn Fn(f64) -> f64 + 'a>;

enum Coefficients<'a> {
    Gibbs { potential: Function<'a>, temperature: f64 },
    StateDependent { gradient: Function<'a>, diffusion: Function<'a> },
}

/// A diffusion on the line, as first-passage times and stationary densities take it.
/// ```
/// use sgdyn::theory::Process;
/// let double_well = Process::gibbs(|x| x.powi(4) - 2.0 * x * x, 1.0 / 3.0)?;
/// let multiplicative = Process::state_dependent(|x| x, |x| 0.1 + x * x);
/// # Ok::<(), sgdyn::theory::TheoryError>(())
/// ```
pub struct Process<'a> {
    coefficients: Coefficients<'a>,
    interpretation: Interpretation,
}

/// The logarithms of the scale and speed densities and the integrand of Φ at one point.
pub(super) struct PointValues {
    pub(super) potential: f64,
    pub(super) slope: f64,
    pub(super) log_diffusion: f64,
}

impl<'a> Process<'a> {
    /// Overdamped Langevin dynamics in `potential` U at `temperature` 1/β: D = 1/β, Φ = βU.
    ///
    /// # Errors
    /// A temperature that is not positive.
    pub fn gibbs(potential: impl Fn(f64) -> f64 + 'a, temperature: f64) -> Result<Self, TheoryError> {
        check_positive("temperature", temperature)?;
        let coefficients = Coefficients::Gibbs { potential: Box::new(potential), temperature };
        Ok(Self { coefficients, interpretation: Interpretation::Ito })
    }

    /// Drift `−gradient(x)` and diffusion `diffusion(x)` > 0, in Itô's sense unless told otherwise. Both may jump.
    pub fn state_dependent(gradient: impl Fn(f64) -> f64 + 'a, diffusion: impl Fn(f64) -> f64 + 'a) -> Self {
        let coefficients =
            Coefficients::StateDependent { gradient: Box::new(gradient), diffusion: Box::new(diffusion) };
        Self { coefficients, interpretation: Interpretation::Ito }
    }

    /// The same coefficients, with another meaning of the noise.
    pub fn interpreted(self, interpretation: Interpretation) -> Self {
        Self { interpretation, ..self }
    }

    /// Whether Φ is known in closed form instead of through its derivative.
    pub(super) fn has_potential(&self) -> bool {
        matches!(self.coefficients, Coefficients::Gibbs { .. })
    }

    pub(super) fn at(&self, x: f64) -> Result<PointValues, TheoryError> {
        match &self.coefficients {
            Coefficients::Gibbs { potential, temperature } => {
                let value = potential(x);
                if value.is_nan() || value == f64::NEG_INFINITY {
                    let allowed = "a number, or +∞ for a wall";
                    return Err(TheoryError::BadFunction { name: "potential", x, value, allowed });
                }
                let log_diffusion = temperature.ln();
                Ok(PointValues { potential: value / temperature, slope: 0.0, log_diffusion })
            }
            Coefficients::StateDependent { gradient, diffusion } => {
                let (slope, value) = (gradient(x), diffusion(x));
                if !slope.is_finite() {
                    let allowed = "a finite number";
                    return Err(TheoryError::BadFunction { name: "gradient", x, value: slope, allowed });
                }
                if !(value > 0.0 && value.is_finite()) {
                    let allowed = "positive and finite";
                    return Err(TheoryError::BadFunction { name: "diffusion", x, value, allowed });
                }
                Ok(PointValues { potential: 0.0, slope: slope / value, log_diffusion: value.ln() })
            }
        }
    }

    /// ln of the scale density e^Φ D^{−α} and of the speed density e^{−Φ} D^{α−1}; their product is 1/D.
    pub(super) fn log_scale_and_speed(&self, potential: f64, log_diffusion: f64) -> (f64, f64) {
        let alpha = self.interpretation.evaluation_point();
        (potential - alpha * log_diffusion, -potential + (alpha - 1.0) * log_diffusion)
    }
}
