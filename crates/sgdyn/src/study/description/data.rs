//! The data of a risk and what is done to them before they are used.

use serde::Deserialize;

use super::landscape::Label;
use crate::risk::{ConstantFeatures, IncompleteRows};

/// Samples: where they come from, how they are read, and what is done to them, in the order of the fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// The name of a ready data set or text, or a path relative to the study file.
    pub source: String,
    /// The column of the label, or the name of the array of labels; none: the last column, the only list.
    pub label: Option<Label>,
    /// A file of labels, relative to the study file.
    pub labels: Option<String>,
    /// The array of samples in a file of several; none: the only one of several dimensions.
    pub features: Option<String>,
    /// Whether the first row of a table holds names; none: found out.
    pub header: Option<bool>,
    /// Columns of a table that are neither features nor the label, by name or, in digits, by number.
    pub ignore: Vec<String>,
    /// What to do with rows that have an empty cell.
    pub incomplete_rows: IncompleteRows,
    /// The number of classes, if they are to be 0, 1, …, whichever occur.
    pub classes: Option<u64>,
    /// The shape of a sample, if the file does not say.
    pub shape: Option<Vec<u64>>,
    /// How a text is cut into samples.
    pub windows: Option<TextWindows>,
    /// A number that all features are divided by.
    pub divide_by: Option<f64>,
    /// The height and width that images are pooled to.
    pub pool: Option<Vec<u64>>,
    /// Some of the samples.
    pub subset: Option<Subset>,
    /// A training and a test part.
    pub split: Option<Split>,
    /// Whether each feature is brought to mean 0 and variance 1 over the training part.
    pub standardise: bool,
    /// What to do with a feature that is the same in all samples.
    pub constant_features: ConstantFeatures,
}

/// Windows of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextWindows {
    /// Characters of a window.
    pub length: u64,
    /// Characters from the beginning of a window to that of the next.
    pub stride: u64,
}

/// Some of the samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subset {
    /// How many.
    pub count: u64,
    /// Which.
    pub by: SubsetBy,
}

/// Which samples a subset takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubsetBy {
    /// Of each class the first ones, in proportion to its size.
    #[default]
    Stratified,
    /// The first ones of the file.
    First,
}

/// Training and test part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// The share of the training part.
    pub share: f64,
    /// The seed of the choice.
    pub seed: u64,
}
