//! Critical points: where the gradient vanishes, and of what kind they are.

use std::fmt;

use super::modes::Modes;
use super::vectors::{add, distance, dot, generic_direction, norm, plus};
use super::{EscapeError, SearchOptions, Surface};

/// Below this share of the spectrum a curvature is zero: the second derivatives do not decide there.
const NULL_SHARE: f64 = 1e-7;

/// What a critical point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CriticalKind {
    /// Every curvature is positive.
    Minimum,
    /// One curvature is negative, the others positive: a pass between two valleys.
    Saddle,
    /// Several curvatures are negative, but not all.
    HigherSaddle {
        /// The number of negative ones.
        index: usize,
    },
    /// Every curvature of more than one is negative.
    Maximum,
    /// Some curvatures are zero relative to the spectrum, and no formula with a determinant applies.
    Degenerate {
        /// The number of negative curvatures.
        index: usize,
        /// The number of zero ones.
        null: usize,
        /// What the loss does along them.
        shape: NullShape,
    },
}

/// What the loss does along directions without curvature, once the others have relaxed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NullShape {
    /// Nothing: a valley (or ridge) with a flat floor.
    Flat,
    /// It rises on both sides by a higher power.
    HigherOrderWell,
    /// It falls on both sides by a higher power.
    HigherOrderBarrier,
    /// It falls on one side and rises on the other: a fold, where a minimum and a saddle merge.
    Fold,
    /// Different things along different null directions.
    Mixed,
}

impl fmt::Display for NullShape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Flat => "flat",
            Self::HigherOrderWell => "a well of higher order",
            Self::HigherOrderBarrier => "a barrier of higher order",
            Self::Fold => "a fold",
            Self::Mixed => "of mixed shape",
        })
    }
}

impl fmt::Display for CriticalKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Minimum => formatter.write_str("minimum"),
            Self::Saddle => formatter.write_str("saddle of index 1"),
            Self::HigherSaddle { index } => write!(formatter, "saddle of index {index}"),
            Self::Maximum => formatter.write_str("maximum"),
            Self::Degenerate { index: 0, null, shape: NullShape::Flat } => {
                write!(formatter, "flat valley of {null} dimension(s)")
            }
            Self::Degenerate { index, null, shape } => {
                write!(
                    formatter,
                    "degenerate point with {index} negative and {null} zero curvature(s), {shape} along the latter"
                )
            }
        }
    }
}

/// A point without gradient, its curvatures and how well all of it is known.
#[derive(Clone, Debug)]
pub struct CriticalPoint {
    /// x, `[d]`.
    pub position: Vec<f64>,
    /// L(x).
    pub loss: f64,
    /// What it is.
    pub kind: CriticalKind,
    /// The eigenvalues of the Hessian, ascending: all d below [`super::DENSE_LIMIT`], else the negative ones and the next.
    pub eigenvalues: Vec<f64>,
    /// Unit eigenvectors in the order of the eigenvalues, `[d]` each.
    pub eigenvectors: Vec<Vec<f64>>,
    /// |∇L(x)|, which rounding keeps from zero.
    pub gradient_norm: f64,
    /// The distance of x from the true point as a Newton step sees it; infinite at degenerate points.
    pub position_error: f64,
    /// The largest |Hv − λv| over the eigenpairs, measured by Hessian products, over the largest curvature.
    pub residual: f64,
}

impl CriticalPoint {
    /// Analyses a point that a search has reached.
    pub(super) fn at(
        surface: &Surface,
        position: Vec<f64>,
        options: &SearchOptions,
    ) -> Result<Self, EscapeError> {
        let modes = Modes::at(surface, &position, None)?;
        let gradient = surface.checked_gradient(&position)?;
        let scale = spectrum_scale(surface, &position, &modes, options);
        let null: Vec<usize> =
            (0..modes.values.len()).filter(|&mode| modes.values[mode].abs() <= NULL_SHARE * scale).collect();
        let index = modes.values.iter().filter(|value| **value < -NULL_SHARE * scale).count();
        let kind = match (index, null.is_empty()) {
            (_, false) => {
                let shape = null_shape(surface, &position, &modes, &null, scale, options)?;
                CriticalKind::Degenerate { index, null: null.len(), shape }
            }
            (0, _) => CriticalKind::Minimum,
            (index, _) if index == position.len() && index > 1 => CriticalKind::Maximum,
            // On a line the top of a barrier is the saddle.
            (1, _) => CriticalKind::Saddle,
            (index, _) => CriticalKind::HigherSaddle { index },
        };
        let residual = (0..modes.values.len()).fold(0.0f64, |largest, mode| {
            let mut product = surface.hessian_times(&position, &modes.vectors[mode]);
            add(-modes.values[mode], &modes.vectors[mode], &mut product);
            largest.max(norm(&product))
        }) / modes.magnitude.max(f64::MIN_POSITIVE);
        let position_error = if null.is_empty() {
            let smallest = modes.values.iter().fold(f64::INFINITY, |least, value| least.min(value.abs()));
            norm(&gradient) / smallest
        } else {
            f64::INFINITY
        };
        Ok(Self {
            loss: surface.loss(&position),
            kind,
            eigenvalues: modes.values,
            eigenvectors: modes.vectors,
            gradient_norm: norm(&gradient),
            position_error,
            residual,
            position,
        })
    }

    /// The number of negative curvatures.
    pub fn index(&self) -> usize {
        match self.kind {
            CriticalKind::Minimum => 0,
            CriticalKind::Saddle => 1,
            CriticalKind::HigherSaddle { index } | CriticalKind::Degenerate { index, .. } => index,
            CriticalKind::Maximum => self.position.len(),
        }
    }

    /// Whether it is a minimum or the floor of a flat valley or higher-order well.
    pub fn is_bottom(&self) -> bool {
        matches!(
            self.kind,
            CriticalKind::Minimum
                | CriticalKind::Degenerate {
                    index: 0,
                    shape: NullShape::Flat | NullShape::HigherOrderWell,
                    ..
                }
        )
    }

    /// Whether it is a saddle of index 1, or a barrier of higher order with no other way down.
    pub fn is_pass(&self) -> bool {
        matches!(
            self.kind,
            CriticalKind::Saddle
                | CriticalKind::Degenerate { index: 0, null: 1, shape: NullShape::HigherOrderBarrier }
        )
    }

    /// Whether the two are one point at the resolution of `options`.
    pub fn is_same(&self, other: &Self, options: &SearchOptions) -> bool {
        distance(&self.position, &other.position) <= options.same()
    }
}

/// The largest curvature at the point and a tenth of a length beside it, so that a point where every curvature vanishes
/// is recognised as well.
fn spectrum_scale(surface: &Surface, position: &[f64], modes: &Modes, options: &SearchOptions) -> f64 {
    let weakest = (0..modes.values.len())
        .min_by(|a, b| modes.values[*a].abs().total_cmp(&modes.values[*b].abs()))
        .unwrap_or(0);
    // Where all curvatures are alike they may all be rounding, and their directions say nothing.
    let alike = modes.values[weakest].abs() > 1e-3 * modes.magnitude && modes.values.len() > 1;
    let generic = generic_direction(position.len(), 11);
    let direction = if alike { &generic } else { &modes.vectors[weakest] };
    let mut scale = modes.magnitude;
    for side in [-0.1, 0.1] {
        let beside = plus(position, side * options.length, direction);
        let product = norm(&surface.hessian_times(&beside, direction));
        if product.is_finite() {
            scale = scale.max(product);
        }
    }
    scale
}

/// What the loss does along the null directions.
fn null_shape(
    surface: &Surface,
    position: &[f64],
    modes: &Modes,
    null: &[usize],
    scale: f64,
    options: &SearchOptions,
) -> Result<NullShape, EscapeError> {
    let mut shape = None;
    for &mode in null {
        let up = relaxed_change(surface, position, modes, null, mode, 0.1 * options.length, scale)?;
        let down = relaxed_change(surface, position, modes, null, mode, -0.1 * options.length, scale)?;
        let found = match (up, down) {
            (0, 0) => NullShape::Flat,
            (0 | 1, 0 | 1) => NullShape::HigherOrderWell,
            (0 | -1, 0 | -1) => NullShape::HigherOrderBarrier,
            _ => NullShape::Fold,
        };
        shape = match shape {
            None => Some(found),
            Some(before) if before == found => Some(found),
            Some(_) => Some(NullShape::Mixed),
        };
    }
    Ok(shape.unwrap_or(NullShape::Flat))
}

/// The sign of L at `step` along a null mode, with the curved directions relaxed, against L at the point; 0 where it
/// is rounding.
fn relaxed_change(
    surface: &Surface,
    position: &[f64],
    modes: &Modes,
    null: &[usize],
    mode: usize,
    step: f64,
    scale: f64,
) -> Result<i8, EscapeError> {
    let mut at = plus(position, step, &modes.vectors[mode]);
    for _ in 0..20 {
        let gradient = surface.checked_gradient(&at)?;
        let mut moved = 0.0f64;
        for (other, vector) in modes.vectors.iter().enumerate() {
            if !null.contains(&other) {
                let product = surface.hessian_times(&at, vector);
                let curvature = dot(vector, &product).abs().max(modes.values[other].abs() * 0.5);
                let part = -dot(vector, &gradient) / curvature;
                // Negative modes are balanced, not descended: the question is about the null direction alone.
                let part = if modes.values[other] < 0.0 { -part } else { part };
                let part = part.clamp(-step.abs(), step.abs());
                add(part, vector, &mut at);
                moved = moved.max(part.abs());
            }
        }
        if moved <= 1e-12 * step.abs() {
            break;
        }
    }
    let change = surface.loss(&at) - surface.loss(position);
    let rounding = 1e-9 * scale * step * step + 64.0 * f64::EPSILON * surface.loss(position).abs();
    Ok(if change.abs() <= rounding { 0 } else { change.signum() as i8 })
}
