//! Lines of equal height of values on a regular grid, and hatching where they are low.

/// Values at the points of a grid, x varying fastest.
#[derive(Clone, Copy)]
pub(super) struct Heights<'a> {
    pub(super) x: &'a [f64],
    pub(super) y: &'a [f64],
    pub(super) values: &'a [f64],
}

/// Points of pieces of lines, with gaps between them.
type Pieces = (Vec<f64>, Vec<f64>);

impl Heights<'_> {
    fn at(&self, column: usize, row: usize) -> f64 {
        self.values[row * self.x.len() + column]
    }

    /// The lines where the values are `level`: linear between points, cell by cell (marching squares); the two ways through a
    /// saddle cell are told apart by its mean.
    pub(super) fn contour(&self, level: f64) -> Pieces {
        let mut pieces = Pieces::default();
        for row in 0..self.y.len().saturating_sub(1) {
            for column in 0..self.x.len().saturating_sub(1) {
                // Around the cell: lower left, lower right, upper right, upper left.
                let corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)];
                let heights = corners.map(|(column, row)| self.at(column, row) - level);
                if heights.iter().any(|height| !height.is_finite()) {
                    continue;
                }
                let cut = |side: usize| -> Option<(f64, f64)> {
                    let (from, to) = (side, (side + 1) % 4);
                    let share = heights[from] / (heights[from] - heights[to]);
                    let place = |(column, row): (usize, usize)| (self.x[column], self.y[row]);
                    let ((x0, y0), (x1, y1)) = (place(corners[from]), place(corners[to]));
                    let crosses = (heights[from] > 0.0) != (heights[to] > 0.0);
                    crosses.then_some((x0 + share * (x1 - x0), y0 + share * (y1 - y0)))
                };
                let cuts: Vec<(f64, f64)> = (0..4).filter_map(cut).collect();
                match cuts[..] {
                    [a, b] => add(&mut pieces, &[a, b]),
                    [a, b, c, d] => {
                        let middle = heights.iter().sum::<f64>() > 0.0;
                        // The corner between sides 3 and 0 is cut off, unless it is joined to its opposite.
                        let apart = middle != (heights[0] > 0.0);
                        let pairs = if apart { [[d, a], [b, c]] } else { [[a, b], [c, d]] };
                        for pair in &pairs {
                            add(&mut pieces, pair);
                        }
                    }
                    _ => {}
                }
            }
        }
        pieces
    }

    /// Diagonal lines, `every` columns apart, where the values are at most 0.
    pub(super) fn hatching(&self, every: usize) -> Pieces {
        let (columns, rows) = (self.x.len(), self.y.len());
        let mut pieces = Pieces::default();
        for first in (0..columns + rows).step_by(every.max(1)) {
            let along = (0..rows).filter_map(|row| {
                let column = first.checked_sub(row).filter(|column| *column < columns)?;
                Some((column, row))
            });
            for (column, row) in along {
                if self.at(column, row) <= 0.0 {
                    pieces.0.push(self.x[column]);
                    pieces.1.push(self.y[row]);
                } else {
                    gap(&mut pieces);
                }
            }
            gap(&mut pieces);
        }
        pieces
    }
}

fn add(pieces: &mut Pieces, line: &[(f64, f64)]) {
    for &(x, y) in line {
        pieces.0.push(x);
        pieces.1.push(y);
    }
    gap(pieces);
}

fn gap(pieces: &mut Pieces) {
    if pieces.0.last().is_some_and(|x| !x.is_nan()) {
        pieces.0.push(f64::NAN);
        pieces.1.push(f64::NAN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(f: impl Fn(f64, f64) -> f64) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let axis: Vec<f64> = (0..=40).map(|index| f64::from(index) * 0.1 - 2.0).collect();
        let values = axis.iter().flat_map(|&y| axis.iter().map(move |&x| (x, y))).map(|(x, y)| f(x, y));
        let values = values.collect();
        (axis.clone(), axis, values)
    }

    /// Linear interpolation errs by h²/8 times the second derivative, over the gradient: 0.0025/2.
    #[test]
    fn the_contour_of_a_paraboloid_is_a_circle() {
        let (x, y, values) = grid(|x, y| x * x + y * y);
        let (cx, cy) = Heights { x: &x, y: &y, values: &values }.contour(1.0);
        let on = cx.iter().zip(&cy).filter(|(x, _)| !x.is_nan());
        let radii: Vec<f64> = on.map(|(x, y)| x.hypot(*y)).collect();
        assert!(radii.len() > 100 && radii.iter().all(|r| (r - 1.0).abs() < 0.0013), "{radii:?}");
    }

    /// The cell in the middle of a saddle, whose mean is above the level and then below.
    #[test]
    fn lines_through_a_saddle_cell_go_round_the_lower_or_the_higher_ground() {
        let (x, y) = (vec![0.0, 1.0], vec![0.0, 1.0]);
        for (values, joins) in [([1.0, -0.5, -0.5, 1.0], false), ([0.5, -1.0, -1.0, 0.5], true)] {
            let (cx, cy) = Heights { x: &x, y: &y, values: &values }.contour(0.0);
            assert_eq!(cx.iter().filter(|x| x.is_nan()).count(), 2);
            // Each line cuts off one corner: the low ones, (1, 0) and (0, 1), or the high ones, (0, 0) and (1, 1).
            let side = |index: usize| cx[index] + cy[index] < 1.0;
            let same = side(0) == side(1);
            assert_eq!(same, joins, "{cx:?} {cy:?}");
        }
    }

    #[test]
    fn hatching_stays_where_values_are_low() {
        let (x, y, values) = grid(|x, y| 1.0 - x + 0.2 * y);
        let (hx, hy) = Heights { x: &x, y: &y, values: &values }.hatching(4);
        assert!(hx.len() > 20);
        assert!(hx.iter().zip(&hy).all(|(x, y)| x.is_nan() || *x >= 1.0 + 0.2 * y - 1e-12));
    }
}
