//! Where the data of a description become a risk.

use std::path::Path;
use std::sync::Arc;

use super::RunError;
use super::prepared_data::parts;
use crate::random::Variate;
use crate::risk::{Dataset, EmpiricalRisk, GeneralisedLinear, LabelKind, Link, PointRisk, SampleCurvature};
use crate::study::Model;
use crate::study::description as described;

/// The training data of a risk, prepared as described.
pub(super) fn dataset(risk: &described::Risk, directory: Option<&Path>) -> Result<Dataset, RunError> {
    let labels = match &risk.model {
        Model::Linear(_) => LabelKind::Targets,
        _ => LabelKind::Classes,
    };
    let (data, _) = parts(&risk.data, labels, directory)?;
    let intercept = match &risk.model {
        Model::Linear(model) | Model::Logistic(model) | Model::Softmax(model) => model.intercept,
        _ => false,
    };
    Ok(if intercept { data.with_intercept() } else { data })
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
        Model::Mean => Arc::new(PointRisk::<R>::mean(&data)?),
        Model::Flat | Model::FreshRegression { .. } => Arc::new(PointRisk::<R>::flat(&data)?),
    })
}
