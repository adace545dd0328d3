//! Stochastic dynamics of SGD: one description of a problem that is simulated, solved and measured.
//!
//! The rooms, in the order in which they may know each other (each knows only rooms above it):
//! [`lanes`], [`random`], [`statistics`], [`krylov`], [`landscape`], [`risk`], [`noise`], [`oracle`], [`rule`],
//! [`spectrum`], [`observe`], [`ensemble`], [`theory`], [`density`], [`escape`], [`study`].

pub mod density;
pub mod ensemble;
pub mod escape;
pub mod krylov;
pub mod landscape;
pub mod lanes;
pub mod noise;
pub mod observe;
pub mod oracle;
pub mod random;
pub mod risk;
pub mod rule;
pub mod spectrum;
pub mod statistics;
pub mod study;
pub mod theory;

/// Compiles and runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
