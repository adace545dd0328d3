//! The reaction coordinate of a rare event: as it is asked for, or the best that is at hand.

use super::committor::GridCommittor;
use super::grid_setting::GridProblem;
use super::setting::{Setting, formula_error};
use super::{RunError, unfit};
use crate::escape::{CommittorField, ReactionCoordinate};
use crate::landscape::formula::{Condition, Formula, Side};
use crate::study::{Cell, Description, Diffusion, Integration, Integrator, Interpretation, Rule, Step};

const KEY: &str = "rare-event.coordinate";

/// A coordinate, and what it is called in tables.
pub(super) struct Chosen {
    pub(super) coordinate: ReactionCoordinate,
    pub(super) words: String,
}

/// The coordinate that `asked` names: "automatic", "committor" or a formula.
pub(super) fn choose(
    asked: &str,
    cell: &Cell,
    setting: &Setting<f64>,
    start: &[f64],
    target: &Condition,
    before: Option<&Condition>,
) -> Result<Chosen, RunError> {
    match asked {
        "committor" => committor(cell, setting, start, target, before),
        "automatic" => match setting.dimension() {
            // Between two thresholds of a line every growing function has the committor's order.
            1 if target.half_space().is_some() => distance(setting, target),
            1..=3 => committor(cell, setting, start, target, before).or_else(|_| distance(setting, target)),
            _ => distance(setting, target),
        },
        text => {
            let formula = Formula::parse(text, Some(&setting.variables), &setting.parameters);
            let formula = formula.map_err(formula_error(KEY))?;
            let coordinate = ReactionCoordinate::formula(&formula).map_err(formula_error(KEY))?;
            Ok(Chosen { coordinate, words: text.to_owned() })
        }
    }
}

/// Nearness to the target: the coordinate of a half-space, else minus its level.
fn distance(setting: &Setting<f64>, target: &Condition) -> Result<Chosen, RunError> {
    if let Some(half) = target.half_space() {
        let name = &setting.variables[half.coordinate];
        let (sign, words) = match half.side {
            Side::Above => (1.0, name.clone()),
            Side::Below => (-1.0, format!("-{name}")),
        };
        let coordinate = ReactionCoordinate::Coordinate { coordinate: half.coordinate, sign };
        return Ok(Chosen { coordinate, words });
    }
    let text = format!("-({})", target.level());
    let formula = Formula::parse(&text, Some(&setting.variables), &setting.parameters);
    let coordinate = ReactionCoordinate::formula(&formula.map_err(formula_error(KEY))?);
    Ok(Chosen {
        coordinate: coordinate.map_err(formula_error(KEY))?,
        words: "nearness to the target".to_owned(),
    })
}

/// The committor of the process, or of the equation that models a discrete rule.
fn committor(
    cell: &Cell,
    setting: &Setting<f64>,
    start: &[f64],
    target: &Condition,
    before: Option<&Condition>,
) -> Result<Chosen, RunError> {
    let Some(before) = before else {
        let remedy = "it is that of two sets: give `rare-event.before`, or write a formula";
        return Err(unfit(KEY, "committor", remedy));
    };
    let description = as_equation(&cell.description)
        .ok_or_else(|| unfit(KEY, "committor", "this rule has no diffusion beside it: write a formula"))?;
    let both = [target.clone(), before.clone()];
    let problem = GridProblem::new(&description, setting, Some(start), &both)?;
    let grid = problem.grid(1)?;
    let cells: Vec<String> = grid.axes().iter().map(|axis| axis.cells().to_string()).collect();
    let solved = GridCommittor::new(&problem, grid, target, before)?;
    let values = solved.everywhere();
    let field = CommittorField::new(solved.grid, &values)?;
    let words = format!("committor on {} cells", cells.join(" × "));
    Ok(Chosen { coordinate: ReactionCoordinate::Committor(field), words })
}

/// The description with the equation that models its rule: SGD's first-order one, for momentum with η/(1 − μ).
fn as_equation(description: &Description) -> Option<Description> {
    let integration =
        |step_size| Integration { step_size, substeps: 1, integrator: Integrator::EulerMaruyama };
    let of_step = |step: &Step, momentum: f64| Rule::Sde {
        diffusion: Diffusion {
            learning_rate: step.learning_rate / (1.0 - momentum),
            batch_size: step.batch_size,
            sampling: step.sampling,
            interpretation: Interpretation::Ito,
        },
        integration: integration(step.learning_rate),
    };
    let rule = match &description.rule {
        Rule::Langevin { .. } | Rule::Sde { .. } | Rule::Sme2 { .. } => description.rule.clone(),
        Rule::Sgd { step, .. } | Rule::Svag { step, .. } => of_step(step, 0.0),
        Rule::HeavyBall { step, momentum, .. } | Rule::Nesterov { step, momentum, .. } => {
            of_step(step, *momentum)
        }
        Rule::Sgld { step, beta } => {
            Rule::Langevin { beta: *beta, integration: integration(step.learning_rate) }
        }
        Rule::Levy { .. } | Rule::GradientFlow {} => return None,
    };
    Some(Description { rule, ..description.clone() })
}
