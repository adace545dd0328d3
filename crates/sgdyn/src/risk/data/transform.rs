//! What is done to features before they are used: standardised, divided, given an intercept.

use super::dataset::{Dataset, column_title};
use super::error::DatasetError;
use super::preparation_error::PreparationError;

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

/// The shift and scale of each feature that bring the samples they were measured on to mean 0 and *population*
/// variance (1/N) Σ (x − x̄)² = 1. Measured on training samples, applied to these and to the test samples alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Standardisation {
    features: usize,
    kept: Vec<Feature>,
}

/// (x / `magnitude` − `mean`) · `scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Feature {
    column: usize,
    magnitude: f64,
    mean: f64,
    scale: f64,
}

impl Standardisation {
    /// Measures `data`.
    ///
    /// # Errors
    /// [`PreparationError::ConstantFeature`] with [`ConstantFeatures::Error`]; [`DatasetError::NoFeatures`] if all are
    /// dropped.
    pub fn of(data: &Dataset, constant: ConstantFeatures) -> Result<Self, DatasetError> {
        let (samples, features) = (data.samples(), data.features());
        let mut kept = Vec::with_capacity(features);
        for column in 0..features {
            let values = || data.values().iter().skip(column).step_by(features);
            let first = data.values()[column];
            if values().any(|&value| value != first) {
                // Scaled by the largest magnitude first: squares of large features would overflow.
                let magnitude = values().fold(0.0_f64, |largest, value| largest.max(value.abs()));
                let mean = values().map(|value| value / magnitude).sum::<f64>() / samples as f64;
                let square = values().map(|value| (value / magnitude - mean).powi(2)).sum::<f64>();
                let scale = 1.0 / (square / samples as f64).sqrt();
                kept.push(Feature { column, magnitude, mean, scale });
            } else {
                match constant {
                    ConstantFeatures::Error => {
                        return Err(PreparationError::ConstantFeature {
                            file: data.name().to_owned(),
                            column: column_title(column, &data.feature_names()[column]),
                            value: first,
                        }
                        .into());
                    }
                    ConstantFeatures::Zero => {
                        kept.push(Feature { column, magnitude: 1.0, mean: 0.0, scale: 0.0 });
                    }
                    ConstantFeatures::Drop => {}
                }
            }
        }
        if kept.is_empty() {
            return Err(DatasetError::NoFeatures { file: data.name().to_owned() });
        }
        Ok(Self { features, kept })
    }

    /// Shifts and scales the features of `data`, whose samples keep their shape unless a feature was dropped.
    ///
    /// # Errors
    /// [`PreparationError::OtherFeatures`] if it has another number of features than what was measured,
    /// [`DatasetError::NotFinite`] if a value is too far outside the measured ones.
    pub fn apply(&self, data: &Dataset) -> Result<Dataset, DatasetError> {
        if data.features() != self.features {
            let (expected, found) = (self.features, data.features());
            return Err(
                PreparationError::OtherFeatures { file: data.name().to_owned(), expected, found }.into()
            );
        }
        let values = data.values().chunks_exact(self.features).flat_map(|row| {
            self.kept
                .iter()
                .map(|feature| (row[feature.column] / feature.magnitude - feature.mean) * feature.scale)
        });
        let names = self.kept.iter().map(|feature| data.feature_names()[feature.column].clone());
        let scaled = Dataset::new(data.name(), values.collect(), names.collect(), data.labels().clone())?;
        if self.kept.len() == self.features { scaled.with_shape(data.shape()) } else { Ok(scaled) }
    }
}

impl Dataset {
    /// Each feature shifted and scaled to mean 0 and population variance 1: [`Standardisation`] of the samples
    /// themselves.
    ///
    /// # Errors
    /// [`PreparationError::ConstantFeature`] with [`ConstantFeatures::Error`]; [`DatasetError::NoFeatures`] if all are
    /// dropped. Add the intercept afterwards: it is constant.
    pub fn standardised(&self, constant: ConstantFeatures) -> Result<Self, DatasetError> {
        Standardisation::of(self, constant)?.apply(self)
    }

    /// Each feature divided by `divisor` (16 brings the pixels of `digits` into 0…1, 255 those of `mnist-test`).
    ///
    /// # Errors
    /// [`PreparationError::Divisor`] if it is 0 or not finite, [`DatasetError::NotFinite`] if a quotient overflows.
    pub fn divided_by(&self, divisor: f64) -> Result<Self, DatasetError> {
        if !divisor.is_finite() || divisor == 0.0 {
            return Err(PreparationError::Divisor(divisor).into());
        }
        let values = self.values().iter().map(|value| value / divisor).collect();
        let names = self.feature_names().to_vec();
        Self::new(self.name(), values, names, self.labels().clone())?.with_shape(self.shape())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::Labels;

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
    fn test_samples_are_scaled_by_what_was_measured_on_training_samples() {
        let train = table(&[1.0, 2.0, 3.0], 1);
        let test =
            Standardisation::of(&train, ConstantFeatures::Error).unwrap().apply(&table(&[4.0], 1)).unwrap();
        assert!((test.row(0)[0] - 6.0_f64.sqrt()).abs() < 1e-15, "(4 − 2)/√(2/3) is {}", test.row(0)[0]);
        let other =
            Standardisation::of(&train, ConstantFeatures::Error).unwrap().apply(&table(&[4.0, 5.0], 2));
        assert_eq!(other.unwrap_err().to_string(), "table: 2 features, and the standardisation is of 1");
    }

    #[test]
    fn constant_features_are_refused_kept_or_dropped() {
        let data = table(&[1.0, 7.0, 2.0, 7.0], 2).with_shape(&[1, 2]).unwrap();
        let error = data.standardised(ConstantFeatures::Error).unwrap_err().to_string();
        assert!(error.starts_with("table: feature column 2 (`x2`) is constant (7)"), "{error}");
        let zero = data.standardised(ConstantFeatures::Zero).unwrap();
        assert_eq!((zero.values(), zero.shape()), (&[-1.0, 0.0, 1.0, 0.0][..], &[1, 2][..]));
        let dropped = data.standardised(ConstantFeatures::Drop).unwrap();
        assert_eq!((dropped.values(), dropped.feature_names()), (&[-1.0, 1.0][..], &["x1".to_owned()][..]));
        assert_eq!(dropped.shape(), [1]);
        let only = table(&[7.0, 7.0], 1).standardised(ConstantFeatures::Drop);
        assert!(matches!(only, Err(DatasetError::NoFeatures { .. })));
    }

    #[test]
    fn features_are_divided() {
        let data = table(&[1.0, 2.0, 3.0], 1);
        assert_eq!(data.divided_by(2.0).unwrap().values(), [0.5, 1.0, 1.5]);
        assert!(matches!(data.divided_by(0.0), Err(DatasetError::Preparation(PreparationError::Divisor(_)))));
        assert!(matches!(data.divided_by(1e-320), Err(DatasetError::NotFinite { .. })));
    }
}
