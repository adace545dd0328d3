//! The diffusion that a rule makes of its noise, as predictions look at it.

use super::setting::{Setting, equation_noise_of, gradient_noise_of};
use crate::density::DiffusionProcess;
use crate::escape::{ItoProcess, WhiteNoise};
use crate::landscape::Field;
use crate::study::{Cell, Rule};

/// The diffusion that the rule makes of its noise.
pub(super) fn process(
    cell: &Cell,
    setting: &Setting<f64>,
    field: &Field<f64>,
) -> Option<Box<dyn ItoProcess>> {
    let description = &cell.description;
    let of_gradient = |learning_rate: f64, batch: u64| -> Option<DiffusionProcess> {
        let noise = gradient_noise_of(description, setting, batch).ok()??;
        DiffusionProcess::stochastic_gradient(field, noise, learning_rate).ok()
    };
    Some(match &description.rule {
        Rule::Langevin { beta, .. } => Box::new(WhiteNoise { field: field.clone(), diffusion: 1.0 / beta }),
        // ε L² is ε√2 W.
        Rule::Levy { scale, .. } => Box::new(WhiteNoise { field: field.clone(), diffusion: scale * scale }),
        Rule::Sgld { step, beta } => {
            let own = of_gradient(step.learning_rate, step.batch_size);
            Box::new(Added { injected: WhiteNoise { field: field.clone(), diffusion: 1.0 / beta }, own })
        }
        Rule::Sgd { step, .. } | Rule::HeavyBall { step, .. } => {
            Box::new(of_gradient(step.learning_rate, step.batch_size)?)
        }
        Rule::Sde { diffusion, .. } => {
            let noise = equation_noise_of(description, setting, diffusion).ok()?;
            Box::new(DiffusionProcess::stochastic_gradient(field, noise, diffusion.learning_rate).ok()?)
        }
        Rule::Sme2 { diffusion, .. } => {
            let noise = equation_noise_of(description, setting, diffusion).ok()?;
            Box::new(DiffusionProcess::modified_equation(field, noise, diffusion.learning_rate).ok()?)
        }
        _ => return None,
    })
}

/// SGLD: injected noise beside that of the gradient.
struct Added {
    injected: WhiteNoise,
    own: Option<DiffusionProcess>,
}

impl ItoProcess for Added {
    fn dimension(&self) -> usize {
        self.injected.dimension()
    }
    fn drift(&self, point: &[f64], out: &mut [f64]) {
        self.injected.drift(point, out);
    }
    fn tensor(&self, point: &[f64], out: &mut [f64]) {
        self.injected.tensor(point, out);
        if let Some(own) = &self.own {
            let mut more = vec![0.0; out.len()];
            ItoProcess::tensor(own, point, &mut more);
            for (out, more) in out.iter_mut().zip(more) {
                *out += more;
            }
        }
    }
}
