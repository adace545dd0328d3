//! Layers in the order in which samples pass them, and where their values lie.

use std::mem::take;
use std::ops::Range;

use super::operation::{Along, Errors, Here, Operation, Parameters, Pass};
use super::schedule::{Back, Schedule};
use super::shape::Shape;
use crate::lanes::{Real, add_scaled, scale};
use crate::risk::network::ParameterTensor;

/// Values between layers.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) shape: Shape,
    /// Values of a sample in slots before it.
    pub(super) begin: usize,
    /// Whether it depends on parameters.
    pub(super) moving: bool,
    /// What writes it, for errors.
    pub(super) layer: String,
}

/// A layer that reads one slot.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) operation: Operation,
    pub(super) from: usize,
    pub(super) to: usize,
    /// Its parts of θ, of padded weights, of sums and of statistics.
    pub(super) parameters: Range<usize>,
    pub(super) padded: Range<usize>,
    pub(super) summed: Range<usize>,
    pub(super) statistics: Range<usize>,
}

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "a network has few steps")]
pub(super) enum Step {
    Node(Node),
    /// `to = one + other`.
    Join {
        one: usize,
        other: usize,
        to: usize,
    },
}

/// All layers.
#[derive(Clone, Debug)]
pub(super) struct Tape {
    pub(super) slots: Vec<Slot>,
    pub(super) steps: Vec<Step>,
    pub(super) schedule: Schedule,
    pub(super) tensors: Vec<ParameterTensor>,
    /// `running_mean` and `running_var` of frozen batch normalisations, beside θ.
    pub(super) statistics: Vec<ParameterTensor>,
    pub(super) parameters: usize,
    pub(super) padded: usize,
    pub(super) summed: usize,
    pub(super) scratch: usize,
}

/// What some samples leave in a network: slot after slot, each `[samples × length]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trace<'t, R> {
    pub(super) samples: usize,
    pub(super) weights: &'t [R],
    pub(super) values: &'t [R],
}

/// A direction: its padded weights, and the derivatives of all slots along it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tangent<'t, R> {
    pub(super) weights: &'t [R],
    pub(super) values: &'t [R],
}

impl Tape {
    /// Values of a sample in all slots.
    pub(super) fn length(&self) -> usize {
        let last = self.last();
        last.begin + last.shape.length()
    }

    pub(super) fn last(&self) -> &Slot {
        &self.slots[self.slots.len() - 1]
    }

    /// The buffer of the derivatives of the losses by the outputs, when a way back begins.
    pub(super) fn first_buffer(&self) -> usize {
        self.schedule.backs.last().map_or(0, |back| back.buffer)
    }

    pub(super) fn nodes(&self) -> impl DoubleEndedIterator<Item = &Node> {
        self.steps.iter().filter_map(|step| match step {
            Step::Node(node) => Some(node),
            Step::Join { .. } => None,
        })
    }

    /// The part of a slot in an array of all.
    pub(super) fn range(&self, slot: usize, samples: usize) -> Range<usize> {
        let Slot { begin, shape, .. } = &self.slots[slot];
        begin * samples..(begin + shape.length()) * samples
    }

    /// Writes padded weights, with the statistics unless it is a direction.
    pub(super) fn pad<R: Real>(&self, parameters: &[R], statistics: Option<&[f64]>, padded: &mut [R]) {
        for node in self.nodes() {
            let padded = &mut padded[node.padded.clone()];
            node.operation.pad(&parameters[node.parameters.clone()], padded);
            if let (Operation::FrozenNorm(norm), Some(statistics)) = (&node.operation, statistics) {
                let statistics = &statistics[node.statistics.clone()];
                let (means, variances) = statistics.split_at(statistics.len() / 2);
                norm.pad_statistics(means, variances, padded);
            }
        }
    }

    /// `out = inverse · sums + l2 · at`, in the order of θ.
    pub(super) fn unpad<R: Real>(&self, sums: &[R], inverse: R, l2: R, at: &[R], out: &mut [R]) {
        for node in self.nodes() {
            node.operation.unpad(&sums[node.summed.clone()], &mut out[node.parameters.clone()]);
        }
        if inverse != R::ONE {
            for part in out.chunks_mut(4096) {
                let mut values = [R::ZERO; 4096];
                let values = &mut values[..part.len()];
                values.copy_from_slice(part);
                scale(inverse, values, part);
            }
        }
        if l2 != R::ZERO {
            add_scaled(l2, at, out);
        }
    }

    /// Fills all slots but the first.
    pub(super) fn forward<R: Real>(
        &self,
        weights: &[R],
        samples: usize,
        values: &mut [R],
        scratch: &mut [R],
    ) {
        for step in &self.steps {
            let to = match step {
                Step::Node(node) => node.to,
                Step::Join { to, .. } => *to,
            };
            let range = self.range(to, samples);
            let (before, outputs) = values.split_at_mut(range.start);
            let outputs = &mut outputs[..range.len()];
            match step {
                Step::Node(node) => {
                    let inputs = &before[self.range(node.from, samples)];
                    node.operation.forward(&weights[node.padded.clone()], inputs, outputs, scratch);
                }
                Step::Join { one, other, .. } => self.join(*one, *other, samples, before, outputs),
            }
        }
    }

    fn join<R: Real>(&self, one: usize, other: usize, samples: usize, before: &[R], out: &mut [R]) {
        out.copy_from_slice(&before[self.range(one, samples)]);
        add_scaled(R::ONE, &before[self.range(other, samples)], out);
    }

    /// Fills the derivatives of all slots along the direction of padded weights `along`.
    pub(super) fn push_forward<R: Real>(
        &self,
        trace: Trace<'_, R>,
        along: &[R],
        tangents: &mut [R],
        scratch: &mut [R],
    ) {
        let samples = trace.samples;
        tangents[self.range(0, samples)].fill(R::ZERO);
        for step in &self.steps {
            let to = match step {
                Step::Node(node) => node.to,
                Step::Join { to, .. } => *to,
            };
            let range = self.range(to, samples);
            let (before, out) = tangents.split_at_mut(range.start);
            let out = &mut out[..range.len()];
            match step {
                Step::Node(node) => {
                    let here = self.here(node, trace);
                    let along = Along {
                        weights: &along[node.padded.clone()],
                        inputs: &before[self.range(node.from, samples)],
                        moving: self.slots[node.from].moving,
                    };
                    node.operation.push_forward(here, along, out, scratch);
                }
                Step::Join { one, other, .. } => self.join(*one, *other, samples, before, out),
            }
        }
    }

    fn here<'h, R: Real>(&self, node: &Node, trace: Trace<'h, R>) -> Here<'h, R> {
        let slot = |slot| &trace.values[self.range(slot, trace.samples)];
        let weights = &trace.weights[node.padded.clone()];
        Here { weights, inputs: slot(node.from), outputs: slot(node.to) }
    }

    /// Goes back from the derivatives of the losses by the last slot, which are in their buffer; shows each layer with
    /// the derivatives by its outputs to `visit`, last to first.
    pub(super) fn pull_back<R: Real>(
        &self,
        trace: Trace<'_, R>,
        errors: &mut [&mut [R]],
        scratch: &mut [R],
        mut visit: impl FnMut(&Node, Here<'_, R>, &[R], &mut [R]),
    ) {
        let samples = trace.samples;
        for (step, back) in self.steps.iter().zip(&self.schedule.backs).rev() {
            match step {
                Step::Node(node) => {
                    let own = take(&mut errors[back.buffer]);
                    let outputs = &own[..self.range(node.to, samples).len()];
                    let here = self.here(node, trace);
                    visit(node, here, outputs, scratch);
                    for sent in &back.sent {
                        let length = self.range(node.from, samples).len();
                        let to = take(&mut errors[sent.written()]);
                        node.operation.pull_back(here, outputs, &mut to[..length], scratch);
                        errors[sent.written()] = to;
                        sent.settle(length, errors);
                    }
                    errors[back.buffer] = own;
                }
                Step::Join { to, .. } => pass_on(back, self.range(*to, samples).len(), errors),
            }
        }
    }

    /// As [`Tape::pull_back`], with the derivatives along a direction, `bent`.
    pub(super) fn pull_back_along<R: Real>(
        &self,
        trace: Trace<'_, R>,
        tangent: Tangent<'_, R>,
        errors: &mut [&mut [R]],
        bent: &mut [&mut [R]],
        scratch: &mut [R],
        mut visit: impl FnMut(&Node, Here<'_, R>, Along<'_, R>, Errors<'_, R>, &mut [R]),
    ) {
        let samples = trace.samples;
        for (step, back) in self.steps.iter().zip(&self.schedule.backs).rev() {
            match step {
                Step::Node(node) => {
                    let (own, own_bent) = (take(&mut errors[back.buffer]), take(&mut bent[back.buffer]));
                    let range = 0..self.range(node.to, samples).len();
                    let both = Errors { errors: &own[range.clone()], along: &own_bent[range] };
                    let here = self.here(node, trace);
                    let along = Along {
                        weights: &tangent.weights[node.padded.clone()],
                        inputs: &tangent.values[self.range(node.from, samples)],
                        moving: self.slots[node.from].moving,
                    };
                    visit(node, here, along, both, scratch);
                    for sent in &back.sent {
                        let length = self.range(node.from, samples).len();
                        let to = take(&mut errors[sent.written()]);
                        let to_bent = take(&mut bent[sent.written()]);
                        let (inputs, out) = (&mut to[..length], &mut to_bent[..length]);
                        node.operation.pull_back(here, both.errors, inputs, scratch);
                        node.operation.pull_back_along(here, along, both, inputs, out, scratch);
                        errors[sent.written()] = to;
                        bent[sent.written()] = to_bent;
                        sent.settle(length, errors);
                        sent.settle(length, bent);
                    }
                    errors[back.buffer] = own;
                    bent[back.buffer] = own_bent;
                }
                Step::Join { to, .. } => {
                    let length = self.range(*to, samples).len();
                    pass_on(back, length, errors);
                    pass_on(back, length, bent);
                }
            }
        }
    }
}

/// Of a sum, both terms have the derivatives of the sum.
fn pass_on<R: Real>(back: &Back, length: usize, errors: &mut [&mut [R]]) {
    let own = take(&mut errors[back.buffer]);
    for sent in &back.sent {
        let to = &mut errors[sent.buffer][..length];
        if sent.aside.is_some() {
            add_scaled(R::ONE, &own[..length], to);
        } else {
            to.copy_from_slice(&own[..length]);
        }
    }
    errors[back.buffer] = own;
}
