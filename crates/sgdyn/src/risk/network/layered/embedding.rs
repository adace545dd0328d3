//! Embedding: a vector for each token.

use super::operation::{Along, Errors, Here, Lengths, Parameters, Pass};
use super::shape::Shape;
use crate::lanes::{Real, add_scaled};

/// y = the row x of a table, `[tokens × channels]`; weights and sums have its rows padded.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) tokens: usize,
    pub(super) input: Shape,
    pub(super) output: Shape,
}

impl Table {
    pub(super) fn lengths(&self) -> Lengths {
        let padded = self.tokens * self.output.stride();
        Lengths { parameters: self.tokens * self.output.channels, padded, summed: padded, scratch: 0 }
    }

    /// Copies from rows of `table`.
    fn look_up<R: Real>(&self, table: &[R], inputs: &[R], out: &mut [R]) {
        let places = inputs.chunks_exact(self.input.stride()).zip(out.chunks_exact_mut(self.output.stride()));
        for (input, out) in places {
            out.copy_from_slice(&table[self.row(input[0])]);
        }
    }

    fn row<R: Real>(&self, token: R) -> std::ops::Range<usize> {
        let begin = token.to_f64() as usize * self.output.stride();
        begin..begin + self.output.stride()
    }
}

impl Pass for Table {
    fn forward<R: Real>(&self, weights: &[R], inputs: &[R], outputs: &mut [R], _scratch: &mut [R]) {
        self.look_up(weights, inputs, outputs);
    }

    fn push_forward<R: Real>(
        &self,
        here: Here<'_, R>,
        along: Along<'_, R>,
        out: &mut [R],
        _scratch: &mut [R],
    ) {
        self.look_up(along.weights, here.inputs, out);
    }

    fn pull_back<R: Real>(&self, _here: Here<'_, R>, _errors: &[R], out: &mut [R], _scratch: &mut [R]) {
        // Tokens are no function of parameters.
        out.fill(R::ZERO);
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

impl Parameters for Table {
    fn pad<R: Real>(&self, parameters: &[R], padded: &mut [R]) {
        super::shape::pad_rows(parameters, self.output.channels, padded, self.output.stride());
    }

    fn unpad<R: Real>(&self, sums: &[R], out: &mut [R]) {
        super::shape::unpad_rows(sums, self.output.stride(), out, self.output.channels);
    }

    fn add_gradient<R: Real>(&self, here: Here<'_, R>, errors: &[R], sums: &mut [R], _scratch: &mut [R]) {
        let places =
            here.inputs.chunks_exact(self.input.stride()).zip(errors.chunks_exact(self.output.stride()));
        for (input, errors) in places {
            add_scaled(R::ONE, errors, &mut sums[self.row(input[0])]);
        }
    }

    fn add_gradient_along<R: Real>(
        &self,
        here: Here<'_, R>,
        _along: Along<'_, R>,
        errors: Errors<'_, R>,
        sums: &mut [R],
        scratch: &mut [R],
    ) {
        self.add_gradient(here, errors.along, sums, scratch);
    }
}
