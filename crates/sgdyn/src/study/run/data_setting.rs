//! Where the data of a description become a risk.

use std::path::Path;
use std::sync::Arc;

use super::network_setting::dense;
use super::{RunError, unfit};
use crate::random::Variate;
use crate::risk::network::Loss;
use crate::risk::{
    ConstantFeatures, CsvOptions, Dataset, EmpiricalRisk, GeneralisedLinear, LabelColumn, LabelKind, Link,
    PointRisk, SampleCurvature,
};
use crate::study::description as described;
use crate::study::{Label, Model};

/// The data of a risk, prepared as described.
pub(super) fn dataset(risk: &described::Risk, directory: Option<&Path>) -> Result<Dataset, RunError> {
    let (label, regression) = match &risk.model {
        Model::Linear(model) => (model.label.as_ref(), true),
        Model::Logistic(model) | Model::Softmax(model) => (model.label.as_ref(), false),
        // A ready data set has classes, which the squared loss takes too.
        Model::Network(model) => {
            let ready = Dataset::READY.contains(&risk.data.as_str());
            (model.label.as_ref(), model.loss == Loss::Squared && !ready)
        }
        _ => (None, false),
    };
    let data = if Dataset::READY.contains(&risk.data.as_str()) && label.is_none() && !regression {
        Dataset::ready(&risk.data)?
    } else {
        let mut options = CsvOptions::default();
        match label {
            Some(Label::Index(index)) => options.label = LabelColumn::Index(*index as i64),
            Some(Label::Name(name)) => options.label = LabelColumn::Name(name.clone()),
            None => {}
        }
        if regression {
            options.labels = LabelKind::Targets;
        }
        // Something with the look of a name is not looked for in the file system: its near miss is more help.
        let looks_like_file = risk.data.contains(['.', '/', '\\']);
        if !looks_like_file {
            Dataset::ready(&risk.data)?;
            return Err(unfit("landscape.data", &risk.data, "a ready data set is used with its own labels"));
        }
        let path = directory.map_or_else(|| risk.data.clone().into(), |directory| directory.join(&risk.data));
        Dataset::from_csv(path, &options)?
    };
    let data = if let Some(divisor) = risk.divide_by { data.divided_by(divisor)? } else { data };
    let data = if risk.standardise { data.standardised(ConstantFeatures::Error)? } else { data };
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
        Model::Network(model) => Box::new(dense::<f64>(model, &data)?),
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
        Model::Network(model) => Arc::new(dense::<R>(model, &data)?),
        Model::Mean => Arc::new(PointRisk::<R>::mean(&data)?),
        Model::Flat | Model::FreshRegression { .. } => Arc::new(PointRisk::<R>::flat(&data)?),
    })
}
