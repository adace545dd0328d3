//! A covariance matrix given by formulas.

use super::CovarianceField;
use crate::landscape::formula::{CompiledFormulas, Formula, FormulaError, FormulaWorkspace};
use crate::lanes::{Block, Scratch};
use crate::random::Variate;

/// `C(x)`, entry by entry.
pub struct FormulaCovariance<R> {
    entries: CompiledFormulas<R>,
    factor: R,
}

impl<R: Variate> FormulaCovariance<R> {
    /// From the d² formulas, row by row, all times `factor`.
    ///
    /// # Errors
    /// [`FormulaError`] if they have not the same variables or are too large.
    pub fn new(entries: &[Formula], factor: f64) -> Result<Self, FormulaError> {
        Ok(Self { entries: CompiledFormulas::compile(entries)?, factor: R::from_f64(factor) })
    }
}

impl<R: Variate> CovarianceField<R> for FormulaCovariance<R> {
    fn dimension(&self) -> usize {
        self.entries.dimension()
    }
    fn covariance(&self, at: &Block<R>, scratch: &mut Scratch<R>, entries: &mut [R]) {
        self.entries.evaluate(at, scratch.workspace::<FormulaWorkspace<R>>(), entries);
        for entry in entries {
            *entry *= self.factor;
        }
    }
}
