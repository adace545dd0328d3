//! Data sets from comma-separated files.

use std::borrow::Cow;

use super::class_labels;
use super::dataset::{Dataset, Labels, column_title};
use super::error::{DatasetError, near_miss};
use super::read::{Column, IncompleteRows, LabelKind, ReadOptions, column_index};
use super::records::Records;

impl Dataset {
    /// Reads comma-separated text; `file` is its name in errors.
    ///
    /// Lines may end with `\n`, `\r\n` or `\r`, the last one with nothing; blank lines are skipped; cells may be
    /// quoted and padded with spaces.
    ///
    /// ```
    /// use sgdyn::risk::{Dataset, ReadOptions};
    ///
    /// let data = Dataset::from_csv_text("flowers", "width,kind\n0.2,setosa\n1.4,versicolor", &ReadOptions::default())?;
    /// assert_eq!((data.values(), data.classes()), (&[0.2, 1.4][..], Some(2)));
    /// # Ok::<(), sgdyn::risk::DatasetError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Dataset::read`].
    pub fn from_csv_text(file: &str, text: &str, options: &ReadOptions) -> Result<Self, DatasetError> {
        let mut reader = Reader { file, records: Records::new(text), cells: Vec::new() };
        let no_rows = || DatasetError::NoRows { file: file.to_owned() };
        let first = reader.next()?.ok_or_else(no_rows)?;
        let columns = reader.cells.len();
        let (label, ignored) = reader.columns(options)?;
        if ignored.iter().filter(|&&ignored| !ignored).count() < 2 {
            return Err(DatasetError::NoFeatures { file: file.to_owned() });
        }

        let named = options.header.unwrap_or_else(|| {
            by_name(options)
                || (0..columns).any(|column| {
                    let cell = &reader.cells[column];
                    column != label && !ignored[column] && !cell.is_empty() && cell.parse::<f64>().is_err()
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
        let mut next = if named { reader.next()? } else { Some(first) };

        let mut values = Vec::new();
        let mut targets = Vec::new();
        let mut class_texts = Vec::new();
        let mut class_rows = Vec::new();
        while let Some(row) = next {
            if reader.cells.len() != columns {
                let (expected, found) = (columns, reader.cells.len());
                return Err(DatasetError::Ragged { file: file.to_owned(), row, expected, found });
            }
            let empty = |column: usize| !ignored[column] && reader.cells[column].is_empty();
            let left_out = options.incomplete_rows == IncompleteRows::Drop && (0..columns).any(empty);
            for column in (0..columns).filter(|&column| !left_out && !ignored[column]) {
                if column != label {
                    values.push(reader.number(row, column, &title)?);
                } else if options.labels == LabelKind::Targets {
                    targets.push(reader.number(row, column, &title)?);
                } else {
                    class_texts.push(reader.class(row, column, &title)?);
                    class_rows.push(row);
                }
            }
            next = reader.next()?;
        }

        let labels = match options.labels {
            LabelKind::Targets => Labels::Targets(targets),
            LabelKind::Classes => match options.classes {
                Some(count) => {
                    let rows = class_rows.into_iter().zip(class_texts.iter().map(AsRef::as_ref));
                    class_labels::declared(file, count, rows)?
                }
                None => class_labels::found(&class_texts),
            },
        };
        let features = names.into_iter().enumerate();
        let features = features.filter(|&(column, _)| column != label && !ignored[column]);
        let feature_names = features.map(|(_, name)| name).collect();
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

    /// The label column, and which columns are passed over, with the first row as the current one.
    fn columns(&self, options: &ReadOptions) -> Result<(usize, Vec<bool>), DatasetError> {
        let label = self.column(options.label.as_ref().unwrap_or(&Column::Index(-1)), options)?;
        let mut ignored = vec![false; self.cells.len()];
        for column in &options.ignore {
            let place = self.column(column, options)?;
            if place == label {
                let column = (place + 1).to_string();
                return Err(DatasetError::LabelIgnored { file: self.file.to_owned(), column });
            }
            ignored[place] = true;
        }
        Ok((label, ignored))
    }

    fn column(&self, column: &Column, options: &ReadOptions) -> Result<usize, DatasetError> {
        let columns = self.cells.len();
        let file = || self.file.to_owned();
        match column {
            &Column::Index(index) => column_index(index, columns)
                .ok_or_else(|| DatasetError::ColumnOutOfRange { file: file(), index, columns }),
            Column::Name(wanted) => {
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
                Err(DatasetError::UnknownColumn { file: file(), wanted: wanted.clone(), hint })
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

/// Whether a column is asked for by name, so that the file has a header.
fn by_name(options: &ReadOptions) -> bool {
    options.label.iter().chain(&options.ignore).any(|column| matches!(column, Column::Name(_)))
}

#[cfg(test)]
mod tests;
