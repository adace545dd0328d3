//! The elimination itself: from the leaves of a dissection to its root.

use super::dissection::{Branch, Dissection};
use super::front::{Front, Remainder};
use super::workspace::Workspace;
use crate::density::{DensityError, Rates};

/// Eliminated fronts, children before parents, in the shape of the dissection.
#[derive(Clone, Debug)]
pub(super) struct Factor {
    pub(super) front: Front,
    pub(super) children: Vec<Factor>,
}

/// A chain on its way into fronts.
pub(super) struct Eliminator<'a> {
    pub(super) chain: &'a Rates,
    pub(super) dissection: &'a Dissection,
}

impl Eliminator<'_> {
    /// Eliminates all states of a branch.
    ///
    /// # Errors
    /// A state that nothing leaves; a rate where the dissected chain had none.
    pub(super) fn eliminate(
        &self,
        branch: &Branch,
        workspace: &mut Workspace,
    ) -> Result<(Factor, Remainder), DensityError> {
        let mut eliminated = Vec::with_capacity(branch.children.len());
        if let ([left, right], true) = (branch.children.as_slice(), branch.forks()) {
            let (left, right) = rayon::join(
                || self.eliminate(&left.branch, &mut Workspace::default()),
                || self.eliminate(&right.branch, &mut Workspace::default()),
            );
            eliminated.push(left?);
            eliminated.push(right?);
        } else {
            for child in &branch.children {
                eliminated.push(self.eliminate(&child.branch, workspace)?);
            }
        }
        let (mut front, mut remainder) = Front::new(branch.pivots, branch.border.len(), workspace);
        self.assemble(branch, &mut front)?;
        let mut children = Vec::with_capacity(eliminated.len());
        for (child, (factor, left)) in branch.children.iter().zip(eliminated) {
            front.extend(&mut remainder, &left, child.branch.border.len(), &child.map);
            workspace.give(left);
            children.push(factor);
        }
        front.eliminate(&mut remainder, &mut workspace.packing).map_err(|pivot| {
            DensityError::Unreachable {
                state: self.dissection.order[branch.first + pivot] as usize,
                what: "any exit",
                remedy: "open a face, name a target, or ask for the stationary law",
            }
        })?;
        Ok((Factor { front, children }, remainder))
    }

    /// Enters the rates of the chain from and to the pivots.
    fn assemble(&self, branch: &Branch, front: &mut Front) -> Result<(), DensityError> {
        let Dissection { order, positions, pattern, .. } = self.dissection;
        let (first, end, border) = (branch.first, branch.first + branch.pivots, branch.border.len());
        let stride = front.stride();
        for pivot in 0..branch.pivots {
            let state = order[first + pivot];
            let row = &mut front.rows[pivot * stride..][..stride];
            let (targets, values) = self.chain.row(state as usize);
            for (&target, &value) in targets.iter().zip(values) {
                let position = positions[target as usize];
                let local = if (position as usize) < end {
                    // What leads to states before this front was entered in theirs.
                    (position as usize).checked_sub(first)
                } else {
                    Some(
                        branch.pivots
                            + branch.border.binary_search(&position).map_err(|_| self.other_chain())?,
                    )
                };
                if let Some(local) = local.filter(|&local| local != pivot) {
                    row[local] += value;
                }
            }
            row[stride - 1] += self.chain.exits()[state as usize];
            for &(source, slot) in pattern.sources(state) {
                let position = positions[source as usize];
                if position as usize >= end {
                    let local = branch.border.binary_search(&position).map_err(|_| self.other_chain())?;
                    let (targets, values) = self.chain.row(source as usize);
                    if targets.get(slot as usize) != Some(&state) {
                        return Err(self.other_chain());
                    }
                    front.incoming[pivot * border + local] += values[slot as usize];
                }
            }
        }
        Ok(())
    }

    pub(super) fn other_chain(&self) -> DensityError {
        DensityError::OutOfRange {
            name: "rates of the chain",
            value: self.chain.entries() as f64,
            allowed: "a chain with rates between the same states as the one dissected",
        }
    }
}
