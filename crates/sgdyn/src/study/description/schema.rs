//! The words in which the table of keys is written: shapes, ranges, conditions.

use std::fmt;

/// One key of a study: what it takes, where it belongs and what it means.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    /// The full path; a last segment `*` stands for any name.
    pub(crate) path: &'static str,
    pub(crate) shape: Shape,
    pub(crate) unit: &'static str,
    pub(crate) presence: Presence,
    /// All must hold, or the key does not fit.
    pub(crate) when: &'static [When],
    pub(crate) documentation: &'static str,
    /// What to write instead when a condition on that path fails.
    pub(crate) instead: &'static [(&'static str, &'static str)],
}

impl Key {
    /// An optional key.
    pub(crate) const fn new(path: &'static str, shape: Shape, documentation: &'static str) -> Self {
        let presence = Presence::Optional;
        Self { path, shape, unit: "", presence, when: &[], documentation, instead: &[] }
    }

    pub(crate) const fn required(mut self) -> Self {
        self.presence = Presence::Required;
        self
    }

    /// Gives the key a default, as TOML text.
    pub(crate) const fn default(mut self, value: &'static str) -> Self {
        self.presence = Presence::Default(value);
        self
    }

    pub(crate) const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    pub(crate) const fn when(mut self, conditions: &'static [When]) -> Self {
        self.when = conditions;
        self
    }

    pub(crate) const fn instead(mut self, hints: &'static [(&'static str, &'static str)]) -> Self {
        self.instead = hints;
        self
    }

    /// Whether this entry of the table is about `path`.
    pub(crate) fn covers(&self, path: &str) -> bool {
        match self.path.strip_suffix('*') {
            Some(table) => path.strip_prefix(table).is_some_and(|name| !name.contains('.')),
            None => self.path == path,
        }
    }
}

/// Whether a key that fits must be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Required,
    Optional,
    /// Filled in with this TOML text.
    Default(&'static str),
}

/// A condition on the other keys of the study.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    /// The key at the path has one of the values.
    Is(&'static str, &'static [&'static str]),
    /// The key at the path has none of the values.
    IsNot(&'static str, &'static [&'static str]),
    /// The key at the path is written.
    With(&'static str),
    /// The key at the path is not written.
    Without(&'static str),
}

impl When {
    /// The path that the condition is about.
    pub(crate) fn path(&self) -> &'static str {
        match self {
            Self::Is(path, _) | Self::IsNot(path, _) | Self::With(path) | Self::Without(path) => path,
        }
    }

    /// Whether it holds, where `value` answers the text of the key at a path, or `Some("")` for what is not text.
    pub(crate) fn holds<'a>(&self, value: impl Fn(&str) -> Option<&'a str>) -> bool {
        match self {
            Self::Is(path, values) => value(path).is_some_and(|value| values.contains(&value)),
            Self::IsNot(path, values) => value(path).is_some_and(|value| !values.contains(&value)),
            Self::With(path) => value(path).is_some(),
            Self::Without(path) => value(path).is_none(),
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(path, values) => write!(formatter, "{path} = {}", listed(values)),
            Self::IsNot(path, values) => write!(formatter, "{path} other than {}", listed(values)),
            Self::With(path) => write!(formatter, "a study with {path}"),
            Self::Without(path) => write!(formatter, "a study without {path}"),
        }
    }
}

/// The values that a key takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shape {
    /// A finite number.
    Number(Interval),
    /// A whole number from the first to the second.
    Count(u64, u64),
    /// true or false.
    Truth,
    /// Any text that is not empty.
    Text,
    /// One of the names.
    Choice(&'static [&'static str]),
    /// A list without repetition of some of the names.
    Choices(&'static [&'static str]),
    /// A text or a list of texts; never swept.
    Texts,
    /// A text or a column number from 0.
    Label,
    /// A list of finite numbers.
    Vector(Interval),
    /// A list of whole numbers from the first to the second.
    Counts(u64, u64),
    /// One of the names, or a list of finite numbers.
    ChoiceOrVector(&'static [&'static str]),
    /// A list of rows of equal length.
    Matrix,
    /// A symmetric matrix.
    SymmetricMatrix,
    /// A list of rows of formulas, square.
    FormulaMatrix,
    /// A list of the layers of a network, each a table; never swept.
    Layers,
}

/// How a list in the place of a value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sweeping {
    /// A list is always a value.
    Never,
    /// A list of lists this deep is a value; one level more is a sweep.
    Depth(usize),
    /// A list of numbers is a value; one that holds a text or a list is a sweep.
    ChoiceOrVector,
}

impl Shape {
    pub(crate) fn sweeping(self) -> Sweeping {
        match self {
            Self::Number(_) | Self::Count(..) | Self::Truth | Self::Text | Self::Choice(_) | Self::Label => {
                Sweeping::Depth(0)
            }
            Self::Vector(_) | Self::Counts(..) => Sweeping::Depth(1),
            Self::Matrix | Self::SymmetricMatrix | Self::FormulaMatrix => Sweeping::Depth(2),
            Self::ChoiceOrVector(_) => Sweeping::ChoiceOrVector,
            Self::Texts | Self::Choices(_) | Self::Layers => Sweeping::Never,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(interval) if *interval == ANY => formatter.write_str("a number"),
            Self::Number(interval) => write!(formatter, "a number {interval}"),
            Self::Count(least, u64::MAX) => write!(formatter, "a whole number ≥ {least}"),
            Self::Count(least, most) => write!(formatter, "a whole number from {least} to {most}"),
            Self::Truth => formatter.write_str("true or false"),
            Self::Text => formatter.write_str("text"),
            Self::Choice(names) => formatter.write_str(&listed(names)),
            Self::Choices(names) => write!(formatter, "a list of some of {}", listed(names)),
            Self::Texts => formatter.write_str("text or a list of texts"),
            Self::Label => formatter.write_str("a column name or number (from 0)"),
            Self::Vector(interval) if *interval == ANY => formatter.write_str("a list of numbers"),
            Self::Vector(interval) => write!(formatter, "a list of numbers {interval}"),
            Self::Counts(least, u64::MAX) => write!(formatter, "a list of whole numbers ≥ {least}"),
            Self::Counts(least, most) => write!(formatter, "a list of whole numbers from {least} to {most}"),
            Self::ChoiceOrVector(names) => write!(formatter, "{} or a list of numbers", listed(names)),
            Self::Matrix => formatter.write_str("a matrix (a list of rows of equal length)"),
            Self::SymmetricMatrix => formatter.write_str("a symmetric matrix (a list of rows)"),
            Self::Layers => formatter.write_str("a list of layers (tables with a kind)"),
            Self::FormulaMatrix => {
                formatter.write_str("a square matrix of formulas (a list of rows of texts)")
            }
        }
    }
}

/// `"a", "b" or "c"`.
pub(crate) fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => format!("\"{only}\""),
        [most @ .., last] => {
            let most: Vec<_> = most.iter().map(|name| format!("\"{name}\"")).collect();
            format!("{} or \"{last}\"", most.join(", "))
        }
    }
}

/// A range of finite numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Interval {
    least: f64,
    least_included: bool,
    most: f64,
    most_included: bool,
}

/// All finite numbers.
pub(crate) const ANY: Interval = Interval::between(f64::NEG_INFINITY, false, f64::INFINITY, false);
/// x > 0.
pub(crate) const POSITIVE: Interval = Interval::between(0.0, false, f64::INFINITY, false);
/// x ≥ 0.
pub(crate) const NOT_NEGATIVE: Interval = Interval::between(0.0, true, f64::INFINITY, false);

impl Interval {
    pub(crate) const fn between(least: f64, least_included: bool, most: f64, most_included: bool) -> Self {
        Self { least, least_included, most, most_included }
    }

    /// Whether `value` lies inside; what is not finite never does.
    pub(crate) fn contains(&self, value: f64) -> bool {
        let above = value > self.least || (self.least_included && value == self.least);
        let below = value < self.most || (self.most_included && value == self.most);
        value.is_finite() && above && below
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.least.is_finite(), self.most.is_finite()) {
            (false, false) => formatter.write_str("finite"),
            (true, false) => {
                write!(formatter, "{} {}", if self.least_included { "≥" } else { ">" }, self.least)
            }
            (false, true) => {
                write!(formatter, "{} {}", if self.most_included { "≤" } else { "<" }, self.most)
            }
            (true, true) => {
                let open = if self.least_included { '[' } else { '(' };
                let close = if self.most_included { ']' } else { ')' };
                write!(formatter, "in {open}{}, {}{close}", self.least, self.most)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_hold_their_ends_as_written() {
        let momentum = Interval::between(0.0, true, 1.0, false);
        assert!(momentum.contains(0.0) && momentum.contains(0.999) && !momentum.contains(1.0));
        assert_eq!(momentum.to_string(), "in [0, 1)");
        let alpha = Interval::between(0.0, false, 2.0, true);
        assert!(alpha.contains(2.0) && !alpha.contains(0.0) && !alpha.contains(f64::NAN));
        assert!(!ANY.contains(f64::INFINITY) && ANY.contains(-1e300));
        assert_eq!((POSITIVE.to_string(), NOT_NEGATIVE.to_string()), ("> 0".into(), "≥ 0".into()));
    }

    #[test]
    fn a_star_stands_for_one_name() {
        let key = Key::new("landscape.parameters.*", Shape::Truth, "");
        assert!(key.covers("landscape.parameters.a") && !key.covers("landscape.parameters.a.b"));
        assert!(!key.covers("landscape.parameters") && !key.covers("landscape.name"));
    }
}
