//! Densities over two coordinates: heat maps with the probability current, and their distance from an ensemble.

use super::rows::pick;
use super::slices::{Densities, Law, Setting, edges};
use super::{DetailFigure, MOST_PANELS, Wording, columns, left_out, spread};
use crate::number::significant;
use crate::{Axis, Figure, HeatMap, Panel, Series};

/// Arrows along each side.
const ARROWS: usize = 16;
/// Arrows shorter than this fraction of the longest would be dots.
const SHORTEST: f64 = 0.02;
/// A current whose magnitude is below this fraction of the density times the extent of the grid, per unit of time, is
/// what rounding leaves of none.
const NO_CURRENT: f64 = 1e-13;
/// Matrices may not be larger than this many times the points that fill them: points off a grid fill none.
const SPARSEST: usize = 64;
/// Coordinates that differ by less than this fraction of their span are one.
const SAME: f64 = 1e-9;
/// Deviations beyond this many standard errors have one colour.
const FARTHEST: f64 = 4.0;
const PANEL: f64 = 270.0;

/// Heat maps of the laws, and of their deviation from the ensemble where there is one.
pub(super) fn figures(densities: &Densities, wording: &Wording<'_>) -> Vec<DetailFigure> {
    let chosen = chosen(&densities.settings);
    let slices: Vec<Slice<'_>> =
        chosen.iter().filter_map(|&(setting, law)| Slice::of(densities, setting, law)).collect();
    if slices.is_empty() {
        return Vec::new();
    }
    let all: usize = densities.settings.iter().map(|setting| setting.laws.len()).sum();
    let rest = left_out(slices.len(), all, "densities") + densities.unit();
    let mut figures = vec![density(&slices, wording, &rest)];
    figures.extend(ensemble(&slices, wording, &rest));
    figures
}

/// As many laws as there are panels: of each setting the last and others evenly spread over time.
fn chosen(settings: &[Setting]) -> Vec<(&Setting, &Law)> {
    let shown = spread(settings.len(), MOST_PANELS);
    let each = MOST_PANELS / shown.len().max(1);
    let laws = |setting: usize| {
        let setting = &settings[setting];
        spread(setting.laws.len(), each).into_iter().map(move |law| (setting, &setting.laws[law]))
    };
    shown.into_iter().flat_map(laws).collect()
}

fn density(slices: &[Slice<'_>], wording: &Wording<'_>, rest: &str) -> DetailFigure {
    let label = slices[0].densities.density_label(wording);
    let mut largest = 0.0f64;
    let mut panels = Vec::new();
    for slice in slices {
        let top = slice.density.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
        let mut panel = slice.panel(wording, slice.map(&slice.density, &label, (0.0, top)));
        if let Some(current) = slice.current() {
            if let Some(longest) = current.longest {
                largest = largest.max(longest);
                panel = panel.note(format!("longest arrow: |J| = {}", significant(longest, 3)));
            } else {
                panel = panel.note("no current");
            }
            panel = panel.series(current.arrows);
        }
        panels.push(panel);
    }
    let mut caption = "Density; blank where it is not known.".to_owned();
    if !slices[0].densities.current.is_empty() {
        caption += " Arrows: probability current J, means over the cells around them, lengths proportional to |J|; those below 2 % of the longest are left out.";
        if largest > 0.0 {
            caption += &format!(" The largest |J| shown is {}.", significant(largest, 3));
        }
    }
    DetailFigure {
        name: "density".to_owned(),
        figure: figure("Density", slices, panels, wording),
        caption: caption + rest,
    }
}

/// The deviation of an ensemble in standard errors, or its own density where these are not known.
fn ensemble(slices: &[Slice<'_>], wording: &Wording<'_>, rest: &str) -> Option<DetailFigure> {
    let densities = slices[0].densities;
    let ensemble = densities.ensemble.as_deref()?;
    let observed = |slice: &&Slice<'_>| slice.matrix(ensemble).iter().any(|value| value.is_finite());
    let slices: Vec<&Slice<'_>> = slices.iter().filter(observed).collect();
    slices.first()?;
    let (title, about) = match densities.ensemble_error {
        Some(_) => (
            "Deviation of the ensemble",
            format!(
                "Density of an ensemble less the computed one, in standard errors; beyond ±{FARTHEST} the colour stays."
            ),
        ),
        None => ("Density of the ensemble", "Histogram of an ensemble.".to_owned()),
    };
    let panel = |slice: &&Slice<'_>| {
        let values = slice.matrix(ensemble);
        let Some(error) = densities.ensemble_error.as_deref() else {
            let top = slice.density.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
            return slice.panel(wording, slice.map(&values, &densities.density_label(wording), (0.0, top)));
        };
        let errors = slice.matrix(error);
        let deviation = |((value, density), error): ((&f64, &f64), &f64)| {
            if *error > 0.0 { (value - density) / error } else { f64::NAN }
        };
        let deviations: Vec<f64> = values.iter().zip(&slice.density).zip(&errors).map(deviation).collect();
        slice.panel(wording, slice.map(&deviations, "deviation in standard errors", (-FARTHEST, FARTHEST)))
    };
    let panels: Vec<Panel> = slices.iter().map(panel).collect();
    let figure = sized(wording.figure(title), slices[0], panels);
    Some(DetailFigure { name: "density-ensemble".to_owned(), figure, caption: about + rest })
}

fn figure(title: &str, slices: &[Slice<'_>], panels: Vec<Panel>, wording: &Wording<'_>) -> Figure {
    sized(wording.figure(title), &slices[0], panels)
}

/// A grid of panels that show coordinates of like extent to scale.
fn sized(figure: Figure, slice: &Slice<'_>, panels: Vec<Panel>) -> Figure {
    let span = |edges: &[f64]| edges[edges.len() - 1] - edges[0];
    let ratio = span(&slice.y_edges) / span(&slice.x_edges);
    let height = if (0.5..=2.0).contains(&ratio) { PANEL * ratio } else { 0.8 * PANEL };
    let width = if height > 1.2 * PANEL { PANEL * 1.2 * PANEL / height } else { PANEL };
    let scale = if panels.len() == 1 { 1.4 } else { 1.0 };
    let figure = figure.columns(columns(panels.len()));
    let figure = figure.panel_size((scale * width).round(), (scale * height.min(1.2 * PANEL)).round());
    panels.into_iter().fold(figure, Figure::panel)
}

/// A law on its grid.
struct Slice<'a> {
    densities: &'a Densities,
    title: String,
    x: Vec<f64>,
    x_edges: Vec<f64>,
    y_edges: Vec<f64>,
    /// The cell of the matrices that each row of the table fills.
    cells: Vec<(usize, usize)>,
    density: Vec<f64>,
}

/// The arrows of a slice, and the magnitude of the longest one if there is a current.
struct Current {
    arrows: Series,
    longest: Option<f64>,
}

impl<'a> Slice<'a> {
    /// Nothing if the points do not lie on a grid.
    fn of(densities: &'a Densities, setting: &Setting, law: &Law) -> Option<Self> {
        let [(_, x), (_, y)] = densities.coordinates.as_slice() else { return None };
        let placed = |row: &&usize| x[**row].is_finite() && y[**row].is_finite();
        let rows: Vec<usize> = law.rows.iter().filter(placed).copied().collect();
        let (columns, lines) = (distinct(pick(Some(x), &rows)), distinct(pick(Some(y), &rows)));
        if rows.is_empty() || columns.len().checked_mul(lines.len())? > SPARSEST.saturating_mul(rows.len()) {
            return None;
        }
        let cell = |&row: &usize| (row, nearest(&lines, y[row]) * columns.len() + nearest(&columns, x[row]));
        let parts = [setting.label.clone(), densities.moment(law)];
        let mut slice = Self {
            densities,
            title: parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "),
            x_edges: edges(&columns)?,
            y_edges: edges(&lines)?,
            cells: rows.iter().map(cell).collect(),
            x: columns,
            density: Vec::new(),
        };
        slice.density = slice.matrix(&densities.density);
        Some(slice)
    }

    fn columns(&self) -> usize {
        self.x.len()
    }

    /// A column of the table on the grid.
    fn matrix(&self, column: &[f64]) -> Vec<f64> {
        let mut matrix = vec![f64::NAN; self.columns() * (self.y_edges.len() - 1)];
        for &(row, cell) in &self.cells {
            if let Some(&value) = column.get(row).filter(|value| value.is_finite()) {
                matrix[cell] = value;
            }
        }
        matrix
    }

    fn map(&self, values: &[f64], label: &str, range: (f64, f64)) -> Series {
        Series::heat_map(HeatMap {
            x_edges: self.x_edges.clone(),
            y_edges: self.y_edges.clone(),
            values: values.to_vec(),
            label: label.to_owned(),
            log: false,
        })
        .color_range(range.0, range.1)
    }

    fn panel(&self, wording: &Wording<'_>, map: Series) -> Panel {
        let axis = |coordinate| Axis::linear(self.densities.axis(coordinate, wording));
        Panel::new(axis(0), axis(1)).title(self.title.clone()).series(map)
    }

    /// Arrows at the middles of blocks of cells, each the mean current of its block.
    fn current(&self) -> Option<Current> {
        let [along_x, along_y] = self.densities.current.as_slice() else { return None };
        let (along_x, along_y) = (self.matrix(along_x), self.matrix(along_y));
        let (columns, rows) = (self.columns(), self.y_edges.len() - 1);
        let (wide, tall) = (columns.div_ceil(ARROWS), rows.div_ceil(ARROWS));
        let mut arrows: [Vec<f64>; 4] = Default::default();
        for row in (0..rows).step_by(tall) {
            for column in (0..columns).step_by(wide) {
                let (right, top) = ((column + wide).min(columns), (row + tall).min(rows));
                let block = || {
                    (row..top).flat_map(move |row| (column..right).map(move |column| row * columns + column))
                };
                let (dx, dy) = (mean(&along_x, block()), mean(&along_y, block()));
                let x = f64::midpoint(self.x_edges[column], self.x_edges[right]);
                let y = f64::midpoint(self.y_edges[row], self.y_edges[top]);
                for (values, value) in arrows.iter_mut().zip([x, y, dx, dy]) {
                    values.push(value);
                }
            }
        }
        let length = |index: usize, arrows: &[Vec<f64>; 4]| arrows[2][index].hypot(arrows[3][index]);
        let count = arrows[0].len();
        let longest = (0..count)
            .map(|index| length(index, &arrows))
            .filter(|length| length.is_finite())
            .fold(0.0, f64::max);
        let highest = self.density.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
        let span = |edges: &[f64]| edges[edges.len() - 1] - edges[0];
        let none = longest <= NO_CURRENT * highest * span(&self.x_edges).max(span(&self.y_edges));
        for index in 0..count {
            let length = length(index, &arrows);
            if none || length < SHORTEST * longest || length.is_nan() {
                (arrows[2][index], arrows[3][index]) = (0.0, 0.0);
            }
        }
        let [x, y, dx, dy] = arrows;
        Some(Current { arrows: Series::arrows(x, y, dx, dy), longest: (!none).then_some(longest) })
    }
}

fn mean(values: &[f64], cells: impl Iterator<Item = usize>) -> f64 {
    let known = cells.map(|cell| values[cell]).filter(|value| value.is_finite());
    let (sum, count) = known.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

/// The different values in ascending order.
fn distinct(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    let span = values.last().zip(values.first()).map_or(0.0, |(last, first)| last - first);
    values.dedup_by(|next, kept| *next - *kept <= SAME * span);
    values
}

/// The index of the value nearest to `value` in ascending `values`.
fn nearest(values: &[f64], value: f64) -> usize {
    let after = values.partition_point(|other| *other < value).min(values.len() - 1);
    let before = after.saturating_sub(1);
    if (values[before] - value).abs() <= (values[after] - value).abs() { before } else { after }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn middles_that_rounding_split_are_one() {
        let values = distinct(vec![0.3, 0.1 + 0.2, 0.1, 1.0]);
        assert_eq!(values, [0.1, 0.3, 1.0]);
        for (value, index) in [(0.1 + 0.2, 1), (-5.0, 0), (7.0, 2), (0.66, 2)] {
            assert_eq!(nearest(&values, value), index);
        }
    }
}
