//! A condition of the user's as a target.

use super::Region;
use crate::landscape::formula::{
    CompiledCondition, CompiledFormulas, Condition, ConditionWorkspace, Formula, FormulaError,
    FormulaWorkspace,
};
use crate::lanes::{Block, Scratch};
use crate::random::Variate;

/// The level of a point on a boundary that does not belong to the region.
const BARELY_OUTSIDE: f64 = 1e-30;

/// The region where a condition holds, by its level function.
pub struct ConditionRegion<R> {
    level: CompiledFormulas<R>,
    gradient: Vec<Formula>,
    /// Tells on which side points of level 0 are; none where all of them are inside.
    open: Option<CompiledCondition<R>>,
}

impl<R: Variate> ConditionRegion<R> {
    /// From a condition on the coordinates.
    ///
    /// # Errors
    /// [`FormulaError`] if its level function cannot be differentiated or is too large.
    pub fn new(condition: &Condition) -> Result<Self, FormulaError> {
        let level = condition.level();
        Ok(Self {
            level: CompiledFormulas::compile(std::slice::from_ref(level))?,
            gradient: level.gradient()?,
            open: if condition.is_closed() { None } else { Some(condition.compile()?) },
        })
    }
}

#[derive(Default)]
struct Mask(Vec<u8>);

impl<R: Variate> Region<R> for ConditionRegion<R> {
    fn level(&self, at: &Block<R>, scratch: &mut Scratch<R>, out: &mut [R]) {
        self.level.evaluate(at, scratch.workspace::<FormulaWorkspace<R>>(), out);
        let Some(open) = &self.open else { return };
        let mut mask = std::mem::take(&mut scratch.workspace::<Mask>().0);
        mask.resize(at.lanes(), 0);
        open.mask(at, scratch.workspace::<ConditionWorkspace<R>>(), &mut mask);
        for (out, &inside) in out.iter_mut().zip(&mask) {
            if inside == 0 && *out == R::ZERO {
                *out = R::from_f64(BARELY_OUTSIDE);
            }
        }
        scratch.workspace::<Mask>().0 = mask;
    }

    fn level_gradient(&self, point: &[f64]) -> Option<Vec<f64>> {
        Some(self.gradient.iter().map(|derivative| derivative.value(point)).collect())
    }
}
