//! The degree of a gradient on the border of a box: what the indices of the critical points inside must sum to.

use super::{EscapeError, Surface};

/// Pieces of an edge of a rectangle before any is halved.
const PIECES: usize = 64;
/// An angle that turns by more between two points is looked at more closely, in radians.
const LARGEST_TURN: f64 = 0.5;
/// A piece is halved so often before the border is said to touch a critical point.
const HALVINGS: usize = 24;
/// Points on each face of a box of three or more dimensions.
const FACE_POINTS: usize = 256;

/// Σ (−1)^index over the critical points in the box from `lower` to `upper`, `[d]` each, from ∇L on its border alone (the
/// degree of ∇L; Poincaré and Hopf). Degenerate points count with their own degree.
///
/// On a line it follows from the signs at both ends, in the plane from the turns of ∇L around the border; in more dimensions
/// it is 1 where ∇L points outward at 256 points of every face, and `None` otherwise: there the sign at sampled points is all
/// that is looked at. `None` also where the gradient vanishes on the border.
///
/// # Errors
/// A box of another dimension; a gradient that is not finite.
///
/// ```
/// use sgdyn::escape::{Surface, gradient_degree};
/// let (field, _) = sgdyn::landscape::formula_field("x^4 - 2*x^2 + y^2", None, &Default::default()).unwrap();
/// let surface = Surface::of(&field)?;
/// // Two minima and a saddle: 2 − 1; the saddle alone.
/// assert_eq!(gradient_degree(&surface, &[-2.0, -1.0], &[2.0, 1.0])?, Some(1));
/// assert_eq!(gradient_degree(&surface, &[-0.5, -1.0], &[0.5, 1.0])?, Some(-1));
/// # Ok::<(), sgdyn::escape::EscapeError>(())
/// ```
pub fn gradient_degree(surface: &Surface, lower: &[f64], upper: &[f64]) -> Result<Option<i64>, EscapeError> {
    surface.check("the lower corner", lower)?;
    surface.check("the upper corner", upper)?;
    match lower.len() {
        1 => {
            let (below, above) = (surface.checked_gradient(lower)?[0], surface.checked_gradient(upper)?[0]);
            let sign = |value: f64| if value > 0.0 { 1 } else { -1 };
            Ok((below != 0.0 && above != 0.0).then(|| (sign(above) - sign(below)) / 2))
        }
        2 => turns(surface, lower, upper),
        _ => Ok(points_outward(surface, lower, upper)?.then_some(1)),
    }
}

/// How often the gradient turns round as its place goes round the rectangle.
fn turns(surface: &Surface, lower: &[f64], upper: &[f64]) -> Result<Option<i64>, EscapeError> {
    let corners = [[lower[0], lower[1]], [upper[0], lower[1]], [upper[0], upper[1]], [lower[0], upper[1]]];
    let mut total = 0.0;
    for edge in 0..4 {
        let (from, to) = (corners[edge], corners[(edge + 1) % 4]);
        let at = |share: f64| [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])];
        for piece in 0..PIECES {
            let (a, b) = (piece as f64 / PIECES as f64, (piece + 1) as f64 / PIECES as f64);
            match turn(surface, &at, (a, b), HALVINGS)? {
                Some(angle) => total += angle,
                None => return Ok(None),
            }
        }
    }
    Ok(Some((total / std::f64::consts::TAU).round() as i64))
}

/// The angle by which the gradient turns between two places on an edge.
fn turn(
    surface: &Surface,
    at: &impl Fn(f64) -> [f64; 2],
    (a, b): (f64, f64),
    halvings: usize,
) -> Result<Option<f64>, EscapeError> {
    let middle = 0.5 * (a + b);
    let first = surface.checked_gradient(&at(a))?;
    let half = surface.checked_gradient(&at(middle))?;
    let last = surface.checked_gradient(&at(b))?;
    let angle = |u: &[f64], v: &[f64]| (u[0] * v[1] - u[1] * v[0]).atan2(u[0] * v[0] + u[1] * v[1]);
    let vanishes = |g: &[f64]| g.iter().all(|value| *value == 0.0);
    if vanishes(&first) || vanishes(&half) || vanishes(&last) {
        return Ok(None);
    }
    let parts = [angle(&first, &half), angle(&half, &last)];
    if parts.iter().all(|part| part.abs() < LARGEST_TURN) {
        return Ok(Some(parts[0] + parts[1]));
    }
    if halvings == 0 {
        return Ok(None);
    }
    let left = turn(surface, at, (a, middle), halvings - 1)?;
    let right = turn(surface, at, (middle, b), halvings - 1)?;
    Ok(left.zip(right).map(|(left, right)| left + right))
}

/// Whether the gradient points outward at sampled points of every face.
fn points_outward(surface: &Surface, lower: &[f64], upper: &[f64]) -> Result<bool, EscapeError> {
    for axis in 0..lower.len() {
        for number in 0..FACE_POINTS {
            let mut point = super::explore::low_discrepancy_point(number, lower, upper);
            for (end, outward) in [(lower[axis], -1.0), (upper[axis], 1.0)] {
                point[axis] = end;
                if outward * surface.checked_gradient(&point)?[axis] <= 0.0 {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{formula, named_field};
    use super::*;

    #[test]
    fn degrees_of_known_fields() {
        let degree = |text: &str, half: f64| {
            let surface = formula(text);
            let (lower, upper) = (vec![-half; surface.dimension()], vec![half; surface.dimension()]);
            gradient_degree(&surface, &lower, &upper).unwrap()
        };
        assert_eq!(degree("x^4 - 2*x^2", 2.0), Some(1));
        assert_eq!(degree("x^3 - x", 2.0), Some(0));
        // The monkey saddle turns twice backwards.
        assert_eq!(degree("x^3 - 3*x*y^2", 1.0), Some(-2));
        assert_eq!(degree("x^2 + y^2 + z^2", 1.0), Some(1));
        assert_eq!(degree("x^2 + y^2 - z^2", 1.0), None);
        // A critical point on the border.
        assert_eq!(degree("(x - 1)^2 + y^2", 1.0), None);
    }

    #[test]
    fn muller_brown_sums_to_one() {
        let surface = Surface::of(&named_field("muller-brown", &[])).unwrap();
        assert_eq!(gradient_degree(&surface, &[-1.7, -0.5], &[1.3, 2.2]).unwrap(), Some(1));
        // Only the first minimum and its saddle.
        assert_eq!(gradient_degree(&surface, &[-1.5, 0.5], &[0.0, 2.0]).unwrap(), Some(0));
    }
}
