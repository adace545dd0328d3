//! How a minibatch is drawn, and what that does to the covariance of its mean.

/// A sampling scheme for the samples of one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// Each sample drawn independently: Cov = Σ/B.
    WithReplacement,
    /// Distinct samples inside a batch, batches independent: Cov = (Σ/B)(N−B)/(N−1).
    WithoutReplacement {
        /// The number of samples N.
        samples: u64,
    },
}

impl Sampling {
    /// What multiplies a single-sample covariance in a batch of `batch_size` (at least 1).
    /// ```
    /// use sgdyn::theory::Sampling;
    /// assert_eq!(Sampling::WithReplacement.variance_factor(4), 0.25);
    /// assert_eq!(Sampling::WithoutReplacement { samples: 4 }.variance_factor(4), 0.0);
    /// ```
    pub fn variance_factor(self, batch_size: u64) -> f64 {
        let batch = batch_size as f64;
        match self {
            Self::WithReplacement => 1.0 / batch,
            Self::WithoutReplacement { samples } if samples <= batch_size => 0.0,
            Self::WithoutReplacement { samples } => {
                (samples as f64 - batch) / (batch * (samples as f64 - 1.0))
            }
        }
    }
}
