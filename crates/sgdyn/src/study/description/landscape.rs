//! The landscape of a cell.

use super::data::{Data, Split, Subset, SubsetBy, TextWindows};
use super::error::DescriptionError;
use super::network::{self, Architecture, Network};
use crate::risk::network::Activation;
use crate::risk::network::layered::{Layer, ResidualNorm, Stem};
use crate::risk::{ConstantFeatures, IncompleteRows};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What is descended.
#[derive(Clone, Debug, PartialEq)]
pub enum Landscape {
    /// A loss given as a formula.
    Formula(Formula),
    /// A landscape with known minima and saddles.
    Named(Named),
    /// The mean loss of a model over data.
    Risk(Risk),
}

/// A loss given as a formula.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    /// The formula.
    pub formula: String,
    /// The variables in the order of the coordinates; none: all names that are no parameters, in alphabetical order.
    pub variables: Option<Vec<String>>,
    /// The numbers that the formula calls by name.
    pub parameters: BTreeMap<String, f64>,
}

/// A landscape of the library.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// Its name, such as `double-well`.
    pub name: String,
    /// All its parameters, defaults included.
    pub parameters: BTreeMap<String, Parameter>,
}

/// A parameter of a named landscape.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Parameter {
    /// A count, such as a dimension.
    Count(u64),
    /// A number.
    Number(f64),
    /// A list of numbers, such as curvatures.
    Vector(Vec<f64>),
}

/// The empirical risk of a model over a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Risk {
    /// The model.
    pub model: Model,
    /// The samples.
    pub data: Box<Data>,
}

/// The model of a risk.
#[derive(Clone, Debug, PartialEq)]
pub enum Model {
    /// ℓᵢ = ½(w·xᵢ − yᵢ)².
    Linear(Supervised),
    /// Binary cross entropy of σ(w·xᵢ).
    Logistic(Supervised),
    /// Cross entropy of a linear classifier of several classes.
    Softmax(Supervised),
    /// ℓᵢ = ½|θ − xᵢ|².
    Mean,
    /// ℓᵢ = (xᵢ − x̄)·θ: no curvature, only noise.
    Flat,
    /// ½(w·x − ε)² on fresh Gaussian inputs at each step, w measured from the optimum.
    FreshRegression {
        /// The variance > 0 of each input.
        input_variances: Vec<f64>,
        /// The standard deviation ≥ 0 of the label noise ε.
        label_deviation: f64,
    },
    /// A network of layers.
    Network(Network),
}

/// What models that predict a column have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Supervised {
    /// Whether a column of ones is added to the inputs.
    pub intercept: bool,
    /// The factor λ ≥ 0 of the penalty ½λ|θ|².
    pub l2: f64,
}

/// A column of a data set.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Label {
    /// By number, from 0.
    Index(u64),
    /// By name.
    Name(String),
}

/// `[landscape]` as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Section {
    formula: Option<String>,
    variables: Option<Vec<String>>,
    name: Option<String>,
    #[serde(default)]
    parameters: BTreeMap<String, Parameter>,
    risk: Option<String>,
    data: Option<String>,
    label: Option<Label>,
    labels: Option<String>,
    features: Option<String>,
    header: Option<bool>,
    #[serde(default)]
    ignore: Vec<String>,
    #[serde(default)]
    incomplete_rows: IncompleteRows,
    classes: Option<u64>,
    shape: Option<Vec<u64>>,
    window: Option<u64>,
    stride: Option<u64>,
    pool: Option<Vec<u64>>,
    subset: Option<u64>,
    #[serde(default)]
    subset_by: SubsetBy,
    split: Option<f64>,
    split_seed: Option<u64>,
    #[serde(default)]
    constant_features: ConstantFeatures,
    divide_by: Option<f64>,
    input_variances: Option<Vec<f64>>,
    label_deviation: Option<f64>,
    standardise: Option<bool>,
    intercept: Option<bool>,
    l2: Option<f64>,
    sharpness: Option<f64>,
    architecture: Option<String>,
    width: Option<u64>,
    groups: Option<usize>,
    norm: Option<String>,
    stem: Option<String>,
    layer: Option<Vec<Layer>>,
    weights: Option<String>,
    channels: Option<u64>,
    hidden: Option<u64>,
    layers: Option<Vec<u64>>,
    activation: Option<Activation>,
    loss: Option<String>,
}

impl Section {
    /// The factor k of L(√k θ).
    pub(crate) fn sharpness(&self) -> f64 {
        self.sharpness.unwrap_or(1.0)
    }
}

impl Landscape {
    pub(crate) fn from_section(section: Section) -> Result<Self, DescriptionError> {
        let mismatch = |message: &str| DescriptionError::SchemaMismatch {
            section: "landscape",
            message: message.to_owned(),
        };
        if let Some(formula) = section.formula {
            let number = |(name, parameter)| match parameter {
                Parameter::Number(number) => Ok((name, number)),
                Parameter::Count(count) => Ok((name, count as f64)),
                Parameter::Vector(_) => Err(mismatch("a formula's parameter is a number")),
            };
            let parameters = section.parameters.into_iter().map(number).collect::<Result<_, _>>()?;
            return Ok(Self::Formula(Formula { formula, variables: section.variables, parameters }));
        }
        if let Some(name) = section.name {
            return Ok(Self::Named(Named { name, parameters: section.parameters }));
        }
        let model = section.risk.ok_or_else(|| mismatch("no formula, name or risk"))?;
        let supervised =
            Supervised { intercept: section.intercept.unwrap_or(false), l2: section.l2.unwrap_or(0.0) };
        let model = match model.as_str() {
            "linear" => Model::Linear(supervised),
            "logistic" => Model::Logistic(supervised),
            "softmax" => Model::Softmax(supervised),
            "mean" => Model::Mean,
            "flat" => Model::Flat,
            "fresh-regression" => Model::FreshRegression {
                input_variances: section.input_variances.ok_or_else(|| mismatch("no input variances"))?,
                label_deviation: section.label_deviation.unwrap_or(1.0),
            },
            "network" => Model::Network(Network {
                architecture: match section.architecture.as_deref() {
                    Some("layered") => {
                        Architecture::Layered { layers: section.layer.ok_or_else(|| mismatch("no layers"))? }
                    }
                    Some("resnet-18") => Architecture::ResNet18 {
                        width: section.width.ok_or_else(|| mismatch("no width"))?,
                        norm: match section.norm.as_deref() {
                            Some("frozen-batch") => ResidualNorm::FrozenBatch,
                            _ => ResidualNorm::Group(section.groups.ok_or_else(|| mismatch("no groups"))?),
                        },
                        stem: if section.stem.as_deref() == Some("imagenet") {
                            Stem::ImageNet
                        } else {
                            Stem::Small
                        },
                    },
                    Some("next-token") => Architecture::NextToken {
                        channels: section.channels.ok_or_else(|| mismatch("no channels"))?,
                        hidden: section.hidden.ok_or_else(|| mismatch("no hidden layer"))?,
                    },
                    _ => Architecture::Dense {
                        layers: section.layers.ok_or_else(|| mismatch("no layers"))?,
                        activation: section.activation.ok_or_else(|| mismatch("no activation"))?,
                    },
                },
                loss: section.loss.as_deref().and_then(network::loss).ok_or_else(|| mismatch("no loss"))?,
                l2: supervised.l2,
                weights: section.weights,
            }),
            other => return Err(mismatch(other)),
        };
        let data = Data {
            source: section.data.unwrap_or_default(),
            label: section.label,
            labels: section.labels,
            features: section.features,
            header: section.header,
            ignore: section.ignore,
            incomplete_rows: section.incomplete_rows,
            classes: section.classes,
            shape: section.shape,
            windows: section
                .window
                .map(|length| TextWindows { length, stride: section.stride.unwrap_or(length) }),
            divide_by: section.divide_by,
            pool: section.pool,
            subset: section.subset.map(|count| Subset { count, by: section.subset_by }),
            split: section.split.map(|share| Split { share, seed: section.split_seed.unwrap_or(1) }),
            standardise: section.standardise.unwrap_or(false),
            constant_features: section.constant_features,
        };
        Ok(Self::Risk(Risk { model, data: Box::new(data) }))
    }
}
