//! The noise of a block of replicas, filled several steps at a time.

use super::generator::Word;
use super::law::{
    Exponential, Law, Normal, PositiveStable, Rademacher, Stable, StudentT, ThreePoint, Transform, Uniform,
};
use super::{Purpose, Seed, Variate};
use crate::lanes::lane_kernel;

/// A replica's generator is keyed anew every so many of its own steps.
pub const CHUNK_STEPS: u64 = 512;

/// What a step needs of random numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// What the numbers are for.
    pub purpose: Purpose,
    /// Their law.
    pub law: Law,
    /// How many variates a replica takes per step.
    pub variates: usize,
    /// How many finer steps one step stands for. Normal variates are then sums of that many finer ones over its
    /// root, so that runs at several step sizes follow the same path.
    pub finer_steps: usize,
}

impl Demand {
    /// `variates` a step of law `law`.
    pub fn new(purpose: Purpose, law: Law, variates: usize) -> Self {
        Self { purpose, law, variates, finer_steps: 1 }
    }
}

/// Random variates for the lanes of a block, `fill_steps` steps at a time.
///
/// A lane is given to a replica by [`LaneStream::restart`]; its numbers are then those of that replica's own steps.
/// Within a chunk, step pair `2j, 2j + 1` takes its words for variate 0, 1, … in order.
#[derive(Debug)]
pub struct LaneStream<R: Variate> {
    demand: Demand,
    lanes: usize,
    fill_steps: usize,
    state: [Vec<R::Word>; 4],
    due: Due<R::Word>,
    buffer: Vec<R>,
    sums: Vec<R>,
}

impl<R: Variate> LaneStream<R> {
    /// A stream for `lanes` replicas that is filled `fill_steps` steps (a power of two from 2 to [`CHUNK_STEPS`]) at
    /// a time.
    pub fn new(demand: Demand, lanes: usize, fill_steps: usize) -> Self {
        debug_assert!(fill_steps.is_power_of_two() && fill_steps >= 2 && fill_steps as u64 <= CHUNK_STEPS);
        let state = std::array::from_fn(|_| vec![R::Word::default(); lanes]);
        let size = fill_steps * demand.variates * lanes;
        let fine = if demand.finer_steps > 1 { size } else { 0 };
        let due = Due::new(lanes);
        Self { demand, lanes, fill_steps, state, due, buffer: vec![R::ZERO; size], sums: vec![R::ZERO; fine] }
    }

    /// Gives `lane` to `replica` at its own step `step`, a multiple of the fill size.
    pub fn restart(&mut self, seed: Seed, lane: usize, replica: u64, step: u64) {
        let fine = step * self.demand.finer_steps as u64;
        if fine.is_multiple_of(CHUNK_STEPS) {
            // The next fill keys the lane.
            return;
        }
        let [a, b, c, d] = &mut self.state;
        let state = R::Word::state(seed, replica, fine / CHUNK_STEPS, self.demand.purpose);
        (a[lane], b[lane], c[lane], d[lane]) = (state[0], state[1], state[2], state[3]);
        let pairs = (fine % CHUNK_STEPS) / 2 * self.demand.variates as u64;
        for _ in 0..pairs * words_per_pair(self.demand.law) {
            R::Word::next([&mut a[lane], &mut b[lane], &mut c[lane], &mut d[lane]]);
        }
    }

    /// Fills the next `fill_steps` steps. `replicas[lane]` and `steps[lane]` say who sits in a lane and which of its
    /// own steps comes next.
    pub fn fill(&mut self, seed: Seed, replicas: &[u64], steps: &[u64]) {
        let finer = self.demand.finer_steps;
        if finer == 1 {
            self.fill_fine(seed, replicas, steps, 0);
            return;
        }
        let row = self.demand.variates * self.lanes;
        let scale = R::from_f64(1.0 / (finer as f64).sqrt());
        self.sums.fill(R::ZERO);
        for part in 0..finer {
            self.fill_fine(seed, replicas, steps, (part * self.fill_steps) as u64);
            for fine in 0..self.fill_steps {
                let step = (part * self.fill_steps + fine) / finer;
                let from = &self.buffer[fine * row..(fine + 1) * row];
                for (sum, &value) in self.sums[step * row..(step + 1) * row].iter_mut().zip(from) {
                    *sum += value;
                }
            }
        }
        for (value, &sum) in self.buffer.iter_mut().zip(&self.sums) {
            *value = sum * scale;
        }
    }

    fn fill_fine(&mut self, seed: Seed, replicas: &[u64], steps: &[u64], offset: u64) {
        let finer = self.demand.finer_steps as u64;
        self.due.collect(steps, finer, offset);
        self.due.key(seed, self.demand.purpose, replicas, &mut self.state);
        let [a, b, c, d] = &mut self.state;
        let (pairs, variates) = (self.fill_steps / 2, self.demand.variates);
        let out = &mut self.buffer[..];
        match self.demand.law {
            Law::Normal => fill_pairs(Normal, a, b, c, d, pairs, variates, out),
            Law::Uniform => fill_pairs(Uniform, a, b, c, d, pairs, variates, out),
            Law::Rademacher => fill_pairs(Rademacher, a, b, c, d, pairs, variates, out),
            Law::ThreePoint => fill_pairs(ThreePoint::<R>::new(), a, b, c, d, pairs, variates, out),
            Law::Exponential => fill_pairs(Exponential, a, b, c, d, pairs, variates, out),
            Law::Stable { alpha } => fill_pairs(Stable::<R>::new(alpha), a, b, c, d, pairs, variates, out),
            Law::PositiveStable { alpha } => {
                fill_pairs(PositiveStable::<R>::new(alpha), a, b, c, d, pairs, variates, out);
            }
            Law::StudentT { degrees } => {
                fill_pairs(StudentT::<R>::new(degrees), a, b, c, d, pairs, variates, out);
            }
        }
    }

    /// The variates of all steps of the last fill, `[fill_steps × variates × lanes]`.
    pub fn steps(&self) -> &[R] {
        &self.buffer
    }

    /// The variates of the `step`-th step since the last fill, `[variates × lanes]`, variate-major.
    #[inline]
    pub fn step(&self, step: usize) -> &[R] {
        let row = self.demand.variates * self.lanes;
        &self.buffer[step * row..(step + 1) * row]
    }
}

/// The lanes that begin a chunk with the coming fill: in exits they are few, at any time.
#[derive(Debug)]
struct Due<W> {
    lanes: Vec<usize>,
    replicas: Vec<u64>,
    chunks: Vec<u64>,
    words: [Vec<W>; 4],
}

impl<W: Word> Due<W> {
    fn new(lanes: usize) -> Self {
        let words = std::array::from_fn(|_| vec![W::default(); lanes]);
        Self { lanes: Vec::with_capacity(lanes), replicas: Vec::new(), chunks: Vec::new(), words }
    }

    /// Finds them; a lane's next fine step is `finer · steps[lane] + offset`.
    fn collect(&mut self, steps: &[u64], finer: u64, offset: u64) {
        // The low bits decide, and no branch: a lane is written where the next one due will be.
        let (factor, shift) = (finer as u32, offset as u32);
        let mut count = 0;
        self.lanes.resize(steps.len() + 1, 0);
        for (lane, &step) in steps.iter().enumerate() {
            let fine = (step as u32).wrapping_mul(factor).wrapping_add(shift);
            self.lanes[count] = lane;
            count += usize::from(fine.is_multiple_of(CHUNK_STEPS as u32));
        }
        self.lanes.truncate(count);
        self.chunks.clear();
        self.chunks.extend(self.lanes.iter().map(|&lane| (steps[lane] * finer + offset) / CHUNK_STEPS));
    }

    /// Keys their generators.
    fn key(&mut self, seed: Seed, purpose: Purpose, replicas: &[u64], state: &mut [Vec<W>; 4]) {
        self.replicas.clear();
        self.replicas.extend(self.lanes.iter().map(|&lane| replicas[lane]));
        let [a, b, c, d] = &mut self.words;
        states(seed, purpose, &self.replicas, &self.chunks, a, b, c, d);
        for (words, keyed) in state.iter_mut().zip(&self.words) {
            for (&lane, &word) in self.lanes.iter().zip(keyed) {
                words[lane] = word;
            }
        }
    }
}

lane_kernel! {
    /// [`Word::state`] of many replicas.
    fn states<W: Word>(
        seed: Seed,
        purpose: Purpose,
        replicas: &[u64],
        chunks: &[u64],
        a: &mut [W],
        b: &mut [W],
        c: &mut [W],
        d: &mut [W],
    ) {
        let count = replicas.len();
        let (a, b, c, d) = (&mut a[..count], &mut b[..count], &mut c[..count], &mut d[..count]);
        let chunks = &chunks[..count];
        for place in 0..count {
            [a[place], b[place], c[place], d[place]] = W::state(seed, replicas[place], chunks[place], purpose);
        }
    }
}

/// Words that one pair of variates takes.
fn words_per_pair(law: Law) -> u64 {
    match law {
        Law::Normal | Law::Uniform | Law::Rademacher | Law::ThreePoint | Law::Exponential => 2,
        Law::Stable { .. } | Law::PositiveStable { .. } | Law::StudentT { .. } => 4,
    }
}

lane_kernel! {
    fn fill_pairs<R: Variate, T: Transform<R>>(
        transform: T,
        a: &mut [R::Word],
        b: &mut [R::Word],
        c: &mut [R::Word],
        d: &mut [R::Word],
        pairs: usize,
        variates: usize,
        out: &mut [R],
    ) {
        let lanes = a.len();
        for pair in 0..pairs {
            let (even, odd) = out[2 * pair * variates * lanes..][..2 * variates * lanes].split_at_mut(variates * lanes);
            for (even, odd) in even.chunks_exact_mut(lanes).zip(odd.chunks_exact_mut(lanes)) {
                fill_row(transform, a, b, c, d, even, odd);
            }
        }
    }
}

#[inline(always)]
fn fill_row<R: Variate, T: Transform<R>>(
    transform: T,
    a: &mut [R::Word],
    b: &mut [R::Word],
    c: &mut [R::Word],
    d: &mut [R::Word],
    even: &mut [R],
    odd: &mut [R],
) {
    let lanes = a.len();
    let (b, c, d) = (&mut b[..lanes], &mut c[..lanes], &mut d[..lanes]);
    let (even, odd) = (&mut even[..lanes], &mut odd[..lanes]);
    for lane in 0..lanes {
        let next = || R::Word::next([&mut a[lane], &mut b[lane], &mut c[lane], &mut d[lane]]);
        let (first, second) = transform.pair(next);
        even[lane] = first;
        odd[lane] = second;
    }
}
