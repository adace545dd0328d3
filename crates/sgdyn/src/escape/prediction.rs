//! What theories predict for the escape from one minimum, and which of their assumptions the case breaks.

use super::pass_path::{hessian_at, is_regular, largest_curvature};
use super::vectors::{distance, dot, norm};
use super::{
    ActionOptions, BrokenAssumption, CriticalKind, EscapeError, ItoProcess, LeastActionPath, PassGraph,
    PassPath, SearchOptions, Surface, least_action_path,
};
use crate::theory::{
    EscapePath, EscapeTime, Gate, SgdPrefactor, eyring_kramers, kramers_langer, power_law_escape_time,
    reaches_inflection, sgd_theorem, total_rate,
};

/// Below this exponent the next order, relative 1/exponent or so, is no small correction.
const LARGE_EXPONENT: f64 = 4.0;

/// Relative differences that count as none: a theory's own error is larger.
const NEGLIGIBLE: f64 = 0.02;

/// Noise of less than this share of that at the minimum is as good as none.
const VANISHING: f64 = 0.02;

/// A theory's name with what it takes besides the landscape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EscapeTheory {
    /// Overdamped Langevin dynamics at inverse temperature β.
    EyringKramers {
        /// β.
        inverse_temperature: f64,
    },
    /// Underdamped dynamics at inverse temperature β and a friction.
    KramersLanger {
        /// β.
        inverse_temperature: f64,
        /// The friction γ.
        friction: f64,
    },
    /// The theorem on SGLD with diffusion D.
    Sgld {
        /// D.
        diffusion: f64,
    },
    /// Noise D = T·L proportional to the loss: a power law.
    LossProportional {
        /// T.
        temperature: f64,
    },
    /// The theorem on SGD.
    Sgd {
        /// η.
        learning_rate: f64,
        /// B.
        batch_size: f64,
        /// What happens to the density where the noise switches.
        prefactor: SgdPrefactor,
    },
}

/// A predicted escape.
#[derive(Clone, Debug)]
pub struct EscapePrediction {
    /// By which theory.
    pub theory: EscapeTheory,
    /// The mean time until the far side, in units of t; rates of all gates added.
    pub time: EscapeTime,
    /// The time through each gate alone.
    pub by_gate: Vec<EscapeTime>,
    /// Which of its assumptions the case breaks; empty if none was seen broken.
    pub broken: Vec<BrokenAssumption>,
}

/// The escape from one minimum over its gates: one object, every theory.
#[derive(Clone)]
pub struct EscapeCase {
    surface: Surface,
    gates: Vec<PassPath>,
}

impl EscapeCase {
    /// The escape from minimum `minimum` of a graph over all passes that leave it.
    ///
    /// # Errors
    /// A number that is no minimum; [`EscapeError::NoSaddle`] without passes; descents that fail.
    pub fn from_graph(
        surface: &Surface,
        graph: &PassGraph,
        minimum: usize,
        options: &SearchOptions,
    ) -> Result<Self, EscapeError> {
        let Some(well) = graph.minima.get(minimum) else {
            let (name, value) = ("minimum", minimum as f64);
            return Err(EscapeError::OutOfRange {
                name,
                value,
                allowed: "the number of a minimum of the graph",
            });
        };
        let mut gates = Vec::new();
        for (pass, _) in graph.passes_from(minimum) {
            let ways = PassPath::over(surface, &pass.saddle, options)?;
            gates.extend(
                ways.into_iter()
                    .flatten()
                    .find(|way| distance(&way.minimum.position, &well.position) <= 1e3 * options.same()),
            );
        }
        Self::over_gates(surface, gates)
    }

    /// The escape over given ways, all from the same minimum.
    ///
    /// # Errors
    /// No way at all, or ways that start at different minima.
    pub fn over_gates(surface: &Surface, gates: Vec<PassPath>) -> Result<Self, EscapeError> {
        let Some(first) = gates.first() else {
            let remedy = "no pass leads out of this minimum: it is not left by diffusion, or search more";
            return Err(EscapeError::NoSaddle { steps: 0, distance: 0.0, gradient: 0.0, remedy });
        };
        for gate in &gates {
            let apart = distance(&gate.minimum.position, &first.minimum.position);
            if apart > 1e-3 * first.arc[first.arc.len() - 1] {
                let (name, value) = ("the distance between the gates' minima", apart);
                return Err(EscapeError::OutOfRange { name, value, allowed: "gates of one minimum" });
            }
        }
        Ok(Self { surface: surface.clone(), gates })
    }

    /// The ways out.
    pub fn gates(&self) -> &[PassPath] {
        &self.gates
    }

    /// The prediction of a theory. With `process`, what the simulator's noise and drift are on the ways is held against what the
    /// theory assumes.
    ///
    /// # Errors
    /// [`EscapeError::Theory`] where the theory refuses: degenerate points, numbers out of range; a process of another dimension.
    pub fn predict(
        &self,
        theory: EscapeTheory,
        process: Option<&dyn ItoProcess>,
    ) -> Result<EscapePrediction, EscapeError> {
        if let Some(process) = process
            && process.dimension() != self.surface.dimension()
        {
            let (given, needed) = (process.dimension(), self.surface.dimension());
            return Err(EscapeError::Dimension { what: "the process", given, needed });
        }
        for gate in &self.gates {
            if !is_regular(gate) && !matches!(theory, EscapeTheory::Sgd { .. }) {
                let point =
                    if gate.minimum.kind == CriticalKind::Minimum { &gate.saddle } else { &gate.minimum };
                return Err(EscapeError::WrongKind {
                    what: "an end of a gate",
                    point: point.position.clone(),
                    found: point.kind,
                    needed: "formulas with determinants need a minimum and saddles without zero curvatures; measure, or solve on a grid",
                });
            }
        }
        let by_gate =
            self.gates.iter().map(|gate| self.through(gate, theory)).collect::<Result<Vec<_>, _>>()?;
        let time = total_rate(&by_gate);
        let broken = self.broken(theory, process)?;
        Ok(EscapePrediction { theory, time, by_gate, broken })
    }

    /// The first correction of Eyring–Kramers at finite temperature, in one dimension: the time through gate i is
    /// `τ (1 + κᵢ/β + O(β⁻²))`, with `κ = [5L'''²/(24|L''|³) − L''''/(8L''²)]` at the minimum `+ [5L'''²/(24|L''|³) +
    /// L''''/(8L''²)]` at the saddle, from Laplace's integrals. `None` in more dimensions.
    pub fn temperature_correction(&self) -> Option<Vec<f64>> {
        if self.surface.dimension() != 1 {
            return None;
        }
        let of_gate = |way: &PassPath| {
            let length = way.arc[way.arc.len() - 1];
            let part = |point| exponents::laplace_correction(&self.surface, point, &[1.0], length);
            part(&way.minimum) + part(&way.saddle)
        };
        Some(self.gates.iter().map(of_gate).collect())
    }

    /// The path of least action over each gate, from the minimum to the saddle, in any noise: `e^S` is the mean time to leading
    /// exponential order, without a prefactor. It starts from the way of steepest ascent.
    ///
    /// # Errors
    /// As [`super::least_action_path`].
    pub fn least_actions(
        &self,
        process: &dyn ItoProcess,
        options: &ActionOptions,
    ) -> Result<Vec<LeastActionPath>, EscapeError> {
        self.gates
            .iter()
            .map(|way| {
                let (from, to) = (&way.minimum.position, &way.saddle.position);
                least_action_path(process, from, to, Some(&way.ascent), options)
            })
            .collect()
    }

    fn through(&self, way: &PassPath, theory: EscapeTheory) -> Result<EscapeTime, EscapeError> {
        let gate = || -> Result<(faer::Mat<f64>, [Gate; 1]), EscapeError> {
            let hessian = hessian_at(&self.surface, &way.saddle)?;
            let gate = Gate { barrier: way.barrier(), hessian, multiplicity: 1 };
            Ok((hessian_at(&self.surface, &way.minimum)?, [gate]))
        };
        Ok(match theory {
            EscapeTheory::EyringKramers { inverse_temperature } => {
                let (minimum, gates) = gate()?;
                eyring_kramers(minimum.as_ref(), &gates, inverse_temperature)?
            }
            EscapeTheory::KramersLanger { inverse_temperature, friction } => {
                let (minimum, gates) = gate()?;
                kramers_langer(minimum.as_ref(), &gates, inverse_temperature, friction)?
            }
            EscapeTheory::Sgld { diffusion } => {
                super::error::check_positive("diffusion", diffusion)?;
                let (minimum, gates) = gate()?;
                eyring_kramers(minimum.as_ref(), &gates, 1.0 / diffusion)?
            }
            EscapeTheory::LossProportional { temperature } => {
                let time = power_law_escape_time(
                    temperature,
                    way.minimum.loss,
                    way.saddle.loss,
                    way.curvatures[0],
                    way.saddle.eigenvalues[0],
                )?;
                EscapeTime { log_to_far_well: time.ln() }
            }
            EscapeTheory::Sgd { learning_rate, batch_size, prefactor } => {
                let path = EscapePath {
                    barrier: way.barrier(),
                    minimum_curvature: way.curvatures[0],
                    saddle_curvature: -way.saddle.eigenvalues[0],
                    switch_share: way.switch_share(),
                };
                sgd_theorem(path, learning_rate, batch_size, prefactor)?
            }
        })
    }

    fn broken(
        &self,
        theory: EscapeTheory,
        process: Option<&dyn ItoProcess>,
    ) -> Result<Vec<BrokenAssumption>, EscapeError> {
        let mut broken = Vec::new();
        let exponent = self.exponents(theory).into_iter().fold(f64::INFINITY, f64::min);
        if exponent < LARGE_EXPONENT {
            broken.push(BrokenAssumption::SmallExponent { exponent });
        }
        let unknown = self.gates.iter().filter(|way| way.far.is_none()).count();
        if unknown > 0 {
            broken.push(BrokenAssumption::UnknownFarSide { gates: unknown });
        }
        if matches!(theory, EscapeTheory::LossProportional { .. }) && self.surface.dimension() > 1 {
            broken.push(BrokenAssumption::SeveralDimensions { dimension: self.surface.dimension() });
        }
        if let EscapeTheory::Sgd { learning_rate, batch_size, .. } = theory {
            self.broken_by_sgd(learning_rate, batch_size, process, &mut broken)?;
        }
        if let Some(process) = process {
            self.broken_by_process(theory, process, &mut broken)?;
        }
        Ok(broken)
    }

    /// What the geometry of the ways breaks of the SGD theorem.
    fn broken_by_sgd(
        &self,
        learning_rate: f64,
        batch_size: f64,
        process: Option<&dyn ItoProcess>,
        broken: &mut Vec<BrokenAssumption>,
    ) -> Result<(), EscapeError> {
        let step = learning_rate * largest_curvature(&self.surface, &self.gates[0].minimum)?;
        if step > 0.1 {
            broken.push(BrokenAssumption::LargeStep { step });
        }
        for way in &self.gates {
            for point in [&way.minimum, &way.saddle] {
                if matches!(point.kind, CriticalKind::Degenerate { .. }) {
                    broken.push(BrokenAssumption::Degenerate { kind: point.kind });
                }
            }
            if way.inflections.len() != 1 {
                broken.push(BrokenAssumption::Inflections { count: way.inflections.len() });
            }
            // Noise that is known to go on beyond the inflection, such as switching noise, is asked whether it vanishes.
            let vanishes = |at: &[f64]| {
                process.is_none_or(|process| {
                    let start = &way.minimum;
                    let usual =
                        process.tensor_along(&start.position, &start.eigenvectors[way.leaving_mode()]);
                    process.tensor_along(at, &self.surface.gradient(at)) <= VANISHING * usual
                })
            };
            if let Some(inflection) = way.inflections.last()
                && vanishes(&inflection.position)
            {
                // A curvature that jumps has no third derivative to speak of.
                let reached =
                    reaches_inflection(learning_rate, batch_size, inflection.slope, inflection.third)
                        .unwrap_or(true);
                broken.push(BrokenAssumption::VanishingNoise { reached });
            }
            if way.straightness() < 1.0 - NEGLIGIBLE {
                broken.push(BrokenAssumption::PathTurns { cosine: way.straightness() });
            }
            let leaving = way.leaving_mode();
            let logarithm = |values: &mut dyn Iterator<Item = f64>| -> f64 { values.map(f64::ln).sum() };
            let at_saddle = logarithm(&mut way.saddle.eigenvalues.iter().skip(1).map(|value| value.abs()));
            let at_minimum = logarithm(
                &mut way
                    .minimum
                    .eigenvalues
                    .iter()
                    .enumerate()
                    .filter(|(mode, _)| *mode != leaving)
                    .map(|(_, value)| value.abs()),
            );
            let factor = (0.5 * (at_saddle - at_minimum)).exp();
            if is_regular(way) && self.surface.is_dense() && (factor - 1.0).abs() > NEGLIGIBLE {
                broken.push(BrokenAssumption::TransverseCurvature { factor });
            }
        }
        Ok(())
    }

    /// What the process's own drift and diffusion break, looked at along the ways.
    fn broken_by_process(
        &self,
        theory: EscapeTheory,
        process: &dyn ItoProcess,
        broken: &mut Vec<BrokenAssumption>,
    ) -> Result<(), EscapeError> {
        let dimension = process.dimension();
        let (mut drift, mut tensor) = (vec![0.0; dimension], vec![0.0; dimension * dimension]);
        let (mut other, mut least, mut most) = (0.0f64, f64::INFINITY, 0.0f64);
        let (mut ratio, mut unlike) = (1.0f64, 0.0f64);
        for way in &self.gates {
            let steepest =
                way.ascent.iter().map(|point| norm(&self.surface.gradient(point))).fold(0.0, f64::max);
            for (k, point) in way.ascent.iter().enumerate() {
                process.drift(point, &mut drift);
                process.tensor(point, &mut tensor);
                let gradient = self.surface.gradient(point);
                let wrong: Vec<f64> = drift.iter().zip(&gradient).map(|(b, g)| b + g).collect();
                other = other.max(norm(&wrong) / norm(&gradient).max(1e-3 * steepest));
                let along = super::curve::tangent(&way.ascent, k);
                let product: Vec<f64> = tensor.chunks_exact(dimension).map(|row| dot(row, &along)).collect();
                let noise = dot(&along, &product);
                (least, most) = (least.min(noise), most.max(noise));
                ratio = ratio.max(spread(&tensor, dimension)?);
                if let EscapeTheory::LossProportional { temperature } = theory {
                    unlike = unlike.max((noise / (temperature * way.losses[k]) - 1.0).abs());
                }
                if let EscapeTheory::Sgd { learning_rate, batch_size, .. } = theory
                    && (k == 0 || k + 1 == way.ascent.len())
                {
                    let wanted = 0.5 * learning_rate / batch_size * way.curvatures[k].abs();
                    unlike = unlike.max((noise / wanted - 1.0).abs());
                }
            }
        }
        if other > NEGLIGIBLE {
            broken.push(BrokenAssumption::NotGradient { share: other });
        }
        if matches!(theory, EscapeTheory::Sgd { .. }) {
            if unlike > NEGLIGIBLE {
                broken.push(BrokenAssumption::NoiseUnlikeCurvature { deviation: unlike });
            }
            return Ok(());
        }
        if matches!(theory, EscapeTheory::LossProportional { .. }) {
            if unlike > NEGLIGIBLE {
                broken.push(BrokenAssumption::NoiseUnlikeLoss { deviation: unlike });
            }
            return Ok(());
        }
        if ratio > 1.0 + NEGLIGIBLE {
            broken.push(BrokenAssumption::AnisotropicNoise { ratio });
        }
        if most > (1.0 + NEGLIGIBLE) * least {
            broken.push(BrokenAssumption::VaryingNoise { ratio: most / least });
        }
        let given = match theory {
            EscapeTheory::EyringKramers { inverse_temperature } => Some(1.0 / inverse_temperature),
            EscapeTheory::Sgld { diffusion } => Some(diffusion),
            _ => None,
        };
        if let Some(given) = given
            && (most / given > 1.0 + NEGLIGIBLE || least / given < 1.0 - NEGLIGIBLE)
            && most <= (1.0 + NEGLIGIBLE) * least
        {
            // The same everywhere, but not what the theory was told.
            broken.push(BrokenAssumption::VaryingNoise { ratio: (most / given).max(given / least) });
        }
        Ok(())
    }
}

/// The ratio of the largest to the smallest eigenvalue of D; infinite where it is singular.
fn spread(tensor: &[f64], dimension: usize) -> Result<f64, EscapeError> {
    let matrix = faer::Mat::from_fn(dimension, dimension, |i, j| {
        0.5 * (tensor[i * dimension + j] + tensor[j * dimension + i])
    });
    let (values, _) = crate::theory::eigenbasis(matrix.as_ref())?;
    Ok(if values[0] > 0.0 { values[dimension - 1] / values[0] } else { f64::INFINITY })
}

mod exponents;
#[cfg(test)]
mod tests;
