//! The only parallel loop: units of replicas, advanced in blocks of lanes, merged in an order that nothing changes.

pub mod exit;
pub mod horizon;
pub mod measured;
pub mod occupation;
mod run;
mod start;
mod tree;
mod walk;

pub use run::{Control, Failure, MemoryStore, Outcome, Plan, Store, UnitProgram, Units, run};
pub use start::Start;
pub use tree::{LEAF, MergeTree};

/// A summary that can be joined with that of other replicas.
pub trait Merge {
    /// Adds what `later`, a summary of replicas with higher numbers, holds.
    fn merge(&mut self, later: &Self);
}
