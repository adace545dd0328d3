//! Where the data of a description become a risk.

use std::path::Path;
use std::sync::Arc;

use super::RunError;
use super::network_setting::{analysed, network};
use super::prepared_data::parts;
use crate::random::Variate;
use crate::risk::network::Loss;
use crate::risk::{Dataset, EmpiricalRisk, GeneralisedLinear, LabelKind, Link, PointRisk, SampleCurvature};
use crate::study::Model;
use crate::study::description as described;

/// The training data of a risk, prepared as described.
pub(super) fn dataset(risk: &described::Risk, directory: Option<&Path>) -> Result<Dataset, RunError> {
    Ok(split(risk, directory)?.0)
}

/// The training data of a risk, and the test data if there are any.
pub(super) fn split(
    risk: &described::Risk,
    directory: Option<&Path>,
) -> Result<(Dataset, Option<Dataset>), RunError> {
    // A ready data set has classes, which the squared loss takes too.
    let ready = Dataset::READY.contains(&risk.data.source.as_str());
    let labels = match &risk.model {
        Model::Linear(_) => LabelKind::Targets,
        Model::Network(network) if network.loss == Loss::Squared && !ready => LabelKind::Targets,
        _ => LabelKind::Classes,
    };
    let (training, test) = parts(&risk.data, labels, directory)?;
    let intercept = match &risk.model {
        Model::Linear(model) | Model::Logistic(model) | Model::Softmax(model) => model.intercept,
        _ => false,
    };
    let completed = |data: Dataset| if intercept { data.with_intercept() } else { data };
    Ok((completed(training), test.map(completed)))
}

/// A risk with its analysis at a point.
pub(super) fn curvature_of(
    risk: &described::Risk,
    directory: Option<&Path>,
) -> Result<Box<dyn SampleCurvature>, RunError> {
    let data = dataset(risk, directory)?;
    Ok(match &risk.model {
        Model::Linear(model) => Box::new(GeneralisedLinear::<f64>::new(Link::Linear, &data, model.l2)?),
        Model::Logistic(model) => Box::new(GeneralisedLinear::<f64>::new(Link::Logistic, &data, model.l2)?),
        Model::Softmax(model) => Box::new(GeneralisedLinear::<f64>::new(Link::Softmax, &data, model.l2)?),
        Model::Network(model) => Box::new(analysed(model, &data)?),
        Model::Mean => Box::new(PointRisk::<f64>::mean(&data)?),
        Model::Flat | Model::FreshRegression { .. } => Box::new(PointRisk::<f64>::flat(&data)?),
    })
}

pub(super) fn risk_of<R: Variate>(
    risk: &described::Risk,
    directory: Option<&Path>,
) -> Result<Arc<dyn EmpiricalRisk<R>>, RunError> {
    let data = dataset(risk, directory)?;
    Ok(match &risk.model {
        Model::Linear(model) => Arc::new(GeneralisedLinear::<R>::new(Link::Linear, &data, model.l2)?),
        Model::Logistic(model) => Arc::new(GeneralisedLinear::<R>::new(Link::Logistic, &data, model.l2)?),
        Model::Softmax(model) => Arc::new(GeneralisedLinear::<R>::new(Link::Softmax, &data, model.l2)?),
        Model::Network(model) => network(model, &data, directory)?.network,
        Model::Mean => Arc::new(PointRisk::<R>::mean(&data)?),
        Model::Flat | Model::FreshRegression { .. } => Arc::new(PointRisk::<R>::flat(&data)?),
    })
}
