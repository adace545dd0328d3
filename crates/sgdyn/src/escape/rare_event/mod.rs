//! Rare events: probabilities and rates that no brute force reaches, by splitting paths on their way there.

mod boundary;
mod brute_force;
mod coordinate;
mod drifting_motion;
mod estimate;
mod event;
mod flux_rate;
mod forward_flux;
mod pool;
mod rule_event;
mod rule_paths;
mod splitting;
#[cfg(test)]
mod tests;

pub use boundary::Boundary;
pub use brute_force::{BruteForceEstimate, BruteForceOptions, brute_force};
pub use coordinate::{CommittorField, ReactionCoordinate};
pub use drifting_motion::DriftingBrownianMotion;
pub use estimate::{PlainPaths, RareEventEstimate};
pub use event::{Path, PathEnd, PathRequest, PathSource, PathStart, Progress, RareEvent};
pub use flux_rate::{BasinExit, FluxRateEstimate, ProbabilityMethod, flux_rate};
pub use forward_flux::{ForwardFluxOptions, forward_flux};
pub use rule_event::{RuleEvent, RuleEventParts};
pub use rule_paths::RuleState;
pub use splitting::{SplittingOptions, multilevel_splitting};
