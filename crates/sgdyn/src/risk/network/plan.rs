//! Where the parameters, activations and padded weights of each layer lie.

use super::activation::Activation;
use super::error::NetworkError;
use super::product::{PANEL, Rows, RowsMut, transpose};
use crate::lanes::Real;

/// A dense layer: a = φ(Wx + b) with W, `[outputs × inputs]`, and b, `[outputs]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dense {
    /// The length of x.
    pub inputs: usize,
    /// The length of a.
    pub outputs: usize,
    /// φ.
    pub activation: Activation,
}

impl Dense {
    /// The number of its parameters, `outputs · (inputs + 1)`.
    pub fn parameters(&self) -> usize {
        self.outputs * (self.inputs + 1)
    }
}

/// A width in whole panels. A distance of a power of two between rows would map them to few sets of the cache.
pub(super) fn stride(width: usize) -> usize {
    let panels = width.next_multiple_of(PANEL);
    if panels.is_multiple_of(256) { panels + PANEL } else { panels }
}

/// A layer and its places in the arrays of a network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) dense: Dense,
    /// Its first parameter: W by rows, then b, as PyTorch orders them.
    pub(super) parameters: usize,
    pub(super) input_stride: usize,
    pub(super) output_stride: usize,
    /// The outputs of layers before it, padded, per sample.
    pub(super) before: usize,
    /// Its first value in padded weights: W by rows, `[outputs × input_stride]`, b, `[output_stride]`, and Wᵀ,
    /// `[inputs × output_stride]`.
    padded: usize,
    /// Its first value in padded sums: W by rows and b.
    summed: usize,
}

/// The layers of a network, one after another.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) places: Vec<Place>,
}

impl Plan {
    pub(super) fn new(layers: &[Dense]) -> Result<Self, NetworkError> {
        let Some(last) = layers.last() else { return Err(NetworkError::NoLayers) };
        let (mut parameters, mut before, mut padded, mut summed) = (0, 0, 0, 0);
        let mut places: Vec<Place> = Vec::with_capacity(layers.len());
        for (index, &dense) in layers.iter().enumerate() {
            let (layer, inputs, outputs) = (index + 1, dense.inputs, dense.outputs);
            if inputs == 0 || outputs == 0 {
                return Err(NetworkError::EmptyLayer { layer, inputs, outputs });
            }
            if let Some(previous) = places.last()
                && previous.dense.outputs != inputs
            {
                return Err(NetworkError::Widths { layer, inputs, outputs: previous.dense.outputs });
            }
            let (input_stride, output_stride) = (stride(inputs), stride(outputs));
            places.push(Place { dense, parameters, input_stride, output_stride, before, padded, summed });
            parameters += dense.parameters();
            before += output_stride;
            summed += outputs * input_stride + output_stride;
            padded += outputs * input_stride + output_stride + inputs * output_stride;
        }
        if last.activation != Activation::Identity {
            let activation = last.activation.name();
            return Err(NetworkError::OutputActivation { layer: layers.len(), activation });
        }
        Ok(Self { places })
    }

    fn last(&self) -> &Place {
        &self.places[self.places.len() - 1]
    }

    /// The number of parameters, d.
    pub(super) fn parameters(&self) -> usize {
        self.last().parameters + self.last().dense.parameters()
    }

    /// The number of values that a sample has in all layers, padded.
    pub(super) fn values_per_sample(&self) -> usize {
        self.last().before + self.last().output_stride
    }

    /// The length of padded weights.
    pub(super) fn padded(&self) -> usize {
        let last = self.last();
        let weights = last.dense.outputs * last.input_stride + last.dense.inputs * last.output_stride;
        last.padded + weights + last.output_stride
    }

    /// The length of padded sums.
    pub(super) fn summed(&self) -> usize {
        let last = self.last();
        last.summed + last.dense.outputs * last.input_stride + last.output_stride
    }

    /// Whether a layer keeps its derivatives.
    pub(super) fn keeps_derivatives(&self) -> bool {
        self.places.iter().any(|place| place.dense.activation.keeps_derivatives())
    }

    /// Writes parameters, `[d]`, in the orders that the products need, to `padded`.
    pub(super) fn pad<R: Real>(&self, parameters: &[R], padded: &mut [R]) {
        for place in &self.places {
            let Dense { inputs, outputs, .. } = place.dense;
            let (weights, biases) =
                parameters[place.parameters..][..place.dense.parameters()].split_at(outputs * inputs);
            let (by_rows, rest) = padded[place.padded..].split_at_mut(outputs * place.input_stride);
            let (bias, rest) = rest.split_at_mut(place.output_stride);
            let by_columns = &mut rest[..inputs * place.output_stride];
            for (to, from) in by_rows.chunks_exact_mut(place.input_stride).zip(weights.chunks_exact(inputs)) {
                to[..inputs].copy_from_slice(from);
                to[inputs..].fill(R::ZERO);
            }
            bias[..outputs].copy_from_slice(biases);
            bias[outputs..].fill(R::ZERO);
            for row in by_columns.chunks_exact_mut(place.output_stride) {
                row[outputs..].fill(R::ZERO);
            }
            let out = RowsMut { values: by_columns, stride: place.output_stride };
            transpose(Rows { values: weights, stride: inputs }, outputs, inputs, out);
        }
    }

    /// `out = inverse · sums + l2 · at`, in the order of the parameters.
    pub(super) fn unpad<R: Real>(&self, sums: &[R], inverse: R, l2: R, at: &[R], out: &mut [R]) {
        for place in &self.places {
            let Dense { inputs, outputs, .. } = place.dense;
            let range = place.parameters..place.parameters + place.dense.parameters();
            let (weights, biases) = out[range.clone()].split_at_mut(outputs * inputs);
            let (at, at_biases) = at[range].split_at(outputs * inputs);
            let (sums, rest) = sums[place.summed..].split_at(outputs * place.input_stride);
            let rows = weights.chunks_exact_mut(inputs).zip(at.chunks_exact(inputs));
            for ((out, at), sums) in rows.zip(sums.chunks_exact(place.input_stride)) {
                scaled(&sums[..inputs], inverse, l2, at, out);
            }
            scaled(&rest[..outputs], inverse, l2, at_biases, biases);
        }
    }

    /// The layer, from 1, of a parameter.
    pub(super) fn layer_of(&self, parameter: usize) -> usize {
        self.places.iter().filter(|place| place.parameters <= parameter).count()
    }
}

crate::lanes::lane_kernel! {
    fn scaled<R: Real>(sums: &[R], inverse: R, l2: R, at: &[R], out: &mut [R]) {
        for ((out, &sum), &at) in out.iter_mut().zip(sums).zip(at) {
            *out = l2.mul_add(at, sum * inverse);
        }
    }
}

impl Place {
    /// W by rows, `[outputs × input_stride]`.
    pub(super) fn by_rows<'p, R>(&self, padded: &'p [R]) -> Rows<'p, R> {
        let values = &padded[self.padded..][..self.dense.outputs * self.input_stride];
        Rows { values, stride: self.input_stride }
    }

    /// b, `[output_stride]`.
    pub(super) fn bias<'p, R>(&self, padded: &'p [R]) -> &'p [R] {
        &padded[self.padded + self.dense.outputs * self.input_stride..][..self.output_stride]
    }

    /// Wᵀ by rows, `[inputs × output_stride]`.
    pub(super) fn by_columns<'p, R>(&self, padded: &'p [R]) -> Rows<'p, R> {
        let begin = self.padded + self.dense.outputs * self.input_stride + self.output_stride;
        Rows {
            values: &padded[begin..][..self.dense.inputs * self.output_stride],
            stride: self.output_stride,
        }
    }

    /// The layer's part of padded sums: W by rows, and b.
    pub(super) fn sums<'p, R>(&self, sums: &'p mut [R]) -> (RowsMut<'p, R>, &'p mut [R]) {
        let (weights, rest) = sums[self.summed..].split_at_mut(self.dense.outputs * self.input_stride);
        (RowsMut { values: weights, stride: self.input_stride }, &mut rest[..self.output_stride])
    }

    /// The layer's part, `[rows × output_stride]`, of an array of all layers' outputs of `rows` samples.
    pub(super) fn outputs<'p, R>(&self, values: &'p [R], rows: usize) -> &'p [R] {
        &values[self.before * rows..][..self.output_stride * rows]
    }

    /// As [`Place::outputs`], to write.
    pub(super) fn outputs_mut<'p, R>(&self, values: &'p mut [R], rows: usize) -> &'p mut [R] {
        &mut values[self.before * rows..][..self.output_stride * rows]
    }

    /// The layer's part, or nothing where no layer keeps anything.
    pub(super) fn kept<'p, R>(&self, values: &'p [R], rows: usize) -> &'p [R] {
        if values.is_empty() { values } else { self.outputs(values, rows) }
    }

    /// As [`Place::kept`], to write.
    pub(super) fn kept_mut<'p, R>(&self, values: &'p mut [R], rows: usize) -> &'p mut [R] {
        if values.is_empty() { values } else { self.outputs_mut(values, rows) }
    }

    /// Its part to read as the inputs of the next layer.
    pub(super) fn rows<'p, R>(&self, values: &'p [R], rows: usize) -> Rows<'p, R> {
        Rows { values: self.outputs(values, rows), stride: self.output_stride }
    }
}
