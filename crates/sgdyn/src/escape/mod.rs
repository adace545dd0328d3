//! Escape from minima: critical points, the ways between them, and what theory predicts from both.

mod critical_point;
mod error;
mod krylov;
mod minimum;
mod modes;
mod saddle;
mod search_options;
mod surface;
#[cfg(test)]
mod testing;
mod vectors;

pub use critical_point::{CriticalKind, CriticalPoint, NullShape};
pub use error::EscapeError;
pub use minimum::descend;
pub use saddle::{climb_to_saddle, refine_saddle};
pub use search_options::SearchOptions;
pub use surface::{DENSE_LIMIT, Surface};
