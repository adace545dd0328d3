//! Samples and labels from the arrays of a file.

use std::borrow::Cow;

use super::array::Array;
use super::class_labels;
use super::collection::Collection;
use super::dataset::{Dataset, Labels};
use super::error::DatasetError;
use super::read::{Column, LabelKind, ReadOptions, column_index};

/// Labels as they stand in a file.
pub(super) struct LabelArray<'f> {
    pub(super) file: Cow<'f, str>,
    pub(super) array: Array,
}

/// The samples of one array, with labels of their own or in a column.
pub(super) fn from_array(
    file: &str,
    mut features: Array,
    labels: Option<LabelArray<'_>>,
    options: &ReadOptions,
) -> Result<Dataset, DatasetError> {
    let labels = if let Some(labels) = labels {
        labels
    } else {
        let array = split_column(file, &mut features, options.label.as_ref())?;
        LabelArray { file: Cow::Borrowed(file), array }
    };
    let samples = features.shape.first().copied().unwrap_or(0);
    match *labels.array.shape.as_slice() {
        [count] | [count, 1] if count == samples => {}
        [labels_found] | [labels_found, 1] => {
            return Err(DatasetError::LabelCount {
                file: file.to_owned(),
                samples,
                labels_file: labels.file.into_owned(),
                labels: labels_found,
            });
        }
        _ => {
            let shape = labels.array.shape;
            return Err(DatasetError::LabelShape { file: labels.file.into_owned(), shape });
        }
    }
    if samples == 0 {
        return Err(DatasetError::NoRows { file: file.to_owned() });
    }
    let width = features.values.len() / samples;
    let names = (1..=width).map(|feature| format!("feature {feature}")).collect();
    let labels = typed(&labels, options)?;
    let shape = match &features.shape[1..] {
        [] => vec![1],
        shape => shape.to_vec(),
    };
    Dataset::new(file, features.values, names, labels)?.with_shape(&shape)
}

/// Takes a column, by default the last, out of a table of numbers.
fn split_column(file: &str, table: &mut Array, column: Option<&Column>) -> Result<Array, DatasetError> {
    let column = match column {
        None => -1,
        Some(Column::Index(index)) => *index,
        Some(Column::Name(wanted)) => {
            let hint = "; an array has no names: give the number of the column, from 0, or -1 for the last";
            let (file, wanted, hint) = (file.to_owned(), wanted.clone(), hint.to_owned());
            return Err(DatasetError::UnknownColumn { file, wanted, hint });
        }
    };
    let [samples, columns] = *table.shape.as_slice() else {
        return Err(DatasetError::LabelsNeeded { file: file.to_owned(), shape: table.shape.clone() });
    };
    if columns < 2 {
        return Err(DatasetError::NoFeatures { file: file.to_owned() });
    }
    let label = column_index(column, columns).ok_or_else(|| DatasetError::ColumnOutOfRange {
        file: file.to_owned(),
        index: column,
        columns,
    })?;
    let mut place = 0;
    let mut labels = Vec::with_capacity(samples);
    table.values.retain(|&value| {
        let of_label = place % columns == label;
        place += 1;
        if of_label {
            labels.push(value);
        }
        !of_label
    });
    table.shape[1] -= 1;
    Ok(Array { shape: vec![samples], values: labels })
}

fn typed(labels: &LabelArray<'_>, options: &ReadOptions) -> Result<Labels, DatasetError> {
    let values = &labels.array.values;
    if let Some(row) = values.iter().position(|value| !value.is_finite()) {
        return Err(DatasetError::NotFinite {
            file: labels.file.as_ref().to_owned(),
            row: row + 1,
            column: "of the label".to_owned(),
            text: values[row].to_string(),
        });
    }
    if options.labels == LabelKind::Targets {
        return Ok(Labels::Targets(values.clone()));
    }
    let texts: Vec<Cow<'_, str>> = values.iter().map(|value| Cow::Owned(value.to_string())).collect();
    match options.classes {
        Some(classes) => {
            let rows = texts.iter().enumerate().map(|(row, text)| (row + 1, text.as_ref()));
            class_labels::declared(&labels.file, classes, rows)
        }
        None => Ok(class_labels::found(&texts)),
    }
}

/// The samples of a file of several arrays: which are features and labels is asked for, or follows from there being
/// one array of several dimensions and one of one.
pub(super) fn from_collection(
    file: &str,
    mut collection: Collection<'_>,
    labels: Option<LabelArray<'_>>,
    options: &ReadOptions,
) -> Result<Dataset, DatasetError> {
    let of_dimensions = |collection: &Collection<'_>, fits: fn(usize) -> bool| {
        let fit = |shape: &Vec<usize>| fits(shape.len());
        let mut fitting = (0..collection.arrays.len())
            .filter(|&index| collection.arrays[index].shape.as_ref().is_some_and(fit));
        fitting.next().filter(|_| fitting.next().is_none())
    };
    let undecided = |collection: &Collection<'_>, role| DatasetError::WhichArray {
        file: file.to_owned(),
        role,
        arrays: collection.listed(),
    };
    let features = match &options.features {
        Some(name) => collection.find(name)?,
        None if collection.arrays.len() == 1 => 0,
        None => of_dimensions(&collection, |dimensions| dimensions > 1)
            .ok_or_else(|| undecided(&collection, "features"))?,
    };
    let labels = match (labels, &options.label) {
        (Some(labels), _) => Some(labels),
        (None, Some(Column::Index(_))) => None,
        (None, Some(Column::Name(name))) => {
            let index = collection.find(name)?;
            Some(named(file, name, collection.array(index)?))
        }
        (None, None) if collection.arrays.len() == 1 => None,
        (None, None) => {
            let index = of_dimensions(&collection, |dimensions| dimensions == 1)
                .ok_or_else(|| undecided(&collection, "label"))?;
            let array = collection.array(index)?;
            Some(named(file, &collection.arrays[index].name, array))
        }
    };
    from_array(file, collection.array(features)?, labels, options)
}

fn named(file: &str, name: &str, array: Array) -> LabelArray<'static> {
    LabelArray { file: Cow::Owned(format!("{file}, array `{name}`")), array }
}
