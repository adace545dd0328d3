//! Minibatch gradients of a softmax model with many parameters: small matrix products per replica, replica-major.
//!
//! Classes are taken in panels of 16, one register of f32 on AVX-512; what follows the last class in its panel is
//! computed and thrown away. Eight panels of sums stay in registers: those of eight samples while the features pass
//! by (forwards), those of eight features while the samples pass by (backwards). Both inner loops carry their sums, so
//! that the compiler cannot vectorise over anything but the classes. The rows of a batch are first laid next to each
//! other: they come from all over the data, and are read nine times.

use std::array::from_fn;

use super::generalised_linear::{Batch, ROW, Samples};
use crate::lanes::{Real, lane_kernel};

const PANEL: usize = ROW;

type Panel<R> = [R; PANEL];

/// The number of scratch values of [`softmax_gradient`].
pub(super) fn softmax_scratch(features: usize, stride: usize, classes: usize, batch_size: usize) -> usize {
    (classes.next_multiple_of(PANEL) + stride) * batch_size + features * classes + PANEL
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
        let dimension = features * classes;
        let panels = classes.div_ceil(PANEL);
        let inverse = R::ONE / R::from_f64(batch.size as f64);
        let stride = samples.stride;
        let (outputs, scratch) = scratch.split_at_mut(batch.size * panels * PANEL);
        let (rows, weights) = scratch.split_at_mut(batch.size * stride);
        let (outputs, _) = outputs.as_chunks_mut::<PANEL>();
        // A panel that begins in the last row of weights ends behind it.
        weights[dimension..].fill(R::ZERO);

        let replicas = at.chunks_exact(dimension).zip(out.chunks_exact_mut(dimension));
        for (lane, (at, out)) in replicas.enumerate() {
            weights[..dimension].copy_from_slice(at);
            for (sample, to) in rows.chunks_exact_mut(stride).enumerate() {
                let index = batch.indices[sample * batch.lanes + lane] as usize;
                let from = &samples.rows[index * stride..][..stride];
                for (to, from) in to.as_chunks_mut::<PANEL>().0.iter_mut().zip(from.as_chunks::<PANEL>().0) {
                    *to = *from;
                }
            }
            let shape = Shape { stride, features, classes };
            let whole = batch.size / 8 * 8;
            let (eights, last) = rows.split_at(whole * stride);
            let (of_eights, of_last) = outputs.split_at_mut(whole * panels);
            for (rows, outputs) in eights.chunks_exact(8 * stride).zip(of_eights.chunks_exact_mut(8 * panels)) {
                forwards::<R, 8>(rows, shape, weights, outputs);
            }
            for (row, outputs) in last.chunks_exact(stride).zip(of_last.chunks_exact_mut(panels)) {
                forwards::<R, 1>(row, shape, weights, outputs);
            }
            probabilities(outputs, panels);
            for (row, outputs) in rows.chunks_exact(stride).zip(outputs.chunks_exact_mut(panels)) {
                let class = row[features].to_f64() as usize;
                outputs.as_flattened_mut()[class] -= R::ONE;
            }
            // From the last panel: what it writes behind its classes is overwritten by the first of the next feature.
            for panel in (0..panels).rev() {
                let scale = Scale { inverse, l2, width: PANEL.min(classes - panel * PANEL) };
                let residuals = || outputs[panel..].iter().step_by(panels);
                for first in (0..features).step_by(8) {
                    let place = first * classes + panel * PANEL;
                    if first + 8 <= features {
                        let sums = backwards::<R, 8>(residuals(), rows, stride, first);
                        store::<R, 8>(&sums, scale, classes, &weights[place..], &mut out[place..]);
                    } else {
                        for feature in first..features {
                            let place = feature * classes + panel * PANEL;
                            let sums = backwards::<R, 1>(residuals(), rows, stride, feature);
                            store::<R, 1>(&sums, scale, classes, &weights[place..], &mut out[place..]);
                        }
                    }
                }
            }
        }
    }
}

/// Repeats a body for `$index` = 0, 1, … below `$count` ≤ 8: a loop of this length would stay a loop, and keep its
/// sums in memory instead of registers.
macro_rules! unrolled {
    ($name:ident in $count:ident $body:block) => {
        unrolled!($name in $count $body, 0 1 2 3 4 5 6 7)
    };
    ($name:ident in $count:ident $body:block, $($index:literal)*) => {
        $(if $index < $count {
            let $name = $index;
            $body
        })*
    };
}

/// `sums += factor · values`
#[inline(always)]
fn add_scaled<R: Real>(factor: R, values: &Panel<R>, sums: &mut Panel<R>) {
    for part in 0..PANEL {
        sums[part] = factor.mul_add(values[part], sums[part]);
    }
}

/// The first 16 values.
#[inline(always)]
fn panel_from<R: Real>(values: &[R]) -> &Panel<R> {
    &values.as_chunks().0[0]
}

/// How rows and weights lie.
#[derive(Clone, Copy)]
struct Shape {
    stride: usize,
    features: usize,
    classes: usize,
}

/// Wᵀx of `COUNT` samples, `[COUNT × panels]`; −∞ behind the last class.
#[inline(always)]
fn forwards<R: Real, const COUNT: usize>(rows: &[R], shape: Shape, weights: &[R], outputs: &mut [Panel<R>]) {
    let Shape { stride, features, classes } = shape;
    let panels = classes.div_ceil(PANEL);
    let nothing = R::from_f64(f64::NEG_INFINITY);
    for panel in 0..panels {
        let mut sums = [[R::ZERO; PANEL]; COUNT];
        let whole = features / PANEL * PANEL;
        // In pieces of a fixed length, so that a place in a row is checked once a piece.
        for first in (0..whole).step_by(PANEL) {
            let pieces: [&Panel<R>; COUNT] = from_fn(|sample| panel_from(&rows[sample * stride + first..]));
            for feature in 0..PANEL {
                let weights = panel_from(&weights[(first + feature) * classes + panel * PANEL..]);
                unrolled!(sample in COUNT {
                    add_scaled(pieces[sample][feature], weights, &mut sums[sample]);
                });
            }
        }
        for feature in whole..features {
            let weights = panel_from(&weights[feature * classes + panel * PANEL..]);
            unrolled!(sample in COUNT {
                add_scaled(rows[sample * stride + feature], weights, &mut sums[sample]);
            });
        }
        unrolled!(sample in COUNT {
            let output = &mut outputs[sample * panels + panel];
            for part in 0..PANEL {
                output[part] = if panel * PANEL + part < classes { sums[sample][part] } else { nothing };
            }
        });
    }
}

/// Up to this size outputs need no shift before their exponential: neither it nor a sum of them leaves the range of `f32`.
const UNSHIFTED: f64 = 40.0;

/// Replaces the outputs, `[batch × panels]`, by class probabilities, in passes: each is short enough for the
/// processor to work on several samples at once.
#[inline(always)]
fn probabilities<R: Real>(outputs: &mut [Panel<R>], panels: usize) {
    if largest_size(outputs) > R::from_f64(UNSHIFTED) {
        for output in outputs.chunks_exact_mut(panels) {
            let largest = joined(output, larger);
            for panel in output {
                for value in panel {
                    *value -= largest;
                }
            }
        }
    }
    for value in outputs.as_flattened_mut() {
        *value = R::exp(*value);
    }
    for output in outputs.chunks_exact_mut(panels) {
        let inverse = R::ONE / joined(output, |one, other| one + other);
        for panel in output {
            for value in panel {
                *value *= inverse;
            }
        }
    }
}

#[inline(always)]
fn larger<R: Real>(one: R, other: R) -> R {
    if one < other { other } else { one }
}

/// The largest size of an output, where it is not −∞, as it is behind the last class.
#[inline(always)]
fn largest_size<R: Real>(outputs: &[Panel<R>]) -> R {
    let nothing = R::from_f64(f64::NEG_INFINITY);
    let mut sizes = [R::ZERO; PANEL];
    for panel in outputs {
        for part in 0..PANEL {
            let size = if panel[part] > nothing { panel[part].abs() } else { R::ZERO };
            sizes[part] = larger(sizes[part], size);
        }
    }
    joined(&[sizes], larger)
}

/// All classes of a sample joined to one value: panel by panel, then halves of a panel. What stands behind the last class
/// leaves the result as it is.
#[inline(always)]
fn joined<R: Real>(output: &[Panel<R>], join: impl Fn(R, R) -> R) -> R {
    let mut parts = output[0];
    for panel in &output[1..] {
        for part in 0..PANEL {
            parts[part] = join(parts[part], panel[part]);
        }
    }
    let mut width = PANEL / 2;
    while width > 0 {
        for part in 0..width {
            parts[part] = join(parts[part], parts[part + width]);
        }
        width /= 2;
    }
    parts[0]
}

/// Σ x r over the samples, in their order, of `COUNT` features from `first`.
#[inline(always)]
fn backwards<'r, R: Real, const COUNT: usize>(
    residuals: impl Iterator<Item = &'r Panel<R>>,
    rows: &[R],
    stride: usize,
    first: usize,
) -> [Panel<R>; COUNT] {
    let mut sums = [[R::ZERO; PANEL]; COUNT];
    for (row, residual) in rows.chunks_exact(stride).zip(residuals) {
        let values = &row[first..first + COUNT];
        unrolled!(feature in COUNT {
            add_scaled(values[feature], residual, &mut sums[feature]);
        });
    }
    sums
}

/// How sums become a mean with a penalty: `inverse` · sum + `l2` · weight, of `width` classes.
#[derive(Clone, Copy)]
struct Scale<R> {
    inverse: R,
    l2: R,
    width: usize,
}

#[inline(always)]
fn store<R: Real, const COUNT: usize>(
    sums: &[Panel<R>; COUNT],
    scale: Scale<R>,
    classes: usize,
    weights: &[R],
    out: &mut [R],
) {
    unrolled!(feature in COUNT {
        let place = feature * classes;
        let weights = panel_from(&weights[place..]);
        let mut values = [R::ZERO; PANEL];
        for part in 0..PANEL {
            values[part] = scale.l2.mul_add(weights[part], sums[feature][part] * scale.inverse);
        }
        match out[place..].first_chunk_mut::<PANEL>() {
            Some(whole) => *whole = values,
            None => out[place..place + scale.width].copy_from_slice(&values[..scale.width]),
        }
    });
}
