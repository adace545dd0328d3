//! Merging in a fixed binary tree over replica numbers, in whatever order results arrive.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Merge;

/// Replicas in one leaf of the tree; units hold a power of two of leaves.
pub const LEAF: u64 = 16;

/// Partial results at the nodes of a binary tree whose leaves are numbered 0, 1, ….
///
/// Two siblings merge as soon as both are there, the left one first; so the value at the root depends on the leaves
/// alone, not on the order in which they came or on how they were grouped into units.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MergeTree<S> {
    nodes: BTreeMap<(u64, u32), S>,
}

impl<S> Default for MergeTree<S> {
    fn default() -> Self {
        Self { nodes: BTreeMap::new() }
    }
}

impl<S: Merge> MergeTree<S> {
    /// Puts a result at the node that covers leaves `index · 2^level … (index + 1) · 2^level − 1`.
    pub fn insert(&mut self, level: u32, index: u64, summary: S) {
        let (mut level, mut index, mut summary) = (level, index, summary);
        // Keys are (first leaf, level): the sibling's first leaf differs in one bit.
        while let Some(sibling) = self.nodes.remove(&((index ^ 1) << level, level)) {
            summary = if index & 1 == 1 {
                let mut left = sibling;
                left.merge(&summary);
                left
            } else {
                summary.merge(&sibling);
                summary
            };
            level += 1;
            index >>= 1;
        }
        self.nodes.insert((index << level, level), summary);
    }

    /// The value at the root: what is left is merged from the right, as if missing leaves were empty.
    pub fn root(self) -> Option<S> {
        self.nodes.into_values().rev().reduce(|right, mut left| {
            left.merge(&right);
            left
        })
    }

    /// How many partial results are held: at most about the logarithm of the leaves for each unit in flight.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether nothing was inserted.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Merge, MergeTree};

    #[derive(Clone, Debug, PartialEq)]
    struct Bracketing(String);
    impl Merge for Bracketing {
        fn merge(&mut self, later: &Self) {
            self.0 = format!("({}{})", self.0, later.0);
        }
    }

    fn root(leaves: u64, unit_level: u32, order: &[usize]) -> String {
        let mut tree = MergeTree::default();
        let unit = 1u64 << unit_level;
        let units = leaves.div_ceil(unit);
        for &unit_index in order.iter().filter(|&&index| (index as u64) < units) {
            let first = unit_index as u64 * unit;
            let mut inner = MergeTree::default();
            for leaf in first..(first + unit).min(leaves) {
                inner.insert(0, leaf - first, Bracketing(format!("{leaf} ")));
            }
            tree.insert(unit_level, unit_index as u64, inner.root().expect("a unit has leaves"));
        }
        tree.root().expect("there are leaves").0
    }

    proptest! {
        /// The bracketing of sums does not depend on unit size or order of arrival.
        #[test]
        fn the_order_of_sums_is_fixed(
            leaves in 1u64..40,
            level in 0u32..4,
            order in Just((0..40usize).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let plain: Vec<usize> = (0..40).collect();
            prop_assert_eq!(root(leaves, level, &order), root(leaves, 0, &plain));
        }
    }
}
