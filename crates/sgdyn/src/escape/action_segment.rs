//! The action of one segment of a path, with its derivatives in both ends.

use faer::Mat;

use super::vectors::{dot, plus};
use super::{EscapeError, ItoProcess};

/// Finite-difference steps over the segment's length: for the gradient, whose error moves the path, and for second
/// derivatives, whose error only slows Newton's method.
const STEP: f64 = 1e-4;
const WIDE_STEP: f64 = 1e-2;

/// `½(|Δ| |b| − ⟨Δ, b⟩)` with b and `⟨u, v⟩ = uᵀD⁻¹v` at the midpoint.
pub(super) struct Segment<'a> {
    process: &'a dyn ItoProcess,
    drift: Vec<f64>,
    tensor: Vec<f64>,
}

/// Derivatives of a segment's action in its left and right ends.
pub(super) struct SegmentTerms {
    pub(super) left: Vec<f64>,
    pub(super) right: Vec<f64>,
    pub(super) left_left: Mat<f64>,
    pub(super) left_right: Mat<f64>,
    pub(super) right_right: Mat<f64>,
}

/// The value, its derivative in Δ, and what the second derivative in Δ needs.
struct AtMiddle {
    value: f64,
    by_step: Vec<f64>,
    by_step_step: Mat<f64>,
}

impl<'a> Segment<'a> {
    pub(super) fn new(process: &'a dyn ItoProcess) -> Self {
        let dimension = process.dimension();
        Self { process, drift: vec![0.0; dimension], tensor: vec![0.0; dimension * dimension] }
    }

    pub(super) fn action(&mut self, from: &[f64], to: &[f64]) -> Result<f64, EscapeError> {
        let (middle, step) = ends_to_middle(from, to);
        Ok(self.at(&middle, &step, false)?.value)
    }

    pub(super) fn terms(&mut self, from: &[f64], to: &[f64]) -> Result<SegmentTerms, EscapeError> {
        let (middle, step) = ends_to_middle(from, to);
        let dimension = middle.len();
        let length = super::vectors::norm(&step);
        let centre = self.at(&middle, &step, true)?;
        let axis = |direction: usize, by: f64| -> Vec<f64> {
            let mut point = middle.clone();
            point[direction] += by * length;
            point
        };
        let mut by_middle = vec![0.0; dimension];
        let mut middle_middle = Mat::<f64>::zeros(dimension, dimension);
        let mut middle_step = Mat::<f64>::zeros(dimension, dimension);
        let wide = WIDE_STEP * length;
        for i in 0..dimension {
            let (up, down) =
                (self.at(&axis(i, STEP), &step, false)?, self.at(&axis(i, -STEP), &step, false)?);
            by_middle[i] = (up.value - down.value) / (2.0 * STEP * length);
            for j in 0..dimension {
                middle_step[(i, j)] = (up.by_step[j] - down.by_step[j]) / (2.0 * STEP * length);
            }
            let (up, down) =
                (self.at(&axis(i, WIDE_STEP), &step, false)?, self.at(&axis(i, -WIDE_STEP), &step, false)?);
            middle_middle[(i, i)] = (up.value - 2.0 * centre.value + down.value) / (wide * wide);
            for j in 0..i {
                let mut corner = |a: f64, b: f64| -> Result<f64, EscapeError> {
                    let mut point = axis(i, a * WIDE_STEP);
                    point[j] += b * wide;
                    Ok(self.at(&point, &step, false)?.value)
                };
                let mixed = corner(1.0, 1.0)? - corner(1.0, -1.0)? - corner(-1.0, 1.0)? + corner(-1.0, -1.0)?;
                middle_middle[(i, j)] = mixed / (4.0 * wide * wide);
                middle_middle[(j, i)] = middle_middle[(i, j)];
            }
        }
        let second = |left: f64, right: f64| {
            Mat::from_fn(dimension, dimension, |i, j| {
                0.25 * middle_middle[(i, j)]
                    + 0.5 * (right * middle_step[(i, j)] + left * middle_step[(j, i)])
                    + left * right * centre.by_step_step[(i, j)]
            })
        };
        let half: Vec<f64> = by_middle.iter().map(|value| 0.5 * value).collect();
        Ok(SegmentTerms {
            left: plus(&half, -1.0, &centre.by_step),
            right: plus(&half, 1.0, &centre.by_step),
            left_left: second(-1.0, -1.0),
            left_right: second(-1.0, 1.0),
            right_right: second(1.0, 1.0),
        })
    }

    fn at(&mut self, middle: &[f64], step: &[f64], second: bool) -> Result<AtMiddle, EscapeError> {
        self.process.drift(middle, &mut self.drift);
        self.process.tensor(middle, &mut self.tensor);
        if self.drift.iter().any(|value| !value.is_finite()) {
            return Err(EscapeError::NotFinite { what: "drift", point: middle.to_vec() });
        }
        let Some(root) = cholesky(&self.tensor, middle.len()) else {
            return Err(EscapeError::SingularDiffusion { point: middle.to_vec() });
        };
        let lowered_step = solve(&root, step);
        let lowered_drift = solve(&root, &self.drift);
        let step_length = dot(step, &lowered_step).max(0.0).sqrt();
        let drift_length = dot(&self.drift, &lowered_drift).max(0.0).sqrt();
        let ratio = drift_length / step_length;
        let value = 0.5 * (step_length * drift_length - dot(step, &lowered_drift));
        let by_step = lowered_step.iter().zip(&lowered_drift).map(|(s, b)| 0.5 * (ratio * s - b)).collect();
        let dimension = if second { middle.len() } else { 0 };
        let inverse: Vec<Vec<f64>> = (0..dimension)
            .map(|column| {
                let mut unit = vec![0.0; dimension];
                unit[column] = 1.0;
                solve(&root, &unit)
            })
            .collect();
        let by_step_step = Mat::from_fn(dimension, dimension, |i, j| {
            0.5 * ratio * (inverse[j][i] - lowered_step[i] * lowered_step[j] / (step_length * step_length))
        });
        Ok(AtMiddle { value, by_step, by_step_step })
    }
}

fn ends_to_middle(from: &[f64], to: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let middle = from.iter().zip(to).map(|(a, b)| 0.5 * (a + b)).collect();
    (middle, plus(to, -1.0, from))
}

/// The lower root of a symmetric matrix `[d × d]`; `None` unless it is positive definite.
fn cholesky(matrix: &[f64], dimension: usize) -> Option<Mat<f64>> {
    let mut root = Mat::<f64>::zeros(dimension, dimension);
    for i in 0..dimension {
        for j in 0..=i {
            let inner: f64 = (0..j).map(|k| root[(i, k)] * root[(j, k)]).sum();
            let rest = matrix[i * dimension + j] - inner;
            if i == j {
                // Relative to its diagonal: what is left of a singular matrix is rounding.
                if rest.is_nan() || rest <= 1e-14 * matrix[i * dimension + i].abs() || rest.is_infinite() {
                    return None;
                }
                root[(i, i)] = rest.sqrt();
            } else {
                root[(i, j)] = rest / root[(j, j)];
            }
        }
    }
    Some(root)
}

fn solve(root: &Mat<f64>, right: &[f64]) -> Vec<f64> {
    let dimension = right.len();
    let mut x = right.to_vec();
    for i in 0..dimension {
        for k in 0..i {
            x[i] -= root[(i, k)] * x[k];
        }
        x[i] /= root[(i, i)];
    }
    for i in (0..dimension).rev() {
        for k in i + 1..dimension {
            x[i] -= root[(k, i)] * x[k];
        }
        x[i] /= root[(i, i)];
    }
    x
}
