//! Per-sample gradients through their factors: layer by layer, the gradient of a sample is δaᵀ.

use super::error::NetworkError;
use super::evaluation::{Evaluation, dot};
use super::loss::joined;
use super::model::PIECE;
use super::plan::{Dense, Place};
use super::product::{PANEL, Rows, RowsMut, Start, multiply, transpose};
use crate::lanes::{Real, lane_kernel};
use crate::risk::empirical::EmpiricalRisk;

/// Rows of a Gram matrix that are made together: a multiple of the heights of all tiles.
const HEIGHT: usize = 48;

/// The Gram matrix of per-sample gradients, Kᵢⱼ = ∇ℓᵢ·∇ℓⱼ, `[samples × samples]`: symmetric to the bit.
///
/// K/N has the non-zero eigenvalues of the raw second moment (1/N) Σ ∇ℓᵢ∇ℓᵢᵀ; centred on both sides,
/// (I − 11ᵀ/N) K (I − 11ᵀ/N)/N has those of the covariance of the gradient.
#[derive(Clone, Debug)]
pub struct Gram<R> {
    memory: Vec<R>,
    begin: usize,
    stride: usize,
    samples: usize,
}

impl<R: Real> Gram<R> {
    pub(super) fn zeros(samples: usize) -> Self {
        let stride = samples.next_multiple_of(PANEL);
        // Rows begin at cache lines, where the system allows it: a product with a vector reads nothing else.
        let memory = vec![R::ZERO; samples * stride + PANEL];
        let begin = memory.as_ptr().align_offset(64).min(PANEL);
        Self { memory, begin, stride, samples }
    }

    /// Adds what the penalty λθ in each gradient adds, from λ∇ℓᵢ·θ, `[samples]`, and λ²|θ|².
    pub(super) fn add_penalty(&mut self, derivatives: &[R], square: R) {
        let stride = self.stride;
        for (row, &own) in self.values_mut().chunks_exact_mut(stride).zip(derivatives) {
            for (value, &other) in row.iter_mut().zip(derivatives) {
                *value += (own + other) + square;
            }
        }
    }

    /// N.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// The distance in [`Gram::values`] from row to row: N in whole cache lines.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// All rows, `[samples × stride]`, with 0 behind each.
    pub fn values(&self) -> &[R] {
        &self.memory[self.begin..][..self.samples * self.stride]
    }

    pub(super) fn values_mut(&mut self) -> &mut [R] {
        &mut self.memory[self.begin..][..self.samples * self.stride]
    }

    /// Row i, `[samples]`.
    ///
    /// # Panics
    /// If there is no such sample.
    pub fn row(&self, sample: usize) -> &[R] {
        &self.values()[sample * self.stride..][..self.samples]
    }
}

impl<R: Real> Evaluation<'_, R> {
    /// Writes ∇ℓᵢ, `[samples × d]`, of all samples, penalty included.
    ///
    /// # Errors
    /// [`NetworkError::Length`].
    pub fn per_sample_gradients(&self, out: &mut [R]) -> Result<(), NetworkError> {
        let plan = &self.network.plan;
        let dimension = plan.parameters();
        let expected = self.network.samples() * dimension;
        if out.len() != expected {
            let found = out.len();
            return Err(NetworkError::Length { what: "the per-sample gradients", expected, found });
        }
        self.for_pieces(out, dimension, 0, &|samples, trace, _, out| {
            for (row, out) in out.chunks_exact_mut(dimension).enumerate() {
                for (layer, place) in plan.places.iter().enumerate() {
                    let inputs = plan.inputs(layer, samples.features, trace.outputs, samples.rows);
                    let inputs = &inputs.values[row * inputs.stride..][..place.dense.inputs];
                    let errors = place.outputs(trace.errors, samples.rows);
                    let errors = &errors[row * place.output_stride..][..place.dense.outputs];
                    outer(errors, inputs, &mut out[place.parameters..][..place.dense.parameters()]);
                }
                if self.network.l2() > 0.0 {
                    crate::lanes::add_scaled(self.l2(), &self.at, out);
                }
            }
        });
        Ok(())
    }

    /// Writes |∇ℓᵢ|², `[samples]`, penalty included, without the gradients: Σₗ |δₗ|²(|aₗ|² + 1).
    ///
    /// Goodfellow (arXiv:1510.01799).
    ///
    /// # Errors
    /// [`NetworkError::Length`].
    pub fn squared_norms(&self, out: &mut [R]) -> Result<(), NetworkError> {
        self.check_samples("the norms", out.len())?;
        let plan = &self.network.plan;
        self.for_pieces(out, 1, 0, &|samples, trace, _, out| {
            out.fill(R::ZERO);
            for (layer, place) in plan.places.iter().enumerate() {
                let inputs = plan.inputs(layer, samples.features, trace.outputs, samples.rows);
                add_norms(place.dense, place.rows(trace.errors, samples.rows), inputs, out);
            }
        });
        if let Some((derivatives, square)) = self.penalty_terms() {
            let two = R::ONE + R::ONE;
            for (out, derivative) in out.iter_mut().zip(derivatives) {
                *out += two.mul_add(derivative, square);
            }
        }
        Ok(())
    }

    /// The Gram matrix of the per-sample gradients, penalty included, without the gradients:
    /// K = Σₗ (AₗAₗᵀ + 11ᵀ) ∘ (ΔₗΔₗᵀ) with the inputs Aₗ and errors Δₗ of all samples as rows. Time
    /// O(N² Σ widths), memory O(N²), for any number of parameters.
    pub fn gram(&self) -> Gram<R> {
        let mut gram = Gram::zeros(self.network.samples());
        let mut columns = Columns::new(self);
        let (mut one, mut other) = (vec![R::ZERO; self.trace_memory()], vec![R::ZERO; self.trace_memory()]);
        let mut block = GramBlock::default();
        for column_piece in 0..self.pieces() {
            columns.read(self, column_piece, &mut one);
            for row_piece in column_piece..self.pieces() {
                let trace = self.trace(row_piece, &mut other);
                let rows = self.samples(row_piece);
                for first in (0..rows.rows).step_by(HEIGHT) {
                    let height = HEIGHT.min(rows.rows - first);
                    // On the diagonal, no more than the triangle needs.
                    let width = if row_piece == column_piece { first + height } else { columns.rows };
                    block.begin(height, width);
                    for (layer, place) in self.network.plan.places.iter().enumerate() {
                        let inputs = self.network.plan.inputs(layer, rows.features, trace.outputs, rows.rows);
                        let errors = place.rows(trace.errors, rows.rows);
                        block.add(place, inputs.from(first), errors.from(first), &columns, layer);
                    }
                    block.write(row_piece * PIECE + first, column_piece * PIECE, width, &mut gram);
                }
            }
        }
        if let Some((derivatives, square)) = self.penalty_terms() {
            gram.add_penalty(&derivatives, square);
        }
        gram
    }

    /// λ∇ℓᵢ·θ of all samples, without the penalty in ∇ℓᵢ, and λ²|θ|²; none without penalty.
    fn penalty_terms(&self) -> Option<(Vec<R>, R)> {
        let l2 = self.network.l2();
        if l2 == 0.0 {
            return None;
        }
        let mut derivatives = vec![R::ZERO; self.network.samples()];
        self.data_derivatives(&self.at, &mut derivatives);
        for derivative in &mut derivatives {
            *derivative *= self.l2();
        }
        Some((derivatives, R::from_f64(l2 * l2 * dot(&self.at, &self.at))))
    }
}

impl<R> Rows<'_, R> {
    fn from(self, row: usize) -> Self {
        Self { values: &self.values[row * self.stride..], stride: self.stride }
    }
}

/// The inputs and errors of a piece, transposed: columns of the products.
struct Columns<R> {
    rows: usize,
    stride: usize,
    /// Of each layer: inputs, `[inputs × stride]`, and errors, `[outputs × stride]`.
    layers: Vec<(Vec<R>, Vec<R>)>,
}

impl<R: Real> Columns<R> {
    fn new(evaluation: &Evaluation<'_, R>) -> Self {
        let stride = PIECE.min(evaluation.network.samples()).next_multiple_of(PANEL);
        let zeros = |width| vec![R::ZERO; width * stride];
        let places = &evaluation.network.plan.places;
        let layers = places.iter().map(|place| (zeros(place.dense.inputs), zeros(place.dense.outputs)));
        Self { rows: 0, stride, layers: layers.collect() }
    }

    fn read(&mut self, evaluation: &Evaluation<'_, R>, piece: usize, memory: &mut [R]) {
        let trace = evaluation.trace(piece, memory);
        let samples = evaluation.samples(piece);
        let (rows, stride) = (samples.rows, self.stride);
        self.rows = rows;
        let plan = &evaluation.network.plan;
        for (layer, (place, (inputs, errors))) in plan.places.iter().zip(&mut self.layers).enumerate() {
            let from = plan.inputs(layer, samples.features, trace.outputs, rows);
            transpose(from, rows, place.dense.inputs, RowsMut { values: inputs, stride });
            let from = place.rows(trace.errors, rows);
            transpose(from, rows, place.dense.outputs, RowsMut { values: errors, stride });
        }
    }
}

/// Some rows and columns of a Gram matrix in the making.
#[derive(Default)]
struct GramBlock<R> {
    stride: usize,
    sums: Vec<R>,
    inputs: Vec<R>,
    errors: Vec<R>,
    mirrored: Vec<R>,
}

impl<R: Real> GramBlock<R> {
    fn begin(&mut self, height: usize, width: usize) {
        self.stride = width.next_multiple_of(PANEL);
        let length = height * self.stride;
        self.sums.clear();
        self.sums.resize(length, R::ZERO);
        self.inputs.resize(length, R::ZERO);
        self.errors.resize(length, R::ZERO);
    }

    /// Adds (AAᵀ + 11ᵀ) ∘ (ΔΔᵀ) of a layer.
    fn add(
        &mut self,
        place: &Place,
        inputs: Rows<'_, R>,
        errors: Rows<'_, R>,
        columns: &Columns<R>,
        layer: usize,
    ) {
        let Dense { inputs: width, outputs, .. } = place.dense;
        let (input_columns, error_columns) = &columns.layers[layer];
        let stride = self.stride;
        let right = |values| Rows { values, stride: columns.stride };
        let out = RowsMut { values: &mut self.inputs, stride };
        multiply(Start::Value(R::ONE), inputs, width, right(input_columns), out);
        let out = RowsMut { values: &mut self.errors, stride };
        multiply(Start::Value(R::ZERO), errors, outputs, right(error_columns), out);
        add_products(&self.inputs, &self.errors, &mut self.sums);
    }

    /// Writes the block and its mirror image.
    fn write(&mut self, first_row: usize, first_column: usize, width: usize, gram: &mut Gram<R>) {
        let gram_stride = gram.stride;
        let values = gram.values_mut();
        let height = self.sums.len() / self.stride;
        self.mirrored.resize(self.stride * HEIGHT, R::ZERO);
        let out = RowsMut { values: &mut self.mirrored, stride: HEIGHT };
        transpose(Rows { values: &self.sums, stride: self.stride }, height, width, out);
        for (column, mirrored) in self.mirrored.chunks_exact(HEIGHT).take(width).enumerate() {
            let place = (first_column + column) * gram_stride + first_row;
            values[place..place + height].copy_from_slice(&mirrored[..height]);
        }
        // After the mirror image, which on the diagonal writes beyond the triangle.
        for (row, sums) in self.sums.chunks_exact(self.stride).enumerate() {
            let place = (first_row + row) * gram_stride + first_column;
            values[place..place + width].copy_from_slice(&sums[..width]);
        }
    }
}

lane_kernel! {
    /// `out = [δaᵀ, δ]`
    fn outer<R: Real>(errors: &[R], inputs: &[R], out: &mut [R]) {
        let (weights, bias) = out.split_at_mut(errors.len() * inputs.len());
        for (row, &error) in weights.chunks_exact_mut(inputs.len()).zip(errors) {
            for (out, &input) in row.iter_mut().zip(inputs) {
                *out = error * input;
            }
        }
        bias.copy_from_slice(errors);
    }
}

lane_kernel! {
    /// `out[s] += |δₛ|²(|aₛ|² + 1)`
    fn add_norms<R: Real>(dense: Dense, errors: Rows<'_, R>, inputs: Rows<'_, R>, out: &mut [R]) {
        for (row, out) in out.iter_mut().enumerate() {
            let errors = &errors.values[row * errors.stride..][..dense.outputs];
            let inputs = &inputs.values[row * inputs.stride..][..dense.inputs];
            *out = row_dot(errors, errors).mul_add(row_dot(inputs, inputs) + R::ONE, *out);
        }
    }
}

lane_kernel! {
    fn add_products<R: Real>(one: &[R], other: &[R], sums: &mut [R]) {
        for ((sum, &one), &other) in sums.iter_mut().zip(one).zip(other) {
            *sum = one.mul_add(other, *sum);
        }
    }
}

/// x·y with 16 partial sums, joined in a fixed tree.
#[inline(always)]
pub(super) fn row_dot<R: Real>(x: &[R], y: &[R]) -> R {
    let (x_panels, x_rest) = x.as_chunks::<PANEL>();
    let (y_panels, y_rest) = y.as_chunks::<PANEL>();
    let mut sums = [R::ZERO; PANEL];
    for (x, y) in x_panels.iter().zip(y_panels) {
        for part in 0..PANEL {
            sums[part] = x[part].mul_add(y[part], sums[part]);
        }
    }
    for ((sum, &x), &y) in sums.iter_mut().zip(x_rest).zip(y_rest) {
        *sum = x.mul_add(y, *sum);
    }
    joined(&[sums], |one, other| one + other)
}
