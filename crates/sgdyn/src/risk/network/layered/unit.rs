//! The loops of layer and group normalisation; the formulas are those of
//! [`Normalisation`](super::normalisation::Normalisation).

use super::frozen::EPSILON;
use super::operation::{Along, Errors, Here};
use crate::lanes::{Real, lane_kernel};

/// How many rows of channels the means of a unit take.
pub(super) const ROWS: usize = 7;

/// The extent of a unit.
#[derive(Clone, Copy)]
pub(super) struct Unit {
    pub(super) places: usize,
    pub(super) channels: usize,
    /// Channels of a group.
    pub(super) group: usize,
    pub(super) stride: usize,
}

impl Unit {
    fn length(self) -> usize {
        self.places * self.stride
    }

    /// Makes each sum over places of a channel the mean over its group.
    #[inline(always)]
    fn spread<R: Real>(self, sums: &mut [R]) {
        let weight = R::ONE / R::from_f64((self.places * self.group) as f64);
        for group in sums[..self.channels].chunks_exact_mut(self.group) {
            let mean = group.iter().copied().sum::<R>() * weight;
            group.fill(mean);
        }
    }

    /// `sums[c] += Σ value(c, the values of the arrays at a place)`, over places.
    #[inline(always)]
    fn add<R: Real, const ARRAYS: usize>(
        self,
        sums: &mut [R],
        arrays: [&[R]; ARRAYS],
        value: impl Fn(usize, [R; ARRAYS]) -> R,
    ) {
        let stride = self.stride;
        let sums = &mut sums[..stride];
        for place in 0..self.places {
            // Slices of one length, so that the loop needs no checks and vectorises.
            let rows = arrays.map(|array| &array[place * stride..][..stride]);
            for c in 0..stride {
                sums[c] += value(c, rows.map(|row| row[c]));
            }
        }
    }

    /// Means over the group of what [`Unit::add`] adds.
    #[inline(always)]
    fn means<R: Real, const ARRAYS: usize>(
        self,
        sums: &mut [R],
        arrays: [&[R]; ARRAYS],
        value: impl Fn(usize, [R; ARRAYS]) -> R,
    ) {
        sums.fill(R::ZERO);
        self.add(sums, arrays, value);
        self.spread(sums);
    }

    /// `out = value(channel, the values of the arrays)` at all places.
    #[inline(always)]
    fn write<R: Real, const ARRAYS: usize>(
        self,
        out: &mut [R],
        arrays: [&[R]; ARRAYS],
        value: impl Fn(usize, [R; ARRAYS]) -> R,
    ) {
        let stride = self.stride;
        for place in 0..self.places {
            let rows = arrays.map(|array| &array[place * stride..][..stride]);
            let out = &mut out[place * stride..][..stride];
            for c in 0..stride {
                out[c] = value(c, rows.map(|row| row[c]));
            }
        }
    }

    /// Writes μ and r, which is 0 in the padding.
    #[inline(always)]
    fn statistics<R: Real>(self, inputs: &[R], means: &mut [R], inverses: &mut [R]) {
        let (means, inverses) = (&mut means[..self.stride], &mut inverses[..self.stride]);
        self.means(means, [inputs], |_, [x]| x);
        self.means(inverses, [inputs], |c, [x]| (x - means[c]) * (x - means[c]));
        for inverse in &mut inverses[..self.channels] {
            *inverse = R::ONE / (*inverse + R::from_f64(EPSILON)).sqrt();
        }
        inverses[self.channels..].fill(R::ZERO);
    }
}

/// `ROWS` rows of scratch.
#[inline(always)]
fn rows<R>(scratch: &mut [R], stride: usize) -> [&mut [R]; ROWS] {
    let mut rows = scratch.chunks_exact_mut(stride);
    std::array::from_fn(|_| &mut rows.next().unwrap_or_default()[..stride])
}

// Functions, not closures, where a formula is used more than once: closures cannot be made to be inlined, and what is
// not inlined has no fused multiply-add.

/// x̂.
#[inline(always)]
fn scaled<R: Real>(x: R, mean: R, inverse: R) -> R {
    (x - mean) * inverse
}

/// x̂′, from x̂ and the means of ẋ and of x̂ẋ.
#[inline(always)]
fn moved<R: Real>(value: R, tangent: R, inverse: R, first: R, second: R) -> R {
    inverse * (tangent - first - value * second)
}

/// h′ = γ g′ + γ′ g.
#[inline(always)]
fn bent_error<R: Real>(gamma: R, gamma_along: R, error: R, bent: R) -> R {
    gamma.mul_add(bent, gamma_along * error)
}

/// γ and β, of one length.
#[inline(always)]
fn split<R>(weights: &[R], stride: usize) -> (&[R], &[R]) {
    (&weights[..stride], &weights[stride..][..stride])
}

/// Calls the body for each unit, with its parts of arrays under their own names.
macro_rules! each_unit {
    ($unit:ident, $first:ident, [$($read:ident),*], [$($written:ident),*], $body:block) => {
        let length = $unit.length();
        for index in 0..$first.len() / length {
            let range = index * length..(index + 1) * length;
            $(let $read = &$read[range.clone()];)*
            $(let $written = &mut $written[range.clone()];)*
            $body
        }
    };
}

lane_kernel! {
    pub(super) fn normalise<R: Real>(
        unit: Unit,
        weights: &[R],
        inputs: &[R],
        outputs: &mut [R],
        scratch: &mut [R],
    ) {
        let (gamma, beta) = split(weights, unit.stride);
        let [means, inverses, ..] = rows(scratch, unit.stride);
        each_unit!(unit, inputs, [inputs], [outputs], {
            unit.statistics(inputs, means, inverses);
            unit.write(outputs, [inputs], |c, [x]| {
                gamma[c].mul_add((x - means[c]) * inverses[c], beta[c])
            });
        });
    }
}

lane_kernel! {
    pub(super) fn push<R: Real>(
        unit: Unit,
        here: Here<'_, R>,
        along: Along<'_, R>,
        out: &mut [R],
        scratch: &mut [R],
    ) {
        let (gamma, _) = split(here.weights, unit.stride);
        let (gamma_along, beta_along) = split(along.weights, unit.stride);
        let (inputs, tangents) = (here.inputs, along.inputs);
        let [means, inverses, first, second, ..] = rows(scratch, unit.stride);
        each_unit!(unit, inputs, [inputs, tangents], [out], {
            unit.statistics(inputs, means, inverses);
            unit.means(first, [tangents], |_, [t]| t);
            unit.means(second, [inputs, tangents], |c, [x, t]| scaled(x, means[c], inverses[c]) * t);
            unit.write(out, [inputs, tangents], |c, [x, t]| {
                let value = scaled(x, means[c], inverses[c]);
                let moved = moved(value, t, inverses[c], first[c], second[c]);
                gamma[c].mul_add(moved, gamma_along[c].mul_add(value, beta_along[c]))
            });
        });
    }
}

lane_kernel! {
    pub(super) fn pull<R: Real>(
        unit: Unit,
        here: Here<'_, R>,
        errors: &[R],
        out: &mut [R],
        scratch: &mut [R],
    ) {
        let (gamma, _) = split(here.weights, unit.stride);
        let inputs = here.inputs;
        let [means, inverses, first, second, ..] = rows(scratch, unit.stride);
        each_unit!(unit, inputs, [inputs, errors], [out], {
            unit.statistics(inputs, means, inverses);
            unit.means(first, [errors], |c, [g]| gamma[c] * g);
            unit.means(second, [inputs, errors], |c, [x, g]| scaled(x, means[c], inverses[c]) * (gamma[c] * g));
            unit.write(out, [inputs, errors], |c, [x, g]| {
                inverses[c] * (gamma[c] * g - first[c] - scaled(x, means[c], inverses[c]) * second[c])
            });
        });
    }
}

lane_kernel! {
    pub(super) fn pull_along<R: Real>(
        unit: Unit,
        here: Here<'_, R>,
        along: Along<'_, R>,
        errors: Errors<'_, R>,
        input_errors: &[R],
        out: &mut [R],
        scratch: &mut [R],
    ) {
        let (gamma, _) = split(here.weights, unit.stride);
        let (gamma_along, _) = split(along.weights, unit.stride);
        let (inputs, tangents, Errors { errors, along: bent }) = (here.inputs, along.inputs, errors);
        let [means, inverses, first, second, back, bent_first, bent_second] = rows(scratch, unit.stride);
        each_unit!(unit, inputs, [inputs, tangents, errors, bent, input_errors], [out], {
            unit.statistics(inputs, means, inverses);
            unit.means(first, [tangents], |_, [t]| t);
            unit.means(second, [inputs, tangents], |c, [x, t]| scaled(x, means[c], inverses[c]) * t);
            unit.means(back, [inputs, errors], |c, [x, g]| scaled(x, means[c], inverses[c]) * (gamma[c] * g));
            unit.means(bent_first, [errors, bent], |c, [g, b]| bent_error(gamma[c], gamma_along[c], g, b));
            unit.means(bent_second, [inputs, tangents, errors, bent], |c, [x, t, g, b]| {
                let value = scaled(x, means[c], inverses[c]);
                let moved = moved(value, t, inverses[c], first[c], second[c]);
                moved.mul_add(gamma[c] * g, value * bent_error(gamma[c], gamma_along[c], g, b))
            });
            let arrays = [inputs, tangents, errors, bent, input_errors];
            unit.write(out, arrays, |c, [x, t, g, b, input_error]| {
                let value = scaled(x, means[c], inverses[c]);
                let moved = moved(value, t, inverses[c], first[c], second[c]);
                let bend = bent_error(gamma[c], gamma_along[c], g, b) - bent_first[c];
                inverses[c] * (bend - moved * back[c] - value * bent_second[c] - second[c] * input_error)
            });
        });
    }
}

lane_kernel! {
    /// `γ += Σ g x̂`, `β += Σ g`.
    pub(super) fn add_parameter_errors<R: Real>(
        unit: Unit,
        here: Here<'_, R>,
        errors: &[R],
        sums: &mut [R],
        scratch: &mut [R],
    ) {
        let (gamma, beta) = sums.split_at_mut(unit.stride);
        let inputs = here.inputs;
        let [means, inverses, ..] = rows(scratch, unit.stride);
        each_unit!(unit, inputs, [inputs, errors], [], {
            unit.statistics(inputs, means, inverses);
            unit.add(gamma, [inputs, errors], |c, [x, g]| g * ((x - means[c]) * inverses[c]));
            unit.add(beta, [errors], |_, [g]| g);
        });
    }
}

lane_kernel! {
    /// `γ += Σ g x̂′`.
    pub(super) fn add_parameter_errors_along<R: Real>(
        unit: Unit,
        here: Here<'_, R>,
        along: Along<'_, R>,
        errors: &[R],
        sums: &mut [R],
        scratch: &mut [R],
    ) {
        let (inputs, tangents) = (here.inputs, along.inputs);
        let [means, inverses, first, second, ..] = rows(scratch, unit.stride);
        each_unit!(unit, inputs, [inputs, tangents, errors], [], {
            unit.statistics(inputs, means, inverses);
            unit.means(first, [tangents], |_, [t]| t);
            unit.means(second, [inputs, tangents], |c, [x, t]| scaled(x, means[c], inverses[c]) * t);
            unit.add(sums, [inputs, tangents, errors], |c, [x, t, g]| {
                let value = scaled(x, means[c], inverses[c]);
                g * moved(value, t, inverses[c], first[c], second[c])
            });
        });
    }
}
