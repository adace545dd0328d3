//! Solves by eliminated fronts: once up the tree, once down.

use super::dissection::{Branch, Child};
use super::factor::Factor;
use super::panel::{gather_gains, gather_mass, spread_gains, spread_mass};

/// Runs a task on each child of a branch, with its own states, and keeps the answers in order.
fn on_children<T: Send>(
    branch: &Branch,
    factor: &Factor,
    below: &mut [f64],
    task: impl Fn(&Child, &Factor, &mut [f64]) -> T + Sync,
) -> Vec<T> {
    match (branch.children.as_slice(), factor.children.as_slice()) {
        ([left, right], [left_factor, right_factor]) => {
            let (on_left, on_right) = below.split_at_mut(left.branch.states);
            let (mut left_task, mut right_task) =
                (|| task(left, left_factor, on_left), || task(right, right_factor, on_right));
            let (left, right) =
                if branch.forks() { rayon::join(left_task, right_task) } else { (left_task(), right_task()) };
            vec![left, right]
        }
        _ => Vec::new(),
    }
}

/// Gathers what children send to the pivots and the border of a branch.
fn gathered(branch: &Branch, own: &[f64], sent: &[Vec<f64>]) -> Vec<f64> {
    let mut local = own.to_vec();
    local.resize(branch.pivots + branch.border.len(), 0.0);
    for (child, sent) in branch.children.iter().zip(sent) {
        for stretch in &child.map {
            let from = &sent[stretch.child..][..stretch.length];
            for (to, from) in local[stretch.parent..].iter_mut().zip(from) {
                *to += from;
            }
        }
    }
    local
}

/// The values on a child's border.
fn handed_down(child: &Child, local: &[f64]) -> Vec<f64> {
    let mut values = Vec::with_capacity(child.branch.border.len());
    for stretch in &child.map {
        values.extend_from_slice(&local[stretch.parent..][..stretch.length]);
    }
    values
}

/// Replaces the right-hand side of `−L f = right` on a branch by the expected sum of it over a stay among eliminated
/// states, in mean holding times; answers what is gained by states of the border.
pub(super) fn backward_up(branch: &Branch, factor: &Factor, values: &mut [f64]) -> Vec<f64> {
    let (below, own) = values.split_at_mut(values.len() - branch.pivots);
    let sent = on_children(branch, factor, below, |child, factor, values| {
        backward_up(&child.branch, factor, values)
    });
    let mut local = gathered(branch, own, &sent);
    gather_gains(&factor.front.rows, factor.front.stride(), &factor.front.incoming, &mut local);
    own.copy_from_slice(&local[..branch.pivots]);
    local.split_off(branch.pivots)
}

/// Finishes f on a branch, given f on its border.
pub(super) fn backward_down(branch: &Branch, factor: &Factor, values: &mut [f64], border: &[f64]) {
    let (below, own) = values.split_at_mut(values.len() - branch.pivots);
    let mut local = own.to_vec();
    local.extend_from_slice(border);
    spread_gains(&factor.front.rows, factor.front.stride(), &mut local);
    own.copy_from_slice(&local[..branch.pivots]);
    on_children(branch, factor, below, |child, factor, values| {
        backward_down(&child.branch, factor, values, &handed_down(child, &local));
    });
}

/// Replaces the source of `−Lᵀ p = source` on a branch by the mass that ever enters each state before later ones;
/// answers the mass that enters the border.
pub(super) fn forward_up(branch: &Branch, factor: &Factor, values: &mut [f64]) -> Vec<f64> {
    let (below, own) = values.split_at_mut(values.len() - branch.pivots);
    let sent =
        on_children(branch, factor, below, |child, factor, values| forward_up(&child.branch, factor, values));
    let mut local = gathered(branch, own, &sent);
    gather_mass(&factor.front.rows, factor.front.stride(), &mut local);
    own.copy_from_slice(&local[..branch.pivots]);
    local.split_off(branch.pivots)
}

/// Finishes p on a branch, given p on its border.
pub(super) fn forward_down(branch: &Branch, factor: &Factor, values: &mut [f64], border: &[f64]) {
    let (below, own) = values.split_at_mut(values.len() - branch.pivots);
    spread_mass(&factor.front.rows, factor.front.stride(), &factor.front.incoming, own, border);
    let mut local = own.to_vec();
    local.extend_from_slice(border);
    on_children(branch, factor, below, |child, factor, values| {
        forward_down(&child.branch, factor, values, &handed_down(child, &local));
    });
}
