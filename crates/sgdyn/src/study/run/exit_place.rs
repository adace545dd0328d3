//! Where replicas of an escape leave, and whether they do so along the most probable path.

use rayon::prelude::*;

use super::escape::EscapeCell;
use super::rows::{Row, Rows};
use super::setting::Setting;
use super::verdicts::{all, verdict};
use super::{Conditions, RunError, pool};
use crate::ensemble::exit::{Home, PassageSummary};
use crate::escape::{ProbableExit, SearchOptions, Surface, probable_exits};
use crate::random::{Seed, Variate};
use crate::statistics::{Estimate, Moments};
use crate::study::{Cell, Escape, Holds, Rule, Verdict};

/// Replicas that are followed on their last way out: at most so many, and at most one in [`ONE_IN`], since they are run again.
const FOLLOWED: u64 = 64;
const ONE_IN: u64 = 50;
/// Fewer give no standard error worth a verdict.
const FEWEST: u64 = 8;
/// Followed side by side in one thread.
const GROUP: u64 = 16;
/// Covariances are told up to so many coordinates.
const FEW: usize = 3;
/// Mean places of exit may differ by this share of their spread.
const PLACE_TOLERANCE: f64 = 0.25;
/// Ways out lie around the path with a mean square distance of one squared noise width; of more than this they do not.
const SPREAD_TOLERANCE: f64 = 2.0;

/// What is known of the ways into one target.
pub(super) struct ExitWays {
    exits: Vec<ProbableExit>,
    temperature: f64,
    /// The mean square distance of last ways out from the nearest of the paths, in squared noise widths.
    spread: Option<Estimate>,
}

/// The most probable ways into each target, in two to sixteen coordinates for rules in isotropic noise of one temperature; and, for
/// the last target that has any, how near replicas keep to them.
pub(super) fn ways<R: Variate>(
    cell: &Cell,
    escape: &EscapeCell<R>,
    setting: &Setting<f64>,
    question: &Escape,
    seed: Seed,
    conditions: &Conditions<'_>,
) -> Result<Vec<Option<ExitWays>>, RunError> {
    let mut ways: Vec<Option<ExitWays>> = question.target.iter().map(|_| None).collect();
    let Some(temperature) = temperature(cell).filter(|_| (2..=16).contains(&setting.dimension())) else {
        return Ok(ways);
    };
    let Some(surface) = setting.field().and_then(|field| Surface::of(field).ok()) else { return Ok(ways) };
    for (way, target) in ways.iter_mut().zip(&question.target) {
        let condition = setting.condition("escape.target", target)?;
        let level = condition.level();
        let options = SearchOptions::default();
        let exits = probable_exits(&surface, &question.start, &|place| level.value(place), &options);
        // Where no search finds a way there is none to compare with.
        if let Some(exits) = exits.ok().filter(|exits| !exits.is_empty()) {
            *way = Some(ExitWays { exits, temperature, spread: None });
        }
    }
    let count = FOLLOWED.min(cell.description.ensemble.replicas / ONE_IN);
    if let Some((target, way)) =
        ways.iter_mut().enumerate().rev().find_map(|(target, way)| Some((target, way.as_mut()?)))
        && count >= FEWEST
    {
        let home = home(&way.exits[0], temperature, target);
        let program = escape.program(seed, GROUP as usize);
        let groups: Vec<_> =
            (0..count.div_ceil(GROUP)).map(|group| group * GROUP..((group + 1) * GROUP).min(count)).collect();
        let follow = |group| program.follow(group, &[], Some(&home), conditions.stop);
        let followed: Vec<_> =
            pool(conditions.threads)?.install(|| groups.into_par_iter().map(follow).collect());
        let mut spreads = Moments::default();
        for one in followed.iter().flatten() {
            let each = way.exits.iter().filter_map(|exit| exit.spread_around(&one.way, temperature));
            let nearest = each.fold(f64::INFINITY, f64::min);
            if nearest.is_finite() {
                spreads.push(nearest);
            }
        }
        way.spread = (spreads.count() >= FEWEST).then(|| spreads.mean());
    }
    Ok(ways)
}

/// The temperature of rules whose noise is that of Langevin dynamics.
fn temperature(cell: &Cell) -> Option<f64> {
    match &cell.description.rule {
        Rule::Langevin { beta, .. } => Some(1.0 / beta),
        Rule::Sgld { beta, .. } if cell.description.noise.is_none() => Some(1.0 / beta),
        _ => None,
    }
}

/// The ball around the minimum in which walkers are at home: of the size of their law there, well before the saddle.
fn home(exit: &ProbableExit, temperature: f64, target: usize) -> Home {
    let (minimum, saddle) = (&exit.minimum, &exit.saddle);
    let gap: f64 = minimum.position.iter().zip(&saddle.position).map(|(a, b)| (a - b).powi(2)).sum();
    let trace: f64 = minimum.eigenvalues.iter().filter(|value| **value > 0.0).map(|value| 1.0 / value).sum();
    let radius = (temperature * trace).sqrt().min(0.3 * gap.sqrt());
    Home { middle: minimum.position.clone(), radius, target }
}

/// Adds where replicas left to a row: `exit_x` and so on, beside where the most probable path enters.
pub(super) fn describe(
    row: &mut Row,
    variables: &[String],
    passage: &PassageSummary,
    ways: Option<&ExitWays>,
) {
    let Some(place) = &passage.place else { return };
    // Several ways of one height have no place in common.
    let only = ways.filter(|ways| ways.exits.len() == 1).map(|ways| (&ways.exits[0], ways.temperature));
    let d = variables.len();
    for (i, name) in variables.iter().enumerate() {
        let Some(mean) = place.mean(i) else { continue };
        row.estimate(&format!("exit_{name}"), mean);
        row.maybe(&format!("exit_{name}_predicted"), only.map(|(exit, _)| exit.place()[i]));
        row.maybe(&format!("exit_{name}_deviation"), place.covariance(i, i).map(f64::sqrt));
        let law = only.and_then(|(exit, temperature)| {
            Some((exit.covariance.as_ref()?[i * d + i] * temperature).max(0.0).sqrt())
        });
        row.maybe(&format!("exit_{name}_deviation_predicted"), law);
    }
    if d <= FEW {
        for (i, first) in variables.iter().enumerate() {
            for (j, second) in variables.iter().enumerate().skip(i + 1) {
                row.maybe(&format!("exit_covariance_{first}_{second}"), place.covariance(i, j));
            }
        }
    }
    if let Some(spread) = ways.and_then(|ways| ways.spread) {
        row.estimate("exit_way_spread", spread);
    }
}

/// Whether replicas leave where, and along which way, they most probably do.
pub(super) fn verdicts(rows: &Rows) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let offsets: Vec<Estimate> = rows.iter().filter_map(offset).collect();
    if let Some(worst) = largest(&offsets) {
        verdicts.push(verdict(
            "replicas leave where the most probable path enters the target",
            all(offsets.iter().map(|offset| within(*offset, PLACE_TOLERANCE))),
            format!(
                "mean place of exit up to {:.3} ± {:.3} of its spread away from that place, over {} row(s); {PLACE_TOLERANCE} is allowed",
                worst.value,
                worst.stderr,
                offsets.len()
            ),
        ));
    }
    let spread = |row: &Row| {
        let (value, stderr) = (row.value("exit_way_spread")?, row.value("exit_way_spread_stderr")?);
        Some(Estimate { value, stderr, n: 0 })
    };
    let spreads: Vec<Estimate> = rows.iter().filter_map(spread).collect();
    if let Some(worst) = largest(&spreads) {
        verdicts.push(verdict(
            "replicas leave along the most probable path",
            all(spreads.iter().map(|spread| within(*spread, SPREAD_TOLERANCE))),
            format!(
                "mean square distance of last ways out from the path up to {:.2} ± {:.2} squared noise widths, over {} row(s); 1 is expected, {SPREAD_TOLERANCE} allowed",
                worst.value,
                worst.stderr,
                spreads.len()
            ),
        ));
    }
    verdicts
}

/// The distance of the mean place of exit from the predicted one, over the spread of the places.
fn offset(row: &Row) -> Option<Estimate> {
    let names = row.names().filter_map(|name| name.strip_prefix("exit_")?.strip_suffix("_predicted"));
    let (mut distance, mut error, mut spread) = (0.0, 0.0, 0.0);
    for name in names.filter(|name| !name.ends_with("_deviation")) {
        let value = |suffix: &str| row.value(&format!("exit_{name}{suffix}"));
        distance += (value("")? - value("_predicted")?).powi(2);
        error += value("_stderr")?.powi(2);
        spread += value("_deviation")?.powi(2);
    }
    let offset = Estimate { value: (distance / spread).sqrt(), stderr: (error / spread).sqrt(), n: 0 };
    (offset.value.is_finite() && offset.stderr.is_finite()).then_some(offset)
}

fn largest(estimates: &[Estimate]) -> Option<Estimate> {
    estimates.iter().copied().max_by(|a, b| a.value.total_cmp(&b.value))
}

/// Whether something is at most `most`, where two standard errors can tell.
fn within(estimate: Estimate, most: f64) -> Holds {
    let reach = 2.0 * estimate.stderr;
    if estimate.value + reach <= most {
        Holds::Yes
    } else if estimate.value - reach > most {
        Holds::No
    } else {
        Holds::NotResolved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(x: f64, y: f64, spread: f64) -> Rows {
        let mut row = Row::default();
        let estimate = |value, stderr| Estimate { value, stderr, n: 100 };
        row.estimate("exit_x", estimate(x, 0.0))
            .number("exit_x_predicted", 0.0)
            .number("exit_x_deviation", 0.0);
        row.estimate("exit_y", estimate(y, 0.02))
            .number("exit_y_predicted", 1.0)
            .number("exit_y_deviation", 0.5);
        row.number("exit_y_deviation_predicted", 0.5);
        row.estimate("exit_way_spread", estimate(spread, 0.1));
        let mut rows = Rows::default();
        rows.push(row);
        rows
    }

    #[test]
    fn places_and_ways_are_judged_by_their_standard_errors() {
        use Holds::{No, NotResolved, Yes};
        for (y, spread, place, way) in
            [(1.02, 1.1, Yes, Yes), (1.12, 1.9, NotResolved, NotResolved), (1.4, 3.0, No, No)]
        {
            let told: Vec<Holds> =
                verdicts(&row(0.0, y, spread)).iter().map(|verdict| verdict.holds).collect();
            assert_eq!(told, [place, way], "{y} {spread}");
        }
        assert!(verdicts(&Rows::default()).is_empty());
    }
}
