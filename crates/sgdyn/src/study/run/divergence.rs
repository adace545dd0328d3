//! Why a network in training left the range of numbers.

use super::setting::sampling;
use super::training::step_of;
use crate::lanes::{Block, Real};
use crate::random::{MinibatchStream, Purpose, Seed, Variate};
use crate::risk::Workspace;
use crate::risk::network::NetworkRisk;
use crate::study::Rule;

/// Names the sample of the batch of `step`, counted from 0, whose gradient at `before`, `[d]`, is not finite, and the last tensor
/// in which it is not: from there it went back through the layers.
pub(super) fn cause<R: Variate>(
    network: &dyn NetworkRisk<R>,
    rule: &Rule,
    seed: Seed,
    replica: u64,
    step: u64,
    before: &[R],
) -> String {
    for (place, sample) in batch(network.samples(), rule, seed, replica, step).into_iter().enumerate() {
        let gradient = sample_gradient(network, sample, before);
        let is_lost = |range: std::ops::Range<usize>| gradient[range].iter().any(|value| !is_finite(*value));
        let tensors = network.parameter_tensors();
        if let Some(tensor) = tensors.iter().rev().find(|tensor| is_lost(tensor.range.clone())) {
            return format!(
                "the gradient of sample {sample} (from 0), number {} of batch {}, is not finite in {} and before it",
                place + 1,
                step + 1,
                tensor.name
            );
        }
    }
    format!(
        "every gradient of batch {} is finite, and the step that they make leaves the range of {}",
        step + 1,
        R::NAME
    )
}

/// The samples of the step's batch; of a rule with two batches, of both.
fn batch(samples: usize, rule: &Rule, seed: Seed, replica: u64, step: u64) -> Vec<u32> {
    let Some(described) = step_of(rule) else { return Vec::new() };
    let purposes: &[Purpose] = match rule {
        Rule::Svag { .. } => &[Purpose::Minibatch, Purpose::SecondMinibatch],
        _ => &[Purpose::Minibatch],
    };
    let size = described.batch_size as usize;
    let mut all = Vec::new();
    for &purpose in purposes {
        let mut stream = MinibatchStream::new(purpose, samples, size, sampling(described.sampling), 1, 1);
        stream.restart(seed, 0, replica, step);
        stream.fill(seed, &[replica], &[step]);
        all.extend_from_slice(stream.step(0));
    }
    all
}

fn sample_gradient<R: Variate>(network: &dyn NetworkRisk<R>, sample: u32, at: &[R]) -> Vec<R> {
    let mut position = Block::zeros(network.dimension(), 1, network.layout());
    for (coordinate, &value) in at.iter().enumerate() {
        position.set(coordinate, 0, value);
    }
    let mut out = position.zeros_like();
    network.minibatch_gradient(&position, &[sample], 1, &mut Workspace::new(), &mut out);
    (0..at.len()).map(|coordinate| out.get(coordinate, 0)).collect()
}

fn is_finite<R: Real>(value: R) -> bool {
    value.to_f64().is_finite()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::network::{Activation, Dense, Loss, Network};
    use crate::risk::{Dataset, EmpiricalRisk};

    /// One weight so large that the outputs of some samples overflow: the first of them in the batch is named.
    #[test]
    fn the_sample_and_the_layer_are_named() {
        let data = Dataset::ready("banknote").unwrap();
        let layers = [
            Dense { inputs: 4, outputs: 3, activation: Activation::Relu },
            Dense { inputs: 3, outputs: 2, activation: Activation::Identity },
        ];
        let network = Network::<f32>::new(&data, &layers, Loss::SoftmaxCrossEntropy, 0.0).unwrap();
        let mut at = vec![0.1; network.dimension()];
        at[0] = 1e38;
        let overflows = |sample: usize| data.row(sample)[0] > f64::from(f32::MAX) / 1e38;
        for sampling in ["with-replacement", "without-replacement", "reshuffled"] {
            let rule: Rule = serde_json::from_str(&format!(
                r#"{{"name": "sgd", "learning_rate": 0.1, "batch_size": 6, "weight_decay": 0.0,
                    "sampling": "{sampling}", "schedule": "constant"}}"#
            ))
            .unwrap();
            let seed = Seed::new(3, 0);
            let mut named = 0;
            for step in 0..40 {
                let batch = batch(data.samples(), &rule, seed, 5, step);
                let cause = cause(&network, &rule, seed, 5, step, &at);
                match batch.iter().position(|&sample| overflows(sample as usize)) {
                    Some(place) => {
                        let (sample, number) = (batch[place], place + 1);
                        let expected = format!(
                            "the gradient of sample {sample} (from 0), number {number} of batch {}, is not finite in 2.bias and before it",
                            step + 1
                        );
                        assert_eq!(cause, expected);
                        named += 1;
                    }
                    None => assert!(cause.ends_with("leaves the range of f32"), "{cause}"),
                }
            }
            assert!(named > 5 && named < 40, "{sampling}: {named}");
        }
    }
}
