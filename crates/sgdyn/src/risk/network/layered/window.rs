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

/// Calls the body for each place from `first` on, counted through all samples, with the sample, and with the first pixel
/// of its square relative to the image, which may be negative.
macro_rules! each_place {
    ($window:ident, $first:ident, $rows:expr, |$row:ident, $sample:ident, $top:ident, $left:ident| $body:block) => {
        let places = $window.output.places();
        let mut $sample = $first / places;
        let mut y = $first % places / $window.output.width;
        let mut x = $first % places % $window.output.width;
        for $row in $rows {
            let $top = (y * $window.step) as isize - $window.padding as isize;
            let $left = (x * $window.step) as isize - $window.padding as isize;
            $body
            x += 1;
            if x == $window.output.width {
                x = 0;
                y += 1;
                if y == $window.output.height {
                    y = 0;
                    $sample += 1;
                }
            }
        }
    };
}

impl Window {
    /// The columns of a square that lie in the image.
    #[inline(always)]
    fn columns(&self, left: isize) -> (usize, usize) {
        let begin = (-left).clamp(0, self.width as isize);
        let end = (self.input.width as isize - left).clamp(begin, self.width as isize);
        (begin as usize, end as usize)
    }

    /// The row of the image under a row of a square, if there is one.
    #[inline(always)]
    fn row(&self, top: isize, row: usize) -> Option<usize> {
        let y = top + row as isize;
        (0..self.input.height as isize).contains(&y).then_some(y as usize)
    }

    /// The first value, within a sample, of a row of a square that begins at a column of the image.
    #[inline(always)]
    fn begin(&self, y: usize, left: isize, column: usize) -> usize {
        (y * self.input.width + (left + column as isize) as usize) * self.input.stride()
    }
}

lane_kernel! {
    /// Writes the squares of the places from `first` on, counted through all samples, as rows of
    /// `[area × channels]` values, as many as `out` has.
    pub(super) fn gather<R: Real>(window: Window, inputs: &[R], first: usize, out: RowsMut<'_, R>) {
        let length = window.input.length();
        let (channels, stride) = (window.input.channels, window.input.stride());
        each_place!(window, first, out.values.chunks_exact_mut(out.stride), |out, sample, top, left| {
            let image = &inputs[sample * length..][..length];
            let (used, padding) = out.split_at_mut(window.area() * channels);
            let (begin, end) = window.columns(left);
            for (row, to) in used.chunks_exact_mut(window.width * channels).enumerate() {
                let Some(y) = window.row(top, row) else {
                    to.fill(R::ZERO);
                    continue;
                };
                to[..begin * channels].fill(R::ZERO);
                to[end * channels..].fill(R::ZERO);
                let to = &mut to[begin * channels..end * channels];
                if to.is_empty() {
                    continue;
                }
                let from = &image[window.begin(y, left, begin)..];
                if channels == stride {
                    to.copy_from_slice(&from[..to.len()]);
                } else {
                    for (to, from) in to.chunks_exact_mut(channels).zip(from.chunks_exact(stride)) {
                        to.copy_from_slice(&from[..channels]);
                    }
                }
            }
            padding.fill(R::ZERO);
        });
    }
}

lane_kernel! {
    /// Adds rows of squares to the pixels that [`gather`] took them from.
    pub(super) fn scatter<R: Real>(window: Window, rows: Rows<'_, R>, first: usize, out: &mut [R]) {
        let length = window.input.length();
        let (channels, stride) = (window.input.channels, window.input.stride());
        each_place!(window, first, rows.values.chunks_exact(rows.stride), |rows, sample, top, left| {
            let image = &mut out[sample * length..][..length];
            let (begin, end) = window.columns(left);
            for (row, from) in
                rows.chunks_exact(window.width * channels).take(window.height).enumerate()
            {
                let from = &from[begin * channels..end * channels];
                let Some(y) = window.row(top, row).filter(|_| !from.is_empty()) else { continue };
                let to = &mut image[window.begin(y, left, begin)..];
                if channels == stride {
                    for (to, &from) in to.iter_mut().zip(from) {
                        *to += from;
                    }
                } else {
                    for (to, from) in to.chunks_exact_mut(stride).zip(from.chunks_exact(channels)) {
                        for (to, &from) in to.iter_mut().zip(from) {
                            *to += from;
                        }
                    }
                }
            }
        });
    }
}
