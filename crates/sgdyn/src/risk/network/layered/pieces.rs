//! Samples of a network at a point, some at a time: their ways through it, and sums over all of them.

use rayon::prelude::*;

use super::error::LayerError;
use super::memory::{Memory, Ways};
use super::operation::{Here, Parameters};
use super::point::LayeredPoint;
use super::tape::{Node, Trace};
use crate::lanes::{Real, add_scaled};
use crate::risk::empirical::{EmpiricalRisk, Workspace};
use crate::risk::network::evaluation::{are_finite, row_products};
use crate::risk::network::loss::Selection;
use crate::risk::network::pass::Curvature;

/// Sums over samples are made of at most this many partial sums, whatever the number of threads.
const GROUPS: usize = 8;

/// Some consecutive samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) first: usize,
    pub(super) samples: usize,
}

impl<R: Real> LayeredPoint<'_, R> {
    pub(super) fn trace<'t>(&'t self, piece: Piece, values: &'t [R]) -> Trace<'t, R> {
        Trace { samples: piece.samples, weights: &self.padded, values }
    }

    pub(super) fn direction(&self, vector: &[R]) -> Vec<R> {
        let mut along = vec![R::ZERO; self.network.tape.padded];
        self.network.tape.pad(vector, None, &mut along);
        along
    }

    pub(super) fn forward(&self, piece: Piece, memory: &mut Memory<'_, R>) {
        let Piece { first, samples } = piece;
        let tape = &self.network.tape;
        let features = &mut memory.values[tape.range(0, samples)];
        self.network.read(first..first + samples, features);
        tape.forward(&self.padded, samples, memory.values, memory.scratch);
    }

    pub(super) fn push_forward(&self, piece: Piece, along: &[R], memory: &mut Memory<'_, R>) {
        let trace = self.trace(piece, memory.values);
        self.network.tape.push_forward(trace, along, memory.tangents, memory.scratch);
    }

    pub(super) fn output_errors(&self, piece: Piece, memory: &mut Memory<'_, R>) {
        self.network.output_errors(Selection::From(piece.first), piece.samples, memory);
    }

    /// Writes (∂²ℓ/∂f²)ḟ, where the way back begins.
    pub(super) fn bend_outputs(&self, curvature: Curvature, piece: Piece, memory: &mut Memory<'_, R>) {
        let tape = &self.network.tape;
        let range = tape.range(tape.slots.len() - 1, piece.samples);
        let (length, buffer) = (range.len(), tape.first_buffer());
        let (tangents, stride) = (&memory.tangents[range], tape.last().shape.stride());
        let errors = &mut memory.errors[buffer][..length];
        let selection = Selection::From(piece.first);
        if curvature == Curvature::Hessian {
            let bent = &mut memory.bent[buffer][..length];
            self.network.goals.curved(selection, stride, errors, tangents, bent);
        } else {
            let own = errors.to_vec();
            self.network.goals.curved(selection, stride, &own, tangents, errors);
        }
    }

    /// Writes ∇ℓᵢ·v of some samples, from the derivatives of the outputs; leaves those of the losses by the outputs.
    pub(super) fn sample_derivatives(&self, piece: Piece, memory: &mut Memory<'_, R>, out: &mut [R]) {
        let tape = &self.network.tape;
        self.output_errors(piece, memory);
        let tangents = &memory.tangents[tape.range(tape.slots.len() - 1, piece.samples)];
        let errors = &memory.errors[tape.first_buffer()][..tangents.len()];
        row_products(errors, tangents, tape.last().shape.stride(), out);
    }

    /// Calls `visit` with the gradient of each sample by the parameters of each layer, in the order of sums, which is
    /// made in `sums`.
    pub(super) fn each_sample_gradient(
        &self,
        piece: Piece,
        memory: &mut Memory<'_, R>,
        sums: &mut [R],
        mut visit: impl FnMut(usize, &Node, &[R]),
    ) {
        self.output_errors(piece, memory);
        let tape = &self.network.tape;
        let trace = self.trace(piece, memory.values);
        tape.pull_back(trace, &mut memory.errors, memory.scratch, |node, here, errors, scratch| {
            if node.summed.is_empty() {
                return;
            }
            let sums = &mut sums[..node.summed.len()];
            let lengths = [node.from, node.to].map(|slot| tape.slots[slot].shape.length());
            for row in 0..piece.samples {
                let of = |values, which: usize| sample(values, row, lengths[which]);
                let inputs = of(here.inputs, 0);
                let here = Here { inputs, outputs: of(here.outputs, 1), ..here };
                sums.fill(R::ZERO);
                node.operation.add_gradient(here, of(errors, 1), sums, scratch);
                visit(row, node, sums);
            }
        });
    }

    pub(super) fn check_values(&self, piece: Piece, memory: &Memory<'_, R>) -> Result<(), LayerError> {
        let tape = &self.network.tape;
        for (slot, description) in tape.slots.iter().enumerate() {
            let values = &memory.values[tape.range(slot, piece.samples)];
            check_finite("outputs", &description.layer, piece, values, description.shape.length())?;
        }
        Ok(())
    }

    /// Adds the gradients of some samples, and checks the way back.
    pub(super) fn pull_back_checked(
        &self,
        piece: Piece,
        memory: &mut Memory<'_, R>,
        sums: &mut [R],
    ) -> Result<(), LayerError> {
        self.output_errors(piece, memory);
        let tape = &self.network.tape;
        let trace = self.trace(piece, memory.values);
        let mut result = Ok(());
        tape.pull_back(trace, &mut memory.errors, memory.scratch, |node, here, errors, scratch| {
            if result.is_ok() {
                let slot = &tape.slots[node.to];
                result = check_finite("errors", &slot.layer, piece, errors, slot.shape.length());
                node.operation.add_gradient(here, errors, &mut sums[node.summed.clone()], scratch);
            }
        });
        result
    }

    pub(super) fn pieces(&self) -> usize {
        self.network.samples().div_ceil(self.network.piece)
    }

    pub(super) fn piece(&self, piece: usize) -> Piece {
        let first = piece * self.network.piece;
        Piece { first, samples: self.network.piece.min(self.network.samples() - first) }
    }

    /// Padded sums over all samples of what `add` adds for each piece.
    ///
    /// Groups of consecutive pieces have their own sums, which are added in their order; as many groups are in memory as
    /// there are threads.
    pub(super) fn sum_over_pieces<'w>(
        &self,
        workspace: &'w mut Workspace<R>,
        ways: Ways,
        add: &(impl Fn(Piece, &mut Memory<'_, R>, &mut [R]) -> Result<(), LayerError> + Sync),
    ) -> Result<&'w [R], LayerError> {
        let tape = &self.network.tape;
        let summed = tape.summed;
        let needed = Memory::<R>::length(tape, ways, self.piece(0).samples);
        let groups = GROUPS.min(self.pieces());
        let add_group = |group: usize, memory: &mut [R], sums: &mut [R]| {
            for piece in group * self.pieces() / groups..(group + 1) * self.pieces() / groups {
                let piece = self.piece(piece);
                add(piece, &mut Memory::within(tape, ways, piece.samples, memory), sums)?;
            }
            Ok(())
        };
        let threads = rayon::current_num_threads().min(groups);
        let memory = workspace.scratch(if threads > 1 { summed } else { 2 * summed + needed });
        let (total, memory) = memory.split_at_mut(summed);
        total.fill(R::ZERO);
        if threads > 1 {
            let mut memories: Vec<_> =
                (0..threads).map(|_| (vec![R::ZERO; summed], vec![R::ZERO; needed])).collect();
            for first in (0..groups).step_by(threads) {
                let mut wave: Vec<_> = (first..groups).zip(&mut memories).collect();
                wave.par_iter_mut().try_for_each(|(group, (sums, memory))| {
                    sums.fill(R::ZERO);
                    add_group(*group, memory, sums)
                })?;
                for (_, (sums, _)) in wave {
                    add_scaled(R::ONE, sums, total);
                }
            }
        } else {
            let (sums, memory) = memory.split_at_mut(summed);
            for group in 0..groups {
                sums.fill(R::ZERO);
                add_group(group, memory, sums)?;
                add_scaled(R::ONE, sums, total);
            }
        }
        Ok(total)
    }

    /// Calls `write` for each piece with memory, as much as the largest layer's sums, and its part of `out`, `width`
    /// values per sample.
    pub(super) fn for_pieces(
        &self,
        out: &mut [R],
        width: usize,
        ways: Ways,
        write: &(impl Fn(Piece, &mut Memory<'_, R>, &mut [R], &mut [R]) + Sync),
    ) {
        let tape = &self.network.tape;
        let largest = tape.nodes().map(|node| node.summed.len()).max().unwrap_or(0);
        let needed = Memory::<R>::length(tape, ways, self.piece(0).samples);
        let write_piece = |memory: &mut Vec<R>, piece: usize, out: &mut [R]| {
            memory.resize(largest + needed, R::ZERO);
            let (sums, memory) = memory.split_at_mut(largest);
            let piece = self.piece(piece);
            write(piece, &mut Memory::within(tape, ways, piece.samples, memory), sums, out);
        };
        let parts = self.network.piece * width;
        if rayon::current_num_threads() > 1 {
            out.par_chunks_mut(parts)
                .enumerate()
                .for_each_init(Vec::new, |memory, (piece, out)| write_piece(memory, piece, out));
        } else {
            let mut memory = Vec::new();
            for (piece, out) in out.chunks_mut(parts).enumerate() {
                write_piece(&mut memory, piece, out);
            }
        }
    }
}

/// The values of one sample.
fn sample<R>(values: &[R], row: usize, length: usize) -> &[R] {
    &values[row * length..][..length]
}

fn check_finite<R: Real>(
    what: &'static str,
    layer: &str,
    piece: Piece,
    values: &[R],
    length: usize,
) -> Result<(), LayerError> {
    if are_finite(values) {
        return Ok(());
    }
    let row = values.chunks_exact(length).position(|values| !are_finite(values)).unwrap_or(0);
    let (layer, sample) = (layer.to_owned(), piece.first + row);
    Err(LayerError::NotFinite { what, layer, sample, format: R::NAME })
}
