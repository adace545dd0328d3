//! Data sets that are part of the library.

use super::dataset::Dataset;
use super::error::{DatasetError, near_miss};
use super::read::{Column, IncompleteRows, LabelKind, ReadOptions, column_index};

const AVILA: &[u8] = include_bytes!("../../../../../data/avila-train.csv.gz");
const AVILA_TEST: &[u8] = include_bytes!("../../../../../data/avila-test.csv.gz");
const BANKNOTE: &[u8] = include_bytes!("../../../../../data/banknote.csv");
const CARDIOTOCOGRAPHY: &[u8] = include_bytes!("../../../../../data/cardiotocography.csv.gz");
const DIGITS: &[u8] = include_bytes!("../../../../../data/digits.csv.gz");
const MNIST_TEST: &[u8] = include_bytes!("../../../../../data/t10k-images-idx3-ubyte.gz");
const MNIST_TEST_LABELS: &[u8] = include_bytes!("../../../../../data/t10k-labels-idx1-ubyte.gz");

/// The columns of the table of cardiotocograms, of which the last two, in this order, are labels.
const CARDIOTOCOGRAPHY_COLUMNS: usize = 23;
const CARDIOTOCOGRAPHY_LABELS: [&str; 2] = ["CLASS", "NSP"];

impl Dataset {
    /// The names that [`Dataset::ready`] knows.
    pub const READY: [&'static str; 6] =
        ["avila", "avila-test", "banknote", "cardiotocography", "digits", "mnist-test"];

    /// A data set of the library, as its source publishes it (neither scaled nor with an intercept):
    ///
    /// - `avila` and `avila-test`: 10,430 and 10,437 rows of the Avila Bible, 10 features of layout and script, 12
    ///   copyists A to Y, very uneven: B wrote 5 (UCI, De Stefano et al. 2018, CC BY 4.0);
    /// - `banknote`: 1372 samples, 4 features, 2 classes (UCI, Lohweg 2012, CC BY 4.0);
    /// - `cardiotocography`: 2126 samples, 21 features; labels `NSP`, 3 states of the fetus, or `CLASS`, 10 patterns, of
    ///   which the other is no feature (UCI, Campos and Bernardes 2000, CC BY 4.0). Three rows at the end of the
    ///   published table are incomplete and left out;
    /// - `digits`: 1797 samples, 8 × 8 pixels of 0…16, 10 classes (UCI, Alpaydin and Kaynak 1998, CC BY 4.0); pixels 1,
    ///   33 and 40, counted from 1, are 0 in all samples;
    /// - `mnist-test`: 10,000 samples, 28 × 28 pixels of 0…255, 10 classes (LeCun, Cortes and Burges 1998, CC BY-SA
    ///   3.0).
    ///
    /// # Errors
    /// [`DatasetError::UnknownName`].
    pub fn ready(name: &str) -> Result<Self, DatasetError> {
        Self::ready_with(name, None, LabelKind::Classes)
    }

    /// As [`Dataset::ready`], with another column as the label, or with labels as real targets.
    ///
    /// # Errors
    /// [`DatasetError::UnknownName`], and those of [`Dataset::read`] about labels.
    pub fn ready_with(name: &str, label: Option<&Column>, labels: LabelKind) -> Result<Self, DatasetError> {
        let mut options = ReadOptions { label: label.cloned(), labels, ..ReadOptions::default() };
        let (bytes, labels) = match name {
            "avila" => (AVILA, None),
            "avila-test" => (AVILA_TEST, None),
            "banknote" => (BANKNOTE, None),
            "cardiotocography" => {
                one_label_of_cardiotocography(&mut options);
                (CARDIOTOCOGRAPHY, None)
            }
            "digits" => {
                options.shape = label.is_none().then(|| vec![8, 8]);
                (DIGITS, None)
            }
            "mnist-test" => {
                options.classes = Some(10);
                (MNIST_TEST, Some(("labels of mnist-test", MNIST_TEST_LABELS)))
            }
            _ => {
                let hint = near_miss(name, Self::READY.into_iter());
                return Err(DatasetError::UnknownName { name: name.to_owned(), hint });
            }
        };
        Self::from_contents(name, bytes, labels, &options)
    }
}

/// One of the two labels, by default the last, is the label, and the other one is no feature: it would give it away.
fn one_label_of_cardiotocography(options: &mut ReadOptions) {
    let columns = CARDIOTOCOGRAPHY_COLUMNS;
    let first = columns - CARDIOTOCOGRAPHY_LABELS.len();
    let label = options.label.take().unwrap_or(Column::Index(-1));
    let label = match label {
        Column::Index(index) => match column_index(index, columns).and_then(|place| place.checked_sub(first))
        {
            Some(place) => Column::Name(CARDIOTOCOGRAPHY_LABELS[place].to_owned()),
            None => Column::Index(index),
        },
        name @ Column::Name(_) => name,
    };
    let both = CARDIOTOCOGRAPHY_LABELS.map(|name| Column::Name(name.to_owned()));
    options.ignore = both.into_iter().filter(|other| *other != label).collect();
    options.label = Some(label);
    options.incomplete_rows = IncompleteRows::Drop;
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
        assert_eq!((data.samples(), data.shape()), (1797, &[8, 8][..]));
        // scikit-learn's load_digits: numpy.bincount(target), data.sum().
        assert_eq!(counts(&data), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        assert_eq!(data.values().iter().sum::<f64>(), 561718.0);
        let error = data.standardised(ConstantFeatures::Error).unwrap_err().to_string();
        assert!(error.contains("column 1 (`feature 1`) is constant (0)"), "{error}");
        assert_eq!(data.standardised(ConstantFeatures::Drop).unwrap().features(), 61);
    }

    #[test]
    fn avila_is_what_uci_publishes() {
        let train = Dataset::ready("avila").unwrap();
        let test = Dataset::ready("avila-test").unwrap();
        assert_eq!((train.samples(), test.samples(), train.features()), (10430, 10437, 10));
        // The class distribution that accompanies the data.
        assert_eq!(counts(&train), [4286, 5, 103, 352, 1095, 1961, 446, 519, 831, 44, 522, 266]);
        assert_eq!(counts(&test), [4286, 5, 103, 353, 1095, 1962, 447, 520, 832, 45, 522, 267]);
        let (Labels::Classes { names, .. }, Labels::Classes { names: other, .. }) =
            (train.labels(), test.labels())
        else {
            panic!("classes expected")
        };
        assert_eq!((names.concat(), other), ("ABCDEFGHIWXY".to_owned(), names));
        assert_eq!(train.feature_names()[5], "F6");
    }

    #[test]
    fn cardiotocography_has_two_labels_of_which_one_is_used() {
        let states = Dataset::ready("cardiotocography").unwrap();
        // 2126 cardiotocograms: 1655 normal, 295 suspect, 176 pathologic.
        assert_eq!((states.samples(), states.features()), (2126, 21));
        assert_eq!(counts(&states), [1655, 295, 176]);
        assert_eq!((states.row(0)[0], states.feature_names()[20].as_str()), (120.0, "Tendency"));
        let with = |label: Column| Dataset::ready_with("cardiotocography", Some(&label), LabelKind::Classes);
        for label in [Column::Name("CLASS".to_owned()), Column::Index(21), Column::Index(-2)] {
            let patterns = with(label).unwrap();
            assert_eq!(patterns.values(), states.values());
            assert_eq!(counts(&patterns), [384, 579, 53, 81, 72, 332, 252, 107, 69, 197]);
        }
        let rate = Column::Name("LB".to_owned());
        let rate = Dataset::ready_with("cardiotocography", Some(&rate), LabelKind::Targets).unwrap();
        assert_eq!((rate.features(), rate.classes()), (20, None));
        assert!(matches!(with(Column::Index(23)), Err(DatasetError::ColumnOutOfRange { .. })));
    }

    #[test]
    fn mnist_is_what_its_authors_publish() {
        let data = Dataset::ready("mnist-test").unwrap();
        assert_eq!((data.samples(), data.image_shape()), (10_000, Some([1, 28, 28])));
        assert_eq!(counts(&data), [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
        let Labels::Classes { of_sample, .. } = data.labels() else { panic!("classes expected") };
        assert_eq!(of_sample[..10], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
        // torchvision's mean of the test images is 0.1325 of 255.
        let mean = data.values().iter().sum::<f64>() / data.values().len() as f64 / 255.0;
        assert!((mean - 0.1325).abs() < 5e-5, "{mean}");
        let label = Some(&Column::Index(0));
        let error = Dataset::ready_with("mnist-test", label, LabelKind::Classes).unwrap_err().to_string();
        assert_eq!(error, "mnist-test is an IDX file, to which `label` does not apply; remove it");
    }

    #[test]
    fn a_near_miss_is_named() {
        let error = Dataset::ready("bank_note").unwrap_err().to_string();
        assert_eq!(error, "no ready data set is named `bank_note`; did you mean `banknote`?");
        let error = Dataset::ready("cifar").unwrap_err().to_string();
        assert_eq!(
            error,
            "no ready data set is named `cifar`; there are `avila`, `avila-test`, `banknote`, `cardiotocography`, `digits`, `mnist-test`"
        );
    }
}
