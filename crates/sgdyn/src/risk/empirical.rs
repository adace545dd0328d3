//! What a simulator asks of a mean loss over samples.

use crate::lanes::{Block, Layout, Real};

/// A mean loss over N samples, L(θ) = (1/N) Σ ℓᵢ(θ), for the replicas of a block.
///
/// The bits of a lane depend on its parameters and its samples alone: not on the other lanes, their number, or the
/// SIMD level. Sums over a batch run in the order in which its samples are given.
pub trait EmpiricalRisk<R: Real>: Send + Sync {
    /// The number of parameters, d.
    fn dimension(&self) -> usize;

    /// The number of samples, N.
    fn samples(&self) -> usize;

    /// The storage order that the blocks passed to this risk must have.
    fn layout(&self) -> Layout;

    /// Writes the mean gradient of each lane's batch, penalties included, to `out`.
    ///
    /// `indices`, `[batch_size × lanes]`: the `s`-th sample of lane `l` is `indices[s · lanes + l]`, from 0. The
    /// batches of different lanes differ; a sample that is there twice counts twice.
    ///
    /// # Panics
    /// If a block has not the dimension, lanes or layout of the others and of this risk, if `indices` has not
    /// `batch_size · lanes` values, if the batch is empty, or if an index is not below [`EmpiricalRisk::samples`].
    fn minibatch_gradient(
        &self,
        at: &Block<R>,
        indices: &[u32],
        batch_size: usize,
        workspace: &mut Workspace<R>,
        out: &mut Block<R>,
    );

    /// Writes the loss over all samples, penalties included, of each lane to `out`, `[lanes]`; computed in `f64`.
    ///
    /// # Panics
    /// If `at` or `out` has another shape.
    fn loss(&self, at: &Block<R>, out: &mut [f64]);

    /// Writes the gradient over all samples, penalties included, of each lane to `out`.
    ///
    /// The same to rounding as a batch of all samples, which is taken in pieces of a fixed size so that memory does
    /// not grow with N.
    ///
    /// # Panics
    /// As [`EmpiricalRisk::minibatch_gradient`].
    fn gradient(&self, at: &Block<R>, workspace: &mut Workspace<R>, out: &mut Block<R>) {
        const PIECE: usize = 256;
        let (samples, lanes) = (self.samples(), at.lanes());
        let mut indices = std::mem::take(&mut workspace.indices);
        let mut piece =
            workspace.piece.take().filter(|piece| same_shape(piece, at)).unwrap_or_else(|| at.clone());
        out.values_mut().fill(R::ZERO);
        for begin in (0..samples).step_by(PIECE) {
            let size = PIECE.min(samples - begin);
            indices.clear();
            for sample in begin..begin + size {
                indices.extend(std::iter::repeat_n(sample as u32, lanes));
            }
            self.minibatch_gradient(at, &indices, size, workspace, &mut piece);
            let weight = R::from_f64(size as f64 / samples as f64);
            for (sum, &value) in out.values_mut().iter_mut().zip(piece.values()) {
                *sum = weight.mul_add(value, *sum);
            }
        }
        workspace.indices = indices;
        workspace.piece = Some(piece);
    }
}

fn same_shape<R: Real>(one: &Block<R>, other: &Block<R>) -> bool {
    (one.dimension(), one.lanes(), one.layout()) == (other.dimension(), other.lanes(), other.layout())
}

/// Checks the promises that a caller of [`EmpiricalRisk::minibatch_gradient`] makes, once per call.
pub(super) fn check_batch<R: Real>(
    risk: &impl EmpiricalRisk<R>,
    at: &Block<R>,
    indices: &[u32],
    batch_size: usize,
    out: &Block<R>,
) {
    assert!(same_shape(at, out), "parameters and gradient have the same shape");
    assert_eq!(at.dimension(), risk.dimension(), "a block has the dimension of the risk");
    assert_eq!(at.layout(), risk.layout(), "a block has the layout that the risk prefers");
    assert!(batch_size > 0, "a batch has samples");
    assert_eq!(indices.len(), batch_size * at.lanes(), "each lane has one index per sample of its batch");
    let largest = indices.iter().fold(0, |largest, &index| largest.max(index));
    assert!((largest as usize) < risk.samples(), "sample {largest} exists");
}

/// Memory that a risk reuses from call to call; one per thread.
#[derive(Clone, Debug)]
pub struct Workspace<R> {
    scratch: Vec<R>,
    indices: Vec<u32>,
    piece: Option<Block<R>>,
}

impl<R: Real> Workspace<R> {
    /// An empty workspace, which grows at its first use.
    pub fn new() -> Self {
        Self { scratch: Vec::new(), indices: Vec::new(), piece: None }
    }

    /// `length` values of unspecified content, aligned to a cache line (64 bytes) where the system allows it.
    pub fn scratch(&mut self, length: usize) -> &mut [R] {
        const LINE: usize = 64;
        let needed = length + LINE / size_of::<R>();
        if self.scratch.len() < needed {
            self.scratch.resize(needed, R::ZERO);
        }
        // A safe call whose answer changes speed only: misaligned vectors straddle cache lines.
        let begin = self.scratch.as_ptr().align_offset(LINE).min(needed - length);
        &mut self.scratch[begin..begin + length]
    }
}

impl<R: Real> Default for Workspace<R> {
    fn default() -> Self {
        Self::new()
    }
}
