//! Activations: a function of every value.

use super::operation::{Along, Errors, Here, Lengths, Pass};
use super::shape::Shape;
use crate::lanes::Real;
use crate::risk::network::activation::{
    Activation, apply, apply_keeping, pull_back, pull_back_tangent, push_forward,
};

/// Values whose derivatives are made at a time, where they cannot be had from the outputs.
const CHUNK: usize = 1024;

/// y = φ(x).
#[derive(Clone, Debug)]
pub(super) struct Elementwise {
    pub(super) function: Activation,
    pub(super) shape: Shape,
}

impl Elementwise {
    pub(super) fn lengths(&self) -> Lengths {
        let scratch = if self.function.keeps_derivatives() { 3 * CHUNK } else { 0 };
        Lengths { scratch, ..Lengths::default() }
    }
}

/// φ′ and φ″ of some inputs, made in `scratch` where they have to be.
fn derivatives<'s, R: Real>(
    function: Activation,
    inputs: &[R],
    scratch: &'s mut [R],
) -> (&'s mut [R], &'s mut [R], &'s mut [R]) {
    let length = if function.keeps_derivatives() { inputs.len() } else { 0 };
    let (slopes, rest) = scratch.split_at_mut(length);
    let (seconds, rest) = rest.split_at_mut(length);
    let values = &mut rest[..length];
    values.copy_from_slice(&inputs[..length]);
    apply_keeping(function, values, slopes, seconds);
    (slopes, seconds, values)
}

impl Pass for Elementwise {
    fn forward<R: Real>(&self, _weights: &[R], inputs: &[R], outputs: &mut [R], _scratch: &mut [R]) {
        outputs.copy_from_slice(inputs);
        apply(self.function, outputs);
        let (channels, stride) = (self.shape.channels, self.shape.stride());
        if channels < stride && matches!(self.function, Activation::Sigmoid | Activation::Softplus) {
            // φ(0) is not 0, and the padding is.
            outputs.chunks_exact_mut(stride).for_each(|place| place[channels..].fill(R::ZERO));
        }
    }

    fn push_forward<R: Real>(
        &self,
        here: Here<'_, R>,
        along: Along<'_, R>,
        out: &mut [R],
        scratch: &mut [R],
    ) {
        let parts = here.inputs.chunks(CHUNK).zip(here.outputs.chunks(CHUNK));
        let parts = parts.zip(along.inputs.chunks(CHUNK).zip(out.chunks_mut(CHUNK)));
        for ((inputs, outputs), (tangents, out)) in parts {
            let (slopes, ..) = derivatives(self.function, inputs, scratch);
            push_forward(self.function, outputs, slopes, tangents, out);
        }
    }

    fn pull_back<R: Real>(&self, here: Here<'_, R>, errors: &[R], out: &mut [R], scratch: &mut [R]) {
        out.copy_from_slice(errors);
        let parts = here.inputs.chunks(CHUNK).zip(here.outputs.chunks(CHUNK)).zip(out.chunks_mut(CHUNK));
        for ((inputs, outputs), out) in parts {
            let (slopes, seconds, _) = derivatives(self.function, inputs, scratch);
            pull_back(self.function, outputs, slopes, seconds, out);
        }
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
        out.copy_from_slice(errors.along);
        for (part, out) in out.chunks_mut(CHUNK).enumerate() {
            let range = part * CHUNK..part * CHUNK + out.len();
            let (slopes, bent, values) = derivatives(self.function, &here.inputs[range.clone()], scratch);
            if self.function.keeps_derivatives() {
                // What was kept as φ″ becomes φ″g.
                values.copy_from_slice(&errors.errors[range.clone()]);
                pull_back(self.function, &[], slopes, bent, values);
            }
            let [outputs, errors, tangents] =
                [here.outputs, input_errors, along.inputs].map(|values| &values[range.clone()]);
            pull_back_tangent(self.function, outputs, slopes, bent, errors, tangents, out);
        }
    }
}
