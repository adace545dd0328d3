//! Where a theory does not apply, with the number that decides and the remedy.

/// A prediction does not exist or cannot be computed.
#[derive(Debug, thiserror::Error, Clone, PartialEq)]
pub enum TheoryError {
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
    /// A matrix has the wrong shape.
    #[error("{name} is {rows} × {columns}: it must be {expected} × {expected}")]
    Shape {
        /// The matrix.
        name: &'static str,
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
        /// The dimension it must have.
        expected: usize,
    },
    /// A matrix that must be symmetric and finite is not.
    #[error("{name} is not symmetric: entry ({row}, {column}) differs from its mirror by {difference:e}")]
    NotSymmetric {
        /// The matrix.
        name: &'static str,
        /// The row of the worst entry.
        row: usize,
        /// Its column.
        column: usize,
        /// The difference, NaN if the entry is not finite.
        difference: f64,
    },
    /// A matrix that must be positive (semi)definite is not.
    #[error("{name} has the eigenvalue {eigenvalue:e}: it must be {needed}")]
    NotPositive {
        /// The matrix.
        name: &'static str,
        /// The offending eigenvalue.
        eigenvalue: f64,
        /// What is needed, in words.
        needed: &'static str,
    },
    /// Every saddle needs exactly one negative curvature.
    #[error(
        "the saddle's Hessian has {negative} negative eigenvalues: a saddle between minima has exactly one"
    )]
    NotASaddle {
        /// The number of negative eigenvalues.
        negative: usize,
    },
    /// The eigenvalue solver did not converge.
    #[error("the eigenvalues of {name} did not converge: is the matrix scaled sensibly?")]
    Eigenvalues {
        /// The matrix.
        name: &'static str,
    },
    /// The linear dynamics diverge.
    #[error(
        "unstable at learning rate {learning_rate}: the Hessian has the eigenvalue {eigenvalue} (number {index} from the smallest, which is 0); stable while 0 < learning rate × eigenvalue < {limit}"
    )]
    Unstable {
        /// The eigenvalue of the Hessian.
        eigenvalue: f64,
        /// Its position in ascending order.
        index: usize,
        /// The learning rate η.
        learning_rate: f64,
        /// The bound on η·eigenvalue.
        limit: f64,
    },
    /// A direction without curvature diffuses for ever.
    #[error(
        "no stationary law: eigenvalue {eigenvalue:e} (number {index}) is flat and diffuses with coefficient {diffusion:e} per step; ask for the curved modes only"
    )]
    Flat {
        /// The eigenvalue of the Hessian, zero up to rounding.
        eigenvalue: f64,
        /// Its position in ascending order.
        index: usize,
        /// The diffusion coefficient per step: the variance grows by twice this much each step.
        diffusion: f64,
    },
    /// Multiplicative noise makes the variance infinite.
    #[error(
        "no stationary variance: the fluctuations amplify it by {spectral_radius} ≥ 1; lower the learning rate or enlarge the batch"
    )]
    InfiniteVariance {
        /// The spectral radius of the fluctuation part, preconditioned by the mean part; existence needs < 1.
        spectral_radius: f64,
    },
    /// The Hessian fluctuates along a direction whose mean curvature is zero.
    #[error(
        "the Hessian fluctuates along flat directions (share {share:e} of its action): no stationary variance"
    )]
    FlatFluctuation {
        /// The share of the Frobenius norm that falls on flat modes.
        share: f64,
    },
    /// An iteration stopped short of its tolerance.
    #[error("{what} stopped at relative accuracy {reached:e} after {iterations} iterations: {remedy}")]
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
    /// A function of the problem returned a value that cannot be used.
    #[error("{name}({x}) = {value}: it must be {allowed} there")]
    BadFunction {
        /// The function.
        name: &'static str,
        /// Where it was evaluated.
        x: f64,
        /// What it returned.
        value: f64,
        /// What is allowed, in words.
        allowed: &'static str,
    },
    /// The process runs away to infinity.
    #[error(
        "the process is not confined towards {towards}: its stationary weight does not decay up to x = {reached:e}; put a wall there"
    )]
    Unbounded {
        /// `+∞` or `−∞`.
        towards: f64,
        /// How far was looked.
        reached: f64,
    },
    /// The functions are too rough or the noise too small for the number of nodes.
    #[error("{what} would need more than {limit} nodes: {remedy}")]
    TooFine {
        /// What was discretised.
        what: &'static str,
        /// The limit.
        limit: usize,
        /// What to do.
        remedy: &'static str,
    },
}

/// Refuses numbers that are not positive and finite.
pub(super) fn check_positive(name: &'static str, value: f64) -> Result<(), TheoryError> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(TheoryError::OutOfRange { name, value, allowed: "a positive, finite number" })
}

/// Refuses numbers that are negative, infinite or NaN.
pub(super) fn check_not_negative(name: &'static str, value: f64) -> Result<(), TheoryError> {
    if value >= 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(TheoryError::OutOfRange { name, value, allowed: "a finite number of at least 0" })
}
