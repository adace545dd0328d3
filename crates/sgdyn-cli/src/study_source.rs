//! From a name, a file or a run directory to a study.

use crate::arguments::StudyArguments;
use crate::failure::Failure;
use anyhow::anyhow;
use sgdyn::study::{Landscape, Manifest, Overrides, Study, read_run, ready};
use std::path::{Path, PathBuf};

/// The text of a study as it was written, and what errors call it.
pub(crate) enum Source<'a> {
    /// A study that comes with sgdyn.
    Ready(ready::ReadyStudy),
    /// A file.
    File(&'a Path),
}

impl<'a> Source<'a> {
    /// What the argument means: a file where it looks like one, else the name of a ready study.
    ///
    /// # Errors
    /// There is neither a file nor a ready study of that name; the nearest name is told.
    pub(crate) fn find(argument: &'a Path) -> Result<Self, Failure> {
        if argument.is_file() {
            return Ok(Self::File(argument));
        }
        let name = argument.to_string_lossy();
        match ready::find(&name) {
            Ok(ready) => Ok(Self::Ready(ready)),
            // A path with a directory in it cannot have been meant as a name.
            Err(_) if argument.components().count() > 1 => Ok(Self::File(argument)),
            Err(error) => Err(Failure::usage(anyhow!("no file `{name}`, and {error}"))),
        }
    }

    /// The study, with the changes that were asked for.
    pub(crate) fn read(&self, overrides: &Overrides) -> Result<Study, Failure> {
        match self {
            Self::Ready(ready) => Study::parse(ready.name, ready.text, overrides),
            Self::File(path) => Study::read(path, overrides),
        }
        .map_err(Failure::usage)
    }
}

impl StudyArguments {
    /// Reads the study.
    pub(crate) fn read(&self) -> Result<Study, Failure> {
        let source = Source::find(&self.study)?;
        let mut overrides = self.overrides();
        let study = source.read(&overrides)?;
        // A run directory may lie anywhere, and its study must find the data again.
        let files = data_files(&study);
        if files.is_empty() {
            return Ok(study);
        }
        for (key, file) in files {
            let quoted = serde_json::to_string(&file).map_err(Failure::usage)?;
            overrides.set.push(format!("{key}={quoted}"));
        }
        source.read(&overrides)
    }

    fn overrides(&self) -> Overrides {
        let seed = self.seed.map(|seed| format!("seed={seed}"));
        Overrides { quick: self.quick, set: self.set.iter().cloned().chain(seed).collect() }
    }

    /// Whether the study is to be changed at all.
    pub(crate) fn changes_anything(&self) -> bool {
        self.quick || self.seed.is_some() || !self.set.is_empty()
    }
}

/// The absolute paths of the files of data beside the study that it names by relative paths, with their keys.
fn data_files(study: &Study) -> Vec<(&'static str, PathBuf)> {
    let Landscape::Risk(risk) = &study.first().landscape else { return Vec::new() };
    let Some(directory) = study.file().and_then(Path::parent) else { return Vec::new() };
    let swept = |key| study.swept().any(|(path, _)| path == key);
    let named =
        [("landscape.data", Some(&risk.data.source)), ("landscape.labels", risk.data.labels.as_ref())];
    let absolute = |(key, file): (&'static str, Option<&String>)| {
        let file = file.filter(|file| !swept(key) && !Path::new(file).is_absolute())?;
        let path = directory.join(file);
        if path.is_file() { Some((key, std::path::absolute(path).ok()?)) } else { None }
    };
    named.into_iter().filter_map(absolute).collect()
}

/// The study of a run directory, under the name that it was run by.
pub(crate) fn study_of_run(directory: &Path) -> Result<(Study, Manifest), Failure> {
    let (text, manifest) = read_run(directory)?;
    let name = format!("{}.toml", manifest.study);
    let study = Study::parse(&name, &text, &Overrides::default()).map_err(Failure::usage)?;
    Ok((study, manifest))
}
