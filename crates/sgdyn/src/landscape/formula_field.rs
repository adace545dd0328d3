//! A user's formula as a landscape.

use std::collections::BTreeMap;

use super::formula::{CompiledFormulas, Formula, FormulaError, FormulaWorkspace};
use super::{Drift, Field, HessianProduct, Landscape};
use crate::lanes::{Block, Real, Scratch};

struct FormulaLandscape<R> {
    loss: CompiledFormulas<R>,
    drift: CompiledFormulas<R>,
    hessian: CompiledFormulas<R>,
}

/// The landscape `L(x)` given by `text`, with the names of its coordinates.
///
/// # Errors
/// A [`FormulaError`] that shows the place, also where a derivative cannot be formed.
pub fn formula_field<R: Real>(
    text: &str,
    variables: Option<&[String]>,
    parameters: &BTreeMap<String, f64>,
) -> Result<(Field<R>, Vec<String>), FormulaError> {
    let loss = Formula::parse(text, variables, parameters)?;
    let names = loss.variables().to_vec();
    let descent = Formula::parse(&format!("-({text})"), Some(&names), parameters)?;
    let landscape = FormulaLandscape {
        drift: CompiledFormulas::compile(&descent.gradient()?)?,
        hessian: CompiledFormulas::compile(&loss.hessian()?.concat())?,
        loss: CompiledFormulas::compile(&[loss])?,
    };
    Ok((Field::landscape(landscape), names))
}

impl<R: Real> Drift<R> for FormulaLandscape<R> {
    fn dimension(&self) -> usize {
        self.loss.dimension()
    }
    fn drift(&self, at: &Block<R>, scratch: &mut Scratch<R>, out: &mut Block<R>) {
        self.drift.evaluate(at, scratch.workspace::<FormulaWorkspace<R>>(), out.values_mut());
    }
}

impl<R: Real> Landscape<R> for FormulaLandscape<R> {
    fn loss(&self, at: &Block<R>, scratch: &mut Scratch<R>, out: &mut [R]) {
        self.loss.evaluate(at, scratch.workspace::<FormulaWorkspace<R>>(), out);
    }
}

impl<R: Real> HessianProduct<R> for FormulaLandscape<R> {
    fn hessian_product(
        &self,
        at: &Block<R>,
        direction: &Block<R>,
        scratch: &mut Scratch<R>,
        out: &mut Block<R>,
    ) {
        let (dimension, lanes) = (at.dimension(), at.lanes());
        let mut entries = scratch.take(dimension * dimension * lanes);
        self.hessian.evaluate(at, scratch.workspace::<FormulaWorkspace<R>>(), &mut entries);
        for row in 0..dimension {
            let out = out.coordinate_mut(row);
            out.fill(R::ZERO);
            for column in 0..dimension {
                let entry = &entries[(row * dimension + column) * lanes..][..lanes];
                for ((out, &entry), &v) in out.iter_mut().zip(entry).zip(direction.coordinate(column)) {
                    *out = entry.mul_add(v, *out);
                }
            }
        }
        scratch.give(entries);
    }
}
