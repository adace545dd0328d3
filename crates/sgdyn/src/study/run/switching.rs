//! Switching noise whose constants are those of a landscape: |H| at a minimum, and at each saddle beyond an inflection.

use super::{RunError, unfit};
use crate::escape::{EscapeError, SearchOptions, Surface, ways_out};
use crate::landscape::Field;
use crate::noise::{SwitchingRoots, cholesky, magnitude};
use crate::random::Variate;

/// The noise of covariance `scale·|H|`, with H that of the minimum near `start` and, beyond the last inflection on the way
/// to a saddle, that of the saddle.
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
    let ways = ways_out(&surface, start, &SearchOptions::default()).map_err(refused)?;
    let root = |point: &[f64]| -> Result<Vec<f64>, RunError> {
        let hessian = surface.hessian(point);
        let entries: Vec<f64> =
            (0..dimension * dimension).map(|entry| hessian[(entry / dimension, entry % dimension)]).collect();
        let covariance: Vec<f64> = magnitude(&entries, dimension).iter().map(|entry| scale * entry).collect();
        Ok(cholesky(&covariance, dimension)?)
    };
    let mut noise = SwitchingRoots::new(&root(&ways[0].minimum.position)?, dimension);
    for way in &ways {
        let Some(inflection) = way.inflections.last() else { continue };
        let gradient = surface.gradient(&inflection.position);
        let length = gradient.iter().map(|entry| entry * entry).sum::<f64>().sqrt();
        let normal: Vec<f64> = gradient.iter().map(|entry| entry / length).collect();
        let offset: f64 = normal.iter().zip(&inflection.position).map(|(n, x)| n * x).sum();
        noise = noise.beyond(&normal, offset, &root(&way.saddle.position)?);
    }
    Ok(noise)
}
