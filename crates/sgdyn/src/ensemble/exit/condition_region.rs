//! A condition of the user's as a target.

use super::Region;
use crate::landscape::formula::{
    CompiledCondition, CompiledFormulas, Condition, ConditionWorkspace, Formula, FormulaError,
    FormulaWorkspace,
};
use crate::lanes::{Block, Scratch};
use crate::random::Variate;

/// The region where a condition holds. A single comparison has a smooth level function; joined ones are only seen at the
/// ends of steps.
pub struct ConditionRegion<R> {
    level: Option<CompiledFormulas<R>>,
    gradient: Vec<Formula>,
    condition: CompiledCondition<R>,
}

impl<R: Variate> ConditionRegion<R> {
    /// From a condition on the coordinates.
    ///
    /// # Errors
    /// [`FormulaError`] if its level function cannot be differentiated or is too large.
    pub fn new(condition: &Condition) -> Result<Self, FormulaError> {
        let level = condition.level();
        Ok(Self {
            level: level.map(|level| CompiledFormulas::compile(std::slice::from_ref(level))).transpose()?,
            gradient: level.map(Formula::gradient).transpose()?.unwrap_or_default(),
            condition: condition.compile()?,
        })
    }
}

#[derive(Default)]
struct Mask(Vec<u8>);

impl<R: Variate> Region<R> for ConditionRegion<R> {
    fn level(&self, at: &Block<R>, scratch: &mut Scratch<R>, out: &mut [R]) {
        if let Some(level) = &self.level {
            level.evaluate(at, scratch.workspace::<FormulaWorkspace<R>>(), out);
            return;
        }
        let mut mask = std::mem::take(&mut scratch.workspace::<Mask>().0);
        mask.resize(at.lanes(), 0);
        self.condition.mask(at, scratch.workspace::<ConditionWorkspace<R>>(), &mut mask);
        for (out, &inside) in out.iter_mut().zip(&mask) {
            *out = if inside != 0 { -R::ONE } else { R::ONE };
        }
        scratch.workspace::<Mask>().0 = mask;
    }

    fn level_gradient(&self, point: &[f64]) -> Option<Vec<f64>> {
        self.level.as_ref()?;
        Some(self.gradient.iter().map(|derivative| derivative.value(point)).collect())
    }
}
