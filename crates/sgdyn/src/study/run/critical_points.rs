//! `study = "critical-points"`: minima, saddles and the ways between them.

use std::path::Path;

use super::found_points::Found;
use super::rows::{Row, Rows};
use super::setting::{Source, source};
use super::{RunError, unfit};
use crate::escape::{
    CriticalPoint, ExploreOptions, PassGraph, PassPath, SearchOptions, StringOptions, Surface, connect,
    descend, explore, gradient_degree, nearest_critical,
};
use crate::study::{Cell, CriticalPoints};

/// In more dimensions positions go to a table of their own.
const MOST_POSITION_COLUMNS: usize = 20;
/// So many of the lowest eigenvalues are listed.
const EIGENVALUES: usize = 4;
/// The share s of every way is computed up to so many dimensions.
const MOST_DIMENSIONS_OF_WAYS: usize = 100;
/// Points along each side of the map of the loss, and on a line.
const MAP: usize = 121;
const LINE: usize = 401;

/// A search, ready to run.
pub(super) struct CriticalPointsCell {
    surface: Surface,
    variables: Vec<String>,
    question: CriticalPoints,
    search: SearchOptions,
}

/// The tables that searches fill.
pub(super) struct Tables<'a> {
    pub rows: &'a mut Rows,
    pub positions: &'a mut Rows,
    pub edges: &'a mut Rows,
    pub ways: &'a mut Rows,
    pub map: &'a mut Rows,
    pub searches: &'a mut Rows,
}

impl CriticalPointsCell {
    pub(super) fn new(
        cell: &Cell,
        question: &CriticalPoints,
        directory: Option<&Path>,
    ) -> Result<Self, RunError> {
        let (source, variables, _) = source::<f64>(&cell.description.landscape, directory)?;
        let Source::Field(field) = source else {
            let remedy = "critical points are searched on formulas and named landscapes";
            return Err(unfit("landscape.risk", "given", remedy));
        };
        let surface = Surface::of(&field).map_err(|source| RunError::Escape {
            key: "landscape",
            value: variables.join(", "),
            source,
        })?;
        let search = SearchOptions { length: question.length, ..SearchOptions::default() };
        let built = Self { surface, variables, question: question.clone(), search };
        for (key, point) in [
            ("critical-points.from", &question.from),
            ("critical-points.to", &question.to),
            ("critical-points.lower", &question.lower),
            ("critical-points.upper", &question.upper),
        ] {
            let dimension = built.variables.len();
            if let Some(point) = point.as_ref().filter(|point| point.len() != dimension) {
                let remedy =
                    format!("the landscape is of dimension {dimension}: {}", built.variables.join(", "));
                return Err(unfit(key, format!("{point:?}"), remedy));
            }
        }
        if let Some((lower, upper)) = built.box_given() {
            let flat = lower.iter().zip(upper).position(|(low, high)| low >= high);
            if let Some(axis) = flat {
                let remedy = format!(
                    "the box must have volume: `critical-points.upper` has {} for {}, which is not above {}",
                    upper[axis], built.variables[axis], lower[axis]
                );
                return Err(unfit("critical-points.lower", format!("{lower:?}"), remedy));
            }
        }
        Ok(built)
    }

    /// The number of coordinates.
    pub(super) fn dimension(&self) -> usize {
        self.variables.len()
    }

    /// A guess of the time, in seconds on one thread: a walk is about a hundred Hessians and their eigenvectors.
    pub(super) fn seconds(&self) -> f64 {
        let dimension = self.dimension() as f64;
        let walks = self.question.starts as f64 * 2.0 + 20.0 * dimension;
        walks * 100.0 * (1e-6 + 1e-8 * dimension.powi(3))
    }

    fn box_given(&self) -> Option<(&[f64], &[f64])> {
        self.question.lower.as_deref().zip(self.question.upper.as_deref())
    }

    /// Searches; rows and tables go where they belong.
    pub(super) fn run(&self, cell: &Cell, tables: &mut Tables<'_>) -> Result<(), RunError> {
        let found = self.find()?;
        self.points(cell, &found, tables);
        self.edges(cell, &found, tables.edges, tables.ways)?;
        self.map(cell, &found, tables.map);
        let mut row = Row::of(cell);
        row.count("cell", cell.index as u64);
        row.count("minima", found.minima.len() as u64).count("saddles", found.passes.len() as u64);
        row.count("others", found.others.len() as u64);
        row.maybe("degree", found.degree.map(|degree| degree as f64));
        let regular = found.all().all(|(_, point)| !point.position_error.is_infinite());
        let counted = found.all().map(|(_, point)| if point.index() % 2 == 0 { 1.0 } else { -1.0 }).sum();
        row.maybe("degree_counted", regular.then_some(counted));
        row.truth("explored", found.graph.explored);
        if let Some(route) = &found.route {
            row.text("way", &found.way(route));
            row.number("way_loss", route.highest_loss);
            let start = route.minima.first().map(|minimum| found.graph.minima[*minimum].loss);
            row.maybe("way_barrier", start.map(|loss| route.highest_loss - loss));
        }
        tables.searches.push(row);
        Ok(())
    }

    fn find(&self) -> Result<Found, RunError> {
        let ends = match (&self.question.from, &self.question.to) {
            (Some(from), Some(to)) => {
                Some([self.bottom("critical-points.from", from)?, self.bottom("critical-points.to", to)?])
            }
            _ => None,
        };
        let Some((lower, upper)) = self.box_given() else {
            return self.along_strings(ends.as_ref());
        };
        let options = ExploreOptions {
            search: self.search,
            starts: self.question.starts as usize,
            minima: self.question.most_minima as usize,
        };
        let in_box = |source| RunError::Escape {
            key: "critical-points.lower",
            value: format!("{lower:?} to {upper:?}"),
            source,
        };
        let mut graph = explore(&self.surface, lower, upper, &options).map_err(in_box)?;
        if graph.minima.is_empty() && graph.passes.is_empty() && graph.others.is_empty() {
            // Nothing found at all: why, a descent from the middle tells.
            let middle: Vec<f64> =
                lower.iter().zip(upper).map(|(low, high)| f64::midpoint(*low, *high)).collect();
            descend(&self.surface, &middle, &self.search).map_err(in_box)?;
            let remedy = "no critical point was found in this box: widen or move it, or give more `critical-points.starts`";
            return Err(unfit("critical-points.lower", format!("{lower:?}"), remedy));
        }
        let route = match ends {
            Some(ends) => {
                let [from, to] = ends.map(|end| graph.add_minimum(end, &self.search));
                Some(graph.lowest_route(from, to).ok_or_else(|| self.no_way(&graph, from, to))?)
            }
            None => None,
        };
        let degree = gradient_degree(&self.surface, lower, upper).map_err(in_box)?;
        Ok(Found::new(graph, route, degree))
    }

    /// The bottom of the basin of a point that a key names.
    fn bottom(&self, key: &'static str, point: &[f64]) -> Result<CriticalPoint, RunError> {
        let error = |source| RunError::Escape { key, value: format!("{point:?}"), source };
        if self.surface.is_dense()
            && let Ok(near) = nearest_critical(&self.surface, point, &self.search)
            && distance(&near.position, point) <= self.search.same()
            && !near.is_bottom()
        {
            let remedy = format!(
                "this is a {}, on the border of basins: move it a little towards the minimum that is meant",
                near.kind
            );
            return Err(unfit(key, format!("{point:?}"), remedy));
        }
        descend(&self.surface, point, &self.search).map_err(error)
    }

    fn along_strings(&self, ends: Option<&[CriticalPoint; 2]>) -> Result<Found, RunError> {
        let Some([from, to]) = ends else {
            return Err(unfit("critical-points.lower", "absent", "give a box, or `from` and `to`"));
        };
        let options = StringOptions { search: self.search, ..StringOptions::default() };
        let connection = connect(&self.surface, &from.position, &to.position, &options);
        let connection = connection.map_err(|source| RunError::Escape {
            key: "critical-points.to",
            value: format!("{:?}", self.question.to.as_deref().unwrap_or_default()),
            source,
        })?;
        Ok(Found::new(connection.graph, Some(connection.route), None))
    }

    fn no_way(&self, graph: &PassGraph, from: usize, to: usize) -> RunError {
        let value = format!("{:?}", self.question.to.as_deref().unwrap_or_default());
        let remedy = if from == to {
            "it lies in the basin of `critical-points.from`: a way needs two minima".to_owned()
        } else {
            format!(
                "the {} passes found in the box join its minimum to that of `critical-points.from` nowhere: widen the box \
                 or give more `critical-points.starts`, unless a wall lies between",
                graph.passes.len()
            )
        };
        unfit("critical-points.to", value, remedy)
    }

    fn points(&self, cell: &Cell, found: &Found, tables: &mut Tables<'_>) {
        for (label, point) in found.all() {
            let mut row = Row::of(cell);
            row.text("point", &label).text("kind", &point.kind.to_string());
            let columns = self.dimension() <= MOST_POSITION_COLUMNS;
            for (coordinate, (variable, value)) in self.variables.iter().zip(&point.position).enumerate() {
                if columns {
                    row.number(variable, *value);
                    continue;
                }
                let mut place = Row::of(cell);
                place.count("cell", cell.index as u64).text("point", &label);
                place.count("coordinate", coordinate as u64).number("position", *value);
                tables.positions.push(place);
            }
            row.number("loss", point.loss).count("index", point.index() as u64);
            row.number("gradient_norm", point.gradient_norm);
            row.maybe("position_error", Some(point.position_error).filter(|error| error.is_finite()));
            for (number, value) in point.eigenvalues.iter().take(EIGENVALUES).enumerate() {
                row.number(&format!("eigenvalue_{}", number + 1), *value);
            }
            if let Some(pass) = found.pass(&label) {
                let [first, second] = found.ends(pass);
                row.text("first", &first.0).text("second", &second.0);
                row.maybe("barrier_from_first", first.1).maybe("barrier_from_second", second.1);
            }
            tables.rows.push(row);
        }
    }

    fn edges(&self, cell: &Cell, found: &Found, edges: &mut Rows, ways: &mut Rows) -> Result<(), RunError> {
        for &pass in &found.passes {
            let saddle = &found.graph.passes[pass].saddle;
            let label = found.label_of_pass(pass);
            let mut row = Row::of(cell);
            let ends = found.ends(pass);
            row.count("cell", cell.index as u64).text("saddle", &label).number("loss", saddle.loss);
            for (side, (minimum, barrier)) in ["first", "second"].iter().zip(&ends) {
                row.text(side, minimum).maybe(&format!("barrier_from_{side}"), *barrier);
                let bottom = found.minimum(minimum).map(|minimum| minimum.loss);
                row.maybe(&format!("loss_{side}"), bottom);
            }
            if let Some(route) = &found.route {
                row.truth("on_way", route.passes.contains(&pass));
            }
            if self.dimension() <= MOST_DIMENSIONS_OF_WAYS {
                let paths = PassPath::over(&self.surface, saddle, &self.search).map_err(|source| {
                    RunError::Escape { key: "landscape", value: self.variables.join(", "), source }
                })?;
                for (side, (minimum, _)) in ["first", "second"].iter().zip(&ends) {
                    let bottom = found.minimum(minimum);
                    let path = paths
                        .iter()
                        .flatten()
                        .find(|path| bottom.is_some_and(|bottom| path.minimum.is_same(bottom, &self.search)));
                    row.maybe(&format!("path_share_{side}"), path.map(PassPath::switch_share));
                }
                if self.dimension() == 2 {
                    for (side, path) in paths.iter().flatten().enumerate() {
                        for point in &path.ascent {
                            let mut place = Row::default();
                            place.count("cell", cell.index as u64).text("saddle", &label);
                            place.count("side", side as u64);
                            place.number("x", point[0]).number("y", point[1]);
                            ways.push(place);
                        }
                    }
                }
            }
            edges.push(row);
        }
        Ok(())
    }

    /// The loss over the box, or over what holds all points, in one or two dimensions.
    fn map(&self, cell: &Cell, found: &Found, map: &mut Rows) {
        let dimension = self.dimension();
        if dimension > 2 {
            return;
        }
        let ends: Vec<(f64, f64)> = match self.box_given() {
            Some((lower, upper)) => lower.iter().copied().zip(upper.iter().copied()).collect(),
            None => (0..dimension)
                .map(|axis| {
                    let values = || found.all().map(move |(_, point)| point.position[axis]);
                    let (low, high) =
                        (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
                    let margin = (0.4 * (high - low)).max(0.3 * self.question.length);
                    (low - margin, high + margin)
                })
                .collect(),
        };
        let points = if dimension == 1 { LINE } else { MAP };
        let at = |axis: usize, number: usize| {
            let (low, high) = ends[axis];
            low + (high - low) * number as f64 / (points - 1) as f64
        };
        for line in 0..if dimension == 1 { 1 } else { points } {
            for number in 0..points {
                let mut point = vec![at(0, number)];
                let mut row = Row::default();
                row.count("cell", cell.index as u64).number("x", point[0]);
                if dimension == 2 {
                    point.push(at(1, line));
                    row.number("y", point[1]);
                }
                row.number("loss", self.surface.loss(&point));
                map.push(row);
            }
        }
    }
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}
