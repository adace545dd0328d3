//! Fewer points with the same picture, for series of many points.

/// A line shorter than this is drawn as it is.
const FEW: usize = 2000;
/// Points closer than this many pixels look like one.
const NEAR: f64 = 0.35;

/// Thins a line without gaps. Where x never decreases each column of half a pixel keeps its first, lowest, highest and last
/// point, which leaves every extreme in place; other lines lose points that lie on their predecessor.
pub(crate) fn line(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if points.len() <= FEW {
        return points.to_vec();
    }
    if points.windows(2).all(|pair| pair[0].0 <= pair[1].0) {
        return points
            .chunk_by(|a, b| (a.0 * 2.0).floor() == (b.0 * 2.0).floor())
            .flat_map(extremes)
            .collect();
    }
    let mut kept = vec![points[0]];
    let mut last = points[0];
    for &point in &points[1..points.len() - 1] {
        if (point.0 - last.0).hypot(point.1 - last.1) >= NEAR {
            kept.push(point);
            last = point;
        }
    }
    kept.push(points[points.len() - 1]);
    kept
}

/// The first, lowest, highest and last point of a column, in their order.
fn extremes(column: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let by_height = |a: &&usize, b: &&usize| column[**a].1.total_cmp(&column[**b].1);
    let indices: Vec<usize> = (0..column.len()).collect();
    let mut kept = vec![0, column.len() - 1];
    kept.extend(indices.iter().min_by(by_height));
    kept.extend(indices.iter().max_by(by_height));
    kept.sort_unstable();
    kept.dedup();
    kept.into_iter().map(|index| column[index]).collect()
}

/// The indices of markers that are not hidden exactly behind an earlier one, by cells of `cell` pixels.
pub(crate) fn markers(points: &[(f64, f64)], cell: f64) -> Vec<usize> {
    if points.len() <= FEW {
        return (0..points.len()).collect();
    }
    let mut taken = std::collections::HashSet::new();
    (0..points.len())
        .filter(|&index| {
            let (x, y) = points[index];
            taken.insert(((x / cell).round() as i64, (y / cell).round() as i64))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_survive() {
        let mut points: Vec<(f64, f64)> =
            (0..100_000).map(|i| (f64::from(i) * 0.004, (f64::from(i) * 0.01).sin())).collect();
        points[54_321].1 = 70.0;
        points[54_322].1 = -70.0;
        let thinned = line(&points);
        assert!(thinned.len() <= 4 * 801, "{}", thinned.len());
        assert!(thinned.contains(&points[54_321]) && thinned.contains(&points[54_322]));
        assert_eq!((thinned[0], thinned[thinned.len() - 1]), (points[0], points[99_999]));
    }

    #[test]
    fn loops_keep_their_shape() {
        let points: Vec<(f64, f64)> = (0..50_000)
            .map(|i| f64::from(i) * std::f64::consts::TAU / 50_000.0)
            .map(|angle| (100.0 * angle.cos(), 100.0 * angle.sin()))
            .collect();
        let thinned = line(&points);
        assert!(thinned.len() < 2000 && thinned.len() > 1000);
        assert!(markers(&points, 1.0).len() < 1000);
    }
}
