//! Which parts of a plot area are covered by data, so that legends and labels can go elsewhere.

/// The side of a cell in pixels.
const CELL: f64 = 4.0;

/// A coarse bitmap of a plot area.
pub(crate) struct Occupancy {
    columns: usize,
    rows: usize,
    covered: Vec<bool>,
}

impl Occupancy {
    pub(crate) fn new(width: f64, height: f64) -> Self {
        let columns = (width / CELL).ceil().max(1.0) as usize;
        let rows = (height / CELL).ceil().max(1.0) as usize;
        Self { columns, rows, covered: vec![false; columns * rows] }
    }

    fn cells(length: usize, from: f64, to: f64) -> std::ops::Range<usize> {
        // Casts saturate: negative pixels become cell 0.
        let first = (from / CELL).floor().max(0.0) as usize;
        let last = (to / CELL).ceil().max(0.0) as usize;
        first.min(length)..last.min(length)
    }

    /// Marks the rectangle with these corners.
    pub(crate) fn cover(&mut self, x0: f64, y0: f64, x1: f64, y1: f64) {
        let columns = Self::cells(self.columns, x0.min(x1), x0.max(x1));
        for row in Self::cells(self.rows, y0.min(y1), y0.max(y1)) {
            self.covered[row * self.columns..][columns.clone()].fill(true);
        }
    }

    /// Marks a straight line.
    pub(crate) fn cover_line(&mut self, (x0, y0): (f64, f64), (x1, y1): (f64, f64)) {
        let (width, height) = (self.columns as f64 * CELL, self.rows as f64 * CELL);
        let Some((start, end)) = clip((x0, y0), (x1, y1), width, height) else { return };
        let (dx, dy) = (x1 - x0, y1 - y0);
        let length = (dx * (end - start)).hypot(dy * (end - start));
        let count = (length / (CELL / 2.0)).ceil().max(1.0);
        for index in 0..=count as usize {
            let t = start + (end - start) * index as f64 / count;
            let (x, y) = (x0 + t * dx, y0 + t * dy);
            self.cover(x - 1.0, y - 1.0, x + 1.0, y + 1.0);
        }
    }

    /// The number of covered cells under a rectangle.
    pub(crate) fn count(&self, x: f64, y: f64, width: f64, height: f64) -> usize {
        let columns = Self::cells(self.columns, x, x + width);
        Self::cells(self.rows, y, y + height)
            .map(|row| {
                self.covered[row * self.columns..][columns.clone()].iter().filter(|&&covered| covered).count()
            })
            .sum()
    }
}

/// The part of a line, as parameters in [0, 1], that lies in the area.
fn clip((x0, y0): (f64, f64), (x1, y1): (f64, f64), width: f64, height: f64) -> Option<(f64, f64)> {
    let (mut start, mut end) = (0.0f64, 1.0f64);
    for (from, to, limit) in [(x0, x1, width), (y0, y1, height)] {
        let step = to - from;
        if step == 0.0 {
            if !(0.0..=limit).contains(&from) {
                return None;
            }
            continue;
        }
        let (a, b) = ((0.0 - from) / step, (limit - from) / step);
        start = start.max(a.min(b));
        end = end.min(a.max(b));
    }
    (start <= end).then_some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_cover_what_they_cross() {
        let mut area = Occupancy::new(100.0, 100.0);
        area.cover_line((-1e6, -1e6), (1e6, 1e6));
        assert!(area.count(40.0, 40.0, 20.0, 20.0) > 0);
        assert_eq!(area.count(0.0, 60.0, 30.0, 40.0), 0);
        area.cover_line((f64::NAN, 0.0), (1.0, f64::INFINITY));
        area.cover_line((-10.0, -5.0), (200.0, -5.0));
        assert_eq!(area.count(60.0, 0.0, 40.0, 30.0), 0);
    }
}
