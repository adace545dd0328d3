//! The data of a description: read, and prepared in the order that is promised.

use std::path::{Path, PathBuf};

use super::{RunError, unfit};
use crate::risk::{Column, Dataset, IncompleteRows, LabelKind, ReadOptions, Standardisation, Text};
use crate::study::Label;
use crate::study::description as described;
use crate::study::description::SubsetBy;

/// The training samples, and the test samples if the data are split. What is measured to standardise them, it is on
/// the training samples.
pub(super) fn parts(
    data: &described::Data,
    labels: LabelKind,
    directory: Option<&Path>,
) -> Result<(Dataset, Option<Dataset>), RunError> {
    let (train, test) = match &data.windows {
        Some(windows) => windows_of(data, *windows, directory)?,
        None => samples_of(data, labels, directory)?,
    };
    if !data.standardise {
        return Ok((train, test));
    }
    let measured = Standardisation::of(&train, data.constant_features)?;
    let test = test.map(|test| measured.apply(&test)).transpose()?;
    Ok((measured.apply(&train)?, test))
}

fn samples_of(
    data: &described::Data,
    labels: LabelKind,
    directory: Option<&Path>,
) -> Result<(Dataset, Option<Dataset>), RunError> {
    let mut samples = read(data, labels, directory)?;
    if let Some(divisor) = data.divide_by {
        samples = samples.divided_by(divisor)?;
    }
    if let Some(size) = &data.pool {
        let &[height, width] = size.as_slice() else {
            return Err(unfit("landscape.pool", format!("{size:?}"), "give two numbers: [height, width]"));
        };
        samples = samples.pooled(height as usize, width as usize)?;
    }
    let samples = subset_of(data, samples)?;
    Ok(match data.split {
        Some(split) => {
            let (train, test) = samples.split(split.share, split.seed)?;
            (train, Some(test))
        }
        None => (samples, None),
    })
}

fn subset_of(data: &described::Data, samples: Dataset) -> Result<Dataset, RunError> {
    Ok(match data.subset {
        Some(subset) if subset.by == SubsetBy::First => samples.first(subset.count as usize)?,
        Some(subset) => samples.stratified(subset.count as usize)?,
        None => samples,
    })
}

/// The windows of a text, which is cut in two before it is cut into windows: parts then share no character.
fn windows_of(
    data: &described::Data,
    windows: described::TextWindows,
    directory: Option<&Path>,
) -> Result<(Dataset, Option<Dataset>), RunError> {
    let text = if is_file(&data.source) {
        Text::read(path(&data.source, directory))?
    } else if Dataset::READY.contains(&data.source.as_str()) {
        return Err(unfit("landscape.window", windows.length, "only texts are cut into windows; remove it"));
    } else {
        Text::ready(&data.source)?
    };
    let samples = |text: &Text| -> Result<Dataset, RunError> {
        let samples = text.windows(windows.length as usize, windows.stride as usize)?.to_dataset()?;
        Ok(if let Some(divisor) = data.divide_by { samples.divided_by(divisor)? } else { samples })
    };
    Ok(match data.split {
        Some(split) => {
            let (train, test) = text.split(split.share)?;
            (subset_of(data, samples(&train)?)?, Some(samples(&test)?))
        }
        None => (subset_of(data, samples(&text)?)?, None),
    })
}

/// The samples as their source has them.
fn read(data: &described::Data, labels: LabelKind, directory: Option<&Path>) -> Result<Dataset, RunError> {
    let label = data.label.as_ref().map(|label| match label {
        Label::Index(index) => Column::Index(*index as i64),
        Label::Name(name) => Column::Name(name.clone()),
    });
    if !is_file(&data.source) {
        refuse_what_files_need(data)?;
        return Ok(Dataset::ready_with(&data.source, label.as_ref(), labels)?);
    }
    let column = |text: &String| text.parse().map_or_else(|_| Column::Name(text.clone()), Column::Index);
    let options = ReadOptions {
        header: data.header,
        label,
        labels,
        labels_file: data.labels.as_ref().map(|file| path(file, directory)),
        features: data.features.clone(),
        ignore: data.ignore.iter().map(column).collect(),
        incomplete_rows: data.incomplete_rows,
        classes: data.classes.map(|classes| classes as usize),
        shape: data.shape.as_ref().map(|shape| shape.iter().map(|&length| length as usize).collect()),
    };
    Ok(Dataset::read(path(&data.source, directory), &options)?)
}

/// Ready data sets are known: what tells how a file is to be read has no place with them.
fn refuse_what_files_need(data: &described::Data) -> Result<(), RunError> {
    if Text::READY.contains(&data.source.as_str()) {
        let remedy = "it is a text: give `landscape.window`, the length of the windows that it is cut into";
        return Err(unfit("landscape.data", &data.source, remedy));
    }
    let given = [
        ("landscape.labels", data.labels.is_some()),
        ("landscape.features", data.features.is_some()),
        ("landscape.header", data.header.is_some()),
        ("landscape.ignore", !data.ignore.is_empty()),
        ("landscape.incomplete_rows", data.incomplete_rows != IncompleteRows::Error),
        ("landscape.classes", data.classes.is_some()),
        ("landscape.shape", data.shape.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((key, _)) if Dataset::READY.contains(&data.source.as_str()) => {
            let remedy = format!("`{}` is a ready data set, of which this is known; remove it", data.source);
            Err(unfit(key, "given", remedy))
        }
        _ => Ok(()),
    }
}

/// Something with the look of a name is not looked for in the file system: its near miss is more help.
fn is_file(source: &str) -> bool {
    source.contains(['.', '/', '\\'])
}

/// A file of a study, relative to it.
pub(super) fn path(source: &str, directory: Option<&Path>) -> PathBuf {
    directory.map_or_else(|| source.into(), |directory| directory.join(source))
}

#[cfg(test)]
mod tests;
