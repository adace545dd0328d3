//! Which samples the minibatch of each replica holds, under the three sampling schemes.

use super::generator::Word;
use super::stream::CHUNK_STEPS;
use super::{Purpose, Seed, SequentialGenerator};
use crate::lanes::lane_kernel;

/// How the samples of a minibatch are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// Each sample independently and uniformly: `C = Σ/B`.
    WithReplacement,
    /// Distinct samples inside a batch, batches independent: `C = (Σ/B)(N − B)/(N − 1)`.
    WithoutReplacement,
    /// Each epoch is a fresh permutation cut into `⌊N/B⌋` batches; what is left over is dropped.
    Reshuffled,
}

/// The minibatches of the lanes of a block, several steps at a time.
///
/// Every index has the same probability to within `N · 2⁻³²`.
#[derive(Debug)]
pub struct MinibatchStream {
    purpose: Purpose,
    samples: usize,
    batch_size: usize,
    sampling: Sampling,
    lanes: usize,
    fill_steps: usize,
    state: [Vec<u64>; 4],
    permutations: Vec<u32>,
    buffer: Vec<u32>,
}

impl MinibatchStream {
    /// Batches of `batch_size` among `samples` for `lanes` replicas, filled `fill_steps` steps at a time.
    ///
    /// The caller ensures `1 ≤ batch_size`, and `batch_size ≤ samples` for the schemes without replacement.
    pub fn new(
        purpose: Purpose,
        samples: usize,
        batch_size: usize,
        sampling: Sampling,
        lanes: usize,
        fill_steps: usize,
    ) -> Self {
        let shuffled = if sampling == Sampling::Reshuffled { samples * lanes } else { 0 };
        Self {
            purpose,
            samples,
            batch_size,
            sampling,
            lanes,
            fill_steps,
            state: std::array::from_fn(|_| vec![0; lanes]),
            permutations: vec![0; shuffled],
            buffer: vec![0; fill_steps * batch_size * lanes],
        }
    }

    fn batches_per_epoch(&self) -> u64 {
        (self.samples / self.batch_size) as u64
    }

    /// Gives `lane` to `replica` at its own step `step`, a multiple of the fill size.
    pub fn restart(&mut self, seed: Seed, lane: usize, replica: u64, step: u64) {
        if self.sampling == Sampling::Reshuffled {
            if !step.is_multiple_of(self.batches_per_epoch()) {
                self.shuffle(seed, lane, replica, step / self.batches_per_epoch());
            }
            return;
        }
        if step.is_multiple_of(CHUNK_STEPS) {
            // The next fill keys the lane.
            return;
        }
        self.key(seed, lane, replica, step / CHUNK_STEPS);
        let [a, b, c, d] = &mut self.state;
        for _ in 0..(step % CHUNK_STEPS) * self.batch_size.div_ceil(2) as u64 {
            u64::next([&mut a[lane], &mut b[lane], &mut c[lane], &mut d[lane]]);
        }
    }

    fn key(&mut self, seed: Seed, lane: usize, replica: u64, chunk: u64) {
        for (words, word) in self.state.iter_mut().zip(u64::state(seed, replica, chunk, self.purpose)) {
            words[lane] = word;
        }
    }

    /// The permutation of `replica`'s epoch `epoch`, by Fisher and Yates.
    fn shuffle(&mut self, seed: Seed, lane: usize, replica: u64, epoch: u64) {
        let purpose = if self.purpose == Purpose::Minibatch { Purpose::Shuffle } else { self.purpose };
        let mut generator = SequentialGenerator::new(seed, replica, epoch, purpose);
        let permutation = &mut self.permutations[lane * self.samples..(lane + 1) * self.samples];
        for (index, value) in permutation.iter_mut().enumerate() {
            *value = index as u32;
        }
        for first in 0..permutation.len().saturating_sub(1) {
            let other = first + generator.below((permutation.len() - first) as u32) as usize;
            permutation.swap(first, other);
        }
    }

    /// Fills the next `fill_steps` steps; arguments as in [`super::LaneStream::fill`].
    pub fn fill(&mut self, seed: Seed, replicas: &[u64], steps: &[u64]) {
        if self.sampling == Sampling::Reshuffled {
            self.fill_reshuffled(seed, replicas, steps);
            return;
        }
        for lane in 0..self.lanes {
            if steps[lane].is_multiple_of(CHUNK_STEPS) {
                self.key(seed, lane, replicas[lane], steps[lane] / CHUNK_STEPS);
            }
        }
        let [a, b, c, d] = &mut self.state;
        let row = self.batch_size * self.lanes;
        for batch in self.buffer.chunks_exact_mut(row) {
            match self.sampling {
                Sampling::WithReplacement => fill_independent(a, b, c, d, self.samples as u32, 0, batch),
                _ => fill_distinct(a, b, c, d, self.samples as u32, self.batch_size as u32, batch),
            }
        }
    }

    fn fill_reshuffled(&mut self, seed: Seed, replicas: &[u64], steps: &[u64]) {
        let batches = self.batches_per_epoch();
        for lane in 0..self.lanes {
            for fill in 0..self.fill_steps {
                let step = steps[lane] + fill as u64;
                if step.is_multiple_of(batches) {
                    self.shuffle(seed, lane, replicas[lane], step / batches);
                }
                let from = lane * self.samples + (step % batches) as usize * self.batch_size;
                for sample in 0..self.batch_size {
                    self.buffer[(fill * self.batch_size + sample) * self.lanes + lane] =
                        self.permutations[from + sample];
                }
            }
        }
    }

    /// The indices of the `step`-th step since the last fill, `[batch_size × lanes]`, sample-major.
    #[inline]
    pub fn step(&self, step: usize) -> &[u32] {
        let row = self.batch_size * self.lanes;
        &self.buffer[step * row..(step + 1) * row]
    }
}

lane_kernel! {
    /// Sample `s` of every lane, uniform below `bound + s · growth`; one word gives two indices.
    fn fill_independent(
        a: &mut [u64],
        b: &mut [u64],
        c: &mut [u64],
        d: &mut [u64],
        bound: u32,
        growth: u32,
        batch: &mut [u32],
    ) {
        let lanes = a.len();
        let mut bound = u64::from(bound);
        for rows in batch.chunks_mut(2 * lanes) {
            let next_bound = bound + u64::from(growth);
            let (first, second) = rows.split_at_mut(lanes);
            let (b, c, d) = (&mut b[..lanes], &mut c[..lanes], &mut d[..lanes]);
            if second.is_empty() {
                for lane in 0..lanes {
                    let word = u64::next([&mut a[lane], &mut b[lane], &mut c[lane], &mut d[lane]]);
                    first[lane] = (((word >> 32) * bound) >> 32) as u32;
                }
            } else {
                let second = &mut second[..lanes];
                for lane in 0..lanes {
                    let word = u64::next([&mut a[lane], &mut b[lane], &mut c[lane], &mut d[lane]]);
                    first[lane] = (((word >> 32) * bound) >> 32) as u32;
                    second[lane] = (((word & 0xFFFF_FFFF) * next_bound) >> 32) as u32;
                }
            }
            bound = next_bound + u64::from(growth);
        }
    }
}

/// Distinct samples by the algorithm of Floyd (Bentley and Floyd, CACM 1987): sample `s` is uniform below
/// `N − B + s + 1`, and becomes `N − B + s` where it was drawn before.
fn fill_distinct(
    a: &mut [u64],
    b: &mut [u64],
    c: &mut [u64],
    d: &mut [u64],
    samples: u32,
    batch_size: u32,
    batch: &mut [u32],
) {
    fill_independent(a, b, c, d, samples - batch_size + 1, 1, batch);
    replace_repeated(samples - batch_size, a.len(), batch);
}

lane_kernel! {
    fn replace_repeated(last: u32, lanes: usize, batch: &mut [u32]) {
        for sample in 1..batch.len() / lanes {
            let (before, rest) = batch.split_at_mut(sample * lanes);
            let chosen = &mut rest[..lanes];
            let last = last + sample as u32;
            for lane in 0..lanes {
                let candidate = chosen[lane];
                let mut repeated = false;
                for earlier in before.chunks_exact(lanes) {
                    repeated |= earlier[lane] == candidate;
                }
                chosen[lane] = if repeated { last } else { candidate };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MinibatchStream, Sampling};
    use crate::random::{Purpose, Seed};

    fn fill(sampling: Sampling, samples: usize, batch: usize, lanes: usize, steps: u64) -> Vec<Vec<u32>> {
        let mut stream = MinibatchStream::new(Purpose::Minibatch, samples, batch, sampling, lanes, 16);
        let seed = Seed::new(3, 0);
        let replicas: Vec<u64> = (0..lanes as u64).collect();
        let mut all = vec![Vec::new(); lanes];
        for fill in 0..steps / 16 {
            stream.fill(seed, &replicas, &vec![fill * 16; lanes]);
            for step in 0..16 {
                let row = stream.step(step);
                for (lane, drawn) in all.iter_mut().enumerate() {
                    drawn.extend((0..batch).map(|sample| row[sample * lanes + lane]));
                }
            }
        }
        all
    }

    #[test]
    fn batches_without_replacement_hold_distinct_samples() {
        for drawn in fill(Sampling::WithoutReplacement, 10, 7, 8, 512) {
            for batch in drawn.chunks(7) {
                let mut sorted = batch.to_vec();
                sorted.sort_unstable();
                sorted.dedup();
                assert_eq!(sorted.len(), 7);
                assert!(sorted[6] < 10);
            }
        }
    }

    #[test]
    fn an_epoch_is_a_permutation() {
        for drawn in fill(Sampling::Reshuffled, 21, 5, 4, 64) {
            for epoch in drawn.chunks_exact(20) {
                let mut sorted = epoch.to_vec();
                sorted.sort_unstable();
                sorted.dedup();
                assert_eq!(sorted.len(), 20);
            }
        }
    }

    /// Chi-square of index counts against uniform, 12 cells, significance 10⁻⁶ (critical value 50.5 at 11 degrees of
    /// freedom); 64 lanes × 4096 steps × 3 = 786,432 draws, seed 3. Without replacement the counts vary less.
    #[test]
    fn every_sample_is_as_likely() {
        for sampling in [Sampling::WithReplacement, Sampling::WithoutReplacement, Sampling::Reshuffled] {
            let mut counts = [0u64; 12];
            let drawn = fill(sampling, 12, 3, 64, 4096);
            for &index in drawn.iter().flatten() {
                counts[index as usize] += 1;
            }
            let expected = (64 * 4096 * 3) as f64 / 12.0;
            let chi: f64 = counts.iter().map(|&count| (count as f64 - expected).powi(2) / expected).sum();
            assert!(chi < 50.5, "{sampling:?}: {chi}");
        }
    }

    #[test]
    fn restart_in_the_middle_gives_the_same_batches() {
        for sampling in [Sampling::WithReplacement, Sampling::WithoutReplacement, Sampling::Reshuffled] {
            let whole = fill(sampling, 23, 5, 4, 1024);
            let mut stream = MinibatchStream::new(Purpose::Minibatch, 23, 5, sampling, 1, 16);
            let seed = Seed::new(3, 0);
            stream.restart(seed, 0, 2, 528);
            stream.fill(seed, &[2], &[528]);
            for step in 0..16 {
                assert_eq!(stream.step(step), &whole[2][(528 + step) * 5..(529 + step) * 5], "{sampling:?}");
            }
        }
    }
}
