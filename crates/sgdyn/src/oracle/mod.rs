//! What SGD sees at a step: a gradient with whatever makes it noisy.

mod minibatch;
mod noisy_field;
mod regression;

pub use minibatch::Minibatch;
pub use noisy_field::NoisyField;
pub use regression::GaussianRegression;

use crate::lanes::{Block, Layout, Scratch};
use crate::random::{DrawDemand, Purpose, StepDraws, Variate};

/// Which of the independent draws of one step; all rules but SVAG use only the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The first.
    First,
    /// The second.
    Second,
}

impl Slot {
    /// The purpose of additive gradient noise in this slot.
    pub fn gradient_noise(self) -> Purpose {
        match self {
            Self::First => Purpose::GradientNoise,
            Self::Second => Purpose::SecondGradientNoise,
        }
    }

    /// The purpose of a minibatch in this slot.
    pub fn minibatch(self) -> Purpose {
        match self {
            Self::First => Purpose::Minibatch,
            Self::Second => Purpose::SecondMinibatch,
        }
    }
}

/// A source of stochastic gradients ĝ.
pub trait GradientOracle<R: Variate>: Send + Sync {
    /// The number of coordinates.
    fn dimension(&self) -> usize;
    /// The random numbers that one evaluation takes.
    fn demands(&self, slot: Slot) -> Vec<DrawDemand>;
    /// Writes the descent direction −ĝ(x) of every lane to `out`; `draws` are those of [`GradientOracle::demands`].
    fn descent(&self, at: &Block<R>, draws: StepDraws<'_, R>, scratch: &mut Scratch<R>, out: &mut Block<R>);
    /// The storage order that suits it.
    fn layout(&self) -> Layout {
        Layout::CoordinateMajor
    }
}
