//! Panels: a study that is several, which share most of what they say.

use super::error::DescriptionError;
use super::near_miss;
use super::place::{Origin, Source};
use super::template::{Template, table_of, table_order};
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
            match entry.node.value {
                // `sweep.zip = …` without quotes is a table of one key.
                Value::Table(inner) if entry.name == "sweep" => {
                    changes.extend(
                        inner
                            .into_iter()
                            .map(|inner| Entry { name: format!("sweep.{}", inner.name), ..inner }),
                    );
                }
                _ => changes.push(entry),
            }
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
        let order = table_order(common.iter().copied().chain(own.iter().map(|leaf| leaf.path.as_str())));
        own.sort_by_key(|leaf| order.iter().position(|known| known == table_of(&leaf.path)));
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

#[cfg(test)]
mod tests {
    use crate::study::{Overrides, Question, Study};

    const STUDY: &str = r#"
study = "laws"
[landscape]
name = "double-well"
[rule]
name = "langevin"
beta = 4.0
step_size = 0.01
[laws]
start = [1.0]
target = "x <= -0.7"
[quick]
"ensemble.replicas" = 10
[[panel]]
name = "sharpness"
x = "ln k"
y = "time"
landscape.sharpness = [1.0, 1.5, 2.0, 3.0]
[[panel]]
name = "D"
like = "sharpness"
x = "1/D"
landscape.sharpness = 2.0
rule.beta = [2.0, 3.0, 4.0, 5.0, 6.0]
[[panel]]
name = "both"
x = "1/D"
sweep.zip = ["rule.beta", "rule.step_size"]
rule.beta = [2.0, 3.0, 4.0, 5.0]
rule.step_size = [0.02, 0.015, 0.01, 0.01]
"#;

    fn parse(text: &str) -> Result<Study, String> {
        Study::parse("laws.toml", text, &Overrides::default()).map_err(|error| error.to_string())
    }

    fn error(piece: &str, by: &str) -> String {
        assert!(STUDY.contains(piece), "{piece}");
        parse(&STUDY.replace(piece, by)).map_or_else(|error| error, |study| study.resolved_toml())
    }

    #[test]
    fn panels_are_cells_one_after_the_other() {
        let study = parse(STUDY).unwrap();
        assert_eq!(study.cell_count(), 4 + 5 + 4);
        let (fifth, last) = (study.cell(5).unwrap(), study.cell(12).unwrap());
        let Question::Laws(laws) = &fifth.description.question else { panic!("laws") };
        // What panel D takes from k, what it says anew, and a place on the sharper landscape.
        assert_eq!((laws.panel.name.as_str(), laws.panel.y.symbol()), ("D", "−ln γ"));
        assert_eq!((fifth.index, fifth.description.sharpness), (5, 2.0));
        assert!((laws.start[0] - 0.5f64.sqrt()).abs() < 1e-15);
        let names: Vec<_> = last.coordinates.iter().map(|coordinate| coordinate.path.as_str()).collect();
        assert_eq!(names, ["rule.beta", "rule.step_size"]);
        let columns: Vec<_> = study.swept().map(|(_, column)| column).collect();
        assert_eq!(columns, ["sharpness", "beta", "step_size"]);
        assert!(study.cell(13).is_err());
    }

    #[test]
    fn what_is_resolved_reads_back_as_the_same_study() {
        for quick in [false, true] {
            let overrides = Overrides { quick, set: vec!["rule.integrator=heun".to_owned()] };
            let study = Study::parse("laws.toml", STUDY, &overrides).unwrap();
            let resolved = study.resolved_toml();
            let again = parse(&resolved).unwrap();
            assert_eq!(again.resolved_toml(), resolved);
            assert_eq!(again.cell_count(), study.cell_count());
            for (cell, same) in study.cells().zip(again.cells()) {
                let (cell, same) = (cell.unwrap(), same.unwrap());
                assert_eq!(cell, same);
                assert_eq!(cell.description.ensemble.replicas == 10, quick);
            }
        }
    }

    #[test]
    fn mistakes_are_told_by_their_panel() {
        assert!(error("like = \"sharpness\"", "like = \"sharpnes\"").contains("did you mean `sharpness`?"));
        assert!(error("name = \"D\"", "name = \"sharpness\"").contains("the name of one panel only"));
        assert!(error("x = \"ln k\"", "x = \"log k\"").contains("`panel.x` has no choice \"log k\""));
        assert!(
            error("[1.0, 1.5, 2.0, 3.0]", "[1.0, 1.5, 2.0]")
                .contains("3 points: a line and its curvature need 4")
        );
        assert!(error("[1.0, 1.5, 2.0, 3.0]", "1.0").contains("its panel sweeps nothing"));
        assert!(
            error("sweep.zip = [\"rule.beta\", \"rule.step_size\"]\n", "")
                .contains("its panel sweeps 2 things")
        );
        assert!(
            error("landscape.sharpness = 2.0", "landscape.sharpnes = 2.0")
                .contains("did you mean `landscape.sharpness`?")
        );
        let single = STUDY.replace("[[panel]]\nname = \"D\"", "[panel]\nname = \"D\"");
        assert!(parse(&single).is_err());
        let alone = &STUDY[..STUDY.find("[[panel]]").unwrap()];
        assert!(parse(alone).unwrap_err().contains("missing key `panel.name`"));
        let empty = format!("panel = []\n{alone}");
        assert!(parse(&empty).unwrap_err().contains("one table [[panel]] or more"));
        let other = STUDY.replace("study = \"laws\"", "study = \"simulate\"");
        assert!(parse(&other).is_err());
    }
}
