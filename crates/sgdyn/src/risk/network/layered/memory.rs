//! The memory that some samples need on their ways through a network.

use super::tape::Tape;
use crate::lanes::Real;

/// Which ways are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ways {
    /// Forwards and back.
    Gradient,
    /// Forwards, along a direction, and back.
    Fisher,
    /// Forwards, along a direction, and back along it.
    Curvature,
}

/// Values of all slots, their derivatives along a direction, and buffers for the way back; what is not needed is empty.
///
/// Derivatives of the losses by a slot are there only while they are needed, so that a product holds little more than
/// twice the values.
#[derive(Debug)]
pub(super) struct Memory<'m, R> {
    pub(super) values: &'m mut [R],
    pub(super) tangents: &'m mut [R],
    pub(super) errors: Vec<&'m mut [R]>,
    pub(super) bent: Vec<&'m mut [R]>,
    pub(super) scratch: &'m mut [R],
}

impl<'m, R: Real> Memory<'m, R> {
    /// The length of the memory that [`Memory::within`] takes.
    pub(super) fn length(tape: &Tape, ways: Ways, samples: usize) -> usize {
        let buffers: usize = tape.schedule.buffers.iter().sum();
        let (values, buffers) = match ways {
            Ways::Gradient => (1, buffers),
            Ways::Fisher => (2, buffers),
            Ways::Curvature => (2, 2 * buffers),
        };
        (values * tape.length() + buffers) * samples + tape.scratch
    }

    /// In memory that is there.
    pub(super) fn within(tape: &Tape, ways: Ways, samples: usize, memory: &'m mut [R]) -> Self {
        let mut rest = memory;
        let mut part = |length: usize| {
            let (part, after) = std::mem::take(&mut rest).split_at_mut(length);
            rest = after;
            part
        };
        let values = part(tape.length() * samples);
        let tangents = part(if ways == Ways::Gradient { 0 } else { tape.length() * samples });
        let mut buffers =
            || tape.schedule.buffers.iter().map(|length| part(length * samples)).collect::<Vec<_>>();
        let errors = buffers();
        let bent = if ways == Ways::Curvature { buffers() } else { Vec::new() };
        let scratch = part(tape.scratch);
        Self { values, tangents, errors, bent, scratch }
    }
}
