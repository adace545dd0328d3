//! Whether one value is what its key takes.

use super::error::DescriptionError;
use super::keys;
use super::near_miss;
use super::place::Source;
use super::schema::{Interval, Key, Shape, Sweeping, listed};
use super::value::{Node, Value};
use crate::risk::network::layered::Layer;

/// Whole numbers up to here are exact in a double: `replicas = 1e6` is a count.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Whether a list in the place of a value of this shape is a sweep over values.
pub(crate) fn is_sweep(shape: Shape, value: &Value) -> bool {
    let Value::List(nodes) = value else { return false };
    match shape.sweeping() {
        Sweeping::Never => false,
        Sweeping::Depth(depth) => {
            // `depth` levels of lists are a value: a sweep has one level more along its first elements.
            let mut first = nodes.first();
            for _ in 0..depth {
                match first.map(|node| &node.value) {
                    Some(Value::List(inner)) => first = inner.first(),
                    _ => return false,
                }
            }
            true
        }
        Sweeping::ChoiceOrVector => {
            nodes.iter().any(|node| matches!(node.value, Value::List(_) | Value::Text(_)))
        }
    }
}

/// The value in the form that its key keeps: numbers as numbers, counts as whole numbers.
pub(crate) fn checked(
    key: &Key,
    path: &str,
    node: &Node,
    source: &Source,
) -> Result<Value, DescriptionError> {
    Check { key, path, source }.value(node)
}

struct Check<'a> {
    key: &'a Key,
    path: &'a str,
    source: &'a Source,
}

impl Check<'_> {
    fn value(&self, node: &Node) -> Result<Value, DescriptionError> {
        match self.key.shape {
            Shape::Number(interval) => self.number(node, &interval).map(Value::Number),
            Shape::Count(least, most) => self.count(node, least, most),
            Shape::Truth => match node.value {
                Value::Truth(truth) => Ok(Value::Truth(truth)),
                _ => Err(self.wrong_type(node)),
            },
            Shape::Text => self.text(node),
            Shape::Choice(names) => self.choice(node, names),
            Shape::Choices(names) => self.choices(node, names),
            Shape::Texts => match &node.value {
                Value::Text(_) => Ok(Value::List(vec![kept(node, self.text(node)?)])),
                _ => self.list(node, |element| self.text(element)),
            },
            Shape::Label => match &node.value {
                Value::Text(_) => self.text(node),
                Value::Integer(_) => self.count(node, 0, u32::MAX as u64),
                _ => Err(self.wrong_type(node)),
            },
            Shape::Vector(interval) => self.vector(node, &interval),
            Shape::Counts(least, most) => self.list(node, |element| self.count(element, least, most)),
            Shape::ChoiceOrVector(names) => match &node.value {
                Value::Text(_) => self.choice(node, names),
                _ => self.vector(node, &super::schema::ANY),
            },
            Shape::Matrix => {
                self.matrix(node, |element| self.number(element, &super::schema::ANY).map(Value::Number))
            }
            Shape::SymmetricMatrix => {
                let matrix = self
                    .matrix(node, |element| self.number(element, &super::schema::ANY).map(Value::Number))?;
                self.symmetric(&matrix, node)?;
                Ok(matrix)
            }
            Shape::Layers => self.layers(node),
            Shape::FormulaMatrix => {
                let matrix = self.matrix(node, |element| self.text(element))?;
                self.square(&matrix, node)?;
                Ok(matrix)
            }
        }
    }

    /// Layers that a network can be described by; whether they fit each other is seen when it is built.
    fn layers(&self, node: &Node) -> Result<Value, DescriptionError> {
        let Value::List(layers) = &node.value else { return Err(self.wrong_type(node)) };
        if layers.is_empty() {
            return Err(self.out_of_range(node, "a list of at least one layer"));
        }
        for (index, layer) in layers.iter().enumerate() {
            serde_json::from_value::<Layer>(super::cell::json(&layer.value)).map_err(|error| {
                DescriptionError::Misplaced {
                    key: format!("{}[{index}]", self.path),
                    reason: error.to_string(),
                    place: self.source.place(&layer.origin),
                }
            })?;
        }
        Ok(node.value.clone())
    }

    fn number(&self, node: &Node, interval: &Interval) -> Result<f64, DescriptionError> {
        let number = match node.value {
            Value::Number(number) => number,
            Value::Integer(integer) => integer as f64,
            _ => return Err(self.wrong_type(node)),
        };
        // −0 would survive into tables and file names.
        let number = if number == 0.0 { 0.0 } else { number };
        if interval.contains(number) {
            Ok(number)
        } else {
            Err(self.out_of_range(node, &interval.to_string()))
        }
    }

    fn count(&self, node: &Node, least: u64, most: u64) -> Result<Value, DescriptionError> {
        let integer = match node.value {
            Value::Integer(integer) => integer,
            Value::Number(number) if number.fract() == 0.0 && number.abs() <= EXACT => number as i128,
            Value::Number(number) if !number.is_finite() => {
                return Err(self.out_of_range(node, &format!("from {least} to {most}")));
            }
            _ => return Err(self.wrong_type(node)),
        };
        if integer < least as i128 || integer > most as i128 {
            let allowed = if most == u64::MAX {
                format!("≥ {least} and below 2⁶⁴")
            } else {
                format!("from {least} to {most}")
            };
            return Err(self.out_of_range(node, &allowed));
        }
        Ok(Value::Integer(integer))
    }

    fn text(&self, node: &Node) -> Result<Value, DescriptionError> {
        match &node.value {
            Value::Text(text) if text.trim().is_empty() => Err(self.out_of_range(node, "not empty")),
            Value::Text(text) => Ok(Value::Text(text.clone())),
            _ => Err(self.wrong_type(node)),
        }
    }

    fn choice(&self, node: &Node, names: &[&str]) -> Result<Value, DescriptionError> {
        let Value::Text(text) = &node.value else { return Err(self.wrong_type(node)) };
        let synonym = keys::SYNONYMS.iter().find(|(key, word, _)| *key == self.path && word == text);
        let text = synonym.map_or(text.as_str(), |(_, _, name)| name);
        if names.contains(&text) {
            return Ok(Value::Text(text.to_owned()));
        }
        Err(DescriptionError::UnknownChoice {
            key: self.path.to_owned(),
            value: node.value.quoted(),
            nearest: near_miss::nearest(text, names.iter().copied()).map(str::to_owned),
            choices: listed(names),
            place: self.source.place(&node.origin),
        })
    }

    fn choices(&self, node: &Node, names: &[&str]) -> Result<Value, DescriptionError> {
        let chosen = self.list(node, |element| self.choice(element, names))?;
        if let Value::List(nodes) = &chosen {
            for (index, element) in nodes.iter().enumerate() {
                if nodes[..index].iter().any(|earlier| earlier.value == element.value) {
                    return Err(self.out_of_range(element, "named once"));
                }
            }
        }
        Ok(chosen)
    }

    fn vector(&self, node: &Node, interval: &Interval) -> Result<Value, DescriptionError> {
        self.list(node, |element| self.number(element, interval).map(Value::Number))
    }

    fn list(
        &self,
        node: &Node,
        element: impl Fn(&Node) -> Result<Value, DescriptionError>,
    ) -> Result<Value, DescriptionError> {
        let Value::List(nodes) = &node.value else { return Err(self.wrong_type(node)) };
        if nodes.is_empty() {
            return Err(self.out_of_range(node, "a list with at least one element"));
        }
        let kept = nodes.iter().map(|child| Ok(kept(child, element(child)?)));
        Ok(Value::List(kept.collect::<Result<_, _>>()?))
    }

    fn matrix(
        &self,
        node: &Node,
        element: impl Fn(&Node) -> Result<Value, DescriptionError>,
    ) -> Result<Value, DescriptionError> {
        let matrix = self.list(node, |row| self.list(row, &element))?;
        let rows = rows(&matrix);
        let columns = rows.first().map_or(0, |row| row.len());
        match rows.iter().position(|row| row.len() != columns) {
            Some(row) => {
                let found = rows[row].len();
                let allowed = format!(
                    "rectangular: row 0 has {columns} entries, row {row} has {found} (rows count from 0)"
                );
                Err(self.out_of_range(node, &allowed))
            }
            None => Ok(matrix),
        }
    }

    fn square(&self, matrix: &Value, node: &Node) -> Result<(), DescriptionError> {
        let rows = rows(matrix);
        let columns = rows.first().map_or(0, |row| row.len());
        if rows.len() == columns {
            return Ok(());
        }
        Err(self.out_of_range(node, &format!("square: it has {} rows and {columns} columns", rows.len())))
    }

    fn symmetric(&self, matrix: &Value, node: &Node) -> Result<(), DescriptionError> {
        self.square(matrix, node)?;
        let rows = rows(matrix);
        for (i, row) in rows.iter().enumerate() {
            for (j, entry) in row.iter().enumerate().take(i) {
                if entry.value != rows[j][i].value {
                    let (lower, upper) = (&entry.value, &rows[j][i].value);
                    let allowed = format!(
                        "symmetric: entry ({i}, {j}) is {lower} and entry ({j}, {i}) is {upper} (counted from 0)"
                    );
                    return Err(self.out_of_range(node, &allowed));
                }
            }
        }
        Ok(())
    }

    fn wrong_type(&self, node: &Node) -> DescriptionError {
        DescriptionError::WrongType {
            key: self.path.to_owned(),
            expected: self.key.shape.to_string(),
            kind: node.value.kind(),
            value: node.value.quoted(),
            place: self.source.place(&node.origin),
        }
    }

    fn out_of_range(&self, node: &Node, allowed: &str) -> DescriptionError {
        DescriptionError::OutOfRange {
            key: self.path.to_owned(),
            value: node.value.quoted(),
            allowed: allowed.to_owned(),
            place: self.source.place(&node.origin),
        }
    }
}

fn kept(node: &Node, value: Value) -> Node {
    Node { value, origin: node.origin.clone() }
}

fn rows(matrix: &Value) -> Vec<&Vec<Node>> {
    let Value::List(rows) = matrix else { return Vec::new() };
    rows.iter()
        .filter_map(|node| match &node.value {
            Value::List(row) => Some(row),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::place::Origin;
    use super::super::schema::{ANY, POSITIVE};
    use super::super::value::parse_argument;
    use super::*;

    fn check(shape: Shape, text: &str) -> Result<String, String> {
        let key = Key::new("table.key", shape, "");
        let source = Source { name: "test".into(), text: "".into() };
        let node = Node { value: parse_argument("", text).unwrap(), origin: Origin::Default };
        checked(&key, key.path, &node, &source)
            .map(|value| value.to_string())
            .map_err(|error| error.to_string().lines().next().unwrap_or("").to_owned())
    }

    #[test]
    fn numbers_and_counts_take_either_spelling() {
        assert_eq!(check(Shape::Number(POSITIVE), "3").unwrap(), "3.0");
        assert_eq!(check(Shape::Count(1, 1 << 40), "1e6").unwrap(), "1000000");
        assert_eq!(check(Shape::Count(0, u64::MAX), "18446744073709551615").unwrap(), "18446744073709551615");
        assert_eq!(check(Shape::Number(ANY), "-0.0").unwrap(), "0.0");
    }

    #[test]
    fn errors_name_the_value_and_what_is_allowed() {
        let error = |shape, text| check(shape, text).unwrap_err();
        assert_eq!(
            error(Shape::Number(POSITIVE), "-0.5"),
            "`table.key` = -0.5 is out of range: it must be > 0"
        );
        assert_eq!(error(Shape::Number(ANY), "inf"), "`table.key` = inf is out of range: it must be finite");
        assert_eq!(
            error(Shape::Count(1, 5), "2.5"),
            "`table.key` takes a whole number from 1 to 5, and was given a number: 2.5"
        );
        assert_eq!(error(Shape::Count(1, 5), "0"), "`table.key` = 0 is out of range: it must be from 1 to 5");
        assert_eq!(
            error(Shape::Choice(&["sgd", "svag"]), "\"sdg\""),
            "`table.key` has no choice \"sdg\": did you mean `sgd`?; the choices are \"sgd\" or \"svag\""
        );
        assert_eq!(
            error(Shape::SymmetricMatrix, "[[1, 2], [3, 4]]"),
            "`table.key` = [[1, 2], [3, 4]] is out of range: it must be symmetric: entry (1, 0) is 3.0 and \
             entry (0, 1) is 2.0 (counted from 0)"
        );
        assert!(error(Shape::Matrix, "[[1, 2], [3]]").contains("row 1 has 1"));
        assert!(error(Shape::Vector(ANY), "[]").contains("at least one element"));
        assert!(error(Shape::Choices(&["mean"]), "[\"mean\", \"mean\"]").contains("named once"));
        assert!(error(Shape::Text, "\" \"").contains("not empty"));
    }

    #[test]
    fn a_sweep_is_one_level_of_lists_more_than_the_value() {
        let sweep = |shape, text| is_sweep(shape, &parse_argument("", text).unwrap());
        assert!(sweep(Shape::Truth, "[true]") && sweep(Shape::Truth, "[]") && !sweep(Shape::Truth, "true"));
        assert!(!sweep(Shape::Vector(ANY), "[1]") && sweep(Shape::Vector(ANY), "[[1], [2]]"));
        assert!(!sweep(Shape::Matrix, "[[1]]") && sweep(Shape::Matrix, "[[[1]], [[2]]]"));
        let start = Shape::ChoiceOrVector(&["predicted"]);
        assert!(
            !sweep(start, "[1, 2]")
                && sweep(start, "[\"predicted\", [1, 2]]")
                && !sweep(start, "\"predicted\"")
        );
        assert!(!sweep(Shape::Texts, "[\"a\", \"b\"]"));
    }
}
