//! Minibatch gradients of a softmax model with many parameters: small matrix products per replica, replica-major.
//!
//! Classes are taken in panels of 16, one register of f32 on AVX-512; what follows the last class in its panel is
//! computed and thrown away. Eight panels of sums stay in registers: those of eight samples while the features pass
//! by (forwards), those of eight features while the samples pass by (backwards). Both inner loops carry their sums, so
//! that the compiler cannot vectorise over anything but the classes.

use super::generalised_linear::{Batch, ROW, Samples};
use crate::lanes::{Real, lane_kernel};

const PANEL: usize = ROW;

type Panel<R> = [R; PANEL];

/// The number of scratch values of [`softmax_gradient`].
pub(super) fn softmax_scratch(features: usize, classes: usize, batch_size: usize) -> usize {
    classes.next_multiple_of(PANEL) * batch_size + features * classes + PANEL
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
        let (outputs, weights) = scratch.split_at_mut(batch.size * panels * PANEL);
        let (outputs, _) = outputs.as_chunks_mut::<PANEL>();
        // A panel that begins in the last row of weights ends behind it.
        weights[dimension..].fill(R::ZERO);

        let replicas = at.chunks_exact(dimension).zip(out.chunks_exact_mut(dimension));
        for (lane, (at, out)) in replicas.enumerate() {
            weights[..dimension].copy_from_slice(at);
            let row = |sample: usize| {
                let index = batch.indices[sample * batch.lanes + lane] as usize;
                &samples.rows[index * samples.stride..][..samples.stride]
            };
            for first in (0..batch.size).step_by(8) {
                let outputs = &mut outputs[first * panels..];
                if first + 8 <= batch.size {
                    let rows = [
                        row(first), row(first + 1), row(first + 2), row(first + 3),
                        row(first + 4), row(first + 5), row(first + 6), row(first + 7),
                    ];
                    forwards::<R, 8>(&rows, features, classes, weights, outputs);
                } else {
                    for (sample, outputs) in (first..batch.size).zip(outputs.chunks_exact_mut(panels)) {
                        forwards::<R, 1>(&[row(sample)], features, classes, weights, outputs);
                    }
                }
            }
            probabilities(outputs, panels);
            for (sample, outputs) in outputs.chunks_exact_mut(panels).enumerate() {
                let class = row(sample)[features].to_f64() as usize;
                outputs.as_flattened_mut()[class] -= R::ONE;
            }
            // From the last panel: what it writes behind its classes is overwritten by the first of the next feature.
            for panel in (0..panels).rev() {
                let scale = Scale { inverse, l2, width: PANEL.min(classes - panel * PANEL) };
                let residuals = || outputs.iter().skip(panel).step_by(panels);
                for first in (0..features).step_by(8) {
                    let place = first * classes + panel * PANEL;
                    if first + 8 <= features {
                        let sums = backwards::<R, 8>(residuals(), row, first);
                        store::<R, 8>(&sums, scale, classes, &weights[place..], &mut out[place..]);
                    } else {
                        for feature in first..features {
                            let place = feature * classes + panel * PANEL;
                            let sums = backwards::<R, 1>(residuals(), row, feature);
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

/// Wᵀx of `COUNT` samples, `[COUNT × panels]`; −∞ behind the last class.
#[inline(always)]
fn forwards<R: Real, const COUNT: usize>(
    rows: &[&[R]; COUNT],
    features: usize,
    classes: usize,
    weights: &[R],
    outputs: &mut [Panel<R>],
) {
    let rows = rows.map(|row| &row[..features]);
    let panels = classes.div_ceil(PANEL);
    let nothing = R::from_f64(f64::NEG_INFINITY);
    for panel in 0..panels {
        let mut sums = [[R::ZERO; PANEL]; COUNT];
        for feature in 0..features {
            let weights = panel_from(&weights[feature * classes + panel * PANEL..]);
            unrolled!(sample in COUNT {
                add_scaled(rows[sample][feature], weights, &mut sums[sample]);
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

/// Replaces the outputs, `[batch × panels]`, by class probabilities, in passes: each is short enough for the
/// processor to work on several samples at once.
#[inline(always)]
fn probabilities<R: Real>(outputs: &mut [Panel<R>], panels: usize) {
    for output in outputs.chunks_exact_mut(panels) {
        let largest = joined(output, |one, other| if one < other { other } else { one });
        for panel in output {
            for value in panel {
                *value -= largest;
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
    row: impl Fn(usize) -> &'r [R],
    first: usize,
) -> [Panel<R>; COUNT] {
    let mut sums = [[R::ZERO; PANEL]; COUNT];
    for (sample, residual) in residuals.enumerate() {
        let values = &row(sample)[first..first + COUNT];
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
