//! Update rules: how a state changes in one step.
//!
//! Two kinds, never confused. [`discrete`] rules live in steps and are exactly what an optimiser does; an exit is seen
//! at a step. [`continuous`] ones live in time and have an integrator; a path may cross a target inside a step.

pub mod continuous;
pub mod discrete;
mod kernels;
mod schedule;

pub use schedule::Schedule;

use crate::landscape::{Stride, Walk};
use crate::lanes::{Block, Layout, Scratch};
use crate::random::{DrawDemand, StepDraws, Variate};

/// The state of the replicas in the lanes of a block.
#[derive(Clone, Debug)]
pub struct State<R> {
    /// Where they are.
    pub position: Block<R>,
    /// What else a rule remembers (the momentum); as many blocks as [`Rule::memory_blocks`] says.
    pub memory: Vec<Block<R>>,
}

/// One step of a block of replicas.
pub trait Rule<R: Variate>: Send + Sync {
    /// The number of coordinates.
    fn dimension(&self) -> usize;
    /// The random numbers that one step takes.
    fn demands(&self) -> Vec<DrawDemand>;
    /// The time t that one step stands for: the learning rate of a discrete rule at its first step.
    fn time_step(&self) -> f64;
    /// Advances every lane by one step; `step` is the number of the step, the same in all lanes where
    /// [`Rule::depends_on_step`], else of no meaning.
    fn advance(&self, step: u64, state: &mut State<R>, draws: StepDraws<'_, R>, scratch: &mut Scratch<R>);
    /// The storage order of the state.
    fn layout(&self) -> Layout {
        Layout::CoordinateMajor
    }
    /// How many blocks it remembers besides the position.
    fn memory_blocks(&self) -> usize {
        0
    }
    /// Whether a step depends on its number (a schedule), so that all lanes must be at the same step.
    fn depends_on_step(&self) -> bool {
        false
    }
    /// The walk that this rule's steps are, where each is `x + h b(x) + s z` with z the variates of its only demand.
    fn walk(&self) -> Option<(&dyn Walk<R>, Stride<R>)> {
        None
    }
    /// The variance over one step along given directions, for rules whose path is a diffusion inside a step.
    fn bridge(&self) -> Option<&dyn Bridge<R>> {
        None
    }
}

/// The local diffusion of a continuous rule.
pub trait Bridge<R: Variate>: Send + Sync {
    /// `Some(v)` where the variance of one step is v along every unit vector, everywhere.
    fn isotropic_variance(&self) -> Option<f64>;
    /// The variance of one step from `point` along `direction`: `|σ(x)ᵀ n|² Δt`.
    fn variance_along(&self, point: &[f64], direction: &[f64]) -> f64;
}
