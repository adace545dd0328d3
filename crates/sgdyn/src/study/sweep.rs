//! The cells of a study: lists in the place of values, multiplied or walked in pairs.

use super::description::DescriptionError;
use super::description::check::is_sweep;
use super::description::keys;
use super::description::near_miss;
use super::description::schema::{Key, When};
use super::description::template::Template;
use super::description::value::{Node, Value};

/// A study has at most this many cells.
pub const MOST_CELLS: usize = 1_000_000;

/// The swept keys of a study.
#[derive(Clone, Debug)]
pub(crate) struct Sweep {
    axes: Vec<Axis>,
    cells: usize,
}

/// Keys that move together: one, or those that `sweep.zip` pairs.
#[derive(Clone, Debug)]
struct Axis {
    length: usize,
    keys: Vec<SweptKey>,
}

/// A key with a list in the place of its value.
#[derive(Clone, Debug)]
pub(crate) struct SweptKey {
    /// Its number in the template.
    pub(crate) leaf: usize,
    pub(crate) path: String,
    /// The name of its column in tables.
    pub(crate) column: String,
    pub(crate) values: Vec<Node>,
}

impl Sweep {
    /// Finds the swept keys of a template, in its order.
    pub(crate) fn read(template: &Template) -> Result<Self, DescriptionError> {
        let mut swept = Vec::new();
        for (leaf, key) in template.leaves.iter().enumerate() {
            let Some(schema) = likely_key(template, &key.path) else { continue };
            if !is_sweep(schema.shape, &key.node.value) || keys::NOT_SWEPT.contains(&key.path.as_str()) {
                continue;
            }
            let Value::List(values) = &key.node.value else { continue };
            if values.is_empty() {
                let place = template.source.place(&key.node.origin);
                return Err(DescriptionError::EmptySweep { key: key.path.clone(), place });
            }
            let column = String::new();
            swept.push(SweptKey { leaf, path: key.path.clone(), column, values: values.clone() });
        }
        name_columns(&mut swept);
        let groups = read_zip(template, &swept)?;
        let mut axes: Vec<(Option<usize>, Axis)> = Vec::new();
        for key in swept {
            let group = groups.iter().position(|group| group.contains(&key.path));
            match axes.iter_mut().find(|(known, _)| group.is_some() && *known == group) {
                Some((_, axis)) => axis.keys.push(key),
                None => axes.push((group, Axis { length: key.values.len(), keys: vec![key] })),
            }
        }
        let axes: Vec<_> = axes.into_iter().map(|(_, axis)| axis).collect();
        for axis in &axes {
            same_lengths(template, axis)?;
        }
        Ok(Self { cells: count(&axes)?, axes })
    }

    /// The number of cells, at least 1.
    pub(crate) fn cells(&self) -> usize {
        self.cells
    }

    /// The lengths of its axes.
    pub(crate) fn lengths(&self) -> Vec<usize> {
        self.axes.iter().map(|axis| axis.length).collect()
    }

    /// The swept keys, in the order of the file except that zipped keys stand together.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &SweptKey> {
        self.axes.iter().flat_map(|axis| &axis.keys)
    }

    /// For each swept key, in the order of [`Sweep::keys`], the number of its value in a cell. The last axis varies
    /// fastest.
    pub(crate) fn position(&self, cell: usize) -> Vec<usize> {
        let mut rest = cell;
        let mut position = Vec::new();
        for axis in self.axes.iter().rev() {
            position.extend(std::iter::repeat_n(rest % axis.length, axis.keys.len()));
            rest /= axis.length;
        }
        position.reverse();
        position
    }
}

/// The entry of the schema that tells whether a list at `path` is a sweep: one that some cell may fit.
pub(crate) fn likely_key(template: &Template, path: &str) -> Option<&'static Key> {
    let possible = |when: &When| {
        let node = template.node(when.path()).map(|node| &node.value);
        match (when, node) {
            (When::With(_), node) => node.is_some(),
            (When::Without(_), node) => node.is_none(),
            (When::Is(_, names), Some(Value::Text(name))) => names.contains(&name.as_str()),
            (When::Is(_, names), Some(Value::List(nodes))) => nodes
                .iter()
                .any(|node| matches!(&node.value, Value::Text(name) if names.contains(&name.as_str()))),
            (When::IsNot(_, names), Some(Value::Text(name))) => !names.contains(&name.as_str()),
            (When::IsNot(..), _) => true,
            // Absent: it may have its default, except where there is none for alternatives.
            (When::Is(path, _), None) => !keys::EXACTLY_ONE.iter().any(|group| group.contains(path)),
            (When::Is(..), Some(_)) => false,
        }
    };
    let mut covering = keys::all().filter(|key| key.covers(path));
    let first = covering.clone().next();
    covering.find(|key| key.when.iter().all(possible)).or(first)
}

/// Gives each key the last segment of its path as a column name, or its whole path where segments collide.
fn name_columns(swept: &mut [SweptKey]) {
    let last = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
    let whole = |path: &str| path.replace('.', "_");
    for key in swept.iter_mut() {
        key.column = last(&key.path);
    }
    // A whole path may collide with the last segment of another: repeat until nothing changes.
    loop {
        let names: Vec<_> = swept.iter().map(|key| key.column.clone()).collect();
        let collides = |name: &String| names.iter().filter(|other| *other == name).count() > 1;
        let mut changed = false;
        for key in swept.iter_mut() {
            if collides(&key.column) && key.column != whole(&key.path) {
                key.column = whole(&key.path);
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
}

/// The groups of `sweep.zip`, each of at least two swept keys.
fn read_zip(template: &Template, swept: &[SweptKey]) -> Result<Vec<Vec<String>>, DescriptionError> {
    let Some(zip) = &template.zip else { return Ok(Vec::new()) };
    let wrong_type = |node: &Node| DescriptionError::WrongType {
        key: keys::SWEEP_ZIP.to_owned(),
        expected: "a list of paths, or a list of such lists".to_owned(),
        kind: node.value.kind(),
        value: node.value.quoted(),
        place: template.source.place(&node.origin),
    };
    let Value::List(nodes) = &zip.value else { return Err(wrong_type(zip)) };
    let flat = nodes.iter().all(|node| matches!(node.value, Value::Text(_)));
    let groups: Vec<&Node> = if flat { vec![zip] } else { nodes.iter().collect() };
    let mut named: Vec<&str> = Vec::new();
    let mut read = Vec::new();
    for group in groups {
        let Value::List(paths) = &group.value else { return Err(wrong_type(group)) };
        let refuse = |node: &Node, key: &str, reason: String| DescriptionError::Zip {
            key: key.to_owned(),
            reason,
            place: template.source.place(&node.origin),
        };
        let mut members = Vec::new();
        for node in paths {
            let Value::Text(path) = &node.value else { return Err(wrong_type(node)) };
            if !swept.iter().any(|key| key.path == *path) {
                let nearest = near_miss::nearest_key(path, swept.iter().map(|key| key.path.as_str()));
                let reason = match nearest {
                    Some(nearest) => format!("which is not swept: did you mean `{nearest}`?"),
                    None => "which is not swept: it needs a list in the place of its value".to_owned(),
                };
                return Err(refuse(node, path, reason));
            }
            if named.contains(&path.as_str()) {
                return Err(refuse(node, path, "twice".to_owned()));
            }
            named.push(path);
            members.push(path.clone());
        }
        if let [only] = members.as_slice() {
            return Err(refuse(group, only, "alone: a group pairs two keys or more".to_owned()));
        }
        read.push(members);
    }
    Ok(read)
}

fn same_lengths(template: &Template, axis: &Axis) -> Result<(), DescriptionError> {
    let Some((first, others)) = axis.keys.split_first() else { return Ok(()) };
    match others.iter().find(|other| other.values.len() != axis.length) {
        None => Ok(()),
        Some(other) => Err(DescriptionError::ZipLength {
            first: first.path.clone(),
            first_length: axis.length,
            second: other.path.clone(),
            second_length: other.values.len(),
            place: template.source.place(&template.leaves[other.leaf].node.origin),
        }),
    }
}

fn count(axes: &[Axis]) -> Result<usize, DescriptionError> {
    let product = axes.iter().try_fold(1_usize, |product, axis| product.checked_mul(axis.length));
    match product {
        Some(cells) if cells <= MOST_CELLS => Ok(cells),
        _ => {
            let name = |axis: &Axis| {
                let paths: Vec<_> = axis.keys.iter().map(|key| key.path.as_str()).collect();
                format!("{}: {}", paths.join(" with "), axis.length)
            };
            Err(DescriptionError::TooManyCells {
                cells: product.map_or("more than 2^64".to_owned(), |cells| cells.to_string()),
                lists: axes.iter().map(name).collect::<Vec<_>>().join(", "),
                most: MOST_CELLS,
            })
        }
    }
}
