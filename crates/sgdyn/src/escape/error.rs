//! Where an escape cannot be analysed, with the place, the number that decides and the remedy.

/// A critical point, a path or a prediction that cannot be.
#[derive(Debug, thiserror::Error, Clone, PartialEq)]
pub enum EscapeError {
    /// Critical points need a loss.
    #[error("the drift has no loss: critical points need a landscape; for a drift take a least-action path")]
    NoLoss,
    /// Critical points need curvature.
    #[error("the field offers no second derivatives: use a formula or a named landscape")]
    SecondDerivatives,
    /// A point with the wrong number of coordinates.
    #[error("{what} has {given} coordinates, the landscape {needed}")]
    Dimension {
        /// What does not fit.
        what: &'static str,
        /// Its number of coordinates.
        given: usize,
        /// The landscape's.
        needed: usize,
    },
    /// An argument lies outside its range.
    #[error("{name} = {value} is out of range: give {allowed}")]
    OutOfRange {
        /// The argument.
        name: &'static str,
        /// The offending value.
        value: f64,
        /// The allowed range, in words.
        allowed: &'static str,
    },
    /// A loss, gradient or Hessian that is no number.
    #[error("the {what} is not finite at x = {point:?}: start elsewhere or narrow the box")]
    NotFinite {
        /// What is not finite.
        what: &'static str,
        /// Where.
        point: Vec<f64>,
    },
    /// A descent that ran away.
    #[error(
        "the descent reached |x − start| = {distance:e} with L = {loss:e} and found no minimum: the landscape seems unbounded on this side; start in a basin, or add a term that rises"
    )]
    Unbounded {
        /// How far it ran.
        distance: f64,
        /// The loss there.
        loss: f64,
    },
    /// A search that found no saddle.
    #[error(
        "no saddle found: the walk ended after {steps} steps at distance {distance:e}, |∇L| = {gradient:e}; {remedy}"
    )]
    NoSaddle {
        /// The steps spent.
        steps: usize,
        /// The distance from the start.
        distance: f64,
        /// The gradient there.
        gradient: f64,
        /// What to do.
        remedy: &'static str,
    },
    /// A basin out of which no way was found.
    #[error(
        "no walk from the minimum {minimum:?} ends at a saddle of its basin: start in a basin that has one, or search a \
         box for critical points"
    )]
    NoGate {
        /// The minimum.
        minimum: Vec<f64>,
    },
    /// Two minima that are one.
    #[error("the two minima are one, {distance:e} apart: no saddle lies between; give two different minima")]
    SameMinimum {
        /// Their distance.
        distance: f64,
    },
    /// A point that is not of the kind that is needed.
    #[error("{what} at x = {point:?} is a {found}: {needed}")]
    WrongKind {
        /// The role of the point.
        what: &'static str,
        /// Where.
        point: Vec<f64>,
        /// What it is.
        found: super::CriticalKind,
        /// What it must be.
        needed: &'static str,
    },
    /// A diffusion tensor that does not reach every direction.
    #[error(
        "the diffusion tensor at x = {point:?} is not positive definite: no path of finite action leaves along its null directions; add a floor to the noise"
    )]
    SingularDiffusion {
        /// Where.
        point: Vec<f64>,
    },
    /// An iteration stopped short of its tolerance.
    #[error("{what} stopped at {reached:e} after {iterations} iterations: {remedy}")]
    NotConverged {
        /// What was iterated.
        what: &'static str,
        /// The accuracy reached.
        reached: f64,
        /// The iterations spent.
        iterations: usize,
        /// What to do.
        remedy: &'static str,
    },
    /// A search for a rare event that spent its steps.
    #[error(
        "the {steps} steps of a run were spent at level {level:e}, which paths pass with a probability of about {probability:.1e}: \
         paths must end, in failure or in the event; give more steps, a nearer target, or a failure that paths come back to"
    )]
    BudgetSpent {
        /// The steps allowed.
        steps: u64,
        /// The last level that was passed; −∞ if paths from the start did not end.
        level: f64,
        /// The estimated probability to pass it.
        probability: f64,
    },
    /// A search for a rare event in which no path got to the end.
    #[error(
        "all paths of a stage were at one level in each of {runs} run(s), and none passed it: without noise there is nothing to \
         choose from; else give more paths or another coordinate"
    )]
    Extinct {
        /// How many runs.
        runs: usize,
    },
    /// A rule whose paths cannot be continued by copies.
    #[error("paths of this rule cannot be split: {reason}")]
    Unsplittable {
        /// Why not, and what to do.
        reason: &'static str,
    },
    /// A rare event that is none.
    #[error("the start {start:?} lies {place}")]
    BadStart {
        /// The start.
        start: Vec<f64>,
        /// Where it lies, and what to do.
        place: &'static str,
    },
    /// A formula that cannot be evaluated.
    #[error(transparent)]
    Formula(#[from] crate::landscape::formula::FormulaError),
    /// A theory that refuses its arguments.
    #[error(transparent)]
    Theory(#[from] crate::theory::TheoryError),
    /// Statistics that refuse their arguments.
    #[error(transparent)]
    Statistics(#[from] crate::statistics::StatisticsError),
}

/// Refuses numbers that are not positive and finite.
pub(super) fn check_positive(name: &'static str, value: f64) -> Result<(), EscapeError> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(EscapeError::OutOfRange { name, value, allowed: "a positive, finite number" })
}
