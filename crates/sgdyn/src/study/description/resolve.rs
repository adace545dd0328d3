//! Which keys fit into one cell of a study, which are missing, and the values of all of them.

use super::check::checked;
use super::error::DescriptionError;
use super::keys;
use super::near_miss;
use super::schema::{Key, Presence, When, listed};
use super::template::Template;
use super::value::{Node, Value, parse_argument};

/// The keys of one cell.
pub(crate) struct Resolution {
    /// For each key of the template the entry of the schema that it fits; none if it is left out of this cell.
    pub(crate) fits: Vec<Option<&'static Key>>,
    /// The values of the keys that fit, and of the defaults of the others.
    pub(crate) values: Vec<(String, Value)>,
    /// The entries of the schema whose defaults were filled in.
    pub(crate) defaults: Vec<&'static Key>,
}

/// A template whose swept keys have one value each.
pub(crate) struct CellTemplate<'a> {
    pub(crate) template: &'a Template,
    /// The value of each key of the template in this cell.
    pub(crate) nodes: Vec<&'a Node>,
    /// Whether each key of the template is swept.
    pub(crate) swept: &'a [bool],
}

impl CellTemplate<'_> {
    /// Checks the cell against the schema and fills in defaults.
    ///
    /// A key that does not fit is an error, except where it would fit with another value of a swept key: a study that
    /// sweeps `rule.name` may say things that only one of the rules takes.
    pub(crate) fn resolve(&self) -> Result<Resolution, DescriptionError> {
        self.exactly_one()?;
        let leaves = &self.template.leaves;
        let mut fits: Vec<Option<&'static Key>> = vec![None; leaves.len()];
        let mut values: Vec<(String, Value)> = Vec::with_capacity(leaves.len());
        let mut defaults = Vec::new();
        let mut missing = Vec::new();
        for key in keys::all() {
            if !key.when.iter().all(|when| self.holds(when, &values)) {
                continue;
            }
            let mut written = false;
            for (index, leaf) in leaves.iter().enumerate() {
                if fits[index].is_none() && key.covers(&leaf.path) {
                    written = true;
                    let value = checked(key, &leaf.path, self.nodes[index], &self.template.source)?;
                    fits[index] = Some(key);
                    values.push((leaf.path.clone(), value));
                }
            }
            match key.presence {
                Presence::Required if !written => missing.push(key),
                Presence::Default(text) if !written => {
                    values.push((key.path.to_owned(), parse_argument(key.path, text)?));
                    defaults.push(key);
                }
                _ => {}
            }
        }
        self.leave_out_or_refuse(&fits, &values, &missing)?;
        match missing.first() {
            Some(key) => Err(self.missing(key)),
            None => Ok(Resolution { fits, values, defaults }),
        }
    }

    fn holds(&self, when: &When, values: &[(String, Value)]) -> bool {
        when.holds(|path| {
            // Alternatives such as `landscape.risk` are asked for before they were looked at.
            let resolved = values.iter().find(|(known, _)| known == path).map(|(_, value)| value);
            let written = matches!(when, When::With(_) | When::Without(_))
                .then(|| self.template.node(path).map(|node| &node.value))
                .flatten();
            match resolved.or(written)? {
                Value::Text(text) => Some(text.as_str()),
                _ => Some(""),
            }
        })
    }

    fn leave_out_or_refuse(
        &self,
        fits: &[Option<&'static Key>],
        values: &[(String, Value)],
        missing: &[&'static Key],
    ) -> Result<(), DescriptionError> {
        let leaves = &self.template.leaves;
        let mut left_out = vec![false; leaves.len()];
        let candidates = |path: &str| {
            let path = path.to_owned();
            keys::all().filter(move |key| key.covers(&path))
        };
        loop {
            let varies = |when: &&When| {
                let leaf = leaves.iter().position(|leaf| leaf.path == when.path());
                !self.holds(when, values) && leaf.is_some_and(|index| self.swept[index] || left_out[index])
            };
            let next = (0..leaves.len()).find(|&index| {
                fits[index].is_none()
                    && !left_out[index]
                    && candidates(&leaves[index].path).any(|key| key.when.iter().any(|when| varies(&when)))
            });
            match next {
                Some(index) => left_out[index] = true,
                None => break,
            }
        }
        let unfit = || (0..leaves.len()).filter(|&index| fits[index].is_none() && !left_out[index]);
        // The name of a noise that does not fit is the cause; that its numbers do not fit follows.
        let is_selector = |index: &usize| {
            keys::all().flat_map(|key| key.when).any(|when| when.path() == leaves[*index].path)
        };
        match unfit().find(is_selector).or_else(|| unfit().next()) {
            Some(index) => Err(self.refusal(index, values, missing)),
            None => Ok(()),
        }
    }

    fn refusal(
        &self,
        index: usize,
        values: &[(String, Value)],
        missing: &[&'static Key],
    ) -> DescriptionError {
        let leaf = &self.template.leaves[index];
        let failing = |key: &&'static Key| key.when.iter().find(|when| !self.holds(when, values));
        let candidates = || keys::all().filter(|key| key.covers(&leaf.path));
        let cause =
            candidates().filter(|key| !key.path.ends_with('*')).find_map(|key| Some((key, failing(&key)?)));
        let place = self.template.source.place(&leaf.name_origin);
        let key = leaf.path.clone();
        let Some((candidate, when)) = cause else {
            // Only the wildcard covers it: a parameter that the named landscape does not have.
            let fitting = keys::all().filter(|key| key.when.iter().all(|when| self.holds(when, values)));
            let nearest = near_miss::nearest_key(&key, fitting.map(|key| key.path)).map(str::to_owned);
            return DescriptionError::UnknownKey { key, nearest, place };
        };
        if let Some(absent) = missing.iter().find(|absent| absent.path == when.path()) {
            return self.missing(absent);
        }
        let mut allowed: Vec<&str> = Vec::new();
        for other in candidates().filter_map(|key| failing(&key)) {
            if let When::Is(path, names) = other
                && *path == when.path()
            {
                allowed
                    .extend(names.iter().filter(|name| !allowed.contains(name)).copied().collect::<Vec<_>>());
            }
        }
        let belongs = match when {
            When::Is(path, _) => format!("{path} = {}", listed(&allowed)),
            other => other.to_string(),
        };
        let found = match values.iter().find(|(path, _)| path == when.path()) {
            Some((path, value)) => format!(", and this study has {path} = {}", value.quoted()),
            None => match self.template.node(when.path()) {
                Some(node) => format!(", and this study has {} = {}", when.path(), node.value.quoted()),
                None => format!(", and this study has no {}", when.path()),
            },
        };
        let hint = candidate.instead.iter().find(|(path, _)| *path == when.path());
        let hint = hint.map_or_else(String::new, |(_, hint)| format!("; {hint}"));
        DescriptionError::Misplaced { key, reason: format!("it belongs to {belongs}{found}{hint}"), place }
    }

    fn missing(&self, key: &'static Key) -> DescriptionError {
        DescriptionError::Missing {
            key: key.path.to_owned(),
            expected: key.shape.to_string(),
            documentation: key.documentation.to_owned(),
            place: self.template.source.place(&self.template.table_origin(key.path)),
        }
    }

    fn exactly_one(&self) -> Result<(), DescriptionError> {
        for group in keys::EXACTLY_ONE {
            let found: Vec<_> =
                self.template.leaves.iter().filter(|leaf| group.contains(&leaf.path.as_str())).collect();
            if found.len() != 1 {
                let quoted = |paths: &mut dyn Iterator<Item = &str>| {
                    paths.map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
                };
                let origin = found.get(1).map_or_else(
                    || self.template.table_origin(group.first().unwrap_or(&"")),
                    |leaf| leaf.name_origin.clone(),
                );
                return Err(DescriptionError::ExactlyOne {
                    keys: quoted(&mut group.iter().copied()),
                    found: match found.len() {
                        0 => "none".to_owned(),
                        _ => quoted(&mut found.iter().map(|leaf| leaf.path.as_str())),
                    },
                    place: self.template.source.place(&origin),
                });
            }
        }
        Ok(())
    }
}
