//! Where the layers of a description become a network.

use std::path::Path;
use std::sync::Arc;

use super::data_setting::split;
use super::{RunError, unfit};
use crate::ensemble::Start;
use crate::lanes::Real;
use crate::random::Variate;
use crate::risk::Dataset;
use crate::risk::network::layered::{LayeredNetwork, ResNet18, ResidualNorm, Stem, next_token_model};
use crate::risk::network::{Activation, Dense, Network, NetworkError, NetworkRisk};
use crate::study::description::{self as described, Architecture};
use crate::study::{Landscape, Model};

/// The network of a model over `data`.
pub(super) fn network<R: Variate>(
    model: &described::Network,
    data: &Dataset,
) -> Result<Arc<dyn NetworkRisk<R>>, RunError> {
    let classes = data.classes().unwrap_or(1);
    let (input, layers) = match &model.architecture {
        Architecture::Dense { layers, activation } => {
            return Ok(Arc::new(dense(model, layers, *activation, data)?));
        }
        Architecture::ResNet18 { width, groups } => {
            let [channels, side, across] = data.image_shape().ok_or_else(|| {
                let remedy = "a residual network reads images: take data of images, or say with \
                              `landscape.shape = [height, width]` how features lie";
                unfit("landscape.architecture", "\"resnet-18\"", remedy)
            })?;
            if side != across {
                let remedy =
                    format!("its images are square, and those of {} are {side} × {across}", data.name());
                return Err(unfit("landscape.architecture", "\"resnet-18\"", remedy));
            }
            let (width, norm) = (*width as usize, ResidualNorm::Group(*groups as usize));
            ResNet18 { channels, side, classes, width, norm, stem: Stem::Small }.layers()
        }
        Architecture::NextToken { channels, hidden } => {
            next_token_model(classes, data.features(), *channels as usize, *hidden as usize)
        }
    };
    Ok(Arc::new(LayeredNetwork::<R>::new(data, input, &layers, model.loss, model.l2)?))
}

/// A chain of dense layers on the features of `data`, with the analysis that takes matrices of its size.
pub(super) fn analysed(model: &described::Network, data: &Dataset) -> Result<Network<f64>, RunError> {
    match &model.architecture {
        Architecture::Dense { layers, activation } => Ok(dense(model, layers, *activation, data)?),
        Architecture::ResNet18 { .. } | Architecture::NextToken { .. } => {
            let remedy = "this study forms matrices of all parameters: take a small `dense` network, or `study = \
                          \"curvature\"`, which does not";
            Err(unfit("landscape.architecture", "a layered network", remedy))
        }
    }
}

fn dense<R: Real>(
    model: &described::Network,
    widths: &[u64],
    activation: Activation,
    data: &Dataset,
) -> Result<Network<R>, NetworkError> {
    let mut inputs = data.features();
    let mut layers = Vec::with_capacity(widths.len());
    for (index, &outputs) in widths.iter().enumerate() {
        let last = index + 1 == widths.len();
        let activation = if last { Activation::Identity } else { activation };
        let outputs = outputs as usize;
        layers.push(Dense { inputs, outputs, activation });
        inputs = outputs;
    }
    Network::new(data, &layers, model.loss, model.l2)
}

/// The network of a landscape on its training data.
pub(super) fn network_of<R: Variate>(
    study: &'static str,
    landscape: &Landscape,
    directory: Option<&Path>,
) -> Result<Arc<dyn NetworkRisk<R>>, RunError> {
    Ok(networks_of(study, landscape, directory)?.0)
}

/// A network on training data, and on test data.
type Split<R> = (Arc<dyn NetworkRisk<R>>, Option<Arc<dyn NetworkRisk<R>>>);

/// The network of a landscape on its training data, and on its test data if there are any.
pub(super) fn networks_of<R: Variate>(
    study: &'static str,
    landscape: &Landscape,
    directory: Option<&Path>,
) -> Result<Split<R>, RunError> {
    match landscape {
        Landscape::Risk(risk) => match &risk.model {
            Model::Network(model) => {
                let (training, test) = split(risk, directory)?;
                let test = test.map(|test| network(model, &test)).transpose()?;
                Ok((network(model, &training)?, test))
            }
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
    Start::Parameters(network.initial_parameters())
}
