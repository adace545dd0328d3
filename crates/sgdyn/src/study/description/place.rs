//! Where a value of a study came from, shown as a line of the file with a caret under it.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// The widest piece of a source line that an error shows, in characters.
const SHOWN: usize = 100;

/// Where a value came from: a range of bytes of the study file, or an argument.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Origin {
    /// Bytes of the study file.
    File(Range<usize>),
    /// An argument `path=value` of `--set`.
    Argument(Arc<str>),
    /// Filled in by the schema.
    Default,
}

/// The text of a study and the name by which errors call it.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) name: Arc<str>,
    pub(crate) text: Arc<str>,
}

impl Source {
    /// The place that errors print for `origin`.
    #[expect(
        clippy::unnecessary_box_returns,
        reason = "errors hold it boxed, to stay small on the way of success"
    )]
    pub(crate) fn place(&self, origin: &Origin) -> Box<Place> {
        Box::new(match origin {
            Origin::File(span) => self.line(span),
            Origin::Argument(argument) => Place::Argument(argument.to_string()),
            Origin::Default => Place::File(self.name.to_string()),
        })
    }

    fn line(&self, span: &Range<usize>) -> Place {
        let start = boundary(&self.text, span.start);
        let end = boundary(&self.text, span.end).max(start);
        let before = &self.text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |length| start + length);
        let line = before.matches('\n').count() + 1;
        let column = self.text[line_start..start].chars().count() + 1;
        let width = self.text[start..end.min(line_end)].chars().count().max(1);
        // A data matrix on one line would bury the message: only the piece around the caret is shown.
        let skipped = column.saturating_sub(SHOWN / 2);
        let text: String = self.text[line_start..line_end]
            .chars()
            .skip(skipped)
            .take(SHOWN)
            .map(|character| if character.is_control() { ' ' } else { character })
            .collect();
        let caret = column - 1 - skipped;
        Place::Line {
            file: self.name.to_string(),
            line,
            column,
            width: width.min(SHOWN.saturating_sub(caret).max(1)),
            caret,
            text: text.trim_end().to_owned(),
        }
    }
}

/// The last boundary between characters at or before a byte.
fn boundary(text: &str, byte: usize) -> usize {
    (0..=byte.min(text.len())).rev().find(|&byte| text.is_char_boundary(byte)).unwrap_or(0)
}

/// Where in a study an error lies, as errors print it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A position in the study file.
    Line {
        /// The file, or the name of the ready study.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// How many characters the caret underlines.
        width: usize,
        /// How many characters of `text` come before the caret.
        caret: usize,
        /// The source line, or the piece of a long one that holds the caret.
        text: String,
    },
    /// An argument of `--set`.
    Argument(String),
    /// The file as a whole.
    File(String),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { file, line, column, width, caret, text } => {
                let gutter = line.to_string().len();
                writeln!(formatter, "{:gutter$}--> {file}:{line}:{column}", "")?;
                writeln!(formatter, "{:gutter$} |", "")?;
                writeln!(formatter, "{line} | {text}")?;
                write!(formatter, "{:gutter$} | {:caret$}{}", "", "", "^".repeat(*width))
            }
            Self::Argument(argument) => write!(formatter, " --> from --set {argument}"),
            Self::File(file) => write!(formatter, " --> {file}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source { name: "study.toml".into(), text: text.into() }
    }

    #[test]
    fn a_place_points_at_its_characters() {
        let text = "seed = 1\nβ = 5 # ünïcode\n";
        let start = text.find('5').unwrap();
        let place = source(text).place(&Origin::File(start..start + 1));
        assert_eq!(place.to_string(), " --> study.toml:2:5\n  |\n2 | β = 5 # ünïcode\n  |     ^");
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let text = format!("matrix = [{}7]", "1.0, ".repeat(1000));
        let start = text.find('7').unwrap();
        let Place::Line { caret, text: shown, column, .. } =
            *source(&text).place(&Origin::File(start..start + 1))
        else {
            panic!("a file place")
        };
        assert_eq!(column, start + 1);
        assert_eq!(shown.chars().nth(caret), Some('7'));
        assert!(shown.len() <= SHOWN);
    }

    #[test]
    fn spans_outside_the_text_do_not_panic() {
        for span in [0..0, 5..900, 900..1000, 1..2] {
            let _ = source("é\n").place(&Origin::File(span)).to_string();
        }
    }
}
