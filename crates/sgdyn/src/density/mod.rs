//! Densities without sampling: SGD's law itself, and that of its diffusion limit, on grids of up to three dimensions.
//!
//! A process on a [`Grid`] becomes a Markov chain between cells: in continuous time a chain of [`Rates`], whose
//! off-diagonal entries are stored and whose diagonal is never: it is the sum of what leaves, so that no digit is lost
//! to a subtraction however low the temperature. Every question (stationary law, first passage, survival, transient)
//! is then a solve with an M-matrix, see [`Resolvent`].

mod error;
mod fractional;
mod grid;
pub mod master;
mod rates;
mod resolvent;

pub use error::DensityError;
pub use fractional::LevyFlight;
pub use grid::{Axis, Face, Grid};
pub use rates::{Rates, RatesBuilder};
pub use resolvent::{DenseElimination, Resolvent};
