//! Working memory that is kept from step to step.

use std::any::Any;

use super::{Block, Real};

/// Buffers to borrow inside a step without allocating each time.
#[derive(Debug, Default)]
pub struct Scratch<R> {
    free: Vec<Vec<R>>,
    workspaces: Vec<Box<dyn Any>>,
}

impl<R: Real> Scratch<R> {
    /// No buffers yet.
    pub fn new() -> Self {
        Self { free: Vec::new(), workspaces: Vec::new() }
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

    /// The workspace of another room, made at its first use.
    #[allow(clippy::missing_panics_doc, reason = "the position was found by the type")]
    pub fn workspace<T: Default + 'static>(&mut self) -> &mut T {
        let at = self.workspaces.iter().position(|workspace| workspace.is::<T>()).unwrap_or_else(|| {
            self.workspaces.push(Box::new(T::default()));
            self.workspaces.len() - 1
        });
        self.workspaces[at].downcast_mut().expect("the position was found by this type")
    }

    /// Keeps a buffer for the next [`Scratch::take`].
    pub fn give(&mut self, buffer: Vec<R>) {
        self.free.push(buffer);
    }
}
