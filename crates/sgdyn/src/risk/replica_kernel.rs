//! Minibatch gradients of a linear or logistic model with many features: loops over features, replica-major.

use std::array::from_fn;

use super::generalised_linear::{Batch, ROW, Samples};
use super::link::Link;
use crate::lanes::{Real, lane_kernel};

/// The number of scratch values of [`replica_gradient`].
pub(super) fn replica_scratch(stride: usize) -> usize {
    2 * stride
}

lane_kernel! {
    /// The mean gradient of each replica's batch plus `l2`·θ; `at` and `out` are `[lanes × features]`.
    pub(super) fn replica_gradient<R: Real>(
        link: Link,
        samples: Samples<'_, R>,
        batch: Batch<'_>,
        l2: R,
        at: &[R],
        scratch: &mut [R],
        out: &mut [R],
    ) {
        let features = samples.features;
        let inverse = R::ONE / R::from_f64(batch.size as f64);
        let (weights, gradient) = scratch.split_at_mut(samples.stride);
        // The label and the zeros that follow the features of a row meet weights of 0.
        weights.fill(R::ZERO);
        let replicas = at.chunks_exact(features).zip(out.chunks_exact_mut(features));
        for (lane, (at, out)) in replicas.enumerate() {
            weights[..features].copy_from_slice(at);
            gradient.fill(R::ZERO);
            for sample in 0..batch.size {
                let index = batch.indices[sample * batch.lanes + lane] as usize;
                let row = &samples.rows[index * samples.stride..][..samples.stride];
                let output = dot(row, weights);
                let prediction = match link {
                    Link::Linear => output,
                    Link::Logistic | Link::Softmax => R::ONE / (R::ONE + R::exp(-output)),
                };
                let residual = prediction - row[features];
                for (sum, &value) in gradient.iter_mut().zip(row) {
                    *sum = value.mul_add(residual, *sum);
                }
            }
            for ((out, &sum), &weight) in out.iter_mut().zip(gradient.iter()).zip(at) {
                *out = l2.mul_add(weight, sum * inverse);
            }
        }
    }
}

/// x·w with 16 partial sums, joined in a fixed tree.
#[inline(always)]
fn dot<R: Real>(row: &[R], weights: &[R]) -> R {
    let mut sums = [R::ZERO; ROW];
    for (row, weights) in row.chunks_exact(ROW).zip(weights.chunks_exact(ROW)) {
        for part in 0..ROW {
            sums[part] = row[part].mul_add(weights[part], sums[part]);
        }
    }
    tree_sum(&sums)
}

/// The sum of 16 values, halves added to halves.
#[inline(always)]
fn tree_sum<R: Real>(sums: &[R; ROW]) -> R {
    let eight: [R; 8] = from_fn(|part| sums[part] + sums[part + 8]);
    let four: [R; 4] = from_fn(|part| eight[part] + eight[part + 4]);
    (four[0] + four[2]) + (four[1] + four[3])
}
