//! Working memory that is kept from step to step.

use super::{Block, Real};

/// Buffers to borrow inside a step without allocating each time.
#[derive(Debug, Default)]
pub struct Scratch<R> {
    free: Vec<Vec<R>>,
}

impl<R: Real> Scratch<R> {
    /// No buffers yet.
    pub fn new() -> Self {
        Self { free: Vec::new() }
    }

    /// A buffer of `length` values of any content. Give it back with [`Scratch::give`].
    pub fn take(&mut self, length: usize) -> Vec<R> {
        let mut buffer = self.free.pop().unwrap_or_default();
        buffer.resize(length, R::ZERO);
        buffer
    }

    /// A block of the shape and layout of `like`, of any content.
    pub fn take_like(&mut self, like: &Block<R>) -> Block<R> {
        let values = self.take(like.values().len());
        like.with_values(values)
    }

    /// Keeps a buffer for the next [`Scratch::take`].
    pub fn give(&mut self, buffer: Vec<R>) {
        self.free.push(buffer);
    }
}
