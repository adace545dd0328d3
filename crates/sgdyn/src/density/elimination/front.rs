//! One front: the pivots of a node and the states around them, as full matrices.

use super::panel::{eliminate_panel, update_columns, update_incoming};
use super::product::{Left, Matrix, Packing, add_product};
use super::workspace::Workspace;

/// Pivots eliminated without blocking.
const PANEL: usize = 16;

/// A stretch of a child's border that is also a stretch of its parent's states.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    /// The first state, counted in the child's border.
    pub(super) child: usize,
    /// The same state, counted in the parent: its pivots, then its border.
    pub(super) parent: usize,
    /// The number of states.
    pub(super) length: usize,
}

/// k pivots among which and b later states, the border, rates are kept in both directions.
#[derive(Clone, Debug)]
pub(super) struct Front {
    pub(super) pivots: usize,
    pub(super) border: usize,
    /// `[k × (k + b + 1)]`: a row for each pivot, to the pivots, the border and the exit. After the elimination: left of the
    /// diagonal rates, on it departures, right of it the probabilities of the next state.
    pub(super) rows: Vec<f64>,
    /// `[k × b]`: rates from the border to each pivot.
    pub(super) incoming: Vec<f64>,
}

/// What an eliminated front leaves to its parent: rates within its border and to the exit, `[b × (b + 1)]`.
pub(super) type Remainder = Vec<f64>;

impl Front {
    /// No rates yet, neither in the front nor in what it will leave.
    pub(super) fn new(pivots: usize, border: usize, workspace: &mut Workspace) -> (Self, Remainder) {
        let rows = vec![0.0; pivots * (pivots + border + 1)];
        let front = Self { pivots, border, rows, incoming: vec![0.0; pivots * border] };
        (front, workspace.zeros(border * (border + 1)))
    }

    /// The length of a row: pivots, border and exit.
    pub(super) fn stride(&self) -> usize {
        self.pivots + self.border + 1
    }

    /// Adds what a child left, whose border has `size` states.
    pub(super) fn extend(&mut self, remainder: &mut Remainder, child: &[f64], size: usize, map: &[Stretch]) {
        let (pivots, border, stride) = (self.pivots, self.border, self.stride());
        for from in map {
            for offset in 0..from.length {
                let row = &child[(from.child + offset) * (size + 1)..][..=size];
                let state = from.parent + offset;
                if state < pivots {
                    let to = &mut self.rows[state * stride..][..stride];
                    for stretch in map {
                        add(&row[stretch.child..], &mut to[stretch.parent..][..stretch.length]);
                    }
                    to[stride - 1] += row[size];
                } else {
                    let to = &mut remainder[(state - pivots) * (border + 1)..][..=border];
                    for stretch in map {
                        if stretch.parent < pivots {
                            let rates = &row[stretch.child..][..stretch.length];
                            for (pivot, rate) in (stretch.parent..).zip(rates) {
                                self.incoming[pivot * border + state - pivots] += rate;
                            }
                        } else {
                            add(&row[stretch.child..], &mut to[stretch.parent - pivots..][..stretch.length]);
                        }
                    }
                    to[border] += row[size];
                }
            }
        }
    }

    /// Eliminates all pivots and adds what remains between the states of the border.
    ///
    /// # Errors
    /// The first pivot that nothing leaves.
    pub(super) fn eliminate(
        &mut self,
        remainder: &mut Remainder,
        packing: &mut Packing,
    ) -> Result<(), usize> {
        self.eliminate_rows(0, self.pivots, packing)?;
        let (pivots, border, stride) = (self.pivots, self.border, self.stride());
        if border > 0 {
            self.solve_incoming(0, pivots, packing);
            let incoming = Matrix { values: &self.incoming, stride: border, first: 0 };
            let outgoing = Matrix { values: &self.rows, stride, first: pivots };
            let columns = 0..border + 1;
            add_product(
                remainder,
                border + 1,
                columns,
                Left::Transposed(incoming),
                outgoing,
                pivots,
                packing,
            );
        }
        Ok(())
    }

    /// Eliminates the pivots `from..to`, whose rows are up to date with all earlier ones.
    fn eliminate_rows(&mut self, from: usize, to: usize, packing: &mut Packing) -> Result<(), usize> {
        let stride = self.stride();
        if to - from <= PANEL {
            return eliminate_panel(&mut self.rows, stride, from, to).map_or(Ok(()), Err);
        }
        let half = halved(from, to);
        self.eliminate_rows(from, half, packing)?;
        let (above, below) = self.rows.split_at_mut(half * stride);
        let below = &mut below[..(to - half) * stride];
        solve_columns(below, above, stride, from, half, packing);
        let right = Matrix { values: above, stride, first: from * stride + half };
        add_product(below, stride, half..stride, Left::InPlace(from), right, half - from, packing);
        self.eliminate_rows(half, to, packing)
    }

    /// Brings the rates from the border to the pivots `from..to` up to date with these pivots.
    fn solve_incoming(&mut self, from: usize, to: usize, packing: &mut Packing) {
        let (border, stride) = (self.border, self.stride());
        if to - from <= PANEL {
            update_incoming(&mut self.incoming, border, &self.rows, stride, from, to);
            return;
        }
        let half = halved(from, to);
        self.solve_incoming(from, half, packing);
        let (before, after) = self.incoming.split_at_mut(half * border);
        let after = &mut after[..(to - half) * border];
        let left = Matrix { values: &self.rows, stride, first: from * stride + half };
        let right = Matrix { values: before, stride: border, first: from * border };
        add_product(after, border, 0..border, Left::Transposed(left), right, half - from, packing);
        self.solve_incoming(half, to, packing);
    }
}

/// Brings the columns `from..to` of the rows `below` up to date with the pivots `from..to`.
fn solve_columns(
    below: &mut [f64],
    above: &[f64],
    stride: usize,
    from: usize,
    to: usize,
    packing: &mut Packing,
) {
    if to - from <= PANEL {
        update_columns(below, above, stride, from, to);
        return;
    }
    let half = halved(from, to);
    solve_columns(below, above, stride, from, half, packing);
    let right = Matrix { values: above, stride, first: from * stride + half };
    add_product(below, stride, half..to, Left::InPlace(from), right, half - from, packing);
    solve_columns(below, above, stride, half, to, packing);
}

/// The middle of a range of more than [`PANEL`] pivots, a whole number of panels from its start.
fn halved(from: usize, to: usize) -> usize {
    from + (to - from).div_ceil(2 * PANEL) * PANEL
}

fn add(from: &[f64], to: &mut [f64]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += from;
    }
}
