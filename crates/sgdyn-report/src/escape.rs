//! Text made safe for XML and HTML.

use std::borrow::Cow;

/// Escapes markup and quotes; characters that XML 1.0 forbids become U+FFFD.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    let forbidden = |c: char| {
        (c < ' ' && !matches!(c, '\t' | '\n' | '\r'))
            || matches!(c, '\u{FFFE}' | '\u{FFFF}' | '\u{7F}'..='\u{9F}')
    };
    if !text.contains(|c| matches!(c, '&' | '<' | '>' | '"' | '\'') || forbidden(c)) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if forbidden(c) => escaped.push('\u{FFFD}'),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_control_characters_are_neutralised() {
        assert_eq!(
            escape("<b a=\"1\">&'\0\u{8}</b>"),
            "&lt;b a=&quot;1&quot;&gt;&amp;&#39;\u{FFFD}\u{FFFD}&lt;/b&gt;"
        );
        assert!(matches!(escape("η ≤ 2/λ"), Cow::Borrowed(_)));
    }
}
