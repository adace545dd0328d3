//! The ways through a network with some samples at a time: forwards, backwards, and both along a direction.

use super::activation::{apply, apply_keeping, pull_back, pull_back_tangent, push_forward, scale_by_slope};
use super::loss::{Goals, Selection};
use super::plan::Plan;
use super::product::{Rows, RowsMut, Start, add_rows, add_transposed, multiply};
use crate::lanes::Real;

/// What some samples leave behind in a network at a point: for each layer, `[rows × output_stride]`, and layer after
/// layer.
#[derive(Debug)]
pub(super) struct Trace<T> {
    /// a = φ(z).
    pub(super) outputs: T,
    /// δ = ∂ℓ/∂z.
    pub(super) errors: T,
    /// φ′(z), empty unless the plan keeps derivatives.
    pub(super) slopes: T,
    /// φ″(z)·∂ℓ/∂a, empty likewise.
    pub(super) bent: T,
}

impl<R: Real> Trace<Vec<R>> {
    pub(super) fn zeros(plan: &Plan, rows: usize) -> Self {
        let all = plan.values_per_sample() * rows;
        let kept = if plan.keeps_derivatives() { all } else { 0 };
        let zeros = |length| vec![R::ZERO; length];
        Self { outputs: zeros(all), errors: zeros(all), slopes: zeros(kept), bent: zeros(kept) }
    }

    pub(super) fn as_ref(&self) -> Trace<&[R]> {
        Trace { outputs: &self.outputs, errors: &self.errors, slopes: &self.slopes, bent: &self.bent }
    }

    pub(super) fn as_mut(&mut self) -> Trace<&mut [R]> {
        Trace {
            outputs: &mut self.outputs,
            errors: &mut self.errors,
            slopes: &mut self.slopes,
            bent: &mut self.bent,
        }
    }
}

impl<'t, R: Real> Trace<&'t mut [R]> {
    /// The length of memory that [`Trace::within`] takes.
    pub(super) fn length(plan: &Plan, rows: usize) -> usize {
        plan.values_per_sample() * rows * if plan.keeps_derivatives() { 4 } else { 2 }
    }

    /// In memory that is there.
    pub(super) fn within(plan: &Plan, rows: usize, memory: &'t mut [R]) -> Self {
        let all = plan.values_per_sample() * rows;
        let kept = if plan.keeps_derivatives() { all } else { 0 };
        let (outputs, memory) = memory.split_at_mut(all);
        let (errors, memory) = memory.split_at_mut(all);
        let (slopes, memory) = memory.split_at_mut(kept);
        Self { outputs, errors, slopes, bent: &mut memory[..kept] }
    }
}

/// Some samples: their features and what their outputs are compared with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Samples<'s, R> {
    pub(super) rows: usize,
    pub(super) features: Rows<'s, R>,
    pub(super) goals: &'s Goals<R>,
    pub(super) selection: Selection<'s>,
}

/// A direction in the space of parameters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Direction<'d, R> {
    /// Padded weights of the point.
    pub(super) at: &'d [R],
    /// Padded weights of the direction.
    pub(super) along: &'d [R],
}

/// Which second derivative a product is with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curvature {
    /// Of the loss of the network.
    Hessian,
    /// Of the loss of the network as if it were linear in its parameters.
    GaussNewton,
}

impl Plan {
    /// z = Wa + b, a = φ(z), layer by layer.
    pub(super) fn forward<R: Real>(
        &self,
        padded: &[R],
        features: Rows<'_, R>,
        rows: usize,
        trace: &mut Trace<&mut [R]>,
    ) {
        for (layer, place) in self.places.iter().enumerate() {
            let (before, outputs) = trace.outputs.split_at_mut(place.before * rows);
            let outputs = &mut outputs[..place.output_stride * rows];
            let inputs = self.inputs(layer, features, before, rows);
            multiply(
                Start::Row(place.bias(padded)),
                inputs,
                place.dense.inputs,
                place.by_columns(padded),
                RowsMut { values: outputs, stride: place.output_stride },
            );
            let activation = place.dense.activation;
            if activation.keeps_derivatives() {
                let slopes = place.outputs_mut(trace.slopes, rows);
                apply_keeping(activation, outputs, slopes, place.outputs_mut(trace.bent, rows));
            } else {
                apply(activation, outputs);
            }
        }
    }

    /// δ_L = ∂ℓ/∂z_L, δ_{l−1} = φ′ ∘ W_lᵀδ_l.
    pub(super) fn backward<R: Real>(
        &self,
        padded: &[R],
        samples: Samples<'_, R>,
        trace: &mut Trace<&mut [R]>,
    ) {
        let rows = samples.rows;
        for (layer, place) in self.places.iter().enumerate().rev() {
            let (before, errors) = trace.errors.split_at_mut(place.before * rows);
            let errors = &mut errors[..place.output_stride * rows];
            if layer + 1 == self.places.len() {
                let outputs = place.outputs(trace.outputs, rows);
                let width = place.dense.outputs;
                samples.goals.errors(samples.selection, width, place.output_stride, outputs, errors);
            }
            let Some(previous) = layer.checked_sub(1).map(|layer| &self.places[layer]) else { break };
            let out = previous.outputs_mut(before, rows);
            multiply(
                Start::Value(R::ZERO),
                Rows { values: errors, stride: place.output_stride },
                place.dense.outputs,
                place.by_rows(padded),
                RowsMut { values: out, stride: previous.output_stride },
            );
            pull_back(
                previous.dense.activation,
                previous.outputs(trace.outputs, rows),
                previous.kept(trace.slopes, rows),
                previous.kept_mut(trace.bent, rows),
                out,
            );
        }
    }

    /// Adds Σₛ δₛaₛᵀ and Σₛ δₛ of all layers to padded sums.
    pub(super) fn add_gradient<R: Real>(
        &self,
        features: Rows<'_, R>,
        rows: usize,
        outputs: &[R],
        errors: &[R],
        sums: &mut [R],
    ) {
        for (layer, place) in self.places.iter().enumerate() {
            let inputs = self.inputs(layer, features, outputs, rows);
            let errors = place.rows(errors, rows);
            let (weights, bias) = place.sums(sums);
            add_transposed(errors, rows, inputs, weights);
            add_rows(errors, bias);
        }
    }

    /// ż_l = W_l ȧ_{l−1} + V_l a_{l−1} + v_l and ȧ_l = φ′ż_l: the derivative of all outputs along a direction.
    ///
    /// Pearlmutter (Neural Computation 1994).
    pub(super) fn forward_along<R: Real>(
        &self,
        direction: Direction<'_, R>,
        features: Rows<'_, R>,
        rows: usize,
        trace: &Trace<&[R]>,
        tangents: &mut [R],
        pushed: &mut [R],
    ) {
        for (layer, place) in self.places.iter().enumerate() {
            let out = place.outputs_mut(tangents, rows);
            let stride = place.output_stride;
            multiply(
                Start::Row(place.bias(direction.along)),
                self.inputs(layer, features, trace.outputs, rows),
                place.dense.inputs,
                place.by_columns(direction.along),
                RowsMut { values: out, stride },
            );
            if let Some(previous) = layer.checked_sub(1).map(|layer| &self.places[layer]) {
                multiply(
                    Start::Kept,
                    previous.rows(pushed, rows),
                    place.dense.inputs,
                    place.by_columns(direction.at),
                    RowsMut { values: out, stride },
                );
            }
            if layer + 1 < self.places.len() {
                push_forward(
                    place.dense.activation,
                    place.outputs(trace.outputs, rows),
                    place.kept(trace.slopes, rows),
                    out,
                    place.outputs_mut(pushed, rows),
                );
            }
        }
    }

    /// Adds Σₛ Hₛv, or the same with the Gauss–Newton matrix, to padded sums: [`Plan::forward_along`], then the
    /// derivative of [`Plan::backward`] along the direction.
    ///
    /// `memory` holds [`Plan::curvature_memory`] values of any content.
    pub(super) fn add_curvature<R: Real>(
        &self,
        curvature: Curvature,
        direction: Direction<'_, R>,
        samples: Samples<'_, R>,
        trace: &Trace<&[R]>,
        memory: &mut [R],
        sums: &mut [R],
    ) {
        let rows = samples.rows;
        let all = self.values_per_sample() * rows;
        let (tangents, memory) = memory.split_at_mut(all);
        let (pushed, memory) = memory.split_at_mut(all);
        let back = &mut memory[..all];
        let hessian = curvature == Curvature::Hessian;
        self.forward_along(direction, samples.features, rows, trace, tangents, pushed);
        for (layer, place) in self.places.iter().enumerate().rev() {
            let stride = place.output_stride;
            let (before, bent) = back.split_at_mut(place.before * rows);
            let bent = &mut bent[..stride * rows];
            let errors = place.rows(trace.errors, rows);
            if layer + 1 == self.places.len() {
                let tangents = place.outputs(tangents, rows);
                samples.goals.curved(samples.selection, stride, errors.values, tangents, bent);
            }
            let bent = Rows { values: bent, stride };
            let (weights, bias) = place.sums(sums);
            add_rows(bent, bias);
            let RowsMut { values: weights, stride: input_stride } = weights;
            let inputs = self.inputs(layer, samples.features, trace.outputs, rows);
            add_transposed(bent, rows, inputs, RowsMut { values: weights, stride: input_stride });
            let Some(previous) = layer.checked_sub(1).map(|layer| &self.places[layer]) else { break };
            let out = previous.outputs_mut(before, rows);
            let (depth, stride) = (place.dense.outputs, previous.output_stride);
            let by_rows = place.by_rows(direction.at);
            multiply(Start::Value(R::ZERO), bent, depth, by_rows, RowsMut { values: out, stride });
            let activation = previous.dense.activation;
            let outputs = previous.outputs(trace.outputs, rows);
            let slopes = previous.kept(trace.slopes, rows);
            if hessian {
                let pushed = previous.rows(pushed, rows);
                add_transposed(errors, rows, pushed, RowsMut { values: weights, stride: input_stride });
                let by_rows = place.by_rows(direction.along);
                multiply(Start::Kept, errors, depth, by_rows, RowsMut { values: out, stride });
                pull_back_tangent(
                    activation,
                    outputs,
                    slopes,
                    previous.kept(trace.bent, rows),
                    previous.outputs(trace.errors, rows),
                    previous.outputs(tangents, rows),
                    out,
                );
            } else {
                scale_by_slope(activation, outputs, slopes, out);
            }
        }
    }

    /// The length of the memory that [`Plan::add_curvature`] works in.
    pub(super) fn curvature_memory(&self, rows: usize) -> usize {
        3 * self.values_per_sample() * rows
    }

    /// What a layer reads: the features, or the outputs of the layer before.
    pub(super) fn inputs<'i, R: Real>(
        &self,
        layer: usize,
        features: Rows<'i, R>,
        outputs: &'i [R],
        rows: usize,
    ) -> Rows<'i, R> {
        match layer.checked_sub(1) {
            None => features,
            Some(previous) => self.places[previous].rows(outputs, rows),
        }
    }
}
