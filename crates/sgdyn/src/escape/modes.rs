//! The curvatures and their directions at one point, and the steps that they allow.

use faer::Side;

use super::krylov::{LowestPair, lowest_pair, truncated_solve};
use super::vectors::{add, dot, norm, plus, scale};
use super::{EscapeError, Surface};

/// The relative residual of Lanczos' eigenpairs.
const LANCZOS_TOLERANCE: f64 = 1e-9;

/// At most so many negative curvatures are counted by Lanczos' method.
const NEGATIVE_LIMIT: usize = 30;

/// Eigenvalues of the Hessian, ascending, with unit eigenvectors: all below [`super::DENSE_LIMIT`] dimensions, else the
/// negative ones and the first after them.
#[derive(Clone, Debug)]
pub(super) struct Modes {
    pub(super) values: Vec<f64>,
    pub(super) vectors: Vec<Vec<f64>>,
    /// The largest magnitude of the spectrum.
    pub(super) magnitude: f64,
    complete: bool,
}

impl Modes {
    /// The modes at `point`; `guess` starts Lanczos' method.
    pub(super) fn at(surface: &Surface, point: &[f64], guess: Option<&[f64]>) -> Result<Self, EscapeError> {
        if !surface.is_dense() {
            return Self::by_products(surface, point, guess);
        }
        let hessian = surface.hessian(point);
        let not_finite = || EscapeError::NotFinite { what: "Hessian", point: point.to_vec() };
        if hessian.col_iter().any(|column| column.iter().any(|entry| !entry.is_finite())) {
            return Err(not_finite());
        }
        let eigen = hessian.self_adjoint_eigen(Side::Lower).map_err(|_| not_finite())?;
        let values: Vec<f64> = eigen.S().column_vector().iter().copied().collect();
        let vectors = eigen.U().col_iter().map(|column| column.iter().copied().collect()).collect();
        let magnitude = values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
        Ok(Self { values, vectors, magnitude, complete: true })
    }

    fn by_products(surface: &Surface, point: &[f64], guess: Option<&[f64]>) -> Result<Self, EscapeError> {
        let apply = |v: &[f64]| surface.hessian_times(point, v);
        let mut modes = Self { values: Vec::new(), vectors: Vec::new(), magnitude: 0.0, complete: false };
        loop {
            let start = if modes.values.is_empty() { guess } else { None };
            let LowestPair { value, vector, magnitude } =
                lowest_pair(point.len(), &apply, &modes.vectors, start, LANCZOS_TOLERANCE)?;
            if !value.is_finite() {
                return Err(EscapeError::NotFinite { what: "Hessian", point: point.to_vec() });
            }
            modes.magnitude = modes.magnitude.max(magnitude);
            modes.values.push(value);
            modes.vectors.push(vector);
            if value > 0.0 || modes.values.len() == NEGATIVE_LIMIT.min(point.len()) {
                return Ok(modes);
            }
        }
    }

    /// `vᵢ·a` for every known mode.
    pub(super) fn components(&self, a: &[f64]) -> Vec<f64> {
        self.vectors.iter().map(|vector| dot(vector, a)).collect()
    }

    /// `Σ cᵢvᵢ`.
    pub(super) fn combine(&self, components: &[f64]) -> Vec<f64> {
        let mut sum = vec![0.0; self.vectors[0].len()];
        for (vector, &component) in self.vectors.iter().zip(components) {
            add(component, vector, &mut sum);
        }
        sum
    }

    /// The mode nearest to `direction`, and its sign.
    pub(super) fn nearest(&self, direction: &[f64]) -> usize {
        let overlaps = self.components(direction);
        (0..overlaps.len()).max_by(|a, b| overlaps[*a].abs().total_cmp(&overlaps[*b].abs())).unwrap_or(0)
    }

    /// The minimiser of the quadratic model within `radius` (J. J. Moré and D. C. Sorensen, *SIAM J. Sci. Stat. Comput.* 4,
    /// 553 (1983)); from a point without gradient it leaves along the lowest curvature.
    pub(super) fn descent_step(
        &self,
        surface: &Surface,
        point: &[f64],
        gradient: &[f64],
        radius: f64,
    ) -> Vec<f64> {
        let components = self.components(gradient);
        if !self.complete {
            let apply = |v: &[f64]| surface.hessian_times(point, v);
            let right: Vec<f64> = gradient.iter().map(|g| -g).collect();
            // Known modes apart: a negative curvature is followed, the rest solved for.
            let known: Vec<f64> = components
                .iter()
                .zip(&self.values)
                .map(|(&g, &value)| {
                    if value < 0.0 {
                        if g > 0.0 { -radius } else { radius }
                    } else {
                        (-g / value.max(f64::MIN_POSITIVE)).clamp(-radius, radius)
                    }
                })
                .collect();
            let mut step = self.combine(&known);
            add(1.0, &truncated_solve(&apply, &self.vectors, &right, radius), &mut step);
            return step;
        }
        let shifted = |shift: f64| -> Vec<f64> {
            self.values
                .iter()
                .zip(&components)
                .map(|(&value, &g)| if g == 0.0 { 0.0 } else { -g / (value + shift) })
                .collect()
        };
        let lowest = self.values[0];
        if lowest > 0.0 {
            let newton = shifted(0.0);
            if norm(&newton) <= radius {
                return self.combine(&newton);
            }
        }
        let (mut low, mut high) = ((-lowest).max(0.0), (-lowest).max(0.0) + norm(gradient) / radius);
        high += f64::EPSILON * self.magnitude;
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if norm(&shifted(middle)) > radius { low = middle } else { high = middle }
        }
        let mut step = shifted(high);
        let missing = radius * radius - dot(&step, &step);
        if lowest < 0.0 && missing > 1e-3 * radius * radius {
            step[0] += missing.sqrt().copysign(if components[0] > 0.0 { -1.0 } else { 1.0 });
        }
        self.combine(&step)
    }

    /// The step towards a saddle: up along mode `climb`, down along every other one, each part within `radius`. Where
    /// mode `climb` curves upwards it is followed away from the minimum, `uphill` giving the sense.
    pub(super) fn saddle_step(
        &self,
        surface: &Surface,
        point: &[f64],
        gradient: &[f64],
        climb: usize,
        uphill: &[f64],
        radius: f64,
    ) -> Vec<f64> {
        let components = self.components(gradient);
        // A curvature near zero would throw the step far: it counts as one that fills the radius.
        let newton = |mode: usize| {
            let size = components[mode].abs() / self.values[mode].abs().max(1e-300);
            size.min(radius).copysign(components[mode])
        };
        let mut parts: Vec<f64> = (0..components.len()).map(|mode| -newton(mode)).collect();
        parts[climb] = 0.0;
        let mut step = self.combine(&parts);
        if !self.complete {
            let apply = |v: &[f64]| surface.hessian_times(point, v);
            let right: Vec<f64> = gradient.iter().map(|g| -g).collect();
            add(1.0, &truncated_solve(&apply, &self.vectors, &right, radius), &mut step);
        }
        let length = norm(&step);
        if length > radius {
            scale(radius / length, &mut step);
        }
        let along = if self.values[climb] < 0.0 {
            newton(climb)
        } else {
            radius.copysign(dot(&self.vectors[climb], uphill))
        };
        add(along, &self.vectors[climb], &mut step);
        step
    }

    /// The gradient that the quadratic model expects after `step`.
    pub(super) fn expected_gradient(
        surface: &Surface,
        point: &[f64],
        gradient: &[f64],
        step: &[f64],
    ) -> Vec<f64> {
        plus(gradient, 1.0, &surface.hessian_times(point, step))
    }
}
