//! A study as a flat list of keys, after `--quick` and `--set`, before its sweeps are expanded.

use super::error::DescriptionError;
use super::keys;
use super::near_miss;
use super::panels;
use super::place::{Origin, Source};
use super::value::{Entry, Node, QuotedKey, Value, parse_argument, parse_document};
use std::fmt::Write as _;
use std::sync::Arc;

/// What changes a study from outside its file.
///
/// Changes are made in this order: the file, its `[quick]` table if `quick`, then each of `set`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Apply the `[quick]` table.
    pub quick: bool,
    /// Arguments `path=value`. The value is TOML; what is no TOML is a text: `rule.name=sgd`.
    pub set: Vec<String>,
}

/// One key that is written.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    pub(crate) path: String,
    /// Where the key itself stands.
    pub(crate) name_origin: Origin,
    /// What it is given.
    pub(crate) node: Node,
}

/// The keys of a study in the order in which they are printed: those outside tables, then table by table.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub(crate) source: Source,
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) zip: Option<Node>,
    /// Whether the file has a `[quick]` table.
    pub(crate) has_quick: bool,
    tables: Vec<(String, Origin)>,
}

impl Template {
    /// Reads the text of a study that errors call `name`: one template, or one for each of its panels.
    ///
    /// Changes are made in this order: the file, the panel, the table `[quick]`, the arguments.
    pub(crate) fn read(name: &str, text: &str, overrides: &Overrides) -> Result<Vec<Self>, DescriptionError> {
        let source = Source { name: name.into(), text: text.into() };
        let entries = parse_document(&source)?;
        let mut base = Self { source, leaves: Vec::new(), zip: None, has_quick: false, tables: Vec::new() };
        let (mut quick, mut panels) = (Vec::new(), None);
        for entry in entries {
            match entry.name.as_str() {
                "quick" => {
                    base.has_quick = true;
                    quick = base.table(entry)?;
                }
                "sweep" => base.sweep(entry)?,
                "panel" => panels = Some(panels::read(&entry.node, &base.source)?),
                _ => base.insert(entry)?,
            }
        }
        let mut templates = match panels {
            None => vec![base],
            Some(panels) => panels
                .into_iter()
                .map(|panel| {
                    let mut template = base.clone();
                    for entry in panel.entries {
                        template.change(entry)?;
                    }
                    Ok(template)
                })
                .collect::<Result<_, DescriptionError>>()?,
        };
        for template in &mut templates {
            if overrides.quick {
                for entry in &quick {
                    template.change(entry.clone())?;
                }
            }
            for argument in &overrides.set {
                template.set(argument)?;
            }
            template.put_in_order();
        }
        Ok(templates)
    }

    /// The value at a path.
    pub(crate) fn node(&self, path: &str) -> Option<&Node> {
        self.leaves.iter().find(|leaf| leaf.path == path).map(|leaf| &leaf.node)
    }

    /// Where a table starts, or the file as a whole.
    pub(crate) fn table_origin(&self, path: &str) -> Origin {
        let table = path.rsplit_once('.').map_or("", |(table, _)| table);
        let known = self.tables.iter().find(|(known, _)| known == table);
        known.map_or(Origin::Default, |(_, origin)| origin.clone())
    }

    /// Adds a default behind the other keys of its table.
    pub(crate) fn add_default(&mut self, path: &str, value: Value) {
        let node = Node { value, origin: Origin::Default };
        self.leaves.push(Leaf { path: path.to_owned(), name_origin: Origin::Default, node });
        self.put_in_order();
    }

    /// The TOML text that reads back as this template.
    pub(crate) fn to_toml(&self) -> String {
        let mut text = self.tables_to_toml(|_| true);
        if let Some(zip) = &self.zip {
            let _ = writeln!(text, "\n[sweep]\nzip = {}", zip.value);
        }
        text
    }

    /// The TOML text of the keys whose path is `wanted`.
    pub(crate) fn tables_to_toml(&self, wanted: impl Fn(&str) -> bool) -> String {
        let mut text = String::new();
        let mut open = "";
        for leaf in self.leaves.iter().filter(|leaf| wanted(&leaf.path)) {
            let (table, name) = leaf.path.rsplit_once('.').unwrap_or(("", &leaf.path));
            if table != open {
                let separator = if text.is_empty() { "" } else { "\n" };
                let _ = writeln!(text, "{separator}[{table}]");
                open = table;
            }
            let _ = writeln!(text, "{} = {}", QuotedKey(name), leaf.node.value);
        }
        text
    }

    fn put_in_order(&mut self) {
        let order = table_order(self.leaves.iter().map(|leaf| leaf.path.as_str()));
        // Stable: within a table the order of the file stays.
        self.leaves.sort_by_key(|leaf| order.iter().position(|known| known == table_of(&leaf.path)));
    }

    fn set(&mut self, argument: &str) -> Result<(), DescriptionError> {
        let malformed = |reason: &str| DescriptionError::Argument {
            argument: argument.chars().take(200).collect(),
            reason: reason.to_owned(),
        };
        let (path, text) = argument.split_once('=').ok_or_else(|| malformed("there is no `=`"))?;
        let (path, text) = (path.trim(), text.trim());
        if path.is_empty() || text.is_empty() {
            return Err(malformed(if path.is_empty() { "the path is empty" } else { "the value is empty" }));
        }
        let origin = Origin::Argument(argument.into());
        let value = match parse_argument(argument, text) {
            // `title=5` and `landscape.formula=3` mean the text.
            Ok(Value::Integer(_) | Value::Number(_) | Value::Truth(_)) if takes_only_text(path) => {
                Value::Text(text.to_owned())
            }
            Ok(value) => value,
            Err(error) if text.starts_with(['[', '{', '"', '\'']) => return Err(error),
            Err(_) => Value::Text(text.to_owned()),
        };
        let node = Node { value, origin: origin.clone() };
        self.change(Entry { name: path.to_owned(), name_origin: origin, node })
    }

    /// A change by `[quick]` or `--set`, whose name is a whole path.
    fn change(&mut self, entry: Entry) -> Result<(), DescriptionError> {
        if entry.name == keys::SWEEP_ZIP {
            self.zip = Some(entry.node);
            return Ok(());
        }
        let mut leaves = Vec::new();
        self.collect(&entry.name, &entry.name_origin, entry.node, &mut leaves)?;
        for leaf in leaves {
            match self.leaves.iter_mut().find(|known| known.path == leaf.path) {
                Some(known) => *known = leaf,
                None => self.leaves.push(leaf),
            }
        }
        Ok(())
    }

    fn insert(&mut self, entry: Entry) -> Result<(), DescriptionError> {
        if entry.name.contains('.') {
            return Err(self.unknown(&entry.name, &entry.name_origin));
        }
        let mut leaves = Vec::new();
        self.collect(&entry.name, &entry.name_origin, entry.node, &mut leaves)?;
        self.leaves.append(&mut leaves);
        Ok(())
    }

    fn sweep(&mut self, entry: Entry) -> Result<(), DescriptionError> {
        for entry in self.table(entry)? {
            if entry.name != "zip" {
                let key = format!("sweep.{}", entry.name);
                let place = self.source.place(&entry.name_origin);
                let nearest = Some(keys::SWEEP_ZIP.to_owned());
                return Err(DescriptionError::UnknownKey { key, nearest, place });
            }
            self.zip = Some(entry.node);
        }
        Ok(())
    }

    fn table(&self, entry: Entry) -> Result<Vec<Entry>, DescriptionError> {
        match entry.node.value {
            Value::Table(entries) => Ok(entries),
            _ => Err(self.not_a_table(&entry.name, &entry.node)),
        }
    }

    fn not_a_table(&self, path: &str, node: &Node) -> DescriptionError {
        DescriptionError::WrongType {
            key: path.to_owned(),
            expected: "a table of keys".to_owned(),
            kind: node.value.kind(),
            value: node.value.quoted(),
            place: self.source.place(&node.origin),
        }
    }

    /// Flattens a value down to the keys of the schema; the depth of values was limited when they were read.
    fn collect(
        &mut self,
        path: &str,
        name_origin: &Origin,
        node: Node,
        leaves: &mut Vec<Leaf>,
    ) -> Result<(), DescriptionError> {
        if is_table(path) {
            let Value::Table(entries) = node.value else { return Err(self.not_a_table(path, &node)) };
            if !self.tables.iter().any(|(known, _)| known == path) {
                self.tables.push((path.to_owned(), name_origin.clone()));
            }
            for entry in entries {
                let child = format!("{path}.{}", entry.name);
                if entry.name.contains('.') {
                    return Err(self.unknown(&child, &entry.name_origin));
                }
                self.collect(&child, &entry.name_origin, entry.node, leaves)?;
            }
            return Ok(());
        }
        if !keys::all().any(|key| key.covers(path)) {
            return Err(self.unknown(path, name_origin));
        }
        if let Some(name) = path.strip_prefix("landscape.parameters.")
            && !is_identifier(name)
        {
            return Err(DescriptionError::Misplaced {
                key: path.to_owned(),
                reason: "the name of a parameter is a letter or `_`, then letters, digits and `_`".to_owned(),
                place: self.source.place(name_origin),
            });
        }
        leaves.push(Leaf { path: path.to_owned(), name_origin: name_origin.clone(), node });
        Ok(())
    }

    fn unknown(&self, path: &str, origin: &Origin) -> DescriptionError {
        let tables = keys::TABLES.iter().map(|(table, _)| *table);
        let paths = keys::all().map(|key| key.path).filter(|path| !path.ends_with('*'));
        DescriptionError::UnknownKey {
            key: path.chars().take(200).collect(),
            nearest: near_miss::nearest_key(path, paths.chain(tables)).map(str::to_owned),
            place: self.source.place(origin),
        }
    }
}

/// The table of a path.
pub(crate) fn table_of(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(table, _)| table)
}

/// The tables of paths in the order in which they are printed: as they appear, but a table inside another behind it, where
/// TOML reads it back.
pub(crate) fn table_order<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut order: Vec<String> = vec![String::new()];
    for table in paths.map(table_of) {
        if order.iter().any(|known| known == table) {
            continue;
        }
        let parent = table_of(table);
        let inside = |known: &String| known == parent || table_of(known) == parent;
        let place = order.iter().rposition(inside).filter(|_| !parent.is_empty());
        order.insert(place.map_or(order.len(), |place| place + 1), table.to_owned());
    }
    order
}

/// Whether some key lies below the path.
fn is_table(path: &str) -> bool {
    keys::all().any(|key| key.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}

fn takes_only_text(path: &str) -> bool {
    use super::schema::Shape::{Choice, Choices, Text, Texts};
    let mut shapes = keys::all().filter(|key| key.covers(path)).map(|key| key.shape).peekable();
    shapes.peek().is_some() && shapes.all(|shape| matches!(shape, Text | Texts | Choice(_) | Choices(_)))
}

fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The name of a study: its file name without `.toml`, in letters that a directory name can hold.
pub(crate) fn study_name(file: &str) -> Arc<str> {
    let stem = std::path::Path::new(file).file_stem().map_or("study".into(), |stem| stem.to_string_lossy());
    let name: String = stem
        .chars()
        .map(
            |character| if character.is_alphanumeric() || "-_".contains(character) { character } else { '-' },
        )
        .take(100)
        .collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "study".into() } else { name.into() }
}
