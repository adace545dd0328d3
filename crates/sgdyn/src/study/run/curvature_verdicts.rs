//! What a look at the matrices of a network says.

use super::rows::Rows;
use crate::study::Verdict;

pub(super) fn verdicts(_rows: &Rows) -> Vec<Verdict> {
    Vec::new()
}
