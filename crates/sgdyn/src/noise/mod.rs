//! Laws of what is added to a gradient, as roots of a covariance applied to independent variates.

mod averaged;
mod constant;
mod formula_covariance;
mod hessian_covariance;
mod isotropic;
mod isotropic_stable;
mod loss_proportional;
mod matrix_root;
mod multiplicative;
mod risk_root;
mod switching;
mod switching_roots;
mod traits;

pub use averaged::Averaged;
pub use constant::ConstantRoot;
pub use formula_covariance::FormulaCovariance;
pub use hessian_covariance::{HessianCovariance, magnitude};
pub use isotropic::Isotropic;
pub use isotropic_stable::IsotropicStable;
pub use loss_proportional::LossProportional;
pub use matrix_root::{CovarianceField, MatrixRoot, NoiseError, cholesky};
pub use multiplicative::Multiplicative;
pub use risk_root::RiskRoot;
pub use switching::Switching;
pub use switching_roots::{Plane, SwitchingRoots};
pub use traits::Noise;
