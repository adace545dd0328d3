//! Diffusion tensors from the simulator's noise: roots squared exactly, and the covariance of a risk's gradients.

use std::sync::Arc;

use super::DensityError;
use crate::landscape::Drift;
use crate::lanes::{Block, Layout, Scratch};
use crate::noise::{CovarianceField, Noise};
use crate::random::Law;
use crate::risk::{EmpiricalRisk, Workspace};

/// The variance of a variate, where its law has one and a mean of zero.
///
/// Uniform variates are refused too: what takes them transforms them further, and its root is not linear.
pub(super) fn root_variance(law: Law) -> Result<f64, DensityError> {
    match law {
        Law::Normal | Law::Rademacher | Law::ThreePoint => Ok(1.0),
        Law::Stable { alpha: 2.0 } => Ok(2.0),
        Law::StudentT { degrees } if degrees > 2.0 => Ok(degrees / (degrees - 2.0)),
        law => Err(DensityError::NoiseLaw { law }),
    }
}

/// Writes `factor · σσᵀ` of every lane: σ applied to each unit vector is a column of σ.
pub(super) fn square(
    noise: &dyn Noise<f64>,
    factor: f64,
    at: &Block<f64>,
    scratch: &mut Scratch<f64>,
    entries: &mut [f64],
) {
    let (dimension, lanes, variates) = (at.dimension(), at.lanes(), noise.variates());
    let mut unit = vec![0.0; variates * lanes];
    let mut column = scratch.take_like(at);
    entries.fill(0.0);
    for variate in 0..variates {
        unit[variate * lanes..(variate + 1) * lanes].fill(1.0);
        noise.apply_root(at, &unit, scratch, &mut column);
        unit[variate * lanes..(variate + 1) * lanes].fill(0.0);
        add_square(&column, dimension, lanes, entries);
    }
    for entry in entries {
        *entry *= factor;
    }
    scratch.give(column.into_values());
}

/// Adds `column columnᵀ` of every lane.
fn add_square(column: &Block<f64>, dimension: usize, lanes: usize, entries: &mut [f64]) {
    for (entry, out) in entries.chunks_exact_mut(lanes).enumerate() {
        let (left, right) = (column.coordinate(entry / dimension), column.coordinate(entry % dimension));
        for ((out, left), right) in out.iter_mut().zip(left).zip(right) {
            *out += left * right;
        }
    }
}

/// A risk's full gradient as a drift, and Σ(θ) = (1/N) Σᵢ (∇ℓᵢ − ∇L)(∇ℓᵢ − ∇L)ᵀ.
pub(super) struct RiskCovariance(pub(super) Arc<dyn EmpiricalRisk<f64>>);

impl RiskCovariance {
    /// The block in the storage order that the risk asks for.
    fn ordered(&self, at: &Block<f64>) -> Block<f64> {
        reordered(at, self.0.layout())
    }
}

fn reordered(block: &Block<f64>, layout: Layout) -> Block<f64> {
    let mut out = Block::zeros(block.dimension(), block.lanes(), layout);
    for coordinate in 0..block.dimension() {
        for lane in 0..block.lanes() {
            out.set(coordinate, lane, block.get(coordinate, lane));
        }
    }
    out
}

impl Drift<f64> for RiskCovariance {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }
    fn drift(&self, at: &Block<f64>, scratch: &mut Scratch<f64>, out: &mut Block<f64>) {
        let at = self.ordered(at);
        let mut gradient = at.zeros_like();
        self.0.gradient(&at, scratch.workspace::<Workspace<f64>>(), &mut gradient);
        for coordinate in 0..at.dimension() {
            for lane in 0..at.lanes() {
                out.set(coordinate, lane, -gradient.get(coordinate, lane));
            }
        }
    }
}

impl CovarianceField<f64> for RiskCovariance {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }
    fn covariance(&self, at: &Block<f64>, scratch: &mut Scratch<f64>, entries: &mut [f64]) {
        let workspace = scratch.workspace::<Workspace<f64>>();
        let at = self.ordered(at);
        let (dimension, lanes, samples) = (at.dimension(), at.lanes(), self.0.samples());
        let (mut mean, mut gradient) = (at.zeros_like(), at.zeros_like());
        self.0.gradient(&at, workspace, &mut mean);
        let mut indices = vec![0; lanes];
        entries.fill(0.0);
        for sample in 0..samples {
            indices.fill(sample as u32);
            self.0.minibatch_gradient(&at, &indices, 1, workspace, &mut gradient);
            for (gradient, mean) in gradient.values_mut().iter_mut().zip(mean.values()) {
                *gradient -= mean;
            }
            add_square(&reordered(&gradient, Layout::CoordinateMajor), dimension, lanes, entries);
        }
        for entry in entries {
            *entry /= samples as f64;
        }
    }
}
