//! A study that was read and checked: its cells can be taken one by one.

use super::cell::{Cell, Coordinate, Description};
use super::check::{checked, is_sweep};
use super::error::DescriptionError;
use super::keys;
use super::panels;
use super::resolve::{CellTemplate, Resolution};
use super::schema::{Key, Presence};
use super::template::{Overrides, Template, study_name};
use super::value::{Node, Value, parse_argument};
use crate::study::sweep::{Sweep, SweptKey, likely_key};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A description of a study, checked as a whole: every cell of its sweep can be taken.
///
/// ```
/// use sgdyn::study::{Overrides, Rule, Study};
///
/// let text = r#"
///     study = "escape"
///     [landscape]
///     formula = "x^4 - 2*x^2"
///     [rule]
///     name = "langevin"
///     beta = [1, 3, 5]
///     step_size = 0.01
///     [escape]
///     start = [1.0]
///     target = "x <= -0.5"
///     max_time = 1e6
/// "#;
/// let study = Study::parse("double-well.toml", text, &Overrides::default())?;
/// assert_eq!(study.cell_count(), 3);
/// let Rule::Langevin { beta, .. } = study.cell(1)?.description.rule else { panic!("langevin") };
/// assert_eq!(beta, 3.0);
///
/// let error = Study::parse("a.toml", &text.replace("beta", "betta"), &Overrides::default()).unwrap_err();
/// assert!(error.to_string().starts_with("unknown key `rule.betta`: did you mean `rule.beta`?"));
/// # Ok::<(), sgdyn::study::DescriptionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Study {
    name: Arc<str>,
    file: Option<PathBuf>,
    /// One, or one for each panel.
    parts: Vec<Part>,
    first: Description,
}

/// A study without panels, or one panel.
#[derive(Clone, Debug)]
struct Part {
    template: Template,
    sweep: Sweep,
    swept: Vec<bool>,
    /// The number of its first cell.
    first_cell: usize,
}

impl Study {
    /// Reads a study file.
    ///
    /// # Errors
    /// [`DescriptionError`]: the file cannot be read, or what [`Study::parse`] refuses.
    pub fn read(path: &Path, overrides: &Overrides) -> Result<Self, DescriptionError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|cause| DescriptionError::Read { path: name.clone(), cause })?;
        let mut study = Self::parse(&name, &text, overrides)?;
        study.file = Some(path.to_owned());
        Ok(study)
    }

    /// Reads the text of a study that errors call `name`; all cells are checked.
    ///
    /// # Errors
    /// [`DescriptionError`] with the key, the value, what is allowed and the place.
    pub fn parse(name: &str, text: &str, overrides: &Overrides) -> Result<Self, DescriptionError> {
        let study = Self::check(name, text, overrides)?;
        if study.parts.iter().any(|part| part.template.has_quick) && !overrides.quick {
            // A mistake in `[quick]` is told before the day on which somebody is in a hurry.
            Self::check(name, text, &Overrides { quick: true, set: overrides.set.clone() })?;
        }
        Ok(study)
    }

    fn check(name: &str, text: &str, overrides: &Overrides) -> Result<Self, DescriptionError> {
        let mut parts: Vec<Part> = Vec::new();
        for template in Template::read(name, text, overrides)? {
            let first_cell = parts.last().map_or(0, Part::end);
            parts.push(Part::new(template, first_cell)?);
        }
        let first = match parts.first() {
            Some(part) => Description::from_values(&part.resolve(0)?.values)?,
            None => return Err(DescriptionError::NoSuchCell { index: 0, cells: 0 }),
        };
        Ok(Self { name: study_name(name), file: None, parts, first })
    }

    /// The name of the study: its file name without directory and `.toml`, fit for a directory name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file it was read from; data paths are relative to its directory.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The description of the first cell; what is not swept is the same in all cells.
    pub fn first(&self) -> &Description {
        &self.first
    }

    /// The seed, common to all cells.
    pub fn seed(&self) -> u64 {
        self.first.seed
    }

    /// The number of cells: the product of the lengths of the swept lists, 1 without a sweep; the sum over panels.
    pub fn cell_count(&self) -> usize {
        self.parts.last().map_or(0, Part::end)
    }

    /// The paths and column names of the swept keys, those of all panels together.
    pub fn swept(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut swept: Vec<(&str, &str)> = Vec::new();
        for key in self.parts.iter().flat_map(|part| part.sweep.keys()) {
            if !swept.iter().any(|(path, _)| *path == key.path) {
                swept.push((&key.path, &key.column));
            }
        }
        swept.into_iter()
    }

    /// One cell of the sweep, numbered from 0; the last swept key varies fastest.
    ///
    /// # Errors
    /// [`DescriptionError::NoSuchCell`] if `index` is not below [`Study::cell_count`].
    pub fn cell(&self, index: usize) -> Result<Cell, DescriptionError> {
        let part = self.parts.iter().find(|part| index < part.end());
        let part = part.ok_or(DescriptionError::NoSuchCell { index, cells: self.cell_count() })?;
        let resolution = part.resolve(index - part.first_cell)?;
        let coordinate = |key: &SweptKey| Coordinate::new(key, resolution.fits[key.leaf], &resolution.values);
        Ok(Cell {
            index,
            coordinates: part.sweep.keys().map(coordinate).collect(),
            description: Description::from_values(&resolution.values)?,
        })
    }

    /// All cells in order, made one at a time.
    pub fn cells(&self) -> impl Iterator<Item = Result<Cell, DescriptionError>> {
        (0..self.cell_count()).map(|index| self.cell(index))
    }

    /// The study as TOML, with overrides applied and defaults written out. It reads back as the same study, and
    /// prints again as the same text.
    pub fn resolved_toml(&self) -> String {
        match self.parts.as_slice() {
            [only] if only.template.node("panel.name").is_none() => only.template.to_toml(),
            parts => panels::to_toml(&parts.iter().map(|part| &part.template).collect::<Vec<_>>()),
        }
    }
}

impl Part {
    fn new(mut template: Template, first_cell: usize) -> Result<Self, DescriptionError> {
        let sweep = Sweep::read(&template)?;
        let defaults = check_cells(&template, &sweep, &swept_leaves(&template, &sweep))?;
        if template.node("panel.name").is_some() {
            panels::check_sweep(&template, &sweep.lengths())?;
        }
        for key in defaults {
            if let Presence::Default(text) = key.presence {
                template.add_default(key.path, parse_argument(key.path, text)?);
            }
        }
        write_as_kept(&mut template);
        // Defaults moved the keys: the sweep is found anew, the same axes under new numbers.
        let sweep = Sweep::read(&template)?;
        let swept = swept_leaves(&template, &sweep);
        Ok(Self { template, sweep, swept, first_cell })
    }

    /// The number behind its last cell.
    fn end(&self) -> usize {
        self.first_cell + self.sweep.cells()
    }

    fn resolve(&self, cell: usize) -> Result<Resolution, DescriptionError> {
        resolve(&self.template, &self.sweep, &self.swept, cell)
    }
}

/// Whether each key of the template is swept.
fn swept_leaves(template: &Template, sweep: &Sweep) -> Vec<bool> {
    let mut swept = vec![false; template.leaves.len()];
    for key in sweep.keys() {
        swept[key.leaf] = true;
    }
    swept
}

fn cell_template<'a>(
    template: &'a Template,
    sweep: &'a Sweep,
    swept: &'a [bool],
    position: &[usize],
) -> CellTemplate<'a> {
    let mut nodes: Vec<&Node> = template.leaves.iter().map(|leaf| &leaf.node).collect();
    for (key, index) in sweep.keys().zip(position) {
        nodes[key.leaf] = &key.values[*index];
    }
    CellTemplate { template, nodes, swept }
}

fn resolve(
    template: &Template,
    sweep: &Sweep,
    swept: &[bool],
    cell: usize,
) -> Result<Resolution, DescriptionError> {
    cell_template(template, sweep, swept, &sweep.position(cell)).resolve()
}

/// Checks every cell, without making every cell: what fits depends only on keys that conditions speak of, so one cell
/// for each combination of those is resolved, and every swept value is checked against the entry that it fits there.
/// Answers the defaults that all cells agree on.
fn check_cells(
    template: &Template,
    sweep: &Sweep,
    swept: &[bool],
) -> Result<Vec<&'static Key>, DescriptionError> {
    let selects: Vec<bool> = sweep
        .keys()
        .map(|key| keys::all().flat_map(|key| key.when).any(|when| when.path() == key.path))
        .collect();
    let mut seen = BTreeSet::new();
    let mut ever_fits = vec![false; template.leaves.len()];
    let mut defaults: Vec<&'static Key> = Vec::new();
    let mut disputed: BTreeSet<&'static str> = BTreeSet::new();
    for cell in 0..sweep.cells() {
        let position = sweep.position(cell);
        let selectors: Vec<String> = sweep
            .keys()
            .zip(&position)
            .zip(&selects)
            .filter(|(_, selects)| **selects)
            .map(|((key, index), _)| key.values[*index].value.to_string())
            .collect();
        if !seen.insert(selectors) {
            continue;
        }
        let resolution = cell_template(template, sweep, swept, &position).resolve()?;
        for (key, selects) in sweep.keys().zip(&selects) {
            if let (Some(schema), false) = (resolution.fits[key.leaf], *selects) {
                for node in &key.values {
                    checked(schema, &key.path, node, &template.source)?;
                }
            }
        }
        for (ever, fits) in ever_fits.iter_mut().zip(&resolution.fits) {
            *ever |= fits.is_some();
        }
        for key in &resolution.defaults {
            match defaults.iter().find(|known| known.path == key.path) {
                Some(known) if known.presence != key.presence => {
                    disputed.insert(key.path);
                }
                Some(_) => {}
                None => defaults.push(key),
            }
        }
        if seen.len() == 1 && !selects.contains(&true) {
            break;
        }
    }
    if let Some(leaf) = ever_fits.iter().position(|ever| !ever).map(|index| &template.leaves[index]) {
        return Err(DescriptionError::Misplaced {
            key: leaf.path.clone(),
            reason: "it belongs to no cell of the sweep".to_owned(),
            place: template.source.place(&leaf.name_origin),
        });
    }
    // A default that one cell fills in must not become a value that another cell is given.
    let optional_elsewhere = |key: &Key| {
        keys::all().any(|other| other.path == key.path && other.presence != key.presence) && seen.len() > 1
    };
    defaults.retain(|key| !disputed.contains(key.path) && !optional_elsewhere(key));
    Ok(defaults)
}

/// Rewrites values in the form in which cells keep them, so that `1` and `1.0` print alike.
fn write_as_kept(template: &mut Template) {
    for index in 0..template.leaves.len() {
        let leaf = &template.leaves[index];
        let Some(key) = likely_key(template, &leaf.path) else { continue };
        let keep = |node: &Node| checked(key, &leaf.path, node, &template.source).ok();
        let kept = match &leaf.node.value {
            Value::List(nodes) if is_sweep(key.shape, &leaf.node.value) => nodes
                .iter()
                .map(|node| Some(Node { value: keep(node)?, origin: node.origin.clone() }))
                .collect::<Option<_>>()
                .map(Value::List),
            _ => keep(&leaf.node),
        };
        // Where cells read a value by different entries of the schema, it may stay as it was written.
        if let Some(kept) = kept {
            template.leaves[index].node.value = kept;
        }
    }
}

#[cfg(test)]
mod tests;
