//! Minibatch gradients of a softmax model with many parameters: small matrix products per replica, replica-major.
//!
//! Classes are padded to panels of 16, one register of f32 on AVX-512. The samples of a batch are taken eight at a
//! time, so that a row of weights (forwards) or of the gradient (backwards) is loaded once for eight of them.

use std::array::from_fn;

use super::elementary::exp;
use super::generalised_linear::{Batch, ROW, Samples};
use super::replica_kernel::tree_sum;
use crate::lanes::{Real, lane_kernel};

const PANEL: usize = ROW;

type Panel<R> = [R; PANEL];

/// The number of scratch values of [`softmax_gradient`].
pub(super) fn softmax_scratch(features: usize, classes: usize, batch_size: usize) -> usize {
    classes.next_multiple_of(PANEL) * (2 * features + batch_size)
}

lane_kernel! {
    /// The mean gradient of each replica's batch plus `l2`·θ; `at` and `out` are `[lanes × features × classes]`.
    pub(super) fn softmax_gradient<R: Real>(
        samples: Samples<'_, R>,
        batch: Batch<'_>,
        classes: usize,
        l2: R,
        at: &[R],
        scratch: &mut [R],
        out: &mut [R],
    ) {
        let features = samples.features;
        let panels = classes.div_ceil(PANEL);
        let inverse = R::ONE / R::from_f64(batch.size as f64);
        let (scratch, _) = scratch.as_chunks_mut::<PANEL>();
        let (weights, scratch) = scratch.split_at_mut(panels * features);
        let (gradient, outputs) = scratch.split_at_mut(panels * features);
        let outputs = &mut outputs[..panels * batch.size];
        let in_eights = batch.size - batch.size % 8;

        let dimension = features * classes;
        let replicas = at.chunks_exact(dimension).zip(out.chunks_exact_mut(dimension));
        for (lane, (at, out)) in replicas.enumerate() {
            load_weights(at, classes, panels, weights);
            let index = |sample: usize| batch.indices[sample * batch.lanes + lane] as usize * samples.stride;
            for first in (0..in_eights).step_by(8) {
                let rows = from_fn(|sample| &samples.rows[index(first + sample)..][..features]);
                forwards::<R, 8>(&rows, classes, weights, &mut outputs[first * panels..][..8 * panels]);
            }
            for first in in_eights..batch.size {
                let rows = [&samples.rows[index(first)..][..features]];
                forwards::<R, 1>(&rows, classes, weights, &mut outputs[first * panels..][..panels]);
            }
            for (sample, outputs) in outputs.chunks_exact_mut(panels).enumerate() {
                residual(outputs, samples.rows[index(sample) + features]);
            }
            gradient.fill([R::ZERO; PANEL]);
            for first in (0..in_eights).step_by(8) {
                let rows = from_fn(|sample| &samples.rows[index(first + sample)..][..features]);
                backwards::<R, 8>(&rows, panels, &outputs[first * panels..][..8 * panels], gradient);
            }
            for first in in_eights..batch.size {
                let rows = [&samples.rows[index(first)..][..features]];
                backwards::<R, 1>(&rows, panels, &outputs[first * panels..][..panels], gradient);
            }
            store_gradient(gradient, weights, classes, panels, inverse, l2, out);
        }
    }
}

/// Copies θ, `[features × classes]`, to panels, `[features × panels]`, padded with zeros.
#[inline(always)]
fn load_weights<R: Real>(at: &[R], classes: usize, panels: usize, weights: &mut [Panel<R>]) {
    for (feature, weights) in weights.chunks_exact_mut(panels).enumerate() {
        for (panel, weights) in weights.iter_mut().enumerate() {
            let place = feature * classes + panel * PANEL;
            let width = PANEL.min(classes - panel * PANEL);
            if let Some(whole) = at[place..].first_chunk::<PANEL>() {
                // One whole load, then zeros over the weights of the next feature.
                for part in 0..PANEL {
                    weights[part] = if part < width { whole[part] } else { R::ZERO };
                }
            } else {
                *weights = [R::ZERO; PANEL];
                weights[..width].copy_from_slice(&at[place..place + width]);
            }
        }
    }
}

/// Wᵀx of `COUNT` samples, `[COUNT × panels]`; −∞ for the classes that are padding.
#[inline(always)]
fn forwards<R: Real, const COUNT: usize>(
    rows: &[&[R]; COUNT],
    classes: usize,
    weights: &[Panel<R>],
    outputs: &mut [Panel<R>],
) {
    let panels = outputs.len() / COUNT;
    let features = rows[0].len();
    let rows = rows.map(|row| &row[..features]);
    for panel in 0..panels {
        let nothing = R::from_f64(f64::NEG_INFINITY);
        let start = from_fn(|part| if panel * PANEL + part < classes { R::ZERO } else { nothing });
        let mut sums: [Panel<R>; COUNT] = [start; COUNT];
        for (feature, weights) in weights.iter().skip(panel).step_by(panels).take(features).enumerate() {
            for (sums, row) in sums.iter_mut().zip(&rows) {
                for part in 0..PANEL {
                    sums[part] = row[feature].mul_add(weights[part], sums[part]);
                }
            }
        }
        for (sample, sums) in sums.iter().enumerate() {
            outputs[sample * panels + panel] = *sums;
        }
    }
}

/// Replaces a sample's outputs by its class probabilities minus the indicator of its class.
#[inline(always)]
fn residual<R: Real>(outputs: &mut [Panel<R>], label: R) {
    let mut largest = outputs[0];
    for output in &outputs[1..] {
        for part in 0..PANEL {
            largest[part] = larger(largest[part], output[part]);
        }
    }
    for half in [8, 4, 2, 1] {
        for part in 0..half {
            largest[part] = larger(largest[part], largest[part + half]);
        }
    }
    let largest = largest[0];
    let mut sum = [R::ZERO; PANEL];
    for output in outputs.iter_mut() {
        for part in 0..PANEL {
            output[part] = exp(output[part] - largest);
        }
        for part in 0..PANEL {
            sum[part] += output[part];
        }
    }
    let inverse = R::ONE / tree_sum(sum);
    let mut class = R::ZERO;
    for output in outputs.iter_mut() {
        for part in 0..PANEL {
            let indicator = if class == label { R::ONE } else { R::ZERO };
            output[part] = output[part].mul_add(inverse, -indicator);
            class += R::ONE;
        }
    }
}

#[inline(always)]
fn larger<R: Real>(one: R, other: R) -> R {
    if other > one { other } else { one }
}

/// `gradient += Σ x rᵀ` over `COUNT` samples in their order.
#[inline(always)]
fn backwards<R: Real, const COUNT: usize>(
    rows: &[&[R]; COUNT],
    panels: usize,
    residuals: &[Panel<R>],
    gradient: &mut [Panel<R>],
) {
    let features = rows[0].len();
    let rows = rows.map(|row| &row[..features]);
    for panel in 0..panels {
        let residuals: [Panel<R>; COUNT] = from_fn(|sample| residuals[sample * panels + panel]);
        for (feature, sums) in gradient.iter_mut().skip(panel).step_by(panels).take(features).enumerate() {
            for (residual, row) in residuals.iter().zip(&rows) {
                for part in 0..PANEL {
                    sums[part] = row[feature].mul_add(residual[part], sums[part]);
                }
            }
        }
    }
}

/// Writes `gradient · inverse + l2 · weights` without the padding.
#[inline(always)]
fn store_gradient<R: Real>(
    gradient: &[Panel<R>],
    weights: &[Panel<R>],
    classes: usize,
    panels: usize,
    inverse: R,
    l2: R,
    out: &mut [R],
) {
    for (place, (sums, weights)) in gradient.iter().zip(weights).enumerate() {
        let (feature, panel) = (place / panels, place % panels);
        let begin = feature * classes + panel * PANEL;
        let width = PANEL.min(classes - panel * PANEL);
        let mut values = [R::ZERO; PANEL];
        for part in 0..PANEL {
            values[part] = l2.mul_add(weights[part], sums[part] * inverse);
        }
        // A whole store is one instruction; the next one overwrites its padding.
        match out[begin..].first_chunk_mut::<PANEL>() {
            Some(whole) => *whole = values,
            None => out[begin..begin + width].copy_from_slice(&values[..width]),
        }
    }
}
