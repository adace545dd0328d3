//! Splits a formula's text into tokens with their places.

use std::ops::Range;

use super::error::{FormulaError, FormulaFault};

/// Bytes that a formula may have.
pub(super) const MAXIMUM_LENGTH: usize = 1 << 20;

/// What the parser reads; a name's text is looked up by its span.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Name,
    Plus,
    Minus,
    Times,
    Over,
    Caret,
    Open,
    Close,
    Comma,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    And,
    Or,
    Not,
}

fn starts_name(character: char) -> bool {
    character.is_alphabetic() || character == '_'
}

fn continues_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Whether `name` could be read as a name.
pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(starts_name) && name.chars().all(continues_name)
}

/// Length in bytes of the number at the start of `rest`: digits, a point, digits, an exponent.
fn number_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let digits_from =
        |start: usize| start + bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut end = digits_from(0);
    // A second point belongs to the number as well, so that `1.2.3` is one bad number.
    while bytes.get(end) == Some(&b'.') {
        end = digits_from(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent_end = digits_from((end + 1 + sign).min(bytes.len()));
        // `2e` is the number 2 before the constant e, an error that the parser explains better.
        if exponent_end > end + 1 + sign {
            end = exponent_end;
        }
    }
    end
}

/// The tokens of `text` with their byte ranges.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, Range<usize>)>, FormulaError> {
    if text.len() > MAXIMUM_LENGTH {
        let fault = FormulaFault::TooLong { length: text.len(), limit: MAXIMUM_LENGTH };
        return Err(FormulaError::at(fault, text, 0..1));
    }
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(character) = text[start..].chars().next() {
        let rest = &text[start..];
        let (token, length) = match character {
            _ if character.is_whitespace() => {
                start += character.len_utf8();
                continue;
            }
            '0'..='9' | '.' => {
                let length = number_length(rest);
                let number = &rest[..length];
                match number.parse::<f64>() {
                    Ok(value) if value.is_finite() => (Token::Number(value), length),
                    _ => {
                        let fault = FormulaFault::BadNumber { text: number.to_owned() };
                        return Err(FormulaError::at(fault, text, start..start + length));
                    }
                }
            }
            _ if starts_name(character) => {
                let length = rest.find(|character| !continues_name(character)).unwrap_or(rest.len());
                let token = match &rest[..length] {
                    "and" => Token::And,
                    "or" => Token::Or,
                    "not" => Token::Not,
                    _ => Token::Name,
                };
                (token, length)
            }
            '+' => (Token::Plus, 1),
            '-' => (Token::Minus, 1),
            '*' if rest.starts_with("**") => (Token::Caret, 2),
            '*' => (Token::Times, 1),
            '/' => (Token::Over, 1),
            '^' => (Token::Caret, 1),
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '<' if rest.starts_with("<=") => (Token::LessEqual, 2),
            '<' => (Token::Less, 1),
            '>' if rest.starts_with(">=") => (Token::GreaterEqual, 2),
            '>' => (Token::Greater, 1),
            _ => {
                let fault = FormulaFault::UnknownCharacter { character };
                return Err(FormulaError::at(fault, text, start..start + character.len_utf8()));
            }
        };
        tokens.push((token, start..start + length));
        start += length;
    }
    if tokens.is_empty() {
        return Err(FormulaError::at(FormulaFault::Empty, text, 0..0));
    }
    Ok(tokens)
}
