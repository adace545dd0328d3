//! One door for all files of samples: the format follows from the file's name or content.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::array::Array;
use super::array_dataset::{LabelArray, from_array, from_collection};
use super::collection::Collection;
use super::dataset::Dataset;
use super::error::DatasetError;
use super::gzip::{inflated, plain_name};
use super::{idx, npy, npz, safetensors};

/// A column of a table, or an array of a file of several.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(untagged)]
pub enum Column {
    /// By number from 0, or from −1, the last, backwards.
    Index(i64),
    /// By its name.
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

/// What to do with rows of a comma-separated file that have an empty cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IncompleteRows {
    /// Refuse, naming row and column.
    #[default]
    Error,
    /// Leave them out.
    Drop,
}

/// How a file of samples is read. What does not belong to the file's format is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Comma-separated text: whether the first row holds names. `None` finds out: it does if the label is asked for by
    /// name, or if a cell outside the label column and the ignored ones is neither empty nor a number.
    pub header: Option<bool>,
    /// The column of the label in a table, or the name of the array of labels in npz and safetensors. `None`: the
    /// last column, or the only array of one dimension.
    pub label: Option<Column>,
    /// Classes (the default) or real targets.
    pub labels: LabelKind,
    /// Arrays: an IDX or npy file of labels, one for each sample.
    pub labels_file: Option<PathBuf>,
    /// npz and safetensors: the name of the array of samples. `None`: the only array of several dimensions.
    pub features: Option<String>,
    /// Comma-separated text: columns that are neither features nor the label.
    pub ignore: Vec<Column>,
    /// Comma-separated text: what to do with rows that have an empty cell.
    pub incomplete_rows: IncompleteRows,
    /// The number of classes, if the labels are to be 0 … classes − 1, whether or not all of them occur. `None`: the
    /// classes are what occurs.
    pub classes: Option<usize>,
    /// The shape of a sample, if the file does not say: `[height, width]` or `[channels, height, width]`.
    pub shape: Option<Vec<usize>>,
}

/// A format of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Table,
    Idx,
    Npy,
    Npz,
    Safetensors,
}

impl Format {
    /// By the end of the name where it says so, otherwise by the first bytes.
    fn of(name: &str, bytes: &[u8]) -> Self {
        let name = plain_name(name).to_ascii_lowercase();
        let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
        if ends(&[".csv"]) {
            Self::Table
        } else if ends(&["-ubyte", ".ubyte", ".idx", ".idx1", ".idx3"]) {
            Self::Idx
        } else if ends(&[".npy"]) || bytes.starts_with(npy::MAGIC) {
            Self::Npy
        } else if ends(&[".npz"]) || bytes.starts_with(npz::MAGIC) {
            Self::Npz
        } else if ends(&[".safetensors"]) || safetensors::recognised(bytes) {
            Self::Safetensors
        } else if idx::recognised(bytes) {
            Self::Idx
        } else {
            Self::Table
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Table => "comma-separated text",
            Self::Idx => "an IDX file",
            Self::Npy => "an npy file",
            Self::Npz => "an npz file",
            Self::Safetensors => "a safetensors file",
        }
    }
}

impl Dataset {
    /// Reads a file of samples, plain or compressed by gzip (told by its content): comma-separated text with a label
    /// column, IDX, npy, npz or safetensors, told by the end of the name or else by the first bytes.
    ///
    /// Arrays are `[samples, …]`; what follows is the shape of a sample. An array `[samples, columns]` without
    /// labels of its own has them in a column.
    ///
    /// # Errors
    /// Every [`DatasetError`] of a file; those of a cell name row and column, those of bytes the offset.
    pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, DatasetError> {
        let path = path.as_ref();
        Self::from_bytes(&path.display().to_string(), &content(path)?, options)
    }

    /// Reads the content of a file, plain or compressed by gzip; `file` is its name, in errors and for the format.
    ///
    /// # Errors
    /// As [`Dataset::read`].
    pub fn from_bytes(file: &str, bytes: &[u8], options: &ReadOptions) -> Result<Self, DatasetError> {
        let labels = match &options.labels_file {
            Some(path) => Some((path.display().to_string(), content(path)?)),
            None => None,
        };
        let labels = labels.as_ref().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
        Self::from_contents(file, bytes, labels, options)
    }

    /// As [`Dataset::from_bytes`], with the name and content of the file of labels.
    pub(super) fn from_contents(
        file: &str,
        bytes: &[u8],
        labels: Option<(&str, &[u8])>,
        options: &ReadOptions,
    ) -> Result<Self, DatasetError> {
        let at_fault = |source| DatasetError::Format { file: file.to_owned(), source };
        let bytes = inflated(bytes).map_err(at_fault)?;
        let format = Format::of(file, &bytes);
        refuse_foreign_options(file, format, labels.is_some(), options)?;
        let labels = labels.map(|(name, bytes)| label_array(name, bytes)).transpose()?;
        let data = match format {
            Format::Table => Self::from_csv_text(file, text(file, &bytes)?, options),
            Format::Idx => from_array(file, idx::array(&bytes).map_err(at_fault)?, labels, options),
            Format::Npy => from_array(file, npy::array(&bytes).map_err(at_fault)?, labels, options),
            Format::Npz => from_collection(file, Collection::npz(file, &bytes)?, labels, options),
            Format::Safetensors => {
                from_collection(file, Collection::safetensors(file, &bytes)?, labels, options)
            }
        }?;
        match &options.shape {
            Some(shape) => data.with_shape(shape),
            None => Ok(data),
        }
    }
}

/// The bytes of a file.
pub(super) fn content(path: &Path) -> Result<Vec<u8>, DatasetError> {
    std::fs::read(path)
        .map_err(|source| DatasetError::Unreadable { file: path.display().to_string(), source })
}

/// The text in the bytes of a file.
pub(super) fn text<'b>(file: &str, bytes: &'b [u8]) -> Result<&'b str, DatasetError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let row = bytes[..error.valid_up_to()].split(|&byte| byte == b'\n').count();
        DatasetError::NotText { file: file.to_owned(), row }
    })
}

/// The labels in a file of their own.
fn label_array<'f>(file: &'f str, bytes: &[u8]) -> Result<LabelArray<'f>, DatasetError> {
    let at_fault = |source| DatasetError::Format { file: file.to_owned(), source };
    let bytes = inflated(bytes).map_err(at_fault)?;
    let array: Array = match Format::of(file, &bytes) {
        Format::Idx => idx::array(&bytes).map_err(at_fault)?,
        Format::Npy => npy::array(&bytes).map_err(at_fault)?,
        format => return Err(DatasetError::LabelFormat { file: file.to_owned(), format: format.name() }),
    };
    Ok(LabelArray { file: Cow::Borrowed(file), array })
}

fn refuse_foreign_options(
    file: &str,
    format: Format,
    labels: bool,
    options: &ReadOptions,
) -> Result<(), DatasetError> {
    let table = format == Format::Table;
    let collection = matches!(format, Format::Npz | Format::Safetensors);
    let foreign = [
        ("labels", labels && table),
        ("features", options.features.is_some() && !collection),
        ("header", options.header.is_some() && !table),
        ("ignore", !options.ignore.is_empty() && !table),
        ("incomplete_rows", options.incomplete_rows != IncompleteRows::Error && !table),
        ("label", options.label.is_some() && labels),
    ];
    match foreign.into_iter().find(|(_, foreign)| *foreign) {
        Some((option, _)) => {
            Err(DatasetError::ForeignOption { file: file.to_owned(), option, format: format.name() })
        }
        None => Ok(()),
    }
}

/// The column at `index`, which counts from −1 backwards, of so many.
pub(super) fn column_index(index: i64, columns: usize) -> Option<usize> {
    let place = if index < 0 { index.saturating_add(columns as i64) } else { index };
    usize::try_from(place).ok().filter(|&place| place < columns)
}
