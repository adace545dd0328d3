//! Pooling: the largest value, or the mean, of the squares of an image.

use super::operation::{Along, Errors, Here, Pass};
use super::window::Window;
use crate::lanes::{Real, lane_kernel};

/// What a square becomes, channel by channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pool {
    /// Its largest value: linear between the points where the place of the largest changes.
    Largest,
    /// Its mean, with zeros where it lies in the padding.
    Mean,
}

/// Squares of `window`, pooled.
#[derive(Clone, Debug)]
pub(super) struct Pooling {
    pub(super) window: Window,
    pub(super) pool: Pool,
}

impl Pass for Pooling {
    fn forward<R: Real>(&self, _weights: &[R], inputs: &[R], outputs: &mut [R], _scratch: &mut [R]) {
        match self.pool {
            Pool::Largest => largest(self.window, inputs, outputs),
            Pool::Mean => means(self.window, inputs, outputs),
        }
    }

    fn push_forward<R: Real>(
        &self,
        here: Here<'_, R>,
        along: Along<'_, R>,
        out: &mut [R],
        _scratch: &mut [R],
    ) {
        match self.pool {
            Pool::Largest => push_largest(self.window, here.inputs, here.outputs, along.inputs, out),
            Pool::Mean => means(self.window, along.inputs, out),
        }
    }

    fn pull_back<R: Real>(&self, here: Here<'_, R>, errors: &[R], out: &mut [R], _scratch: &mut [R]) {
        out.fill(R::ZERO);
        match self.pool {
            Pool::Largest => pull_largest(self.window, here.inputs, here.outputs, errors, out),
            Pool::Mean => pull_means(self.window, errors, out),
        }
    }

    fn pull_back_along<R: Real>(
        &self,
        here: Here<'_, R>,
        _along: Along<'_, R>,
        errors: Errors<'_, R>,
        _input_errors: &[R],
        out: &mut [R],
        scratch: &mut [R],
    ) {
        self.pull_back(here, errors.along, out, scratch);
    }
}

/// Calls `$body` for each square of each sample: the ranges of a pixel and of the output, within all samples.
macro_rules! each_pixel {
    ($window:ident, $values:expr, |$output:ident, $pixel:ident| $body:block) => {
        let (from, to) = ($window.input.stride(), $window.output.stride());
        let samples = $values.len() / $window.output.length();
        for sample in 0..samples {
            for place in 0..$window.output.places() {
                let begin = sample * $window.output.length() + place * to;
                let $output = begin..begin + to;
                for pixel in $window.pixels(place).flatten() {
                    let begin = sample * $window.input.length() + pixel * from;
                    let $pixel = begin..begin + from;
                    $body
                }
            }
        }
    };
}

lane_kernel! {
    fn largest<R: Real>(window: Window, inputs: &[R], outputs: &mut [R]) {
        outputs.fill(R::from_f64(f64::NEG_INFINITY));
        each_pixel!(window, outputs, |output, pixel| {
            for (output, &input) in outputs[output.clone()].iter_mut().zip(&inputs[pixel]) {
                // NaN wins: it has to be found.
                let is_nan = output.partial_cmp(&output).is_none();
                *output = if input <= *output || is_nan { *output } else { input };
            }
        });
    }
}

lane_kernel! {
    /// The pixel that an output equals: the first one, which is marked by taking the output's place in `out`.
    fn push_largest<R: Real>(window: Window, inputs: &[R], outputs: &[R], tangents: &[R], out: &mut [R]) {
        let unset = R::from_f64(f64::INFINITY);
        out.fill(unset);
        each_pixel!(window, outputs, |output, pixel| {
            let values = outputs[output.clone()].iter().zip(&mut out[output.clone()]);
            for ((&largest, out), (&input, &tangent)) in
                values.zip(inputs[pixel.clone()].iter().zip(&tangents[pixel]))
            {
                *out = if *out == unset && input == largest { tangent } else { *out };
            }
        });
    }
}

lane_kernel! {
    fn pull_largest<R: Real>(window: Window, inputs: &[R], outputs: &[R], errors: &[R], out: &mut [R]) {
        let (from, to) = (window.input.stride(), window.output.stride());
        for sample in 0..outputs.len() / window.output.length() {
            for place in 0..window.output.places() {
                let begin = sample * window.output.length() + place * to;
                for channel in 0..window.output.channels {
                    let largest = outputs[begin + channel];
                    for pixel in window.pixels(place).flatten() {
                        let at = sample * window.input.length() + pixel * from + channel;
                        if inputs[at] == largest {
                            out[at] += errors[begin + channel];
                            break;
                        }
                    }
                }
            }
        }
    }
}

lane_kernel! {
    fn means<R: Real>(window: Window, inputs: &[R], outputs: &mut [R]) {
        let weight = R::ONE / R::from_f64(window.area() as f64);
        outputs.fill(R::ZERO);
        each_pixel!(window, outputs, |output, pixel| {
            for (output, &input) in outputs[output.clone()].iter_mut().zip(&inputs[pixel]) {
                *output = weight.mul_add(input, *output);
            }
        });
    }
}

lane_kernel! {
    fn pull_means<R: Real>(window: Window, errors: &[R], out: &mut [R]) {
        let weight = R::ONE / R::from_f64(window.area() as f64);
        each_pixel!(window, errors, |output, pixel| {
            for (&error, out) in errors[output.clone()].iter().zip(&mut out[pixel]) {
                *out = weight.mul_add(error, *out);
            }
        });
    }
}
