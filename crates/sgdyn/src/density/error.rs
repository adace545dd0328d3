//! Where a density cannot be computed, with the place, the number that decides and the remedy.

/// A grid, a chain or a solve that cannot be.
#[derive(Debug, thiserror::Error, Clone, PartialEq)]
pub enum DensityError {
    /// Grids cover one to three dimensions.
    #[error("a grid of {dimension} dimensions: grids cover 1 to 3; use an ensemble for more")]
    Dimension {
        /// The dimension asked for.
        dimension: usize,
    },
    /// An axis whose faces do not ascend.
    #[error(
        "axis {axis}: face {index} at {value} is not above the one before it: faces must ascend and be finite"
    )]
    Axis {
        /// The axis, from 0.
        axis: usize,
        /// The offending face.
        index: usize,
        /// Its place.
        value: f64,
    },
    /// A periodic face needs a periodic face opposite.
    #[error("axis {axis} is periodic on one side only: name both faces periodic, or neither")]
    HalfPeriodic {
        /// The axis, from 0.
        axis: usize,
    },
    /// A computation that does not fit.
    #[error(
        "{what} on {cells} cells needs about {needed_mebibytes} MiB, {allowed_mebibytes} MiB are allowed: about {fitting_cells} cells would fit"
    )]
    Memory {
        /// What was asked.
        what: &'static str,
        /// The number of cells.
        cells: usize,
        /// What it would take.
        needed_mebibytes: usize,
        /// What is allowed.
        allowed_mebibytes: usize,
        /// The number of cells that would fit.
        fitting_cells: usize,
    },
    /// A point that lies on no cell.
    #[error("{what} {point:?} lies outside the box {lower:?} to {upper:?}: widen the box")]
    OutsideBox {
        /// What the point is.
        what: &'static str,
        /// The point.
        point: Vec<f64>,
        /// The lower corner of the box.
        lower: Vec<f64>,
        /// The upper corner of the box.
        upper: Vec<f64>,
    },
    /// A target that holds no cell, or all.
    #[error("the target covers {covered} of {cells} cells: it must cover some and leave some")]
    Target {
        /// Cells in the target.
        covered: usize,
        /// All cells.
        cells: usize,
    },
    /// A diffusion tensor with a negative eigenvalue.
    #[error(
        "the diffusion tensor at cell {cell}, x = {point:?}, has the eigenvalue {eigenvalue:e}: it must be positive semidefinite"
    )]
    NotPositive {
        /// The cell.
        cell: usize,
        /// Its centre.
        point: Vec<f64>,
        /// The offending eigenvalue.
        eigenvalue: f64,
    },
    /// A rate that is negative or not a number.
    #[error("the rate from cell {from} to cell {to} is {value}: the drift or diffusion is not finite there")]
    Rate {
        /// Where it leaves.
        from: usize,
        /// Where it leads.
        to: usize,
        /// Its value.
        value: f64,
    },
    /// A chain from which some state cannot leave or that falls apart.
    #[error("state {state} cannot reach {what}: {remedy}")]
    Unreachable {
        /// The state.
        state: usize,
        /// What it cannot reach.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// An iteration stopped short of its tolerance.
    #[error("{what} stopped at a relative residual of {reached:e} after {iterations} iterations: {remedy}")]
    NotConverged {
        /// What was iterated.
        what: &'static str,
        /// The residual reached.
        reached: f64,
        /// The iterations spent.
        iterations: usize,
        /// What to do.
        remedy: &'static str,
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
    /// A noise that no diffusion stands for.
    #[error(
        "noise of the law {law:?} has no mean of zero with a finite variance, or no linear root: a diffusion needs both; use the law of the discrete map, or an ensemble"
    )]
    NoiseLaw {
        /// The law of its variates.
        law: crate::random::Law,
    },
    /// A drift that needs second derivatives.
    #[error(
        "the field offers no second derivatives: use a formula or a named landscape, or the first-order equation"
    )]
    SecondDerivatives,
    /// A diffusion tensor whose monotone stencil reaches too far.
    #[error(
        "the diffusion tensor at cell {cell}, x = {point:?}, needs steps of {reach} cells along axis {axis}, at most {allowed} are allowed: it is nearly singular across the axes; choose cell widths whose ratio fits its direction, more cells, or add a floor to the noise"
    )]
    Reach {
        /// The cell.
        cell: usize,
        /// Its centre.
        point: Vec<f64>,
        /// The axis, from 0.
        axis: usize,
        /// The cells that a step would span.
        reach: usize,
        /// The most allowed.
        allowed: usize,
    },
    /// Cross terms on unequal cells.
    #[error(
        "axis {axis} is stretched and the diffusion tensor at cell {cell} has cross terms: these need equal cells along every axis"
    )]
    Stretched {
        /// The stretched axis, from 0.
        axis: usize,
        /// A cell with cross terms.
        cell: usize,
    },
    /// Objects of different dimensions.
    #[error("{what} has {dimension} coordinates, the grid {grid}: give them the same")]
    Shape {
        /// What does not fit.
        what: &'static str,
        /// Its dimension.
        dimension: usize,
        /// The dimension of the grid.
        grid: usize,
    },
    /// An object for another number of dimensions.
    #[error("{what} takes {needed} dimension(s), the grid has {given}")]
    WrongDimension {
        /// What does not fit.
        what: &'static str,
        /// The dimension that it takes.
        needed: usize,
        /// The dimension given.
        given: usize,
    },
    /// A step that leads nowhere.
    #[error(
        "the step from cell {cell} has centre {centre} and scale {scale}: both must be finite, the scale at least 0"
    )]
    Step {
        /// The cell of departure.
        cell: usize,
        /// The centre of the step's law.
        centre: f64,
        /// The scale of the step's law.
        scale: f64,
    },
    /// Noise whose probabilities of cells are not known in closed form.
    #[error(
        "noise of law {law} in {dimension} dimension(s) has no exact transition: use Normal in 1 or 2 dimensions, Stable, Rademacher, ThreePoint or none in 1, or an ensemble"
    )]
    StepLaw {
        /// The law.
        law: String,
        /// The number of dimensions.
        dimension: usize,
    },
    /// A step with too many different outcomes.
    #[error(
        "a step has {outcomes} different outcomes, at most {allowed} are enumerated: use normal noise of the same covariance"
    )]
    Outcomes {
        /// The number of outcomes.
        outcomes: f64,
        /// How many are allowed.
        allowed: usize,
    },
    /// A learning rate at which no stationary law exists.
    #[error(
        "the learning rate {learning_rate} is not below the stability limit {limit} of curvature {curvature}: no stationary law exists; lower it"
    )]
    Unstable {
        /// η.
        learning_rate: f64,
        /// The curvature h.
        curvature: f64,
        /// The limit, 2/h for SGD.
        limit: f64,
    },
    /// A difference equation that makes negative probabilities.
    #[error(
        "step {step} leaves the mass {mass:e} in cell {cell}: the equation amplifies what is shorter than a step; take cells wider than a step, or its solution in continuous time"
    )]
    Negative {
        /// The step, from 1.
        step: u64,
        /// The cell.
        cell: usize,
        /// The mass.
        mass: f64,
    },
}
