//! Squares of pixels that slide over an image, for convolution and pooling.

use super::shape::Shape;
use crate::lanes::{Real, lane_kernel};
use crate::risk::network::product::{Rows, RowsMut};

/// `height × width` pixels around each place of the output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) step: usize,
    pub(super) padding: usize,
    pub(super) input: Shape,
    pub(super) output: Shape,
}

impl Window {
    /// Pixels in a square.
    pub(super) fn area(&self) -> usize {
        self.height * self.width
    }

    /// The square of an output place: of each of its pixels the input place, unless it lies in the padding; by rows.
    #[inline(always)]
    pub(super) fn pixels(self, place: usize) -> impl Iterator<Item = Option<usize>> {
        let top = (place / self.output.width * self.step).wrapping_sub(self.padding);
        let left = (place % self.output.width * self.step).wrapping_sub(self.padding);
        (0..self.height).flat_map(move |row| {
            // Above the image wraps to a number that is larger than any height.
            let y = top.wrapping_add(row);
            (0..self.width).map(move |column| {
                let x = left.wrapping_add(column);
                (y < self.input.height && x < self.input.width).then(|| y * self.input.width + x)
            })
        })
    }
}

lane_kernel! {
    /// Writes the squares of the places from `first` on, counted through all samples, as rows of
    /// `[area × channels]` values, as many as `out` has.
    pub(super) fn gather<R: Real>(window: Window, inputs: &[R], first: usize, out: RowsMut<'_, R>) {
        let (length, places) = (window.input.length(), window.output.places());
        let (channels, from_stride) = (window.input.channels, window.input.stride());
        for (row, out) in out.values.chunks_exact_mut(out.stride).enumerate() {
            let (sample, place) = ((first + row) / places, (first + row) % places);
            let image = &inputs[sample * length..][..length];
            let (used, padding) = out.split_at_mut(window.area() * channels);
            for (to, pixel) in used.chunks_exact_mut(channels).zip(window.pixels(place)) {
                match pixel {
                    Some(pixel) => {
                        for (to, &from) in to.iter_mut().zip(&image[pixel * from_stride..][..channels]) {
                            *to = from;
                        }
                    }
                    None => to.fill(R::ZERO),
                }
            }
            padding.fill(R::ZERO);
        }
    }
}

lane_kernel! {
    /// Adds rows of squares to the pixels that [`gather`] took them from.
    pub(super) fn scatter<R: Real>(window: Window, rows: Rows<'_, R>, first: usize, out: &mut [R]) {
        let (length, places) = (window.input.length(), window.output.places());
        let (channels, to_stride) = (window.input.channels, window.input.stride());
        for (row, from) in rows.values.chunks_exact(rows.stride).enumerate() {
            let (sample, place) = ((first + row) / places, (first + row) % places);
            let image = &mut out[sample * length..][..length];
            for (from, pixel) in from.chunks_exact(channels).zip(window.pixels(place)) {
                let Some(pixel) = pixel else { continue };
                for (to, &from) in image[pixel * to_stride..][..channels].iter_mut().zip(from) {
                    *to += from;
                }
            }
        }
    }
}
