//! What a cell asks.

use super::critical_points::CriticalPoints;
use super::curvature::Curvature;
use serde::Deserialize;

use super::laws::Laws;
use super::occupation::Occupation;
use super::rare_event::RareEvent;
use super::train::Train;

/// What is asked of the dynamics.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// When is a target first reached?
    Escape(Escape),
    /// What law does the rule settle to?
    Stationary(Stationary),
    /// What do statistics over replicas do as the steps go by?
    Simulate(Simulate),
    /// Where is it, with which density?
    Density(Density),
    /// When is a target first reached, on a grid?
    FirstPassage(FirstPassage),
    /// How probable is it?
    RareEvent(RareEvent),
    /// Do escape times follow the laws of the theories?
    Laws(Laws),
    /// Where are minima and saddles, and which ways join them?
    CriticalPoints(CriticalPoints),
    /// Where does it spend its time, and where does it end?
    Occupation(Occupation),
    /// How is a network curved, and how noisy are its gradients?
    Curvature(Curvature),
    /// What becomes of a network as it is trained?
    Train(Train),
}

impl Question {
    /// The word of the key `study`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Escape(_) => "escape",
            Self::Stationary(_) => "stationary",
            Self::Simulate(_) => "simulate",
            Self::Density(_) => "density",
            Self::FirstPassage(_) => "first-passage",
            Self::RareEvent(_) => "rare-event",
            Self::Laws(_) => "laws",
            Self::CriticalPoints(_) => "critical-points",
            Self::Occupation(_) => "occupation",
            Self::Curvature(_) => "curvature",
            Self::Train(_) => "train",
        }
    }
}

/// `[escape]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escape {
    /// Where every replica starts, d coordinates.
    pub start: Vec<f64>,
    /// Conditions; the first entry into each is observed on the same paths.
    pub target: Vec<String>,
    /// How the escape time is found.
    pub solver: EscapeSolver,
    /// Whether crossings inside a step are counted by a Brownian bridge; false for discrete rules and levy.
    #[serde(default)]
    pub crossing_correction: bool,
    /// When a replica of a continuous rule is censored, in time.
    pub max_time: Option<f64>,
    /// When a replica of a discrete rule is censored, in steps.
    pub max_steps: Option<u64>,
    /// The predictions to compare with; none: those that rule and noise call for.
    pub theories: Option<Vec<TheoryOfEscape>>,
}

/// A prediction of an escape time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TheoryOfEscape {
    /// Eyring–Kramers, with the noise at the minimum as the temperature.
    Kramers,
    /// Kramers and Langer, for momentum.
    Langer,
    /// The theorem on SGLD.
    Sgld,
    /// The theorem on SGD, with both conventions for its prefactor.
    Sgd,
    /// The power law of noise in proportion to the loss.
    LossProportional,
    /// One large jump.
    Levy,
    /// The exponent of the path of least action.
    Action,
}

/// How an escape time is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EscapeSolver {
    /// By replicas.
    Ensemble,
    /// On a grid.
    Grid,
}

/// `[density]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Density {
    /// Where all mass starts, d coordinates.
    pub start: Option<Vec<f64>>,
    /// When the density of a continuous rule is wanted, in time.
    #[serde(default)]
    pub times: Vec<f64>,
    /// After how many steps that of a discrete rule is wanted.
    #[serde(default)]
    pub steps: Vec<f64>,
    /// How many slow modes are wanted.
    pub modes: u64,
    /// Whether an ensemble is compared.
    pub ensemble: bool,
    /// Approximations of SGD to compare with.
    #[serde(default)]
    pub approximations: Vec<Approximation>,
    /// The time at which they are compared.
    pub horizon: Option<f64>,
}

/// An approximation of SGD's law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Approximation {
    /// The first-order equation.
    Sde,
    /// The second-order modified equation.
    Sme2,
    /// The discrete Fokker–Planck equation to order η².
    FokkerPlanck,
}

/// `[first-passage]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstPassage {
    /// Where the dynamics start, d coordinates.
    pub start: Vec<f64>,
    /// Conditions, each a target of its own.
    pub target: Vec<String>,
    /// A condition that the target is to be reached before.
    pub before: Option<String>,
    /// What is wanted besides moments; none: by the number of cells.
    pub observe: Option<Vec<PassageObservable>>,
}

/// What is asked of a first passage besides its moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PassageObservable {
    /// The rate at late times.
    Rate,
    /// The survival curve.
    Survival,
}

/// `[stationary]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stationary {
    /// Where replicas start.
    pub start: Start,
    /// Steps before the first observation.
    pub burn_in: u64,
    /// Observed steps of every replica.
    pub steps: u64,
    /// Steps between two observations.
    pub every: u64,
    /// Where the search for the minimum starts.
    pub minimum: Option<Vec<f64>>,
    /// Whether the tail exponent is measured.
    pub tail: bool,
    /// The predictions to compare with.
    pub theories: Vec<StationaryTheory>,
}

/// Where replicas start.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Start {
    /// At a point of d coordinates.
    At(Vec<f64>),
    /// By name.
    Named(NamedStart),
}

/// A start that is no point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NamedStart {
    /// Draws from the predicted stationary law.
    Predicted,
}

/// A prediction of the stationary law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StationaryTheory {
    /// The covariance of the first-order SDE.
    Sde,
    /// The exact covariance of the linearised discrete rule.
    Discrete,
    /// The same with the fluctuation of the per-sample Hessians.
    Fluctuating,
    /// The covariance of the second-order modified equation.
    Sme2,
}

/// `[simulate]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simulate {
    /// Where every replica starts, d coordinates; empty for the initial parameters of a network.
    #[serde(default)]
    pub start: Vec<f64>,
    /// How long a discrete rule is simulated, in steps.
    pub steps: Option<u64>,
    /// How long a continuous rule is simulated, in time.
    pub time: Option<f64>,
    /// What is observed.
    pub observe: Vec<Observable>,
    /// Steps between observations; none: only the end is observed.
    pub every: Option<u64>,
}

/// A statistic over replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observable {
    /// The mean of each coordinate.
    Mean,
    /// The covariance matrix.
    Covariance,
    /// Quantiles of each coordinate.
    Quantiles,
    /// The mean-square displacement from the start.
    Displacement,
    /// The mean of ln|x| of each coordinate.
    LogMagnitude,
    /// A few paths.
    Paths,
}
