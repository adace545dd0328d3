//! Dense layers and convolutions: a product of a matrix of weights with vectors, or with the squares of an image.

use std::ops::Range;

use super::blocks::{blocks, deep_product, part};
use super::operation::{Along, Errors, Here, Lengths, Parameters, Pass};
use super::shape::Shape;
use super::window::{Window, gather, scatter};
use crate::lanes::Real;
use crate::risk::network::plan::stride;
use crate::risk::network::product::{Rows, RowsMut, Start, add_rows, add_transposed, multiply, transpose};

/// Values of squares that are gathered at a time for products with weights.
const GATHERED: usize = 1 << 16;

/// Rows that a sum over samples takes at a time: it reads and writes all weights once for these, and a column of panels
/// of so many rows stays in the first- or second-level cache.
const SUMMED: usize = 240;

/// y = Wx + b of each row x: a place of the input, or its square as `[kernel × kernel × channels]`.
///
/// Padded weights are W by rows, `[outputs × stride of a row x]`, b, and Wᵀ, `[depth × stride of y]`; sums are W and b.
#[derive(Clone, Debug)]
pub(super) struct Weighted {
    input: Shape,
    output: Shape,
    window: Option<Window>,
    bias: bool,
    depth: usize,
    row_stride: usize,
}

impl Weighted {
    pub(super) fn dense(input: Shape, output: Shape, bias: bool) -> Self {
        Self { input, output, window: None, bias, depth: input.channels, row_stride: input.stride() }
    }

    pub(super) fn convolution(window: Window, bias: bool) -> Self {
        let Window { input, output, .. } = window;
        let depth = window.area() * input.channels;
        Self { input, output, window: Some(window), bias, depth, row_stride: stride(depth) }
    }

    pub(super) fn lengths(&self) -> Lengths {
        let summed = self.outputs() * self.row_stride + self.output.stride();
        Lengths {
            parameters: self.outputs() * (self.depth + usize::from(self.bias)),
            padded: summed + self.depth * self.output.stride(),
            summed,
            scratch: if self.window.is_some() { SUMMED * self.row_stride } else { 0 },
        }
    }

    /// The length of a row x, the inputs of one output.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    pub(super) fn outputs(&self) -> usize {
        self.output.channels
    }

    pub(super) fn has_bias(&self) -> bool {
        self.bias
    }

    /// Rows of one sample.
    pub(super) fn places(&self) -> usize {
        self.output.places()
    }

    pub(super) fn row_stride(&self) -> usize {
        self.row_stride
    }

    pub(super) fn output_stride(&self) -> usize {
        self.output.stride()
    }

    /// Of each block of rows that a product takes: its first row and its number of rows, a multiple of the heights of
    /// all tiles.
    fn blocks(&self, rows: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
        blocks(rows, (GATHERED / self.row_stride / 48 * 48).clamp(48, SUMMED))
    }

    /// Rows x from `first` on: where they are, or gathered in `scratch`.
    pub(super) fn rows<'r, R: Real>(
        &self,
        inputs: &'r [R],
        first: usize,
        count: usize,
        scratch: &'r mut [R],
    ) -> Rows<'r, R> {
        let stride = self.row_stride;
        let Some(window) = self.window else {
            return part(inputs, stride, first, count);
        };
        let values = &mut scratch[..count * stride];
        gather(window, inputs, first, RowsMut { values, stride });
        Rows { values, stride }
    }

    fn by_rows<'w, R>(&self, weights: &'w [R]) -> Rows<'w, R> {
        Rows { values: &weights[..self.outputs() * self.row_stride], stride: self.row_stride }
    }

    fn bias<'w, R>(&self, weights: &'w [R]) -> &'w [R] {
        &weights[self.outputs() * self.row_stride..][..self.output.stride()]
    }

    fn by_columns<'w, R>(&self, weights: &'w [R]) -> Rows<'w, R> {
        let values = &weights[self.outputs() * self.row_stride + self.output.stride()..];
        Rows { values, stride: self.output.stride() }
    }

    /// Calls `visit(column in θ, column here)` for each column of W: PyTorch's has channels before pixels.
    fn each_column(&self, mut visit: impl FnMut(usize, usize)) {
        let area = self.depth / self.input.channels;
        for channel in 0..self.input.channels {
            for pixel in 0..area {
                visit(channel * area + pixel, pixel * self.input.channels + channel);
            }
        }
    }

    /// Writes, or adds to, the derivatives by the inputs, given those by rows x.
    fn write_rows<R: Real>(
        &self,
        first: usize,
        count: usize,
        out: &mut [R],
        scratch: &mut [R],
        products: impl Fn(RowsMut<'_, R>),
    ) {
        let stride = self.row_stride;
        match self.window {
            None => products(RowsMut { values: &mut out[first * stride..][..count * stride], stride }),
            Some(window) => {
                let values = &mut scratch[..count * stride];
                products(RowsMut { values: &mut *values, stride });
                scatter(window, Rows { values, stride }, first, out);
            }
        }
    }

    fn sums<'s, R>(&self, sums: &'s mut [R]) -> (&'s mut [R], &'s mut [R]) {
        sums.split_at_mut(self.outputs() * self.row_stride)
    }

    /// Adds Σ g xᵀ, the derivatives by the rows of W of some outputs, `[outputs × row_stride]`.
    pub(super) fn add_weight_gradient<R: Real>(
        &self,
        outputs: Range<usize>,
        inputs: &[R],
        errors: &[R],
        sums: &mut [R],
        scratch: &mut [R],
    ) {
        let stride = self.output.stride();
        for (first, count) in blocks(errors.len() / stride, SUMMED) {
            let rows = self.rows(inputs, first, count, scratch);
            let errors = part(errors, stride, first, count);
            let left = Rows { values: &errors.values[outputs.start..], stride };
            let sums = &mut sums[..outputs.len() * self.row_stride];
            add_transposed(left, count, rows, RowsMut { values: sums, stride: self.row_stride });
        }
    }
}

impl Pass for Weighted {
    fn forward<R: Real>(&self, weights: &[R], inputs: &[R], outputs: &mut [R], scratch: &mut [R]) {
        let stride = self.output.stride();
        for (first, count) in self.blocks(outputs.len() / stride) {
            let rows = self.rows(inputs, first, count, scratch);
            let out = &mut outputs[first * stride..][..count * stride];
            let start = Start::Row(self.bias(weights));
            deep_product(start, rows, self.depth, self.by_columns(weights), out, stride);
        }
    }

    fn push_forward<R: Real>(
        &self,
        here: Here<'_, R>,
        along: Along<'_, R>,
        out: &mut [R],
        scratch: &mut [R],
    ) {
        let stride = self.output.stride();
        for (first, count) in self.blocks(out.len() / stride) {
            let out = &mut out[first * stride..][..count * stride];
            let rows = self.rows(here.inputs, first, count, scratch);
            let start = Start::Row(self.bias(along.weights));
            deep_product(start, rows, self.depth, self.by_columns(along.weights), out, stride);
            if along.moving {
                let rows = self.rows(along.inputs, first, count, scratch);
                deep_product(Start::Kept, rows, self.depth, self.by_columns(here.weights), out, stride);
            }
        }
    }

    fn pull_back<R: Real>(&self, here: Here<'_, R>, errors: &[R], out: &mut [R], scratch: &mut [R]) {
        let stride = self.output.stride();
        out.fill(R::ZERO);
        for (first, count) in self.blocks(errors.len() / stride) {
            let errors = part(errors, stride, first, count);
            self.write_rows(first, count, out, scratch, |out| {
                multiply(Start::Value(R::ZERO), errors, self.outputs(), self.by_rows(here.weights), out);
            });
        }
    }

    fn pull_back_along<R: Real>(
        &self,
        here: Here<'_, R>,
        along: Along<'_, R>,
        errors: Errors<'_, R>,
        _input_errors: &[R],
        out: &mut [R],
        scratch: &mut [R],
    ) {
        let stride = self.output.stride();
        out.fill(R::ZERO);
        for (first, count) in self.blocks(errors.errors.len() / stride) {
            let rows = |values| part(values, stride, first, count);
            let (bent, errors) = (rows(errors.along), rows(errors.errors));
            let depth = self.outputs();
            self.write_rows(first, count, out, scratch, |RowsMut { values, stride }| {
                let out = RowsMut { values: &mut *values, stride };
                multiply(Start::Value(R::ZERO), bent, depth, self.by_rows(here.weights), out);
                let out = RowsMut { values, stride };
                multiply(Start::Kept, errors, depth, self.by_rows(along.weights), out);
            });
        }
    }
}

impl Parameters for Weighted {
    fn pad<R: Real>(&self, parameters: &[R], padded: &mut [R]) {
        let (outputs, depth, stride) = (self.outputs(), self.depth, self.output.stride());
        let (weights, bias) = parameters.split_at(outputs * depth);
        let (by_rows, rest) = padded.split_at_mut(outputs * self.row_stride);
        let (padded_bias, by_columns) = rest.split_at_mut(stride);
        for (to, from) in by_rows.chunks_exact_mut(self.row_stride).zip(weights.chunks_exact(depth)) {
            self.each_column(|theirs, ours| to[ours] = from[theirs]);
            to[depth..].fill(R::ZERO);
        }
        padded_bias.fill(R::ZERO);
        if self.bias {
            padded_bias[..outputs].copy_from_slice(bias);
        }
        for row in by_columns.chunks_exact_mut(stride) {
            row[outputs..].fill(R::ZERO);
        }
        let from = Rows { values: by_rows, stride: self.row_stride };
        transpose(from, outputs, depth, RowsMut { values: by_columns, stride });
    }

    fn unpad<R: Real>(&self, sums: &[R], out: &mut [R]) {
        let (weights, bias) = out.split_at_mut(self.outputs() * self.depth);
        for (to, from) in weights.chunks_exact_mut(self.depth).zip(sums.chunks_exact(self.row_stride)) {
            self.each_column(|theirs, ours| to[theirs] = from[ours]);
        }
        if self.bias {
            bias.copy_from_slice(&self.bias(sums)[..self.outputs()]);
        }
    }

    fn add_gradient<R: Real>(&self, here: Here<'_, R>, errors: &[R], sums: &mut [R], scratch: &mut [R]) {
        let (weights, bias) = self.sums(sums);
        self.add_weight_gradient(0..self.outputs(), here.inputs, errors, weights, scratch);
        if self.bias {
            add_rows(Rows { values: errors, stride: self.output.stride() }, bias);
        }
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
        if !along.moving {
            return;
        }
        let (weights, _) = self.sums(sums);
        self.add_weight_gradient(0..self.outputs(), along.inputs, errors.errors, weights, scratch);
    }
}
