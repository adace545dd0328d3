//! What is kept of an ensemble while it runs; all of it merges.

mod endings;
mod histogram;
mod occupation;
mod projection;
mod sketch;
mod snapshot;
mod time_average;
mod time_histogram;

pub use endings::{Ending, Endings};
pub use histogram::Bins;
pub use occupation::{Occupation, Occupied};
pub use projection::Projection;
pub use sketch::Sketch;
pub use snapshot::Snapshot;
pub use time_average::TimeAverage;
pub use time_histogram::{SurvivalPoint, TimeHistogram, survival_curve};
