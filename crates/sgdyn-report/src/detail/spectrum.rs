//! Rates at which the modes of a process decay.

use super::rows::{Rows, pick, sorted};
use super::{DetailFigure, MOST_PANELS, Wording, grid, left_out, spread};
use crate::{Axis, Dash, Panel, Series, Table};

const MODE: &str = "mode";
const DECAY: &str = "decay";
const FREQUENCY: &str = "frequency";
/// Frequencies below this fraction of the rate of decay are none.
const STEADY: f64 = 1e-9;
/// An open marker, for modes that oscillate.
const OPEN: usize = 6;

/// A panel of stems for each setting.
pub(super) fn figure(table: &Table, wording: &Wording<'_>) -> Option<DetailFigure> {
    let rows = Rows::of(table);
    let (mode, decay) = (rows.numbers(MODE)?, rows.numbers(DECAY)?);
    let frequency = rows.numbers(FREQUENCY);
    let end = rows.names().position(|name| name == MODE || name == DECAY)?;
    let settings = rows.groups(&rows.names().take(end).collect::<Vec<_>>(), wording);
    let oscillates = |row: usize| {
        let frequency = frequency.as_ref().map_or(0.0, |frequency| frequency[row].abs());
        frequency > STEADY * decay[row].abs()
    };
    let panel = |index: usize| {
        let setting = &settings[index];
        let mut shown = sorted(&setting.rows, &mode);
        // The stationary law does not decay.
        shown.retain(|row| decay[*row] > 0.0 && decay[*row].is_finite());
        let smallest = shown.iter().map(|row| decay[*row]).fold(f64::INFINITY, f64::min);
        let lower = 10f64.powf((smallest.log10() - 0.3).floor());
        let y = Axis::log("rate of decay (per unit of time or step)");
        let y = if lower.is_finite() { y.lower(lower) } else { y };
        let mut panel = Panel::new(Axis::linear("mode"), y).title(setting.label.clone());
        let stems = |height: &dyn Fn(usize) -> [f64; 3]| {
            shown.iter().flat_map(|row| height(*row)).collect::<Vec<_>>()
        };
        let x = stems(&|row| [mode[row], mode[row], f64::NAN]);
        let top = stems(&|row| [lower, decay[row], f64::NAN]);
        panel = panel.series(Series::line(x, top).color(0).dash(Dash::Solid));
        let (swinging, steady): (Vec<usize>, Vec<usize>) = shown.iter().partition(|row| oscillates(**row));
        let points =
            |rows: &[usize]| Series::points(pick(Some(&mode), rows), pick(Some(&decay), rows)).color(0);
        if swinging.is_empty() {
            return panel.series(points(&steady));
        }
        panel
            .series(points(&steady).label("steady"))
            .series(points(&swinging).marker(OPEN).label("oscillating"))
    };
    let shown = spread(settings.len(), MOST_PANELS);
    let count = shown.len();
    let panels = shown.into_iter().map(panel).collect();
    let caption = "Rates at which the modes of the density decay, per unit of time or per step; modes that do not decay are left out."
        .to_owned()
        + &left_out(count, settings.len(), "settings");
    let figure = grid(wording.figure("Spectrum"), panels, false);
    Some(DetailFigure { name: "spectrum".to_owned(), figure, caption })
}
