//! Densities without sampling: SGD's law itself, and that of its diffusion limit, on grids of up to three dimensions.
//!
//! A process on a [`Grid`] becomes a Markov chain between cells: in continuous time a chain of [`Rates`], whose
//! off-diagonal entries are stored and whose diagonal is never: it is the sum of what leaves, so that no digit is lost
//! to a subtraction however low the temperature. Every question (stationary law, first passage, survival, transient)
//! is then a solve with an M-matrix, see [`Resolvent`].

mod box_search;
mod committor;
mod current;
mod elimination;
mod error;
mod evolution;
mod first_passage;
mod fractional;
mod generator;
mod gibbs;
mod grid;
mod law;
pub mod master;
mod multilevel;
mod process;
mod process_functions;
mod process_noise;
mod quasi_stationary;
mod rates;
mod renewal;
mod resolvent;
#[cfg(test)]
mod sample_chains;
mod solver;
mod spectrum;
mod sums;
mod target;

pub use box_search::{edge_mass, find_box};
pub use committor::{Between, Committor, Side};
pub use current::{ProbabilityCurrent, entropy_production};
pub use elimination::{Dissection, Elimination};
pub use error::DensityError;
pub use evolution::{Evolution, StepCounts, Survival, SurvivalAt, TailSwitch, survival};
pub use first_passage::{FirstPassage, occupation};
pub use fractional::LevyFlight;
pub use generator::{generator, generator_bytes, generator_until, nodal_chain};
pub use gibbs::{GibbsFit, fit_gibbs};
pub use grid::{Axis, Face, Grid};
pub use multilevel::{Convergence, IterativeResolvent, stationary_iteratively};
pub use process::DiffusionProcess;
pub use quasi_stationary::QuasiStationary;
pub use rates::{Rates, RatesBuilder};
pub use resolvent::{DenseElimination, Resolvent};
pub use solver::{DenseSolver, Method, Solver, SparseSolver};
pub use spectrum::{Mode, Spectrum, spectrum};
pub use target::Target;
