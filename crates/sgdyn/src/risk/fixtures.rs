//! Small deterministic models that exercise every kernel, for tests.

use super::data::{Dataset, Labels};
use super::generalised_linear::GeneralisedLinear;
use super::link::Link;
use crate::lanes::Real;

/// Values without structure in [−1, 1), the same everywhere: the golden-ratio sequence.
pub(super) fn scattered(count: usize, phase: f64) -> Vec<f64> {
    (0..count).map(|index| 2.0 * (0.618_033_988_749_894_9 * index as f64 + phase).fract() - 1.0).collect()
}

/// 41 samples of `features` features with labels for `link`.
pub(super) fn data(link: Link, features: usize, classes: usize) -> Dataset {
    let samples = 41;
    let labels = match link {
        Link::Linear => Labels::Targets(scattered(samples, 0.3)),
        Link::Logistic | Link::Softmax => Labels::Classes {
            of_sample: (0..samples).map(|sample| (sample * sample % classes) as u32).collect(),
            names: (0..classes).map(|class| class.to_string()).collect(),
        },
    };
    let names = (0..features).map(|feature| format!("x{feature}")).collect();
    Dataset::new("fixture", scattered(samples * features, 0.1), names, labels).expect("a valid table")
}

/// One model for each kernel and each of its remainders, with l2 = 0.05.
pub(super) fn models<R: Real>() -> Vec<GeneralisedLinear<R>> {
    let shapes = [
        // Coordinate-major.
        (Link::Linear, 3, 0),
        (Link::Logistic, 4, 2),
        (Link::Softmax, 3, 4),
        // Replica-major: one output, one panel of classes, two panels.
        (Link::Linear, 70, 0),
        (Link::Logistic, 79, 2),
        (Link::Softmax, 17, 10),
        (Link::Softmax, 8, 19),
        (Link::Softmax, 5, 16),
    ];
    shapes
        .map(|(link, features, classes)| {
            GeneralisedLinear::new(link, &data(link, features, classes), 0.05).expect("a valid model")
        })
        .into()
}
