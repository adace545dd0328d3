//! How the values of a sample lie in memory between two layers.

use crate::lanes::Real;
use crate::risk::network::plan::stride;

/// What the values are, for layers that read one kind only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Features,
    Image,
    Sequence,
    Tokens,
}

/// `[height × width]` places with a vector of channels each: channels lie next to each other, unlike PyTorch's, so that
/// a convolution copies whole runs and its product writes its result where it belongs. Behind the channels are zeros up
/// to whole panels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) form: Form,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
}

impl Shape {
    pub(super) fn features(channels: usize) -> Self {
        Self { form: Form::Features, height: 1, width: 1, channels }
    }

    pub(super) fn image(channels: usize, height: usize, width: usize) -> Self {
        Self { form: Form::Image, height, width, channels }
    }

    pub(super) fn tokens(length: usize) -> Self {
        Self { form: Form::Tokens, height: 1, width: length, channels: 1 }
    }

    pub(super) fn sequence(length: usize, channels: usize) -> Self {
        Self { form: Form::Sequence, height: 1, width: length, channels }
    }

    pub(super) fn places(self) -> usize {
        self.height.saturating_mul(self.width)
    }

    /// From the channels of one place to those of the next.
    pub(super) fn stride(self) -> usize {
        stride(self.channels)
    }

    /// Values of a sample, padding included.
    pub(super) fn length(self) -> usize {
        self.places() * self.stride()
    }

    /// Values of a sample without padding. An input is compared with the data before anything is made of it, so it may
    /// be of any size.
    pub(super) fn values(self) -> usize {
        self.places().saturating_mul(self.channels)
    }

    /// The position in PyTorch's order of channel `channel` at place `place`.
    pub(super) fn position(self, place: usize, channel: usize) -> usize {
        match self.form {
            Form::Image => channel * self.places() + place,
            Form::Features | Form::Sequence | Form::Tokens => place * self.channels + channel,
        }
    }

    /// Writes values in PyTorch's order, `[values]`, to `to`, `[length]`.
    pub(super) fn unpack<R: Real>(self, from: &[R], to: &mut [R]) {
        for (place, to) in to.chunks_exact_mut(self.stride()).enumerate() {
            let (own, padding) = to.split_at_mut(self.channels);
            for (channel, value) in own.iter_mut().enumerate() {
                *value = from[self.position(place, channel)];
            }
            padding.fill(R::ZERO);
        }
    }

    /// What it is, for errors.
    pub(super) fn describe(self) -> String {
        let Self { form, height, width, channels } = self;
        match form {
            Form::Features => format!("{channels} values"),
            Form::Image => format!("images of {channels} × {height} × {width}"),
            Form::Sequence => format!("sequences of {width} × {channels}"),
            Form::Tokens => format!("{width} tokens"),
        }
    }
}

/// Writes rows of `width` values as rows of `stride`, with 0 behind.
pub(super) fn pad_rows<R: Real>(from: &[R], width: usize, to: &mut [R], stride: usize) {
    for (from, to) in from.chunks_exact(width).zip(to.chunks_exact_mut(stride)) {
        to[..width].copy_from_slice(from);
        to[width..].fill(R::ZERO);
    }
}

/// Writes rows of `stride` values as rows of `width`.
pub(super) fn unpad_rows<R: Real>(from: &[R], stride: usize, to: &mut [R], width: usize) {
    for (from, to) in from.chunks_exact(stride).zip(to.chunks_exact_mut(width)) {
        to.copy_from_slice(&from[..width]);
    }
}
