//! Diffusion processes as a grid reads them: drift and diffusion tensor at many points at once.

use std::sync::Arc;

use super::DensityError;
use super::process_functions::{DriftFunction, PotentialFunction, TensorFunction};
use super::process_noise::{RiskCovariance, root_variance};
use crate::landscape::{Drift, Field, Landscape};
use crate::lanes::{Block, Scratch};
use crate::noise::{CovarianceField, Noise};
use crate::risk::EmpiricalRisk;

/// `dX = b(X) dt + √(2 D(X)) dW` in one to three coordinates, built from the objects that the simulator runs.
///
/// D is what the simulator's noise says it is: the root of its covariance is applied to unit vectors, so nothing is
/// estimated. Where `b = −∇U` is known with its potential and D is constant, U is kept: a generator then has the Gibbs
/// law exp(−U/D) as its exact stationary law.
/// ```
/// use std::sync::Arc;
/// use sgdyn::density::DiffusionProcess;
/// use sgdyn::landscape::named;
/// use sgdyn::noise::Isotropic;
/// use sgdyn::random::Law;
///
/// let field = named("double-well", &Default::default())?;
/// let noise = Arc::new(Isotropic { amplitude: 1.5, law: Law::Normal, dimension: 1 });
/// let process = DiffusionProcess::stochastic_gradient(&field, noise, 0.1)?;
/// assert_eq!(process.tensor_at(&[0.3]), [0.5 * 0.1 * 1.5 * 1.5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct DiffusionProcess {
    drift: Arc<dyn Drift<f64>>,
    potential: Option<Arc<dyn Landscape<f64>>>,
    tensor: Tensor,
}

#[derive(Clone)]
enum Tensor {
    /// The same everywhere, `[d × d]`.
    Constant(Vec<f64>),
    /// A matrix field times a factor.
    Field { covariance: Arc<dyn CovarianceField<f64>>, factor: f64 },
    /// `factor · σ(x) σ(x)ᵀ`.
    Root { noise: Arc<dyn Noise<f64>>, factor: f64 },
}

impl DiffusionProcess {
    /// A process from functions of a point: `drift(x, b)` writes b, `[d]`; `tensor(x, D)` writes D, `[d × d]`.
    ///
    /// # Errors
    /// A dimension that is not 1, 2 or 3.
    pub fn from_functions(
        dimension: usize,
        drift: impl Fn(&[f64], &mut [f64]) + Send + Sync + 'static,
        tensor: impl Fn(&[f64], &mut [f64]) + Send + Sync + 'static,
    ) -> Result<Self, DensityError> {
        let drift = Arc::new(DriftFunction { dimension, drift });
        let covariance = Arc::new(TensorFunction { dimension, tensor });
        Self::checked(drift, None, Tensor::Field { covariance, factor: 1.0 })
    }

    /// Overdamped Langevin dynamics from functions: `dX = −∇U dt + √(2T) dW` with the stationary law exp(−U/T);
    /// `gradient(x, g)` writes ∇U, `[d]`.
    ///
    /// # Errors
    /// A dimension that is not 1, 2 or 3, a temperature that is not positive.
    pub fn gibbs(
        dimension: usize,
        potential: impl Fn(&[f64]) -> f64 + Send + Sync + 'static,
        gradient: impl Fn(&[f64], &mut [f64]) + Send + Sync + 'static,
        temperature: f64,
    ) -> Result<Self, DensityError> {
        check_positive("temperature", temperature)?;
        let field = Arc::new(PotentialFunction { dimension, potential, gradient });
        Self::checked(field.clone(), Some(field), Tensor::Constant(isotropic(dimension, temperature)))
    }

    /// Overdamped Langevin dynamics of a field, `dX = b dt + √(2/β) dW`.
    ///
    /// # Errors
    /// A dimension that is not 1, 2 or 3, a β that is not positive.
    pub fn langevin(field: &Field<f64>, beta: f64) -> Result<Self, DensityError> {
        check_positive("beta", beta)?;
        let tensor = Tensor::Constant(isotropic(field.dimension(), 1.0 / beta));
        Self::checked(field.drift.clone(), field.loss.clone(), tensor)
    }

    /// The first-order equation of SGD, `dX = b dt + √(ηC) dW` (time t = ηk): D = (η/2) C, C the covariance of `noise`.
    ///
    /// # Errors
    /// A dimension that is not 1, 2 or 3, a learning rate that is not positive, a law without a mean of zero and a
    /// finite variance.
    pub fn stochastic_gradient(
        field: &Field<f64>,
        noise: Arc<dyn Noise<f64>>,
        learning_rate: f64,
    ) -> Result<Self, DensityError> {
        let tensor = tensor_of(field.dimension(), noise, learning_rate)?;
        Self::checked(field.drift.clone(), field.loss.clone(), tensor)
    }

    /// The second-order modified equation of SGD, drift `b − (η/2) H∇L`, diffusion `√(ηC)` (Li, Tai and E, ICML 2017);
    /// also the generator that agrees with the discrete map to order 2.
    ///
    /// # Errors
    /// As [`DiffusionProcess::stochastic_gradient`], and a field without second derivatives.
    pub fn modified_equation(
        field: &Field<f64>,
        noise: Arc<dyn Noise<f64>>,
        learning_rate: f64,
    ) -> Result<Self, DensityError> {
        let tensor = tensor_of(field.dimension(), noise, learning_rate)?;
        let Some(hessian) = field.hessian.clone() else {
            return Err(DensityError::SecondDerivatives);
        };
        let drift = super::process_functions::ModifiedDrift {
            drift: field.drift.clone(),
            hessian,
            half_learning_rate: 0.5 * learning_rate,
        };
        Self::checked(Arc::new(drift), None, tensor)
    }

    /// The equation of SGD on a risk: `D = (η/2) f Σ(θ)`, Σ the covariance of single-sample gradients and f as in
    /// [`crate::noise::RiskRoot`] (1/B with replacement), at N gradients a point.
    ///
    /// # Errors
    /// A dimension that is not 1, 2 or 3, a learning rate or factor that is not positive.
    pub fn of_risk(
        risk: Arc<dyn EmpiricalRisk<f64>>,
        factor: f64,
        learning_rate: f64,
    ) -> Result<Self, DensityError> {
        check_positive("learning_rate", learning_rate)?;
        check_positive("factor", factor)?;
        let covariance = Arc::new(RiskCovariance(risk));
        let factor = 0.5 * learning_rate * factor;
        Self::checked(covariance.clone(), None, Tensor::Field { covariance, factor })
    }

    fn checked(
        drift: Arc<dyn Drift<f64>>,
        potential: Option<Arc<dyn Landscape<f64>>>,
        tensor: Tensor,
    ) -> Result<Self, DensityError> {
        let dimension = drift.dimension();
        if !(1..=3).contains(&dimension) {
            return Err(DensityError::Dimension { dimension });
        }
        Ok(Self { drift, potential, tensor })
    }

    /// The number of coordinates d.
    pub fn dimension(&self) -> usize {
        self.drift.dimension()
    }

    /// Writes b of every lane of `at` (`[d × lanes]`, coordinate-major) to `out`.
    pub fn drift(&self, at: &Block<f64>, scratch: &mut Scratch<f64>, out: &mut Block<f64>) {
        self.drift.drift(at, scratch, out);
    }

    /// Writes D of every lane: `entries[(row · d + column) · lanes + lane]`.
    pub fn tensor(&self, at: &Block<f64>, scratch: &mut Scratch<f64>, entries: &mut [f64]) {
        let lanes = at.lanes();
        match &self.tensor {
            Tensor::Constant(matrix) => {
                for (&value, out) in matrix.iter().zip(entries.chunks_exact_mut(lanes)) {
                    out.fill(value);
                }
            }
            Tensor::Field { covariance, factor } => {
                covariance.covariance(at, scratch, entries);
                for entry in entries {
                    *entry *= factor;
                }
            }
            Tensor::Root { noise, factor } => {
                super::process_noise::square(noise.as_ref(), *factor, at, scratch, entries);
            }
        }
    }

    /// D, `[d × d]`, if it is the same everywhere.
    pub fn constant_tensor(&self) -> Option<&[f64]> {
        match &self.tensor {
            Tensor::Constant(matrix) => Some(matrix),
            _ => None,
        }
    }

    /// U with `b = −∇U`, where it is known.
    pub fn potential(&self) -> Option<&dyn Landscape<f64>> {
        self.potential.as_deref()
    }

    /// b at one point, `[d]`.
    pub fn drift_at(&self, point: &[f64]) -> Vec<f64> {
        let at = Block::point(point);
        let mut out = at.zeros_like();
        self.drift(&at, &mut Scratch::new(), &mut out);
        out.into_values()
    }

    /// D at one point, `[d × d]`.
    pub fn tensor_at(&self, point: &[f64]) -> Vec<f64> {
        let mut entries = vec![0.0; point.len() * point.len()];
        self.tensor(&Block::point(point), &mut Scratch::new(), &mut entries);
        entries
    }
}

fn isotropic(dimension: usize, value: f64) -> Vec<f64> {
    let mut matrix = vec![0.0; dimension * dimension];
    for entry in matrix.iter_mut().step_by(dimension + 1) {
        *entry = value;
    }
    matrix
}

fn check_positive(name: &'static str, value: f64) -> Result<(), DensityError> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(DensityError::OutOfRange { name, value, allowed: "a positive number" })
}

/// (η/2) C; a noise that does not depend on the state is squared once.
fn tensor_of(
    dimension: usize,
    noise: Arc<dyn Noise<f64>>,
    learning_rate: f64,
) -> Result<Tensor, DensityError> {
    check_positive("learning_rate", learning_rate)?;
    let factor = 0.5 * learning_rate * root_variance(noise.law())?;
    if let Some(amplitude) = noise.amplitude() {
        return Ok(Tensor::Constant(isotropic(dimension, factor * amplitude * amplitude)));
    }
    if noise.depends_on_state() {
        return Ok(Tensor::Root { noise, factor });
    }
    let origin = Block::point(&vec![0.0; dimension]);
    let mut matrix = vec![0.0; dimension * dimension];
    super::process_noise::square(noise.as_ref(), factor, &origin, &mut Scratch::new(), &mut matrix);
    Ok(Tensor::Constant(matrix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::Pointwise;
    use crate::landscape::analytic::Rotating;
    use crate::noise::{ConstantRoot, IsotropicStable, Multiplicative};
    use crate::random::Law;

    fn rotating() -> Field<f64> {
        Field::drift(Pointwise(Rotating::<f64>::new(1.0, 0.5)))
    }

    #[test]
    fn noise_roots_give_their_covariance() {
        let noise =
            Arc::new(Multiplicative { curvature_deviation: 0.4, standard_deviation: 0.7, dimension: 2 });
        let process = DiffusionProcess::stochastic_gradient(&rotating(), noise, 0.2).unwrap();
        let tensor = process.tensor_at(&[2.0, -3.0]);
        // Per coordinate C = s²x² + σ².
        for (entry, want) in tensor.iter().zip([0.16 * 4.0 + 0.49, 0.0, 0.0, 0.16 * 9.0 + 0.49]) {
            assert!((entry - 0.1 * want).abs() < 1e-16, "{tensor:?}");
        }
        let noise = Arc::new(ConstantRoot::new(&[1.0, 2.0, 0.5, -1.0], 2));
        let process = DiffusionProcess::stochastic_gradient(&rotating(), noise, 2.0).unwrap();
        assert_eq!(process.constant_tensor(), Some(&[5.0, -1.5, -1.5, 1.25][..]));
    }

    #[test]
    fn the_modified_drift_has_its_correction() {
        // b = −Ax, H = A: b − (η/2) A(Ax).
        let noise = Arc::new(ConstantRoot::new(&[1.0, 0.0, 0.0, 1.0], 2));
        let process = DiffusionProcess::modified_equation(&rotating(), noise, 0.2).unwrap();
        let drift = process.drift_at(&[1.0, 2.0]);
        let a = |[x, y]: [f64; 2]| [x - 0.5 * y, y + 0.5 * x];
        let once = a([1.0, 2.0]);
        let twice = a(once);
        for axis in 0..2 {
            assert!((drift[axis] + once[axis] + 0.1 * twice[axis]).abs() < 1e-15);
        }
    }

    #[test]
    fn laws_without_a_variance_or_a_mean_are_refused() {
        let stable = Arc::new(IsotropicStable { alpha: 1.5, scale: 1.0, dimension: 2 });
        for noise in [
            stable as Arc<dyn Noise<f64>>,
            Arc::new(crate::noise::Isotropic {
                amplitude: 1.0,
                law: Law::Stable { alpha: 1.9 },
                dimension: 2,
            }),
            Arc::new(crate::noise::Isotropic {
                amplitude: 1.0,
                law: Law::StudentT { degrees: 2.0 },
                dimension: 2,
            }),
        ] {
            let got = DiffusionProcess::stochastic_gradient(&rotating(), noise, 0.1);
            assert!(matches!(got, Err(DensityError::NoiseLaw { .. })));
        }
    }
}
