//! Where a replica is when it enters a target.

use crate::lanes::Block;
use crate::random::Variate;
use crate::rule::Bridge;

/// Places are kept from two coordinates on (in one the threshold is all there is) to this many.
pub(super) const MOST_COORDINATES: usize = 16;

/// The number of coordinates of the places that exits of a `dimension`-dimensional rule keep; 0 for none.
pub(super) fn kept_coordinates(dimension: usize) -> usize {
    if (2..=MOST_COORDINATES).contains(&dimension) { dimension } else { 0 }
}

/// The coordinates of one lane.
pub(super) fn of_lane<R: Variate>(block: &Block<R>, lane: usize) -> impl Iterator<Item = f64> + '_ {
    (0..block.dimension()).map(move |coordinate| block.get(coordinate, lane).to_f64())
}

/// Two ends of a step and a crossing between them.
pub(super) struct Crossing<'a> {
    pub from: &'a [f64],
    pub to: &'a [f64],
    /// The share of the step at which the level is 0.
    pub fraction: f64,
    /// The level at both ends.
    pub levels: (f64, f64),
    /// The gradient of the level.
    pub gradient: &'a [f64],
}

impl Crossing<'_> {
    /// The mean place of the Brownian bridge at the crossing: with `x̄` and `ℓ̄` interpolated between the ends, g the gradient and
    /// v the covariance of the step, `x̄ − v g ℓ̄/(gᵀ v g)`, which is x̄ given that the level is 0.
    pub(super) fn place<R: Variate>(&self, bridge: &dyn Bridge<R>) -> Vec<f64> {
        let along = |direction: &[f64]| bridge.variance_along(self.to, direction);
        let variance = along(self.gradient);
        if variance <= 0.0 {
            return self.to.to_vec();
        }
        let between = |from: f64, to: f64| from + self.fraction * (to - from);
        let level = between(self.levels.0, self.levels.1);
        let size = self.gradient.iter().map(|entry| entry * entry).sum::<f64>().sqrt();
        let mut direction = self.gradient.to_vec();
        let ends = self.from.iter().zip(self.to).enumerate();
        ends.map(|(coordinate, (&from, &to))| {
            // (v g)_i by polarisation of gᵀ v g, all that a bridge tells.
            direction[coordinate] = self.gradient[coordinate] + size;
            let above = along(&direction);
            direction[coordinate] = self.gradient[coordinate] - size;
            let below = along(&direction);
            direction[coordinate] = self.gradient[coordinate];
            between(from, to) - (above - below) / (4.0 * size) * level / variance
        })
        .collect()
    }
}

/// Copies where lanes are, where that is wanted.
pub(super) fn keep<R: Variate>(kept: &mut Option<Block<R>>, position: &Block<R>) {
    if let Some(kept) = kept {
        kept.values_mut().copy_from_slice(position.values());
    }
}

/// Writes where a lane is to a place; nothing to one without coordinates.
pub(super) fn put<R: Variate>(place: &mut [f64], position: &Block<R>, lane: usize) {
    for (entry, value) in place.iter_mut().zip(of_lane(position, lane)) {
        *entry = value;
    }
}

#[cfg(test)]
mod tests {
    use super::Crossing;
    use crate::rule::Bridge;

    /// A step with the covariance ((2, 1), (1, 3)).
    struct Correlated;

    impl Bridge<f64> for Correlated {
        fn isotropic_variance(&self) -> Option<f64> {
            None
        }
        fn variance_along(&self, _: &[f64], n: &[f64]) -> f64 {
            2.0 * n[0] * n[0] + 2.0 * n[0] * n[1] + 3.0 * n[1] * n[1]
        }
    }

    /// Conditional means of a Gaussian vector by hand: with the level ℓ = x, E[y | x = 0] = ȳ − (v_xy/v_xx) x̄ = ȳ − x̄/2.
    #[test]
    fn the_place_lies_on_the_border_where_the_noise_leads() {
        let crossing = Crossing {
            from: &[1.0, 0.0],
            to: &[0.5, 2.0],
            fraction: 0.25,
            levels: (1.0, 0.5),
            gradient: &[1.0, 0.0],
        };
        let place = crossing.place(&Correlated);
        assert!(place[0].abs() < 1e-15 && (place[1] - (0.5 - 0.875 / 2.0)).abs() < 1e-15, "{place:?}");
    }
}
