//! A layered network as what ensembles train and analyses ask.

use super::memory::{Memory, Ways};
use super::model::LayeredNetwork;
use super::operation::{Operation, Parameters};
use super::tape::Trace;
use crate::lanes::{Block, Layout, Real};
use crate::risk::empirical::{EmpiricalRisk, Workspace, check_batch};
use crate::risk::network::loss::Selection;
use crate::risk::network::{
    InitialDistribution, InitialParameters, NetworkError, NetworkPoint, NetworkRisk, ParameterTensor,
};

impl<R: Real> EmpiricalRisk<R> for LayeredNetwork<R> {
    fn dimension(&self) -> usize {
        self.tape.parameters
    }

    fn samples(&self) -> usize {
        self.samples
    }

    /// Replica-major: the work is in the matrix products of a replica.
    fn layout(&self) -> Layout {
        Layout::ReplicaMajor
    }

    fn minibatch_gradient(
        &self,
        at: &Block<R>,
        indices: &[u32],
        batch_size: usize,
        workspace: &mut Workspace<R>,
        out: &mut Block<R>,
    ) {
        check_batch(self, at, indices, batch_size, out);
        let (tape, lanes) = (&self.tape, at.lanes());
        let piece = self.piece.min(batch_size);
        let length = Memory::<R>::length(tape, Ways::Gradient, piece);
        let memory = workspace.scratch(tape.padded + tape.summed + length);
        let (padded, memory) = memory.split_at_mut(tape.padded);
        let (sums, memory) = memory.split_at_mut(tape.summed);
        let inverse = R::ONE / R::from_f64(batch_size as f64);
        for lane in 0..lanes {
            tape.pad(at.replica(lane), Some(&self.statistics), padded);
            sums.fill(R::ZERO);
            for first in (0..batch_size).step_by(piece) {
                let samples = piece.min(batch_size - first);
                let selection = Selection::Batch { indices: &indices[first * lanes..], lanes, lane };
                let mut memory = Memory::within(tape, Ways::Gradient, samples, memory);
                self.read((0..samples).map(|row| selection.sample(row)), memory.values);
                self.add_gradient(padded, selection, samples, &mut memory, sums);
            }
            let l2 = R::from_f64(self.l2);
            tape.unpad(sums, inverse, l2, at.replica(lane), out.replica_mut(lane));
        }
    }

    fn loss(&self, at: &Block<R>, out: &mut [f64]) {
        assert_eq!(at.dimension(), self.dimension(), "a block has the dimension of the risk");
        assert_eq!(out.len(), at.lanes(), "each lane has a loss");
        for (lane, loss) in out.iter_mut().enumerate() {
            let theta: Vec<f64> = (0..self.dimension()).map(|c| at.get(c, lane).to_f64()).collect();
            let mut sum = 0.0;
            self.each_loss(&theta, |loss| sum += loss);
            *loss = sum / self.samples as f64 + self.penalty(&theta);
        }
    }
}

impl<R: Real> LayeredNetwork<R> {
    /// Adds the gradients of some samples, which the first slot holds, to padded sums.
    fn add_gradient(
        &self,
        padded: &[R],
        selection: Selection<'_>,
        samples: usize,
        memory: &mut Memory<'_, R>,
        sums: &mut [R],
    ) {
        self.tape.forward(padded, samples, memory.values, memory.scratch);
        self.output_errors(selection, samples, memory);
        let trace = Trace { samples, weights: padded, values: memory.values };
        self.tape.pull_back(trace, &mut memory.errors, memory.scratch, |node, here, errors, scratch| {
            node.operation.add_gradient(here, errors, &mut sums[node.summed.clone()], scratch);
        });
    }
}

impl<R: Real> LayeredNetwork<R> {
    /// A point, `[d]`, in `f64`.
    fn point(&self, at: &[R]) -> Result<Vec<f64>, NetworkError> {
        let expected = self.tape.parameters;
        if at.len() != expected {
            return Err(NetworkError::Length { what: "parameters", expected, found: at.len() });
        }
        Ok(at.iter().map(|value| value.to_f64()).collect())
    }
}

impl<R: Real> NetworkRisk<R> for LayeredNetwork<R> {
    fn parameter_tensors(&self) -> Vec<ParameterTensor> {
        self.tape.tensors.clone()
    }

    fn statistic_tensors(&self) -> &[ParameterTensor] {
        &self.tape.statistics
    }

    fn frozen_statistics(&self) -> &[f64] {
        &self.statistics
    }

    fn initial_parameters(&self) -> Vec<InitialParameters> {
        let constant = |range, value| InitialParameters { range, law: InitialDistribution::Constant(value) };
        let mut all = Vec::new();
        for node in self.tape.nodes() {
            let range = node.parameters.clone();
            match &node.operation {
                Operation::Weighted(weighted) => all.push(InitialParameters::linear(range, weighted.depth())),
                Operation::Table(_) => {
                    all.push(InitialParameters {
                        range,
                        law: InitialDistribution::Normal { deviation: 1.0 },
                    });
                }
                Operation::Normalisation(_) | Operation::FrozenNorm(_) => {
                    let middle = range.start + range.len() / 2;
                    all.push(constant(range.start..middle, 1.0));
                    all.push(constant(middle..range.end, 0.0));
                }
                Operation::Elementwise(_) | Operation::Pooling(_) | Operation::Flatten(_) => {}
            }
        }
        all
    }

    fn at<'n>(&'n self, parameters: &[R]) -> Result<Box<dyn NetworkPoint<R> + 'n>, NetworkError> {
        Ok(Box::new(self.evaluate(parameters)?))
    }

    fn sample_losses(&self, parameters: &[R]) -> Result<Vec<f64>, NetworkError> {
        let at = self.point(parameters)?;
        let penalty = self.penalty(&at);
        let mut losses = Vec::with_capacity(self.samples);
        self.each_loss(&at, |loss| losses.push(loss + penalty));
        Ok(losses)
    }

    fn accuracy(&self, parameters: &[R]) -> Result<Option<f64>, NetworkError> {
        let at = self.point(parameters)?;
        if !self.classes {
            return Ok(None);
        }
        let stride = self.tape.last().shape.stride();
        let mut right = 0_usize;
        self.each_output(&at, |sample, outputs| {
            right += usize::from(self.goals.is_right(sample, stride, outputs));
        });
        Ok(Some(right as f64 / self.samples as f64))
    }
}
