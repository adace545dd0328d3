//! Drifts and losses in parameter space.

pub mod formula;
