//! What the tests of this room share.

use std::collections::BTreeMap;

use super::Surface;
use crate::landscape::{Field, formula_field, named};

/// A landscape of the catalogue with scalar parameters.
pub(super) fn named_field(name: &str, parameters: &[(&str, f64)]) -> Field<f64> {
    let parameters: BTreeMap<String, Vec<f64>> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), vec![*value])).collect();
    named(name, &parameters).unwrap()
}

/// The surface of a formula.
pub(super) fn formula(text: &str) -> Surface {
    Surface::of(&formula_field(text, None, &BTreeMap::new()).unwrap().0).unwrap()
}
