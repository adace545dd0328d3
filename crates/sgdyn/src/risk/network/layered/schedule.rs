//! Which memory holds the derivatives of the losses by each slot, on the way back.

use std::mem::take;

use super::tape::{Slot, Step};
use crate::lanes::{Real, add_scaled};

/// Derivatives that a step sends to a slot it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    /// The buffer of the slot.
    pub(super) buffer: usize,
    /// A buffer to write in first, where the slot has derivatives from another reader already: then they are added.
    pub(super) aside: Option<usize>,
}

impl Sent {
    /// The buffer that is written.
    pub(super) fn written(self) -> usize {
        self.aside.unwrap_or(self.buffer)
    }

    /// Adds what was written aside.
    pub(super) fn settle<R: Real>(self, length: usize, errors: &mut [&mut [R]]) {
        if let Some(aside) = self.aside {
            let from = take(&mut errors[aside]);
            add_scaled(R::ONE, &from[..length], &mut errors[self.buffer][..length]);
            errors[aside] = from;
        }
    }
}

/// The way back through a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Back {
    /// The buffer of the derivatives by what it writes.
    pub(super) buffer: usize,
    /// What it sends, to each slot that it reads and that depends on parameters.
    pub(super) sent: Vec<Sent>,
}

/// Buffers, each as long as its longest use, for as few slots as are needed at a time: derivatives by a slot are
/// forgotten as soon as its layer has used them, so a way back takes little memory beside the values themselves.
#[derive(Clone, Debug, Default)]
pub(super) struct Schedule {
    /// One per step.
    pub(super) backs: Vec<Back>,
    /// The length per sample of each buffer.
    pub(super) buffers: Vec<usize>,
}

impl Schedule {
    pub(super) fn new(slots: &[Slot], steps: &[Step]) -> Self {
        let mut schedule = Self::default();
        let mut free = Vec::new();
        let mut buffer_of = vec![None; slots.len()];
        let length = |slot: usize| slots[slot].shape.length();
        for step in steps.iter().rev() {
            let (to, read) = match step {
                Step::Node(node) => (node.to, vec![node.from]),
                Step::Join { one, other, to } => (*to, vec![*one, *other]),
            };
            // Only the last slot has no reader.
            let buffer = buffer_of[to].unwrap_or_else(|| schedule.allocate(length(to), &mut free));
            let mut sent = Vec::new();
            for slot in read.into_iter().filter(|&slot| slots[slot].moving) {
                match buffer_of[slot] {
                    None => {
                        let buffer = schedule.allocate(length(slot), &mut free);
                        buffer_of[slot] = Some(buffer);
                        sent.push(Sent { buffer, aside: None });
                    }
                    Some(buffer) => {
                        let aside = schedule.allocate(length(slot), &mut free);
                        free.push(aside);
                        sent.push(Sent { buffer, aside: Some(aside) });
                    }
                }
            }
            free.push(buffer);
            schedule.backs.push(Back { buffer, sent });
        }
        schedule.backs.reverse();
        schedule
    }

    /// The free buffer that needs the least growth, then the shortest.
    fn allocate(&mut self, length: usize, free: &mut Vec<usize>) -> usize {
        let cost = |&buffer: &usize| {
            let held = self.buffers[buffer];
            (length.saturating_sub(held), held)
        };
        let best = (0..free.len()).min_by_key(|&index| cost(&free[index]));
        let buffer = if let Some(index) = best {
            free.swap_remove(index)
        } else {
            self.buffers.push(0);
            self.buffers.len() - 1
        };
        self.buffers[buffer] = self.buffers[buffer].max(length);
        buffer
    }
}
