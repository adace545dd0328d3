//! One cell of a study in typed form: what a runner reads.

use super::critical_points::CriticalPoints;
use super::curvature::Curvature;
use super::ensemble::Ensemble;
use super::error::DescriptionError;
use super::grid::Grid;
use super::landscape::Landscape;
use super::laws::Laws;
use super::noise::Noise;
use super::occupation::Occupation;
use super::question::{Density, Escape, FirstPassage, Question, Simulate, Stationary};
use super::rare_event::RareEvent;
use super::rule::Rule;
use super::schema::{Key, Shape};
use super::train::Train;
use super::value::Value;
use crate::study::datum::Datum;
use crate::study::sweep::SweptKey;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

/// One cell of a study: a description without sweeps, and where in the sweep it lies.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The number of the cell, from 0; the last swept key varies fastest.
    pub index: usize,
    /// The values of the swept keys, in the order of [`Study::swept`](super::Study::swept).
    pub coordinates: Vec<Coordinate>,
    /// The description.
    pub description: Description,
}

/// The value of a swept key in a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Coordinate {
    /// The path of the key, such as `rule.learning_rate`.
    pub path: String,
    /// The name of its column in tables: the last segment, or the whole path where segments collide.
    pub column: String,
    /// The value; a list as its TOML text. [`Datum::Missing`] if the key does not fit into this cell.
    pub value: Datum,
}

impl Coordinate {
    pub(crate) fn new(swept: &SweptKey, fits: Option<&'static Key>, values: &[(String, Value)]) -> Self {
        let value = fits.and(values.iter().find(|(path, _)| *path == swept.path));
        let value = match (value.map(|(_, value)| value), fits.map(|key| key.shape)) {
            (Some(Value::Number(number)), _) => Datum::Number(*number),
            (Some(Value::Truth(truth)), _) => Datum::Truth(*truth),
            (Some(Value::Text(text)), _) => Datum::Text(text.clone()),
            // A label may be a name in the next cell, and a column has one type.
            (Some(Value::Integer(integer)), Some(shape)) if shape != Shape::Label => {
                u64::try_from(*integer).map_or(Datum::Missing, Datum::Count)
            }
            (Some(other), _) => Datum::Text(other.to_string()),
            (None, _) => Datum::Missing,
        };
        Self { path: swept.path.clone(), column: swept.column.clone(), value }
    }
}

/// A study without sweeps: every key that fits, with its value or its default, in range.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// The title for the report.
    pub title: Option<String>,
    /// What the study is about.
    pub description: Option<String>,
    /// The seed of all random numbers.
    pub seed: u64,
    /// What is descended.
    pub landscape: Landscape,
    /// The factor k of L(√k θ); places that a study writes are those of L, and are moved when it is read.
    pub sharpness: f64,
    /// What is added to gradients; none for a risk, for langevin and levy, and for sgld with exact gradients.
    pub noise: Option<Noise>,
    /// How a step is made.
    pub rule: Rule,
    /// What is asked.
    pub question: Question,
    /// The grid, where a study may need one.
    pub grid: Option<Grid>,
    /// The replicas.
    pub ensemble: Ensemble,
}

impl Description {
    /// Sorts resolved values into their types.
    pub(crate) fn from_values(values: &[(String, Value)]) -> Result<Self, DescriptionError> {
        let root = tree(values);
        let text = |key: &str| root.get(key).and_then(Json::as_str).map(str::to_owned);
        let question = match text("study").as_deref() {
            Some("escape") => Question::Escape(section::<Escape>(&root, "escape")?),
            Some("stationary") => Question::Stationary(section::<Stationary>(&root, "stationary")?),
            Some("density") => Question::Density(section::<Density>(&root, "density")?),
            Some("first-passage") => Question::FirstPassage(section::<FirstPassage>(&root, "first-passage")?),
            Some("rare-event") => Question::RareEvent(section::<RareEvent>(&root, "rare-event")?),
            Some("laws") => {
                let panel = section(&root, "panel")?;
                Question::Laws(Laws { panel, ..section::<Laws>(&root, "laws")? })
            }
            Some("critical-points") => {
                Question::CriticalPoints(section::<CriticalPoints>(&root, "critical-points")?)
            }
            Some("curvature") => Question::Curvature(section::<Curvature>(&root, "curvature")?),
            Some("train") => Question::Train(section::<Train>(&root, "train")?),
            Some("occupation") => Question::Occupation(section::<Occupation>(&root, "occupation")?),
            _ => Question::Simulate(section::<Simulate>(&root, "simulate")?),
        };
        let landscape: super::landscape::Section = section(&root, "landscape")?;
        let sharpness = landscape.sharpness();
        Ok(Self {
            title: text("title"),
            description: text("description"),
            seed: section(&root, "seed")?,
            landscape: Landscape::from_section(landscape)?,
            sharpness,
            noise: section(&root, "noise")?,
            rule: section(&root, "rule")?,
            question,
            grid: section(&root, "grid")?,
            ensemble: section(&root, "ensemble")?,
        }
        .in_place())
    }
}

/// The value of a table of the study in its type.
fn section<T: DeserializeOwned>(root: &Map<String, Json>, name: &'static str) -> Result<T, DescriptionError> {
    serde_json::from_value(root.get(name).cloned().unwrap_or(Json::Null))
        .map_err(|error| DescriptionError::SchemaMismatch { section: name, message: error.to_string() })
}

fn tree(values: &[(String, Value)]) -> Map<String, Json> {
    let mut root = Map::new();
    for (path, value) in values {
        let mut tables: Vec<&str> = path.split('.').collect();
        let name = tables.pop().unwrap_or_default();
        let mut table = Some(&mut root);
        for segment in tables {
            let child = table.map(|table| table.entry(segment).or_insert_with(|| Json::Object(Map::new())));
            table = child.and_then(Json::as_object_mut);
        }
        if let Some(table) = table {
            table.insert(name.to_owned(), json(value));
        }
    }
    root
}

/// The value without its places.
pub(super) fn json(value: &Value) -> Json {
    match value {
        Value::Text(text) => Json::from(text.as_str()),
        Value::Integer(integer) => {
            u64::try_from(*integer).map_or_else(|_| Json::from(*integer as f64), Json::from)
        }
        Value::Number(number) => Json::from(*number),
        Value::Truth(truth) => Json::from(*truth),
        Value::List(nodes) => nodes.iter().map(|node| json(&node.value)).collect(),
        Value::Table(entries) => {
            Json::Object(entries.iter().map(|entry| (entry.name.clone(), json(&entry.node.value))).collect())
        }
    }
}
