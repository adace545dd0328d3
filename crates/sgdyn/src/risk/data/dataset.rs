//! A table of features with one label per sample.

use super::error::DatasetError;
use super::preparation_error::PreparationError;

/// What is to be predicted for each sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Labels {
    /// One of several classes.
    Classes {
        /// The class of each sample, `[samples]`, an index into `names`.
        of_sample: Vec<u32>,
        /// The classes.
        names: Vec<String>,
    },
    /// A real number for each sample, `[samples]`.
    Targets(Vec<f64>),
}

/// Samples of a supervised problem: features row by row, `[samples × features]`, and labels, `[samples]`.
///
/// All values are finite and there is at least one sample and one feature.
///
/// ```
/// use sgdyn::risk::{ConstantFeatures, Dataset};
///
/// let banknote = Dataset::ready("banknote")?.standardised(ConstantFeatures::Error)?.with_intercept();
/// assert_eq!((banknote.samples(), banknote.features()), (1372, 5));
/// assert_eq!(banknote.row(0)[4], 1.0);
/// # Ok::<(), sgdyn::risk::DatasetError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    name: String,
    values: Vec<f64>,
    feature_names: Vec<String>,
    /// The shape of a sample.
    shape: Vec<usize>,
    labels: Labels,
}

impl Dataset {
    /// Joins `values`, `[samples × feature_names.len()]` row by row, and `labels`, `[samples]`; `name` appears in
    /// errors.
    ///
    /// # Errors
    /// [`DatasetError::NoRows`], [`DatasetError::NoFeatures`], [`DatasetError::Shape`] if the lengths disagree,
    /// [`DatasetError::NotFinite`] with sample and column, counted from 1, [`DatasetError::OutOfRange`] for a class
    /// without a name, [`DatasetError::OneClass`] if fewer than two classes have a name.
    pub fn new(
        name: &str,
        values: Vec<f64>,
        feature_names: Vec<String>,
        labels: Labels,
    ) -> Result<Self, DatasetError> {
        let file = || name.to_owned();
        let samples = match &labels {
            Labels::Classes { of_sample, .. } => of_sample.len(),
            Labels::Targets(targets) => targets.len(),
        };
        let features = feature_names.len();
        if samples == 0 {
            return Err(DatasetError::NoRows { file: file() });
        }
        if features == 0 {
            return Err(DatasetError::NoFeatures { file: file() });
        }
        if values.len() != samples * features {
            let (expected, found) = (samples * features, values.len());
            return Err(DatasetError::Shape {
                file: file(),
                what: "number of feature values",
                expected,
                found,
            });
        }
        let not_finite = |row: usize, column: String, value: f64| DatasetError::NotFinite {
            file: file(),
            row: row + 1,
            column,
            text: value.to_string(),
        };
        if let Some(place) = values.iter().position(|value| !value.is_finite()) {
            let (row, column) = (place / features, place % features);
            return Err(not_finite(row, column_title(column, &feature_names[column]), values[place]));
        }
        match &labels {
            Labels::Classes { of_sample, names } => {
                if names.len() < 2 {
                    let class = names.first().cloned().unwrap_or_default();
                    return Err(DatasetError::OneClass { file: file(), class });
                }
                if let Some(&class) = of_sample.iter().find(|&&class| class as usize >= names.len()) {
                    let (index, count) = (class as usize, names.len());
                    return Err(DatasetError::OutOfRange { file: file(), what: "class", index, count });
                }
            }
            Labels::Targets(targets) => {
                if let Some(row) = targets.iter().position(|target| !target.is_finite()) {
                    return Err(not_finite(row, "of the label".to_owned(), targets[row]));
                }
            }
        }
        Ok(Self { name: name.to_owned(), values, feature_names, shape: vec![features], labels })
    }

    /// With samples of `shape` instead of `[features]`; the order of the values stays, the last index fastest.
    ///
    /// # Errors
    /// [`PreparationError::SampleShape`] if the shape does not have as many entries as there are features.
    pub fn with_shape(mut self, shape: &[usize]) -> Result<Self, DatasetError> {
        let entries = shape.iter().try_fold(1, |entries: usize, &length| entries.checked_mul(length));
        if shape.is_empty() || entries != Some(self.features()) {
            let (shape, features) = (shape.to_vec(), self.features());
            return Err(PreparationError::SampleShape { file: self.name, shape, features }.into());
        }
        self.shape = shape.to_vec();
        Ok(self)
    }

    /// The file or ready name that the samples come from.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of samples, N.
    pub fn samples(&self) -> usize {
        self.values.len() / self.features()
    }

    /// The number of features.
    pub fn features(&self) -> usize {
        self.feature_names.len()
    }

    /// The names of the features, `[features]`; `feature 1`, … where the file has no header.
    pub fn feature_names(&self) -> &[String] {
        &self.feature_names
    }

    /// The shape of a sample, with as many entries as there are features: `[features]` for tables, `[height, width]`
    /// or `[channels, height, width]` for images.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// `[channels, height, width]` of a sample that is an image; one channel if the shape has none.
    pub fn image_shape(&self) -> Option<[usize; 3]> {
        match *self.shape.as_slice() {
            [height, width] => Some([1, height, width]),
            [channels, height, width] => Some([channels, height, width]),
            _ => None,
        }
    }

    /// The features of all samples, `[samples × features]`.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The features of one sample, `[features]`.
    ///
    /// # Panics
    /// If there is no such sample.
    pub fn row(&self, sample: usize) -> &[f64] {
        &self.values[sample * self.features()..(sample + 1) * self.features()]
    }

    /// The labels.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The number of classes, or `None` for real targets.
    pub fn classes(&self) -> Option<usize> {
        match &self.labels {
            Labels::Classes { names, .. } => Some(names.len()),
            Labels::Targets(_) => None,
        }
    }

    /// With a last feature `intercept` that is 1 in all samples, which are lists from then on.
    pub fn with_intercept(&self) -> Self {
        let mut feature_names = self.feature_names.clone();
        feature_names.push("intercept".to_owned());
        let values = self.values.chunks_exact(self.features());
        Self {
            name: self.name.clone(),
            values: values.flat_map(|row| row.iter().copied().chain([1.0])).collect(),
            shape: vec![feature_names.len()],
            feature_names,
            labels: self.labels.clone(),
        }
    }
}

/// A column in an error: its number from 1, and its name.
pub(super) fn column_title(column: usize, name: &str) -> String {
    format!("{} (`{name}`)", column + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_that_do_not_belong_together_are_refused() {
        let names = || vec!["x".to_owned()];
        let targets = |values: &[f64]| Labels::Targets(values.to_vec());
        let error = |values: &[f64], labels| Dataset::new("d", values.to_vec(), names(), labels).unwrap_err();
        assert!(matches!(
            error(&[1.0], targets(&[1.0, 2.0])),
            DatasetError::Shape { expected: 2, found: 1, .. }
        ));
        assert!(matches!(error(&[1.0], targets(&[f64::NAN])), DatasetError::NotFinite { row: 1, .. }));
        assert!(matches!(error(&[f64::NAN], targets(&[1.0])), DatasetError::NotFinite { row: 1, .. }));
        assert!(matches!(error(&[], targets(&[])), DatasetError::NoRows { .. }));
        let classes = Labels::Classes { of_sample: vec![2], names: vec!["a".into(), "b".into()] };
        assert!(matches!(error(&[1.0], classes), DatasetError::OutOfRange { index: 2, count: 2, .. }));
    }

    #[test]
    fn a_sample_has_a_shape_of_as_many_entries() {
        let names = (0..6).map(|pixel| pixel.to_string()).collect();
        let data = Dataset::new("d", vec![0.0; 6], names, Labels::Targets(vec![1.0])).unwrap();
        assert_eq!((data.shape(), data.image_shape()), (&[6][..], None));
        let image = data.clone().with_shape(&[2, 3]).unwrap();
        assert_eq!((image.shape(), image.image_shape()), (&[2, 3][..], Some([1, 2, 3])));
        assert_eq!(data.clone().with_shape(&[3, 1, 2]).unwrap().image_shape(), Some([3, 1, 2]));
        let with = image.with_intercept();
        assert_eq!((with.shape(), with.row(0)), (&[7][..], &[0., 0., 0., 0., 0., 0., 1.][..]));
        let error = data.clone().with_shape(&[4, 2]).unwrap_err().to_string();
        assert_eq!(error, "d: a sample of 6 features cannot have the shape [4, 2]");
        for shape in [&[][..], &[usize::MAX, 2, 3]] {
            assert!(data.clone().with_shape(shape).is_err(), "{shape:?}");
        }
    }
}
