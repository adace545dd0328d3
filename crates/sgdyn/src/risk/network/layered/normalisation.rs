//! Layer and group normalisation: statistics of one sample, so that losses stay functions of single samples.

use super::frozen::EPSILON;
use super::operation::{Along, Errors, Here, Lengths, Parameters, Pass};
use super::shape::{Shape, pad_rows, unpad_rows};
use crate::lanes::{Real, lane_kernel};

/// y = γ x̂ + β with x̂ = (x − μ) r and r = 1/√(v + ε), μ and v over a group of channels at the places of a unit: all
/// places of a sample, or one of them.
///
/// With means ⟨·⟩ over the group and P(u) = u − ⟨u⟩ − x̂⟨x̂u⟩: x̂′ = r P(ẋ), r′ = −r²⟨x̂ẋ⟩; and with h = γ g backwards:
/// g_x = r P(h), whose derivative along a direction is
/// −r⟨x̂ẋ⟩ g_x + r(h′ − ⟨h′⟩ − x̂′⟨x̂h⟩ − x̂⟨x̂′h + x̂h′⟩).
///
/// Padded weights and sums are γ and β.
#[derive(Clone, Debug)]
pub(super) struct Normalisation {
    pub(super) shape: Shape,
    pub(super) groups: usize,
    /// Whether each place has its own statistics.
    pub(super) by_place: bool,
}

/// How many rows of channels the means of a unit take.
const ROWS: usize = 8;

impl Normalisation {
    pub(super) fn lengths(&self) -> Lengths {
        let padded = 2 * self.shape.stride();
        let scratch = ROWS * self.shape.stride();
        Lengths { parameters: 2 * self.shape.channels, padded, summed: padded, scratch }
    }

    fn unit(&self) -> Unit {
        let places = if self.by_place { 1 } else { self.shape.places() };
        let Shape { channels, .. } = self.shape;
        Unit { places, channels, group: channels / self.groups, stride: self.shape.stride() }
    }
}

/// The extent of a unit.
#[derive(Clone, Copy)]
struct Unit {
    places: usize,
    channels: usize,
    /// Channels of a group.
    group: usize,
    stride: usize,
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

    /// Means of `value(index in the unit, channel)`.
    #[inline(always)]
    fn means<R: Real>(self, sums: &mut [R], value: impl Fn(usize, usize) -> R) {
        sums.fill(R::ZERO);
        let sums = &mut sums[..self.stride];
        for place in 0..self.places {
            for (c, sum) in sums.iter_mut().enumerate() {
                *sum += value(place * self.stride + c, c);
            }
        }
        self.spread(sums);
    }

    /// Writes μ and r, which is 0 in the padding.
    #[inline(always)]
    fn statistics<R: Real>(self, inputs: &[R], means: &mut [R], inverses: &mut [R]) {
        let inputs = &inputs[..self.length()];
        self.means(means, |i, _| inputs[i]);
        self.means(inverses, |i, c| (inputs[i] - means[c]) * (inputs[i] - means[c]));
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
    std::array::from_fn(|_| rows.next().unwrap_or_default())
}

impl Pass for Normalisation {
    fn forward<R: Real>(&self, weights: &[R], inputs: &[R], outputs: &mut [R], scratch: &mut [R]) {
        normalise(self.unit(), weights, inputs, outputs, scratch);
    }

    fn push_forward<R: Real>(&self, here: Here<'_, R>, along: Along<'_, R>, out: &mut [R], scratch: &mut [R]) {
        push(self.unit(), here, along, out, scratch);
    }

    fn pull_back<R: Real>(&self, here: Here<'_, R>, errors: &[R], out: &mut [R], scratch: &mut [R]) {
        pull(self.unit(), here, errors, out, scratch);
    }

    fn pull_back_along<R: Real>(
        &self,
        here: Here<'_, R>,
        along: Along<'_, R>,
        errors: Errors<'_, R>,
        input_errors: &[R],
        out: &mut [R],
        scratch: &mut [R],
    ) {
        pull_along(self.unit(), here, along, errors, input_errors, out, scratch);
    }
}

impl Parameters for Normalisation {
    fn pad<R: Real>(&self, parameters: &[R], padded: &mut [R]) {
        pad_rows(parameters, self.shape.channels, padded, self.shape.stride());
    }

    fn unpad<R: Real>(&self, sums: &[R], out: &mut [R]) {
        unpad_rows(sums, self.shape.stride(), out, self.shape.channels);
    }

    fn add_gradient<R: Real>(&self, here: Here<'_, R>, errors: &[R], sums: &mut [R], scratch: &mut [R]) {
        add_parameter_errors(self.unit(), here, errors, sums, scratch);
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
        add_parameter_errors_along(self.unit(), here, along, errors.errors, sums, scratch);
    }
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
    fn normalise<R: Real>(unit: Unit, weights: &[R], inputs: &[R], outputs: &mut [R], scratch: &mut [R]) {
        let (gamma, beta) = weights.split_at(unit.stride);
        let [means, inverses, ..] = rows(scratch, unit.stride);
        each_unit!(unit, inputs, [inputs], [outputs], {
            unit.statistics(inputs, means, inverses);
            for place in 0..unit.places {
                for c in 0..unit.stride {
                    let i = place * unit.stride + c;
                    outputs[i] = gamma[c].mul_add((inputs[i] - means[c]) * inverses[c], beta[c]);
                }
            }
        });
    }
}

lane_kernel! {
    fn push<R: Real>(unit: Unit, here: Here<'_, R>, along: Along<'_, R>, out: &mut [R], scratch: &mut [R]) {
        let (gamma, _) = here.weights.split_at(unit.stride);
        let (gamma_along, beta_along) = along.weights.split_at(unit.stride);
        let (inputs, tangents) = (here.inputs, along.inputs);
        let [means, inverses, first, second, ..] = rows(scratch, unit.stride);
        each_unit!(unit, inputs, [inputs, tangents], [out], {
            unit.statistics(inputs, means, inverses);
            unit.means(first, |i, _| tangents[i]);
            unit.means(second, |i, c| (inputs[i] - means[c]) * inverses[c] * tangents[i]);
            for place in 0..unit.places {
                for c in 0..unit.stride {
                    let i = place * unit.stride + c;
                    let value = (inputs[i] - means[c]) * inverses[c];
                    let moved = inverses[c] * (tangents[i] - first[c] - value * second[c]);
                    out[i] = gamma[c].mul_add(moved, gamma_along[c].mul_add(value, beta_along[c]));
                }
            }
        });
    }
}

lane_kernel! {
    fn pull<R: Real>(unit: Unit, here: Here<'_, R>, errors: &[R], out: &mut [R], scratch: &mut [R]) {
        let (gamma, _) = here.weights.split_at(unit.stride);
        let inputs = here.inputs;
        let [means, inverses, first, second, ..] = rows(scratch, unit.stride);
        each_unit!(unit, inputs, [inputs, errors], [out], {
            unit.statistics(inputs, means, inverses);
            unit.means(first, |i, c| gamma[c] * errors[i]);
            unit.means(second, |i, c| (inputs[i] - means[c]) * inverses[c] * (gamma[c] * errors[i]));
            for place in 0..unit.places {
                for c in 0..unit.stride {
                    let i = place * unit.stride + c;
                    let value = (inputs[i] - means[c]) * inverses[c];
                    out[i] = inverses[c] * (gamma[c] * errors[i] - first[c] - value * second[c]);
                }
            }
        });
    }
}

lane_kernel! {
    fn pull_along<R: Real>(
        unit: Unit,
        here: Here<'_, R>,
        along: Along<'_, R>,
        errors: Errors<'_, R>,
        input_errors: &[R],
        out: &mut [R],
        scratch: &mut [R],
    ) {
        let (gamma, _) = here.weights.split_at(unit.stride);
        let (gamma_along, _) = along.weights.split_at(unit.stride);
        let (inputs, tangents, Errors { errors, along: bent }) = (here.inputs, along.inputs, errors);
        let [means, inverses, first, second, back, bent_first, bent_second, _] = rows(scratch, unit.stride);
        each_unit!(unit, inputs, [inputs, tangents, errors, bent, input_errors], [out], {
            unit.statistics(inputs, means, inverses);
            let value = |i: usize, c: usize| (inputs[i] - means[c]) * inverses[c];
            unit.means(first, |i, _| tangents[i]);
            unit.means(second, |i, c| value(i, c) * tangents[i]);
            let moved = |i: usize, c: usize| inverses[c] * (tangents[i] - first[c] - value(i, c) * second[c]);
            let bent_error = |i: usize, c: usize| gamma[c].mul_add(bent[i], gamma_along[c] * errors[i]);
            unit.means(back, |i, c| value(i, c) * (gamma[c] * errors[i]));
            unit.means(bent_first, |i, c| bent_error(i, c));
            unit.means(bent_second, |i, c| {
                moved(i, c).mul_add(gamma[c] * errors[i], value(i, c) * bent_error(i, c))
            });
            for place in 0..unit.places {
                for c in 0..unit.stride {
                    let i = place * unit.stride + c;
                    let bend = bent_error(i, c) - bent_first[c] - moved(i, c) * back[c]
                        - value(i, c) * bent_second[c];
                    out[i] = inverses[c] * (bend - second[c] * input_errors[i]);
                }
            }
        });
    }
}

lane_kernel! {
    /// `γ += Σ g x̂`, `β += Σ g`.
    fn add_parameter_errors<R: Real>(
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
            for place in 0..unit.places {
                for c in 0..unit.stride {
                    let i = place * unit.stride + c;
                    gamma[c] = errors[i].mul_add((inputs[i] - means[c]) * inverses[c], gamma[c]);
                    beta[c] += errors[i];
                }
            }
        });
    }
}

lane_kernel! {
    /// `γ += Σ g x̂′`.
    fn add_parameter_errors_along<R: Real>(
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
            unit.means(first, |i, _| tangents[i]);
            unit.means(second, |i, c| (inputs[i] - means[c]) * inverses[c] * tangents[i]);
            for place in 0..unit.places {
                for c in 0..unit.stride {
                    let i = place * unit.stride + c;
                    let value = (inputs[i] - means[c]) * inverses[c];
                    let moved = inverses[c] * (tangents[i] - first[c] - value * second[c]);
                    sums[c] = errors[i].mul_add(moved, sums[c]);
                }
            }
        });
    }
}
