//! What theories predict for the escape from one minimum, and which of their assumptions the case breaks.

use std::fmt;

use super::pass_path::{hessian_at, is_regular, largest_curvature};
use super::vectors::{distance, dot, norm};
use super::{
    ActionOptions, CriticalKind, EscapeError, ItoProcess, LeastActionPath, PassGraph, PassPath,
    SearchOptions, Surface, least_action_path,
};
use crate::theory::{
    EscapePath, EscapeTime, Gate, SgdPrefactor, eyring_kramers, kramers_langer, power_law_escape_time,
    reaches_inflection, sgd_theorem, total_rate,
};

/// Below this exponent the next order, relative 1/exponent or so, is no small correction.
const LARGE_EXPONENT: f64 = 4.0;

/// Relative differences that count as none: a theory's own error is larger.
const NEGLIGIBLE: f64 = 0.02;

/// A condition of a theory that a case does not meet, with the number that says so.
#[derive(Clone, Debug, PartialEq)]
pub enum BrokenAssumption {
    /// The exponent is not large: corrections of relative order 1/exponent matter.
    SmallExponent {
        /// ΔL/D, or what stands for it.
        exponent: f64,
    },
    /// The minimum or a saddle has no determinant.
    Degenerate {
        /// What it is.
        kind: CriticalKind,
    },
    /// The noise is not the same in all directions.
    AnisotropicNoise {
        /// The largest ratio of the eigenvalues of D on the way.
        ratio: f64,
    },
    /// The noise changes along the way.
    VaryingNoise {
        /// The ratio of largest to smallest tᵀDt on the way.
        ratio: f64,
    },
    /// The noise along the way is not proportional to the curvature there.
    NoiseUnlikeCurvature {
        /// The largest relative deviation of tᵀDt from (η/2B)|tᵀHt|, at the minimum and the saddle.
        deviation: f64,
    },
    /// The drift is not the gradient of the loss.
    NotGradient {
        /// |b + ∇L| over |∇L|, the largest on the way.
        share: f64,
    },
    /// The way turns, the theory sees one direction.
    PathTurns {
        /// The cosine between the directions at the minimum and at the saddle.
        cosine: f64,
    },
    /// The curvature along the way does not change its sign exactly once.
    Inflections {
        /// How often it does.
        count: usize,
    },
    /// Noise proportional to |L''| vanishes at the inflection, and the Itô equation never crosses it: the theorem stands for
    /// noise that switches there.
    VanishingNoise {
        /// Whether it even reaches the inflection.
        reached: bool,
    },
    /// The step is not small against the fastest relaxation: the discrete map is no diffusion.
    LargeStep {
        /// ηλ_max at the minimum; 2 is the limit of stability.
        step: f64,
    },
    /// A theory of one dimension, applied along the way.
    SeveralDimensions {
        /// How many there are.
        dimension: usize,
    },
    /// The noise along the way is not proportional to the loss.
    NoiseUnlikeLoss {
        /// The largest relative deviation of tᵀDt from T·L on the way.
        deviation: f64,
    },
    /// The directions across the way change their stiffness, which a theory of one direction leaves out.
    TransverseCurvature {
        /// The factor √(∏λ at the saddle / ∏λ at the minimum) over the other directions.
        factor: f64,
    },
    /// A minimum on the way is deep enough to hold the process, or other gates lead to places that are not known.
    UnknownFarSide {
        /// How many gates lead nowhere known.
        gates: usize,
    },
}

impl fmt::Display for BrokenAssumption {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SmallExponent { exponent } => write!(
                formatter,
                "the exponent {exponent:.3} is not large: corrections are of relative order {:.2}",
                1.0 / exponent
            ),
            Self::Degenerate { kind } => write!(formatter, "a {kind} has no determinant"),
            Self::AnisotropicNoise { ratio } => {
                write!(formatter, "the noise is anisotropic, eigenvalues of D differ by {ratio:.3}×")
            }
            Self::VaryingNoise { ratio } => {
                write!(formatter, "the noise along the way varies by {ratio:.3}×")
            }
            Self::NoiseUnlikeCurvature { deviation } => write!(
                formatter,
                "the noise along the way is not (η/2B)|H|: it deviates by {:.1} %",
                100.0 * deviation
            ),
            Self::NotGradient { share } => {
                write!(formatter, "the drift is not −∇L: {:.1} % of it is something else", 100.0 * share)
            }
            Self::PathTurns { cosine } => {
                write!(formatter, "the way turns between minimum and saddle, cosine {cosine:.3}")
            }
            Self::Inflections { count } => {
                write!(formatter, "the curvature along the way changes its sign {count} times, not once")
            }
            Self::VanishingNoise { reached } => write!(
                formatter,
                "noise ∝ |L''| vanishes at the inflection: the Itô process {} it and never crosses; the theorem stands for switching noise",
                if *reached { "reaches" } else { "never reaches" }
            ),
            Self::LargeStep { step } => {
                write!(formatter, "the step is large: ηλ_max = {step:.3}, stable below 2")
            }
            Self::SeveralDimensions { dimension } => {
                write!(formatter, "the theory is one-dimensional, the landscape has {dimension} dimensions")
            }
            Self::NoiseUnlikeLoss { deviation } => write!(
                formatter,
                "the noise along the way is not T·L: it deviates by {:.1} %",
                100.0 * deviation
            ),
            Self::TransverseCurvature { factor } => write!(
                formatter,
                "directions across the way change their stiffness: a factor {factor:.3} is left out"
            ),
            Self::UnknownFarSide { gates } => {
                write!(formatter, "{gates} gate(s) lead to places that are not known")
            }
        }
    }
}

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
        let part = |point: &super::CriticalPoint, length: f64| -> f64 {
            let curvature = |x: f64| self.surface.hessian_times(&[x], &[1.0])[0];
            let (x, step) = (point.position[0], 1e-3 * length);
            let (up, at, down) = (curvature(x + step), curvature(x), curvature(x - step));
            let (third, fourth) = ((up - down) / (2.0 * step), (up - 2.0 * at + down) / (step * step));
            5.0 * third * third / (24.0 * at.abs().powi(3)) - at.signum() * fourth / (8.0 * at * at)
        };
        let of_gate = |way: &PassPath| {
            let length = way.arc[way.arc.len() - 1];
            part(&way.minimum, length) + part(&way.saddle, length)
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
        let lowest = self.gates.iter().map(PassPath::barrier).fold(f64::INFINITY, f64::min);
        let exponent = match theory {
            EscapeTheory::EyringKramers { inverse_temperature }
            | EscapeTheory::KramersLanger { inverse_temperature, .. } => inverse_temperature * lowest,
            EscapeTheory::Sgld { diffusion } => lowest / diffusion,
            EscapeTheory::LossProportional { temperature } => self
                .gates
                .iter()
                .map(|way| (way.saddle.loss / way.minimum.loss).ln() / temperature)
                .fold(f64::INFINITY, f64::min),
            EscapeTheory::Sgd { learning_rate, batch_size, .. } => self
                .gates
                .iter()
                .map(|way| {
                    let (s, h) = (way.switch_share(), -way.saddle.eigenvalues[0]);
                    2.0 * batch_size * way.barrier() / learning_rate * (s / way.curvatures[0] + (1.0 - s) / h)
                })
                .fold(f64::INFINITY, f64::min),
        };
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
            self.broken_by_sgd(learning_rate, batch_size, &mut broken)?;
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
            if let Some(inflection) = way.inflections.last() {
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

#[cfg(test)]
mod tests {
    use super::super::testing::{formula, named_field};
    use super::super::{ExploreOptions, ItoFunctions, WhiteNoise, explore, refine_saddle};
    use super::*;
    use crate::density::{
        Axis, DiffusionProcess, FirstPassage, Grid, Method, SparseSolver, Target, generator_until,
    };
    use crate::theory::{FarSide, Interpretation, Process, first_passage_time};

    fn case(surface: &Surface, guess: &[f64], tangent: &[f64], from: &[f64]) -> EscapeCase {
        let options = SearchOptions::default();
        let saddle = refine_saddle(surface, guess, tangent, &options).unwrap();
        let ways = PassPath::over(surface, &saddle, &options).unwrap();
        let way = ways.into_iter().flatten().find(|way| distance(&way.minimum.position, from) < 0.1);
        EscapeCase::over_gates(surface, vec![way.unwrap()]).unwrap()
    }

    #[test]
    fn the_quartic_double_well() {
        let surface = formula("x^4 - 2*x^2");
        let case = case(&surface, &[0.1], &[1.0], &[1.0]);
        let way = &case.gates()[0];
        assert_eq!(way.inflections.len(), 1);
        // c = 1/√3, s = 4/9 (physics), L' = 4c³ − 4c, L''' = 24c.
        let c = 1.0 / 3f64.sqrt();
        assert!((way.inflections[0].position[0] - c).abs() < 1e-13);
        assert!((way.switch_share() - 4.0 / 9.0).abs() < 1e-13);
        assert!((way.inflections[0].slope - (4.0 * c - 4.0 * c.powi(3))).abs() < 1e-12);
        assert!((way.inflections[0].third.abs() / (24.0 * c) - 1.0).abs() < 1e-3);
        // τ = (π/2√2) e^β.
        let kramers = case.predict(EscapeTheory::EyringKramers { inverse_temperature: 5.0 }, None).unwrap();
        let exact = std::f64::consts::PI / 8f64.sqrt() * 5f64.exp();
        assert!((kramers.time.to_far_well() / exact - 1.0).abs() < 1e-12);
        assert!(kramers.broken.is_empty());
        let same = case.predict(EscapeTheory::Sgld { diffusion: 0.2 }, None).unwrap();
        assert!((same.time.log_to_far_well - kramers.time.log_to_far_well).abs() < 1e-12);
        // (2π/h) exp[(2B/η)(s/8 + (1 − s)/4)], both prefactors.
        for (prefactor, curvature) in
            [(SgdPrefactor::ContinuousDensity, 4.0), (SgdPrefactor::ContinuousFlux, 8.0)]
        {
            let theory = EscapeTheory::Sgd { learning_rate: 0.01, batch_size: 1.0, prefactor };
            let sgd = case.predict(theory, None).unwrap();
            let exact = (2.0 * std::f64::consts::PI / curvature).ln()
                + 2.0 / 0.01 * (4.0 / 9.0 / 8.0 + 5.0 / 9.0 / 4.0);
            assert!((sgd.time.log_to_far_well - exact).abs() < 1e-11);
            assert_eq!(sgd.broken, [BrokenAssumption::VanishingNoise { reached: false }]);
        }
        let hot = case.predict(EscapeTheory::EyringKramers { inverse_temperature: 1.0 }, None).unwrap();
        assert!(matches!(hot.broken[..], [BrokenAssumption::SmallExponent { .. }]));
    }

    #[test]
    fn corrections_and_other_theories_on_a_line() {
        let surface = formula("x^4 - 2*x^2");
        let quartic = case(&surface, &[0.1], &[1.0], &[1.0]);
        // Exact/Kramers = 1 + 3/(8β) + O(β⁻²) in the double well.
        assert!((quartic.temperature_correction().unwrap()[0] - 0.375).abs() < 1e-6);
        // S = ΔU/T from the steepest ascent.
        let white = WhiteNoise { field: named_field("double-well", &[]), diffusion: 0.1 };
        let paths = quartic.least_actions(&white, &ActionOptions::default()).unwrap();
        assert!((paths[0].action - 10.0).abs() < 1e-7, "{paths:?}");
        // A tilted well by quadrature at β = 400: what is left after κ/β is O(β⁻²).
        let tilted = formula("x^4 - 2*x^2 + 0.4*x");
        let tilted = case(&tilted, &[0.1], &[1.0], &[0.95]);
        let beta = 400.0;
        let process = Process::gibbs(|x: f64| x.powi(4) - 2.0 * x * x + 0.4 * x, 1.0 / beta).unwrap();
        let start = tilted.gates()[0].minimum.position[0];
        let exact = first_passage_time(&process, start, -1.0, FarSide::Infinite).unwrap();
        let kramers =
            tilted.predict(EscapeTheory::EyringKramers { inverse_temperature: beta }, None).unwrap();
        let ratio = (exact.log_mean - kramers.time.log_to_far_well).exp();
        let kappa = tilted.temperature_correction().unwrap()[0];
        assert!((ratio - 1.0 - kappa / beta).abs() < 5.0 / (beta * beta), "{ratio} {kappa}");
        // D = T·L with L = (x² − 1)² + ½: 2π/√(8·4·(1 + T)) · 3^(1/T + ½).
        let surface = formula("(x^2 - 1)^2 + 0.5");
        let case = case(&surface, &[0.1], &[1.0], &[1.0]);
        let power = case.predict(EscapeTheory::LossProportional { temperature: 0.02 }, None).unwrap();
        let wanted = (2.0 * std::f64::consts::PI / (32.0f64 * 1.02).sqrt()).ln() + 50.5 * 3f64.ln();
        assert!((power.time.log_to_far_well - wanted).abs() < 1e-11);
        assert!(power.broken.is_empty());
    }

    #[test]
    fn all_gates_of_styblinski_tang_add() {
        let surface = Surface::of(&named_field("styblinski-tang", &[])).unwrap();
        let graph = explore(&surface, &[-4.0; 2], &[4.0; 2], &ExploreOptions::default()).unwrap();
        let deepest = (0..4).min_by(|a, b| graph.minima[*a].loss.total_cmp(&graph.minima[*b].loss)).unwrap();
        let case = EscapeCase::from_graph(&surface, &graph, deepest, &SearchOptions::default()).unwrap();
        assert_eq!(case.gates().len(), 2);
        let beta = 0.2;
        let both = case.predict(EscapeTheory::EyringKramers { inverse_temperature: beta }, None).unwrap();
        // One coordinate crosses, the other's curvature cancels: 2π/√(h|h_s|) e^{βΔU}, half of it for two gates.
        let value = |x: f64| 0.5 * (x.powi(4) - 16.0 * x * x + 5.0 * x);
        let barrier = value(0.1567312567803401) - value(-2.903534027771177);
        let curvature = |x: f64| 6.0 * x * x - 16.0;
        let product = curvature(-2.903534027771177) * curvature(0.1567312567803401).abs();
        let exact = (std::f64::consts::PI / product.sqrt()).ln() + beta * barrier;
        assert!((both.time.log_to_far_well - exact).abs() < 1e-12);
        assert!((both.by_gate[0].rate() * 2.0 / both.time.rate() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_curved_channel_against_finite_volumes() {
        // V = (x² − 1)²/4 + ½(1 + 3x²)y²: exact mean passage time on a grid against Eyring–Kramers with the transverse factor ½.
        let field = named_field("curved-channel", &[]);
        let surface = Surface::of(&field).unwrap();
        let case = case(&surface, &[0.1, 0.05], &[1.0, 0.0], &[-1.0, 0.0]);
        let mut ratios = Vec::new();
        for temperature in [0.05, 0.025, 0.0125] {
            let theory = EscapeTheory::EyringKramers { inverse_temperature: 1.0 / temperature };
            let kramers = case.predict(theory, None).unwrap();
            let formula =
                2.0 * std::f64::consts::PI * (1.0f64 / (2.0 * 4.0)).sqrt() * (0.25 / temperature).exp();
            assert!((kramers.time.to_far_well() / formula - 1.0).abs() < 1e-10);
            ratios.push(grid_time(&field, temperature) / formula);
        }
        // The first correction is linear in ε, and extrapolated away.
        assert!(ratios[0] > ratios[1] && ratios[1] > ratios[2] && ratios[2] > 1.0, "{ratios:?}");
        assert!((2.0 * ratios[2] - ratios[1] - 1.0).abs() < 0.02, "{ratios:?}");
    }

    fn grid_time(field: &crate::landscape::Field<f64>, temperature: f64) -> f64 {
        let process = DiffusionProcess::langevin(field, 1.0 / temperature).unwrap();
        let grid = Grid::new(vec![Axis::uniform(-1.9, 1.1, 120), Axis::uniform(-1.2, 1.2, 80)]).unwrap();
        let target = Target::half_space(vec![-1.0, 0.0], -0.9);
        let (chain, cells) = generator_until(&process, &grid, Interpretation::Ito, &target).unwrap();
        let solver = SparseSolver::new(Method::Automatic, 1 << 30);
        let passage = FirstPassage::new(&chain, &solver).unwrap();
        let start = grid.cell_of(&[-1.0, 0.0]).unwrap();
        passage.mean[cells.iter().position(|cell| *cell == start).unwrap()]
    }

    #[test]
    fn a_process_that_is_something_else_is_noticed() {
        let field = named_field("double-well", &[]);
        let surface = Surface::of(&field).unwrap();
        let case = case(&surface, &[0.1], &[1.0], &[1.0]);
        let white = WhiteNoise { field: field.clone(), diffusion: 0.2 };
        let theory = EscapeTheory::EyringKramers { inverse_temperature: 5.0 };
        assert!(case.predict(theory, Some(&white)).unwrap().broken.is_empty());
        let other = WhiteNoise { diffusion: 0.3, ..white };
        assert!(matches!(
            case.predict(theory, Some(&other)).unwrap().broken[..],
            [BrokenAssumption::VaryingNoise { .. }]
        ));
        let hessian = ItoFunctions {
            dimension: 1,
            drift: |p: &[f64], b: &mut [f64]| b[0] = 4.0 * p[0] - 4.0 * p[0].powi(3),
            tensor: |p: &[f64], d: &mut [f64]| d[0] = 0.005 * (12.0 * p[0] * p[0] - 4.0).abs(),
        };
        let broken = case.predict(theory, Some(&hessian)).unwrap().broken;
        assert!(broken.iter().any(|b| matches!(b, BrokenAssumption::VaryingNoise { .. })), "{broken:?}");
        let prefactor = SgdPrefactor::ContinuousDensity;
        let sgd = EscapeTheory::Sgd { learning_rate: 0.01, batch_size: 1.0, prefactor };
        let broken = case.predict(sgd, Some(&hessian)).unwrap().broken;
        assert_eq!(broken, [BrokenAssumption::VanishingNoise { reached: false }]);
        let broken = case.predict(sgd, Some(&white_at(&field))).unwrap().broken;
        assert!(broken.iter().any(|b| matches!(b, BrokenAssumption::NoiseUnlikeCurvature { .. })));
    }

    fn white_at(field: &crate::landscape::Field<f64>) -> WhiteNoise {
        WhiteNoise { field: field.clone(), diffusion: 0.2 }
    }

    #[test]
    fn degenerate_gates_get_no_formula() {
        // A saddle of fourth order between two minima.
        let surface = formula("y^2 + x^8/8 - x^4/4");
        let case = case(&surface, &[0.05, 0.0], &[1.0, 0.0], &[1.0, 0.0]);
        let error = case.predict(EscapeTheory::EyringKramers { inverse_temperature: 5.0 }, None);
        assert!(matches!(error, Err(EscapeError::WrongKind { .. })), "{error:?}");
        assert!(EscapeCase::over_gates(&surface, Vec::new()).is_err());
    }
}
