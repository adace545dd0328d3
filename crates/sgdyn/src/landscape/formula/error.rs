//! What can be wrong with a formula, shown at its place in the text.

use std::fmt;
use std::ops::Range;

/// How many characters of a long formula an error shows around its place.
const WINDOW: usize = 72;

/// What is wrong with a formula. The message says what was found; [`FormulaFault::remedy`] says what to do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FormulaFault {
    /// There is nothing but space.
    #[error("the formula is empty")]
    Empty,
    /// The text is longer than any formula may be.
    #[error("the formula has {length} bytes, more than {limit}")]
    TooLong {
        /// Bytes found.
        length: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Parentheses, signs or powers are nested too deeply.
    #[error("the formula is nested more than {limit} levels deep")]
    TooDeep {
        /// Levels allowed.
        limit: usize,
    },
    /// The formula or its derivative has too many terms.
    #[error("the formula or its derivative needs more than {limit} terms")]
    TooLarge {
        /// Terms handled at most in one operation.
        limit: usize,
    },
    /// A character that no formula contains.
    #[error("unknown character `{character}`")]
    UnknownCharacter {
        /// The character.
        character: char,
    },
    /// A number that cannot be read, or is too large for 64-bit floating point.
    #[error("`{text}` is not a finite number")]
    BadNumber {
        /// The text of the number.
        text: String,
    },
    /// A name that is neither variable, parameter nor constant.
    #[error("unknown name `{name}`")]
    UnknownName {
        /// The name.
        name: String,
        /// The known name most like it.
        near: Option<String>,
        /// All names that may stand here.
        known: Vec<String>,
    },
    /// A call of a function that does not exist.
    #[error("unknown function `{name}`")]
    UnknownFunction {
        /// The name.
        name: String,
        /// The known function most like it.
        near: Option<String>,
    },
    /// A function is named but not called.
    #[error("`{name}` is a function and needs its arguments")]
    FunctionWithoutArguments {
        /// The function.
        name: String,
    },
    /// A call with too many or too few arguments.
    #[error("`{name}` takes {expected} argument(s), {found} given")]
    WrongArgumentCount {
        /// The function.
        name: String,
        /// How many it takes.
        expected: usize,
        /// How many it was given.
        found: usize,
    },
    /// A number, variable, function or `(` should stand here.
    #[error("a value is missing {place}")]
    MissingValue {
        /// Where, in words.
        place: String,
    },
    /// Two values follow each other without an operator.
    #[error("an operator is missing before `{found}`")]
    MissingOperator {
        /// The second value.
        found: String,
    },
    /// A `(` is never closed.
    #[error("this `(` is never closed")]
    UnclosedParenthesis,
    /// A `)` closes nothing.
    #[error("this `)` closes nothing")]
    UnopenedParenthesis,
    /// A comma outside of a function's arguments.
    #[error("a comma may only separate the arguments of a function")]
    UnexpectedComma,
    /// A comparison stands where a number should.
    #[error("this is a condition, but a number is needed here")]
    NumberNeeded,
    /// A number stands where a comparison should.
    #[error("this is a number, but a condition is needed here")]
    ConditionNeeded,
    /// A comparison in which no variable is left after simplification.
    #[error("this comparison depends on no variable")]
    ConstantComparison,
    /// A constant part is infinite or undefined.
    #[error("a constant part of the formula is infinite or undefined")]
    NotFinite,
    /// A declared name cannot be used because it means something else.
    #[error("the name `{name}` is reserved")]
    ReservedName {
        /// The name.
        name: String,
    },
    /// A declared name is not a name.
    #[error("`{name}` cannot be the name of a variable or parameter")]
    InvalidName {
        /// The text.
        name: String,
    },
    /// A name is declared twice.
    #[error("the name `{name}` is declared twice")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A parameter is infinite or undefined.
    #[error("the parameter `{name}` is {value}")]
    BadParameter {
        /// The parameter.
        name: String,
        /// Its value.
        value: f64,
    },
    /// Formulas that are compiled together have different variables.
    #[error("formulas compiled together need the same variables: [{first}] and [{other}] differ")]
    DifferentVariables {
        /// Variables of the first formula.
        first: String,
        /// Variables of the formula that differs.
        other: String,
    },
}

impl FormulaFault {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Empty => "write an expression such as `x^4 - 2*x^2`".into(),
            Self::TooLong { .. } | Self::TooDeep { .. } | Self::TooLarge { .. } => {
                "write the formula with fewer terms or levels".into()
            }
            Self::UnknownCharacter { character } => match character {
                '−' | '–' | '—' => "write `-` for minus".into(),
                '×' | '·' | '⋅' => "write `*` for times".into(),
                '÷' => "write `/` for divided by".into(),
                '=' => "compare with <, <=, > or >=".into(),
                '≤' => "write `<=`".into(),
                '≥' => "write `>=`".into(),
                '&' => "write `and`".into(),
                '|' => "write `or`, or `abs(...)` for a magnitude".into(),
                '!' => "write `not`".into(),
                '[' | ']' | '{' | '}' => "use parentheses `( )`; number variables as x1, x2".into(),
                '²' => "write `^2`".into(),
                '³' => "write `^3`".into(),
                _ => "use numbers, names, + - * / ^, parentheses and the comparisons of conditions".into(),
            },
            Self::BadNumber { .. } => {
                "write a number such as 2, 0.5 or 1e-3, of magnitude below 1.8e308".into()
            }
            Self::UnknownName { near: Some(near), .. } | Self::UnknownFunction { near: Some(near), .. } => {
                format!("did you mean `{near}`?")
            }
            Self::UnknownName { known, .. } if known.is_empty() => "no names are declared".into(),
            Self::UnknownName { known, .. } => format!("known here: {}", known.join(", ")),
            Self::UnknownFunction { .. } => {
                format!("the functions are {}; a product needs its `*`", super::function::names().join(", "))
            }
            Self::FunctionWithoutArguments { name } => format!("write `{name}(...)`"),
            Self::WrongArgumentCount { name, expected, .. } => {
                let arguments = ["", "a", "a, b", "a < b, c, d"][(*expected).min(3)];
                format!("write `{name}({arguments})`")
            }
            Self::MissingValue { .. } => "write a number, a name, a function or a parenthesis here".into(),
            Self::MissingOperator { .. } => "products need their sign: `2*x`, not `2x`".into(),
            Self::UnclosedParenthesis => "add the `)`".into(),
            Self::UnopenedParenthesis => "remove it or add the `(`".into(),
            Self::UnexpectedComma => "write decimals with a point: 0.5".into(),
            Self::NumberNeeded => {
                "choose between values with `where(x < 0, a, b)`; conditions belong to targets".into()
            }
            Self::ConditionNeeded => "compare with <, <=, > or >=, as in `x <= -0.5`".into(),
            Self::ConstantComparison => "compare an expression of the variables with a number".into(),
            Self::NotFinite => {
                "look for a division by zero, a root or logarithm of a negative number, or overflow".into()
            }
            Self::ReservedName { .. } => {
                "choose a name that is no function, constant, `and`, `or` or `not`".into()
            }
            Self::InvalidName { .. } => "use letters, digits and `_`, not starting with a digit".into(),
            Self::DuplicateName { .. } => {
                "variables and parameters share one list of names; rename one".into()
            }
            Self::BadParameter { .. } => "give it a finite value".into(),
            Self::DifferentVariables { .. } => "parse them with the same list of variables".into(),
        }
    }
}

/// A [`FormulaFault`] and its place in the text.
///
/// It displays as the message, the formula on one line, carets under the place, and the remedy:
/// ```
/// # use sgdyn::landscape::formula::Formula;
/// let error = Formula::parse("x^4 - 2x^2", None, &Default::default()).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "an operator is missing before `x`\n  x^4 - 2x^2\n         ^\n  products need their sign: `2*x`, not `2x`"
/// );
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FormulaError(Box<Placed>);

#[derive(Clone, Debug, PartialEq)]
struct Placed {
    fault: FormulaFault,
    place: Option<(String, Range<usize>)>,
}

impl FormulaError {
    /// A fault at the bytes `span` of `text`.
    pub(super) fn at(fault: FormulaFault, text: &str, span: Range<usize>) -> Self {
        Self(Box::new(Placed { fault, place: Some((text.to_owned(), span)) }))
    }

    /// A fault of something that is no text: a declared name, or a derivative.
    pub(super) fn elsewhere(fault: FormulaFault) -> Self {
        Self(Box::new(Placed { fault, place: None }))
    }

    /// What is wrong.
    pub fn fault(&self) -> &FormulaFault {
        &self.0.fault
    }

    /// The byte at which the fault starts, from 0; none for a fault outside of the text, such as a reserved name in
    /// the list of variables.
    pub fn position(&self) -> Option<usize> {
        self.0.place.as_ref().map(|(_, span)| span.start)
    }
}

impl std::error::Error for FormulaError {}

impl fmt::Display for FormulaError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.0.fault)?;
        if let Some((text, span)) = &self.0.place {
            // Columns count characters, so that a caret stands right also after letters of several bytes.
            let column = text.get(..span.start).unwrap_or(text).chars().count();
            let width = text.get(span.clone()).map_or(1, |marked| marked.chars().count()).max(1);
            let length = text.chars().count();
            let start = if length <= WINDOW { 0 } else { column.saturating_sub(WINDOW / 2) };
            let end = length.min(start + WINDOW);
            let shown: String = text
                .chars()
                .skip(start)
                .take(end - start)
                .map(|character| if character.is_control() { ' ' } else { character })
                .collect();
            let before = if start > 0 { "…" } else { "" };
            let after = if end < length { "…" } else { "" };
            writeln!(formatter, "  {before}{shown}{after}")?;
            let indent = column - start + before.chars().count();
            let carets = width.min(end.saturating_sub(column)).max(1);
            writeln!(formatter, "  {:indent$}{:^<carets$}", "", "")?;
        }
        write!(formatter, "  {}", self.0.fault.remedy())
    }
}
