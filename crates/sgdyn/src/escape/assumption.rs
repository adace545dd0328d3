//! Conditions of theories that a case may break, each with the number that says so.

use std::fmt;

use super::CriticalKind;

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
    /// A discrete rule is seen at its steps only, and a step is not short against the layer around the saddle at which the target
    /// begins: it is reached late.
    SeenAtSteps {
        /// √(2η|λ|), λ the negative curvature: a step's spread over the width of the layer.
        share: f64,
    },
    /// The target begins before the top of some gates: a time over them says nothing of it.
    TargetBelowSaddle {
        /// How many gates.
        gates: usize,
    },
    /// Gates that are not higher than those to the target lead elsewhere: the target is reached by detours.
    GatesElsewhere {
        /// How many gates.
        gates: usize,
        /// How far the lowest of them lies below the lowest gate to the target.
        below: f64,
    },
    /// Some gates lead to places that are not known: whether the process stays there is open.
    UnknownFarSide {
        /// How many gates lead nowhere known.
        gates: usize,
    },
}

impl BrokenAssumption {
    /// What is broken, in a few words without the number.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SmallExponent { .. } => "small exponent",
            Self::Degenerate { .. } => "degenerate point",
            Self::AnisotropicNoise { .. } => "anisotropic noise",
            Self::VaryingNoise { .. } => "varying noise",
            Self::NoiseUnlikeCurvature { .. } => "noise unlike curvature",
            Self::NotGradient { .. } => "drift no gradient",
            Self::PathTurns { .. } => "way turns",
            Self::Inflections { .. } => "not one inflection",
            Self::VanishingNoise { .. } => "noise vanishes at inflection",
            Self::LargeStep { .. } => "large step",
            Self::SeveralDimensions { .. } => "several dimensions",
            Self::NoiseUnlikeLoss { .. } => "noise unlike loss",
            Self::TransverseCurvature { .. } => "stiffness across the way changes",
            Self::SeenAtSteps { .. } => "seen at steps",
            Self::TargetBelowSaddle { .. } => "target below saddle",
            Self::GatesElsewhere { .. } => "lower gates lead elsewhere",
            Self::UnknownFarSide { .. } => "far side unknown",
        }
    }
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
            Self::SeenAtSteps { share } => write!(
                formatter,
                "a target at the saddle is seen at steps only, each {share:.2} of the layer there"
            ),
            Self::TargetBelowSaddle { gates } => {
                write!(formatter, "the target begins below the saddle of {gates} gate(s)")
            }
            Self::GatesElsewhere { gates, below } => write!(
                formatter,
                "{gates} gate(s), the lowest {below:.3} below those to the target, lead elsewhere"
            ),
            Self::UnknownFarSide { gates } => {
                write!(formatter, "{gates} gate(s) lead to places that are not known")
            }
        }
    }
}
