//! The gradient noise of a cell.

use serde::Deserialize;

/// The law of a single-sample gradient's noise, with covariance Σ; a minibatch of B has C = Σ/B.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Noise {
    /// Gaussian, Σ = σ²I.
    Gaussian {
        /// σ ≥ 0.
        standard_deviation: f64,
    },
    /// Gaussian with a given covariance.
    Covariance {
        /// Σ, d × d, rows; symmetric.
        matrix: Vec<Vec<f64>>,
    },
    /// Gaussian, Σ = FFᵀ.
    LowRank {
        /// F, d × r, rows.
        factor: Vec<Vec<f64>>,
    },
    /// Gaussian, with Σ(θ) given by formulas of the landscape's variables.
    Formula {
        /// The entries, d × d, rows.
        entries: Vec<Vec<String>>,
    },
    /// Gaussian, Σ = scale·|H(θ)| + floor·I.
    Hessian {
        /// The factor > 0.
        scale: f64,
        /// The variance ≥ 0 that is left where the curvature vanishes.
        floor: f64,
    },
    /// Gaussian with one variance inside a region and another outside (switching diffusion).
    Switching {
        /// A point of the basin that is left: Σ = scale·|H| of its minimum, and of the saddle beyond an inflection.
        minimum: Option<Vec<f64>>,
        /// The factor > 0 of |H|.
        scale: Option<f64>,
        /// The region of a given variance, as a condition on the variables.
        inside: Option<String>,
        /// The variance inside, > 0.
        variance_inside: Option<f64>,
        /// The variance outside, > 0.
        variance_outside: Option<f64>,
    },
    /// Gaussian, Σ = (scale·L(θ) + floor)·I.
    LossProportional {
        /// The factor > 0.
        scale: f64,
        /// The variance ≥ 0 that is left where the loss vanishes.
        floor: f64,
    },
    /// A curvature that fluctuates: s·x·z₁ + σ·z₂ per coordinate, z₁ and z₂ standard normal.
    Multiplicative {
        /// The standard deviation s ≥ 0 of the curvature.
        curvature_deviation: f64,
        /// The standard deviation σ ≥ 0 of the additive part.
        standard_deviation: f64,
    },
    /// Symmetric α-stable, E exp(ik·X) = exp(−|ck|^α).
    Stable {
        /// α in (0, 2].
        alpha: f64,
        /// c > 0.
        scale: f64,
        /// Whether the law is rotation invariant; otherwise coordinates are independent.
        isotropic: bool,
    },
    /// ±σ with equal probability, coordinates independent.
    Rademacher {
        /// σ ≥ 0.
        standard_deviation: f64,
    },
    /// Student's t, coordinates independent.
    StudentT {
        /// ν > 0.
        degrees_of_freedom: f64,
        /// The scale > 0.
        scale: f64,
    },
}
