//! `[rare-event]` in typed form.

use serde::Deserialize;

/// `[rare-event]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RareEvent {
    /// Where every path starts, d coordinates.
    pub start: Vec<f64>,
    /// The condition that is the event.
    pub target: String,
    /// The condition that ends a path without it; the core of the basin, where a rate is wanted.
    pub before: Option<String>,
    /// When a path of a continuous rule has failed, in time.
    pub within_time: Option<f64>,
    /// After how many steps a path of a discrete rule has failed.
    pub within_steps: Option<u64>,
    /// What is wanted.
    pub quantity: RareQuantity,
    /// How it is found.
    pub method: RareMethod,
    /// "automatic", "committor", or a formula of the coordinates.
    #[serde(default)]
    pub coordinate: Option<String>,
    /// Paths of one run.
    #[serde(default)]
    pub paths: Option<u64>,
    /// Independent runs.
    #[serde(default)]
    pub runs: Option<u64>,
    /// Paths that are replaced at a time; none: one in twenty.
    pub replaced: Option<u64>,
    /// The most steps of a run, or of the ensemble.
    pub max_steps: u64,
    /// Whether crossings inside a step are counted; false for discrete rules and levy.
    #[serde(default)]
    pub crossing_correction: bool,
}

/// What is asked of a rare event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RareQuantity {
    /// The probability of the event before the failure.
    Probability,
    /// The rate at which a basin is left.
    Rate,
}

/// How a rare event is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RareMethod {
    /// By adaptive multilevel splitting.
    Splitting,
    /// By forward flux sampling.
    ForwardFlux,
    /// By the replicas of an ensemble.
    Ensemble,
}
