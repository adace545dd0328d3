//! Where the layers of a description become a network.

use std::path::Path;
use std::sync::Arc;

use super::data_setting::split;
use super::prepared_data::path;
use super::{RunError, unfit};
use crate::ensemble::Start;
use crate::lanes::Real;
use crate::random::Variate;
use crate::risk::Dataset;
use crate::risk::network::layered::{
    Input, Layer, LayeredNetwork, ResNet18, ResidualNorm, Stem, next_token_model,
};
use crate::risk::network::{Activation, Dense, Network, NetworkError, NetworkRisk, read_weights};
use crate::study::description::{self as described, Architecture};
use crate::study::{Landscape, Model};

/// A network, and where its replicas begin.
pub(super) struct Begun<R: Variate> {
    pub network: Arc<dyn NetworkRisk<R>>,
    pub start: Start,
}

/// The network of a model over `data`, with the statistics of its file of weights, if there is one.
pub(super) fn network<R: Variate>(
    model: &described::Network,
    data: &Dataset,
    directory: Option<&Path>,
) -> Result<Begun<R>, RunError> {
    let weights = model.weights.as_ref().map(|file| path(file, directory));
    let point = |values: Vec<R>| Start::Point(values.into_iter().map(Real::to_f64).collect());
    let (input, layers) = match &model.architecture {
        Architecture::Dense { layers, activation } => {
            let network = dense(model, layers, *activation, data)?;
            let start = match weights {
                Some(file) => point(read_weights(&network, file)?),
                None => Start::Parameters(network.initial_parameters()),
            };
            return Ok(Begun { network: Arc::new(network), start });
        }
        Architecture::Layered { layers } => (input_of(layers, data)?, layers.clone()),
        Architecture::ResNet18 { width, norm, stem } => residual(*width as usize, *norm, *stem, data)?,
        Architecture::NextToken { channels, hidden } => {
            let tokens = data.classes().unwrap_or(1);
            next_token_model(tokens, data.features(), *channels as usize, *hidden as usize)
        }
    };
    let mut network = LayeredNetwork::<R>::new(data, input, &layers, model.loss, model.l2)?;
    let start = match weights {
        Some(file) => point(network.read_checkpoint(file)?),
        None => Start::Parameters(network.initial_parameters()),
    };
    Ok(Begun { network: Arc::new(network), start })
}

fn residual(
    width: usize,
    norm: ResidualNorm,
    stem: Stem,
    data: &Dataset,
) -> Result<(Input, Vec<Layer>), RunError> {
    let [channels, side, across] = image_shape(data, "\"resnet-18\"")?;
    if side != across {
        let remedy = format!("its images are square, and those of {} are {side} × {across}", data.name());
        return Err(unfit("landscape.architecture", "\"resnet-18\"", remedy));
    }
    let classes = data.classes().unwrap_or(1);
    Ok(ResNet18 { channels, side, classes, width, norm, stem }.layers())
}

/// Samples are what the layers can read: tokens if one embeds them, images if one looks at neighbours, else vectors.
fn input_of(layers: &[Layer], data: &Dataset) -> Result<Input, RunError> {
    if any(layers, &|layer| matches!(layer, Layer::Embedding { .. })) {
        return Ok(Input::Tokens { length: data.features() });
    }
    let reads_images = |layer: &Layer| {
        use Layer::{AveragePool, Convolution2d, GlobalAveragePool, MaxPool};
        matches!(layer, Convolution2d { .. } | MaxPool { .. } | AveragePool { .. } | GlobalAveragePool {})
    };
    if any(layers, &reads_images) {
        let [channels, height, width] = image_shape(data, "\"layered\"")?;
        return Ok(Input::Image { channels, height, width });
    }
    Ok(Input::Features { features: data.features() })
}

/// Whether some layer, or one inside it, is such.
fn any(layers: &[Layer], such: &dyn Fn(&Layer) -> bool) -> bool {
    layers.iter().any(|layer| {
        such(layer)
            || match layer {
                Layer::Residual { body, shortcut } => any(body, such) || any(shortcut, such),
                Layer::Sequence { layers } => any(layers, such),
                Layer::Named { layer, .. } => any(std::slice::from_ref(layer), such),
                _ => false,
            }
    })
}

fn image_shape(data: &Dataset, architecture: &str) -> Result<[usize; 3], RunError> {
    data.image_shape().ok_or_else(|| {
        let remedy = "it reads images: take data of images, or say with `landscape.shape = [height, width]` how \
                      features lie";
        unfit("landscape.architecture", architecture, remedy)
    })
}

/// A chain of dense layers on the features of `data`, with the analysis that takes matrices of its size.
pub(super) fn analysed(model: &described::Network, data: &Dataset) -> Result<Network<f64>, RunError> {
    if let Architecture::Dense { layers, activation } = &model.architecture {
        return Ok(dense(model, layers, *activation, data)?);
    }
    let remedy = "this study forms matrices of all parameters: take a small `dense` network, or `study = \"curvature\"`, \
                  which does not";
    Err(unfit("landscape.architecture", "a layered network", remedy))
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
) -> Result<Begun<R>, RunError> {
    Ok(networks_of(study, landscape, directory)?.0)
}

/// A network on training data, and on test data.
type Split<R> = (Begun<R>, Option<Arc<dyn NetworkRisk<R>>>);

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
                let test = test.map(|test| network(model, &test, directory)).transpose()?;
                Ok((network(model, &training, directory)?, test.map(|test| test.network)))
            }
            _ => Err(no_network(study)),
        },
        _ => Err(no_network(study)),
    }
}

fn no_network(study: &'static str) -> RunError {
    unfit("study", format!("\"{study}\""), "it looks at a network: set `landscape.risk = \"network\"`")
}
