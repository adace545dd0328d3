//! What a study of occupation asks.

use serde::{Deserialize, Deserializer};
use serde_json::Map;

/// `[occupation]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Occupation {
    /// Where every replica starts, d coordinates.
    pub start: Vec<f64>,
    /// The regions in the order of the file; ratios are taken to the first.
    #[serde(default, deserialize_with = "in_order")]
    pub regions: Vec<OccupiedRegion>,
    /// How long a discrete rule runs, in steps.
    pub steps: Option<u64>,
    /// How long a continuous rule runs, in time.
    pub time: Option<f64>,
    /// The share of the run before time in regions is counted, in [0, 1).
    pub burn_in: f64,
    /// Steps between two looks.
    pub every: u64,
    /// How many times on the way replicas in regions are counted.
    pub snapshots: u64,
    /// Whether the minimum is found in whose basin each replica ends.
    pub basins: bool,
}

/// A region with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OccupiedRegion {
    /// Its name in tables.
    pub name: String,
    /// The condition on the coordinates.
    pub condition: String,
}

fn in_order<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<OccupiedRegion>, D::Error> {
    let regions = Map::deserialize(deserializer)?;
    let region = |(name, condition): (String, serde_json::Value)| match condition.as_str() {
        Some(condition) => Ok(OccupiedRegion { name, condition: condition.to_owned() }),
        None => Err(serde::de::Error::custom(format!("region `{name}` is no condition"))),
    };
    regions.into_iter().map(region).collect()
}
