//! Flattening: a vector of all values of a sample.

use super::operation::{Along, Errors, Here, Pass};
use super::shape::Shape;
use crate::lanes::Real;

/// The values of a sample in PyTorch's order.
#[derive(Clone, Debug)]
pub(super) struct Flatten {
    pub(super) input: Shape,
    pub(super) output: Shape,
}

impl Flatten {
    fn copy<R: Real>(&self, inputs: &[R], out: &mut [R]) {
        let samples =
            inputs.chunks_exact(self.input.length()).zip(out.chunks_exact_mut(self.output.length()));
        for (from, to) in samples {
            to[self.output.channels..].fill(R::ZERO);
            for (place, from) in from.chunks_exact(self.input.stride()).enumerate() {
                for (channel, &value) in from[..self.input.channels].iter().enumerate() {
                    to[self.input.position(place, channel)] = value;
                }
            }
        }
    }
}

impl Pass for Flatten {
    fn forward<R: Real>(&self, _weights: &[R], inputs: &[R], outputs: &mut [R], _scratch: &mut [R]) {
        self.copy(inputs, outputs);
    }

    fn push_forward<R: Real>(
        &self,
        _here: Here<'_, R>,
        along: Along<'_, R>,
        out: &mut [R],
        _scratch: &mut [R],
    ) {
        self.copy(along.inputs, out);
    }

    fn pull_back<R: Real>(&self, _here: Here<'_, R>, errors: &[R], out: &mut [R], _scratch: &mut [R]) {
        let samples =
            errors.chunks_exact(self.output.length()).zip(out.chunks_exact_mut(self.input.length()));
        for (errors, out) in samples {
            self.input.unpack(errors, out);
        }
    }

    fn pull_back_along<R: Real>(
        &self,
        here: Here<'_, R>,
        _along: Along<'_, R>,
        errors: Errors<'_, R>,
        _input_errors: &[R],
        out: &mut [R],
        scratch: &mut [R],
    ) {
        self.pull_back(here, errors.along, out, scratch);
    }
}
