//! Statistics: estimates with standard errors, mergeable moments, exact intervals, regressions, tests and rates.

mod chi_square_test;
mod comoments;
mod error;
mod estimate;
mod exponentiality;
mod hill;
mod interval;
mod kaplan_meier;
mod kolmogorov_smirnov;
mod law;
mod moments;
mod quantile;
mod rate;
mod regression;

pub use chi_square_test::{ChiSquareTest, chi_square_goodness_of_fit};
pub use comoments::CoMoments;
pub use error::StatisticsError;
pub use estimate::Estimate;
pub use exponentiality::{ExponentialityTest, exponentiality_test};
pub use hill::{HillEstimate, HillScan, hill_scan, hill_tail_index};
pub use interval::{Interval, binomial_interval, normal_interval, student_interval, variance_interval};
pub use kaplan_meier::{Observation, RestrictedMean, SurvivalStep, kaplan_meier, restricted_mean};
pub use kolmogorov_smirnov::{KolmogorovSmirnovTest, kolmogorov_smirnov_test, kolmogorov_survival};
pub use law::{LawFit, Linearity, law_fit};
pub use moments::Moments;
pub use quantile::{chi_square_quantile, normal_quantile, normal_survival, student_quantile};
pub use rate::{ExitRate, ExitSample, StoppingRule, exit_rate};
pub use regression::{CurvatureTest, LinearFit, curvature_test, linear_fit, weighted_linear_fit};
