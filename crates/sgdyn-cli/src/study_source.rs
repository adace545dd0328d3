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
        let Some(data) = data_file(&study) else { return Ok(study) };
        let quoted = serde_json::to_string(&data).map_err(Failure::usage)?;
        overrides.set.push(format!("landscape.data={quoted}"));
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

/// The absolute path of the data file beside the study, if the study names one by a relative path.
fn data_file(study: &Study) -> Option<PathBuf> {
    let Landscape::Risk(risk) = &study.first().landscape else { return None };
    let path = study.file()?.parent()?.join(&risk.data);
    let swept = study.swept().any(|(path, _)| path == "landscape.data");
    if swept || Path::new(&risk.data).is_absolute() || !path.is_file() {
        return None;
    }
    std::path::absolute(path).ok()
}

/// The study of a run directory, under the name that it was run by.
pub(crate) fn study_of_run(directory: &Path) -> Result<(Study, Manifest), Failure> {
    let (text, manifest) = read_run(directory)?;
    let name = format!("{}.toml", manifest.study);
    let study = Study::parse(&name, &text, &Overrides::default()).map_err(Failure::usage)?;
    Ok((study, manifest))
}
