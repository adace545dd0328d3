//! Data sets from comma-separated files.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use super::dataset::{Dataset, Labels, column_title};
use super::dataset_error::{DatasetError, near_miss};
use super::records::Records;

/// Which column holds the label.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(untagged)]
pub enum LabelColumn {
    /// By number from 0, or from −1, the last, backwards.
    Index(i64),
    /// By its name in the header.
    Name(String),
}

/// How labels are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelKind {
    /// As classes: text or numbers; ordered as numbers if all are, otherwise as text.
    #[default]
    Classes,
    /// As real numbers.
    Targets,
}

/// How a comma-separated file is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvOptions {
    /// Whether the first row holds names. `None` finds out: it does if the label is asked for by name, or if a cell
    /// outside the label column is neither empty nor a number.
    pub header: Option<bool>,
    /// The column of the label; by default the last.
    pub label: LabelColumn,
    /// Classes (the default) or real targets.
    pub labels: LabelKind,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { header: None, label: LabelColumn::Index(-1), labels: LabelKind::Classes }
    }
}

impl Dataset {
    /// Reads a comma-separated file, plain or compressed by gzip (told by its content, not its name).
    ///
    /// # Errors
    /// Every [`DatasetError`] of a file; those of a cell name row and column.
    pub fn from_csv(path: impl AsRef<Path>, options: &CsvOptions) -> Result<Self, DatasetError> {
        let path = path.as_ref();
        let file = path.display().to_string();
        match std::fs::read(path) {
            Ok(bytes) => Self::from_csv_bytes(&file, &bytes, options),
            Err(source) => Err(DatasetError::Unreadable { file, source }),
        }
    }

    /// Reads the content of a comma-separated file, plain or compressed by gzip; `file` is its name in errors.
    ///
    /// # Errors
    /// As [`Dataset::from_csv`].
    pub fn from_csv_bytes(file: &str, bytes: &[u8], options: &CsvOptions) -> Result<Self, DatasetError> {
        let mut plain = Cow::Borrowed(bytes);
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut inflated = Vec::new();
            flate2::read::MultiGzDecoder::new(bytes)
                .read_to_end(&mut inflated)
                .map_err(|source| DatasetError::Unreadable { file: file.to_owned(), source })?;
            plain = Cow::Owned(inflated);
        }
        match std::str::from_utf8(&plain) {
            Ok(text) => Self::from_csv_text(file, text, options),
            Err(error) => {
                let row = 1 + plain[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count();
                Err(DatasetError::NotText { file: file.to_owned(), row })
            }
        }
    }

    /// Reads comma-separated text; `file` is its name in errors.
    ///
    /// Lines may end with `\n`, `\r\n` or `\r`, the last one with nothing; blank lines are skipped; cells may be
    /// quoted and padded with spaces.
    ///
    /// ```
    /// use sgdyn::risk::{CsvOptions, Dataset};
    ///
    /// let data = Dataset::from_csv_text("flowers", "width,kind\n0.2,setosa\n1.4,versicolor", &CsvOptions::default())?;
    /// assert_eq!((data.values(), data.classes()), (&[0.2, 1.4][..], Some(2)));
    /// # Ok::<(), sgdyn::risk::DatasetError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Dataset::from_csv`].
    pub fn from_csv_text(file: &str, text: &str, options: &CsvOptions) -> Result<Self, DatasetError> {
        let mut reader = Reader { file, records: Records::new(text), cells: Vec::new() };
        let no_rows = || DatasetError::NoRows { file: file.to_owned() };
        let mut row = reader.next()?.ok_or_else(no_rows)?;
        let columns = reader.cells.len();
        let label = reader.label_column(options)?;
        if columns < 2 {
            return Err(DatasetError::NoFeatures { file: file.to_owned() });
        }

        let named = options.header.unwrap_or_else(|| {
            matches!(options.label, LabelColumn::Name(_))
                || (0..columns).any(|column| {
                    let cell = &reader.cells[column];
                    column != label && !cell.is_empty() && cell.parse::<f64>().is_err()
                })
        });
        let names: Vec<String> = (0..columns)
            .map(|column| match reader.cells[column].as_ref() {
                name if named && !name.is_empty() => name.to_owned(),
                _ => format!("feature {}", column + 1),
            })
            .collect();
        let title = |column: usize| {
            if named { column_title(column, &names[column]) } else { (column + 1).to_string() }
        };
        if named {
            row = reader.next()?.ok_or_else(no_rows)?;
        }

        let mut values = Vec::new();
        let mut targets = Vec::new();
        let mut class_texts = Vec::new();
        loop {
            if reader.cells.len() != columns {
                let (expected, found) = (columns, reader.cells.len());
                return Err(DatasetError::Ragged { file: file.to_owned(), row, expected, found });
            }
            for column in 0..columns {
                if column != label {
                    values.push(reader.number(row, column, &title)?);
                } else if options.labels == LabelKind::Targets {
                    targets.push(reader.number(row, column, &title)?);
                } else {
                    class_texts.push(reader.class(row, column, &title)?);
                }
            }
            match reader.next()? {
                Some(next) => row = next,
                None => break,
            }
        }

        let labels = match options.labels {
            LabelKind::Targets => Labels::Targets(targets),
            LabelKind::Classes => classes(&class_texts),
        };
        let mut feature_names = names;
        feature_names.remove(label);
        Self::new(file, values, feature_names, labels)
    }
}

/// The rows of a file and what can be asked of the current one.
struct Reader<'t> {
    file: &'t str,
    records: Records<'t>,
    cells: Vec<Cow<'t, str>>,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<Option<usize>, DatasetError> {
        self.records
            .next_into(&mut self.cells)
            .map_err(|open| DatasetError::UnclosedQuote { file: self.file.to_owned(), row: open.0 })
    }

    /// The index of the label column, with the first row as the current one.
    fn label_column(&self, options: &CsvOptions) -> Result<usize, DatasetError> {
        let columns = self.cells.len();
        let file = || self.file.to_owned();
        match &options.label {
            &LabelColumn::Index(index) => {
                let place = if index < 0 { index.saturating_add(columns as i64) } else { index };
                usize::try_from(place)
                    .ok()
                    .filter(|&place| place < columns)
                    .ok_or_else(|| DatasetError::LabelOutOfRange { file: file(), index, columns })
            }
            LabelColumn::Name(wanted) => {
                let found = self.cells.iter().position(|cell| cell == wanted);
                if let (Some(place), None | Some(true)) = (found, options.header) {
                    return Ok(place);
                }
                let names_nothing = options.header == Some(false)
                    || self.cells.iter().all(|cell| cell.parse::<f64>().is_ok());
                let hint = if names_nothing {
                    "; the file has no header: give the number of the column, from 0, or -1 for the last"
                        .to_owned()
                } else {
                    near_miss(wanted, self.cells.iter().map(AsRef::as_ref))
                };
                Err(DatasetError::UnknownLabel { file: file(), wanted: wanted.clone(), hint })
            }
        }
    }

    fn number(
        &self,
        row: usize,
        column: usize,
        title: &impl Fn(usize) -> String,
    ) -> Result<f64, DatasetError> {
        let text = self.cells[column].as_ref();
        if let Ok(value) = text.parse::<f64>()
            && value.is_finite()
        {
            return Ok(value);
        }
        let (file, column) = (self.file.to_owned(), title(column));
        Err(match text.parse::<f64>() {
            _ if text.is_empty() => DatasetError::EmptyCell { file, row, column },
            Ok(_) => DatasetError::NotFinite { file, row, column, text: text.to_owned() },
            Err(_) => DatasetError::NotANumber { file, row, column, text: text.to_owned() },
        })
    }

    fn class(
        &mut self,
        row: usize,
        column: usize,
        title: &impl Fn(usize) -> String,
    ) -> Result<Cow<'t, str>, DatasetError> {
        let text = std::mem::take(&mut self.cells[column]);
        let not_finite = text.parse::<f64>().is_ok_and(|value| !value.is_finite());
        if !text.is_empty() && !not_finite {
            return Ok(text);
        }
        let (file, column) = (self.file.to_owned(), title(column));
        Err(if text.is_empty() {
            DatasetError::EmptyCell { file, row, column }
        } else {
            DatasetError::NotFinite { file, row, column, text: text.into_owned() }
        })
    }
}

/// Numbers the classes in the order of their values if all are numbers, otherwise of their texts.
fn classes(texts: &[Cow<'_, str>]) -> Labels {
    let numbers: Option<Vec<f64>> = texts.iter().map(|text| text.parse().ok()).collect();
    if let Some(numbers) = numbers {
        // `1` and `1.0` are one class. Adding 0 turns −0 into 0, so that the order of bits below is that of values.
        let ordered = |value: f64| {
            let bits = (value + 0.0).to_bits() as i64;
            bits ^ (((bits >> 63) as u64) >> 1) as i64
        };
        number_classes(numbers.iter().map(|&number| ordered(number)), texts)
    } else {
        number_classes(texts.iter().map(AsRef::as_ref), texts)
    }
}

fn number_classes<K: Ord + Clone>(keys: impl Iterator<Item = K> + Clone, texts: &[Cow<'_, str>]) -> Labels {
    let mut found: BTreeMap<K, (u32, String)> = BTreeMap::new();
    for (key, text) in keys.clone().zip(texts) {
        found.entry(key).or_insert_with(|| (0, text.to_string()));
    }
    for (index, (number, _)) in found.values_mut().enumerate() {
        *number = index as u32;
    }
    Labels::Classes {
        of_sample: keys.map(|key| found[&key].0).collect(),
        names: found.into_values().map(|(_, name)| name).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Dataset, DatasetError> {
        Dataset::from_csv_text("t.csv", text, &CsvOptions::default())
    }

    fn by_name(name: &str) -> CsvOptions {
        CsvOptions { label: LabelColumn::Name(name.to_owned()), ..CsvOptions::default() }
    }

    fn by_index(index: i64) -> CsvOptions {
        CsvOptions { label: LabelColumn::Index(index), ..CsvOptions::default() }
    }

    fn classes_of(data: &Dataset) -> (Vec<u32>, Vec<String>) {
        match data.labels() {
            Labels::Classes { of_sample, names } => (of_sample.clone(), names.clone()),
            Labels::Targets(_) => panic!("classes expected"),
        }
    }

    #[test]
    fn a_header_is_found_and_its_absence_too() {
        let plain = read("1,2,0\n3,4,1").unwrap();
        assert_eq!((plain.values(), plain.feature_names()[1].as_str()), (&[1., 2., 3., 4.][..], "feature 2"));
        let named = read("width,,kind\r\n1,2,0\r\n3,4,1\r\n").unwrap();
        assert_eq!(
            (named.values(), named.feature_names()),
            (plain.values(), &["width".into(), "feature 2".into()][..])
        );
        // A text label alone does not make a header.
        assert_eq!(read("1,a\n2,b\n").unwrap().samples(), 2);
        let forced = CsvOptions { header: Some(true), ..CsvOptions::default() };
        assert_eq!(Dataset::from_csv_text("t", "2019,2020\n1,0\n2,1", &forced).unwrap().samples(), 2);
    }

    #[test]
    fn the_label_is_any_column() {
        let text = "kind,x,y\nb,1,2\na,3,4\n";
        for options in [by_name("kind"), by_index(0), by_index(-3)] {
            let data = Dataset::from_csv_text("t", text, &options).unwrap();
            assert_eq!(data.values(), [1., 2., 3., 4.]);
            assert_eq!(classes_of(&data), (vec![1, 0], vec!["a".to_owned(), "b".to_owned()]));
        }
    }

    #[test]
    fn classes_are_ordered_as_numbers_or_as_text() {
        let names = |text: &str| classes_of(&read(text).unwrap());
        assert_eq!(
            names("0,10\n0,9\n0,-1\n0,9.0\n"),
            (vec![2, 1, 0, 1], vec!["-1".into(), "9".into(), "10".into()])
        );
        assert_eq!(names("0,0\n0,-0\n0,1\n").1, ["0", "1"]);
        assert_eq!(names("0,10\n0,9\n0,x\n").1, ["10", "9", "x"]);
    }

    #[test]
    fn targets_are_real() {
        let options = CsvOptions { labels: LabelKind::Targets, ..CsvOptions::default() };
        let data = Dataset::from_csv_text("t", "1,0.5\n2,0.5", &options).unwrap();
        assert_eq!((data.labels(), data.classes()), (&Labels::Targets(vec![0.5, 0.5]), None));
        let error = Dataset::from_csv_text("t.csv", "1,0.5\n2,high", &options).unwrap_err();
        assert_eq!(error.to_string(), "t.csv, row 2, column 2: `high` is not a number");
    }

    #[test]
    fn every_mistake_is_named_with_its_place() {
        let table = [
            ("", "t.csv: no rows of data"),
            ("x,kind\n", "t.csv: no rows of data"),
            (
                "0\n1\n",
                "t.csv: the label is the only column; at least one feature is needed, separated by commas",
            ),
            ("1,2,0\n1,2,3,1\n", "t.csv, row 2: expected 3 cells as in the first row, found 4"),
            ("x,y,kind\n\n1,2,0\n1,1\n", "t.csv, row 4: expected 3 cells as in the first row, found 2"),
            (
                "x,y,kind\n1,,0\n",
                "t.csv, row 2, column 2 (`y`): the cell is empty; fill it or remove the row",
            ),
            ("1,,0\n2,2,1\n", "t.csv, row 1, column 2: the cell is empty; fill it or remove the row"),
            ("1,0\n2,\n", "t.csv, row 2, column 2: the cell is empty; fill it or remove the row"),
            ("1,0\n1.2.3,1\n", "t.csv, row 2, column 1: `1.2.3` is not a number"),
            ("1,0\nNaN,1\n", "t.csv, row 2, column 1: `NaN` is not a finite number"),
            ("-inf,0\n1,1\n", "t.csv, row 1, column 1: `-inf` is not a finite number"),
            ("1,0\n1e999,1\n", "t.csv, row 2, column 1: `1e999` is not a finite number"),
            ("1,0\n1,nan\n", "t.csv, row 2, column 2: `nan` is not a finite number"),
            ("1,0\n\"2,1\n", "t.csv, row 2: the quote opened here is never closed"),
            (
                "1,0\n2,0\n",
                "t.csv: a classification needs at least 2 classes, and every label is `0`; is the label column right?",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(read(text).unwrap_err().to_string(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_label_that_does_not_exist_has_a_near_miss() {
        let error = |text, options: &CsvOptions| {
            Dataset::from_csv_text("t.csv", text, options).unwrap_err().to_string()
        };
        let named = "width,height,species\n1,2,a\n";
        assert_eq!(
            error(named, &by_name("Specie")),
            "t.csv: no column is named `Specie`; did you mean `species`?"
        );
        assert_eq!(
            error(named, &by_name("label")),
            "t.csv: no column is named `label`; there are `width`, `height`, `species`"
        );
        assert_eq!(
            error("1,2\n", &by_name("label")),
            "t.csv: no column is named `label`; the file has no header: give the number of the column, from 0, or -1 for the last"
        );
        assert_eq!(
            error(named, &by_index(3)),
            "t.csv: label column 3 does not exist: the table has 3 columns, so use 0 to 2 or -3 to -1"
        );
        assert!(error(named, &by_index(i64::MIN)).contains("does not exist"));
    }

    #[test]
    fn files_are_read_plain_or_compressed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv.gz");
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(b"1,0\n2,1").unwrap();
        let bytes = gzip.finish().unwrap();
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(Dataset::from_csv(&path, &CsvOptions::default()).unwrap().values(), [1.0, 2.0]);

        std::fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
        let cut = Dataset::from_csv(&path, &CsvOptions::default()).unwrap_err();
        assert!(cut.to_string().starts_with(&format!("cannot read `{}`: ", path.display())), "{cut}");
        let missing = Dataset::from_csv(folder.path().join("none.csv"), &CsvOptions::default());
        assert!(matches!(missing, Err(DatasetError::Unreadable { .. })));
        let binary = Dataset::from_csv_bytes("t.csv", b"1,0\n2,\xff\n", &CsvOptions::default()).unwrap_err();
        assert!(binary.to_string().starts_with("t.csv, row 2: not UTF-8 text"), "{binary}");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[0-9a-z,\"\r\n .+\u{e9}-]{0,120}", label in -4_i64..4, header: Option<bool>) {
            for label in [LabelColumn::Index(label), LabelColumn::Name("a".to_owned())] {
                for labels in [LabelKind::Classes, LabelKind::Targets] {
                    let options = CsvOptions { header, label: label.clone(), labels };
                    if let Ok(data) = Dataset::from_csv_text("fuzz", &text, &options) {
                        prop_assert!(data.samples() > 0 && data.features() > 0);
                        prop_assert!(data.values().iter().all(|value| value.is_finite()));
                    }
                }
            }
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, compressed: bool) {
            let head: &[u8] = if compressed { &[0x1f, 0x8b, 8, 0] } else { &[] };
            let _ = Dataset::from_csv_bytes("fuzz", &[head, &bytes].concat(), &CsvOptions::default());
        }

        #[test]
        fn what_is_written_is_read(
            rows in proptest::collection::vec((-1e300..1e300_f64, -1.0..1.0_f64, 0..3_u8), 2..20)
        ) {
            let text: String = rows.iter().map(|(x, y, class)| format!("{x:?},{y:?},\"c,{class}\"\r\n")).collect();
            match read(&text) {
                Ok(data) => {
                    let values: Vec<f64> = rows.iter().flat_map(|&(x, y, _)| [x, y]).collect();
                    prop_assert_eq!(data.values(), values);
                }
                Err(error) => prop_assert!(matches!(error, DatasetError::OneClass { .. }), "{}", error),
            }
        }
    }
}
