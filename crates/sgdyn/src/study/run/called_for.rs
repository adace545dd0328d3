//! Which theories of escape a rule and its noise call for.

use crate::study::{Noise, Rule, TheoryOfEscape};

/// Without `escape.theories` the path of least action in up to so many.
const MOST_DIMENSIONS_OF_ACTION: usize = 3;

/// The theories that rule and noise call for.
pub(super) fn called_for(rule: &Rule, noise: Option<&Noise>, dimension: usize) -> Vec<TheoryOfEscape> {
    let action = |theories: &[TheoryOfEscape]| {
        let mut theories = theories.to_vec();
        if dimension <= MOST_DIMENSIONS_OF_ACTION {
            theories.push(TheoryOfEscape::Action);
        }
        theories
    };
    match (rule, noise) {
        (Rule::Sgld { .. }, None | Some(Noise::Gaussian { .. } | Noise::Rademacher { .. })) => {
            vec![TheoryOfEscape::Kramers, TheoryOfEscape::Sgld]
        }
        (Rule::Levy { alpha, .. }, _) if *alpha == 2.0 => vec![TheoryOfEscape::Kramers],
        (Rule::Levy { .. }, _) => vec![TheoryOfEscape::Levy],
        (Rule::HeavyBall { .. }, Some(Noise::Gaussian { .. } | Noise::Rademacher { .. })) => {
            vec![TheoryOfEscape::Langer]
        }
        (Rule::Langevin { .. }, _)
        | (
            Rule::Sgd { .. } | Rule::Sde { .. } | Rule::Sme2 { .. },
            Some(Noise::Gaussian { .. } | Noise::Rademacher { .. }),
        ) => vec![TheoryOfEscape::Kramers],
        (Rule::Sgd { .. } | Rule::Sde { .. }, Some(Noise::Hessian { .. } | Noise::Switching { .. })) => {
            vec![TheoryOfEscape::Sgd]
        }
        (Rule::Sgd { .. } | Rule::Sde { .. }, Some(Noise::LossProportional { .. })) => {
            action(&[TheoryOfEscape::LossProportional])
        }
        (
            Rule::Sgd { .. } | Rule::Sde { .. },
            Some(
                Noise::Covariance { .. }
                | Noise::LowRank { .. }
                | Noise::Formula { .. }
                | Noise::Multiplicative { .. },
            ),
        ) => action(&[TheoryOfEscape::Kramers]),
        _ => Vec::new(),
    }
}
