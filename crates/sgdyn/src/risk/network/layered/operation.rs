//! What a layer does to some samples that pass through it: forwards, backwards, and both along a direction.

use super::elementwise::Elementwise;
use super::embedding::Table;
use super::flatten::Flatten;
use super::frozen::FrozenNorm;
use super::normalisation::Normalisation;
use super::pooling::Pooling;
use super::weighted::Weighted;
use crate::lanes::Real;

/// A layer's padded weights and what some samples have on both its sides, each `[samples × length of the shape]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Here<'h, R> {
    pub(super) weights: &'h [R],
    pub(super) inputs: &'h [R],
    pub(super) outputs: &'h [R],
}

/// The derivatives along a direction of a layer's weights and inputs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Along<'a, R> {
    pub(super) weights: &'a [R],
    pub(super) inputs: &'a [R],
    /// Whether the inputs depend on parameters at all; else their derivative is 0.
    pub(super) moving: bool,
}

/// The derivatives of the losses by a layer's outputs, and the derivatives of these along a direction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Errors<'e, R> {
    pub(super) errors: &'e [R],
    pub(super) along: &'e [R],
}

/// y = f(x, θ) of each sample, and its derivatives. All write their results over whatever is there; padding is 0 before
/// and after. `scratch` has the length that [`Operation::scratch`] tells, and any content.
pub(super) trait Pass {
    /// y.
    fn forward<R: Real>(&self, weights: &[R], inputs: &[R], outputs: &mut [R], scratch: &mut [R]);

    /// ẏ = ∂f/∂x ẋ + ∂f/∂θ θ̇.
    fn push_forward<R: Real>(&self, here: Here<'_, R>, along: Along<'_, R>, out: &mut [R], scratch: &mut [R]);

    /// g_x = (∂f/∂x)ᵀ g_y.
    fn pull_back<R: Real>(&self, here: Here<'_, R>, errors: &[R], out: &mut [R], scratch: &mut [R]);

    /// ġ_x, the derivative of [`Pass::pull_back`] along the direction, given g_x.
    fn pull_back_along<R: Real>(
        &self,
        here: Here<'_, R>,
        along: Along<'_, R>,
        errors: Errors<'_, R>,
        input_errors: &[R],
        out: &mut [R],
        scratch: &mut [R],
    );
}

/// A layer with parameters θ, which its own order of weights and sums holds in rows of whole panels.
pub(super) trait Parameters {
    /// Writes weights in the orders that the passes need, from θ.
    fn pad<R: Real>(&self, parameters: &[R], padded: &mut [R]);

    /// Writes sums in the order of θ.
    fn unpad<R: Real>(&self, sums: &[R], out: &mut [R]);

    /// Adds (∂f/∂θ)ᵀ g_y, summed over samples.
    fn add_gradient<R: Real>(&self, here: Here<'_, R>, errors: &[R], sums: &mut [R], scratch: &mut [R]);

    /// Adds the derivative of [`Parameters::add_gradient`] along the direction.
    fn add_gradient_along<R: Real>(
        &self,
        here: Here<'_, R>,
        along: Along<'_, R>,
        errors: Errors<'_, R>,
        sums: &mut [R],
        scratch: &mut [R],
    );
}

/// Lengths of arrays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lengths {
    pub(super) parameters: usize,
    pub(super) padded: usize,
    pub(super) summed: usize,
    pub(super) scratch: usize,
}

/// The layers that there are, but for the sums of residual blocks.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    Weighted(Weighted),
    Elementwise(Elementwise),
    Pooling(Pooling),
    Flatten(Flatten),
    Normalisation(Normalisation),
    FrozenNorm(FrozenNorm),
    Table(Table),
}

macro_rules! each {
    ($self:ident, $operation:ident => $call:expr) => {
        match $self {
            Operation::Weighted($operation) => $call,
            Operation::Elementwise($operation) => $call,
            Operation::Pooling($operation) => $call,
            Operation::Flatten($operation) => $call,
            Operation::Normalisation($operation) => $call,
            Operation::FrozenNorm($operation) => $call,
            Operation::Table($operation) => $call,
        }
    };
}

macro_rules! parametrised {
    ($self:ident, $operation:ident => $call:expr) => {
        match $self {
            Operation::Weighted($operation) => $call,
            Operation::Normalisation($operation) => $call,
            Operation::FrozenNorm($operation) => $call,
            Operation::Table($operation) => $call,
            Operation::Elementwise(_) | Operation::Pooling(_) | Operation::Flatten(_) => {}
        }
    };
}

impl Operation {
    pub(super) fn lengths(&self) -> Lengths {
        match self {
            Self::Weighted(weighted) => weighted.lengths(),
            Self::Elementwise(elementwise) => elementwise.lengths(),
            Self::Normalisation(normalisation) => normalisation.lengths(),
            Self::FrozenNorm(frozen) => frozen.lengths(),
            Self::Table(table) => table.lengths(),
            Self::Pooling(_) | Self::Flatten(_) => Lengths::default(),
        }
    }
}

impl Pass for Operation {
    fn forward<R: Real>(&self, weights: &[R], inputs: &[R], outputs: &mut [R], scratch: &mut [R]) {
        each!(self, operation => operation.forward(weights, inputs, outputs, scratch));
    }

    fn push_forward<R: Real>(
        &self,
        here: Here<'_, R>,
        along: Along<'_, R>,
        out: &mut [R],
        scratch: &mut [R],
    ) {
        each!(self, operation => operation.push_forward(here, along, out, scratch));
    }

    fn pull_back<R: Real>(&self, here: Here<'_, R>, errors: &[R], out: &mut [R], scratch: &mut [R]) {
        each!(self, operation => operation.pull_back(here, errors, out, scratch));
    }

    fn pull_back_along<R: Real>(
        &self,
        here: Here<'_, R>,
        along: Along<'_, R>,
        errors: Errors<'_, R>,
        input_errors: &[R],
        out: &mut [R],
        scratch: &mut [R],
    ) {
        each!(self, operation => operation.pull_back_along(here, along, errors, input_errors, out, scratch));
    }
}

impl Parameters for Operation {
    fn pad<R: Real>(&self, parameters: &[R], padded: &mut [R]) {
        parametrised!(self, operation => operation.pad(parameters, padded));
    }

    fn unpad<R: Real>(&self, sums: &[R], out: &mut [R]) {
        parametrised!(self, operation => operation.unpad(sums, out));
    }

    fn add_gradient<R: Real>(&self, here: Here<'_, R>, errors: &[R], sums: &mut [R], scratch: &mut [R]) {
        parametrised!(self, operation => operation.add_gradient(here, errors, sums, scratch));
    }

    fn add_gradient_along<R: Real>(
        &self,
        here: Here<'_, R>,
        along: Along<'_, R>,
        errors: Errors<'_, R>,
        sums: &mut [R],
        scratch: &mut [R],
    ) {
        parametrised!(self, operation => operation.add_gradient_along(here, along, errors, sums, scratch));
    }
}
