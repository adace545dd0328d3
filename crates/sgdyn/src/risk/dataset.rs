//! A table of features with one label per sample.

use super::dataset_error::DatasetError;

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

/// What to do with a feature that has the same value in all samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConstantFeatures {
    /// Refuse, naming the column.
    #[default]
    Error,
    /// Keep the column; all its values become 0.
    Zero,
    /// Remove the column.
    Drop,
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
        Ok(Self { name: name.to_owned(), values, feature_names, labels })
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

    /// Each feature shifted and scaled to mean 0 and *population* variance (1/N) Σ (x − x̄)² = 1.
    ///
    /// # Errors
    /// [`DatasetError::ConstantFeature`] with [`ConstantFeatures::Error`]; [`DatasetError::NoFeatures`] if all are
    /// dropped. Add the intercept afterwards: it is constant.
    pub fn standardised(&self, constant: ConstantFeatures) -> Result<Self, DatasetError> {
        let (samples, features) = (self.samples(), self.features());
        let mut kept = Vec::with_capacity(features);
        for column in 0..features {
            let values = || self.values.iter().skip(column).step_by(features);
            let first = self.values[column];
            if values().any(|&value| value != first) {
                // Scaled by the largest magnitude first: squares of large features would overflow.
                let largest = values().fold(0.0_f64, |largest, value| largest.max(value.abs()));
                let mean = values().map(|value| value / largest).sum::<f64>() / samples as f64;
                let square = values().map(|value| (value / largest - mean).powi(2)).sum::<f64>();
                kept.push((column, mean, 1.0 / (square / samples as f64).sqrt(), largest));
            } else {
                match constant {
                    ConstantFeatures::Error => {
                        return Err(DatasetError::ConstantFeature {
                            file: self.name.clone(),
                            column: column_title(column, &self.feature_names[column]),
                            value: first,
                        });
                    }
                    ConstantFeatures::Zero => kept.push((column, 0.0, 0.0, 1.0)),
                    ConstantFeatures::Drop => {}
                }
            }
        }
        if kept.is_empty() {
            return Err(DatasetError::NoFeatures { file: self.name.clone() });
        }
        let values = self.values.chunks_exact(features).flat_map(|row| {
            kept.iter().map(|&(column, mean, scale, largest)| (row[column] / largest - mean) * scale)
        });
        Self::new(
            &self.name,
            values.collect(),
            kept.iter().map(|&(column, ..)| self.feature_names[column].clone()).collect(),
            self.labels.clone(),
        )
    }

    /// Each feature divided by `divisor` (16 brings the pixels of `digits` into 0…1).
    ///
    /// # Errors
    /// [`DatasetError::Divisor`] if it is 0 or not finite, [`DatasetError::NotFinite`] if a quotient overflows.
    pub fn divided_by(&self, divisor: f64) -> Result<Self, DatasetError> {
        if !divisor.is_finite() || divisor == 0.0 {
            return Err(DatasetError::Divisor(divisor));
        }
        let values = self.values.iter().map(|value| value / divisor).collect();
        Self::new(&self.name, values, self.feature_names.clone(), self.labels.clone())
    }

    /// With a last feature `intercept` that is 1 in all samples.
    pub fn with_intercept(&self) -> Self {
        let values = self.values.chunks_exact(self.features());
        let mut feature_names = self.feature_names.clone();
        feature_names.push("intercept".to_owned());
        Self {
            values: values.flat_map(|row| row.iter().copied().chain([1.0])).collect(),
            feature_names,
            ..self.clone()
        }
    }

    /// The named samples, in the order given; a sample may appear twice. All classes keep their index.
    ///
    /// # Errors
    /// [`DatasetError::OutOfRange`] for a sample that does not exist, [`DatasetError::NoRows`] for none.
    pub fn subset(&self, samples: &[usize]) -> Result<Self, DatasetError> {
        let count = self.samples();
        if let Some(&index) = samples.iter().find(|&&sample| sample >= count) {
            return Err(DatasetError::OutOfRange { file: self.name.clone(), what: "sample", index, count });
        }
        let labels = match &self.labels {
            Labels::Classes { of_sample, names } => Labels::Classes {
                of_sample: samples.iter().map(|&sample| of_sample[sample]).collect(),
                names: names.clone(),
            },
            Labels::Targets(targets) => {
                Labels::Targets(samples.iter().map(|&sample| targets[sample]).collect())
            }
        };
        let values = samples.iter().flat_map(|&sample| self.row(sample)).copied().collect();
        Self::new(&self.name, values, self.feature_names.clone(), labels)
    }
}

/// A column in an error: its number from 1, and its name.
pub(super) fn column_title(column: usize, name: &str) -> String {
    format!("{} (`{name}`)", column + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(values: &[f64], features: usize) -> Dataset {
        let names = (1..=features).map(|column| format!("x{column}")).collect();
        let targets = (0..values.len() / features).map(|sample| sample as f64).collect();
        Dataset::new("table", values.to_vec(), names, Labels::Targets(targets)).unwrap()
    }

    #[test]
    fn standardised_features_have_mean_0_and_population_variance_1() {
        // x1 has mean 2 and population variance 2/3; x2 would overflow if squared.
        let data = table(&[1.0, 1e200, 2.0, -1e200, 3.0, 0.0], 2);
        let scaled = data.standardised(ConstantFeatures::Error).unwrap();
        let unit = 1.5_f64.sqrt();
        for (value, expected) in scaled.values().iter().zip([-unit, unit, 0.0, -unit, unit, 0.0]) {
            assert!((value - expected).abs() < 1e-15, "{value} {expected}");
        }
    }

    #[test]
    fn constant_features_are_refused_kept_or_dropped() {
        let data = table(&[1.0, 7.0, 2.0, 7.0], 2);
        let error = data.standardised(ConstantFeatures::Error).unwrap_err().to_string();
        assert!(error.starts_with("table: feature column 2 (`x2`) is constant (7)"), "{error}");
        assert_eq!(data.standardised(ConstantFeatures::Zero).unwrap().values(), [-1.0, 0.0, 1.0, 0.0]);
        let dropped = data.standardised(ConstantFeatures::Drop).unwrap();
        assert_eq!((dropped.values(), dropped.feature_names()), (&[-1.0, 1.0][..], &["x1".to_owned()][..]));
        let only = table(&[7.0, 7.0], 1).standardised(ConstantFeatures::Drop);
        assert!(matches!(only, Err(DatasetError::NoFeatures { .. })));
    }

    #[test]
    fn division_intercept_and_subset() {
        let data = table(&[1.0, 2.0, 3.0], 1);
        assert_eq!(data.divided_by(2.0).unwrap().values(), [0.5, 1.0, 1.5]);
        assert!(matches!(data.divided_by(0.0), Err(DatasetError::Divisor(_))));
        assert!(matches!(data.divided_by(1e-320), Err(DatasetError::NotFinite { .. })));
        let with = data.with_intercept();
        assert_eq!((with.values(), with.features(), with.samples()), (&[1., 1., 2., 1., 3., 1.][..], 2, 3));
        let subset = data.subset(&[2, 0]).unwrap();
        assert_eq!((subset.values(), subset.labels()), (&[3.0, 1.0][..], &Labels::Targets(vec![2.0, 0.0])));
        let error = data.subset(&[3]).unwrap_err().to_string();
        assert_eq!(error, "table: sample 3 does not exist: there are 3, counted from 0");
    }

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
}
