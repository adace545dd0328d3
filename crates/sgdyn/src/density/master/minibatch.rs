//! SGD with the minibatches of a small data set, as a chain between cells.

use statrs::function::factorial::ln_factorial;

use super::maps::{WeightedMap, map_transition};
use super::sgd::check_learning_rate;
use super::transition::{Outside, Transition};
use crate::density::{DensityError, Grid};
use crate::lanes::Block;
use crate::risk::{EmpiricalRisk, Workspace};

/// Minibatches that are told apart at most.
const MOST_BATCHES: usize = 4096;

/// The transition of θ' = θ − η ĝ(θ) with batches of `batch_size` samples of a risk in one parameter, drawn with
/// replacement: every multiset of samples is a map, drawn with its multinomial probability. See [`map_transition`] for
/// what a grid can resolve of it.
///
/// # Errors
/// A risk or grid in more than one dimension, η ≤ 0, an empty batch, [`DensityError::Outcomes`] if there are more
/// than 4096 multisets.
pub fn minibatch_transition(
    grid: &Grid,
    risk: &dyn EmpiricalRisk<f64>,
    batch_size: usize,
    learning_rate: f64,
    outside: Outside,
) -> Result<Transition, DensityError> {
    check_learning_rate(learning_rate)?;
    if risk.dimension() != 1 {
        let given = risk.dimension();
        return Err(DensityError::WrongDimension { what: "a set of minibatches", needed: 1, given });
    }
    if batch_size == 0 {
        let allowed = "at least 1";
        return Err(DensityError::OutOfRange { name: "batch_size", value: 0.0, allowed });
    }
    // (N + B − 1)! / (B! (N − 1)!).
    let samples = risk.samples();
    let outcomes = (ln_factorial((samples + batch_size - 1) as u64)
        - ln_factorial(batch_size as u64)
        - ln_factorial(samples as u64 - 1))
    .exp()
    .round();
    if outcomes > MOST_BATCHES as f64 {
        return Err(DensityError::Outcomes { outcomes, allowed: MOST_BATCHES });
    }
    let maps: Vec<WeightedMap<'_>> = multisets(samples as u32, batch_size)
        .into_iter()
        .map(|batch| {
            let probability = multinomial_probability(&batch, samples);
            let images = move |at: &[f64], out: &mut [f64]| {
                let lanes = at.len();
                let mut block = Block::zeros(1, lanes, risk.layout());
                block.values_mut().copy_from_slice(at);
                let indices: Vec<u32> =
                    batch.iter().flat_map(|&sample| std::iter::repeat_n(sample, lanes)).collect();
                let mut gradient = block.zeros_like();
                risk.minibatch_gradient(&block, &indices, batch.len(), &mut Workspace::new(), &mut gradient);
                for ((out, &at), &gradient) in out.iter_mut().zip(at).zip(gradient.values()) {
                    *out = at - learning_rate * gradient;
                }
            };
            WeightedMap { probability, images: Box::new(images) }
        })
        .collect();
    map_transition(grid, &maps, outside)
}

/// All ascending sequences of `size` of `samples` samples, with repetition.
fn multisets(samples: u32, size: usize) -> Vec<Vec<u32>> {
    let mut batch = vec![0; size];
    let mut batches = Vec::new();
    loop {
        batches.push(batch.clone());
        let Some(place) = batch.iter().rposition(|&sample| sample + 1 < samples) else { return batches };
        let next = batch[place] + 1;
        batch[place..].fill(next);
    }
}

/// B!/(Π n_i!) N^−B.
fn multinomial_probability(batch: &[u32], samples: usize) -> f64 {
    let mut log = ln_factorial(batch.len() as u64) - batch.len() as f64 * (samples as f64).ln();
    for run in batch.chunk_by(|one, other| one == other) {
        log -= ln_factorial(run.len() as u64);
    }
    log.exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_multiset_once_and_all_probability() {
        let batches = multisets(4, 3);
        assert_eq!(batches.len(), 20);
        let total: f64 = batches.iter().map(|batch| multinomial_probability(batch, 4)).sum();
        assert!((total - 1.0).abs() < 1e-13);
    }
}
