//! Where the layers of a description become a network.

use std::path::Path;
use std::sync::Arc;

use super::data_setting::dataset;
use super::{RunError, unfit};
use crate::ensemble::Start;
use crate::lanes::Real;
use crate::random::Variate;
use crate::risk::Dataset;
use crate::risk::network::{Activation, Dense, InitialLaw, Network, NetworkError, NetworkRisk};
use crate::study::description as described;
use crate::study::{Landscape, Model};

/// A chain of dense layers on the features of `data`.
pub(super) fn dense<R: Real>(model: &described::Network, data: &Dataset) -> Result<Network<R>, NetworkError> {
    let mut inputs = data.features();
    let mut layers = Vec::with_capacity(model.layers.len());
    for (index, &outputs) in model.layers.iter().enumerate() {
        let last = index + 1 == model.layers.len();
        let activation = if last { Activation::Identity } else { model.activation };
        let outputs = outputs as usize;
        layers.push(Dense { inputs, outputs, activation });
        inputs = outputs;
    }
    Network::new(data, &layers, model.loss, model.l2)
}

/// The network of a landscape.
pub(super) fn network_of<R: Variate>(
    study: &'static str,
    landscape: &Landscape,
    directory: Option<&Path>,
) -> Result<Arc<dyn NetworkRisk<R>>, RunError> {
    match landscape {
        Landscape::Risk(risk) => match &risk.model {
            Model::Network(model) => Ok(Arc::new(dense::<R>(model, &dataset(risk, directory)?)?)),
            _ => Err(no_network(study)),
        },
        _ => Err(no_network(study)),
    }
}

fn no_network(study: &'static str) -> RunError {
    unfit("study", format!("\"{study}\""), "it looks at a network: set `landscape.risk = \"network\"`")
}

/// Where the replicas of a network begin.
pub(super) fn initial<R: Variate>(network: &dyn NetworkRisk<R>) -> Start {
    let InitialLaw { centre, half_width } = InitialLaw::uniform(&network.parameter_tensors());
    Start::Uniform { centre, half_width }
}
