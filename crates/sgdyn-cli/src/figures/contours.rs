//! Contour lines of values on a rectangular grid, by marching squares.

use std::collections::HashMap;

/// A side of a cell: the cell of its lower or left corner, and whether it runs along x.
type Side = (usize, bool);

/// The lines on which values are `level`: coordinates with a NaN between two lines. `values` lie row after row, value i of
/// row j at `j · x.len() + i`; cells with a corner that is not finite have no line.
pub(super) fn contour(x: &[f64], y: &[f64], values: &[f64], level: f64) -> (Vec<f64>, Vec<f64>) {
    let columns = x.len();
    if columns < 2 || y.len() < 2 || values.len() < columns * y.len() {
        return (Vec::new(), Vec::new());
    }
    let mut neighbours: HashMap<Side, Vec<Side>> = HashMap::new();
    let mut sides: Vec<Side> = Vec::new();
    for row in 0..y.len() - 1 {
        for column in 0..columns - 1 {
            let corner = row * columns + column;
            for (from, to) in segments(values, columns, corner, level) {
                for (one, other) in [(from, to), (to, from)] {
                    let known = neighbours.entry(one).or_default();
                    if known.is_empty() {
                        sides.push(one);
                    }
                    known.push(other);
                }
            }
        }
    }
    let at = |(corner, along_x): Side| -> (f64, f64) {
        let next = if along_x { corner + 1 } else { corner + columns };
        let share = (level - values[corner]) / (values[next] - values[corner]);
        let between = |from: f64, to: f64| from + share * (to - from);
        let (i, j) = (corner % columns, corner / columns);
        if along_x { (between(x[i], x[i + 1]), y[j]) } else { (x[i], between(y[j], y[j + 1])) }
    };
    let mut lines = (Vec::new(), Vec::new());
    // Open lines from their ends first, then closed ones from anywhere.
    let ends: Vec<Side> = sides.iter().copied().filter(|side| neighbours[side].len() == 1).collect();
    for start in ends.into_iter().chain(sides) {
        let mut side = start;
        let mut drawn = false;
        loop {
            if !drawn && neighbours[&side].is_empty() {
                break;
            }
            let (px, py) = at(side);
            lines.0.push(px);
            lines.1.push(py);
            drawn = true;
            let Some(next) = neighbours.get_mut(&side).and_then(Vec::pop) else { break };
            if let Some(back) = neighbours.get_mut(&next)
                && let Some(place) = back.iter().position(|known| *known == side)
            {
                back.swap_remove(place);
            }
            side = next;
        }
        if drawn {
            lines.0.push(f64::NAN);
            lines.1.push(f64::NAN);
        }
    }
    lines
}

/// The pieces of the line in one cell; a saddle of the values is cut by the mean of its corners.
fn segments(values: &[f64], columns: usize, corner: usize, level: f64) -> Vec<(Side, Side)> {
    let corners =
        [values[corner], values[corner + 1], values[corner + columns + 1], values[corner + columns]];
    if corners.iter().any(|value| !value.is_finite()) {
        return Vec::new();
    }
    // Bottom, right, top and left side.
    let sides = [(corner, true), (corner + 1, false), (corner + columns, true), (corner, false)];
    let above = corners.map(|value| value >= level);
    let crossed: Vec<Side> =
        (0..4).filter(|&side| above[side] != above[(side + 1) % 4]).map(|side| sides[side]).collect();
    match crossed[..] {
        [from, to] => vec![(from, to)],
        [bottom, right, top, left] => {
            let middle = corners.iter().sum::<f64>() / 4.0 >= level;
            if middle == above[0] {
                vec![(bottom, right), (top, left)]
            } else {
                vec![(left, bottom), (right, top)]
            }
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_is_one_closed_line() {
        let x: Vec<f64> = (0..41).map(|i| f64::from(i) / 10.0 - 2.0).collect();
        let values: Vec<f64> = x.iter().flat_map(|y| x.iter().map(move |x| x * x + y * y)).collect();
        let (px, py) = contour(&x, &x, &values, 1.3);
        assert_eq!(px.iter().filter(|x| x.is_nan()).count(), 1);
        let finite: Vec<f64> =
            px.iter().zip(&py).filter(|(x, _)| x.is_finite()).map(|(x, y)| x.hypot(*y)).collect();
        // Linear interpolation across a cell of width h is off by h²/8 · L'' / |∇L|.
        assert!(finite.iter().all(|radius| (radius - 1.3f64.sqrt()).abs() < 2e-3), "{finite:?}");
        assert_eq!((px[0], py[0]), (px[px.len() - 2], py[py.len() - 2]));
    }

    #[test]
    fn lines_that_leave_the_grid_are_open_and_saddles_are_cut_once() {
        let x = [-1.0, 1.0];
        let (px, _) = contour(&x, &x, &[1.0, -1.0, -1.0, 1.0], 0.1);
        assert_eq!(px.iter().filter(|x| x.is_nan()).count(), 2);
        assert_eq!(px.len(), 6);
        assert!(contour(&x, &x, &[f64::NAN; 4], 0.0).0.is_empty());
    }
}
