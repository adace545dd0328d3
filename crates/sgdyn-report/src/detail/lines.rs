//! Densities over one coordinate: a line for each time, with the ensemble on them.

use super::rows::pick;
use super::slices::{Densities, Law, Setting, edges};
use super::{BARS, DetailFigure, MOST_PANELS, Wording, grid, left_out, spread};
use crate::palette::STEPS;
use crate::{Axis, Dash, Figure, Panel, Series};

/// Points of an ensemble in one panel, and at least on one line: more error bars would hide the lines.
const MOST_POINTS: usize = 160;
const LEAST_POINTS: usize = 20;
/// A density that goes up and down by more than this many times its largest value jumps from cell to cell.
const ROUGH: f64 = 12.0;
/// An early law this much higher than the last one is cut, so that the last one can be read.
const TOO_HIGH: f64 = 6.0;
const CUT: f64 = 3.0;
/// Decades below the largest density that a logarithmic panel shows.
const DECADES: i32 = 15;

/// A panel for each setting; a logarithmic one beside it where all laws are stationary.
pub(super) fn figure(densities: &Densities, wording: &Wording<'_>) -> DetailFigure {
    let all = densities.settings.len();
    let shown: Vec<&Setting> =
        spread(all, MOST_PANELS).into_iter().map(|index| &densities.settings[index]).collect();
    let stationary_only = shown.iter().all(|setting| setting.laws.iter().all(Law::is_stationary));
    let drawn: Vec<Drawn<'_>> = shown.iter().map(|setting| Drawn::new(densities, setting)).collect();
    let figure = wording.figure(if stationary_only { "Stationary density" } else { "Density over time" });
    let figure = if stationary_only {
        let panels = drawn.iter().flat_map(|drawn| [drawn.panel(wording, false), drawn.panel(wording, true)]);
        panels.fold(figure.columns(2).panel_size(300.0, 220.0), Figure::panel)
    } else {
        let moments = |drawn: &Drawn<'_>| drawn.labels();
        let same = drawn.windows(2).all(|pair| moments(&pair[0]) == moments(&pair[1]));
        grid(figure, drawn.iter().map(|drawn| drawn.panel(wording, false)).collect(), same)
    };
    let mut caption = if stationary_only {
        "Stationary density, linear and logarithmic.".to_owned()
    } else {
        "Density at times from early to late, in the order of the legend.".to_owned()
    };
    if !stationary_only && drawn.iter().any(|drawn| drawn.laws.iter().any(|law| law.is_stationary())) {
        caption += " Broad line: the stationary law.";
    }
    caption += densities.unit();
    if densities.ensemble.is_some() {
        caption += " Points: histogram of an ensemble";
        let bars = densities.ensemble_error.is_some();
        caption += if bars { "; bars: ± 2 standard errors." } else { "." };
        if drawn.iter().any(|drawn| drawn.thinned) {
            caption += " Of its cells an even selection is shown.";
        }
    }
    if drawn.iter().any(|drawn| drawn.cut.is_some()) {
        caption += " High densities of early times are cut.";
    }
    let most = drawn.iter().max_by_key(|drawn| drawn.setting.laws.len());
    caption +=
        &most.map_or_else(String::new, |drawn| left_out(drawn.laws.len(), drawn.setting.laws.len(), "times"));
    caption += &left_out(shown.len(), all, "settings");
    DetailFigure { name: "density".to_owned(), figure, caption }
}

/// What is drawn of a setting.
struct Drawn<'a> {
    densities: &'a Densities,
    setting: &'a Setting,
    laws: Vec<&'a Law>,
    /// Where the axis of the density ends, if below its largest value.
    cut: Option<f64>,
    /// The most points of the ensemble on one line.
    points: usize,
    /// Whether the ensemble has more cells than are shown.
    thinned: bool,
}

impl<'a> Drawn<'a> {
    fn new(densities: &'a Densities, setting: &'a Setting) -> Self {
        let timed = setting.laws.iter().filter(|law| !law.is_stationary()).count();
        let mut laws: Vec<&Law> =
            spread(timed, usize::from(STEPS)).into_iter().map(|index| &setting.laws[index]).collect();
        laws.extend(setting.laws.iter().filter(|law| law.is_stationary()));
        let highest = |law: &Law| {
            let values = pick(Some(&densities.density), &law.rows);
            values.into_iter().filter(|value| value.is_finite()).fold(0.0, f64::max)
        };
        let all = laws.iter().map(|law| highest(law)).fold(0.0, f64::max);
        let last = laws.last().map_or(0.0, |law| highest(law));
        let cut = (all > TOO_HIGH * last && last > 0.0).then_some(CUT * last);
        let points = (MOST_POINTS / laws.len().max(1)).max(LEAST_POINTS);
        let thinned = densities.ensemble.is_some() && laws.iter().any(|law| law.rows.len() > points);
        Self { densities, setting, laws, cut, points, thinned }
    }

    fn labels(&self) -> Vec<String> {
        self.laws.iter().map(|law| self.densities.moment(law)).collect()
    }

    fn panel(&self, wording: &Wording<'_>, log: bool) -> Panel {
        let label = self.densities.density_label(wording);
        let values = || {
            let values = self.laws.iter().flat_map(|law| pick(Some(&self.densities.density), &law.rows));
            values.filter(|value| value.is_finite())
        };
        let y = if log {
            let highest = values().fold(0.0, f64::max);
            let lowest = values().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
            let floor = lowest.max(highest * 10f64.powi(-DECADES));
            let axis = Axis::log(label);
            if floor > 0.0 && floor < highest {
                axis.range(0.5 * floor, 2.0 * highest)
            } else {
                axis.lower(0.1 * highest)
            }
        } else {
            let axis = Axis::linear(label);
            let axis = if values().any(|value| value < 0.0) { axis } else { axis.lower(0.0) };
            self.cut.map_or(axis.clone(), |cut| axis.upper(cut))
        };
        let x = Axis::linear(self.densities.axis(0, wording));
        let mut panel = Panel::new(x, y).title(self.setting.label.clone());
        // The stationary law is broad, so it lies below what it may hide.
        let (limit, timed): (Vec<&Law>, Vec<&Law>) = self.laws.iter().partition(|law| law.is_stationary());
        let place = |index: usize| match timed.len() {
            1 => 0.8,
            count => index as f64 / (count - 1) as f64,
        };
        let style = |series: Series, index: Option<usize>| match index {
            Some(index) => series.ordered(place(index)),
            None if timed.is_empty() => series.color(0),
            None => series.reference().marker(0),
        };
        let order = limit
            .iter()
            .map(|law| (None, *law))
            .chain(timed.iter().copied().enumerate().map(|(index, law)| (Some(index), law)));
        let order: Vec<(Option<usize>, &Law)> = order.collect();
        for &(index, law) in &order {
            let series = style(self.curve(law).dash(Dash::Solid), index);
            panel = panel.series(if index.is_none() && !timed.is_empty() { series.heavy() } else { series });
        }
        for &(index, law) in &order {
            panel =
                self.points(law).into_iter().fold(panel, |panel, points| panel.series(style(points, index)));
        }
        self.keys(panel, &order, &style, timed.is_empty())
    }

    /// The legend: times from early to late, then the stationary law, then the ensemble.
    fn keys(
        &self,
        panel: Panel,
        order: &[(Option<usize>, &Law)],
        style: &dyn Fn(Series, Option<usize>) -> Series,
        alone: bool,
    ) -> Panel {
        if alone && self.densities.ensemble.is_none() {
            return panel;
        }
        let (limit, timed): (Vec<_>, Vec<_>) = order.iter().partition(|(index, _)| index.is_none());
        let mut panel = timed.into_iter().chain(limit).fold(panel, |panel, &(index, law)| {
            let key = style(Series::line([], []).dash(Dash::Solid), index).label(self.densities.moment(law));
            panel.series(if index.is_none() && !alone { key.heavy() } else { key })
        });
        if self.densities.ensemble.is_some() {
            let key = Series::points([], []).ink().marker(0).light();
            let key = if self.densities.ensemble_error.is_some() { key.error([], BARS) } else { key };
            panel = panel.series(key.label("ensemble"));
        }
        panel
    }

    /// The density of a law: smooth, or cell by cell where it jumps.
    fn curve(&self, law: &Law) -> Series {
        let (_, x, mut density) = self.densities.line(law);
        let largest = density.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
        let jumps = density.windows(2).map(|pair| (pair[1] - pair[0]).abs()).filter(|jump| jump.is_finite());
        match edges(&x).filter(|_| jumps.sum::<f64>() > ROUGH * largest) {
            Some(borders) => {
                density.extend(density.last().copied());
                Series::steps(borders, density)
            }
            None => Series::line(x, density),
        }
    }

    /// The ensemble at a law, if it was observed then.
    fn points(&self, law: &Law) -> Option<Series> {
        let ensemble = self.densities.ensemble.as_deref()?;
        let (rows, _, _) = self.densities.line(law);
        let observed: Vec<usize> = rows
            .into_iter()
            .filter(|&row| ensemble.get(row).is_some_and(|value| value.is_finite()))
            .collect();
        let stride = observed.len().div_ceil(self.points).max(1);
        let kept: Vec<usize> = observed.iter().copied().skip(stride / 2).step_by(stride).collect();
        let x = pick(Some(&self.densities.coordinates[0].1), &kept);
        let points = Series::points(x, pick(Some(ensemble), &kept)).light();
        let error = self.densities.ensemble_error.as_deref();
        let points = if error.is_some() { points.error(pick(error, &kept), BARS) } else { points };
        (!kept.is_empty()).then_some(points)
    }
}
