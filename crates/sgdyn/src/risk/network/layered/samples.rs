//! What a layered network takes from its data and checks in them.

use super::error::LayerError;
use super::operation::Operation;
use super::shape::Shape;
use super::tape::Tape;
use crate::lanes::Real;
use crate::risk::Dataset;
use crate::risk::network::ParameterTensor;

/// The features of all samples in the order of a shape, without padding.
pub(super) fn ordered<R: Real>(data: &Dataset, shape: Shape) -> Vec<R> {
    let mut values = Vec::with_capacity(data.samples() * shape.values());
    for sample in 0..data.samples() {
        let row = data.row(sample);
        for place in 0..shape.places() {
            for channel in 0..shape.channels {
                values.push(R::from_f64(row[shape.position(place, channel)]));
            }
        }
    }
    values
}

/// Means 0 and variances 1.
pub(super) fn unit_statistics(tape: &Tape) -> Vec<f64> {
    let value = |tensor: &ParameterTensor| f64::from(u8::from(tensor.name.ends_with("running_var")));
    tape.statistics.iter().flat_map(|tensor| std::iter::repeat_n(value(tensor), tensor.range.len())).collect()
}

/// Checks that each feature which an embedding reads is one of its tokens.
pub(super) fn check_tokens(data: &Dataset, tape: &Tape) -> Result<(), LayerError> {
    for node in tape.nodes() {
        let Operation::Table(table) = &node.operation else { continue };
        let is_token = |value: f64| value >= 0.0 && value < table.tokens as f64 && value.fract() == 0.0;
        if let Some(index) = data.values().iter().position(|&value| !is_token(value)) {
            return Err(LayerError::Token {
                data: data.name().to_owned(),
                sample: index / data.features(),
                feature: index % data.features(),
                value: data.values()[index],
                layer: tape.slots[node.to].layer.clone(),
                tokens: table.tokens,
            });
        }
    }
    Ok(())
}
