//! Switching noise whose constants are those of a landscape: |H| at a minimum, and at each saddle beyond an inflection.

use super::{RunError, unfit};
use crate::escape::{Basin, EscapeError, SearchOptions, Surface};
use crate::landscape::Field;
use crate::noise::{Plane, SwitchingRoots, cholesky, magnitude};
use crate::random::Variate;

/// The noise of covariance `scale·|H|`, with H that of the minimum near `start` and, beyond the last inflection on the way
/// to a saddle, that of the saddle. Where the inflections of several ways are passed their changes add, which is exact on
/// a separable landscape; where the sum is no covariance, the last of them stands alone.
pub(super) fn switching<R: Variate>(
    field: &Field<f64>,
    start: &[f64],
    scale: f64,
) -> Result<SwitchingRoots<R>, RunError> {
    let dimension = field.dimension();
    if start.len() != dimension {
        let remedy = format!("the landscape is of dimension {dimension}");
        return Err(unfit("noise.minimum", format!("{start:?}"), remedy));
    }
    let refused = |error: EscapeError| unfit("noise.minimum", format!("{start:?}"), error.to_string());
    let surface = Surface::of(field).map_err(refused)?;
    let basin = Basin::around(&surface, start, &SearchOptions::default()).map_err(refused)?;
    let ways = basin.ways().map_err(refused)?;
    let covariance = |point: &[f64]| -> Vec<f64> {
        let hessian = surface.hessian(point);
        let entry = |entry: usize| scale * hessian[(entry / dimension, entry % dimension)];
        magnitude(&(0..dimension * dimension).map(entry).collect::<Vec<_>>(), dimension)
    };
    let inside = covariance(&ways[0].minimum.position);
    let (mut planes, mut outside) = (Vec::new(), Vec::new());
    for way in &ways {
        let Some(inflection) = way.inflections.last() else { continue };
        let gradient = surface.gradient(&inflection.position);
        let length = gradient.iter().map(|entry| entry * entry).sum::<f64>().sqrt();
        let normal: Vec<f64> = gradient.iter().map(|entry| entry / length).collect();
        let offset = normal.iter().zip(&inflection.position).map(|(n, x)| n * x).sum();
        planes.push(Plane { normal, offset });
        outside.push(covariance(&way.saddle.position));
    }
    if planes.len() > SwitchingRoots::<R>::MOST_PLANES {
        let remedy = format!(
            "its basin has {} ways out with an inflection, and noise can switch at {} at most",
            planes.len(),
            SwitchingRoots::<R>::MOST_PLANES
        );
        return Err(unfit("noise.minimum", format!("{start:?}"), remedy));
    }
    let roots = (0..1_usize << planes.len())
        .map(|passed| -> Result<Vec<f64>, RunError> {
            let beyond = || outside.iter().enumerate().filter(|(plane, _)| passed >> plane & 1 == 1);
            let mut sum = inside.clone();
            for (_, outside) in beyond() {
                for ((sum, outside), inside) in sum.iter_mut().zip(outside).zip(&inside) {
                    *sum += outside - inside;
                }
            }
            match (cholesky(&sum, dimension), beyond().next_back()) {
                (Ok(root), _) => Ok(root),
                (Err(_), Some((_, last))) => Ok(cholesky(last, dimension)?),
                (Err(error), None) => Err(error.into()),
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(SwitchingRoots::new(dimension, &planes, &roots))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::named;
    use crate::lanes::{Block, Scratch};
    use crate::noise::Noise;

    #[test]
    fn constants_are_those_of_the_landscape() {
        // x⁴ − 2x²: |H| is 8 at 1 and 4 at 0, the inflection 1/√3.
        let field = named::<f64>("double-well", &std::collections::BTreeMap::new()).unwrap();
        let noise = switching::<f64>(&field, &[0.8], 3.0).unwrap();
        let variance = |noise: &SwitchingRoots<f64>, point: &[f64], axis: usize| -> f64 {
            let at = Block::point(point);
            let (mut out, mut sum) = (at.zeros_like(), 0.0);
            for variate in 0..point.len() {
                let mut z = vec![0.0; point.len()];
                z[variate] = 1.0;
                noise.apply_root(&at, &z, &mut Scratch::new(), &mut out);
                sum += out.get(axis, 0).powi(2);
            }
            sum
        };
        let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a} {b}");
        let inflection = 1.0 / 3f64.sqrt();
        close(variance(&noise, &[1.3], 0), 24.0);
        close(variance(&noise, &[inflection + 1e-7], 0), 24.0);
        close(variance(&noise, &[inflection - 1e-7], 0), 12.0);
        close(variance(&noise, &[-1.0], 0), 12.0);
        // Separable, two ways out: each coordinate has its own side, also where both are beyond.
        let field = named::<f64>("styblinski-tang", &std::collections::BTreeMap::new()).unwrap();
        let noise = switching::<f64>(&field, &[-2.9, -2.9], 1.0).unwrap();
        let (well, pass) =
            (6.0 * 2.903_534_027_771_177f64.powi(2) - 16.0, 16.0 - 6.0 * 0.156_731_251f64.powi(2));
        for (point, expected) in
            [([-2.9, -2.0], [well, well]), ([0.0, -2.0], [pass, well]), ([-1.0, 0.1], [pass, pass])]
        {
            close(variance(&noise, &point, 0), expected[0]);
            close(variance(&noise, &point, 1), expected[1]);
        }
    }

    #[test]
    fn a_basin_without_a_way_out_is_refused_by_its_key() {
        let field = named::<f64>("quadratic", &std::collections::BTreeMap::new()).unwrap();
        let error = switching::<f64>(&field, &[0.5], 1.0).unwrap_err().to_string();
        assert!(error.starts_with("`noise.minimum` is [0.5]"), "{error}");
        let error = switching::<f64>(&field, &[0.5, 1.0], 1.0).unwrap_err().to_string();
        assert!(error.contains("dimension 1"), "{error}");
    }
}
