//! Saddles from one side: up along the lowest mode, down along all others.

use super::modes::Modes;
use super::vectors::{distance, dot, norm, plus, scale};
use super::{CriticalPoint, EscapeError, SearchOptions, Surface};

/// At most so many directions are walked from one minimum.
const DIRECTIONS: usize = 64;

/// Lines through a minimum in two or three dimensions along which saddles are looked for, besides modes and axes.
const DIRECTIONS_AROUND: usize = 12;

/// The saddle that is reached from `minimum` by leaving it along `direction`, `[d]`.
///
/// Minimum-mode following (G. Henkelman and H. Jónsson, *J. Chem. Phys.* 111, 7010 (1999); C. J. Cerjan and W. H. Miller,
/// *J. Chem. Phys.* 75, 2800 (1981)): the walk climbs along one eigenvector, at first the one nearest to `direction`, from the first
/// negative curvature on the lowest, and descends along all others by Newton steps. The mode comes from the Hessian, so
/// that no finite dimer has to be rotated. The last steps are Newton's and converge quadratically.
///
/// # Errors
/// Shapes; a direction of length zero; [`EscapeError::NoSaddle`]; [`EscapeError::WrongKind`] where the walk ends at a
/// degenerate point.
pub fn climb_to_saddle(
    surface: &Surface,
    minimum: &[f64],
    direction: &[f64],
    options: &SearchOptions,
) -> Result<CriticalPoint, EscapeError> {
    surface.check("the minimum", minimum)?;
    surface.check("the direction", direction)?;
    options.check()?;
    let length = norm(direction);
    super::error::check_positive("the length of the direction", length)?;
    let mut uphill = direction.to_vec();
    scale(1.0 / length, &mut uphill);
    let start = plus(minimum, 1e-2 * options.length, &uphill);
    let saddle = follow_mode(surface, &start, uphill, options)?;
    checked_pass(CriticalPoint::at(surface, saddle, options)?)
}

/// The saddle near `guess`, where the way over it leads along `tangent`, `[d]` each; the position is refined until
/// rounding stops it.
///
/// # Errors
/// As [`climb_to_saddle`].
pub fn refine_saddle(
    surface: &Surface,
    guess: &[f64],
    tangent: &[f64],
    options: &SearchOptions,
) -> Result<CriticalPoint, EscapeError> {
    surface.check("the guess", guess)?;
    surface.check("the tangent", tangent)?;
    options.check()?;
    let gradient = surface.checked_gradient(guess)?;
    // Uphill from wherever the guess lies.
    let mut uphill = tangent.to_vec();
    if dot(&gradient, tangent) < 0.0 {
        scale(-1.0, &mut uphill);
    }
    let saddle = follow_mode(surface, guess, uphill, options)?;
    checked_pass(CriticalPoint::at(surface, saddle, options)?)
}

/// The saddles to which a minimum's curvature directions and the axes lead, and in two or three dimensions directions all around;
/// one may be found several times.
pub(super) fn saddles_around(
    surface: &Surface,
    minimum: &CriticalPoint,
    options: &SearchOptions,
) -> Vec<CriticalPoint> {
    let dimension = minimum.position.len();
    let axes = (0..dimension).map(|axis| {
        let mut direction = vec![0.0; dimension];
        direction[axis] = 1.0;
        direction
    });
    let around = (0..if (2..=3).contains(&dimension) { DIRECTIONS_AROUND } else { 0 })
        .map(|number| super::vectors::generic_direction(dimension, number));
    minimum
        .eigenvectors
        .iter()
        .cloned()
        .chain(axes)
        .chain(around)
        .take(DIRECTIONS / 2)
        .flat_map(|direction| {
            let back: Vec<f64> = direction.iter().map(|value| -value).collect();
            [direction, back]
        })
        .filter_map(|direction| climb_to_saddle(surface, &minimum.position, &direction, options).ok())
        .collect()
}

fn checked_pass(point: CriticalPoint) -> Result<CriticalPoint, EscapeError> {
    if point.is_pass() {
        return Ok(point);
    }
    let needed = "a saddle between two valleys has one negative curvature, and none that is zero";
    Err(EscapeError::WrongKind {
        what: "the end of the walk",
        found: point.kind,
        point: point.position,
        needed,
    })
}

/// Walks until the gradient is rounding at a point with one negative curvature.
fn follow_mode(
    surface: &Surface,
    start: &[f64],
    mut uphill: Vec<f64>,
    options: &SearchOptions,
) -> Result<Vec<f64>, EscapeError> {
    let mut point = start.to_vec();
    let mut gradient = surface.checked_gradient(&point)?;
    let mut radius = 0.1 * options.length;
    let mut modes = Modes::at(surface, &point, Some(&uphill))?;
    let no_saddle = |steps: usize, point: &[f64], gradient: &[f64], remedy: &'static str| {
        Err(EscapeError::NoSaddle {
            steps,
            distance: distance(point, start),
            gradient: norm(gradient),
            remedy,
        })
    };
    for taken in 0..options.steps {
        let slope = norm(&gradient);
        let over = modes.values[0] < 0.0;
        if over && slope <= options.rounding(&point, modes.magnitude) {
            match modes.values.get(1) {
                // A point of higher index: its second descent leads off, to a pass.
                Some(&second) if second < -1e-9 * modes.magnitude => {
                    point = plus(&point, 1e-2 * options.length, &modes.vectors[1]);
                    gradient = surface.checked_gradient(&point)?;
                    modes = Modes::at(surface, &point, Some(&uphill))?;
                    continue;
                }
                _ => return Ok(point),
            }
        }
        let climb = if over { 0 } else { modes.nearest(&uphill) };
        if dot(&modes.vectors[climb], &uphill) < 0.0 {
            uphill = modes.vectors[climb].iter().map(|value| -value).collect();
        } else {
            uphill.clone_from(&modes.vectors[climb]);
        }
        let step = modes.saddle_step(surface, &point, &gradient, climb, &uphill, radius);
        let length = norm(&step);
        let ahead = plus(&point, 1.0, &step);
        let ahead_gradient = surface.gradient(&ahead);
        let expected = Modes::expected_gradient(surface, &point, &gradient, &step);
        let ahead_slope = norm(&ahead_gradient);
        let wrong = distance(&ahead_gradient, &expected) / ahead_slope.max(slope);
        if !ahead_slope.is_finite() || (wrong > 0.5 && radius > 1e-6 * options.length) {
            radius = 0.5 * length.min(radius);
            if radius <= 1e-12 * options.length {
                return no_saddle(taken, &point, &gradient, "the landscape is not smooth here");
            }
            continue;
        }
        let newton = over && length < radius;
        if newton && ahead_slope >= slope && slope <= 1e4 * options.rounding(&point, modes.magnitude) {
            // Newton's step no longer helps: rounding is reached.
            return Ok(point);
        }
        if wrong < 0.1 {
            radius = (1.5 * radius).min(options.length);
        } else if wrong > 0.25 {
            radius *= 0.7;
        }
        (point, gradient) = (ahead, ahead_gradient);
        if distance(&point, start) > options.far * options.length {
            return no_saddle(
                taken + 1,
                &point,
                &gradient,
                "the slope leads ever upwards: try another direction",
            );
        }
        modes = Modes::at(surface, &point, Some(&uphill))?;
    }
    no_saddle(options.steps, &point, &gradient, "try another direction, or give more steps")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{formula, named_field};
    use super::super::{CriticalKind, descend};
    use super::*;

    /// Roots of the gradient with 40 digits (mpmath.findroot).
    const MULLER_BROWN: [[f64; 2]; 2] =
        [[-0.822001558732732, 0.624312802814871], [0.212486582000662, 0.292988325107368]];

    #[test]
    fn muller_brown_walks() {
        let surface = Surface::of(&named_field("muller-brown", &[])).unwrap();
        let options = SearchOptions::default();
        let mut found = [false; 2];
        for start in [[-0.6, 1.4], [0.6, 0.0], [-0.1, 0.5]] {
            let minimum = descend(&surface, &start, &options).unwrap();
            for direction in [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0], [1.0, -1.0], [-1.0, 1.0]] {
                // Some directions lead up the outer walls for ever.
                let Ok(saddle) = climb_to_saddle(&surface, &minimum.position, &direction, &options) else {
                    continue;
                };
                let which = MULLER_BROWN.iter().position(|s| distance(s, &saddle.position) < 1e-12);
                found[which.unwrap_or_else(|| panic!("{:?}", saddle.position))] = true;
                assert_eq!((saddle.kind, saddle.index()), (CriticalKind::Saddle, 1));
                assert!(saddle.position_error < 1e-13 && saddle.residual < 1e-14);
            }
        }
        assert_eq!(found, [true; 2]);
    }

    #[test]
    fn refined_from_a_rough_guess() {
        let surface = Surface::of(&named_field("muller-brown", &[])).unwrap();
        let saddle = refine_saddle(&surface, &[-0.75, 0.6], &[-0.5, 0.9], &SearchOptions::default()).unwrap();
        assert!(distance(&saddle.position, &MULLER_BROWN[0]) < 1e-13);
    }

    #[test]
    fn styblinski_tang_up_to_ten_dimensions() {
        // Roots of 2x³ − 16x + 2.5 (mpmath.polyroots).
        let (deep, top) = (-2.903534027771177, 0.156731256780340);
        for dimension in [2, 3, 5, 10] {
            let field = named_field("styblinski-tang", &[("dimension", dimension as f64)]);
            let surface = Surface::of(&field).unwrap();
            let minimum = vec![deep; dimension];
            for axis in 0..dimension {
                let mut direction = vec![0.02; dimension];
                direction[axis] = 1.0;
                let saddle =
                    climb_to_saddle(&surface, &minimum, &direction, &SearchOptions::default()).unwrap();
                assert_eq!(saddle.kind, CriticalKind::Saddle);
                for (coordinate, value) in saddle.position.iter().enumerate() {
                    let wanted = if coordinate == axis { top } else { deep };
                    assert!((value - wanted).abs() < 1e-13, "{dimension} {axis}: {value}");
                }
                let along = saddle.eigenvectors[0][axis].abs();
                assert!((saddle.eigenvalues[0] + 15.85261).abs() < 1e-5 && (along - 1.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn no_saddle_is_said() {
        let bowl = formula("x^2 + 2*y^2");
        let none = climb_to_saddle(&bowl, &[0.0, 0.0], &[1.0, 0.3], &SearchOptions::default());
        assert!(matches!(none, Err(EscapeError::NoSaddle { .. })), "{none:?}");
        let none = climb_to_saddle(&bowl, &[0.0, 0.0], &[0.0, 0.0], &SearchOptions::default());
        assert!(matches!(none, Err(EscapeError::OutOfRange { .. })));
    }

    #[test]
    fn large_dimensions_by_products() {
        let surface = Surface::of(&named_field("styblinski-tang", &[("dimension", 520.0)])).unwrap();
        let mut direction = vec![0.0; 520];
        direction[17] = 1.0;
        let minimum = vec![-2.903534027771177; 520];
        let saddle = climb_to_saddle(&surface, &minimum, &direction, &SearchOptions::default()).unwrap();
        assert_eq!(saddle.kind, CriticalKind::Saddle);
        assert!((saddle.position[17] - 0.156731256780340).abs() < 1e-12);
        assert!(saddle.residual < 1e-8);
    }
}
