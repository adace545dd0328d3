//! What can be wrong with a risk or its minimisation.

/// A risk cannot be built from its data, or has no minimum that can be found.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RiskError {
    /// The labels are not those that the model predicts.
    #[error("{data}: {link} regression needs {needed}, and the labels are {found}")]
    Labels {
        /// The data set.
        data: String,
        /// The model.
        link: &'static str,
        /// What the model predicts.
        needed: &'static str,
        /// What the data set has.
        found: String,
    },
    /// The strength of the penalty is not usable.
    #[error("l2 = {0} is not a penalty: it must be finite and at least 0")]
    L2(f64),
    /// More samples than indices of 32 bits can tell apart.
    #[error("{data}: {samples} samples are too many: at most 4294967295")]
    TooManySamples {
        /// The data set.
        data: String,
        /// Its samples.
        samples: usize,
    },
    /// A starting point of the wrong dimension, or with values that are not finite.
    #[error("the starting point must hold {expected} finite values, and holds {found}")]
    Start {
        /// The dimension of the risk.
        expected: usize,
        /// The finite values that were given.
        found: usize,
    },
    /// The Hessian is not positive definite.
    #[error(
        "the loss is not strictly convex: its Hessian is not positive definite (after {iterations} iterations, |gradient| = {gradient_norm:e}); features that repeat each other, constant features and the shift of all softmax classes do this, and an l2 penalty above 0 cures it"
    )]
    NotStrictlyConvex {
        /// Newton steps taken before.
        iterations: usize,
        /// The largest component of the gradient in magnitude.
        gradient_norm: f64,
    },
    /// The loss decreases forever.
    #[error(
        "the loss has no minimum: the parameters grow (now up to {largest:e}) while the gradient vanishes ({gradient_norm:e}), as for classes that a plane separates; an l2 penalty above 0 cures it"
    )]
    NoMinimum {
        /// The largest parameter in magnitude.
        largest: f64,
        /// The largest component of the gradient in magnitude.
        gradient_norm: f64,
    },
    /// The tolerance was not reached.
    #[error(
        "no minimum to |gradient| ≤ {tolerance:e} after {iterations} iterations: |gradient| = {gradient_norm:e}; standardise the features, or ask for less"
    )]
    NotConverged {
        /// What was asked for.
        tolerance: f64,
        /// Newton steps taken.
        iterations: usize,
        /// The largest component of the gradient in magnitude that was reached.
        gradient_norm: f64,
    },
}
