//! Targets whose first passage is looked for.

use crate::landscape::formula;
use crate::lanes::{Block, Scratch};
use crate::random::Variate;

/// Which half of space is inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// `x ≤ threshold`.
    Below,
    /// `x ≥ threshold`.
    Above,
}

/// The half-space where one coordinate is beyond a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HalfSpace {
    /// Which coordinate.
    pub coordinate: usize,
    /// The threshold, itself inside.
    pub threshold: f64,
    /// On which side the target lies.
    pub side: Side,
}

impl From<formula::HalfSpace> for HalfSpace {
    /// With the threshold inside: an open half-space ends at the last number before.
    fn from(half: formula::HalfSpace) -> Self {
        let (threshold, side) = match (half.side, half.closed) {
            (formula::Side::Below, true) => (half.threshold, Side::Below),
            (formula::Side::Below, false) => (half.threshold.next_down(), Side::Below),
            (formula::Side::Above, true) => (half.threshold, Side::Above),
            (formula::Side::Above, false) => (half.threshold.next_up(), Side::Above),
        };
        Self { coordinate: half.coordinate, threshold, side }
    }
}

/// A target of any shape.
pub trait Region<R: Variate>: Send + Sync {
    /// Writes to every lane a level that is at most 0 inside the region and above 0 outside.
    fn level(&self, at: &Block<R>, scratch: &mut Scratch<R>, out: &mut [R]);
    /// The gradient of the level at a point, or `None` where the region has no smooth level function; then crossings
    /// inside a step cannot be seen.
    fn level_gradient(&self, point: &[f64]) -> Option<Vec<f64>>;
}

/// The targets of one run, all observed on the same trajectories.
pub enum Targets<R: Variate> {
    /// Half-spaces of one coordinate and side, each inside the next one found.
    Nested {
        /// The coordinate.
        coordinate: usize,
        /// The side.
        side: Side,
        /// The thresholds with the numbers of their targets, nearest to the start first, as distances `±x`.
        thresholds: Vec<(f64, usize)>,
    },
    /// Anything else.
    Regions(Vec<Box<dyn Region<R>>>),
}

impl<R: Variate> Targets<R> {
    /// Half-spaces as nested targets, if they share coordinate and side.
    pub fn nested(half_spaces: &[HalfSpace]) -> Option<Self> {
        let first = half_spaces.first()?;
        let alike = |other: &HalfSpace| other.coordinate == first.coordinate && other.side == first.side;
        if !half_spaces.iter().all(alike) {
            return None;
        }
        let sign = side_sign(first.side);
        let mut thresholds: Vec<(f64, usize)> =
            half_spaces.iter().enumerate().map(|(target, half)| (sign * half.threshold, target)).collect();
        thresholds.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        Some(Self::Nested { coordinate: first.coordinate, side: first.side, thresholds })
    }

    /// The number of targets.
    pub fn len(&self) -> usize {
        match self {
            Self::Nested { thresholds, .. } => thresholds.len(),
            Self::Regions(regions) => regions.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the level function of a target, negative inside, of each lane.
    pub(super) fn level(&self, target: usize, position: &Block<R>, scratch: &mut Scratch<R>, out: &mut [R]) {
        match self {
            Targets::Nested { coordinate, side, thresholds } => {
                let sign = R::from_f64(side_sign(*side));
                let threshold =
                    thresholds.iter().find(|threshold| threshold.1 == target).map_or(0.0, |found| found.0);
                let threshold = R::from_f64(threshold);
                for (out, &x) in out.iter_mut().zip(position.coordinate(*coordinate)) {
                    *out = sign * x - threshold;
                }
            }
            Targets::Regions(regions) => regions[target].level(position, scratch, out),
        }
    }

    /// The gradient of a target's level function, where it has one.
    pub(super) fn level_gradient(&self, target: usize, point: &[f64]) -> Option<Vec<f64>> {
        match self {
            Targets::Nested { coordinate, side, .. } => {
                let mut gradient = vec![0.0; point.len()];
                gradient[*coordinate] = side_sign(*side);
                Some(gradient)
            }
            Targets::Regions(regions) => regions[target].level_gradient(point),
        }
    }
}

/// `+1` where a target is entered downwards, `−1` upwards: `sign · x` always falls towards it.
pub(super) fn side_sign(side: Side) -> f64 {
    match side {
        Side::Below => 1.0,
        Side::Above => -1.0,
    }
}
