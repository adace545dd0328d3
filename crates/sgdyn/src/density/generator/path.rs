//! Where a step between cells ends: at another cell, at a wall, or out of the chain on its way.

use crate::density::{Face, Grid, Target};

/// A straight way from a cell's centre.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path {
    /// Where it starts.
    pub(super) start: [f64; 3],
    /// Where it ends: beyond a periodic face the coordinate runs on.
    pub(super) end: [f64; 3],
    /// Which share of the whole step it is; below 1 only where it leaves.
    pub(super) share: f64,
    /// The cell it leads to; none if it leaves the chain.
    pub(super) cell: Option<usize>,
}

/// The shortest share of a step that counts: a start nearer to its exit is as good as out, and rates stay finite.
const LEAST_SHARE: f64 = 1e-12;

/// The share of a step along an axis that counts at least: also more than the rounding of its ends.
pub(super) fn least_share(start: f64, end: f64) -> f64 {
    LEAST_SHARE.max(8.0 * f64::EPSILON * start.abs().max(end.abs()) / (end - start).abs())
}

/// The path of the step by `offset` cells from `cell`, or none where a reflecting face stops it.
///
/// Through an absorbing face it leaves where it meets the face (or a cut target before). A path over several faces obeys the first that is
/// not periodic.
pub(super) fn path(grid: &Grid, target: Option<&Target>, cell: usize, offset: [i32; 3]) -> Option<Path> {
    let place = grid.place(cell);
    let (mut start, mut end, mut landing) = ([0.0; 3], [0.0; 3], [0; 3]);
    let (mut share, mut stop) = (1.0, None);
    for (k, axis) in grid.axes().iter().enumerate() {
        let (cells, faces) = (axis.cells() as i64, axis.faces());
        start[k] = axis.centre(place[k]);
        let index = place[k] as i64 + i64::from(offset[k]);
        let turns = index.div_euclid(cells);
        let within = index.rem_euclid(cells) as usize;
        landing[k] = within;
        end[k] = axis.centre(within);
        if turns == 0 {
            continue;
        }
        let ending = if turns < 0 { axis.ends().0 } else { axis.ends().1 };
        if ending == Face::Periodic {
            end[k] += turns as f64 * (faces[cells as usize] - faces[0]);
            continue;
        }
        // Beyond a face cells go on as wide as the one it came from.
        end[k] = start[k] + f64::from(offset[k]) * axis.width(place[k]);
        let face = if turns < 0 { faces[0] } else { faces[cells as usize] };
        let until = (face - start[k]) / (end[k] - start[k]);
        if until < share {
            (share, stop) = (until, Some(ending));
        } else if until == share && stop.is_some() {
            // Into the corner of two faces: out, if one of them lets out.
            stop = stop.filter(|&stop| stop == Face::Absorbing).or(Some(ending));
        }
    }
    if stop == Some(Face::Reflecting) {
        return None;
    }
    let mut found = Path { start, end, share, cell: None };
    if stop.is_none() {
        found.cell = Some(grid.number(landing));
    }
    let cut = |share: f64| -> [f64; 3] { std::array::from_fn(|k| start[k] + share * (end[k] - start[k])) };
    if let Some(target) = target {
        let dimension = grid.dimension();
        // Beyond a periodic face the target is asked at the wrapped point.
        let wrapped = |share: f64| wrap(grid, cut(share));
        let last = if stop.is_none() { 1.0 } else { share };
        if target.holds(&wrapped(last)[..dimension]) {
            (found.share, found.cell) = (target.crossing(last, wrapped, dimension), None);
        }
    }
    if found.cell.is_none() {
        let least = |k| if end[k] == start[k] { 0.0 } else { least_share(start[k], end[k]) };
        found.share = (0..3).map(least).fold(found.share, f64::max);
        found.end = cut(found.share);
    }
    Some(found)
}

fn wrap(grid: &Grid, mut point: [f64; 3]) -> [f64; 3] {
    for (value, axis) in point.iter_mut().zip(grid.axes()) {
        if axis.ends().0 == Face::Periodic {
            let (lower, upper) = (axis.faces()[0], axis.faces()[axis.cells()]);
            if !(lower..=upper).contains(value) {
                *value = lower + (*value - lower).rem_euclid(upper - lower);
            }
        }
    }
    point
}
