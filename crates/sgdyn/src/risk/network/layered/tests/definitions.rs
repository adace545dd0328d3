//! Values of layers against their definitions, written as loops in PyTorch's order of values and parameters.

use super::{IMAGE, batch_norm, convolution, dense};
use crate::risk::fixtures::scattered;
use crate::risk::network::layered::tape::Tape;
use crate::risk::network::layered::{Input, Layer};
use crate::risk::network::tests::close;

const EPSILON: f64 = 1e-5;

/// What layers, the last one flat, make of one sample in PyTorch's order.
fn values(
    input: Input,
    layers: &[Layer],
    parameters: &[f64],
    statistics: &[f64],
    sample: &[f64],
) -> Vec<f64> {
    let tape = Tape::new(input, layers).unwrap();
    assert_eq!(tape.parameters, parameters.len());
    let mut padded = vec![0.0; tape.padded];
    tape.pad(parameters, Some(statistics), &mut padded);
    let mut values = vec![0.0; tape.length()];
    tape.slots[0].shape.unpack(sample, &mut values[tape.range(0, 1)]);
    tape.forward(&padded, 1, &mut values, &mut vec![f64::NAN; tape.scratch]);
    values[tape.range(tape.slots.len() - 1, 1)][..tape.last().shape.channels].to_vec()
}

/// An image of 2 × 6 × 5, with zeros, or something else, around.
fn pixel(image: &[f64], channel: usize, y: usize, x: usize, padding: usize, around: f64) -> f64 {
    let inside = (padding..6 + padding).contains(&y) && (padding..5 + padding).contains(&x);
    if inside { image[(channel * 6 + y - padding) * 5 + x - padding] } else { around }
}

#[test]
fn convolution_is_its_sum() {
    for (kernel, stride, padding) in [(3, 1, 1), (3, 2, 1), (2, 2, 0), (1, 2, 0), (5, 1, 3)] {
        let image = scattered(60, 0.4);
        let parameters = scattered(3 * (2 * kernel * kernel + 1), 0.7);
        let layers = [convolution(2, 3, kernel, stride, padding), Layer::Flatten {}];
        let found = values(IMAGE, &layers, &parameters, &[], &image);
        let (weights, bias) = parameters.split_at(6 * kernel * kernel);
        let sides = [6, 5].map(|side| (side + 2 * padding - kernel) / stride + 1);
        let mut expected = Vec::new();
        for output in 0..3 {
            for (row, column) in (0..sides[0]).flat_map(|row| (0..sides[1]).map(move |column| (row, column)))
            {
                let mut sum = bias[output];
                for channel in 0..2 {
                    for (y, x) in (0..kernel).flat_map(|y| (0..kernel).map(move |x| (y, x))) {
                        let weight = weights[((output * 2 + channel) * kernel + y) * kernel + x];
                        sum += weight
                            * pixel(&image, channel, row * stride + y, column * stride + x, padding, 0.0);
                    }
                }
                expected.push(sum);
            }
        }
        close(&found, &expected, 1e-14, "convolution");
    }
}

#[test]
fn pooling_is_its_definition() {
    let image = scattered(60, 0.4);
    // A normalisation gives the layers parameters: it scales by 2 and shifts by 3.
    let parameters = [2.0, 2.0, 3.0, 3.0];
    let statistics = [0.0, 0.0, 1.0 - EPSILON, 1.0 - EPSILON];
    let scaled: Vec<f64> = image.iter().map(|value| 2.0 * value + 3.0).collect();
    for (kernel, stride, padding) in [(2, 2, 0), (3, 2, 1), (3, 1, 0)] {
        for largest in [true, false] {
            let layer = if largest {
                Layer::MaxPool { kernel, stride, padding }
            } else {
                Layer::AveragePool { kernel, stride, padding }
            };
            let found =
                values(IMAGE, &[batch_norm(2), layer, Layer::Flatten {}], &parameters, &statistics, &image);
            let sides = [6, 5].map(|side| (side + 2 * padding - kernel) / stride + 1);
            let mut expected = Vec::new();
            for channel in 0..2 {
                for (row, column) in
                    (0..sides[0]).flat_map(|row| (0..sides[1]).map(move |column| (row, column)))
                {
                    let around = if largest { f64::NEG_INFINITY } else { 0.0 };
                    let square = (0..kernel).flat_map(|y| (0..kernel).map(move |x| (y, x))).map(|(y, x)| {
                        pixel(&scaled, channel, row * stride + y, column * stride + x, padding, around)
                    });
                    expected.push(if largest {
                        square.fold(f64::NEG_INFINITY, f64::max)
                    } else {
                        square.sum::<f64>() / (kernel * kernel) as f64
                    });
                }
            }
            close(&found, &expected, 1e-14, "pooling");
        }
    }
    let layers = [batch_norm(2), Layer::GlobalAveragePool {}, Layer::Flatten {}];
    let found = values(IMAGE, &layers, &parameters, &statistics, &image);
    let expected: Vec<f64> =
        scaled.chunks_exact(30).map(|channel| channel.iter().sum::<f64>() / 30.0).collect();
    close(&found, &expected, 1e-14, "global average");
}

/// (x − μ)/√(v + ε).
fn normalised(values: &[f64]) -> Vec<f64> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    values.iter().map(|value| (value - mean) / (variance + EPSILON).sqrt()).collect()
}

#[test]
fn normalisations_are_their_definitions() {
    // Four channels in two groups.
    let input = Input::Image { channels: 4, height: 3, width: 5 };
    let (image, parameters) = (scattered(60, 0.4), scattered(8, 0.7));
    let affine = |values: Vec<f64>| {
        let places = values.len() / 4;
        let scaled = values.into_iter().enumerate();
        scaled
            .map(|(i, value)| parameters[i / places] * value + parameters[4 + i / places])
            .collect::<Vec<_>>()
    };
    let layers = [Layer::GroupNorm { groups: 2, channels: 4 }, Layer::Flatten {}];
    let found = values(input, &layers, &parameters, &[], &image);
    close(&found, &affine(image.chunks_exact(30).flat_map(normalised).collect()), 1e-14, "group norm");

    let vector = Input::Features { features: 4 };
    let found = values(vector, &[Layer::LayerNorm { channels: 4 }], &parameters, &[], &image[..4]);
    close(&found, &affine(normalised(&image[..4])), 1e-14, "layer norm");

    let statistics = [0.3, -0.2, 0.1, 0.5, 0.4, 2.0, 1.0, 0.1];
    let found = values(input, &[batch_norm(4), Layer::Flatten {}], &parameters, &statistics, &image);
    let scaled = image
        .iter()
        .enumerate()
        .map(|(i, value)| (value - statistics[i / 15]) / (statistics[4 + i / 15] + EPSILON).sqrt());
    close(&found, &affine(scaled.collect()), 1e-14, "batch norm");
}

#[test]
fn embedded_windows_are_rows_of_the_table() {
    let parameters = scattered(7 * 3 + 2 * 3 + 2, 0.2);
    let layers = [Layer::Embedding { tokens: 7, channels: 3 }, dense(3, 2), Layer::Flatten {}];
    let tokens = [5.0, 0.0, 6.0, 5.0];
    let found = values(Input::Tokens { length: 4 }, &layers, &parameters, &[], &tokens);
    let mut expected = Vec::new();
    for token in tokens {
        let row = &parameters[3 * token as usize..][..3];
        for output in 0..2 {
            let weights = &parameters[21 + 3 * output..][..3];
            let product: f64 = row.iter().zip(weights).map(|(x, w)| x * w).sum();
            expected.push(product + parameters[27 + output]);
        }
    }
    close(&found, &expected, 1e-14, "embedding");
}
