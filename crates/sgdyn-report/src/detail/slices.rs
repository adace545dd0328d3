//! A table of densities cut into laws: one for each setting and time.

use super::Wording;
use super::rows::{Rows, pick, sorted};
use crate::Table;
use crate::number::significant;

const TIMES: [&str; 3] = ["time", "steps", "step"];
const DENSITY: &str = "density";
const ENSEMBLE: &str = "density_ensemble";
const ENSEMBLE_ERROR: &str = "density_ensemble_stderr";
const CURRENT: &str = "current_";

/// The law of one setting at one time.
pub(super) struct Law {
    /// The time, infinite for the stationary law.
    pub(super) time: f64,
    pub(super) rows: Vec<usize>,
}

impl Law {
    pub(super) fn is_stationary(&self) -> bool {
        self.time == f64::INFINITY
    }
}

/// The laws of one setting, by time, the stationary one last.
pub(super) struct Setting {
    pub(super) label: String,
    pub(super) laws: Vec<Law>,
}

/// What a table of densities holds.
pub(super) struct Densities {
    pub(super) settings: Vec<Setting>,
    /// Whether times count steps.
    in_steps: bool,
    /// Name and values of each coordinate.
    pub(super) coordinates: Vec<(String, Vec<f64>)>,
    pub(super) density: Vec<f64>,
    /// The probability current along each coordinate; empty if it is not known along all.
    pub(super) current: Vec<Vec<f64>>,
    pub(super) ensemble: Option<Vec<f64>>,
    pub(super) ensemble_error: Option<Vec<f64>>,
}

impl Densities {
    /// Reads a table; nothing if it lacks densities or coordinates.
    pub(super) fn of(table: &Table, wording: &Wording<'_>) -> Option<Self> {
        let rows = Rows::of(table);
        let density = rows.numbers(DENSITY)?;
        let end = rows.position(DENSITY)?;
        let names: Vec<&str> = rows.names().take(end).collect();
        let time = names.iter().position(|name| TIMES.contains(name));
        let with_current = |name: &&&str| rows.position(&format!("{CURRENT}{name}")).is_some();
        let named: Vec<&str> = match time {
            Some(place) => names[place + 1..].to_vec(),
            // Without a time nothing parts settings from coordinates but the currents along these.
            None => match names.iter().filter(with_current).copied().collect::<Vec<_>>() {
                all if all.is_empty() => names.last().copied().into_iter().collect(),
                some => some,
            },
        };
        let coordinates: Vec<(String, Vec<f64>)> =
            named.iter().filter_map(|name| Some(((*name).to_owned(), rows.numbers(name)?))).collect();
        if coordinates.is_empty() {
            return None;
        }
        let apart: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| !named.contains(name) && Some(*name) != time.map(|place| names[place]))
            .collect();
        let times = time.and_then(|place| rows.numbers(names[place]));
        let settings = rows
            .groups(&apart, wording)
            .into_iter()
            .map(|group| Setting { label: group.label, laws: laws(&group.rows, times.as_deref()) })
            .collect();
        let current: Vec<_> =
            coordinates.iter().filter_map(|(name, _)| rows.numbers(&format!("{CURRENT}{name}"))).collect();
        Some(Self {
            settings,
            in_steps: time.is_some_and(|place| names[place] != TIMES[0]),
            current: if current.len() == coordinates.len() { current } else { Vec::new() },
            coordinates,
            density,
            ensemble: rows.numbers(ENSEMBLE),
            ensemble_error: rows.numbers(ENSEMBLE_ERROR),
        })
    }

    /// When a law holds.
    pub(super) fn moment(&self, law: &Law) -> String {
        match (law.is_stationary(), self.in_steps) {
            (true, _) => "stationary".to_owned(),
            (false, true) => format!("k = {}", significant(law.time, 12)),
            (false, false) => format!("t = {}", significant(law.time, 4)),
        }
    }

    /// What the symbols of [`moment`](Self::moment) are, as the end of a caption; empty if there is no time.
    pub(super) fn unit(&self) -> &'static str {
        let timed = self.settings.iter().flat_map(|setting| &setting.laws).any(|law| !law.is_stationary());
        match (timed, self.in_steps) {
            (false, _) => "",
            (true, true) => " k counts steps.",
            (true, false) => " t is in units of time.",
        }
    }

    /// The label of the axis of a coordinate.
    pub(super) fn axis(&self, coordinate: usize, wording: &Wording<'_>) -> String {
        self.coordinates.get(coordinate).map_or_else(String::new, |(name, _)| wording.symbol(name))
    }

    /// The label of densities, such as `density p(x, y)`.
    pub(super) fn density_label(&self, wording: &Wording<'_>) -> String {
        let symbols: Vec<String> = self.coordinates.iter().map(|(name, _)| wording.symbol(name)).collect();
        format!("density p({})", symbols.join(", "))
    }

    /// The rows of a law by its only coordinate, with coordinate and density.
    pub(super) fn line(&self, law: &Law) -> (Vec<usize>, Vec<f64>, Vec<f64>) {
        let x = &self.coordinates[0].1;
        let rows = sorted(&law.rows, x);
        let (x, density) = (pick(Some(x), &rows), pick(Some(&self.density), &rows));
        (rows, x, density)
    }
}

fn laws(rows: &[usize], times: Option<&[f64]>) -> Vec<Law> {
    let time = |row: &usize| {
        let time = times.and_then(|times| times.get(*row)).copied().unwrap_or(f64::NAN);
        // A missing time means the limit.
        if time.is_nan() { f64::INFINITY } else { time + 0.0 }
    };
    let mut ordered = rows.to_vec();
    ordered.sort_by(|left, right| time(left).total_cmp(&time(right)));
    ordered
        .chunk_by(|left, right| time(left) == time(right))
        .map(|rows| Law { time: time(&rows[0]), rows: rows.to_vec() })
        .collect()
}

/// Borders of cells halfway between their middles; nothing if they do not increase.
pub(super) fn edges(middles: &[f64]) -> Option<Vec<f64>> {
    let (first, last) = (*middles.first()?, *middles.last()?);
    let half = |near: Option<f64>, from: f64| {
        near.map_or(0.5 * from.abs().max(1.0), |near| 0.5 * (near - from).abs())
    };
    let mut edges = vec![first - half(middles.get(1).copied(), first)];
    edges.extend(middles.windows(2).map(|pair| f64::midpoint(pair[0], pair[1])));
    edges.push(last + half(middles.len().checked_sub(2).map(|index| middles[index]), last));
    let sound = edges.iter().all(|edge| edge.is_finite()) && edges.windows(2).all(|pair| pair[0] < pair[1]);
    sound.then_some(edges)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_lie_around_their_middles() {
        assert_eq!(edges(&[0.0, 1.0, 3.0]), Some(vec![-0.5, 0.5, 2.0, 4.0]));
        assert_eq!(edges(&[2.0]), Some(vec![1.0, 3.0]));
        assert_eq!(edges(&[]), None);
        assert_eq!(edges(&[f64::MAX]), None);
    }
}
