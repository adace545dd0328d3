//! Losses and drifts: analytic landscapes, one file each, and user formulas.

pub mod analytic;
mod catalogue;
pub mod formula;
mod formula_field;
mod pointwise;
mod rescaled;
mod separable;
mod traits;

pub use catalogue::{CATALOGUE, LandscapeError, NamedLandscape, named};
pub use formula_field::formula_field;
pub use pointwise::{PointDrift, PointLoss, Pointwise};
pub use rescaled::rescaled;
pub use separable::{CoordinateTerm, Separable};
pub use traits::{Drift, Field, Guard, HessianProduct, Landscape, Nearness, Stride, Walk};
