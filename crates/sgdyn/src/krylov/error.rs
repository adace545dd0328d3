//! What can be wrong with a Krylov method, with the numbers it got to.

/// A Krylov method was asked for what it cannot give, or did not get there.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum KrylovError {
    /// A number that is out of its range.
    #[error("{name} = {value} is out of range: give {allowed}")]
    OutOfRange {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        allowed: String,
    },
    /// A vector of another length.
    #[error("{what} must hold {expected} values, and holds {found}")]
    Length {
        /// The vector.
        what: &'static str,
        /// The dimension of the operator.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// A product holds NaN or an infinity.
    #[error(
        "product {product} with the operator is not finite: the operator is not, or its numbers leave the range of {format}"
    )]
    NotFinite {
        /// The number of the product, from 1.
        product: usize,
        /// `f32` or `f64`.
        format: &'static str,
    },
    /// The tolerance was not reached.
    #[error(transparent)]
    EigenpairsNotConverged(#[from] Unconverged),
    /// The tolerance was not reached.
    #[error(
        "the relative residual is {residual:e} after {products} products, above {tolerance:e}: allow more products, or add to the diagonal"
    )]
    SolutionNotConverged {
        /// |b − Ax|/|b|.
        residual: f64,
        /// The tolerance.
        tolerance: f64,
        /// Products with the operator.
        products: usize,
    },
    /// A direction of curvature that is not positive.
    #[error(
        "the operator is not positive definite: pᵀAp/|p|² = {curvature:e} in iteration {iteration}; add to the diagonal"
    )]
    NotPositiveDefinite {
        /// pᵀAp/|p|².
        curvature: f64,
        /// The iteration, from 1.
        iteration: usize,
    },
    /// A small dense eigenproblem failed.
    #[error("the eigenvalues of a {dimension} × {dimension} matrix did not converge")]
    Dense {
        /// The number of its rows.
        dimension: usize,
    },
}

/// How far the Lanczos method came, where not all of the pairs asked for have converged; none of them is returned then.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error(
    "only {converged} of {asked} eigenpairs have a relative residual of at most {tolerance:e} after {products} products{reached}: allow more products or a larger basis, or ask for less",
    reached = reached(*.worst)
)]
pub struct Unconverged {
    /// Eigenpairs that reached the tolerance.
    pub converged: usize,
    /// Eigenpairs asked for.
    pub asked: usize,
    /// The tolerance.
    pub tolerance: f64,
    /// Products with the operator.
    pub products: usize,
    /// The largest |Av − λv|/|λ| of those asked for; infinite where so few products hold fewer pairs.
    pub worst: f64,
}

/// `; the worst has 3.1e-2`, if it is known.
fn reached(relative: f64) -> String {
    if relative.is_finite() { format!("; the worst has {relative:.1e}") } else { String::new() }
}
