//! Escape from minima: critical points, the ways between them, and what theory predicts from both.

mod action_segment;
mod assumption;
mod block_tridiagonal;
mod critical_point;
mod curve;
mod degree;
mod descent_path;
mod error;
mod exits;
mod explore;
mod graph;
mod ito_process;
mod krylov;
mod least_action;
mod minimum;
mod modes;
mod pass_path;
mod prediction;
mod probable_exit;
mod rare_event;
mod saddle;
mod search_options;
mod string;
mod surface;
#[cfg(test)]
mod testing;
mod vectors;

pub use assumption::BrokenAssumption;
pub use critical_point::{CriticalKind, CriticalPoint, NullShape};
pub use degree::gradient_degree;
pub use descent_path::{DescentPath, descent_path, descents_from_saddle};
pub use error::EscapeError;
pub use exits::{Basin, Exit, Exits};
pub use explore::{ExploreOptions, explore, nearest_critical};
pub use graph::{Pass, PassGraph, Route};
pub use ito_process::{ItoFunctions, ItoProcess, WhiteNoise};
pub use least_action::{ActionOptions, LeastActionPath, curve_action, least_action_path};
pub use minimum::descend;
pub use pass_path::{Inflection, PassPath};
pub use prediction::{EscapeCase, EscapePrediction, EscapeTheory};
pub use probable_exit::{ProbableExit, probable_exits};
pub use rare_event::{
    BasinExit, Boundary, BruteForceEstimate, BruteForceOptions, CommittorField, DriftingBrownianMotion,
    FluxRateEstimate, ForwardFluxOptions, Path, PathEnd, PathRequest, PathSource, PathStart, PlainPaths,
    ProbabilityMethod, Progress, RareEvent, RareEventEstimate, ReactionCoordinate, RuleEvent, RuleEventParts,
    RuleState, SplittingOptions, brute_force, flux_rate, forward_flux, multilevel_splitting,
};
pub use saddle::{climb_to_saddle, refine_saddle};
pub use search_options::SearchOptions;
pub use string::{Connection, StringOptions, connect};
pub use surface::{DENSE_LIMIT, Surface};
