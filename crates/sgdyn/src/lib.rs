//! Stochastic dynamics of SGD: one description of a problem that is simulated, solved and measured.
//!
//! The rooms, in the order in which they may know each other (each knows only rooms above it):
//! [`lanes`], [`random`], [`statistics`], [`landscape`], [`noise`], [`risk`], [`oracle`], [`rule`],
//! [`observe`], [`ensemble`], [`theory`], [`study`].

pub mod lanes;
pub mod random;
pub mod statistics;
pub mod landscape;
pub mod noise;
pub mod risk;
pub mod oracle;
pub mod rule;
pub mod observe;
pub mod ensemble;
pub mod theory;
pub mod study;
