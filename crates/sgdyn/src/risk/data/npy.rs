//! npy, numpy's format of one array (numpy.lib.format, versions 1 to 3): magic, a Python dictionary, elements.

use super::array::{Array, Element, Endian};
use super::format_error::FormatError;

pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

/// What is in an npy file, and where its elements begin.
#[derive(Debug, PartialEq)]
pub(super) struct Header {
    element: Element,
    endian: Endian,
    fortran_order: bool,
    pub(super) shape: Vec<usize>,
    begin: usize,
}

impl Header {
    /// Reads the header of a file that may end right after it.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let truncated = |needed: usize| FormatError::Truncated { needed: needed as u128, held: bytes.len() };
        if !bytes.starts_with(MAGIC) {
            let found = bytes[..bytes.len().min(8)].to_vec();
            return Err(FormatError::Magic { format: "an npy file", found });
        }
        let &[version, _, ref rest @ ..] = &bytes[MAGIC.len()..] else {
            return Err(truncated(MAGIC.len() + 2));
        };
        let (length, text) = match (version, rest) {
            (1, &[a, b, ..]) => (usize::from(u16::from_le_bytes([a, b])), MAGIC.len() + 4),
            (2 | 3, &[a, b, c, d, ..]) => (u32::from_le_bytes([a, b, c, d]) as usize, MAGIC.len() + 6),
            (1..=3, _) => return Err(truncated(MAGIC.len() + if version == 1 { 4 } else { 6 })),
            _ => return Err(FormatError::NpyVersion { version }),
        };
        let begin = text.saturating_add(length);
        let dictionary = bytes.get(text..begin).ok_or_else(|| truncated(begin))?;
        Dictionary { text: dictionary, place: 0, offset: text }.header(begin)
    }
}

/// The one array of an npy file.
pub(super) fn array(bytes: &[u8]) -> Result<Array, FormatError> {
    let header = Header::parse(bytes)?;
    let array = Array::decode(header.element, header.endian, header.shape, bytes, header.begin)?;
    Ok(if header.fortran_order { array.of_fortran_order() } else { array })
}

/// The Python dictionary of a header: the literals that numpy writes, with spaces anywhere.
struct Dictionary<'b> {
    text: &'b [u8],
    place: usize,
    /// Where the text begins in the file.
    offset: usize,
}

impl Dictionary<'_> {
    fn header(mut self, begin: usize) -> Result<Header, FormatError> {
        let (mut element, mut fortran_order, mut shape) = (None, None, None);
        self.expect(b'{', "`{`")?;
        while !self.take(b'}') {
            let key = self.quoted()?;
            self.expect(b':', "`:`")?;
            match key.as_slice() {
                b"descr" => element = Some(self.element()?),
                b"fortran_order" => fortran_order = Some(self.truth()?),
                b"shape" => shape = Some(self.lengths()?),
                _ => return Err(self.expected("one of the keys 'descr', 'fortran_order' and 'shape'")),
            }
            if !self.take(b',') {
                self.expect(b'}', "`,` or `}`")?;
                break;
            }
        }
        match (element, fortran_order, shape) {
            (Some((element, endian)), Some(fortran_order), Some(shape)) => {
                Ok(Header { element, endian, fortran_order, shape, begin })
            }
            _ => Err(self.expected("the keys 'descr', 'fortran_order' and 'shape'")),
        }
    }

    fn expected(&self, expected: &'static str) -> FormatError {
        FormatError::NpyHeader { offset: self.offset + self.place, expected }
    }

    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.place).is_some_and(u8::is_ascii_whitespace) {
            self.place += 1;
        }
        self.text.get(self.place).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.place += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), FormatError> {
        if self.take(byte) { Ok(()) } else { Err(self.expected(expected)) }
    }

    fn quoted(&mut self) -> Result<Vec<u8>, FormatError> {
        let Some(quote @ (b'\'' | b'"')) = self.peek() else { return Err(self.expected("a quoted text")) };
        let rest = &self.text[self.place + 1..];
        let length = rest.iter().position(|&byte| byte == quote);
        let length = length.ok_or_else(|| self.expected("a closing quote"))?;
        self.place += length + 2;
        Ok(rest[..length].to_vec())
    }

    fn element(&mut self) -> Result<(Element, Endian), FormatError> {
        let unread = |element: String| {
            let known = "u1 to u8, i1 to i8, b1, f2, f4 and f8 without fields";
            FormatError::Element { format: "npy", element, known }
        };
        if self.peek() == Some(b'[') {
            return Err(unread("a record with fields".to_owned()));
        }
        let text = String::from_utf8_lossy(&self.quoted()?).into_owned();
        let (endian, kind) = match text.as_bytes() {
            [b'>', kind @ ..] => (Endian::Big, kind),
            [b'<' | b'|' | b'=', kind @ ..] | kind => (Endian::Little, kind),
        };
        let element = match kind {
            // A truth value is stored as the byte 0 or 1.
            b"u1" | b"b1" => Element::U8,
            b"i1" => Element::I8,
            b"u2" => Element::U16,
            b"i2" => Element::I16,
            b"u4" => Element::U32,
            b"i4" => Element::I32,
            b"u8" => Element::U64,
            b"i8" => Element::I64,
            b"f2" => Element::F16,
            b"f4" => Element::F32,
            b"f8" => Element::F64,
            [b'O', ..] => return Err(FormatError::Objects { element: text }),
            _ => return Err(unread(format!("`{text}`"))),
        };
        Ok((element, endian))
    }

    fn truth(&mut self) -> Result<bool, FormatError> {
        self.peek();
        for (word, value) in [(&b"True"[..], true), (b"False", false)] {
            if self.text[self.place..].starts_with(word) {
                self.place += word.len();
                return Ok(value);
            }
        }
        Err(self.expected("True or False"))
    }

    fn lengths(&mut self) -> Result<Vec<usize>, FormatError> {
        self.expect(b'(', "a tuple of lengths")?;
        let mut lengths = Vec::new();
        while !self.take(b')') {
            self.peek();
            let digits = self.text[self.place..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            let text = &self.text[self.place..self.place + digits];
            let length = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
            lengths.push(length.ok_or_else(|| self.expected("a length"))?);
            self.place += digits;
            if !self.take(b',') {
                self.expect(b')', "`,` or `)`")?;
                break;
            }
        }
        Ok(lengths)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A file of version 1 as numpy writes it.
    pub(in super::super) fn file(descr: &str, fortran: bool, shape: &str, elements: &[u8]) -> Vec<u8> {
        let fortran = if fortran { "True" } else { "False" };
        let mut text = format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}");
        while !(MAGIC.len() + 4 + text.len() + 1).is_multiple_of(64) {
            text.push(' ');
        }
        text.push('\n');
        let length = (text.len() as u16).to_le_bytes();
        [MAGIC, &[1, 0], &length, text.as_bytes(), elements].concat()
    }

    #[test]
    fn elements_orders_and_versions_are_read() {
        let read = |descr: &str, fortran, shape: &str, elements: &[u8]| {
            array(&file(descr, fortran, shape, elements)).map(|array| (array.shape, array.values))
        };
        assert_eq!(
            read("'|u1'", false, "(2, 2)", &[1, 2, 3, 4]).unwrap(),
            (vec![2, 2], vec![1., 2., 3., 4.])
        );
        assert_eq!(read("'|u1'", true, "(2, 2)", &[1, 2, 3, 4]).unwrap().1, [1., 3., 2., 4.]);
        assert_eq!(read("'<i8'", false, "(1,)", &(-3_i64).to_le_bytes()).unwrap().1, [-3.0]);
        assert_eq!(read("'>f4'", false, "(1,)", &1.5_f32.to_be_bytes()).unwrap().1, [1.5]);
        assert_eq!(read("'>i2'", false, "()", &[1, 0]).unwrap(), (vec![], vec![256.0]));
        let text = b"{\"shape\":(1,),\"descr\":\"<f8\",\"fortran_order\":False}";
        for version in [2, 3] {
            let length = (text.len() as u32).to_le_bytes();
            let bytes = [MAGIC, &[version, 0], &length, text, &0.25_f64.to_le_bytes()].concat();
            assert_eq!(array(&bytes).unwrap().values, [0.25]);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |bytes: &[u8]| array(bytes).unwrap_err().to_string();
        assert!(error(b"NUMPY").starts_with("not an npy file: the file begins with [4e, 55"));
        assert!(error(&[MAGIC, &[4, 0]].concat()).starts_with("npy version 4 at offset 6"));
        assert_eq!(
            error(&[MAGIC, &[1, 0, 200, 1], b"{"].concat()),
            "truncated: its header promises 466 bytes, and there are 11"
        );
        assert!(error(&file("'|O'", false, "(2,)", &[0; 16])).starts_with("an array of Python objects (|O)"));
        assert!(error(&file("'<U3'", false, "(2,)", &[0; 24])).starts_with("elements of type `<U3`"));
        assert!(error(&file("'<c16'", false, "(1,)", &[0; 16])).starts_with("elements of type `<c16`"));
        assert!(error(&file("[('x', '<f8')]", false, "(1,)", &[])).starts_with("elements of type a record"));
        assert_eq!(
            error(&file("'<f8'", false, "(2,)", &[0; 15])),
            "truncated: its header promises 144 bytes, and there are 143"
        );
        assert!(
            error(&file("'<f8'", false, "(1,)", &[0; 9])).starts_with("ends 1 bytes after its last element")
        );
        assert_eq!(error(&file("'<f8'", false, "(-1,)", &[])), "npy header, offset 61: expected a length");
        let long = "(99999999999999999999999,)";
        assert!(error(&file("'<f8'", false, long, &[])).ends_with("expected a length"));
        let promise = "(4611686018427387904, 4611686018427387904, 4611686018427387904)";
        assert!(
            error(&file("'<f8'", true, promise, &[])).contains("has more elements than any file can hold")
        );
        let text = b"{'descr': '<f8'}";
        let bytes = [MAGIC, &[1, 0, text.len() as u8, 0], text].concat();
        assert!(error(&bytes).ends_with("expected the keys 'descr', 'fortran_order' and 'shape'"));
    }
}
