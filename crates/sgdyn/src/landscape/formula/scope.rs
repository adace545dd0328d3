//! What names mean: the variables in the order of the coordinates, the parameters, the constants.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::error::{FormulaError, FormulaFault};
use super::function::{Callable, names};
use super::lexer::{Token, is_name};

/// Above this similarity (Jaro–Winkler) a known name is offered for an unknown one.
const NEAR: f64 = 0.7;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    Variable(u32),
    Value(f64),
}

/// The names of one formula.
pub(super) struct Scope {
    meanings: HashMap<String, Meaning>,
    variables: Arc<[String]>,
}

fn reserved(name: &str) -> bool {
    matches!(name, "pi" | "e" | "and" | "or" | "not") || Callable::named(name).is_some()
}

/// Orders names as people number them: x2 before x10.
fn natural_order(a: &str, b: &str) -> Ordering {
    let split = |name: &str| {
        let stem = name.trim_end_matches(|character: char| character.is_ascii_digit()).len();
        let digits = &name[stem..];
        let number = digits.trim_start_matches('0').to_owned();
        (name[..stem].to_owned(), number.len(), number, digits.len())
    };
    split(a).cmp(&split(b))
}

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|&(similarity, _)| similarity > NEAR)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.to_owned())
}

impl Scope {
    /// Checks declared names; without `variables`, collects them from the text in natural order.
    pub(super) fn new(
        text: &str,
        tokens: &[(Token, Range<usize>)],
        variables: Option<&[String]>,
        parameters: &BTreeMap<String, f64>,
    ) -> Result<Self, FormulaError> {
        let mut meanings = HashMap::from([
            ("pi".to_owned(), Meaning::Value(std::f64::consts::PI)),
            ("e".to_owned(), Meaning::Value(std::f64::consts::E)),
        ]);
        let declared = parameters.iter().map(|(name, &value)| (name, Meaning::Value(value))).chain(
            variables.unwrap_or_default().iter().zip(0..).map(|(name, i)| (name, Meaning::Variable(i))),
        );
        for (name, meaning) in declared {
            let fault = if reserved(name) {
                FormulaFault::ReservedName { name: name.clone() }
            } else if !is_name(name) {
                FormulaFault::InvalidName { name: name.clone() }
            } else if let Meaning::Value(value) = meaning
                && !value.is_finite()
            {
                FormulaFault::BadParameter { name: name.clone(), value }
            } else if meanings.insert(name.clone(), meaning).is_some() {
                FormulaFault::DuplicateName { name: name.clone() }
            } else {
                continue;
            };
            return Err(FormulaError::elsewhere(fault));
        }
        let variables: Arc<[String]> = if let Some(variables) = variables {
            variables.into()
        } else {
            let mut found: Vec<&str> = tokens
                .iter()
                .zip(tokens.iter().skip(1).map(Some).chain([None]))
                .filter(|((token, _), next)| *token == Token::Name && !matches!(next, Some((Token::Open, _))))
                .map(|((_, span), _)| &text[span.clone()])
                .filter(|name| !meanings.contains_key(*name) && !reserved(name))
                .collect();
            found.sort_unstable_by(|a, b| natural_order(a, b));
            found.dedup();
            meanings
                .extend(found.iter().zip(0..).map(|(name, i)| ((*name).to_owned(), Meaning::Variable(i))));
            found.into_iter().map(str::to_owned).collect()
        };
        Ok(Self { meanings, variables })
    }

    pub(super) fn variables(&self) -> &Arc<[String]> {
        &self.variables
    }

    /// What `name` means where a value may stand.
    pub(super) fn meaning(&self, name: &str) -> Result<Meaning, FormulaFault> {
        if let Some(&meaning) = self.meanings.get(name) {
            return Ok(meaning);
        }
        if Callable::named(name).is_some() {
            return Err(FormulaFault::FunctionWithoutArguments { name: name.to_owned() });
        }
        let constant = |known: &&String| !matches!(known.as_str(), "pi" | "e");
        let mut known: Vec<String> = self.meanings.keys().filter(constant).cloned().collect();
        known.sort_unstable_by(|a, b| natural_order(a, b));
        let near = nearest(name, known.iter().map(String::as_str));
        Err(FormulaFault::UnknownName { name: name.to_owned(), near, known })
    }

    /// The function called `name`.
    pub(super) fn function(name: &str) -> Result<Callable, FormulaFault> {
        Callable::named(name).ok_or_else(|| FormulaFault::UnknownFunction {
            name: name.to_owned(),
            near: nearest(name, names().into_iter()),
        })
    }
}
