//! Curves as points: arc lengths, equal spacing, tangents.

use super::vectors::{distance, norm, plus, scale};

/// The arc length from the first point to each, along straight pieces.
pub(super) fn arc_lengths(points: &[Vec<f64>]) -> Vec<f64> {
    let mut arc = vec![0.0; points.len()];
    for k in 1..points.len() {
        arc[k] = arc[k - 1] + distance(&points[k - 1], &points[k]);
    }
    arc
}

/// The unit vector from point k − 1 to point k + 1, one-sided at the ends; zero where points coincide.
pub(super) fn tangent(points: &[Vec<f64>], k: usize) -> Vec<f64> {
    let (before, after) = (&points[k.saturating_sub(1)], &points[(k + 1).min(points.len() - 1)]);
    let mut tangent = plus(after, -1.0, before);
    let length = norm(&tangent);
    if length > 0.0 {
        scale(1.0 / length, &mut tangent);
    }
    tangent
}

/// `count + 1` points at equal arc lengths along the curve through `points`, by cubic interpolation between them; points
/// that are equally spaced already stay where they are.
pub(super) fn equally_spaced(points: &[Vec<f64>], count: usize) -> Vec<Vec<f64>> {
    let arc = arc_lengths(points);
    let length = arc[arc.len() - 1];
    let mut piece = 1;
    (0..=count)
        .map(|k| {
            if k == count {
                return points[points.len() - 1].clone();
            }
            let wanted = length * k as f64 / count as f64;
            while piece + 1 < arc.len() && arc[piece] < wanted {
                piece += 1;
            }
            interpolated(points, &arc, piece, wanted)
        })
        .collect()
}

/// Cubic Hermite interpolation between points `piece − 1` and `piece`, with slopes by three-point differences.
fn interpolated(points: &[Vec<f64>], arc: &[f64], piece: usize, at: f64) -> Vec<f64> {
    let (left, right) = (piece - 1, piece);
    let width = arc[right] - arc[left];
    if width <= 0.0 {
        return points[left].clone();
    }
    let t = (at - arc[left]) / width;
    let slope = |k: usize, coordinate: usize| -> f64 {
        let difference =
            |a: usize, b: usize| (points[b][coordinate] - points[a][coordinate]) / (arc[b] - arc[a]);
        let (before, after) = (k.checked_sub(1), k + 1);
        match (
            before.filter(|b| arc[*b] < arc[k]),
            (after < arc.len() && arc[after] > arc[k]).then_some(after),
        ) {
            (Some(b), Some(a)) => {
                let (h0, h1) = (arc[k] - arc[b], arc[a] - arc[k]);
                (difference(b, k) * h1 + difference(k, a) * h0) / (h0 + h1)
            }
            (None, Some(a)) => difference(k, a),
            (Some(b), None) => difference(b, k),
            (None, None) => 0.0,
        }
    };
    (0..points[left].len())
        .map(|coordinate| {
            let (a, b) = (points[left][coordinate], points[right][coordinate]);
            let (da, db) = (slope(left, coordinate) * width, slope(right, coordinate) * width);
            let bend = t * (1.0 - t);
            a + t * (b - a) + bend * ((1.0 - t) * (da - (b - a)) - t * (db - (b - a)))
        })
        .collect()
}

/// The straight line with `count + 1` points.
pub(super) fn straight(from: &[f64], to: &[f64], count: usize) -> Vec<Vec<f64>> {
    (0..=count)
        .map(|k| {
            let share = k as f64 / count as f64;
            from.iter().zip(to).map(|(a, b)| a + share * (b - a)).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spacing_is_equal_and_on_the_curve() {
        // A quarter of the unit circle with uneven points.
        let circle: Vec<Vec<f64>> = (0..=60)
            .map(|k| {
                let angle = std::f64::consts::FRAC_PI_2 * (f64::from(k) / 60.0).powf(1.5);
                vec![angle.cos(), angle.sin()]
            })
            .collect();
        let even = equally_spaced(&circle, 40);
        for (k, point) in even.iter().enumerate() {
            let angle = std::f64::consts::FRAC_PI_2 * k as f64 / 40.0;
            // The arc is measured on chords: second order in the spacing along the curve, fourth across.
            assert!((norm(point) - 1.0).abs() < 1e-6, "{point:?}");
            assert!((point[1].atan2(point[0]) - angle).abs() < 1e-4);
        }
        let again = equally_spaced(&straight(&[0.0, 1.0], &[1.0, 0.0], 10), 10);
        assert!(distance(&again[3], &[0.3, 0.7]) < 1e-15);
    }
}
