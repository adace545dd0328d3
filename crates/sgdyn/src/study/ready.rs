//! The studies that come with the library.

use super::description::near_miss;

/// A study that comes with the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadyStudy {
    /// The name by which it is run.
    pub name: &'static str,
    /// Its TOML text.
    pub text: &'static str,
}

/// There is no ready study of that name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no ready study `{name}`{}; there are: {}", did_you_mean(.nearest.as_deref()), names())]
pub struct NoSuchStudy {
    /// The name that was asked for.
    pub name: String,
    /// The most similar name, if one is similar.
    pub nearest: Option<String>,
}

/// One row per file in `studies/`, in alphabetical order.
macro_rules! ready {
    ($($name:literal),+ $(,)?) => {
        &[$(ReadyStudy { name: $name, text: include_str!(concat!("../../../../studies/", $name, ".toml")) }),+]
    };
}

const READY: &[ReadyStudy] = ready![
    "banknote-stationary",
    "basin-rate",
    "digits-mlp-curvature",
    "digits-softmax-stationary",
    "double-well-density",
    "double-well-escape",
    "edge-of-stability",
    "exit-path",
    "first-passage-plane",
    "flat-or-sharp",
    "fokker-planck-order",
    "fractal-sgd",
    "gibbs-or-not",
    "levy-escape",
    "linear-regression-heavy-tail",
    "loss-proportional-escape",
    "loss-proportional-noise",
    "many-paths",
    "mnist-mlp-curvature",
    "momentum-escape",
    "muller-brown-graph",
    "multiplicative-noise",
    "ou-stationary",
    "prefactor",
    "rare-event",
    "resnet-curvature",
    "rotating-current",
    "sampling-schemes",
    "shakespeare-character-model",
    "sharpness-reparametrised",
    "six-panels",
    "styblinski-tang-escape",
    "which-minimum",
];

/// The ready studies, in alphabetical order.
pub fn list() -> &'static [ReadyStudy] {
    READY
}

/// The ready study of a name; `.toml` may follow it.
///
/// # Errors
/// [`NoSuchStudy`] with the nearest name.
///
/// ```
/// assert!(sgdyn::study::ready::find("double-well-escape").is_ok());
/// let error = sgdyn::study::ready::find("duble-well-escape").unwrap_err();
/// assert_eq!(error.nearest.as_deref(), Some("double-well-escape"));
/// ```
pub fn find(name: &str) -> Result<ReadyStudy, NoSuchStudy> {
    let bare = name.strip_suffix(".toml").unwrap_or(name);
    READY.iter().find(|study| study.name == bare).copied().ok_or_else(|| NoSuchStudy {
        name: name.to_owned(),
        nearest: near_miss::nearest(bare, READY.iter().map(|study| study.name)).map(str::to_owned),
    })
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!(": did you mean `{nearest}`?"))
}

fn names() -> String {
    READY.iter().map(|study| study.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{Overrides, Study};

    #[test]
    fn the_table_holds_every_file_of_the_directory() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../studies");
        let mut files: Vec<String> = std::fs::read_dir(directory)
            .unwrap()
            .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
            .filter_map(|file| file.strip_suffix(".toml").map(str::to_owned))
            .collect();
        files.sort();
        assert_eq!(files, list().iter().map(|study| study.name).collect::<Vec<_>>());
    }

    #[test]
    fn every_ready_study_is_valid_and_has_a_title_and_a_quick_version() {
        for ready in list() {
            let study = Study::parse(ready.name, ready.text, &Overrides::default()).unwrap();
            assert!(study.first().title.is_some() && study.first().description.is_some(), "{}", ready.name);
            let quick = Overrides { quick: true, set: Vec::new() };
            let quick = Study::parse(ready.name, ready.text, &quick).unwrap();
            assert_ne!(quick.resolved_toml(), study.resolved_toml(), "{}", ready.name);
        }
    }
}
