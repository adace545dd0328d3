//! Survival curves, with the exponential that the quasi-stationary law gives their tails.

use super::rows::{Group, Rows, pick, sorted};
use super::{BARS, DetailFigure, MOST_PANELS, Wording, grid, left_out, spread};
use crate::{Axis, Dash, Panel, Series, Table};

const TIMES: [&str; 3] = ["time", "steps", "step"];
const SURVIVAL: &str = "survival";
const ERROR: &str = "survival_stderr";
const TAIL: &str = "survival_quasi_stationary";
const TARGET: &str = "target";
/// The smallest probability shown, unless all is larger.
const SMALLEST: f64 = 1e-6;
/// As many curves as there are colours.
const MOST_CURVES: usize = 8;
/// Times of curves that end this far apart need a logarithm.
const APART: f64 = 20.0;

/// A panel for each target, a colour for each setting.
pub(super) fn figure(table: &Table, wording: &Wording<'_>) -> Option<DetailFigure> {
    let rows = Rows::of(table);
    let (name, time) = TIMES.iter().find_map(|name| Some((*name, rows.numbers(name)?)))?;
    let survival = rows.numbers(SURVIVAL)?;
    let (error, tail) = (rows.numbers(ERROR), rows.numbers(TAIL));
    let names: Vec<&str> = rows.names().collect();
    let end = names.iter().position(|column| *column == name || *column == SURVIVAL)?;
    let settings: Vec<&str> = names[..end].iter().copied().filter(|column| *column != TARGET).collect();
    let cells = rows.groups(&settings, wording);
    let targets = rows.groups(&[TARGET], wording);
    let curve = |cell: &Group, target: &Group| {
        let here = cell.rows.iter().copied().filter(|row| target.rows.binary_search(row).is_ok());
        sorted(&here.collect::<Vec<_>>(), &time)
    };
    let shown = spread(cells.len(), MOST_CURVES);
    let smallest = survival.iter().copied().filter(|value| *value > 0.0).fold(1.0, f64::min);
    let lower = 10f64.powf(smallest.log10().floor()).clamp(SMALLEST, 0.1);
    let last =
        |rows: &Vec<usize>| rows.iter().rev().find(|row| survival[**row] >= lower).map(|row| time[*row]);
    let panels: Vec<Panel> = spread(targets.len(), MOST_PANELS)
        .into_iter()
        .map(|target| {
            let target = &targets[target];
            let curves: Vec<(usize, Vec<usize>)> =
                shown.iter().map(|&cell| (cell, curve(&cells[cell], target))).collect();
            let ends = curves.iter().filter_map(|(_, rows)| last(rows)).filter(|end| *end > 0.0);
            let (first, longest) = ends
                .fold((f64::INFINITY, 0.0f64), |(first, longest), end| (first.min(end), longest.max(end)));
            let label = if name == TIMES[0] { "time t".to_owned() } else { "time in steps k".to_owned() };
            let x = if longest > APART * first {
                Axis::log(label)
            } else {
                let axis = Axis::linear(label).lower(0.0);
                if longest > 0.0 { axis.upper(1.02 * longest) } else { axis }
            };
            let log = longest > APART * first;
            let y = Axis::log("fraction not escaped, S(t)").range(lower, 1.0);
            let mut panel = Panel::new(x, y).title(target.label.clone());
            for (color, (cell, mut rows)) in curves.into_iter().enumerate() {
                if log {
                    // The start, where all are there, has no place on this axis.
                    rows.retain(|row| time[*row] > 0.0);
                }
                let times = pick(Some(&time), &rows);
                let values = pick(Some(&survival), &rows);
                if let Some(error) = &error {
                    let errors = pick(Some(error), &rows);
                    let edge = |sign: f64| -> Vec<f64> {
                        let edges =
                            values.iter().zip(&errors).map(|(value, error)| value + sign * BARS * error);
                        edges.map(|edge| edge.clamp(lower, 1.0)).collect()
                    };
                    panel = panel.series(Series::band(times.clone(), edge(-1.0), edge(1.0)).color(color));
                }
                let label = if cells[cell].label.is_empty() { "survival" } else { &cells[cell].label };
                // A measured curve falls at each exit; a computed one is smooth.
                let series = if error.is_some() {
                    Series::steps(times.clone(), values)
                } else {
                    Series::line(times.clone(), values)
                };
                panel = panel.series(series.color(color).dash(Dash::Solid).label(label));
                if let Some(tail) = &tail {
                    let tail: Vec<f64> = pick(Some(tail), &rows);
                    // Early on the tail may lie above one.
                    panel = panel.series(Series::line(times, tail).ink().dash(Dash::Dashed));
                }
            }
            if tail.is_some() {
                panel = panel
                    .series(Series::line([], []).ink().dash(Dash::Dashed).label("quasi-stationary tail"));
            }
            panel
        })
        .collect();
    let mut caption = "Fraction that has not reached the target.".to_owned();
    if error.is_some() {
        caption += " Bands: ± 2 standard errors.";
    }
    if tail.is_some() {
        caption += " Dashed: the exponential of the quasi-stationary rate, to which the curve tends.";
    }
    caption += &left_out(panels.len(), targets.len(), "targets");
    caption += &left_out(shown.len(), cells.len(), "settings");
    let figure = grid(wording.figure("Survival"), panels, true);
    Some(DetailFigure { name: "survival".to_owned(), figure, caption })
}
