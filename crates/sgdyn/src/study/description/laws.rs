//! What a cell of a `laws` study asks.

use serde::Deserialize;

use super::question::{Escape, EscapeSolver};

/// `[laws]`, and the `[[panel]]` of the cell.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Laws {
    /// A point of the basin that is left, d coordinates.
    pub start: Vec<f64>,
    /// The target, one condition.
    pub target: Vec<String>,
    /// The confidence of intervals.
    pub confidence: f64,
    /// When a replica of a continuous rule is censored, in time.
    pub max_time: Option<f64>,
    /// When a replica of a discrete rule is censored, in steps.
    pub max_steps: Option<u64>,
    /// The panel that the cell belongs to.
    #[serde(skip)]
    pub panel: Panel,
}

impl Laws {
    /// The escape that is measured, from `start`.
    pub(crate) fn escape_from(&self, start: Vec<f64>) -> Escape {
        Escape {
            start,
            target: self.target.clone(),
            solver: EscapeSolver::Ensemble,
            crossing_correction: true,
            max_time: self.max_time,
            max_steps: self.max_steps,
            theories: None,
        }
    }
}

/// `[[panel]]`: a law and the points that it is held against.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Panel {
    /// Its name.
    pub name: String,
    /// What the law is linear in.
    pub x: LawAbscissa,
    /// What is fitted.
    pub y: LawOrdinate,
}

/// What a law is linear in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum LawAbscissa {
    /// 1/k, k the sharpness.
    #[default]
    #[serde(rename = "1/k")]
    InverseSharpness,
    /// ln k.
    #[serde(rename = "ln k")]
    LogSharpness,
    /// The batch size.
    #[serde(rename = "B")]
    BatchSize,
    /// 1/η.
    #[serde(rename = "1/eta")]
    InverseLearningRate,
    /// β = 1/D.
    #[serde(rename = "1/D")]
    InverseDiffusion,
    /// η/B.
    #[serde(rename = "eta/B")]
    NoiseScale,
}

impl LawAbscissa {
    /// As it is written in formulas.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::InverseSharpness => "1/k",
            Self::LogSharpness => "ln k",
            Self::BatchSize => "B",
            Self::InverseLearningRate => "1/η",
            Self::InverseDiffusion => "1/D",
            Self::NoiseScale => "η/B",
        }
    }
}

/// What is fitted of the mean escape time τ = 1/γ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LawOrdinate {
    /// ln τ − ln(predicted prefactor).
    #[default]
    Exponent,
    /// ln τ.
    Time,
    /// ln τ − predicted exponent.
    Prefactor,
}

impl LawOrdinate {
    /// As it is written in formulas, with P the prefactor and E the exponent of the predicted time P exp(E).
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Exponent => "−ln γ − ln P",
            Self::Time => "−ln γ",
            Self::Prefactor => "−ln γ − E",
        }
    }
}
