//! A formula of any text is read or refused; what is read has a gradient, a code and a value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sgdyn::landscape::formula::{CompiledFormulas, Formula, FormulaWorkspace};
use sgdyn::lanes::{Block, Layout};
use std::collections::BTreeMap;

const LANES: usize = 8;

fuzz_target!(|text: &str| {
    let Ok(formula) = Formula::parse(text, None, &BTreeMap::new()) else { return };
    formula.value(&vec![0.5; formula.dimension()]);
    let Ok(gradient) = formula.gradient() else { return };
    let Ok(compiled) = CompiledFormulas::<f64>::compile(&gradient) else { return };
    let at = Block::zeros(compiled.dimension(), LANES, Layout::CoordinateMajor);
    let mut slopes = vec![0.0; gradient.len() * LANES];
    compiled.evaluate(&at, &mut FormulaWorkspace::default(), &mut slopes);
});
