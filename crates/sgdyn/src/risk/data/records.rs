//! Splits comma-separated text into records (RFC 4180, and the line ends and spaces that occur in practice).

use std::borrow::Cow;

/// The text ended inside a quoted cell of the record that begins in this line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnclosedQuote(pub(super) usize);

/// The records of a text, one at a time.
pub(super) struct Records<'t> {
    rest: &'t str,
    line: usize,
}

impl<'t> Records<'t> {
    /// Reads `text` from its beginning, past a byte-order mark.
    pub(super) fn new(text: &'t str) -> Self {
        Self { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 }
    }

    /// Fills `cells` with the next record that is not blank and returns the line in which it begins, or `None` at
    /// the end.
    pub(super) fn next_into(
        &mut self,
        cells: &mut Vec<Cow<'t, str>>,
    ) -> Result<Option<usize>, UnclosedQuote> {
        while !self.rest.is_empty() {
            let begin = self.line;
            cells.clear();
            loop {
                let cell = self.cell().ok_or(UnclosedQuote(begin))?;
                cells.push(cell);
                if let Some(rest) = self.rest.strip_prefix(',') {
                    self.rest = rest;
                } else {
                    break;
                }
            }
            self.end_of_line();
            if !matches!(cells.as_slice(), [only] if only.is_empty()) {
                return Ok(Some(begin));
            }
        }
        Ok(None)
    }

    /// One cell without the spaces around it, up to a comma, a line end or the end; `None` for an open quote.
    fn cell(&mut self) -> Option<Cow<'t, str>> {
        let blank = |character: char| character == ' ' || character == '\t';
        let Some(mut quoted) = self.rest.trim_start_matches(blank).strip_prefix('"') else {
            return Some(Cow::Borrowed(self.plain()));
        };
        let mut content = String::new();
        loop {
            let end = quoted.find('"')?;
            content.push_str(&quoted[..end]);
            quoted = &quoted[end + 1..];
            match quoted.strip_prefix('"') {
                Some(after) => {
                    content.push('"');
                    quoted = after;
                }
                None => break,
            }
        }
        self.line += content.matches('\n').count();
        self.rest = quoted;
        content.push_str(self.plain());
        Some(Cow::Owned(content))
    }

    fn plain(&mut self) -> &'t str {
        let end = self.rest.find([',', '\n', '\r']).unwrap_or(self.rest.len());
        let (cell, rest) = self.rest.split_at(end);
        self.rest = rest;
        cell.trim()
    }

    fn end_of_line(&mut self) {
        let rest = self.rest.strip_prefix('\r').unwrap_or(self.rest);
        let rest = rest.strip_prefix('\n').unwrap_or(rest);
        if rest.len() < self.rest.len() {
            self.line += 1;
        }
        self.rest = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<Vec<(usize, Vec<String>)>, UnclosedQuote> {
        let mut records = Records::new(text);
        let mut cells = Vec::new();
        let mut found = Vec::new();
        while let Some(line) = records.next_into(&mut cells)? {
            found.push((line, cells.iter().map(ToString::to_string).collect()));
        }
        Ok(found)
    }

    #[test]
    fn line_ends_blank_lines_spaces_and_quotes() {
        let text = "\u{feff}a, b\r\n\r\n\"x,\n\"\"y\"\"\" , 2\n \n3,\"\"\r4,5";
        let record = |line: usize, cells: [&str; 2]| (line, cells.map(str::to_owned).to_vec());
        let expected = vec![
            record(1, ["a", "b"]),
            record(3, ["x,\n\"y\"", "2"]),
            record(6, ["3", ""]),
            record(7, ["4", "5"]),
        ];
        assert_eq!(all(text), Ok(expected));
    }

    #[test]
    fn an_open_quote_names_its_record() {
        assert_eq!(all("1,2\n3,\"4\n5,6\n"), Err(UnclosedQuote(2)));
    }

    #[test]
    fn nothing_has_no_records() {
        assert_eq!(all(""), Ok(vec![]));
        assert_eq!(all("\n \r\n"), Ok(vec![]));
    }
}
