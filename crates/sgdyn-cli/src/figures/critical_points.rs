//! Figures of critical points: the landscape with its minima, saddles and ways, and the tree of barriers.

use super::contours::contour;
use super::rows::Rows;
use super::{Context, NamedFigure, grid, labels};
use sgdyn::study::{Datum, Table};
use sgdyn_report::{Axis, Panel, Series, significant};

/// More cells than this are left to the tables.
const MOST_PANELS: usize = 6;
/// Contour lines from the lowest minimum up to above the highest saddle.
const CONTOURS: usize = 14;
/// How far above the highest saddle they go, as a share of its height.
const ABOVE: f64 = 0.5;
/// More names than this would hide what they name.
const MOST_NAMES: usize = 40;
/// The letters of minima, saddles and other points, with colour, marker and name.
const KINDS: [(char, usize, &str); 3] = [('M', 0, "minimum"), ('S', 3, "saddle"), ('P', 4, "other point")];

/// The landscape, in one or two dimensions, and the tree of barriers.
pub(super) fn figures(context: &Context<'_>) -> Vec<NamedFigure> {
    let cells: Vec<Cell<'_>> =
        (0..context.study.cell_count().min(MOST_PANELS)).filter_map(|cell| Cell::of(context, cell)).collect();
    let rest = match context.study.cell_count() {
        all if all > MOST_PANELS => format!(" Of {all} cells the first {MOST_PANELS} are shown."),
        _ => String::new(),
    };
    let maps: Vec<Panel> = cells.iter().filter_map(Cell::map).collect();
    let lines: Vec<Panel> = cells.iter().filter_map(Cell::line).collect();
    let trees: Vec<Panel> = cells.iter().filter_map(Cell::tree).collect();
    let mut figures = Vec::new();
    if !maps.is_empty() {
        let size = if maps.len() == 1 { (460.0, 400.0) } else { (280.0, 250.0) };
        figures.push(NamedFigure {
            name: "landscape".to_owned(),
            figure: grid(context.figure("Critical points"), maps).panel_size(size.0, size.1),
            caption: "Contours of the loss at equal steps, strong where it is low; minima (M), saddles (S) and other \
                      critical points (P) by ascending loss, and the ways of steepest descent from the saddles."
                .to_owned()
                + &rest,
        });
    }
    if !lines.is_empty() {
        figures.push(NamedFigure {
            name: "landscape".to_owned(),
            figure: grid(context.figure("Critical points"), lines),
            caption: "The loss with its minima (M) and barriers (S), by ascending loss.".to_owned() + &rest,
        });
    }
    if !trees.is_empty() {
        figures.push(NamedFigure {
            name: "barriers".to_owned(),
            figure: grid(context.figure("Tree of barriers"), trees),
            caption: "Each minimum as a leaf at its loss; branches join at the lowest saddle over which one can go from \
                      the one to the other (a disconnectivity graph). Saddles that no lowest way needs are left out."
                .to_owned()
                + &rest,
        });
    }
    figures
}

/// What was found in one cell.
struct Cell<'a> {
    title: String,
    labels: Vec<String>,
    losses: Vec<f64>,
    /// The positions in one or two dimensions.
    positions: Vec<Vec<f64>>,
    names: Vec<String>,
    edges: Option<Rows<'a>>,
    ways: Option<Rows<'a>>,
    map: Option<Rows<'a>>,
}

fn texts(rows: &Rows<'_>, column: &str) -> Vec<String> {
    let text = |datum: Datum| if let Datum::Text(text) = datum { text } else { String::new() };
    rows.entries(column).into_iter().map(text).collect()
}

impl<'a> Cell<'a> {
    fn of(context: &Context<'a>, index: usize) -> Option<Self> {
        let coordinates = context.study.cell(index).ok()?.coordinates;
        let key: Vec<(String, Datum)> =
            coordinates.into_iter().map(|swept| (swept.column, swept.value)).collect();
        let rows = context.rows.matching(&key);
        let labels = texts(&rows, "point");
        if labels.is_empty() {
            return None;
        }
        let cell = [("cell".to_owned(), Datum::Count(index as u64))];
        let table = |name: &str| {
            let named = |table: &&'a Table| table.name() == name;
            let rows = Rows::of(context.results.details.iter().find(named)?).matching(&cell);
            (rows.len() > 0).then_some(rows)
        };
        let names: Vec<String> = {
            let columns: Vec<&str> = rows.columns().collect();
            let after = |name| columns.iter().position(|column| *column == name);
            let (first, end) = (after("kind")? + 1, after("loss")?);
            columns.get(first..end)?.iter().map(|&name| name.to_owned()).collect()
        };
        Some(Self {
            title: labels::settings(&key),
            losses: rows.numbers("loss")?,
            positions: names.iter().filter_map(|name| rows.numbers(name)).collect(),
            names,
            labels,
            edges: table("edges"),
            ways: table("ways"),
            map: table("map"),
        })
    }

    fn of_kind(&self, letter: char) -> Vec<usize> {
        (0..self.labels.len()).filter(|&point| self.labels[point].starts_with(letter)).collect()
    }

    /// Markers and names of all points at places.
    fn marked(&self, mut panel: Panel, place: impl Fn(usize) -> (f64, f64)) -> Panel {
        for (letter, style, name) in KINDS {
            let points = self.of_kind(letter);
            if points.is_empty() {
                continue;
            }
            let (x, y): (Vec<f64>, Vec<f64>) = points.iter().map(|&point| place(point)).unzip();
            let series = Series::points(x, y).color(style).label(name);
            panel = panel.series(if self.labels.len() <= MOST_NAMES {
                series.names(points.iter().map(|&point| self.labels[point].as_str()))
            } else {
                series
            });
        }
        panel
    }

    fn map(&self) -> Option<Panel> {
        let [x, y] = self.names.as_slice() else { return None };
        let map = self.map.as_ref()?;
        let (grid_x, grid_y, losses) = (map.numbers("x")?, map.numbers("y")?, map.numbers("loss")?);
        let columns = grid_x.iter().skip(1).position(|value| *value == grid_x[0])? + 1;
        let xs = &grid_x[..columns];
        let ys: Vec<f64> = grid_y.iter().step_by(columns).copied().collect();
        let low = self.losses.iter().copied().fold(f64::INFINITY, f64::min);
        let top = self.losses.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let rise = if top > low { top - low } else { top.abs().max(1.0) };
        let step = rise * (1.0 + ABOVE) / CONTOURS as f64;
        let mut panel = Panel::new(Axis::linear(x.clone()), Axis::linear(y.clone()))
            .title(self.title.clone())
            .note(format!("contours every {}", significant(step, 3)));
        for number in 0..CONTOURS {
            let (x, y) = contour(xs, &ys, &losses, low + (number as f64 + 0.5) * step);
            panel =
                panel.series(Series::line(x, y).ordered(0.8 - 0.7 * number as f64 / CONTOURS as f64).light());
        }
        if let Some(ways) = &self.ways {
            let groups = ways.groups(&["saddle".to_owned(), "side".to_owned()]);
            let (mut way_x, mut way_y) = (Vec::new(), Vec::new());
            for group in groups {
                way_x.extend(group.rows.numbers("x").unwrap_or_default());
                way_y.extend(group.rows.numbers("y").unwrap_or_default());
                way_x.push(f64::NAN);
                way_y.push(f64::NAN);
            }
            panel = panel.series(Series::line(way_x, way_y).ink().label("way of steepest descent"));
        }
        Some(self.marked(panel, |point| (self.positions[0][point], self.positions[1][point])))
    }

    fn line(&self) -> Option<Panel> {
        let [x] = self.names.as_slice() else { return None };
        let map = self.map.as_ref()?;
        let panel = Panel::new(Axis::linear(x.clone()), Axis::linear("loss L"))
            .title(self.title.clone())
            .series(Series::line(map.numbers("x")?, map.numbers("loss")?).ink());
        Some(self.marked(panel, |point| (self.positions[0][point], self.losses[point])))
    }

    /// The disconnectivity graph of O. M. Becker and M. Karplus (J. Chem. Phys. 106, 1495 (1997)).
    fn tree(&self) -> Option<Panel> {
        let edges = self.edges.as_ref()?;
        let minima = self.of_kind('M');
        let place = |label: &String| minima.iter().position(|&point| self.labels[point] == *label);
        let (saddles, heights) = (texts(edges, "saddle"), edges.numbers("loss")?);
        let ends = texts(edges, "first").into_iter().zip(texts(edges, "second"));
        let mut passes: Vec<(f64, usize, usize, String)> = ends
            .zip(heights)
            .zip(saddles)
            .filter_map(|(((a, b), height), saddle)| Some((height, place(&a)?, place(&b)?, saddle)))
            .collect();
        passes.sort_by(|a, b| a.0.total_cmp(&b.0));
        // Branches merge from the lowest saddle up; each keeps its leaves in order.
        let mut branches: Vec<Branch> = minima
            .iter()
            .enumerate()
            .map(|(leaf, &point)| Branch { leaves: vec![leaf], top: self.losses[point], joins: None })
            .collect();
        let mut of_leaf: Vec<usize> = (0..minima.len()).collect();
        let mut roots: Vec<usize> = of_leaf.clone();
        for (height, a, b, saddle) in passes {
            let (a, b) = (of_leaf[a], of_leaf[b]);
            if a == b {
                continue;
            }
            let joined = branches.len();
            let leaves = [branches[a].leaves.clone(), branches[b].leaves.clone()].concat();
            for &leaf in &leaves {
                of_leaf[leaf] = joined;
            }
            roots.retain(|&root| root != a && root != b);
            roots.push(joined);
            branches.push(Branch { leaves, top: height, joins: Some((a, b, saddle)) });
        }
        if branches.len() == minima.len() {
            return None;
        }
        let order: Vec<usize> = roots.iter().flat_map(|&root| branches[root].leaves.clone()).collect();
        let mut x: Vec<f64> = vec![0.0; branches.len()];
        for (position, &leaf) in order.iter().enumerate() {
            x[leaf] = position as f64;
        }
        let few = minima.len() <= MOST_NAMES;
        let axis = if few {
            let label = |&leaf: &usize| self.labels[minima[leaf]].clone();
            Axis::categories("minimum", order.iter().map(label))
        } else {
            Axis::linear("minima, in the order in which they join")
        };
        let (mut line_x, mut line_y) = (Vec::new(), Vec::new());
        let (mut saddle_x, mut saddle_y, mut saddle_names) = (Vec::new(), Vec::new(), Vec::new());
        for branch in 0..branches.len() {
            let Some((a, b, saddle)) = &branches[branch].joins else { continue };
            let top = branches[branch].top;
            x[branch] = f64::midpoint(x[*a], x[*b]);
            line_x.extend([x[*a], x[*a], x[*b], x[*b], f64::NAN]);
            line_y.extend([branches[*a].top, top, top, branches[*b].top, f64::NAN]);
            saddle_x.push(x[branch]);
            saddle_y.push(top);
            saddle_names.push(saddle.clone());
        }
        let leaves: Vec<f64> = (0..minima.len()).map(|leaf| x[leaf]).collect();
        let bottoms: Vec<f64> = minima.iter().map(|&point| self.losses[point]).collect();
        let leaf_points = Series::points(leaves, bottoms).color(KINDS[0].1).label(KINDS[0].2);
        let mut saddle_points = Series::points(saddle_x, saddle_y).color(KINDS[1].1).label(KINDS[1].2);
        if few {
            saddle_points = saddle_points.names(saddle_names);
        }
        Some(
            Panel::new(axis, Axis::linear("loss L"))
                .title(self.title.clone())
                .series(Series::line(line_x, line_y).ink())
                .series(leaf_points)
                .series(saddle_points),
        )
    }
}

/// A minimum, or what joins at a saddle.
struct Branch {
    leaves: Vec<usize>,
    top: f64,
    joins: Option<(usize, usize, String)>,
}
