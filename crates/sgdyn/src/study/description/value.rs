//! The values of a study file, each with the place it came from.

use super::error::DescriptionError;
use super::place::{Origin, Source};
use std::fmt;
use toml::de::{DeTable, DeValue};

/// The deepest nesting that a study may have; no key of the schema needs more than five levels.
pub(crate) const DEEPEST: usize = 16;

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) origin: Origin,
}

/// What TOML can hold, without dates.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    /// Wide enough for the seeds beyond TOML's signed 64 bits.
    Integer(i128),
    Number(f64),
    Truth(bool),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// One `name = value` of a table, in the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) name_origin: Origin,
    pub(crate) node: Node,
}

impl Value {
    /// What errors call this kind of value.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "a whole number",
            Self::Number(_) => "a number",
            Self::Truth(_) => "a truth value",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }

    /// The value as errors quote it: TOML, cut to a few dozen characters.
    pub(crate) fn quoted(&self) -> String {
        let whole = match self {
            // A list of a million numbers is not printed to show sixty characters of it.
            Self::List(nodes) if nodes.len() > 8 => format!("a list of {} values", nodes.len()),
            _ => self.to_string(),
        };
        match whole.char_indices().nth(60) {
            Some((end, _)) => format!("{}…", &whole[..end]),
            None => whole,
        }
    }
}

impl fmt::Display for Value {
    /// TOML that reads back as the same value.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write_text(formatter, text),
            Self::Integer(integer) => write!(formatter, "{integer}"),
            Self::Number(number) if number.is_nan() => formatter.write_str("nan"),
            // `Debug` prints the shortest digits that read back as the same bits, always with a point or exponent.
            Self::Number(number) => write!(formatter, "{number:?}"),
            Self::Truth(truth) => write!(formatter, "{truth}"),
            Self::List(nodes) => {
                formatter.write_str("[")?;
                for (index, node) in nodes.iter().enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    write!(formatter, "{separator}{}", node.value)?;
                }
                formatter.write_str("]")
            }
            Self::Table(entries) => {
                formatter.write_str("{")?;
                for (index, entry) in entries.iter().enumerate() {
                    let separator = if index == 0 { " " } else { ", " };
                    write!(formatter, "{separator}{} = {}", QuotedKey(&entry.name), entry.node.value)?;
                }
                formatter.write_str(" }")
            }
        }
    }
}

/// A key as TOML writes it: bare where TOML allows.
pub(crate) struct QuotedKey<'a>(pub(crate) &'a str);

impl fmt::Display for QuotedKey<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if !self.0.is_empty() && self.0.bytes().all(bare) {
            formatter.write_str(self.0)
        } else {
            write_text(formatter, self.0)
        }
    }
}

fn write_text(formatter: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    use fmt::Write as _;
    formatter.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => formatter.write_str("\\\"")?,
            '\\' => formatter.write_str("\\\\")?,
            '\n' => formatter.write_str("\\n")?,
            '\t' => formatter.write_str("\\t")?,
            control if control.is_control() => write!(formatter, "\\u{:04X}", control as u32)?,
            plain => formatter.write_char(plain)?,
        }
    }
    formatter.write_char('"')
}

/// Reads a TOML document.
pub(crate) fn parse_document(source: &Source) -> Result<Vec<Entry>, DescriptionError> {
    // The recoverable parser hands the tree over even when there are errors, so that it can be taken apart without
    // recursion: dotted keys in nested inline tables reach thousands of levels, too deep for recursive drops.
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    let root = DeValue::Table(table.into_inner());
    let read = match errors.into_iter().next() {
        Some(error) => Err(syntax(source, &error)),
        None => deep_span(&root).map_or(Ok(()), |span| {
            Err(DescriptionError::TooDeep { deepest: DEEPEST, place: source.place(&Origin::File(span)) })
        }),
    };
    if let Err(error) = read {
        take_apart(root);
        return Err(error);
    }
    match convert(root, source, &mut Origin::File)? {
        Value::Table(entries) => Ok(entries),
        _ => Ok(Vec::new()),
    }
}

/// Reads the value of a `--set` argument; every part of it has the argument as its origin.
pub(crate) fn parse_argument(argument: &str, text: &str) -> Result<Value, DescriptionError> {
    let (value, errors) = DeValue::parse_recoverable(text);
    let root = value.into_inner();
    let bad = match errors.into_iter().next() {
        Some(error) => Some(error.message().to_owned()),
        None => deep_span(&root).map(|_| format!("nested deeper than {DEEPEST} levels")),
    };
    if let Some(reason) = bad {
        take_apart(root);
        return Err(DescriptionError::Argument { argument: argument.to_owned(), reason });
    }
    let source = Source { name: argument.into(), text: "".into() };
    convert(root, &source, &mut |_| Origin::Argument(argument.into()))
}

fn syntax(source: &Source, error: &toml::de::Error) -> DescriptionError {
    let span = error.span().unwrap_or(0..0);
    DescriptionError::Syntax { message: error.message().to_owned(), place: source.place(&Origin::File(span)) }
}

/// The span of some value below [`DEEPEST`] levels.
fn deep_span(root: &DeValue<'_>) -> Option<std::ops::Range<usize>> {
    let mut open = vec![(root, 0)];
    while let Some((value, depth)) = open.pop() {
        let mut visit = |child| open.push((child, depth + 1));
        match value {
            DeValue::Array(array) => {
                for child in array {
                    if depth >= DEEPEST {
                        return Some(child.span());
                    }
                    visit(child.get_ref());
                }
            }
            DeValue::Table(table) => {
                for (_, child) in table {
                    if depth >= DEEPEST {
                        return Some(child.span());
                    }
                    visit(child.get_ref());
                }
            }
            _ => {}
        }
    }
    None
}

/// Drops a tree of any depth without recursion.
fn take_apart(root: DeValue<'_>) {
    let mut open = vec![root];
    while let Some(value) = open.pop() {
        match value {
            DeValue::Array(array) => open.extend(array.into_iter().map(toml::Spanned::into_inner)),
            DeValue::Table(table) => open.extend(table.into_iter().map(|(_, child)| child.into_inner())),
            _ => {}
        }
    }
}

/// Copies a tree whose depth was checked.
fn convert(
    value: DeValue<'_>,
    source: &Source,
    origin: &mut dyn FnMut(std::ops::Range<usize>) -> Origin,
) -> Result<Value, DescriptionError> {
    let node = |spanned: toml::Spanned<DeValue<'_>>, origin: &mut dyn FnMut(_) -> Origin| {
        let span = spanned.span();
        if let DeValue::Datetime(date) = spanned.get_ref() {
            return Err(DescriptionError::Date {
                value: date.to_string(),
                place: source.place(&origin(span)),
            });
        }
        let place = origin(span);
        Ok(Node { value: convert(spanned.into_inner(), source, origin)?, origin: place })
    };
    Ok(match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        // Beyond 128 bits nothing is in range of any key: as a number it fails its range check.
        DeValue::Integer(integer) => match i128::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(value) => Value::Integer(value),
            Err(_) => Value::Number(f64::INFINITY),
        },
        DeValue::Float(float) => Value::Number(float.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(truth) => Value::Truth(truth),
        DeValue::Datetime(date) => Value::Text(date.to_string()),
        DeValue::Array(array) => {
            Value::List(array.into_iter().map(|child| node(child, origin)).collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => {
            let mut entries = Vec::with_capacity(table.len());
            for (name, child) in table {
                let name_origin = origin(name.span());
                entries.push(Entry {
                    name: name.into_inner().into_owned(),
                    name_origin,
                    node: node(child, origin)?,
                });
            }
            Value::Table(entries)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Vec<Entry>, DescriptionError> {
        parse_document(&Source { name: "study.toml".into(), text: text.into() })
    }

    #[test]
    fn keeps_the_order_of_the_file_and_wide_integers() {
        let entries = parse("z = 18446744073709551615\na = 0x10\n[m]\nb = 1_000.5\n").unwrap();
        let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["z", "a", "m"]);
        assert_eq!(entries[0].node.value, Value::Integer(u64::MAX as i128));
        assert_eq!(entries[1].node.value, Value::Integer(16));
        assert_eq!(entries[2].node.value.to_string(), "{ b = 1000.5 }");
    }

    #[test]
    fn thousands_of_levels_are_an_error_and_not_a_stack_overflow() {
        let dotted = vec!["a"; 78].join(".");
        let mut text = "1".to_owned();
        for _ in 0..78 {
            text = format!("{{{dotted} = {text}}}");
        }
        assert!(matches!(parse(&format!("[{dotted}]\nx = {text}")), Err(DescriptionError::TooDeep { .. })));
        // The same tree with a syntax error behind it.
        assert!(matches!(parse(&format!("x = {text}\n=")), Err(DescriptionError::Syntax { .. })));
        for bracket in ["[", "{a="] {
            assert!(parse(&format!("x = {}", bracket.repeat(100_000))).is_err());
        }
        assert!(parse_argument("x=…", &"[".repeat(100_000)).is_err());
    }

    #[test]
    fn dates_are_refused_where_they_stand() {
        let error = parse("seed = 1979-05-27").unwrap_err().to_string();
        assert!(error.contains("1979-05-27") && error.contains("study.toml:1:8"), "{error}");
    }

    proptest! {
        #[test]
        fn any_text_is_quoted_so_that_it_reads_back(text in any::<String>()) {
            let value = Value::Text(text);
            prop_assert_eq!(parse_argument("", &value.to_string()).unwrap(), value);
        }

        #[test]
        fn any_number_prints_so_that_it_reads_back(bits in any::<u64>()) {
            let number = f64::from_bits(bits);
            let Value::Number(read) = parse_argument("", &Value::Number(number).to_string()).unwrap() else {
                return Err(TestCaseError::fail("not a number"));
            };
            prop_assert!(read.to_bits() == bits || (read.is_nan() && number.is_nan()));
        }

        #[test]
        fn any_document_is_read_or_refused(text in any::<String>()) {
            let _ = parse(&text).map_err(|error| error.to_string());
        }
    }
}
