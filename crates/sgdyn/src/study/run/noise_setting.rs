//! Where the noise of a description becomes code.

use std::sync::Arc;

use super::setting::{Names, Setting, formula_error};
use super::switching::switching;
use super::{RunError, unfit};
use crate::landscape::Field;
use crate::noise::{
    Averaged, ConstantRoot, FormulaCovariance, HessianCovariance, Isotropic, IsotropicStable,
    LossProportional, MatrixRoot, Multiplicative, Noise, Switching, cholesky,
};
use crate::random::{Law, Variate};
use crate::study::description as described;

/// The noise of a single draw on a landscape, for analysis.
pub(super) fn build_noise_at(
    noise: &described::Noise,
    field: &Field<f64>,
    setting: &Setting<f64>,
) -> Result<Arc<dyn Noise<f64>>, RunError> {
    build_noise(noise, 1, field, &setting.names())
}

/// The noise of the mean of `batch` draws: covariance Σ/B.
pub(super) fn build_noise<R: Variate>(
    noise: &described::Noise,
    batch: u64,
    field: &Field<R>,
    names: &Names<'_>,
) -> Result<Arc<dyn Noise<R>>, RunError> {
    let dimension = field.dimension();
    let share = 1.0 / batch as f64;
    let matrix = |rows: &[Vec<f64>], key: &'static str| -> Result<Vec<f64>, RunError> {
        if rows.len() == dimension {
            return Ok(rows.concat());
        }
        Err(unfit(key, format!("{} rows", rows.len()), format!("the landscape is of dimension {dimension}")))
    };
    let root = share.sqrt();
    Ok(match noise {
        described::Noise::Gaussian { standard_deviation } => {
            Arc::new(Isotropic { amplitude: standard_deviation * root, law: Law::Normal, dimension })
        }
        described::Noise::Covariance { matrix: rows } => {
            let mut factor = cholesky(&matrix(rows, "noise.matrix")?, dimension)?;
            for entry in &mut factor {
                *entry *= root;
            }
            Arc::new(ConstantRoot::new(&factor, dimension))
        }
        described::Noise::LowRank { factor: rows } => {
            let mut factor = matrix(rows, "noise.factor")?;
            for entry in &mut factor {
                *entry *= root;
            }
            Arc::new(ConstantRoot::new(&factor, rows[0].len()))
        }
        described::Noise::Formula { entries } => {
            if entries.len() != dimension || entries.iter().any(|row| row.len() != dimension) {
                let remedy = format!(
                    "the landscape is of dimension {dimension}: give {dimension} × {dimension} formulas"
                );
                return Err(unfit("noise.entries", format!("{} rows", entries.len()), remedy));
            }
            let formulas = entries
                .iter()
                .flatten()
                .map(|text| names.formula(text))
                .collect::<Result<Vec<_>, _>>()
                .map_err(formula_error("noise.entries"))?;
            let covariance =
                FormulaCovariance::new(&formulas, share).map_err(formula_error("noise.entries"))?;
            Arc::new(MatrixRoot(Arc::new(covariance)))
        }
        described::Noise::Hessian { scale, floor } => {
            let hessian = field
                .hessian
                .clone()
                .ok_or_else(|| unfit("noise.name", "hessian", "this landscape has no second derivatives"))?;
            let (scale, floor) = (scale * share, floor * share);
            Arc::new(MatrixRoot(Arc::new(HessianCovariance { hessian, scale, floor, dimension })))
        }
        described::Noise::Switching { minimum: Some(minimum), scale, .. } => {
            let precise = names
                .precise
                .ok_or_else(|| unfit("noise.name", "switching", "it needs a formula or a named landscape"))?;
            Arc::new(switching(precise, minimum, scale.unwrap_or(1.0) * share)?)
        }
        described::Noise::Switching { inside, variance_inside, variance_outside, .. } => {
            let variance = |value: &Option<f64>| value.unwrap_or(f64::NAN) * share;
            let condition = names
                .condition(inside.as_deref().unwrap_or_default())
                .and_then(|condition| condition.compile())
                .map_err(formula_error("noise.inside"))?;
            Arc::new(Switching {
                region: condition,
                inside: variance(variance_inside),
                outside: variance(variance_outside),
                dimension,
            })
        }
        described::Noise::LossProportional { scale, floor } => {
            let landscape = field
                .loss
                .clone()
                .ok_or_else(|| unfit("noise.name", "loss-proportional", "this drift has no loss"))?;
            Arc::new(LossProportional { temperature: scale * share, floor: floor * share, landscape })
        }
        described::Noise::Multiplicative { curvature_deviation, standard_deviation } => {
            Arc::new(Multiplicative {
                curvature_deviation: curvature_deviation * root,
                standard_deviation: standard_deviation * root,
                dimension,
            })
        }
        described::Noise::Stable { alpha, scale, isotropic } => {
            // The mean of B stable variates is stable, narrower by B^(1/α − 1).
            let narrowing =
                crate::lanes::Real::exp((1.0 / alpha - 1.0) * crate::lanes::Real::ln(batch as f64));
            let scale = scale * narrowing;
            if *isotropic {
                Arc::new(IsotropicStable { alpha: *alpha, scale, dimension })
            } else {
                Arc::new(Isotropic { amplitude: scale, law: Law::Stable { alpha: *alpha }, dimension })
            }
        }
        described::Noise::Rademacher { standard_deviation } => {
            let draws = draws(batch, "rademacher")?;
            Arc::new(Averaged { scale: *standard_deviation, law: Law::Rademacher, draws, dimension })
        }
        described::Noise::StudentT { degrees_of_freedom, scale } => {
            let (draws, law) = (draws(batch, "student-t")?, Law::StudentT { degrees: *degrees_of_freedom });
            Arc::new(Averaged { scale: *scale, law, draws, dimension })
        }
    })
}

/// The draws of a batch whose mean is of no law of its own.
fn draws(batch: u64, law: &str) -> Result<usize, RunError> {
    usize::try_from(batch).ok().filter(|&draws| draws <= 4096).ok_or_else(|| {
        unfit("rule.batch_size", batch, format!("each draw of {law} noise is made: 4096 at most"))
    })
}
