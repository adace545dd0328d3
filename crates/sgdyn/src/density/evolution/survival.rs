//! How many are still there: the survival curve of a chain with exits.

use super::super::law::check_law;
use super::super::{DensityError, QuasiStationary, Rates, Solver, sums};
use super::{Evolution, StepCounts};

/// The survival curve at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SurvivalAt {
    /// The time.
    pub time: f64,
    /// `S(t) = P(T > t)`.
    pub surviving: f64,
    /// `P(T ≤ t)`: summed from what left, not 1 − S.
    pub left: f64,
    /// ln S: where S itself is below the range of f64.
    pub logarithm: f64,
    /// `−dS/dt = Σ e_i p_i`, per unit of time: the density of T.
    pub exit_density: f64,
}

/// Where the tail took over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TailSwitch {
    /// When.
    pub time: f64,
    /// The larger of `Σ |p − c q|/c` and `Σ φ |p − c q|/c` then, `c = ⟨φ, p⟩`. The second never grows afterwards: seen
    /// with φ, survivors are a chain that nothing leaves (J. L. Doob's transform), in which distances shrink.
    pub distance: f64,
    /// `|c exp(νt)/⟨φ, p(0)⟩ − 1|`: what steps of time have cost the amplitude, and the tail does not inherit.
    pub drift: f64,
}

/// A survival curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Survival {
    /// At the times asked for.
    pub curve: Vec<SurvivalAt>,
    /// The slowest rate of exit, per unit of time; `None` where no single one was found.
    pub rate: Option<f64>,
    /// Where steps of time ended and `⟨φ, p(0)⟩ exp(−νt)` began, if they did.
    pub switch: Option<TailSwitch>,
    /// [`Evolution::estimated_error`] when steps of time ended.
    pub estimated_error: f64,
    /// What steps of time took.
    pub counts: StepCounts,
}

/// The survival curve `S(t)` from a starting law `[states]` at ascending `times`.
///
/// Steps of time ([`Evolution`], `tolerance` per step) up to where the masses have the quasi-stationary shape within
/// `tolerance`; from there the exact exponential `⟨φ, p(0)⟩ exp(−νt)`, whose amplitude no step has touched. So a
/// horizon of 1e9 mean lives costs no more than the relaxation inside the well.
///
/// # Errors
/// Masses that are no law; times that do not ascend from 0; a state that cannot leave; those of the solver.
///
/// # Examples
/// ```
/// use sgdyn::density::{DenseSolver, RatesBuilder, survival};
/// // One state left at rate 2: S = exp(−2t), also at t = 1000 where S is below 1e-868.
/// let mut chain = RatesBuilder::new();
/// chain.exit(2.0);
/// chain.finish_state([0, 0, 0]);
/// let curve = survival(&chain.finish()?, &DenseSolver, &[1.0], &[1e-6, 1000.0], 1e-8)?.curve;
/// assert!((curve[0].left / 2e-6 - 1.0).abs() < 2e-6);
/// assert!((curve[1].logarithm / -2000.0 - 1.0).abs() < 1e-12);
/// # Ok::<(), sgdyn::density::DensityError>(())
/// ```
pub fn survival(
    chain: &Rates,
    solver: &dyn Solver,
    start: &[f64],
    times: &[f64],
    tolerance: f64,
) -> Result<Survival, DensityError> {
    check_law(chain, start)?;
    let mut earlier = 0.0;
    for &time in times {
        if !(time >= earlier && time.is_finite()) {
            let allowed = "finite times that ascend from 0";
            return Err(DensityError::OutOfRange { name: "time", value: time, allowed });
        }
        earlier = time;
    }
    let law = {
        let resolvent = solver.resolvent(chain)?;
        match QuasiStationary::new(chain, &*resolvent) {
            Ok(law) => Some(law),
            // Without a single slowest rate there is no tail to switch to; steps of time still answer.
            Err(DensityError::NotConverged { .. }) => None,
            Err(error) => return Err(error),
        }
    };
    let mut evolution = Evolution::new(chain, solver, start, tolerance)?;
    let mut tail = law.as_ref().and_then(|law| Tail::reached(law, start, &evolution, tolerance));
    let mut curve = Vec::new();
    for &time in times {
        while tail.is_none() && evolution.step_towards(time)? {
            tail = law.as_ref().and_then(|law| Tail::reached(law, start, &evolution, tolerance));
        }
        curve.push(match &tail {
            Some(tail) if time >= tail.switch.time => tail.at(time),
            _ => now(chain, &evolution),
        });
    }
    Ok(Survival {
        curve,
        rate: law.as_ref().map(|law| law.rate),
        switch: tail.map(|tail| tail.switch),
        estimated_error: evolution.estimated_error(),
        counts: evolution.counts(),
    })
}

fn now(chain: &Rates, evolution: &Evolution<'_>) -> SurvivalAt {
    let surviving = sums::sum(evolution.masses());
    SurvivalAt {
        time: evolution.time(),
        surviving,
        left: evolution.left(),
        logarithm: surviving.ln(),
        exit_density: sums::dot(evolution.masses(), chain.exits()),
    }
}

struct Tail {
    switch: TailSwitch,
    rate: f64,
    /// ⟨φ, p(0)⟩.
    amplitude: f64,
    /// What had left, and what had not, at the switch.
    left: f64,
    surviving: f64,
}

impl Tail {
    /// The tail, once the masses have its shape.
    fn reached(
        law: &QuasiStationary,
        start: &[f64],
        evolution: &Evolution<'_>,
        tolerance: f64,
    ) -> Option<Self> {
        let masses = evolution.masses();
        let amplitude = sums::dot(&law.amplitude, masses);
        let ones = vec![1.0; masses.len()];
        let plain = sums::weighted_distance(&ones, masses, amplitude, &law.masses);
        let transformed = sums::weighted_distance(&law.amplitude, masses, amplitude, &law.masses);
        let distance = plain.max(transformed) / amplitude;
        // NaN: nothing is left to compare.
        if distance.is_nan() || distance > tolerance {
            return None;
        }
        let time = evolution.time();
        let first = sums::dot(&law.amplitude, start);
        let drift = (amplitude / first * (law.rate * time).exp() - 1.0).abs();
        let switch = TailSwitch { time, distance, drift };
        let surviving = sums::sum(masses);
        Some(Self { switch, rate: law.rate, amplitude: first, left: evolution.left(), surviving })
    }

    fn at(&self, time: f64) -> SurvivalAt {
        let logarithm = self.amplitude.ln() - self.rate * time;
        let since = -(-self.rate * (time - self.switch.time)).exp_m1();
        SurvivalAt {
            time,
            surviving: logarithm.exp(),
            left: self.left + self.surviving * since,
            logarithm,
            exit_density: self.rate * logarithm.exp(),
        }
    }
}
