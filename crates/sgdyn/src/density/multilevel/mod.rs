//! Iterative solves of chains too large for direct factors.

mod aggregates;
mod galerkin;
mod hierarchy;
mod matrix;
mod precise;
mod solver;
mod stationary;
mod vectors;
mod weights;

#[cfg(test)]
mod tests;

pub use solver::{Convergence, IterativeResolvent};
pub use stationary::stationary_iteratively;
