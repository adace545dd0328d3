//! The update rule of a cell.

use serde::Deserialize;

/// How a step is made. Discrete rules count steps k, continuous rules count time t.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum Rule {
    /// θ' = θ − ηĝ.
    Sgd {
        /// η, B, sampling and schedule.
        #[serde(flatten)]
        step: Step,
        /// w ≥ 0 of the term wθ added to the gradient.
        weight_decay: f64,
    },
    /// m' = μm + ĝ, θ' = θ − ηm'.
    HeavyBall {
        /// η, B, sampling and schedule.
        #[serde(flatten)]
        step: Step,
        /// μ in [0, 1).
        momentum: f64,
        /// w ≥ 0 of the term wθ added to the gradient.
        weight_decay: f64,
    },
    /// Nesterov's momentum as deep-learning frameworks define it: m' = μm + ĝ, θ' = θ − η(ĝ + μm').
    Nesterov {
        /// η, B, sampling and schedule.
        #[serde(flatten)]
        step: Step,
        /// μ in [0, 1).
        momentum: f64,
        /// w ≥ 0 of the term wθ added to the gradient.
        weight_decay: f64,
    },
    /// θ' = θ − ηĝ + √(2η/β) z.
    Sgld {
        /// η, B, sampling and schedule.
        #[serde(flatten)]
        step: Step,
        /// The inverse temperature β > 0.
        beta: f64,
    },
    /// Stochastic variance amplified gradient: learning rate η/l, ĝ_l = ((1+c)/2)g₁ + ((1−c)/2)g₂, c = √(2l−1).
    Svag {
        /// η, B, sampling and schedule.
        #[serde(flatten)]
        step: Step,
        /// l ≥ 1.
        amplification: u64,
    },
    /// dX = −∇U dt + √(2/β) dW.
    Langevin {
        /// The inverse temperature β > 0.
        beta: f64,
        /// The integrator and its step.
        #[serde(flatten)]
        integration: Integration,
    },
    /// The first-order SDE of SGD, dθ = −g dt + √(ηC) dW.
    Sde {
        /// η, B and the interpretation.
        #[serde(flatten)]
        diffusion: Diffusion,
        /// The integrator and its step.
        #[serde(flatten)]
        integration: Integration,
    },
    /// The second-order modified equation, dθ = −∇(L + (η/4)|∇L|²) dt + √(ηC) dW.
    Sme2 {
        /// η, B and the interpretation.
        #[serde(flatten)]
        diffusion: Diffusion,
        /// The integrator and its step.
        #[serde(flatten)]
        integration: Integration,
    },
    /// dθ = −∇L dt, without noise: what a study of the landscape alone speaks of.
    GradientFlow {},
    /// dX = −∇U dt + ε dL^α, E exp(ik·L₁) = exp(−|k|^α).
    Levy {
        /// α in (0, 2].
        alpha: f64,
        /// ε > 0.
        scale: f64,
        /// Whether L is rotation invariant; otherwise its coordinates are independent.
        isotropic: bool,
        /// The integrator and its step.
        #[serde(flatten)]
        integration: Integration,
    },
}

/// What discrete rules have in common.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Step {
    /// η > 0, time per step.
    pub learning_rate: f64,
    /// The number B of samples in a minibatch.
    pub batch_size: u64,
    /// How minibatches are drawn; none where the landscape has no samples.
    pub sampling: Option<Sampling>,
    /// How η changes with the step.
    #[serde(flatten)]
    pub schedule: Schedule,
}

/// How minibatches are drawn from N samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// Each sample anew: C = Σ/B.
    WithReplacement,
    /// Distinct samples within a batch: C = (Σ/B)(N−B)/(N−1).
    WithoutReplacement,
    /// Epochs of disjoint batches.
    Reshuffled,
}

/// The learning rate η_k at step k, from the base η.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(tag = "schedule", rename_all = "kebab-case")]
pub enum Schedule {
    /// η.
    Constant,
    /// η·factor^⌊k/every⌋.
    Step {
        /// Steps between two reductions.
        #[serde(rename = "schedule_every")]
        every: u64,
        /// In (0, 1].
        #[serde(rename = "schedule_factor")]
        factor: f64,
    },
    /// η·factor^k.
    Exponential {
        /// In (0, 1].
        #[serde(rename = "schedule_factor")]
        factor: f64,
    },
    /// floor + ½(η − floor)(1 + cos(π·min(k, steps)/steps)).
    Cosine {
        /// The length of the descent in steps.
        #[serde(rename = "schedule_steps")]
        steps: u64,
        /// The learning rate at its end, ≥ 0.
        #[serde(rename = "schedule_floor")]
        floor: f64,
    },
    /// η·min(1, (k+1)/steps).
    Warmup {
        /// The length of the ascent in steps.
        #[serde(rename = "schedule_steps")]
        steps: u64,
    },
}

/// The noise of the stochastic differential equations of SGD.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Diffusion {
    /// η > 0 in √(ηC), time per step of the SGD that is modelled.
    pub learning_rate: f64,
    /// The number B of samples in a minibatch.
    pub batch_size: u64,
    /// The scheme whose covariance the equation has; none where the landscape has no samples.
    pub sampling: Option<Sampling>,
    /// Where in a step state-dependent noise is evaluated.
    pub interpretation: Interpretation,
}

/// Where in a step state-dependent noise is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interpretation {
    /// At its start, as SGD does.
    Ito,
    /// In its middle.
    Stratonovich,
    /// At its end.
    AntiIto,
}

/// How an equation is integrated.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Integration {
    /// The interval that observers see, in time, > 0.
    pub step_size: f64,
    /// Integrator steps in one `step_size`.
    pub substeps: u64,
    /// The scheme.
    pub integrator: Integrator,
}

/// The scheme that integrates an equation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Integrator {
    /// Weak order 1.
    EulerMaruyama,
    /// Stochastic Heun, weak order 2 for additive noise.
    Heun,
    /// Weak order 2.
    #[serde(rename = "weak-order-2")]
    WeakOrder2,
}
