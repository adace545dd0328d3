//! What is known of a stationary law in closed form or by quadrature.

use faer::Mat;

use crate::density::DiffusionProcess;
use crate::landscape::Field;
use crate::lanes::{Block, Scratch};
use crate::random::Law;
use crate::study::run::grid_setting::GridProblem;
use crate::study::run::setting::Setting;
use crate::study::{Description, Rule};
use crate::theory::{
    Domain, LinearDynamics, Process, linear_drift, stationary_covariance, stationary_density,
};

/// Exact values of a stationary law.
#[derive(Default)]
pub(super) struct Exact {
    /// The covariance, `[d × d]`, or nothing.
    pub covariance: Vec<f64>,
    pub entropy_production: Option<f64>,
    pub largest_current: Option<f64>,
}

pub(super) fn exact(
    problem: &GridProblem,
    setting: &Setting<f64>,
    description: &Description,
) -> Option<Exact> {
    let field = setting.field()?;
    linear(problem, field, description).or_else(|| on_a_line(problem, description))
}

/// A linear drift with constant noise.
fn linear(problem: &GridProblem, field: &Field<f64>, description: &Description) -> Option<Exact> {
    let d = field.dimension();
    let matrix = constant_hessian(field)?;
    let hessian = Mat::from_fn(d, d, |i, j| matrix[i * d + j]);
    let entries = |matrix: &Mat<f64>| (0..d * d).map(|entry| matrix[(entry / d, entry % d)]).collect();
    if let Some(process) = problem.process() {
        // The modified equation bends the drift.
        if matches!(description.rule, Rule::Sme2 { .. }) {
            return None;
        }
        let tensor = constant_tensor(process)?;
        let diffusion = Mat::from_fn(d, d, |i, j| tensor[i * d + j]);
        let law = linear_drift(hessian.as_ref(), diffusion.as_ref()).ok()?;
        return Some(Exact {
            covariance: entries(&law.covariance),
            entropy_production: Some(law.entropy_production),
            largest_current: Some(law.largest_current),
        });
    }
    let step = problem.sgd()?;
    let (rate, noise) = (step.learning_rate, step.noise?);
    let variance = match noise.law() {
        Law::Normal | Law::Rademacher | Law::ThreePoint if !noise.depends_on_state() => {
            noise_variance_at(noise, 0.0)
        }
        _ => return None,
    };
    let noise = Mat::from_fn(1, 1, |_, _| variance);
    let law = stationary_covariance(hessian.as_ref(), noise.as_ref(), rate, LinearDynamics::Sgd).ok()?;
    Some(Exact { covariance: entries(&law.covariance), ..Exact::default() })
}

/// The variance of noise in one dimension whose variates have variance 1.
pub(in crate::study::run) fn noise_variance_at(noise: &dyn crate::noise::Noise<f64>, x: f64) -> f64 {
    let (variates, at) = (noise.variates(), Block::point(&[x]));
    let mut out = at.zeros_like();
    (0..variates)
        .map(|variate| {
            let mut z = vec![0.0; variates];
            z[variate] = 1.0;
            noise.apply_root(&at, &z, &mut Scratch::new(), &mut out);
            out.get(0, 0).powi(2)
        })
        .sum()
}

/// The Hessian, if it is the same at several places, `[d × d]`.
fn constant_hessian(field: &Field<f64>) -> Option<Vec<f64>> {
    let d = field.dimension();
    let at = |shift: f64| field.hessian_at(&(0..d).map(|i| shift * (1.0 + i as f64)).collect::<Vec<_>>());
    let here = at(0.0)?;
    let scale = here.iter().fold(0.0, |scale: f64, entry| scale.max(entry.abs()));
    let same = |there: Vec<f64>| there.iter().zip(&here).all(|(a, b)| (a - b).abs() <= 1e-12 * scale);
    (scale > 0.0 && [0.37, -1.21, 2.9].into_iter().all(|shift| at(shift).is_some_and(same))).then_some(here)
}

/// The diffusion tensor, if it is the same at several places, `[d × d]`.
fn constant_tensor(process: &DiffusionProcess) -> Option<Vec<f64>> {
    let d = process.dimension();
    let at = |shift: f64| process.tensor_at(&(0..d).map(|i| shift * (1.0 + i as f64)).collect::<Vec<_>>());
    let here = at(0.0);
    [0.37, -1.21, 2.9].into_iter().all(|shift| at(shift) == here).then_some(here)
}

/// Any diffusion on a line that nothing leaves, by quadrature.
fn on_a_line(problem: &GridProblem, description: &Description) -> Option<Exact> {
    let process = problem.process().filter(|process| process.dimension() == 1)?;
    let whole = description.grid.as_ref()?.faces == ["reflecting"];
    let meant = match &description.rule {
        Rule::Sde { diffusion, .. } | Rule::Sme2 { diffusion, .. } => diffusion.interpretation,
        _ => crate::study::Interpretation::Ito,
    };
    let interpretation = crate::study::run::grid_dynamics::interpretation(meant);
    if !whole {
        return None;
    }
    let line = Process::state_dependent(|x| -process.drift_at(&[x])[0], |x| process.tensor_at(&[x])[0])
        .interpreted(interpretation);
    let [lower, upper] = problem.ends()[0];
    let domain = Domain { lower: Some(lower), upper: Some(upper), center: 0.5 * (lower + upper) };
    let law = stationary_density(&line, domain).ok()?;
    Some(Exact {
        covariance: vec![law.variance()],
        entropy_production: Some(0.0),
        largest_current: Some(0.0),
    })
}
