//! What can be wrong with a data set.

use std::io;

use super::format_error::FormatError;
use super::preparation_error::PreparationError;

/// A data set cannot be read or used as asked.
///
/// Rows are lines of the file, counted from 1 with the header and blank lines; columns are given by number, from
/// 1, and by name where there is one.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The file cannot be opened, read or decompressed.
    #[error("cannot read `{file}`: {source}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// The bytes are not what the file's format says.
    #[error("{file}: {source}")]
    Format {
        /// The file, and the array in it if it holds several.
        file: String,
        /// What is wrong.
        source: FormatError,
    },
    /// The file is not UTF-8 text.
    #[error("{file}, row {row}: not UTF-8 text: save it as plain or gzip-compressed UTF-8")]
    NotText {
        /// The file.
        file: String,
        /// The line of the first wrong byte.
        row: usize,
    },
    /// A quoted cell does not end.
    #[error("{file}, row {row}: the quote opened here is never closed")]
    UnclosedQuote {
        /// The file.
        file: String,
        /// The line in which the row begins.
        row: usize,
    },
    /// There is no row of data.
    #[error("{file}: no rows of data")]
    NoRows {
        /// The file.
        file: String,
    },
    /// There is a label column and nothing else.
    #[error("{file}: the label is the only column; at least one feature is needed, separated by commas")]
    NoFeatures {
        /// The file.
        file: String,
    },
    /// A row has another number of cells than the first.
    #[error("{file}, row {row}: expected {expected} cells as in the first row, found {found}")]
    Ragged {
        /// The file.
        file: String,
        /// The line.
        row: usize,
        /// Cells of the first row.
        expected: usize,
        /// Cells of this row.
        found: usize,
    },
    /// A cell holds nothing.
    #[error("{file}, row {row}, column {column}: the cell is empty; fill it or remove the row")]
    EmptyCell {
        /// The file.
        file: String,
        /// The line.
        row: usize,
        /// The column.
        column: String,
    },
    /// A cell that must hold a number holds something else.
    #[error("{file}, row {row}, column {column}: `{text}` is not a number")]
    NotANumber {
        /// The file.
        file: String,
        /// The line.
        row: usize,
        /// The column.
        column: String,
        /// The cell.
        text: String,
    },
    /// A cell holds NaN, an infinity or a number beyond ±1.8e308.
    #[error("{file}, row {row}, column {column}: `{text}` is not a finite number")]
    NotFinite {
        /// The file.
        file: String,
        /// The line.
        row: usize,
        /// The column.
        column: String,
        /// The cell.
        text: String,
    },
    /// No column has the name.
    #[error("{file}: no column is named `{wanted}`{hint}")]
    UnknownColumn {
        /// The file.
        file: String,
        /// The name that was asked for.
        wanted: String,
        /// The near miss, or what there is.
        hint: String,
    },
    /// The number of the label column, or of one that is ignored, is outside the table.
    #[error(
        "{file}: column {index} does not exist: the table has {columns} columns, so use 0 to {} or -{columns} to -1",
        columns - 1
    )]
    ColumnOutOfRange {
        /// The file.
        file: String,
        /// The number that was asked for, from 0, or from −1 backwards.
        index: i64,
        /// Columns of the table, the label included.
        columns: usize,
    },
    /// The label column is among those that are ignored.
    #[error("{file}: column {column} holds the label and cannot be ignored")]
    LabelIgnored {
        /// The file.
        file: String,
        /// The column.
        column: String,
    },
    /// A label is none of the classes that were declared.
    #[error("{file}, row {row}: the label `{label}` is none of the {classes} classes 0 to {}", classes.saturating_sub(1))]
    LabelOutsideClasses {
        /// The file of the labels.
        file: String,
        /// The line of a text, or the sample, counted from 1.
        row: usize,
        /// The label.
        label: String,
        /// How many classes were declared.
        classes: usize,
    },
    /// Labels and samples are not equally many.
    #[error("{labels_file} holds {labels} labels, and {file} holds {samples} samples")]
    LabelCount {
        /// The file of the samples.
        file: String,
        /// The number of samples.
        samples: usize,
        /// The file of the labels.
        labels_file: String,
        /// The number of labels.
        labels: usize,
    },
    /// Labels are not a list of numbers.
    #[error("{file}: labels have the shape {shape:?}; they must be one number for each sample, [samples]")]
    LabelShape {
        /// The file of the labels.
        file: String,
        /// The shape.
        shape: Vec<usize>,
    },
    /// An array of samples comes without labels.
    #[error(
        "{file} holds an array of shape {shape:?} without labels; name the file of its labels in `labels`"
    )]
    LabelsNeeded {
        /// The file.
        file: String,
        /// The shape.
        shape: Vec<usize>,
    },
    /// The file of labels is of a format that labels are not read from.
    #[error("{file}: labels are read from IDX and npy files, and this is {format}")]
    LabelFormat {
        /// The file of the labels.
        file: String,
        /// Its format.
        format: &'static str,
    },
    /// An option that does not belong to the format.
    #[error("{file} is {format}, to which `{option}` does not apply; remove it")]
    ForeignOption {
        /// The file.
        file: String,
        /// The option.
        option: &'static str,
        /// The format.
        format: &'static str,
    },
    /// No array of the file has the name.
    #[error("{file}: no array is named `{wanted}`{hint}")]
    UnknownArray {
        /// The file.
        file: String,
        /// The name that was asked for.
        wanted: String,
        /// The near miss, or what there is.
        hint: String,
    },
    /// A file of several arrays, and it does not follow from their shapes which is meant.
    #[error("{file}: name the array of the {role} in `{role}`; there are {arrays}")]
    WhichArray {
        /// The file.
        file: String,
        /// `features` or `label`.
        role: &'static str,
        /// The arrays and their shapes.
        arrays: String,
    },
    /// A character that the vocabulary does not have.
    #[error("character {place} of the text, {character:?}, is not in the vocabulary of {file}")]
    UnknownCharacter {
        /// The text whose vocabulary it is.
        file: String,
        /// The character.
        character: char,
        /// Where it stands, counted from 1.
        place: usize,
    },
    /// All samples have the same class.
    #[error(
        "{file}: a classification needs at least 2 classes, and every label is `{class}`; is the label column right?"
    )]
    OneClass {
        /// The file.
        file: String,
        /// The one class.
        class: String,
    },
    /// Arrays that do not belong together.
    #[error("{file}: {what}: expected {expected}, found {found}")]
    Shape {
        /// The data set.
        file: String,
        /// Which number disagrees.
        what: &'static str,
        /// What the other arrays imply.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// A sample or class that does not exist.
    #[error("{file}: {what} {index} does not exist: there are {count}, counted from 0")]
    OutOfRange {
        /// The data set.
        file: String,
        /// `sample` or `class`.
        what: &'static str,
        /// What was asked for.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// There is no ready data set of this name.
    #[error("no ready data set is named `{name}`{hint}")]
    UnknownName {
        /// What was asked for.
        name: String,
        /// The near miss, or what there is.
        hint: String,
    },
    /// What is to be done to the samples cannot be done.
    #[error(transparent)]
    Preparation(#[from] PreparationError),
}

/// `; did you mean …?` for the nearest of `choices`, otherwise the list of them.
pub(super) fn near_miss<'c>(wanted: &str, choices: impl Iterator<Item = &'c str> + Clone) -> String {
    let nearest = choices
        .clone()
        .map(|choice| (strsim::damerau_levenshtein(&wanted.to_lowercase(), &choice.to_lowercase()), choice))
        .min_by_key(|&(distance, _)| distance);
    match nearest {
        Some((distance, choice)) if distance <= 1 + wanted.chars().count() / 4 => {
            format!("; did you mean `{choice}`?")
        }
        // Twenty names fit on a screen; a table of pixels has hundreds.
        Some(_) => {
            let mut names: Vec<String> = choices.clone().take(20).map(|name| format!("`{name}`")).collect();
            if choices.count() > names.len() {
                names.push("…".to_owned());
            }
            format!("; there are {}", names.join(", "))
        }
        None => String::new(),
    }
}
