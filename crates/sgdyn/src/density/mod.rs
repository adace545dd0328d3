//! Densities without sampling: SGD's law itself, and that of its diffusion limit, on grids of up to three dimensions.
//!
//! A process on a [`Grid`] becomes a Markov chain between cells: in continuous time a chain of [`Rates`], whose
//! off-diagonal entries are stored and whose diagonal is never: it is the sum of what leaves, so that no digit is lost
//! to a subtraction however low the temperature. Every question (stationary law, first passage, survival, transient)
//! is then a solve with an M-matrix, see [`Resolvent`].

mod box_search;
mod current;
mod error;
mod generator;
mod gibbs;
mod grid;
mod process;
mod process_functions;
mod process_noise;
mod rates;
mod resolvent;
mod target;

pub use box_search::{edge_mass, find_box};
pub use current::{ProbabilityCurrent, entropy_production};
pub use error::DensityError;
pub use generator::{generator, generator_bytes, generator_until, nodal_chain};
pub use gibbs::{GibbsFit, fit_gibbs};
pub use grid::{Axis, Face, Grid};
pub use process::DiffusionProcess;
pub use rates::{Rates, RatesBuilder};
pub use resolvent::{DenseElimination, Resolvent};
pub use target::Target;
