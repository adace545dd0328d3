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
                let row = plain[..error.valid_up_to()].split(|&byte| byte == b'\n').count();
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
mod tests;
