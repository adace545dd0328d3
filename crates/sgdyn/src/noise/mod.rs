//! Laws of what is added to a gradient, as roots of a covariance applied to independent variates.

mod constant;
mod isotropic;
mod loss_proportional;
mod matrix_root;
mod multiplicative;
mod traits;

pub use constant::ConstantRoot;
pub use isotropic::Isotropic;
pub use loss_proportional::LossProportional;
pub use matrix_root::{CovarianceField, MatrixRoot, NoiseError, cholesky};
pub use multiplicative::Multiplicative;
pub use traits::Noise;
