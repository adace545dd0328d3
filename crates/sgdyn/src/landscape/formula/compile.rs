//! Formulas compiled together into one tape that shares their common subexpressions.

use std::collections::HashMap;

use super::error::{FormulaError, FormulaFault};
use super::expression::Formula;
use super::graph::Graph;
use super::instruction::{Destination, Source, Step};
use super::interpreter::{CHUNK, run};
use super::lower::lower;
use crate::lanes::{Block, Layout, Real};

/// Several formulas of the same variables, ready to be evaluated on blocks.
///
/// Evaluation takes `&self`: any number of threads may share one, each with its own [`FormulaWorkspace`]. The bits of a
/// lane depend neither on the number of lanes nor on the SIMD level.
#[derive(Clone, Debug)]
pub struct CompiledFormulas<R> {
    steps: Vec<Step<R>>,
    registers: usize,
    dimension: usize,
    formulas: usize,
}

/// The scratch memory of one thread; one workspace serves any number of compiled formulas.
#[derive(Clone, Debug, Default)]
pub struct FormulaWorkspace<R> {
    registers: Vec<Vec<R>>,
}

impl<R: Real> CompiledFormulas<R> {
    /// Compiles `formulas`, which must have the same variables.
    ///
    /// # Errors
    /// [`FormulaFault::DifferentVariables`], or [`FormulaFault::TooLarge`] for a total of too many terms.
    pub fn compile(formulas: &[Formula]) -> Result<Self, FormulaError> {
        let variables = formulas.first().map_or(&[][..], Formula::variables);
        if let Some(other) = formulas.iter().find(|formula| formula.variables() != variables) {
            let fault = FormulaFault::DifferentVariables {
                first: variables.join(", "),
                other: other.variables().join(", "),
            };
            return Err(FormulaError::elsewhere(fault));
        }
        let mut graph = Graph::new();
        let roots: Vec<_> = formulas.iter().map(|formula| graph.import(formula.nodes())).collect();
        graph.check().map_err(FormulaError::elsewhere)?;
        let (steps, registers) = assign_registers(lower(&graph, &roots));
        Ok(Self { steps, registers, dimension: variables.len(), formulas: formulas.len() })
    }

    /// The number of variables.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// The number of formulas.
    pub fn formulas(&self) -> usize {
        self.formulas
    }

    /// Writes formula `f` at lane `l` of `at` to `outputs[f · lanes + l]`: for a gradient that is the layout of a
    /// coordinate-major block.
    ///
    /// # Panics
    /// If `at` is not coordinate-major or has another dimension than the formulas, or if `outputs` has not
    /// `formulas × lanes` values.
    pub fn evaluate(&self, at: &Block<R>, workspace: &mut FormulaWorkspace<R>, outputs: &mut [R]) {
        assert!(at.layout() == Layout::CoordinateMajor, "formulas read coordinate-major blocks");
        assert_eq!(
            at.dimension(),
            self.dimension,
            "coordinates of the block against variables of the formulas"
        );
        assert_eq!(outputs.len(), self.formulas * at.lanes(), "outputs against formulas × lanes");
        if workspace.registers.len() < self.registers {
            workspace.registers.resize_with(self.registers, || vec![R::ZERO; CHUNK]);
        }
        run(&self.steps, at.values(), at.lanes(), &mut workspace.registers, outputs);
    }
}

/// Gives each value a register for as long as it is read; returns how many registers that takes.
fn assign_registers<R: Real>(mut steps: Vec<Step<R>>) -> (Vec<Step<R>>, usize) {
    let mut last_read = HashMap::new();
    for (position, step) in steps.iter_mut().enumerate() {
        step.instruction.for_each_source(|source| {
            if let Source::Register(value) = source {
                last_read.insert(*value, position);
            }
        });
    }
    let mut registers = 0;
    let mut free = Vec::new();
    let mut held = HashMap::new();
    for (position, step) in steps.iter_mut().enumerate() {
        let mut read = Vec::new();
        step.instruction.for_each_source(|source| {
            if let Source::Register(value) = source {
                let register = held[&*value];
                if last_read[&*value] == position && !read.contains(&(*value, register)) {
                    read.push((*value, register));
                }
                *source = Source::Register(register);
            }
        });
        // An instruction never writes a register that it reads, so what it frees is free only after it.
        if let Destination::Register(value) = step.destination {
            let register = free.pop().unwrap_or_else(|| {
                registers += 1;
                registers - 1
            });
            held.insert(value, register);
            step.destination = Destination::Register(register);
        }
        for (value, register) in read {
            held.remove(&value);
            free.push(register);
        }
    }
    (steps, registers as usize)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::lanes::{SimdLevel, force_simd_level, simd_level};

    fn everything() -> Result<Vec<Formula>, FormulaError> {
        let texts = [
            "x^4 - 2*x^2 + y",
            "exp(-(x - 1)^2 - 0.3*(x - 1)*(y + 0.5) - 2*(y + 0.5)^2)*(x^3 - y)",
            "x^13/(1 + y^2)^1.5 + 3/x - abs(x)^0.3",
            "where(x < y, sin(x), cos(y)) + min(x, y)*tanh(x*y) + max(x, 0.25)",
            "log1p(x^2) + ln(y^2 + 1) + expm1(x) + sinh(x)*cosh(y) + tan(x/4) + erf(y) + sign(x)",
            "(x^2 + 1)^y + sqrt(x^2 + y^2) + 1e-3*x^17 - x^16 + x^11*y",
        ];
        let variables = ["x".to_owned(), "y".to_owned()];
        let mut formulas = Vec::new();
        for text in texts {
            let formula = Formula::parse(text, Some(&variables), &BTreeMap::new())?;
            formulas.extend(formula.gradient()?);
            formulas.push(formula);
        }
        formulas.push(Formula::parse("y", Some(&variables), &BTreeMap::new())?);
        formulas.push(Formula::parse("2.5", Some(&variables), &BTreeMap::new())?);
        Ok(formulas)
    }

    fn block<R: Real>(lanes: usize) -> Block<R> {
        let mut block = Block::zeros(2, lanes, Layout::CoordinateMajor);
        for lane in 0..lanes {
            block.set(0, lane, R::from_f64((lane as f64 * 0.61803).fract() * 4.0 - 2.0));
            block.set(1, lane, R::from_f64((lane as f64 * 0.41421).fract() * 3.0 - 1.5));
        }
        block
    }

    fn bits<R: Real>(values: &[R]) -> Vec<u64> {
        values.iter().map(|value| value.to_f64().to_bits()).collect()
    }

    #[test]
    fn bits_depend_neither_on_lanes_nor_on_the_simd_level() -> Result<(), FormulaError> {
        fn check<R: Real>(formulas: &[Formula]) -> Result<(), FormulaError> {
            let compiled = CompiledFormulas::<R>::compile(formulas)?;
            let mut workspace = FormulaWorkspace::default();
            let lanes = 2 * CHUNK + 77;
            let at = block::<R>(lanes);
            let mut all = vec![R::ZERO; formulas.len() * lanes];
            compiled.evaluate(&at, &mut workspace, &mut all);
            for few in [1, 3, 8, CHUNK, CHUNK + 1] {
                let mut some = vec![R::ZERO; formulas.len() * few];
                compiled.evaluate(&block(few), &mut workspace, &mut some);
                for formula in 0..formulas.len() {
                    assert_eq!(
                        bits(&some[formula * few..][..few]),
                        bits(&all[formula * lanes..][..few]),
                        "{} on {few} lanes",
                        formulas[formula]
                    );
                }
            }
            let best = simd_level();
            for level in [SimdLevel::Portable, SimdLevel::Avx2, SimdLevel::Avx512] {
                if force_simd_level(level).is_ok() {
                    let mut other = vec![R::ZERO; all.len()];
                    compiled.evaluate(&at, &mut workspace, &mut other);
                    assert_eq!(bits(&other), bits(&all), "{}", level.name());
                }
            }
            assert_eq!(force_simd_level(best), Ok(()));
            Ok(())
        }
        let formulas = everything()?;
        check::<f64>(&formulas)?;
        check::<f32>(&formulas)
    }

    #[test]
    fn blocks_agree_with_single_points_for_every_instruction() -> Result<(), FormulaError> {
        let formulas = everything()?;
        let lanes = 300;
        let at = block::<f64>(lanes);
        let mut outputs = vec![f64::NAN; formulas.len() * lanes];
        CompiledFormulas::compile(&formulas)?.evaluate(&at, &mut FormulaWorkspace::default(), &mut outputs);
        for (index, formula) in formulas.iter().enumerate() {
            for lane in 0..lanes {
                let value = outputs[index * lanes + lane];
                let expected = formula.value(&[at.get(0, lane), at.get(1, lane)]);
                // Sums of a few terms of size up to 2^17: some hundred roundings of that size at worst.
                let tolerance =
                    1e-13 * (1.0 + expected.abs()) + 1e-10 * f64::from(u8::from(expected.abs() > 1e2));
                assert!(
                    (value - expected).abs() <= tolerance || value.is_nan() && expected.is_nan(),
                    "{formula} at {:?}: {value} {expected}",
                    [at.get(0, lane), at.get(1, lane)]
                );
            }
        }
        Ok(())
    }

    #[test]
    fn a_polynomial_gradient_is_one_pass_and_gaussians_share_theirs() -> Result<(), FormulaError> {
        let steps = |text: &str| -> Result<usize, FormulaError> {
            let gradient = Formula::parse(text, None, &BTreeMap::new())?.gradient()?;
            Ok(CompiledFormulas::<f64>::compile(&gradient)?.steps.len())
        };
        assert_eq!(steps("x^4 - 2*x^2")?, 1);
        assert_eq!(steps("0.5*(x^4 - 16*x^2 + 5*x) + 0.5*(y^4 - 16*y^2 + 5*y)")?, 2);
        // Exponent, exponential, and for each component the slope of the exponent and its product.
        assert_eq!(steps("exp(-(x - 1)^2 - (x - 1)*(y + 2) - 2*(y + 2)^2)")?, 6);
        Ok(())
    }

    #[test]
    fn formulas_of_different_variables_are_refused() -> Result<(), FormulaError> {
        let formulas = ["x", "y"]
            .map(|text| Formula::parse(text, None, &BTreeMap::new()))
            .into_iter()
            .collect::<Result<Vec<_>, _>>()?;
        let error = CompiledFormulas::<f64>::compile(&formulas).unwrap_err();
        assert!(matches!(error.fault(), FormulaFault::DifferentVariables { .. }));
        Ok(())
    }
}
