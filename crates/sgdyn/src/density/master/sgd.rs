//! SGD on a field with noise, as a chain between cells.

use super::line::spread_transition;
use super::maps::{WeightedMap, map_transition};
use super::plane::plane_transition;
use super::stable_law::StableLaw;
use super::symmetric_law::SymmetricLaw;
use super::transition::{Outside, Transition};
use crate::density::{DensityError, Grid};
use crate::landscape::Field;
use crate::lanes::{Block, Layout, Scratch};
use crate::noise::Noise;
use crate::random::Law;

/// θ' = θ − η(g(θ) + σ(θ) z): a step of SGD on a field g = −b with noise, or of gradient descent without.
#[derive(Clone, Copy)]
pub struct SgdStep<'a> {
    /// The field.
    pub field: &'a Field<f64>,
    /// The noise of the gradient.
    pub noise: Option<&'a dyn Noise<f64>>,
    /// η.
    pub learning_rate: f64,
}

/// Outcomes of the discrete variates of a step at most.
const MOST_OUTCOMES: usize = 4096;
/// Variates at most, since σ is taken apart column by column.
const MOST_VARIATES: usize = 256;

impl SgdStep<'_> {
    /// The exact transition between the cells of a one- or two-dimensional grid.
    ///
    /// Normal noise with any covariance in one and two dimensions; symmetric stable noise and variates with finitely
    /// many values (Rademacher, three points, none at all) in one.
    ///
    /// # Errors
    /// η ≤ 0; a grid whose dimension is not that of the field; noise of another law, [`DensityError::StepLaw`]; a step
    /// that is not finite; memory.
    pub fn transition(&self, grid: &Grid, outside: Outside) -> Result<Transition, DensityError> {
        let dimension = self.field.dimension();
        check_learning_rate(self.learning_rate)?;
        if grid.dimension() != dimension {
            let given = grid.dimension();
            return Err(DensityError::WrongDimension { what: "the field", needed: dimension, given });
        }
        let law = self.noise.map(Noise::law);
        match (dimension, law) {
            (1, Some(Law::Normal | Law::Stable { .. })) => {
                let (law, power, factor) = self.symmetric_law()?;
                self.spread(grid, &law, power, factor, outside)
            }
            (1, None) => self.outcomes(grid, &[(1.0, 0.0)], outside),
            (1, Some(Law::Rademacher)) => self.outcomes(grid, &[(0.5, -1.0), (0.5, 1.0)], outside),
            (1, Some(Law::ThreePoint)) => {
                let far = 3.0_f64.sqrt();
                let values = [(1.0 / 6.0, -far), (2.0 / 3.0, 0.0), (1.0 / 6.0, far)];
                self.outcomes(grid, &values, outside)
            }
            (2, Some(Law::Normal)) => plane_transition(grid, outside, |at| {
                let mut centre = [0.0; 2];
                self.centres(at, &mut centre);
                let mut covariance = [0.0; 3];
                for column in self.columns(&Block::point(at))? {
                    covariance[0] += column[0] * column[0];
                    covariance[1] += column[0] * column[1];
                    covariance[2] += column[1] * column[1];
                }
                Ok((centre, covariance.map(|entry| entry * self.learning_rate.powi(2))))
            }),
            (dimension, law) => Err(DensityError::StepLaw {
                law: law.map_or_else(|| "none".to_owned(), |law| format!("{law:?}")),
                dimension,
            }),
        }
    }

    /// The largest stable learning rate 2/h at a minimum, h the largest eigenvalue of the Hessian there; ∞ if none is
    /// positive.
    ///
    /// # Errors
    /// [`DensityError::Unstable`] if η reaches it: SGD near that minimum has no stationary law. A field without a
    /// Hessian, and more than two dimensions, are not judged.
    pub fn stability_limit(&self, minimum: &[f64]) -> Result<f64, DensityError> {
        check_learning_rate(self.learning_rate)?;
        let curvature = match self.field.hessian_at(minimum).as_deref() {
            Some([h]) => *h,
            Some([a, b, c, d]) => {
                let off = 0.5 * (b + c);
                0.5 * (a + d) + (0.25 * (a - d).powi(2) + off * off).sqrt()
            }
            _ => return Ok(f64::INFINITY),
        };
        stability_limit(self.learning_rate, curvature, 0.0)
    }

    /// The law of one-dimensional noise, the power by which scales of independent variates add, and the law's own scale.
    fn symmetric_law(&self) -> Result<(SymmetricLaw, f64, f64), DensityError> {
        match self.noise.map(Noise::law) {
            Some(Law::Normal) => Ok((SymmetricLaw::Normal, 2.0, 1.0)),
            Some(Law::Stable { alpha: 2.0 }) => Ok((SymmetricLaw::Normal, 2.0, std::f64::consts::SQRT_2)),
            Some(Law::Stable { alpha }) => Ok((SymmetricLaw::Stable(StableLaw::new(alpha)?), alpha, 1.0)),
            law => Err(DensityError::StepLaw {
                law: law.map_or_else(|| "none".to_owned(), |law| format!("{law:?}")),
                dimension: 1,
            }),
        }
    }

    /// The law, centre and scale of the next place, from a point of one dimension.
    pub(super) fn landing(&self, start: f64) -> Result<(SymmetricLaw, f64, f64), DensityError> {
        let (law, power, factor) = self.symmetric_law()?;
        let columns = self.columns(&Block::point(&[start]))?;
        let mut centre = [0.0];
        self.centres(&[start], &mut centre);
        Ok((law, centre[0], factor * self.learning_rate * combined(&columns, 0, power)))
    }

    /// g at places of one dimension.
    pub(super) fn gradients(&self, at: &[f64]) -> Vec<f64> {
        let block = block(at, 1);
        let mut drift = block.zeros_like();
        self.field.drift.drift(&block, &mut Scratch::new(), &mut drift);
        drift.values().iter().map(|drift| -drift).collect()
    }

    /// Writes θ − ηg(θ) of `[d × lanes]` places.
    fn centres(&self, at: &[f64], out: &mut [f64]) {
        let dimension = self.field.dimension();
        let block = block(at, dimension);
        let mut drift = block.zeros_like();
        self.field.drift.drift(&block, &mut Scratch::new(), &mut drift);
        for ((out, &at), &drift) in out.iter_mut().zip(at).zip(drift.values()) {
            *out = self.learning_rate.mul_add(drift, at);
        }
    }

    /// The columns of σ, each `[d × lanes]`.
    pub(super) fn columns(&self, at: &Block<f64>) -> Result<Vec<Vec<f64>>, DensityError> {
        let Some(noise) = self.noise else { return Ok(Vec::new()) };
        let (variates, lanes) = (noise.variates(), at.lanes());
        if variates > MOST_VARIATES {
            let allowed = "noise of at most 256 variates: give its covariance as a matrix";
            return Err(DensityError::OutOfRange { name: "variates", value: variates as f64, allowed });
        }
        let (mut out, mut scratch) = (at.zeros_like(), Scratch::new());
        Ok((0..variates)
            .map(|variate| {
                let mut unit = vec![0.0; variates * lanes];
                unit[variate * lanes..(variate + 1) * lanes].fill(1.0);
                noise.apply_root(at, &unit, &mut scratch, &mut out);
                out.values().to_vec()
            })
            .collect())
    }

    /// One dimension: independent variates of one law with `|scale|^power` additive.
    fn spread(
        &self,
        grid: &Grid,
        law: &SymmetricLaw,
        power: f64,
        factor: f64,
        outside: Outside,
    ) -> Result<Transition, DensityError> {
        self.columns(&Block::point(&[grid.axes()[0].centre(0)]))?;
        spread_transition(grid, law, outside, |at, centres, scales| {
            self.centres(at, centres);
            // Checked above: the number of variates does not depend on the place.
            let columns = self.columns(&block(at, 1)).unwrap_or_default();
            for (lane, scale) in scales.iter_mut().enumerate() {
                *scale = factor * self.learning_rate * combined(&columns, lane, power);
            }
        })
    }

    /// One dimension: variates with finitely many values, given with their probabilities.
    fn outcomes(
        &self,
        grid: &Grid,
        values: &[(f64, f64)],
        outside: Outside,
    ) -> Result<Transition, DensityError> {
        let variates = self.noise.map_or(0, Noise::variates);
        let count = (values.len() as f64).powi(variates as i32);
        if count > MOST_OUTCOMES as f64 {
            return Err(DensityError::Outcomes { outcomes: count, allowed: MOST_OUTCOMES });
        }
        let maps: Vec<WeightedMap<'_>> = (0..count as usize)
            .map(|outcome| {
                let digits = (0..variates).scan(outcome, |rest, _| {
                    let digit = *rest % values.len();
                    *rest /= values.len();
                    Some(values[digit])
                });
                let (probabilities, draws): (Vec<f64>, Vec<f64>) = digits.unzip();
                let images = move |at: &[f64], out: &mut [f64]| {
                    self.centres(at, out);
                    let Some(noise) = self.noise else { return };
                    let block = block(at, 1);
                    let variates: Vec<f64> =
                        draws.iter().flat_map(|&draw| std::iter::repeat_n(draw, at.len())).collect();
                    let mut term = block.zeros_like();
                    noise.apply_root(&block, &variates, &mut Scratch::new(), &mut term);
                    for (out, term) in out.iter_mut().zip(term.values()) {
                        *out -= self.learning_rate * term;
                    }
                };
                WeightedMap { probability: probabilities.iter().product(), images: Box::new(images) }
            })
            .collect();
        map_transition(grid, &maps, outside)
    }
}

/// The scale of a sum of independent variates of one law.
fn combined(columns: &[Vec<f64>], lane: usize, power: f64) -> f64 {
    match columns {
        [column] => column[lane].abs(),
        columns => columns.iter().map(|column| column[lane].abs().powf(power)).sum::<f64>().powf(1.0 / power),
    }
}

/// `2(1 + μ)/h`.
///
/// # Errors
/// η at or beyond it.
pub(super) fn stability_limit(
    learning_rate: f64,
    curvature: f64,
    momentum: f64,
) -> Result<f64, DensityError> {
    let limit = if curvature > 0.0 { 2.0 * (1.0 + momentum) / curvature } else { f64::INFINITY };
    if learning_rate >= limit {
        return Err(DensityError::Unstable { learning_rate, curvature, limit });
    }
    Ok(limit)
}

pub(super) fn check_learning_rate(learning_rate: f64) -> Result<(), DensityError> {
    if learning_rate > 0.0 && learning_rate.is_finite() {
        return Ok(());
    }
    let allowed = "a positive, finite learning rate";
    Err(DensityError::OutOfRange { name: "learning_rate", value: learning_rate, allowed })
}

pub(super) fn block(at: &[f64], dimension: usize) -> Block<f64> {
    let mut block = Block::zeros(dimension, at.len() / dimension, Layout::CoordinateMajor);
    block.values_mut().copy_from_slice(at);
    block
}
