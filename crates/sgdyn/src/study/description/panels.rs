//! Panels: a study that is several, which share most of what they say.

use super::error::DescriptionError;
use super::near_miss;
use super::place::{Origin, Source};
use super::template::Template;
use super::value::{Entry, Node, QuotedKey, Value};
use std::fmt::Write as _;

/// One `[[panel]]`: its changes to the study, those of the panel that it is like included.
#[derive(Clone, Debug)]
pub(crate) struct PanelChanges {
    name: String,
    pub(crate) entries: Vec<Entry>,
}

/// The keys of a panel that are no changes.
const OWN: &[&str] = &["name", "x", "y"];

/// Reads the list of tables `[[panel]]`.
pub(crate) fn read(node: &Node, source: &Source) -> Result<Vec<PanelChanges>, DescriptionError> {
    let wrong_type = |node: &Node, expected: &str| DescriptionError::WrongType {
        key: "panel".to_owned(),
        expected: expected.to_owned(),
        kind: node.value.kind(),
        value: node.value.quoted(),
        place: source.place(&node.origin),
    };
    let Value::List(tables) = &node.value else {
        return Err(wrong_type(node, "a list of tables, each headed [[panel]]"));
    };
    let mut panels: Vec<PanelChanges> = Vec::new();
    for table in tables {
        let Value::Table(entries) = &table.value else {
            return Err(wrong_type(table, "a table of keys headed [[panel]]"));
        };
        let mut changes = match entries.iter().find(|entry| entry.name == "like") {
            Some(like) => inherited(&panels, like, source)?,
            None => Vec::new(),
        };
        let mut name = String::new();
        for entry in entries.iter().filter(|entry| entry.name != "like") {
            let mut entry = entry.clone();
            if let ("name", Value::Text(text)) = (entry.name.as_str(), &entry.node.value) {
                name.clone_from(text);
                if panels.iter().any(|earlier| earlier.name == *text) {
                    return Err(DescriptionError::OutOfRange {
                        key: "panel.name".to_owned(),
                        value: entry.node.value.quoted(),
                        allowed: "the name of one panel only".to_owned(),
                        place: source.place(&entry.node.origin),
                    });
                }
            }
            if OWN.contains(&entry.name.as_str()) {
                entry.name = format!("panel.{}", entry.name);
            }
            changes.push(entry);
        }
        panels.push(PanelChanges { name, entries: changes });
    }
    if panels.is_empty() {
        return Err(wrong_type(node, "one table [[panel]] or more"));
    }
    Ok(panels)
}

fn inherited(panels: &[PanelChanges], like: &Entry, source: &Source) -> Result<Vec<Entry>, DescriptionError> {
    let wanted = if let Value::Text(text) = &like.node.value { text.as_str() } else { "" };
    if let Some(panel) = panels.iter().find(|panel| panel.name == wanted) {
        return Ok(panel.entries.clone());
    }
    let names: Vec<&str> = panels.iter().map(|panel| panel.name.as_str()).collect();
    Err(DescriptionError::UnknownChoice {
        key: "panel.like".to_owned(),
        value: like.node.value.quoted(),
        nearest: near_miss::nearest(wanted, names.iter().copied()).map(str::to_owned),
        choices: if names.is_empty() { "none before this panel".to_owned() } else { names.join(", ") },
        place: source.place(&like.node.origin),
    })
}

/// The TOML text of several templates: what they share, then what each says for itself.
pub(crate) fn to_toml(templates: &[&Template]) -> String {
    let [first, rest @ ..] = templates else { return String::new() };
    let of_panel = |path: &str| path.starts_with("panel.");
    let shared = |path: &str, value: &Value| {
        !of_panel(path)
            && rest
                .iter()
                .all(|other| other.node(path).is_some_and(|node| node.value.to_string() == value.to_string()))
    };
    let common: Vec<&str> = first
        .leaves
        .iter()
        .filter(|leaf| shared(&leaf.path, &leaf.node.value))
        .map(|leaf| leaf.path.as_str())
        .collect();
    let mut text = first.tables_to_toml(|path| common.contains(&path));
    for template in templates {
        text.push_str("\n[[panel]]\n");
        let own = template.leaves.iter().filter(|leaf| !common.contains(&leaf.path.as_str()));
        let mut own: Vec<_> = own.collect();
        // Tables come back in the order in which the text names them, those of the common part first.
        let table = |path: &str| path.rsplit_once('.').map_or("", |(table, _)| table).to_owned();
        let mut order: Vec<String> = Vec::new();
        for path in common.iter().copied().chain(own.iter().map(|leaf| leaf.path.as_str())) {
            if !order.contains(&table(path)) {
                order.push(table(path));
            }
        }
        own.sort_by_key(|leaf| order.iter().position(|known| *known == table(&leaf.path)));
        for leaf in &own {
            let path = leaf.path.strip_prefix("panel.").unwrap_or(&leaf.path);
            let _ = writeln!(text, "{} = {}", QuotedKey(path), leaf.node.value);
        }
        if let Some(zip) = &template.zip {
            let _ = writeln!(text, "\"sweep.zip\" = {}", zip.value);
        }
    }
    text
}

/// Refuses a panel that does not sweep one thing over at least as many points as a law with a curvature needs.
pub(crate) fn check_sweep(template: &Template, lengths: &[usize]) -> Result<(), DescriptionError> {
    const FEWEST: usize = 4;
    let reason = match lengths {
        [] => "its panel sweeps nothing: give a list to the key that the law is about".to_owned(),
        [points] if *points >= FEWEST => return Ok(()),
        [points] => format!("its panel has {points} points: a line and its curvature need {FEWEST}"),
        several => {
            format!(
                "its panel sweeps {} things: a law is about one; `sweep.zip` walks lists together",
                several.len()
            )
        }
    };
    let origin = template.leaves.iter().find(|leaf| leaf.path == "panel.x");
    let origin = origin.map_or(Origin::Default, |leaf| leaf.name_origin.clone());
    let place = template.source.place(&origin);
    Err(DescriptionError::Misplaced { key: "panel.x".to_owned(), reason, place })
}
