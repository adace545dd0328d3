//! The ways out of the basin that holds a point.

use super::vectors::{distance, scale};
use super::{EscapeError, PassPath, SearchOptions, Surface, climb_to_saddle, descend};

/// The ways over every pass that is reached from the minimum near `start`, `[d]`, by climbing along its modes, both ways
/// each; one way per pass.
///
/// A search along 2d directions finds the passes to which the modes lead, not all passes that there may be:
/// [`super::explore()`] searches a box.
///
/// # Errors
/// What [`descend`] refuses; [`EscapeError::NoSaddle`] if no walk ends at a pass of this minimum.
/// ```
/// use sgdyn::escape::{SearchOptions, Surface, ways_out};
/// use sgdyn::landscape::named;
///
/// let surface = Surface::of(&named("styblinski-tang", &std::collections::BTreeMap::new())?)?;
/// let ways = ways_out(&surface, &[2.7, 2.7], &SearchOptions::default())?;
/// assert_eq!(ways.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn ways_out(
    surface: &Surface,
    start: &[f64],
    options: &SearchOptions,
) -> Result<Vec<PassPath>, EscapeError> {
    let minimum = descend(surface, start, options)?;
    let mut ways: Vec<PassPath> = Vec::new();
    let (mut steps, mut nearest) = (0, None);
    for mode in &minimum.eigenvectors {
        for sign in [1.0, -1.0] {
            let mut direction = mode.clone();
            scale(sign, &mut direction);
            let saddle = match climb_to_saddle(surface, &minimum.position, &direction, options) {
                Ok(saddle) => saddle,
                Err(EscapeError::NoSaddle { steps: walked, distance, gradient, .. }) => {
                    steps += walked;
                    nearest = Some((distance, gradient));
                    continue;
                }
                // A walk that runs away, or ends at a maximum, says nothing of the others.
                Err(_) => continue,
            };
            let known =
                |way: &PassPath| distance(&way.saddle.position, &saddle.position) <= 1e3 * options.same();
            if ways.iter().any(known) {
                continue;
            }
            let sides = PassPath::over(surface, &saddle, options)?;
            let own =
                |way: &PassPath| distance(&way.minimum.position, &minimum.position) <= 1e3 * options.same();
            ways.extend(sides.into_iter().flatten().find(own));
        }
    }
    if ways.is_empty() {
        let (distance, gradient) = nearest.unwrap_or((0.0, 0.0));
        let remedy =
            "no climb along the minimum's modes ends at a pass of its basin: start in a basin that has one";
        return Err(EscapeError::NoSaddle { steps, distance, gradient, remedy });
    }
    Ok(ways)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::named;

    #[test]
    fn a_double_well_has_one_way_and_a_bowl_none() {
        let options = SearchOptions::default();
        let well = Surface::of(&named("double-well", &std::collections::BTreeMap::new()).unwrap()).unwrap();
        let ways = ways_out(&well, &[0.7], &options).unwrap();
        assert_eq!(ways.len(), 1);
        assert!((ways[0].barrier() - 1.0).abs() < 1e-12 && (ways[0].switch_share() - 4.0 / 9.0).abs() < 1e-6);
        let bowl = Surface::of(&named("quadratic", &std::collections::BTreeMap::new()).unwrap()).unwrap();
        let error = ways_out(&bowl, &[0.7], &options).unwrap_err();
        assert!(error.to_string().contains("start in a basin that has one"), "{error}");
    }
}
