//! A sharp and a flat valley of given depths, of parabolas joined without a kink.

use crate::landscape::pointwise::{PointDrift, PointLoss};
use crate::lanes::Real;

/// Three parabolas with continuous slope: `−½ b x²` around the top at 0, and around the minima `−E + ½ h (x ± a)²` with
/// curvatures h = s on the left and f on the right. They meet at ∓u with `u = √(2E/(b(1 + b/h)))`, and `a = u(1 + b/h)`.
///
/// The curvature jumps from h to −b and is nowhere zero: noise in proportion to its magnitude switches between constants, as
/// the theorem on the escape of SGD has it, and no inflection blocks the way.
#[derive(Clone, Copy, Debug)]
pub struct TwoValleys<R> {
    barrier: R,
    sharp: Side<R>,
    flat: Side<R>,
}

/// One valley, seen from the top.
#[derive(Clone, Copy, Debug)]
struct Side<R> {
    curvature: R,
    depth: R,
    border: R,
    minimum: R,
}

impl<R: Real> Side<R> {
    fn new(curvature: f64, depth: f64, barrier: f64) -> Self {
        let stretch = 1.0 + barrier / curvature;
        let border = (2.0 * depth / (barrier * stretch)).sqrt();
        Self {
            curvature: R::from_f64(curvature),
            depth: R::from_f64(depth),
            border: R::from_f64(border),
            minimum: R::from_f64(border * stretch),
        }
    }
}

impl<R: Real> TwoValleys<R> {
    /// From the curvatures s, f and b > 0 and the depths below the top.
    pub fn new([sharp, flat, barrier]: [f64; 3], [sharp_depth, flat_depth]: [f64; 2]) -> Self {
        Self {
            barrier: R::from_f64(barrier),
            sharp: Side::new(sharp, sharp_depth, barrier),
            flat: Side::new(flat, flat_depth, barrier),
        }
    }

    /// The curvature, the place where the slope of its parabola vanishes, and its loss there.
    #[inline(always)]
    fn piece(self, x: R) -> (R, R, R) {
        if x < -self.sharp.border {
            (self.sharp.curvature, -self.sharp.minimum, -self.sharp.depth)
        } else if x > self.flat.border {
            (self.flat.curvature, self.flat.minimum, -self.flat.depth)
        } else {
            (-self.barrier, R::ZERO, R::ZERO)
        }
    }
}

impl<R: Real> PointDrift<R, 1> for TwoValleys<R> {
    #[inline(always)]
    fn drift(self, [x]: [R; 1]) -> [R; 1] {
        let (curvature, centre, _) = self.piece(x);
        [-curvature * (x - centre)]
    }
    #[inline(always)]
    fn hessian_product(self, [x]: [R; 1], [v]: [R; 1]) -> [R; 1] {
        [self.piece(x).0 * v]
    }
}

impl<R: Real> PointLoss<R, 1> for TwoValleys<R> {
    #[inline(always)]
    fn loss(self, [x]: [R; 1]) -> R {
        let (curvature, centre, height) = self.piece(x);
        let offset = x - centre;
        (R::from_f64(0.5) * curvature * offset).mul_add(offset, height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Loss and slope are continuous where the pieces meet, and the depths and curvatures are those asked for.
    #[test]
    fn the_pieces_join() {
        let valleys = TwoValleys::<f64>::new([20.0, 1.5, 4.0], [1.0, 0.7]);
        for (side, sign) in [(valleys.sharp, -1.0), (valleys.flat, 1.0)] {
            let (inner, outer) = (sign * side.border * (1.0 - 1e-12), sign * side.border * (1.0 + 1e-12));
            assert!((valleys.loss([inner]) - valleys.loss([outer])).abs() < 1e-10);
            assert!((valleys.drift([inner])[0] - valleys.drift([outer])[0]).abs() < 1e-10);
            assert_eq!(valleys.drift([sign * side.minimum]), [0.0]);
            assert_eq!(valleys.loss([sign * side.minimum]), -side.depth);
        }
        assert_eq!(valleys.hessian_product([-1.0], [1.0]), [20.0]);
        assert_eq!(valleys.hessian_product([0.0], [1.0]), [-4.0]);
    }
}
