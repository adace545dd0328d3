//! The most probable ways out of a basin into a region, where they enter it, and how wide noise makes them.

use faer::{Mat, Side};

use super::curve::tangent;
use super::descent_path::{descent_path, descents_from_saddle};
use super::saddle::climb_to_saddle;
use super::vectors::{distance, dot, norm, plus};
use super::{CriticalPoint, EscapeError, SearchOptions, Surface};

/// Barriers that differ by less than this share are equal.
const EQUAL: f64 = 1e-6;
/// A border passes through the saddle if it is nearer to it than so many lengths.
const AT_SADDLE: f64 = 1e-6;

/// The way over one saddle from the minimum to the border of a region: in isotropic noise the path of least action, up the
/// gradient to the saddle and down to the region.
#[derive(Clone, Debug)]
pub struct ProbableExit {
    /// The bottom of the basin that is left.
    pub minimum: CriticalPoint,
    /// The saddle.
    pub saddle: CriticalPoint,
    /// Points from the minimum to the border, `[d]` each.
    pub path: Vec<Vec<f64>>,
    /// The trace of the inverse Hessian across the path at each of its points: times the temperature T, the mean square distance from
    /// the path of those who walk in equilibrium beside it; infinite where the slope does not hold them.
    pub widths: Vec<f64>,
    /// The covariance of the places of exit over T, `[d × d]` row-major, where the border passes through the saddle: the
    /// Gibbs law of the tangent plane of the border, `H⁻¹ − H⁻¹ggᵀH⁻¹/(gᵀH⁻¹g)` with its normal g.
    pub covariance: Option<Vec<f64>>,
}

impl ProbableExit {
    /// Where the region is entered as T → 0, `[d]`.
    pub fn place(&self) -> &[f64] {
        self.path.last().map_or(&self.saddle.position, |place| place)
    }

    /// ΔL = L(saddle) − L(minimum).
    pub fn barrier(&self) -> f64 {
        self.saddle.loss - self.minimum.loss
    }

    /// The mean over some points `[n × d]` of the squared distance from the path over `T` times the width there: about 1 for
    /// those who leave along it. Points beside parts without a width, or behind the minimum, do not count; `None` if none counts.
    pub fn spread_around(&self, points: &[f64], temperature: f64) -> Option<f64> {
        let (mut sum, mut count) = (0.0, 0.0);
        for point in points.chunks_exact(self.place().len()) {
            let (square, width) = self.nearest(point);
            if width.is_finite() && width > 0.0 {
                sum += square / (temperature * width);
                count += 1.0;
            }
        }
        (count > 0.0).then(|| sum / count)
    }

    /// The square of the distance from the path, and the width there.
    fn nearest(&self, point: &[f64]) -> (f64, f64) {
        let mut best = (f64::INFINITY, f64::NAN);
        for (k, (pair, widths)) in self.path.windows(2).zip(self.widths.windows(2)).enumerate() {
            let along = plus(&pair[1], -1.0, &pair[0]);
            let from = plus(point, -1.0, &pair[0]);
            let share = (dot(&from, &along) / dot(&along, &along).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
            let square: f64 =
                from.iter().zip(&along).map(|(from, along)| (from - share * along).powi(2)).sum();
            if square < best.0 {
                let behind = k == 0 && share == 0.0;
                best = (square, if behind { f64::NAN } else { widths[0] + share * (widths[1] - widths[0]) });
            }
        }
        best
    }
}

/// The ways from the basin of `start` over its lowest saddles into the region where `level` is at most 0: more than one where
/// saddles are of one height, none where no saddle beside the basin leads there or the border lies before the saddle.
///
/// # Errors
/// As [`super::descent_path()`], from `start`.
/// ```
/// use sgdyn::escape::{SearchOptions, Surface, probable_exits};
/// use sgdyn::landscape::formula_field;
///
/// // A valley that bends: the saddle at 0, the bottom of the valley at y = x².
/// let formula = "(x^2 - 1)^2 + 4*(y - x^2)^2";
/// let surface = Surface::of(&formula_field(formula, None, &Default::default())?.0)?;
/// let exits = probable_exits(&surface, &[-1.0, 1.0], &|p| 0.5 - p[0], &SearchOptions::default())?;
/// let place = exits[0].place();
/// assert!((place[0] - 0.5).abs() < 1e-9 && (exits[0].barrier() - 1.0).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn probable_exits(
    surface: &Surface,
    start: &[f64],
    level: &dyn Fn(&[f64]) -> f64,
    options: &SearchOptions,
) -> Result<Vec<ProbableExit>, EscapeError> {
    let minimum = descent_path(surface, start, options)?.bottom;
    let mut exits: Vec<ProbableExit> = Vec::new();
    for saddle in saddles_beside(surface, &minimum, options) {
        // A walk that fails says nothing of the others.
        let Ok(Some(exit)) = over(surface, &minimum, saddle, level, options) else { continue };
        exits.push(exit);
    }
    let lowest = exits.iter().map(ProbableExit::barrier).fold(f64::INFINITY, f64::min);
    exits.retain(|exit| exit.barrier() <= lowest * (1.0 + EQUAL));
    Ok(exits)
}

/// The saddles to which walks from a minimum along its curvature directions lead, both ways.
fn saddles_beside(surface: &Surface, minimum: &CriticalPoint, options: &SearchOptions) -> Vec<CriticalPoint> {
    let mut saddles: Vec<CriticalPoint> = Vec::new();
    for direction in &minimum.eigenvectors {
        for sign in [1.0, -1.0] {
            let direction: Vec<f64> = direction.iter().map(|entry| sign * entry).collect();
            let Ok(saddle) = climb_to_saddle(surface, &minimum.position, &direction, options) else {
                continue;
            };
            if !saddles.iter().any(|known| known.is_same(&saddle, options)) {
                saddles.push(saddle);
            }
        }
    }
    saddles
}

/// The way over one saddle; `None` if it does not lead from the minimum into the region.
fn over(
    surface: &Surface,
    minimum: &CriticalPoint,
    saddle: CriticalPoint,
    level: &dyn Fn(&[f64]) -> f64,
    options: &SearchOptions,
) -> Result<Option<ProbableExit>, EscapeError> {
    let [first, second] = descents_from_saddle(surface, &saddle, options)?.map(Result::ok);
    let from_here = |path: &Option<super::DescentPath>| {
        path.as_ref().is_some_and(|path| path.bottom.is_same(minimum, options))
    };
    let (near, far) = match (from_here(&first), from_here(&second)) {
        (true, false) => (first, second),
        (false, true) => (second, first),
        _ => return Ok(None),
    };
    let (Some(near), Some(far)) = (near, far) else { return Ok(None) };
    let normal = normal_at(level, &saddle.position, 1e-4 * options.length);
    let height = level(&saddle.position);
    let at_saddle = height.abs() <= AT_SADDLE * options.length * norm(&normal);
    let mut path: Vec<Vec<f64>> = near.points.iter().rev().cloned().collect();
    if path.iter().rev().skip(1).any(|point| level(point) <= 0.0) || (!at_saddle && height <= 0.0) {
        return Ok(None);
    }
    if !at_saddle {
        let Some(entry) = far.points.iter().position(|point| level(point) <= 0.0).filter(|entry| *entry > 0)
        else {
            return Ok(None);
        };
        path.extend_from_slice(&far.points[1..entry]);
        path.push(border(level, &far.points[entry - 1], &far.points[entry]));
    }
    path.dedup_by(|next, kept| distance(next, kept) == 0.0);
    let widths = (0..path.len())
        .map(|k| across(surface, &path[k], &tangent(&path, k)))
        .collect::<Result<Vec<f64>, EscapeError>>()?;
    let covariance = if at_saddle { on_border(&saddle, &normal) } else { None };
    Ok(Some(ProbableExit { minimum: minimum.clone(), saddle, path, widths, covariance }))
}

/// The place between a point outside and one inside where the level is 0.
fn border(level: &dyn Fn(&[f64]) -> f64, outside: &[f64], inside: &[f64]) -> Vec<f64> {
    let at = |share: f64| -> Vec<f64> {
        outside.iter().zip(inside).map(|(from, to)| from + share * (to - from)).collect()
    };
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if level(&at(middle)) <= 0.0 { high = middle } else { low = middle }
    }
    at(high)
}

/// The gradient of the level by central differences.
fn normal_at(level: &dyn Fn(&[f64]) -> f64, point: &[f64], step: f64) -> Vec<f64> {
    let mut moved = point.to_vec();
    (0..point.len())
        .map(|coordinate| {
            moved[coordinate] = point[coordinate] + step;
            let above = level(&moved);
            moved[coordinate] = point[coordinate] - step;
            let below = level(&moved);
            moved[coordinate] = point[coordinate];
            (above - below) / (2.0 * step)
        })
        .collect()
}

/// The trace of the inverse of the Hessian across `along`; infinite unless it is positive there.
fn across(surface: &Surface, point: &[f64], along: &[f64]) -> Result<f64, EscapeError> {
    let hessian = surface.hessian(point);
    let d = point.len();
    let projected = |i: usize, j: usize| f64::from(u8::from(i == j)) - along[i] * along[j];
    let projection = Mat::from_fn(d, d, projected);
    let inside = &projection * &hessian * &projection;
    let not_finite = || EscapeError::NotFinite { what: "Hessian", point: point.to_vec() };
    if inside.col_iter().any(|column| column.iter().any(|entry| !entry.is_finite())) {
        return Err(not_finite());
    }
    let eigen = inside.self_adjoint_eigen(Side::Lower).map_err(|_| not_finite())?;
    // The eigenvector nearest to the path belongs to the direction that is left out.
    let overlap = |k: usize| (0..d).map(|i| eigen.U()[(i, k)] * along[i]).sum::<f64>().abs();
    let out = (0..d).max_by(|a, b| overlap(*a).total_cmp(&overlap(*b))).unwrap_or(0);
    let values = eigen.S().column_vector().iter().copied().enumerate().filter(|(k, _)| *k != out);
    let inverse = |value: f64| if value > 0.0 { 1.0 / value } else { f64::INFINITY };
    Ok(values.map(|(_, value)| inverse(value)).sum())
}

/// `H⁻¹ − H⁻¹ggᵀH⁻¹/(gᵀH⁻¹g)` at a saddle; `None` where it is no covariance.
fn on_border(saddle: &CriticalPoint, normal: &[f64]) -> Option<Vec<f64>> {
    let d = normal.len();
    let modes = || saddle.eigenvalues.iter().zip(&saddle.eigenvectors);
    if modes().len() < d || saddle.eigenvalues.contains(&0.0) {
        return None;
    }
    let inverse =
        |i: usize, j: usize| modes().map(|(value, vector)| vector[i] * vector[j] / value).sum::<f64>();
    let h: Vec<f64> = (0..d * d).map(|k| inverse(k / d, k % d)).collect();
    let hg: Vec<f64> = (0..d).map(|i| dot(&h[i * d..(i + 1) * d], normal)).collect();
    let ghg = dot(&hg, normal);
    let covariance: Vec<f64> = (0..d * d).map(|k| h[k] - hg[k / d] * hg[k % d] / ghg).collect();
    let holds =
        (0..d).all(|i| covariance[i * d + i] > -1e-9) && covariance.iter().all(|entry| entry.is_finite());
    holds.then_some(covariance)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{formula, named_field};
    use super::*;

    /// V = (x² − 1)²/4 + ½(1 + 3x²)y²: the way is the x axis, its width 1/(1 + 3x²), and with the border x = 0 the exit is the saddle
    /// with variance T.
    #[test]
    fn the_way_over_a_straight_pass() {
        let surface = formula("(x^2 - 1)^2/4 + (1 + 3*x^2)*y^2/2");
        let options = SearchOptions::default();
        let exits = probable_exits(&surface, &[-0.8, 0.2], &|p| -p[0], &options).unwrap();
        let [exit] = &exits[..] else { panic!("{exits:?}") };
        assert!(norm(exit.place()) < 1e-8 && (exit.barrier() - 0.25).abs() < 1e-9);
        let covariance = exit.covariance.as_ref().unwrap();
        assert!(covariance[0].abs() < 1e-9 && (covariance[3] - 1.0).abs() < 1e-9, "{covariance:?}");
        for (point, width) in exit.path.iter().zip(&exit.widths) {
            assert!((width * (1.0 + 3.0 * point[0] * point[0]) - 1.0).abs() < 1e-6, "{point:?} {width}");
        }
        // Two noise widths beside the path at x = −0.5, T = 0.1: the square is 4.
        let beside = [-0.5, 2.0 * (0.1f64 / 1.75).sqrt()];
        assert!((exit.spread_around(&beside, 0.1).unwrap() - 4.0).abs() < 0.01);
        let far = &probable_exits(&surface, &[-0.8, 0.2], &|p| 0.5 - p[0], &options).unwrap()[0];
        assert!((far.place()[0] - 0.5).abs() < 1e-9 && far.covariance.is_none());
        // In the well itself there is no saddle before the border.
        assert!(probable_exits(&surface, &[-0.8, 0.2], &|p| -0.5 - p[0], &options).unwrap().is_empty());
    }

    /// Four-fold symmetric: from the middle of x⁴ − 2x² in both coordinates' well at (1, 1) two passes are of one height.
    #[test]
    fn passes_of_one_height_are_all_told() {
        let surface = formula("x^4 - 2*x^2 + y^4 - 2*y^2");
        let outside = |p: &[f64]| p[0].min(p[1]) + 0.3;
        let exits = probable_exits(&surface, &[0.9, 1.1], &outside, &SearchOptions::default()).unwrap();
        assert_eq!(exits.len(), 2);
        let sum: f64 = exits.iter().map(|exit| exit.place()[0] + exit.place()[1]).sum();
        assert!((sum - 2.0 * (1.0 - 0.3)).abs() < 1e-6, "{exits:?}");
    }

    /// On Müller–Brown from the deepest minimum to the middle one: over the saddle at (−0.822, 0.624) (scipy, 1e-10).
    #[test]
    fn the_way_over_a_bent_pass() {
        let surface = Surface::of(&named_field("muller-brown", &[])).unwrap();
        let options = SearchOptions { length: 0.5, ..SearchOptions::default() };
        let exits = probable_exits(&surface, &[-0.55, 1.4], &|p| p[1] - 0.5, &options).unwrap();
        assert_eq!(exits.len(), 1);
        assert!(distance(&exits[0].saddle.position, &[-0.822_001_56, 0.624_312_80]) < 1e-6);
        assert!((exits[0].place()[1] - 0.5).abs() < 1e-9);
    }
}
