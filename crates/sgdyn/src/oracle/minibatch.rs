//! The gradient of a minibatch of a risk.

use std::sync::Arc;

use super::{GradientOracle, Slot};
use crate::lanes::{Block, Layout, Scratch};
use crate::random::{DrawDemand, Sampling, StepDraws, Variate};
use crate::risk::{EmpiricalRisk, Workspace};

/// `ĝ(θ) = (1/B) Σ ∇ℓᵢ(θ)` over the samples of a batch.
#[derive(Clone)]
pub struct Minibatch<R: Variate> {
    /// The risk.
    pub risk: Arc<dyn EmpiricalRisk<R>>,
    /// B; at most the number of samples for the schemes without replacement.
    pub batch_size: usize,
    /// How samples are drawn.
    pub sampling: Sampling,
}

impl<R: Variate> GradientOracle<R> for Minibatch<R> {
    fn dimension(&self) -> usize {
        self.risk.dimension()
    }
    fn demands(&self, slot: Slot) -> Vec<DrawDemand> {
        vec![DrawDemand::Minibatch {
            purpose: slot.minibatch(),
            samples: self.risk.samples(),
            batch_size: self.batch_size,
            sampling: self.sampling,
        }]
    }
    fn descent(&self, at: &Block<R>, draws: StepDraws<'_, R>, scratch: &mut Scratch<R>, out: &mut Block<R>) {
        let workspace = scratch.workspace::<Workspace<R>>();
        self.risk.minibatch_gradient(at, draws.minibatch(0), self.batch_size, workspace, out);
        for value in out.values_mut() {
            *value = -*value;
        }
    }
    fn layout(&self) -> Layout {
        self.risk.layout()
    }
}
