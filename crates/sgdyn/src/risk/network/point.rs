//! What an analysis asks of any network at a point.

use std::ops::Range;

use super::error::NetworkError;
use super::evaluation::Evaluation;
use super::factors::Gram;
use super::initialisation::InitialParameters;
use super::model::Network;
use crate::lanes::Real;
use crate::risk::empirical::{EmpiricalRisk, Workspace};

/// A tensor of parameters and its place in θ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterTensor {
    /// PyTorch's name, such as `0.weight`.
    pub name: String,
    /// PyTorch's shape, such as `[outputs, inputs]`.
    pub shape: Vec<usize>,
    /// Its values in θ, in the order of its last index first.
    pub range: Range<usize>,
}

/// A network over data: what ensembles train, and what can be analysed at a point.
pub trait NetworkRisk<R: Real>: EmpiricalRisk<R> {
    /// The tensors of θ, in their order; together they are all of it.
    fn parameter_tensors(&self) -> Vec<ParameterTensor>;

    /// The tensors of [`NetworkRisk::frozen_statistics`]: `running_mean` and `running_var`, part of PyTorch's state and not
    /// of θ.
    fn statistic_tensors(&self) -> &[ParameterTensor] {
        &[]
    }

    /// The statistics of frozen batch normalisations.
    fn frozen_statistics(&self) -> &[f64] {
        &[]
    }

    /// The laws that PyTorch draws θ from by default, in the order of θ; together they are all of it.
    fn initial_parameters(&self) -> Vec<InitialParameters>;

    /// The network at θ = `parameters`, `[d]`.
    ///
    /// # Errors
    /// A point of another length or with numbers that are not finite; [`NetworkError::NotFinite`], with layer and sample,
    /// where a number leaves the range of the format.
    fn at<'n>(&'n self, parameters: &[R]) -> Result<Box<dyn NetworkPoint<R> + 'n>, NetworkError>;

    /// The loss of each sample, `[samples]`, penalty included; computed in `f64`.
    ///
    /// # Errors
    /// A point of another length.
    fn sample_losses(&self, parameters: &[R]) -> Result<Vec<f64>, NetworkError>;

    /// The part of the samples whose largest output is that of their class; none where labels are numbers.
    ///
    /// # Errors
    /// A point of another length.
    fn accuracy(&self, parameters: &[R]) -> Result<Option<f64>, NetworkError>;
}

/// A network at a point θ: products with its curvature and per-sample gradients through their factors. Vectors are of
/// length d unless told otherwise; a wrong length is an error.
pub trait NetworkPoint<R: Real>: Sync {
    /// N.
    fn samples(&self) -> usize;

    /// d.
    fn dimension(&self) -> usize;

    /// Writes ∇L(θ), penalty included.
    ///
    /// # Errors
    /// A wrong length.
    fn gradient(&self, workspace: &mut Workspace<R>, out: &mut [R]) -> Result<(), NetworkError>;

    /// Writes Hv with H = ∇²L(θ), penalty included.
    ///
    /// # Errors
    /// A wrong length.
    fn hessian_vector(
        &self,
        vector: &[R],
        workspace: &mut Workspace<R>,
        out: &mut [R],
    ) -> Result<(), NetworkError>;

    /// Writes Gv with the Gauss–Newton matrix G, penalty included.
    ///
    /// # Errors
    /// A wrong length.
    fn gauss_newton_vector(
        &self,
        vector: &[R],
        workspace: &mut Workspace<R>,
        out: &mut [R],
    ) -> Result<(), NetworkError>;

    /// Writes Fv with the empirical Fisher matrix, or with the covariance of per-sample gradients if `centred`.
    ///
    /// # Errors
    /// A wrong length.
    fn empirical_fisher_vector(
        &self,
        vector: &[R],
        centred: bool,
        workspace: &mut Workspace<R>,
        out: &mut [R],
    ) -> Result<(), NetworkError>;

    /// Writes |∇ℓᵢ|², `[samples]`, penalty included.
    ///
    /// # Errors
    /// A wrong length.
    fn squared_norms(&self, out: &mut [R]) -> Result<(), NetworkError>;

    /// The Gram matrix of the per-sample gradients, penalty included.
    fn gram(&self) -> Gram<R>;
}

impl<R: Real> NetworkRisk<R> for Network<R> {
    fn parameter_tensors(&self) -> Vec<ParameterTensor> {
        let mut tensors = Vec::new();
        // Activations count as modules, as in `torch.nn.Sequential(Linear, Tanh, Linear)`.
        for (layer, (dense, range)) in self.layers().into_iter().zip(self.parameter_ranges()).enumerate() {
            let bias = range.end - dense.outputs;
            let tensor = |what: &str, shape: Vec<usize>, range: Range<usize>| {
                let name = format!("{}.{what}", 2 * layer);
                ParameterTensor { name, shape, range }
            };
            tensors.push(tensor("weight", vec![dense.outputs, dense.inputs], range.start..bias));
            tensors.push(tensor("bias", vec![dense.outputs], bias..range.end));
        }
        tensors
    }

    fn initial_parameters(&self) -> Vec<InitialParameters> {
        let layers = self.layers().into_iter().zip(self.parameter_ranges());
        layers.map(|(dense, range)| InitialParameters::linear(range, dense.inputs)).collect()
    }

    fn at<'n>(&'n self, parameters: &[R]) -> Result<Box<dyn NetworkPoint<R> + 'n>, NetworkError> {
        Ok(Box::new(self.evaluate(parameters)?))
    }

    fn sample_losses(&self, parameters: &[R]) -> Result<Vec<f64>, NetworkError> {
        self.losses(parameters)
    }

    fn accuracy(&self, parameters: &[R]) -> Result<Option<f64>, NetworkError> {
        Network::accuracy(self, parameters)
    }
}

impl<R: Real> NetworkPoint<R> for Evaluation<'_, R> {
    fn samples(&self) -> usize {
        EmpiricalRisk::samples(self.network)
    }

    fn dimension(&self) -> usize {
        EmpiricalRisk::dimension(self.network)
    }

    fn gradient(&self, workspace: &mut Workspace<R>, out: &mut [R]) -> Result<(), NetworkError> {
        Evaluation::gradient(self, workspace, out)
    }

    fn hessian_vector(
        &self,
        vector: &[R],
        workspace: &mut Workspace<R>,
        out: &mut [R],
    ) -> Result<(), NetworkError> {
        Evaluation::hessian_vector(self, vector, workspace, out)
    }

    fn gauss_newton_vector(
        &self,
        vector: &[R],
        workspace: &mut Workspace<R>,
        out: &mut [R],
    ) -> Result<(), NetworkError> {
        Evaluation::gauss_newton_vector(self, vector, workspace, out)
    }

    fn empirical_fisher_vector(
        &self,
        vector: &[R],
        centred: bool,
        workspace: &mut Workspace<R>,
        out: &mut [R],
    ) -> Result<(), NetworkError> {
        Evaluation::empirical_fisher_vector(self, vector, centred, workspace, out)
    }

    fn squared_norms(&self, out: &mut [R]) -> Result<(), NetworkError> {
        Evaluation::squared_norms(self, out)
    }

    fn gram(&self) -> Gram<R> {
        Evaluation::gram(self)
    }
}
