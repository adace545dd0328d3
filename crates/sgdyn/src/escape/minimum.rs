//! Minima from any start: Newton's method in a trust region.

use super::krylov::{largest_magnitude, truncated_solve};
use super::modes::Modes;
use super::vectors::{distance, dot, norm, plus};
use super::{CriticalPoint, EscapeError, SearchOptions, Surface};

/// The minimum, or bottom of a degenerate valley, that Newton's method in a trust region reaches from `start`, `[d]`.
///
/// Every step lowers the loss; a start at a saddle or maximum is left along its lowest curvature. It need not be the
/// minimum whose basin the start lies in, since steps are long: [`super::descent_path()`] follows the flow.
///
/// # Errors
/// Shapes; a loss or derivative that is not finite; [`EscapeError::Unbounded`]; [`EscapeError::NotConverged`] when the
/// steps are spent.
/// ```
/// use sgdyn::escape::{CriticalKind, SearchOptions, Surface, descend};
/// use sgdyn::landscape::named;
///
/// let surface = Surface::of(&named("styblinski-tang", &Default::default())?)?;
/// let minimum = descend(&surface, &[-1.0, 1.0], &SearchOptions::default())?;
/// assert_eq!(minimum.kind, CriticalKind::Minimum);
/// assert!((minimum.position[0] + 2.903534).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn descend(
    surface: &Surface,
    start: &[f64],
    options: &SearchOptions,
) -> Result<CriticalPoint, EscapeError> {
    surface.check("the start", start)?;
    options.check()?;
    let bottom = descend_to_bottom(surface, start, options)?;
    CriticalPoint::at(surface, bottom, options)
}

/// What a descent knows of the curvature.
enum Curvature {
    /// Eigenpairs.
    Modes(Modes),
    /// The largest magnitude only; the rest acts through products.
    Products(f64),
}

impl Curvature {
    fn at(surface: &Surface, point: &[f64]) -> Result<Self, EscapeError> {
        if surface.is_dense() {
            return Ok(Self::Modes(Modes::at(surface, point, None)?));
        }
        let apply = |v: &[f64]| surface.hessian_times(point, v);
        Ok(Self::Products(largest_magnitude(point.len(), &apply)))
    }

    fn moved(self, surface: &Surface, point: &[f64]) -> Result<Self, EscapeError> {
        if surface.is_dense() {
            return Ok(Self::Modes(Modes::at(surface, point, None)?));
        }
        Ok(Self::Products(self.magnitude()))
    }

    fn magnitude(&self) -> f64 {
        match self {
            Self::Modes(modes) => modes.magnitude,
            Self::Products(magnitude) => *magnitude,
        }
    }

    fn is_bent(&self) -> bool {
        matches!(self, Self::Modes(modes) if modes.values[0] < -1e-9 * modes.magnitude)
    }

    fn step(&self, surface: &Surface, point: &[f64], gradient: &[f64], radius: f64) -> Vec<f64> {
        match self {
            Self::Modes(modes) => modes.descent_step(surface, point, gradient, radius),
            Self::Products(_) => {
                let right: Vec<f64> = gradient.iter().map(|g| -g).collect();
                truncated_solve(&|v: &[f64]| surface.hessian_times(point, v), &[], &right, radius)
            }
        }
    }
}

/// The bottom's position alone.
pub(super) fn descend_to_bottom(
    surface: &Surface,
    start: &[f64],
    options: &SearchOptions,
) -> Result<Vec<f64>, EscapeError> {
    let mut point = start.to_vec();
    let mut gradient = surface.checked_gradient(&point)?;
    let mut loss = surface.loss(&point);
    if !loss.is_finite() {
        return Err(EscapeError::NotFinite { what: "loss", point });
    }
    let mut radius = 0.1 * options.length;
    let mut curvature = Curvature::at(surface, &point)?;
    for _ in 0..options.steps {
        let slope = norm(&gradient);
        let settled = slope <= options.rounding(&point, curvature.magnitude());
        if settled {
            // Only here must the lowest curvature be known.
            curvature = Curvature::Modes(Modes::at(surface, &point, None)?);
        }
        let bent = curvature.is_bent();
        if settled && !bent {
            return Ok(point);
        }
        if settled {
            // Rounding alone would choose the side; this way every machine leaves alike.
            gradient.fill(0.0);
        }
        let step = curvature.step(surface, &point, &gradient, radius);
        let length = norm(&step);
        let ahead = plus(&point, 1.0, &step);
        let (ahead_loss, ahead_gradient) = (surface.loss(&ahead), surface.gradient(&ahead));
        let expected = -dot(&gradient, &step) - 0.5 * dot(&step, &surface.hessian_times(&point, &step));
        let gained = loss - ahead_loss;
        // Where the loss cannot resolve the gain, the gradient decides.
        let resolved = expected > 64.0 * f64::EPSILON * loss.abs();
        let better = if resolved {
            gained > 0.05 * expected
        } else {
            norm(&ahead_gradient) < slope && gained >= -64.0 * f64::EPSILON * loss.abs()
        };
        if better && ahead_loss.is_finite() && ahead_gradient.iter().all(|value| value.is_finite()) {
            if !resolved || gained > 0.75 * expected {
                radius = (2.0 * length).max(radius);
            } else if gained < 0.25 * expected {
                radius = 0.5 * length;
            }
            (point, loss, gradient) = (ahead, ahead_loss, ahead_gradient);
            let far = distance(&point, start);
            if far > options.far * options.length || loss < -1e200 {
                return Err(EscapeError::Unbounded { distance: far, loss });
            }
            curvature = curvature.moved(surface, &point)?;
        } else if !resolved && !bent {
            // Neither loss nor gradient improve: rounding is reached.
            return Ok(point);
        } else {
            radius = 0.25 * length;
            if radius <= f64::EPSILON * (norm(&point) + options.length) {
                break;
            }
        }
    }
    Err(EscapeError::NotConverged {
        what: "the descent",
        reached: norm(&surface.gradient(&point)),
        iterations: options.steps,
        remedy: "the gradient at its end is shown: check the derivatives, or give more steps",
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{formula, named_field};
    use super::super::{CriticalKind, NullShape};
    use super::*;

    #[test]
    fn muller_brown_from_everywhere() {
        // Roots of the gradient with 40 digits (mpmath.findroot).
        let minima = [
            [-0.558223634633024, 1.441725841804669],
            [0.623499404930877, 0.028037758528686],
            [-0.050010822998206, 0.466694104871972],
        ];
        let surface = Surface::of(&named_field("muller-brown", &[])).unwrap();
        let mut found = [0; 3];
        for i in 0..12 {
            for j in 0..12 {
                let start = [-1.5 + 2.5 * f64::from(i) / 11.0, -0.5 + 2.5 * f64::from(j) / 11.0];
                let minimum = descend(&surface, &start, &SearchOptions::default()).unwrap();
                assert_eq!(minimum.kind, CriticalKind::Minimum);
                let which = minima
                    .iter()
                    .position(|wanted| distance(wanted, &minimum.position) < 1e-12)
                    .unwrap_or_else(|| panic!("{:?}", minimum.position));
                found[which] += 1;
                assert!(minimum.position_error < 1e-13 && minimum.residual < 1e-14);
            }
        }
        assert!(found.iter().all(|count| *count > 5), "{found:?}");
    }

    #[test]
    fn starts_without_gradient_are_left() {
        let surface = Surface::of(&named_field("double-well", &[])).unwrap();
        let minimum = descend(&surface, &[0.0], &SearchOptions::default()).unwrap();
        assert!((minimum.position[0].abs() - 1.0).abs() < 1e-15);
        // The maximum of x⁴ + y⁴ − 2x² − 2y².
        let surface = formula("x^4 + y^4 - 2*x^2 - 2*y^2");
        let minimum = descend(&surface, &[0.0, 0.0], &SearchOptions::default()).unwrap();
        assert_eq!(minimum.kind, CriticalKind::Minimum);
    }

    #[test]
    fn degenerate_bottoms_are_named() {
        let kind_of = |text: &str, start: &[f64]| {
            descend(&formula(text), start, &SearchOptions::default()).unwrap().kind
        };
        let null = |shape| CriticalKind::Degenerate { index: 0, null: 1, shape };
        assert_eq!(kind_of("0.5*(1 + x^2)*y^2", &[0.3, 0.7]), null(NullShape::Flat));
        // The brim of a hat is a curved valley.
        assert_eq!(kind_of("(x^2 + y^2 - 1)^2", &[0.3, 0.7]), null(NullShape::Flat));
        assert_eq!(kind_of("x^4 + y^2", &[0.3, 0.7]), null(NullShape::HigherOrderWell));
        assert_eq!(kind_of("x^4", &[0.3]), null(NullShape::HigherOrderWell));
        // Every curvature of the crossing of two valleys vanishes, whatever rounding makes of them.
        let crossing =
            CriticalPoint::at(&formula("x^2*y^2"), vec![1.6e-15, -1.9e-15], &SearchOptions::default());
        assert!(matches!(crossing.unwrap().kind, CriticalKind::Degenerate { null: 2, .. }));
        assert_eq!(kind_of("x^6 + 3*y^2 + x*y", &[0.3, 0.7]), CriticalKind::Minimum);
        // A descent that starts on a fold's flank stops at the fold.
        let fold = CriticalPoint::at(&formula("x^3 + y^2"), vec![0.0, 0.0], &SearchOptions::default());
        assert_eq!(fold.unwrap().kind, null(NullShape::Fold));
        let top = CriticalPoint::at(&formula("y^2 - x^4"), vec![0.0, 0.0], &SearchOptions::default());
        let top = top.unwrap();
        assert_eq!(top.kind, null(NullShape::HigherOrderBarrier));
        assert!(top.is_pass() && !top.is_bottom());
        let flat = CriticalPoint::at(&formula("0*x + 0*y"), vec![0.0, 0.0], &SearchOptions::default());
        assert_eq!(
            flat.unwrap().kind,
            CriticalKind::Degenerate { index: 0, null: 2, shape: NullShape::Flat }
        );
        assert_eq!(kind_of("x^4 - x^2 + 100*y^4", &[0.3, 0.7]), null(NullShape::HigherOrderWell));
    }

    #[test]
    fn refuses_what_has_no_minimum() {
        let unbounded = descend(&formula("y^2 - x^2"), &[0.1, 0.3], &SearchOptions::default());
        assert!(matches!(unbounded, Err(EscapeError::Unbounded { .. })), "{unbounded:?}");
        let unbounded = descend(&formula("x + y^2"), &[0.1, 0.3], &SearchOptions::default());
        assert!(matches!(unbounded, Err(EscapeError::Unbounded { .. })), "{unbounded:?}");
        let broken = descend(&formula("ln(x)"), &[-1.0], &SearchOptions::default());
        assert!(matches!(broken, Err(EscapeError::NotFinite { .. })));
        let surface = formula("x^2 + y^2");
        assert!(matches!(
            descend(&surface, &[1.0], &SearchOptions::default()),
            Err(EscapeError::Dimension { given: 1, needed: 2, .. })
        ));
        let zero = SearchOptions { length: 0.0, ..SearchOptions::default() };
        assert!(descend(&surface, &[1.0, 1.0], &zero).is_err());
        assert!(matches!(Surface::of(&named_field("maier-stein", &[])), Err(EscapeError::NoLoss)));
    }

    #[test]
    fn large_dimensions_by_products() {
        // 600 dimensions: no matrix. Same minima as the separable term's roots.
        let surface = Surface::of(&named_field("styblinski-tang", &[("dimension", 600.0)])).unwrap();
        let start: Vec<f64> = (0..600).map(|i| if i % 3 == 0 { 1.7 } else { -1.1 }).collect();
        let minimum = descend(&surface, &start, &SearchOptions::default()).unwrap();
        assert_eq!(minimum.kind, CriticalKind::Minimum);
        for value in &minimum.position {
            // Roots of 2x³ − 16x + 2.5 (mpmath.polyroots).
            let wanted = if *value > 0.0 { 2.746802770990837 } else { -2.903534027771177 };
            assert!((value - wanted).abs() < 1e-12, "{value}");
        }
    }
}
