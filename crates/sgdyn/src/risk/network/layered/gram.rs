//! The Gram matrix of per-sample gradients, layer by layer, never samples × parameters.

use rayon::prelude::*;

use super::blocks::deep_product;
use super::memory::{Memory, Ways};
use super::operation::{Here, Operation, Parameters};
use super::point::LayeredPoint;
use super::tape::Node;
use super::weighted::Weighted;
use crate::lanes::{Real, add_scaled, lane_kernel};
use crate::risk::empirical::EmpiricalRisk;
use crate::risk::network::factors::Gram;
use crate::risk::network::product::{PANEL, Rows, RowsMut, Start, add_rows, transpose};

/// Values of layers, or of gradients by some of their parameters, that are held at a time beside the matrix itself:
/// 256 MB of `f32`.
const HELD: usize = 1 << 26;

/// Rows that are made together: a multiple of the heights of all tiles.
const HEIGHT: usize = 48;

/// Columns that a product of factors makes at a time.
const WIDTH: usize = 960;

/// What all samples have at a layer: its inputs and the derivatives of the losses by its outputs, `[samples × length]`.
struct Held<'n, R> {
    node: &'n Node,
    inputs: Vec<R>,
    errors: Vec<R>,
}

/// What the samples of a piece have at some layers.
type Part<'p, R> = Vec<(&'p mut [R], &'p mut [R])>;

impl<R: Real> LayeredPoint<'_, R> {
    /// K without the penalty: the sum over layers of the Gram matrices of the gradients by their parameters.
    ///
    /// As many layers as fit share one way through the network. Where a layer's outer products g xᵀ over P places have
    /// more values than their factors, P²(|x| + |g|) < |x||g|, the layer adds Σ (x·x′)(g·g′) over pairs of places:
    /// dense layers, and convolutions on the smallest images. Of other layers the gradients are formed, for some
    /// parameters at a time.
    pub(super) fn data_gram(&self) -> Gram<R> {
        let samples = self.network.samples();
        let mut gram = Gram::zeros(samples);
        let budget = HELD.max(samples * gram.stride());
        let tape = &self.network.tape;
        let mut nodes: Vec<&Node> = tape.nodes().filter(|node| !node.parameters.is_empty()).collect();
        while !nodes.is_empty() {
            let mut values = 0;
            let fits = nodes.iter().take_while(|node| {
                values +=
                    samples * (tape.slots[node.from].shape.length() + tape.slots[node.to].shape.length());
                values <= budget
            });
            let group: Vec<&Node> = nodes.drain(..fits.count().max(1)).collect();
            for held in self.hold(&group) {
                self.add_layer(&held, budget, &mut gram);
            }
        }
        mirror(&mut gram);
        gram
    }

    /// Inputs and errors of all samples at some layers.
    fn hold<'n>(&self, group: &[&'n Node]) -> Vec<Held<'n, R>> {
        let (tape, samples) = (&self.network.tape, self.network.samples());
        let length = |slot: usize| tape.slots[slot].shape.length();
        let mut all: Vec<_> = group
            .iter()
            .map(|&node| Held {
                node,
                inputs: vec![R::ZERO; samples * length(node.from)],
                errors: vec![R::ZERO; samples * length(node.to)],
            })
            .collect();
        let mut parts: Vec<Part<'_, R>> = (0..self.pieces()).map(|_| Vec::new()).collect();
        for held in &mut all {
            let lengths = [held.node.from, held.node.to].map(|slot| length(slot) * self.network.piece);
            let inputs = held.inputs.chunks_mut(lengths[0]);
            for (part, own) in parts.iter_mut().zip(inputs.zip(held.errors.chunks_mut(lengths[1]))) {
                part.push(own);
            }
        }
        let needed = Memory::<R>::length(tape, Ways::Gradient, self.piece(0).samples);
        each_chunk(&mut parts, 1, |memory: &mut Vec<R>, piece, part: &mut [Part<'_, R>]| {
            let piece = self.piece(piece);
            memory.resize(needed, R::ZERO);
            let mut memory = Memory::within(tape, Ways::Gradient, piece.samples, memory);
            self.forward(piece, &mut memory);
            self.output_errors(piece, &mut memory);
            let trace = self.trace(piece, memory.values);
            tape.pull_back(trace, &mut memory.errors, memory.scratch, |node, here, errors, _| {
                if let Some(index) = group.iter().position(|own| own.to == node.to) {
                    let (inputs, own_errors) = &mut part[0][index];
                    inputs.copy_from_slice(here.inputs);
                    own_errors.copy_from_slice(errors);
                }
            });
        });
        all
    }

    fn add_layer(&self, held: &Held<'_, R>, budget: usize, gram: &mut Gram<R>) {
        let Operation::Weighted(weighted) = &held.node.operation else {
            let width = held.node.summed.len();
            let from = self.network.tape.slots[held.node.from].shape.length();
            let to = self.network.tape.slots[held.node.to].shape.length();
            return add_gradients(width, gram, |sample, sums, scratch| {
                scratch.resize(self.network.tape.scratch, R::ZERO);
                let here = Here {
                    weights: &self.padded[held.node.padded.clone()],
                    inputs: &held.inputs[sample * from..][..from],
                    outputs: &[],
                };
                let errors = &held.errors[sample * to..][..to];
                held.node.operation.add_gradient(here, errors, sums, scratch);
            });
        };
        let (depth, outputs) = (weighted.depth(), weighted.outputs());
        let places = weighted.places();
        if places * places * (depth + outputs) < depth * outputs {
            return add_factors(weighted, held, gram);
        }
        let from = held.inputs.len() / gram.samples();
        let to = held.errors.len() / gram.samples();
        // Gradients, and the same transposed.
        let height = (budget / (2 * gram.samples() * weighted.row_stride())).clamp(1, outputs);
        for first in (0..outputs).step_by(height) {
            let rows = first..(first + height).min(outputs);
            add_gradients(rows.len() * weighted.row_stride(), gram, |sample, sums, scratch| {
                scratch.resize(self.network.tape.scratch, R::ZERO);
                let inputs = &held.inputs[sample * from..][..from];
                let errors = &held.errors[sample * to..][..to];
                weighted.add_weight_gradient(rows.clone(), inputs, errors, sums, scratch);
            });
        }
        if weighted.has_bias() {
            add_gradients(weighted.output_stride(), gram, |sample, sums, _| {
                let errors =
                    Rows { values: &held.errors[sample * to..][..to], stride: weighted.output_stride() };
                add_rows(errors, sums);
            });
        }
    }
}

/// Adds, below the diagonal, the products of gradients, `[samples × width]`, that `add` adds up sample by sample.
fn add_gradients<R: Real>(
    width: usize,
    gram: &mut Gram<R>,
    add: impl Fn(usize, &mut [R], &mut Vec<R>) + Sync,
) {
    let (samples, stride) = (gram.samples(), gram.stride());
    let mut gradients = vec![R::ZERO; samples * width];
    each_chunk(&mut gradients, width, |scratch: &mut Vec<R>, sample, sums: &mut [R]| {
        add(sample, sums, scratch);
    });
    let mut columns = vec![R::ZERO; width * stride];
    let rows = Rows { values: &gradients, stride: width };
    transpose(rows, samples, width, RowsMut { values: &mut columns, stride });
    let columns = Rows { values: &columns, stride };
    each_chunk(gram.values_mut(), HEIGHT * stride, |products: &mut Vec<R>, block, out: &mut [R]| {
        let (first, height) = (block * HEIGHT, out.len() / stride);
        let wide = (first + height).next_multiple_of(PANEL).min(stride);
        products.resize(height * wide, R::ZERO);
        let left = Rows { values: &gradients[first * width..], stride: width };
        deep_product(Start::Value(R::ZERO), left, width, columns, products, wide);
        for (out, products) in out.chunks_exact_mut(stride).zip(products.chunks_exact(wide)) {
            add_scaled(R::ONE, products, &mut out[..wide]);
        }
    });
}

/// Adds, below the diagonal, Σ (x·x′)(g·g′), and g·g′ of the bias, over pairs of places.
fn add_factors<R: Real>(weighted: &Weighted, held: &Held<'_, R>, gram: &mut Gram<R>) {
    let (samples, stride, places) = (gram.samples(), gram.stride(), weighted.places());
    let (depth, outputs) = (weighted.depth(), weighted.outputs());
    let (row_stride, error_stride) = (weighted.row_stride(), weighted.output_stride());
    let start = Start::Value(if weighted.has_bias() { R::ONE } else { R::ZERO });
    let across = (WIDTH / places).max(1);
    let down = (HEIGHT / places).max(1);
    let mut gathered = vec![R::ZERO; across.min(samples) * places * row_stride];
    for column in (0..samples).step_by(across) {
        let own = across.min(samples - column);
        let (wide, lines) = ((own * places).next_multiple_of(PANEL), own * places);
        let mut inputs = vec![R::ZERO; depth * wide];
        let mut errors = vec![R::ZERO; outputs * wide];
        let rows = weighted.rows(&held.inputs, column * places, lines, &mut gathered);
        transpose(rows, lines, depth, RowsMut { values: &mut inputs, stride: wide });
        let rows = Rows { values: &held.errors[column * places * error_stride..], stride: error_stride };
        transpose(rows, lines, outputs, RowsMut { values: &mut errors, stride: wide });
        let columns = |values| Rows { values, stride: wide };
        let (inputs, errors) = (columns(&inputs), columns(&errors));
        each_chunk(gram.values_mut(), down * stride, |memory: &mut Vec<R>, block, out: &mut [R]| {
            let (first, height) = (block * down, out.len() / stride);
            if first + height <= column {
                return;
            }
            let lines = height * places;
            memory.resize(lines * (2 * wide + row_stride), R::ZERO);
            let (one, rest) = memory.split_at_mut(lines * wide);
            let (other, scratch) = rest.split_at_mut(lines * wide);
            let rows = weighted.rows(&held.inputs, first * places, lines, scratch);
            deep_product(start, rows, depth, inputs, one, wide);
            let rows = Rows { values: &held.errors[first * places * error_stride..], stride: error_stride };
            deep_product(Start::Value(R::ZERO), rows, outputs, errors, other, wide);
            for (row, out) in out.chunks_exact_mut(stride).enumerate() {
                for place in 0..places {
                    let line = (row * places + place) * wide;
                    let (one, other) = (&one[line..][..wide], &other[line..][..wide]);
                    add_pairs(one, other, places, &mut out[column..column + own]);
                }
            }
        });
    }
}

lane_kernel! {
    /// `out[j] += Σₚ one[j · places + p] · other[j · places + p]`
    fn add_pairs<R: Real>(one: &[R], other: &[R], places: usize, out: &mut [R]) {
        if places == 1 {
            for ((out, &one), &other) in out.iter_mut().zip(one).zip(other) {
                *out = one.mul_add(other, *out);
            }
            return;
        }
        let pairs = one.chunks_exact(places).zip(other.chunks_exact(places));
        for (out, (one, other)) in out.iter_mut().zip(pairs) {
            for (&one, &other) in one.iter().zip(other) {
                *out = one.mul_add(other, *out);
            }
        }
    }
}

/// Copies what lies below the diagonal to above it.
fn mirror<R: Real>(gram: &mut Gram<R>) {
    const SIDE: usize = 64;
    let (samples, stride) = (gram.samples(), gram.stride());
    let values = gram.values_mut();
    for first in (0..samples).step_by(SIDE) {
        for begin in (0..=first).step_by(SIDE) {
            for row in first..(first + SIDE).min(samples) {
                for column in begin..(begin + SIDE).min(row) {
                    values[column * stride + row] = values[row * stride + column];
                }
            }
        }
        // Whole panels were written, beyond the diagonal and the last column.
        for row in first..(first + SIDE).min(samples) {
            values[row * stride + samples..(row + 1) * stride].fill(R::ZERO);
        }
    }
}

/// Calls `work` with memory for each chunk of some values; in parallel if the pool that calls has more than one thread.
fn each_chunk<T: Send, R: Send>(
    values: &mut [T],
    length: usize,
    work: impl Fn(&mut Vec<R>, usize, &mut [T]) + Sync,
) {
    if rayon::current_num_threads() > 1 {
        values
            .par_chunks_mut(length)
            .enumerate()
            .for_each_init(Vec::new, |memory, (index, chunk)| work(memory, index, chunk));
    } else {
        let mut memory = Vec::new();
        for (index, chunk) in values.chunks_mut(length).enumerate() {
            work(&mut memory, index, chunk);
        }
    }
}
