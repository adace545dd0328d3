//! Closed forms and quadratures that predict what the simulators measure, and against which they are tested.
//!
//! Matrices are `faer::Mat<f64>`; vectors are slices. θ is measured from the minimum, η is the learning rate, C the
//! covariance of the **minibatch** gradient. Each function says whether its times are in steps or in units of t = ηk.

mod curvature_noise;
mod error;
mod finite_time;
mod first_passage;
mod flat_mode;
mod fluctuating_hessian;
mod heavy_ball_limit;
mod irreversibility;
mod kesten;
mod kramers;
mod levy;
mod linear_drift;
mod linear_regression;
mod loss_proportional_noise;
mod mean_path;
mod mesh;
mod process;
mod quadrature;
mod sampling;
mod stationary_covariance;
mod stationary_density;
mod symmetric;
mod transfer_operator;

pub use curvature_noise::{floor_exponent, reaches_inflection};
pub use error::TheoryError;
pub use finite_time::covariance_after;
pub use first_passage::{ExitTime, FarSide, first_passage_time, interval_exit_time};
pub use flat_mode::{diffusion_coefficient, flat_variance, reshuffled_flat_variance, resolution_steps};
pub use fluctuating_hessian::{FluctuatingMode, FluctuatingStationary, fluctuating_stationary_covariance};
pub use heavy_ball_limit::{HeavyBallLimit, heavy_ball_limit};
pub use irreversibility::{Irreversibility, irreversibility};
pub use kesten::{RandomMultiplier, TailLaw};
pub use kramers::{
    EscapePath, EscapeTime, Gate, SgdPrefactor, eyring_kramers, kramers_langer, sgd_theorem, sgld_theorem,
    total_rate,
};
pub use levy::{levy_exit_constant, levy_exit_time, stable_interval_exit_time};
pub use linear_drift::{LinearDrift, linear_drift};
pub use linear_regression::{RegressionStationary, regression_stationary_covariance};
pub use loss_proportional_noise::{density_exponent, power_law_escape_time};
pub use mean_path::{MeanPath, linear_noise_along_path};
pub use process::{Interpretation, Process};
pub use sampling::Sampling;
pub use stationary_covariance::{
    FlatMode, LinearDynamics, StationaryCovariance, curved_stationary_covariance, heavy_ball_matrix_rate,
    stationary_covariance, with_weight_decay,
};
pub use stationary_density::{Domain, StationaryDensity, stationary_density};
pub use transfer_operator::{ChainExit, ChainTarget, chain_first_passage, heun_first_passage};

/// The eigenvalues, ascending, and eigenvectors, in columns, of a symmetric matrix `[d × d]`.
///
/// # Errors
/// [`TheoryError`] if the matrix is not square, symmetric and finite.
pub fn eigenbasis(matrix: faer::MatRef<'_, f64>) -> Result<(Vec<f64>, faer::Mat<f64>), TheoryError> {
    let basis = symmetric::Eigenbasis::of("matrix", matrix)?;
    Ok((basis.values, basis.vectors))
}
