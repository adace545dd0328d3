//! All random numbers of a block's step, behind one interface.

use super::{Demand, LaneStream, MinibatchStream, Purpose, Sampling, Seed, Variate};

/// One kind of random numbers that a step takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DrawDemand {
    /// Variates of a law.
    Variates(Demand),
    /// The samples of a minibatch.
    Minibatch {
        /// What the batch is for.
        purpose: Purpose,
        /// The number of samples N.
        samples: usize,
        /// The batch size B.
        batch_size: usize,
        /// How they are drawn.
        sampling: Sampling,
    },
}

impl DrawDemand {
    /// Bytes of buffer for one step of one lane.
    fn bytes_per_step(&self, scalar: usize) -> usize {
        match self {
            Self::Variates(demand) => demand.variates * scalar,
            Self::Minibatch { batch_size, .. } => batch_size * size_of::<u32>(),
        }
    }
}

#[derive(Debug)]
enum Stream<R: Variate> {
    Variates(LaneStream<R>),
    Minibatch(MinibatchStream),
}

/// The streams of a block of lanes.
#[derive(Debug)]
pub struct Draws<R: Variate> {
    seed: Seed,
    streams: Vec<Stream<R>>,
    fill_steps: usize,
}

/// Fills smaller than this leave the first-level cache to the state.
const FILL_BYTES: usize = 1 << 15;

impl<R: Variate> Draws<R> {
    /// Most steps that are filled at a time, a multiple of every fill size; replicas enter a lane only at multiples of
    /// the fill size.
    pub const MOST_FILL_STEPS: usize = 16;

    /// Streams for `lanes` replicas. The fill size is as many steps as fit the cache, 16 at most and 2 at least.
    pub fn new(seed: Seed, demands: &[DrawDemand], lanes: usize) -> Self {
        let bytes: usize = demands.iter().map(|demand| demand.bytes_per_step(size_of::<R>())).sum();
        let mut fill_steps = Self::MOST_FILL_STEPS;
        while fill_steps > 2 && fill_steps * bytes * lanes > FILL_BYTES {
            fill_steps /= 2;
        }
        let streams = demands
            .iter()
            .map(|demand| match *demand {
                DrawDemand::Variates(demand) => Stream::Variates(LaneStream::new(demand, lanes, fill_steps)),
                DrawDemand::Minibatch { purpose, samples, batch_size, sampling } => Stream::Minibatch(
                    MinibatchStream::new(purpose, samples, batch_size, sampling, lanes, fill_steps),
                ),
            })
            .collect();
        Self { seed, streams, fill_steps }
    }

    /// How many steps one fill serves.
    pub fn fill_steps(&self) -> usize {
        self.fill_steps
    }

    /// Gives `lane` to `replica` at its own step `step`, a multiple of the fill size.
    pub fn restart(&mut self, lane: usize, replica: u64, step: u64) {
        for stream in &mut self.streams {
            match stream {
                Stream::Variates(stream) => stream.restart(self.seed, lane, replica, step),
                Stream::Minibatch(stream) => stream.restart(self.seed, lane, replica, step),
            }
        }
    }

    /// Fills the next [`Draws::fill_steps`] steps of every lane.
    pub fn fill(&mut self, replicas: &[u64], steps: &[u64]) {
        for stream in &mut self.streams {
            match stream {
                Stream::Variates(stream) => stream.fill(self.seed, replicas, steps),
                Stream::Minibatch(stream) => stream.fill(self.seed, replicas, steps),
            }
        }
    }

    /// The variates of demand `demand` for all steps of the last fill, `[fill_steps × variates × lanes]`.
    ///
    /// # Panics
    /// If that demand is for a minibatch.
    pub fn variates(&self, demand: usize) -> &[R] {
        match &self.streams[demand] {
            Stream::Variates(stream) => stream.steps(),
            Stream::Minibatch(_) => unreachable!("demand {demand} is for a minibatch"),
        }
    }

    /// The numbers of the `step`-th step since the last fill.
    #[inline]
    pub fn step(&self, step: usize) -> StepDraws<'_, R> {
        StepDraws { streams: &self.streams, step }
    }
}

/// The random numbers of one step, in the order of the demands.
#[derive(Clone, Copy, Debug)]
pub struct StepDraws<'a, R: Variate> {
    streams: &'a [Stream<R>],
    step: usize,
}

impl<'a, R: Variate> StepDraws<'a, R> {
    /// The draws from demand `first` on, for a part of a rule that numbers its own demands from 0.
    #[inline]
    pub fn from(self, first: usize) -> Self {
        Self { streams: &self.streams[first..], step: self.step }
    }

    /// The variates of demand `demand`, `[variates × lanes]`.
    ///
    /// # Panics
    /// If that demand is for a minibatch.
    #[inline]
    pub fn variates(self, demand: usize) -> &'a [R] {
        match &self.streams[demand] {
            Stream::Variates(stream) => stream.step(self.step),
            Stream::Minibatch(_) => unreachable!("demand {demand} is for a minibatch"),
        }
    }

    /// The sample numbers of demand `demand`, `[batch_size × lanes]`.
    ///
    /// # Panics
    /// If that demand is for variates.
    #[inline]
    pub fn minibatch(self, demand: usize) -> &'a [u32] {
        match &self.streams[demand] {
            Stream::Minibatch(stream) => stream.step(self.step),
            Stream::Variates(_) => unreachable!("demand {demand} is for variates"),
        }
    }
}
