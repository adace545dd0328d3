//! What studies of trained networks share: how long training takes, and the limit of stability of its rule.

use crate::study::{Description, Rule, Sampling, Schedule, Step};

/// The learning rate, batch and schedule of a discrete rule.
pub(super) fn step_of(rule: &Rule) -> Option<&Step> {
    match rule {
        Rule::Sgd { step, .. }
        | Rule::HeavyBall { step, .. }
        | Rule::Nesterov { step, .. }
        | Rule::Sgld { step, .. }
        | Rule::Svag { step, .. } => Some(step),
        _ => None,
    }
}

/// The length of a training given in steps or epochs, of N/B steps each.
pub(super) fn steps(
    steps: Option<u64>,
    epochs: Option<f64>,
    description: &Description,
    samples: usize,
) -> Option<u64> {
    let batch = step_of(&description.rule).map_or(samples as f64, |step| step.batch_size as f64);
    steps.or_else(|| epochs.map(|epochs| (epochs * samples as f64 / batch).ceil().max(1.0) as u64))
}

/// Whether every step sees the gradient of all samples.
pub(super) fn is_full_batch(rule: &Rule, samples: usize) -> bool {
    step_of(rule).is_some_and(|step| {
        let replaced = matches!(step.sampling, None | Some(Sampling::WithReplacement));
        step.batch_size == samples as u64 && !replaced
    })
}

/// The curvature beyond which the rule with full gradients does not stay at a minimum: 2/η, with momentum 2(1 + μ)/η, with
/// that of Nesterov (2 + 2μ)/(η(1 + 2μ)), less the weight decay. Cohen, Kaur, Li, Kolter and Talwalkar (ICLR 2021).
pub(super) fn stability_limit(rule: &Rule) -> Option<f64> {
    let rate = step_of(rule).filter(|step| step.schedule == Schedule::Constant)?.learning_rate;
    match rule {
        Rule::Sgd { weight_decay, .. } => Some(2.0 / rate - weight_decay),
        Rule::HeavyBall { momentum, weight_decay, .. } => Some(2.0 * (1.0 + momentum) / rate - weight_decay),
        Rule::Nesterov { momentum, weight_decay, .. } => {
            Some((2.0 + 2.0 * momentum) / (rate * (1.0 + 2.0 * momentum)) - weight_decay)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str) -> Rule {
        let text = format!(
            r#"{{"name": "{name}", "learning_rate": 0.1, "batch_size": 5, "momentum": 0.8, "weight_decay": 0.3,
                "sampling": "without-replacement", "schedule": "constant"}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn the_limit_is_where_the_rule_on_a_parabola_turns_unstable() {
        for name in ["sgd", "heavy-ball", "nesterov"] {
            let rule = rule(name);
            let limit = stability_limit(&rule).unwrap();
            for (curvature, stable) in [(0.999 * limit, true), (1.001 * limit, false)] {
                let (mut x, mut m) = (1.0_f64, 0.0);
                for _ in 0..20_000 {
                    // The definitions of the rules in `description/rule.rs`, with g = (h + w)x.
                    let gradient = (curvature + 0.3) * x;
                    let momentum = if name == "sgd" { 0.0 } else { 0.8 };
                    m = momentum * m + gradient;
                    x -= 0.1 * if name == "nesterov" { gradient + momentum * m } else { m };
                    x = x.clamp(-1e100, 1e100);
                }
                assert_eq!(x.abs() < 1.0, stable, "{name}: {curvature}: {x}");
            }
        }
    }

    #[test]
    fn only_a_whole_batch_without_replacement_is_full() {
        let full = rule("sgd");
        assert!(is_full_batch(&full, 5) && !is_full_batch(&full, 6));
        let Rule::Sgd { step, weight_decay } = full else { panic!("sgd") };
        let drawn =
            Rule::Sgd { step: Step { sampling: Some(Sampling::WithReplacement), ..step }, weight_decay };
        assert!(!is_full_batch(&drawn, 5));
    }
}
