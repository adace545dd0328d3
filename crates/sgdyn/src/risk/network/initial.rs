//! The law of the parameters that a network begins with.

use super::point::ParameterTensor;

/// Independent uniform laws, one for each parameter: `centre` ± `half_width`.
#[derive(Clone, Debug, PartialEq)]
pub struct InitialLaw {
    /// The means, `[d]`.
    pub centre: Vec<f64>,
    /// The distances from the mean to either end, `[d]`.
    pub half_width: Vec<f64>,
}

impl InitialLaw {
    /// PyTorch's default for dense and convolutional layers: weights and biases U(±1/√n), n the number of inputs of one
    /// output (`fan_in`), which is the product of all but the first side of the weight. A weight with one side belongs to
    /// a normalisation: it begins at 1, its bias at 0.
    pub fn uniform(tensors: &[ParameterTensor]) -> Self {
        let dimension = tensors.iter().map(|tensor| tensor.range.end).max().unwrap_or(0);
        let mut law = Self { centre: vec![0.0; dimension], half_width: vec![0.0; dimension] };
        for tensor in tensors {
            let module = |name: &str| name.rsplit_once('.').map_or("", |(module, _)| module).to_owned();
            let own = module(&tensor.name);
            let weights = tensors.iter().filter(|other| module(&other.name) == own && other.shape.len() > 1);
            let inputs: Option<usize> = weights.map(|weight| weight.shape[1..].iter().product()).next();
            match inputs {
                Some(inputs) => law.half_width[tensor.range.clone()].fill(1.0 / (inputs as f64).sqrt()),
                None if tensor.name.ends_with("weight") => law.centre[tensor.range.clone()].fill(1.0),
                None => {}
            }
        }
        law
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_half_width_is_that_of_the_fan_in() {
        let tensor = |name: &str, shape: &[usize], begin: usize| ParameterTensor {
            name: name.to_owned(),
            shape: shape.to_vec(),
            range: begin..begin + shape.iter().product::<usize>(),
        };
        let tensors = [
            tensor("0.weight", &[2, 1, 3, 3], 0),
            tensor("0.bias", &[2], 18),
            tensor("1.weight", &[2], 20),
            tensor("1.bias", &[2], 22),
            tensor("3.weight", &[1, 4], 24),
            tensor("3.bias", &[1], 28),
        ];
        let law = InitialLaw::uniform(&tensors);
        assert_eq!(law.half_width[..20], [1.0 / 3.0; 20]);
        assert_eq!(
            (&law.half_width[20..24], &law.centre[20..24]),
            (&[0.0; 4][..], &[1.0, 1.0, 0.0, 0.0][..])
        );
        assert_eq!(law.half_width[24..], [0.5; 5]);
        assert!(law.centre[24..].iter().all(|&centre| centre == 0.0));
    }
}
