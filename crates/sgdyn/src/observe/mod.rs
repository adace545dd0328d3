//! What is kept of an ensemble while it runs; all of it merges.

mod time_histogram;

pub use time_histogram::{SurvivalPoint, TimeHistogram, survival_curve};
