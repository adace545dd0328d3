//! The way over a pass, from one minimum by steepest ascent and descent to the other, and what it shows.

use super::curve::arc_lengths;
use super::descent_path::descents_from_saddle;
use super::modes::Modes;
use super::vectors::{dot, norm, scale};
use super::{CriticalKind, CriticalPoint, EscapeError, SearchOptions, Surface};

/// The minimum-energy path over one saddle, seen from the minimum that is left.
#[derive(Clone, Debug)]
pub struct PassPath {
    /// Where it starts.
    pub minimum: CriticalPoint,
    /// The saddle.
    pub saddle: CriticalPoint,
    /// Where it leads; `None` if the far side runs away.
    pub far: Option<CriticalPoint>,
    /// Points from the minimum to the saddle, `[d]` each, both included.
    pub ascent: Vec<Vec<f64>>,
    /// The arc length at each point of the ascent.
    pub arc: Vec<f64>,
    /// The loss at each point of the ascent.
    pub losses: Vec<f64>,
    /// The curvature tᵀHt along the ascent at each of its points, t the unit tangent.
    pub curvatures: Vec<f64>,
    /// Where that curvature changes its sign.
    pub inflections: Vec<Inflection>,
}

/// A place where the curvature along a path changes its sign.
#[derive(Clone, Debug, PartialEq)]
pub struct Inflection {
    /// x, `[d]`.
    pub position: Vec<f64>,
    /// L(x).
    pub loss: f64,
    /// The share of the barrier that is climbed here, (L(x) − L(a))/ΔL.
    pub share: f64,
    /// L' along the path, by arc length.
    pub slope: f64,
    /// L''' along the path, by arc length.
    pub third: f64,
}

impl PassPath {
    /// The ways from both sides over `saddle`: the first leads from the side to which its first eigenvector points. A side without a
    /// minimum has none.
    ///
    /// # Errors
    /// A point that is no pass.
    pub fn over(
        surface: &Surface,
        saddle: &CriticalPoint,
        options: &SearchOptions,
    ) -> Result<[Option<Self>; 2], EscapeError> {
        let [first, second] = descents_from_saddle(surface, saddle, options)?.map(Result::ok);
        let way = |near: Option<&super::DescentPath>, far: Option<&super::DescentPath>| -> Option<Self> {
            let near = near.filter(|path| path.bottom.is_bottom())?;
            let far = far.map(|path| path.bottom.clone()).filter(CriticalPoint::is_bottom);
            Self::along(surface, saddle, near, far).ok()
        };
        Ok([way(first.as_ref(), second.as_ref()), way(second.as_ref(), first.as_ref())])
    }

    fn along(
        surface: &Surface,
        saddle: &CriticalPoint,
        descent: &super::DescentPath,
        far: Option<CriticalPoint>,
    ) -> Result<Self, EscapeError> {
        let ascent: Vec<Vec<f64>> = descent.points.iter().rev().cloned().collect();
        let (minimum, last) = (descent.bottom.clone(), ascent.len() - 1);
        let losses: Vec<f64> = ascent.iter().map(|point| surface.loss(point)).collect();
        let mut curvatures = Vec::with_capacity(ascent.len());
        for (k, point) in ascent.iter().enumerate() {
            let along =
                if k == last { saddle.eigenvectors[0].clone() } else { direction(surface, &ascent, k)? };
            curvatures.push(dot(&along, &surface.hessian_times(point, &along)));
        }
        curvatures[0] = minimum.eigenvalues[leaving_mode(&minimum, &ascent)];
        let barrier = saddle.loss - minimum.loss;
        let mut path = Self {
            arc: arc_lengths(&ascent),
            minimum,
            saddle: saddle.clone(),
            far,
            ascent,
            losses,
            curvatures,
            inflections: Vec::new(),
        };
        for k in 1..last {
            if (path.curvatures[k] > 0.0) != (path.curvatures[k + 1] > 0.0) {
                path.inflections.push(path.inflection(surface, k, barrier)?);
            }
        }
        Ok(path)
    }

    /// ΔL = L(saddle) − L(minimum).
    pub fn barrier(&self) -> f64 {
        self.saddle.loss - self.minimum.loss
    }

    /// The number of the minimum's mode along which the path leaves.
    pub fn leaving_mode(&self) -> usize {
        leaving_mode(&self.minimum, &self.ascent)
    }

    /// The cosine of the angle between the directions in which the path leaves the minimum and crosses the saddle.
    pub fn straightness(&self) -> f64 {
        let leaving = &self.minimum.eigenvectors[self.leaving_mode()];
        dot(leaving, &self.saddle.eigenvectors[0]).abs()
    }

    /// The share s of the barrier that is climbed up to the last inflection before the saddle, (L(c) − L(a))/ΔL: the path
    /// parameter of the SGD theorem. 1 where the curvature is negative nowhere below the saddle.
    pub fn switch_share(&self) -> f64 {
        self.inflections.last().map_or(1.0, |inflection| inflection.share)
    }

    /// The root of the curvature between points k and k + 1.
    fn inflection(&self, surface: &Surface, k: usize, barrier: f64) -> Result<Inflection, EscapeError> {
        let at = |share: f64| -> Vec<f64> { self.between(k, share) };
        let curvature = |share: f64| -> Result<f64, EscapeError> {
            let point = at(share);
            let along = unit_gradient(surface, &point)?;
            Ok(dot(&along, &surface.hessian_times(&point, &along)))
        };
        let (mut low, mut high) = (0.0, 1.0);
        let positive_below = self.curvatures[k] > 0.0;
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if (curvature(middle)? > 0.0) == positive_below { low = middle } else { high = middle }
        }
        let share = 0.5 * (low + high);
        let position = at(share);
        let loss = surface.loss(&position);
        let slope = norm(&surface.checked_gradient(&position)?);
        let width = self.arc[k + 1] - self.arc[k];
        let step = 0.05f64.min(0.4 * share.min(1.0 - share)).max(1e-3);
        let third = (curvature(share + step)? - curvature(share - step)?) / (2.0 * step * width);
        Ok(Inflection { share: (loss - self.minimum.loss) / barrier, position, loss, slope, third })
    }

    /// A point between points k and k + 1, by the cubic that has the slopes of the flow at both.
    fn between(&self, k: usize, share: f64) -> Vec<f64> {
        let last = self.ascent.len() - 1;
        // Neighbours by position are enough: steps are short where the path turns.
        let slope = |j: usize, coordinate: usize| -> f64 {
            let (a, b) = (j.saturating_sub(1), (j + 1).min(last));
            let difference = |a: usize, b: usize| {
                (self.ascent[b][coordinate] - self.ascent[a][coordinate]) / (self.arc[b] - self.arc[a])
            };
            if a == j || b == j {
                return difference(a, b);
            }
            let (h0, h1) = (self.arc[j] - self.arc[a], self.arc[b] - self.arc[j]);
            (difference(a, j) * h1 + difference(j, b) * h0) / (h0 + h1)
        };
        let width = self.arc[k + 1] - self.arc[k];
        let bend = share * (1.0 - share);
        (0..self.ascent[k].len())
            .map(|coordinate| {
                let (a, b) = (self.ascent[k][coordinate], self.ascent[k + 1][coordinate]);
                let (da, db) = (slope(k, coordinate) * width, slope(k + 1, coordinate) * width);
                a + share * (b - a) + bend * ((1.0 - share) * (da - (b - a)) - share * (db - (b - a)))
            })
            .collect()
    }
}

/// The unit tangent at point k: the gradient's direction, for a curve of steepest descent.
fn direction(surface: &Surface, ascent: &[Vec<f64>], k: usize) -> Result<Vec<f64>, EscapeError> {
    if k == 0 {
        return Ok(super::curve::tangent(ascent, 0));
    }
    unit_gradient(surface, &ascent[k])
}

fn unit_gradient(surface: &Surface, point: &[f64]) -> Result<Vec<f64>, EscapeError> {
    let mut gradient = surface.checked_gradient(point)?;
    let slope = norm(&gradient);
    if slope > 0.0 {
        scale(1.0 / slope, &mut gradient);
    }
    Ok(gradient)
}

/// The eigenvector that carries most of the path's direction next to the minimum.
fn leaving_mode(minimum: &CriticalPoint, ascent: &[Vec<f64>]) -> usize {
    let arc = arc_lengths(ascent);
    let length = arc[arc.len() - 1];
    // The first point that is far enough for rounding and near enough for the quadratic law.
    let k = (1..ascent.len()).find(|&k| arc[k] > 1e-4 * length).unwrap_or(1);
    let step = super::vectors::plus(&ascent[k], -1.0, &ascent[0]);
    let overlap = |mode: usize| dot(&minimum.eigenvectors[mode], &step).abs();
    (0..minimum.eigenvectors.len()).max_by(|a, b| overlap(*a).total_cmp(&overlap(*b))).unwrap_or(0)
}

/// Whether a formula with determinants applies at both ends of a way.
pub(super) fn is_regular(path: &PassPath) -> bool {
    path.minimum.kind == CriticalKind::Minimum && path.saddle.kind == CriticalKind::Saddle
}

/// The Hessian, as a matrix, at a point of a dense surface.
pub(super) fn hessian_at(surface: &Surface, point: &CriticalPoint) -> Result<faer::Mat<f64>, EscapeError> {
    if surface.is_dense() {
        return Ok(surface.hessian(&point.position));
    }
    let allowed = "a landscape below 500 dimensions: determinants need the matrix";
    let value = point.position.len() as f64;
    Err(EscapeError::OutOfRange { name: "dimension", value, allowed })
}

/// The largest curvature at a point.
pub(super) fn largest_curvature(surface: &Surface, point: &CriticalPoint) -> Result<f64, EscapeError> {
    Ok(Modes::at(surface, &point.position, None)?.magnitude)
}

#[cfg(test)]
mod tests {
    use super::super::refine_saddle;
    use super::super::testing::named_field;
    use super::super::vectors::distance;
    use super::*;

    #[test]
    fn shares_on_the_curved_ways_of_muller_brown() {
        // The flow by DOP853 at 1e-12 from 1e-6 beside the saddle, the root of tᵀHt by Brent's method (scipy).
        let surface = Surface::of(&named_field("muller-brown", &[])).unwrap();
        let options = SearchOptions::default();
        for (guess, ways) in [
            (
                [-0.82, 0.62],
                [
                    ([-0.0500, 0.4667], [-0.57803216, 0.51204226], 0.6268834361, 221.03747287),
                    ([-0.5582, 1.4417], [-0.96942777, 0.82199943], 0.7577016606, 410.53113469),
                ],
            ),
            (
                [0.21, 0.29],
                [
                    ([0.6235, 0.0280], [0.31695324, 0.12849241], 0.6193258589, 543.83618902),
                    ([-0.0500, 0.4667], [0.14992705, 0.38555199], 0.6223179827, 221.03747287),
                ],
            ),
        ] {
            let saddle = refine_saddle(&surface, &guess, &[1.0, -1.0], &options).unwrap();
            let found = PassPath::over(&surface, &saddle, &options).unwrap();
            for (end, place, share, curvature) in ways {
                let way =
                    found.iter().flatten().find(|way| distance(&way.minimum.position, &end) < 1e-3).unwrap();
                assert_eq!(way.inflections.len(), 1);
                // Second order in the steps of the path, whose model error is 2e-3.
                assert!(distance(&way.inflections[0].position, &place) < 1e-4, "{:?}", way.inflections);
                assert!((way.switch_share() - share).abs() < 1e-4, "{} {share}", way.switch_share());
                assert!((way.curvatures[0] / curvature - 1.0).abs() < 1e-9);
                assert!(way.far.is_some() && way.barrier() > 0.0);
            }
        }
    }
}
