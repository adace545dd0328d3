//! Batch normalisation with constants for statistics.

use super::operation::{Along, Errors, Here, Lengths, Parameters, Pass};
use super::shape::{Shape, pad_rows, unpad_rows};
use crate::lanes::{Real, lane_kernel};

/// ε of all normalisations: PyTorch's.
pub(super) const EPSILON: f64 = 1e-5;

/// y = γ x̂ + β with x̂ = (x − μ)/√(v + ε), channel by channel.
///
/// Padded weights are γ, β, μ and 1/√(v + ε); the latter two are written by [`FrozenNorm::pad_statistics`] and are 0 in
/// a direction.
#[derive(Clone, Debug)]
pub(super) struct FrozenNorm {
    pub(super) shape: Shape,
}

/// The rows of γ, β, μ and 1/√(v + ε).
#[derive(Clone, Copy)]
struct Rows<'r, R> {
    gamma: &'r [R],
    beta: &'r [R],
    mean: &'r [R],
    inverse: &'r [R],
}

impl FrozenNorm {
    pub(super) fn lengths(&self) -> Lengths {
        let stride = self.shape.stride();
        let (padded, summed) = (4 * stride, 2 * stride);
        Lengths { parameters: 2 * self.shape.channels, padded, summed, scratch: 0 }
    }

    fn split<'r, R>(&self, weights: &'r [R]) -> Rows<'r, R> {
        let (gamma, rest) = weights.split_at(self.shape.stride());
        let (beta, rest) = rest.split_at(self.shape.stride());
        let (mean, inverse) = rest.split_at(self.shape.stride());
        Rows { gamma, beta, mean, inverse }
    }

    /// Writes means and variances, `[channels]` each.
    pub(super) fn pad_statistics<R: Real>(&self, means: &[f64], variances: &[f64], padded: &mut [R]) {
        let (mean, inverse) = padded[2 * self.shape.stride()..].split_at_mut(self.shape.stride());
        for (to, &from) in mean.iter_mut().zip(means) {
            *to = R::from_f64(from);
        }
        for (to, &from) in inverse.iter_mut().zip(variances) {
            *to = R::from_f64(1.0 / (from + EPSILON).sqrt());
        }
    }
}

impl Pass for FrozenNorm {
    fn forward<R: Real>(&self, weights: &[R], inputs: &[R], outputs: &mut [R], _scratch: &mut [R]) {
        normalise(self.split(weights), inputs, outputs);
    }

    fn push_forward<R: Real>(
        &self,
        here: Here<'_, R>,
        along: Along<'_, R>,
        out: &mut [R],
        _scratch: &mut [R],
    ) {
        push(self.split(here.weights), self.split(along.weights), here.inputs, along.inputs, out);
    }

    fn pull_back<R: Real>(&self, here: Here<'_, R>, errors: &[R], out: &mut [R], _scratch: &mut [R]) {
        let Rows { gamma, inverse, .. } = self.split(here.weights);
        out.fill(R::ZERO);
        add_scaled_rows(gamma, inverse, errors, out);
    }

    fn pull_back_along<R: Real>(
        &self,
        here: Here<'_, R>,
        along: Along<'_, R>,
        errors: Errors<'_, R>,
        _input_errors: &[R],
        out: &mut [R],
        _scratch: &mut [R],
    ) {
        let Rows { gamma, inverse, .. } = self.split(here.weights);
        out.fill(R::ZERO);
        add_scaled_rows(gamma, inverse, errors.along, out);
        add_scaled_rows(self.split(along.weights).gamma, inverse, errors.errors, out);
    }
}

impl Parameters for FrozenNorm {
    fn pad<R: Real>(&self, parameters: &[R], padded: &mut [R]) {
        let stride = self.shape.stride();
        pad_rows(parameters, self.shape.channels, padded, stride);
        padded[2 * stride..].fill(R::ZERO);
    }

    fn unpad<R: Real>(&self, sums: &[R], out: &mut [R]) {
        unpad_rows(sums, self.shape.stride(), out, self.shape.channels);
    }

    fn add_gradient<R: Real>(&self, here: Here<'_, R>, errors: &[R], sums: &mut [R], _scratch: &mut [R]) {
        let (gamma, beta) = sums.split_at_mut(self.shape.stride());
        add_parameter_errors(self.split(here.weights), here.inputs, errors, gamma, beta);
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
        add_products(self.split(here.weights).inverse, along.inputs, errors.errors, sums);
    }
}

lane_kernel! {
    fn normalise<R: Real>(rows: Rows<'_, R>, inputs: &[R], outputs: &mut [R]) {
        let Rows { gamma, beta, mean, inverse } = rows;
        let stride = gamma.len();
        for (inputs, outputs) in inputs.chunks_exact(stride).zip(outputs.chunks_exact_mut(stride)) {
            for c in 0..stride {
                outputs[c] = gamma[c].mul_add((inputs[c] - mean[c]) * inverse[c], beta[c]);
            }
        }
    }
}

lane_kernel! {
    /// ẏ = γ x̂′ + γ̇ x̂ + β̇.
    fn push<R: Real>(at: Rows<'_, R>, along: Rows<'_, R>, inputs: &[R], tangents: &[R], out: &mut [R]) {
        let Rows { gamma, mean, inverse, .. } = at;
        let stride = gamma.len();
        let (gamma_along, beta_along) = (&along.gamma[..stride], &along.beta[..stride]);
        let rows = inputs.chunks_exact(stride).zip(tangents.chunks_exact(stride));
        for ((inputs, tangents), out) in rows.zip(out.chunks_exact_mut(stride)) {
            for c in 0..stride {
                let value = gamma_along[c].mul_add((inputs[c] - mean[c]) * inverse[c], beta_along[c]);
                out[c] = (gamma[c] * inverse[c]).mul_add(tangents[c], value);
            }
        }
    }
}

lane_kernel! {
    /// `out += one · other · values`, row by row.
    fn add_scaled_rows<R: Real>(one: &[R], other: &[R], values: &[R], out: &mut [R]) {
        let stride = one.len();
        for (values, out) in values.chunks_exact(stride).zip(out.chunks_exact_mut(stride)) {
            for c in 0..stride {
                out[c] = (one[c] * other[c]).mul_add(values[c], out[c]);
            }
        }
    }
}

lane_kernel! {
    /// `gamma += Σ g x̂`, `beta += Σ g`.
    fn add_parameter_errors<R: Real>(
        rows: Rows<'_, R>,
        inputs: &[R],
        errors: &[R],
        gamma: &mut [R],
        beta: &mut [R],
    ) {
        let Rows { mean, inverse, .. } = rows;
        let stride = mean.len();
        for (inputs, errors) in inputs.chunks_exact(stride).zip(errors.chunks_exact(stride)) {
            for c in 0..stride {
                gamma[c] = errors[c].mul_add((inputs[c] - mean[c]) * inverse[c], gamma[c]);
                beta[c] += errors[c];
            }
        }
    }
}

lane_kernel! {
    /// `sums += Σ inverse · one · other`.
    fn add_products<R: Real>(inverse: &[R], one: &[R], other: &[R], sums: &mut [R]) {
        let stride = inverse.len();
        for (one, other) in one.chunks_exact(stride).zip(other.chunks_exact(stride)) {
            for c in 0..stride {
                sums[c] = (inverse[c] * one[c]).mul_add(other[c], sums[c]);
            }
        }
    }
}
