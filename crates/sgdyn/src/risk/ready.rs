//! Data sets that are part of the library.

use super::csv::CsvOptions;
use super::dataset::Dataset;
use super::dataset_error::{DatasetError, near_miss};

const BANKNOTE: &[u8] = include_bytes!("../../../../data/banknote.csv");
const DIGITS: &[u8] = include_bytes!("../../../../data/digits.csv.gz");

impl Dataset {
    /// The names that [`Dataset::ready`] knows.
    pub const READY: [&'static str; 2] = ["banknote", "digits"];

    /// A data set of the library, as its source publishes it (neither scaled nor with an intercept):
    ///
    /// - `banknote`: 1372 samples, 4 features, 2 classes (UCI, Lohweg 2012, CC BY 4.0);
    /// - `digits`: 1797 samples, 64 pixels of 0…16, 10 classes (UCI, Alpaydin and Kaynak 1998, CC BY 4.0); pixels 1,
    ///   33 and 40, counted from 1, are 0 in all samples.
    ///
    /// # Errors
    /// [`DatasetError::UnknownName`].
    pub fn ready(name: &str) -> Result<Self, DatasetError> {
        let bytes = match name {
            "banknote" => BANKNOTE,
            "digits" => DIGITS,
            _ => {
                let hint = near_miss(name, Self::READY.into_iter());
                return Err(DatasetError::UnknownName { name: name.to_owned(), hint });
            }
        };
        Self::from_csv_bytes(name, bytes, &CsvOptions::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::{ConstantFeatures, Labels};

    fn counts(data: &Dataset) -> Vec<usize> {
        let Labels::Classes { of_sample, names } = data.labels() else { panic!("classes expected") };
        (0..names.len())
            .map(|class| of_sample.iter().filter(|&&other| other as usize == class).count())
            .collect()
    }

    #[test]
    fn banknote_is_what_uci_publishes() {
        let data = Dataset::ready("banknote").unwrap();
        assert_eq!((data.samples(), data.features()), (1372, 4));
        assert_eq!(counts(&data), [762, 610]);
        assert_eq!(data.row(0), [3.6216, 8.6661, -2.8073, -0.44699]);
        assert_eq!(data.row(1371), [-2.5419, -0.65804, 2.6842, 1.1952]);
    }

    #[test]
    fn digits_are_what_scikit_learn_ships() {
        let data = Dataset::ready("digits").unwrap();
        assert_eq!((data.samples(), data.features()), (1797, 64));
        // scikit-learn's load_digits: numpy.bincount(target), data.sum().
        assert_eq!(counts(&data), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        assert_eq!(data.values().iter().sum::<f64>(), 561718.0);
        let error = data.standardised(ConstantFeatures::Error).unwrap_err().to_string();
        assert!(error.contains("column 1 (`feature 1`) is constant (0)"), "{error}");
        assert_eq!(data.standardised(ConstantFeatures::Drop).unwrap().features(), 61);
    }

    #[test]
    fn a_near_miss_is_named() {
        let error = Dataset::ready("bank_note").unwrap_err().to_string();
        assert_eq!(error, "no ready data set is named `bank_note`; did you mean `banknote`?");
        let error = Dataset::ready("mnist").unwrap_err().to_string();
        assert_eq!(error, "no ready data set is named `mnist`; there are `banknote`, `digits`");
    }
}
