//! The curve of steepest descent: where a point on a slope flows to, and along which way.

use super::minimum::descend_to_bottom;
use super::modes::Modes;
use super::vectors::{distance, norm, plus, scale};
use super::{CriticalPoint, EscapeError, SearchOptions, Surface};

/// The share of the gradient by which the quadratic model may be wrong after a step.
const MODEL_ERROR: f64 = 2e-3;

/// The first step away from a saddle, in lengths: the unstable curve departs from its tangent by the square of it.
const DEPARTURE: f64 = 1e-4;

/// A curve of steepest descent.
#[derive(Clone, Debug)]
pub struct DescentPath {
    /// Points from the start to the bottom, `[d]` each.
    pub points: Vec<Vec<f64>>,
    /// The bottom, which is also the last point.
    pub bottom: CriticalPoint,
}

/// Follows `dx/dt = −∇L(x)` from `start`, `[d]`, to the bottom of its basin.
///
/// Every step solves the flow of the local quadratic model exactly, in the eigenbasis of the Hessian, so that steep walls
/// beside a shallow valley cost no small steps; second order in the length of a step, which adapts to the model's error
/// (M. Page and J. W. McIver, *J. Chem. Phys.* 88, 922 (1988)). From [`super::DENSE_LIMIT`] dimensions on it takes explicit midpoint steps.
///
/// # Errors
/// As [`super::descend`].
pub fn descent_path(
    surface: &Surface,
    start: &[f64],
    options: &SearchOptions,
) -> Result<DescentPath, EscapeError> {
    surface.check("the start", start)?;
    options.check()?;
    let mut points = vec![start.to_vec()];
    let mut gradient = surface.checked_gradient(start)?;
    let mut reach = 0.05 * options.length;
    // Explicit steps are bound by the steepest wall and need many more.
    let budget = if surface.is_dense() { 10 * options.steps } else { 1000 * options.steps };
    let mut magnitude = 0.0;
    for taken in 0..budget {
        let point = &points[points.len() - 1];
        let (step, expected, last) = if surface.is_dense() {
            let modes = Modes::at(surface, point, None)?;
            quadratic_flow(&modes, &gradient, reach, options.length)
        } else {
            if taken % 100 == 0 {
                let apply = |v: &[f64]| surface.hessian_times(point, v);
                magnitude = super::krylov::largest_magnitude(point.len(), &apply);
            }
            midpoint_flow(surface, point, &gradient, reach, magnitude)
        };
        let ahead = plus(point, 1.0, &step);
        let ahead_gradient = surface.gradient(&ahead);
        let wrong = distance(&ahead_gradient, &expected) / norm(&gradient).max(f64::MIN_POSITIVE);
        if !wrong.is_finite() || wrong > MODEL_ERROR {
            let length = norm(&step);
            if length > 1e-9 * options.length && surface.is_dense() {
                reach = 0.5 * length;
                continue;
            }
        }
        let far = distance(&ahead, start);
        if far > options.far * options.length {
            return Err(EscapeError::Unbounded { distance: far, loss: surface.loss(&ahead) });
        }
        if wrong < 0.2 * MODEL_ERROR {
            reach = (1.3 * reach).min(0.1 * options.length);
        }
        let settled = last || norm(&ahead_gradient) == 0.0;
        points.push(ahead);
        gradient = ahead_gradient;
        if settled {
            let end = &points[points.len() - 1];
            let bottom = match settled_across(surface, end, options)? {
                Some(floor) => floor,
                None => descend_to_bottom(surface, end, options)?,
            };
            let bottom = CriticalPoint::at(surface, bottom, options)?;
            points.push(bottom.position.clone());
            return Ok(DescentPath { points, bottom });
        }
    }
    Err(EscapeError::NotConverged {
        what: "the curve of steepest descent",
        reached: norm(&gradient),
        iterations: budget,
        remedy: "the gradient at its end is shown: the floor may be flat; give more steps",
    })
}

/// The two curves of steepest descent from a saddle, along its unstable direction and against it.
///
/// # Errors
/// A point that is no pass; as [`descent_path()`], for each side.
#[allow(clippy::type_complexity, reason = "each side may fail by itself")]
pub fn descents_from_saddle(
    surface: &Surface,
    saddle: &CriticalPoint,
    options: &SearchOptions,
) -> Result<[Result<DescentPath, EscapeError>; 2], EscapeError> {
    if !saddle.is_pass() {
        let needed = "descents to both sides start at a saddle of index 1";
        let (point, found) = (saddle.position.clone(), saddle.kind);
        return Err(EscapeError::WrongKind { what: "the start", point, found, needed });
    }
    // A barrier of higher order is so flat that its gradient is felt only farther away.
    let departure = match saddle.kind {
        super::CriticalKind::Saddle => DEPARTURE,
        _ => 1e2 * DEPARTURE,
    } * options.length;
    let side = |sign: f64| -> Result<DescentPath, EscapeError> {
        let start = plus(&saddle.position, sign * departure, &saddle.eigenvectors[0]);
        let mut path = descent_path(surface, &start, options)?;
        path.points.insert(0, saddle.position.clone());
        Ok(path)
    };
    Ok([side(1.0), side(-1.0)])
}

/// The floor next to a point that has almost settled, by Newton steps along curved directions only: on a flat floor any step
/// along it would be arbitrary. `None` where some gradient is left, as in a well of higher order.
fn settled_across(
    surface: &Surface,
    start: &[f64],
    options: &SearchOptions,
) -> Result<Option<Vec<f64>>, EscapeError> {
    if !surface.is_dense() {
        return Ok(None);
    }
    let mut point = start.to_vec();
    for _ in 0..10 {
        let gradient = surface.checked_gradient(&point)?;
        let modes = Modes::at(surface, &point, None)?;
        if norm(&gradient) <= options.rounding(&point, modes.magnitude) {
            return Ok(Some(point));
        }
        let parts: Vec<f64> = modes
            .components(&gradient)
            .iter()
            .zip(&modes.values)
            .map(|(g, value)| if *value > 1e-6 * modes.magnitude { -g / value } else { 0.0 })
            .collect();
        point = plus(&point, 1.0, &modes.combine(&parts));
    }
    Ok(None)
}

/// The flow of the quadratic model over an arc of at most `reach`, and only until a fifth of the gradient is left, lest a
/// direction that is nearly flat be followed long after what drives it has gone: step, expected gradient, and
/// whether the bottom is so near that Newton's method may take over.
fn quadratic_flow(modes: &Modes, gradient: &[f64], reach: f64, length: f64) -> (Vec<f64>, Vec<f64>, bool) {
    let components = modes.components(gradient);
    let moved = |time: f64| -> Vec<f64> {
        components
            .iter()
            .zip(&modes.values)
            .map(|(&g, &value)| {
                let exponent = -value * time;
                // (e^{−λt} − 1)/λ, also at λ = 0.
                if exponent.abs() < 1e-12 { -g * time } else { g * exponent.exp_m1() / value }
            })
            .collect()
    };
    let slope = norm(gradient);
    let left = |time: f64| -> f64 {
        let parts = components.iter().zip(&modes.values).map(|(g, value)| g * (-value * time).exp());
        parts.map(|part| part * part).sum::<f64>().sqrt()
    };
    let ends = |time: f64| norm(&moved(time)) >= reach || left(time) <= 0.2 * slope;
    let (mut low, mut high) = (0.0, 1.0 / modes.magnitude.max(f64::MIN_POSITIVE));
    while !ends(high) && high * modes.magnitude < 1e18 {
        low = high;
        high *= 4.0;
    }
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        if ends(middle) { high = middle } else { low = middle }
    }
    let last = slope <= 1e-6 * modes.magnitude * length && modes.values[0] > -1e-6 * modes.magnitude;
    let parts = moved(high);
    let expected: Vec<f64> =
        components.iter().zip(&modes.values).zip(&parts).map(|((g, value), part)| g + value * part).collect();
    (modes.combine(&parts), modes.combine(&expected), last)
}

/// One midpoint step of the flow in a time that the largest curvature allows.
fn midpoint_flow(
    surface: &Surface,
    point: &[f64],
    gradient: &[f64],
    reach: f64,
    magnitude: f64,
) -> (Vec<f64>, Vec<f64>, bool) {
    let slope = norm(gradient);
    let time = (reach / slope).min(0.5 / magnitude.max(f64::MIN_POSITIVE));
    let mut step = surface.gradient(&plus(point, -0.5 * time, gradient));
    scale(-time, &mut step);
    let expected = surface.gradient(&plus(point, 1.0, &step));
    // The way left is about |g|/λ_min; a thousandth of a step's usual length is close enough for Newton's method.
    let last = slope * 1e3 < magnitude * reach;
    (step, expected, last)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{formula, named_field};
    use super::super::{CriticalKind, refine_saddle};
    use super::*;

    #[test]
    fn basins_of_muller_brown() {
        let surface = Surface::of(&named_field("muller-brown", &[])).unwrap();
        let options = SearchOptions::default();
        for (guess, ends) in [
            (
                [-0.82, 0.62],
                [[-0.558223634633024, 1.441725841804669], [-0.050010822998206, 0.466694104871972]],
            ),
            ([0.21, 0.29], [[0.623499404930877, 0.028037758528686], [-0.050010822998206, 0.466694104871972]]),
        ] {
            let saddle = refine_saddle(&surface, &guess, &[1.0, -1.0], &options).unwrap();
            let sides = descents_from_saddle(&surface, &saddle, &options).unwrap();
            for end in ends {
                let found =
                    sides.iter().any(|side| distance(&side.as_ref().unwrap().bottom.position, &end) < 1e-12);
                assert!(found, "{end:?}");
            }
            for side in sides {
                let path = side.unwrap();
                let losses: Vec<f64> = path.points.iter().map(|point| surface.loss(point)).collect();
                assert!(losses.windows(2).all(|pair| pair[1] <= pair[0] + 1e-12), "{losses:?}");
            }
        }
    }

    #[test]
    fn the_curve_of_a_quadratic_is_exact() {
        // y ∝ x^{λ₂/λ₁} along the flow of ½(λ₁x² + λ₂y²).
        let surface = formula("0.5*(x^2 + 50*y^2)");
        let path = descent_path(&surface, &[1.0, 0.8], &SearchOptions::default()).unwrap();
        assert!(path.points.len() > 10);
        for point in &path.points {
            let wanted = 0.8 * point[0].max(0.0).powi(50);
            assert!((point[1] - wanted).abs() < 1e-12, "{point:?}");
        }
        assert_eq!(path.bottom.kind, CriticalKind::Minimum);
    }

    #[test]
    fn a_flat_floor_is_reached() {
        // ẋ = −xy², ẏ = −(1 + x²)y: y² = y₀² + 2 ln(x/x₀) + x² − x₀² on the way, so the floor is met at x₁ with
        // ln(x₁/x₀) + ½(x₁² − x₀²) = −½y₀².
        let surface = formula("0.5*(1 + x^2)*y^2");
        let path = descent_path(&surface, &[0.6, 0.5], &SearchOptions::default()).unwrap();
        assert!(matches!(path.bottom.kind, CriticalKind::Degenerate { null: 1, .. }));
        let x = path.bottom.position[0];
        let left = (x / 0.6).ln() + 0.5 * (x * x - 0.36) + 0.125;
        assert!(left.abs() < 1e-3, "{left}");
    }
}
