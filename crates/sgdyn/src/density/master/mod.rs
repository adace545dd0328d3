//! SGD in steps: its exact transition probabilities between cells, and what follows from them.
//!
//! A step θ' = θ − η ĝ(θ) carries the even law of a cell to a law over all cells, integrated, not sampled
//! ([`Transition`]). The questions are those of any chain: stationary law, law after n steps, mean and variance of the
//! steps to a target, quasi-stationary law. Beside it stand the approximations of the literature, to be measured.

mod chebyshev;
mod classes;
mod elimination;
mod first_passage;
mod gauss;
mod heavy_ball;
mod kramers_moyal;
mod line;
mod maps;
mod minibatch;
mod moments;
mod orders;
mod plane;
mod sgd;
mod spectrum;
mod stable_law;
mod stationary;
mod symmetric_law;
#[cfg(test)]
mod tests;
mod transient;
mod transition;

pub use elimination::BandElimination;
pub use first_passage::StepsToLeave;
pub use heavy_ball::HeavyBallStep;
pub use kramers_moyal::KramersMoyal;
pub use line::spread_transition;
pub use maps::{Images, WeightedMap, map_transition};
pub use minibatch::minibatch_transition;
pub use moments::{GridMoments, grid_moments};
pub use orders::{
    Approximation, ApproximationOrder, ExactMoments, LawMoments, MomentQuestion, approximation_orders,
    exact_moments,
};
pub use plane::plane_transition;
pub use sgd::SgdStep;
pub use spectrum::StepMode;
pub use stable_law::StableLaw;
pub use symmetric_law::SymmetricLaw;
pub use transient::AfterSteps;
pub use transition::{Outside, Transition};
