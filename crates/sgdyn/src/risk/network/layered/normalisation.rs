//! Layer and group normalisation: statistics of one sample, so that losses stay functions of single samples.

use super::operation::{Along, Errors, Here, Lengths, Parameters, Pass};
use super::shape::{Shape, pad_rows, unpad_rows};
use super::unit::{
    ROWS, Unit, add_parameter_errors, add_parameter_errors_along, normalise, pull, pull_along, push,
};
use crate::lanes::Real;

/// y = γ x̂ + β with x̂ = (x − μ) r and r = 1/√(v + ε), μ and v over a group of channels at the places of a unit: all
/// places of a sample, or one of them.
///
/// With means ⟨·⟩ over the group and P(u) = u − ⟨u⟩ − x̂⟨x̂u⟩: x̂′ = r P(ẋ), r′ = −r²⟨x̂ẋ⟩; and with h = γ g backwards:
/// g_x = r P(h), whose derivative along a direction is
/// −r⟨x̂ẋ⟩ g_x + r(h′ − ⟨h′⟩ − x̂′⟨x̂h⟩ − x̂⟨x̂′h + x̂h′⟩).
///
/// Padded weights and sums are γ and β.
#[derive(Clone, Debug)]
pub(super) struct Normalisation {
    pub(super) shape: Shape,
    pub(super) groups: usize,
    /// Whether each place has its own statistics.
    pub(super) by_place: bool,
}

impl Normalisation {
    pub(super) fn lengths(&self) -> Lengths {
        let padded = 2 * self.shape.stride();
        let scratch = ROWS * self.shape.stride();
        Lengths { parameters: 2 * self.shape.channels, padded, summed: padded, scratch }
    }

    fn unit(&self) -> Unit {
        let places = if self.by_place { 1 } else { self.shape.places() };
        let Shape { channels, .. } = self.shape;
        Unit { places, channels, group: channels / self.groups, stride: self.shape.stride() }
    }
}

impl Pass for Normalisation {
    fn forward<R: Real>(&self, weights: &[R], inputs: &[R], outputs: &mut [R], scratch: &mut [R]) {
        normalise(self.unit(), weights, inputs, outputs, scratch);
    }

    fn push_forward<R: Real>(
        &self,
        here: Here<'_, R>,
        along: Along<'_, R>,
        out: &mut [R],
        scratch: &mut [R],
    ) {
        push(self.unit(), here, along, out, scratch);
    }

    fn pull_back<R: Real>(&self, here: Here<'_, R>, errors: &[R], out: &mut [R], scratch: &mut [R]) {
        pull(self.unit(), here, errors, out, scratch);
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
        pull_along(self.unit(), here, along, errors, input_errors, out, scratch);
    }
}

impl Parameters for Normalisation {
    fn pad<R: Real>(&self, parameters: &[R], padded: &mut [R]) {
        pad_rows(parameters, self.shape.channels, padded, self.shape.stride());
    }

    fn unpad<R: Real>(&self, sums: &[R], out: &mut [R]) {
        unpad_rows(sums, self.shape.stride(), out, self.shape.channels);
    }

    fn add_gradient<R: Real>(&self, here: Here<'_, R>, errors: &[R], sums: &mut [R], scratch: &mut [R]) {
        add_parameter_errors(self.unit(), here, errors, sums, scratch);
    }

    fn add_gradient_along<R: Real>(
        &self,
        here: Here<'_, R>,
        along: Along<'_, R>,
        errors: Errors<'_, R>,
        sums: &mut [R],
        scratch: &mut [R],
    ) {
        self.add_gradient(here, errors.along, sums, scratch);
        add_parameter_errors_along(self.unit(), here, along, errors.errors, sums, scratch);
    }
}
