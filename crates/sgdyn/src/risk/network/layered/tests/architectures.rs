//! The networks that are one call away, small.

use super::{cases, point};
use crate::risk::Workspace;
use crate::risk::network::layered::{
    Input, LayeredNetwork, ResNet18, ResidualNorm, Stem, mlp, next_token_model,
};
use crate::risk::network::tests::{close, difference};
use crate::risk::network::{Activation, InitialDistribution, Loss, NetworkPoint, NetworkRisk};
use crate::risk::{Dataset, EmpiricalRisk, Labels};

fn images(samples: usize, classes: usize) -> Dataset {
    let labels = Labels::Classes {
        of_sample: (0..samples).map(|sample| (sample % classes) as u32).collect(),
        names: (0..classes).map(|class| class.to_string()).collect(),
    };
    let names = (0..784).map(|pixel| format!("pixel {pixel}")).collect();
    Dataset::new("images", spread(samples * 784, 3), names, labels).unwrap()
}

fn resnet(description: ResNet18) -> LayeredNetwork<f64> {
    let (input, layers) = description.layers();
    LayeredNetwork::new(&images(3, 10), input, &layers, Loss::SoftmaxCrossEntropy, 0.0).unwrap()
}

/// Values without structure in [−1, 1). Multiples of indices alone would be a lattice, whose sums cancel, and the
/// normalisations of so many layers would blow up what is left.
fn spread(count: usize, shift: usize) -> Vec<f64> {
    let value = |index: usize| {
        let index = index as f64;
        2.0 * (0.618_033_988_749_894_9 * index * (index + 1.0) / 2.0).fract() - 1.0
    };
    (shift..shift + count).map(value).collect()
}

/// θ as drawn.
fn drawn(network: &LayeredNetwork<f64>) -> Vec<f64> {
    let mut at = spread(network.dimension(), 100);
    for initial in network.initial_parameters() {
        let values = &mut at[initial.range];
        match initial.law {
            InitialDistribution::Uniform { bound: scale }
            | InitialDistribution::Normal { deviation: scale } => {
                for value in values {
                    *value *= scale;
                }
            }
            InitialDistribution::Constant(constant) => values.fill(constant),
        }
    }
    at
}

#[test]
fn a_small_resnet_has_the_derivatives_of_differences() {
    for (norm, stem) in [(ResidualNorm::Group(2), Stem::ImageNet), (ResidualNorm::FrozenBatch, Stem::Small)] {
        let network = resnet(ResNet18 { width: 4, norm, stem, ..ResNet18::default() });
        let at = drawn(&network);
        // So short that hardly any of the many ReLUs changes its sign within a difference.
        let along: Vec<f64> = spread(at.len(), 777).into_iter().map(|value| 1e-5 * value).collect();
        let gradient = |at: &[f64]| {
            let mut out = vec![0.0; at.len()];
            network.evaluate(at).unwrap().gradient(&mut Workspace::new(), &mut out).unwrap();
            out
        };
        let evaluation = network.evaluate(&at).unwrap();
        let mut product = vec![0.0; at.len()];
        evaluation.hessian_vector(&along, &mut Workspace::new(), &mut product).unwrap();
        close(&product, &difference(&at, &along, gradient), 1e-6, "Hessian");
        let mut derivatives = vec![0.0; 3];
        evaluation.directional_derivatives(&along, &mut derivatives).unwrap();
        let expected = difference(&at, &along, |at| network.sample_losses(at).unwrap());
        close(&derivatives, &expected, 1e-6, "gradient");
    }
}

#[test]
fn a_product_holds_little_more_than_twice_the_values() {
    use super::super::memory::{Memory, Ways};
    for stem in [Stem::Small, Stem::ImageNet] {
        let network = resnet(ResNet18 { stem, ..ResNet18::default() });
        let tape = &network.tape;
        // Beside the scratch of one layer, which no number of samples changes.
        let length = |ways| Memory::<f64>::length(tape, ways, 1000) - tape.scratch;
        let ratio = length(Ways::Curvature) as f64 / length(Ways::Gradient) as f64;
        assert!(ratio <= 2.0, "{ratio}");
        let ratio = length(Ways::Curvature) as f64 / (1000 * tape.length()) as f64;
        println!("{stem:?}: a product holds {ratio:.2} times the values of the layers");
        assert!(ratio < 2.6, "{ratio}");
    }
}

#[test]
fn initial_laws_are_those_of_pytorch() {
    let network = resnet(ResNet18 { width: 8, ..ResNet18::default() });
    let laws = network.initial_parameters();
    let mut end = 0;
    for initial in &laws {
        assert_eq!(initial.range.start, end);
        end = initial.range.end;
    }
    assert_eq!(end, network.dimension());
    assert_eq!(laws[0].law, InitialDistribution::Uniform { bound: 1.0 / 3.0 });
    assert_eq!(
        (laws[1].law, laws[2].law),
        (InitialDistribution::Constant(1.0), InitialDistribution::Constant(0.0))
    );
    assert_eq!(laws[3].law, InitialDistribution::Uniform { bound: 1.0 / 72.0_f64.sqrt() });
    assert_eq!(laws.last().unwrap().law, InitialDistribution::Uniform { bound: 0.125 });
}

#[test]
fn perceptrons_and_models_of_tokens_are_one_call() {
    let (input, layers) = mlp(&[784, 6, 10], Activation::Tanh);
    let network = LayeredNetwork::<f64>::new(&images(3, 10), input, &layers, Loss::SoftmaxCrossEntropy, 0.0);
    let network = network.unwrap();
    assert_eq!(network.dimension(), 784 * 6 + 6 + 60 + 10);
    let (input, layers) = next_token_model(7, 4, 3, 5);
    assert_eq!(input, Input::Tokens { length: 4 });
    let case = cases().into_iter().find(|case| case.name == "embedding").unwrap();
    let of_sample = (0..20).map(|sample| sample % 7).collect();
    let labels = Labels::Classes { of_sample, names: (0..7).map(|token| token.to_string()).collect() };
    let data = case.data(20);
    let data = Dataset::new("text", data.values().to_vec(), data.feature_names().to_vec(), labels).unwrap();
    let network = LayeredNetwork::<f64>::new(&data, input, &layers, Loss::SoftmaxCrossEntropy, 0.0).unwrap();
    assert_eq!(network.dimension(), 7 * 3 + 12 * 5 + 5 + 5 * 7 + 7);
    assert_eq!(network.initial_parameters()[0].law, InitialDistribution::Normal { deviation: 1.0 });
    assert!(network.evaluate(&point(&network, 0.8)).is_ok());
}
