//! A condition of any text is read or refused; compiled, it holds where it holds point by point.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sgdyn::landscape::formula::{Condition, ConditionWorkspace};
use sgdyn::lanes::{Block, Layout};
use std::collections::BTreeMap;

const LANES: usize = 8;

fuzz_target!(|text: &str| {
    let Ok(condition) = Condition::parse(text, None, &BTreeMap::new()) else { return };
    let dimension = condition.variables().len();
    let inside = condition.contains(&vec![0.0; dimension]);
    condition.half_space();
    condition.level();
    let Ok(compiled) = condition.compile::<f64>() else { return };
    let at = Block::zeros(dimension, LANES, Layout::CoordinateMajor);
    let mut mask = vec![0; LANES];
    compiled.mask(&at, &mut ConditionWorkspace::default(), &mut mask);
    // Values of the interpreter and of the compiled code may round apart; at the origin of a text they rarely meet a
    // threshold, so only the agreement of the lanes is demanded.
    assert!(mask.iter().all(|&lane| lane == mask[0]), "lanes disagree; point by point: {inside}");
});
