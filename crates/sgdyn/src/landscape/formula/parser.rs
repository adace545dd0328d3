//! Reads a formula or a condition by operator precedence, on explicit stacks: nothing here recurses.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::error::{FormulaError, FormulaFault};
use super::function::Callable;
use super::graph::{Graph, NodeId};
use super::lexer::{self, Token};
use super::scope::{Meaning, Scope};

/// Open parentheses a formula may have at one place.
const MAXIMUM_DEPTH: usize = 256;
/// Operators that may wait for their right side at one place.
const MAXIMUM_PENDING: usize = 4 * MAXIMUM_DEPTH;

type Span = Range<usize>;

/// A truth value of conditions; operands precede their users in the list that holds them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Truth {
    /// left < right, or left ≤ right unless strict.
    Less {
        strict: bool,
        left: NodeId,
        right: NodeId,
    },
    And(usize, usize),
    Or(usize, usize),
    Not(usize),
}

/// A value whose sum or product may still grow: a flat chain of n terms costs n, not n².
enum Value {
    Node(NodeId),
    Sum {
        constant: f64,
        terms: Vec<(NodeId, f64)>,
    },
    Product {
        coefficient: f64,
        factors: Vec<(NodeId, f64)>,
    },
    /// `last` is the right side of an open chain of comparisons.
    Truth {
        truth: usize,
        last: Option<NodeId>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    Or,
    And,
    Not,
    Compare(Token),
    Add,
    Subtract,
    Multiply,
    Divide,
    Negate,
    Power,
}

impl Operator {
    fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Not => 3,
            Self::Compare(_) => 4,
            Self::Add | Self::Subtract => 5,
            Self::Multiply | Self::Divide => 6,
            Self::Negate => 7,
            Self::Power => 8,
        }
    }

    fn binary(token: Token) -> Option<Self> {
        Some(match token {
            Token::Plus => Self::Add,
            Token::Minus => Self::Subtract,
            Token::Times => Self::Multiply,
            Token::Over => Self::Divide,
            Token::Caret => Self::Power,
            Token::And => Self::And,
            Token::Or => Self::Or,
            Token::Less | Token::LessEqual | Token::Greater | Token::GreaterEqual => Self::Compare(token),
            _ => return None,
        })
    }
}

enum Pending {
    Operator(Operator, Span),
    /// `(`, after a function's name if `call` says so; `height` is the number of values below it.
    Group {
        open: Span,
        call: Option<(Callable, Span)>,
        height: usize,
    },
}

/// What a text turned out to be.
pub(super) enum Parsed {
    Number(NodeId),
    Condition(usize),
}

/// Everything a parse leaves behind.
pub(super) struct Outcome {
    pub(super) graph: Graph,
    /// With their places in the text.
    pub(super) truths: Vec<(Truth, Span)>,
    pub(super) variables: Arc<[String]>,
    pub(super) parsed: Parsed,
}

struct Parser<'a> {
    text: &'a str,
    graph: Graph,
    truths: Vec<(Truth, Span)>,
    values: Vec<(Value, Span)>,
    pending: Vec<Pending>,
    depth: usize,
}

/// Reads `text`.
pub(super) fn parse(
    text: &str,
    variables: Option<&[String]>,
    parameters: &BTreeMap<String, f64>,
) -> Result<Outcome, FormulaError> {
    let tokens = lexer::tokens(text)?;
    let scope = Scope::new(text, &tokens, variables, parameters)?;
    let parser = Parser {
        text,
        graph: Graph::new(),
        truths: Vec::new(),
        values: Vec::new(),
        pending: Vec::new(),
        depth: 0,
    };
    parser.run(&tokens, &scope)
}

impl Parser<'_> {
    fn fail<T>(&self, fault: FormulaFault, span: Span) -> Result<T, FormulaError> {
        Err(FormulaError::at(fault, self.text, span))
    }

    fn run(mut self, tokens: &[(Token, Span)], scope: &Scope) -> Result<Outcome, FormulaError> {
        let mut value_expected = true;
        let mut position = 0;
        while let Some((token, span)) = tokens.get(position).cloned() {
            let next = tokens.get(position + 1);
            let after = || match position {
                0 => "at the start".to_owned(),
                _ => format!("after `{}`", &self.text[tokens[position - 1].1.clone()]),
            };
            if value_expected {
                match token {
                    Token::Number(value) => {
                        let node = self.graph.constant(value);
                        self.values.push((Value::Node(node), span));
                        value_expected = false;
                    }
                    Token::Name => {
                        let name = &self.text[span.clone()];
                        if let Some((Token::Open, open)) = next {
                            match Scope::function(name) {
                                Ok(callable) => self.open(open.clone(), Some((callable, span)))?,
                                Err(fault) => return self.fail(fault, span),
                            }
                            position += 1;
                        } else {
                            let node = match scope.meaning(name) {
                                Ok(Meaning::Variable(variable)) => self.graph.variable(variable),
                                Ok(Meaning::Value(value)) => self.graph.constant(value),
                                Err(fault) => return self.fail(fault, span),
                            };
                            self.values.push((Value::Node(node), span));
                            value_expected = false;
                        }
                    }
                    Token::Open => self.open(span, None)?,
                    Token::Minus => self.push_operator(Operator::Negate, span)?,
                    Token::Not => self.push_operator(Operator::Not, span)?,
                    Token::Plus => {}
                    Token::Close
                        if matches!(self.pending.last(), Some(Pending::Group { call: Some(_), height, .. })
                            if *height == self.values.len()) =>
                    {
                        // `f()`: the count of arguments says best what is missing.
                        self.close(&span)?;
                        value_expected = false;
                    }
                    _ => return self.fail(FormulaFault::MissingValue { place: after() }, span),
                }
            } else if let Some(operator) = Operator::binary(token) {
                self.reduce(operator.precedence(), operator == Operator::Power)?;
                self.push_operator(operator, span)?;
                value_expected = true;
            } else {
                match token {
                    Token::Close => self.close(&span)?,
                    Token::Comma => {
                        self.reduce(0, false)?;
                        if !matches!(self.pending.last(), Some(Pending::Group { call: Some(_), .. })) {
                            return self.fail(FormulaFault::UnexpectedComma, span);
                        }
                        value_expected = true;
                    }
                    _ => {
                        let found = self.text[span.clone()].to_owned();
                        return self.fail(FormulaFault::MissingOperator { found }, span);
                    }
                }
            }
            position += 1;
        }
        let end = self.text.trim_end().len();
        if value_expected {
            let place = format!("after `{}`", &self.text[tokens[tokens.len() - 1].1.clone()]);
            return self.fail(FormulaFault::MissingValue { place }, end..end);
        }
        self.reduce(0, false)?;
        if let Some(Pending::Group { open, .. }) = self.pending.last() {
            return self.fail(FormulaFault::UnclosedParenthesis, open.clone());
        }
        let Some((value, span)) = self.values.pop() else {
            return self.fail(FormulaFault::Empty, 0..0);
        };
        let parsed = match value {
            Value::Truth { truth, .. } => Parsed::Condition(truth),
            number => Parsed::Number(self.number(number, &span)?),
        };
        Ok(Outcome {
            graph: self.graph,
            truths: self.truths,
            variables: Arc::clone(scope.variables()),
            parsed,
        })
    }

    fn push_operator(&mut self, operator: Operator, span: Span) -> Result<(), FormulaError> {
        if self.pending.len() >= MAXIMUM_PENDING {
            return self.fail(FormulaFault::TooDeep { limit: MAXIMUM_PENDING }, span);
        }
        self.pending.push(Pending::Operator(operator, span));
        Ok(())
    }

    fn open(&mut self, open: Span, call: Option<(Callable, Span)>) -> Result<(), FormulaError> {
        self.depth += 1;
        if self.depth > MAXIMUM_DEPTH || self.pending.len() >= MAXIMUM_PENDING {
            return self.fail(FormulaFault::TooDeep { limit: MAXIMUM_DEPTH }, open);
        }
        self.pending.push(Pending::Group { open, call, height: self.values.len() });
        Ok(())
    }

    fn close(&mut self, close: &Span) -> Result<(), FormulaError> {
        self.reduce(0, false)?;
        let Some(Pending::Group { open, call, height }) = self.pending.pop() else {
            return self.fail(FormulaFault::UnopenedParenthesis, close.clone());
        };
        self.depth -= 1;
        let arguments = self.values.split_off(height);
        let value = if let Some((callable, name)) = call {
            let span = name.start..close.end;
            if arguments.len() != callable.arguments() {
                let fault = FormulaFault::WrongArgumentCount {
                    name: self.text[name].to_owned(),
                    expected: callable.arguments(),
                    found: arguments.len(),
                };
                return self.fail(fault, span);
            }
            let node = self.call(callable, arguments)?;
            self.finite(&span)?;
            (Value::Node(node), span)
        } else {
            let mut inner = None;
            for (value, span) in arguments {
                let span = open.start.min(span.start)..close.end;
                inner = Some(match value {
                    Value::Truth { truth, .. } => (Value::Truth { truth, last: None }, span),
                    number => (Value::Node(self.number(number, &span)?), span),
                });
            }
            match inner {
                Some(value) => value,
                None => return self.fail(FormulaFault::MissingValue { place: "in `()`".into() }, open),
            }
        };
        self.values.push(value);
        Ok(())
    }

    fn call(&mut self, callable: Callable, arguments: Vec<(Value, Span)>) -> Result<NodeId, FormulaError> {
        let mut arguments = arguments.into_iter();
        if callable == Callable::Where {
            let Some((condition, span)) = arguments.next() else { return Ok(0) };
            let Value::Truth { truth, .. } = condition else {
                return self.fail(FormulaFault::ConditionNeeded, span);
            };
            let mut values = Vec::with_capacity(2);
            for (value, span) in arguments {
                values.push(self.number(value, &span)?);
            }
            return Ok(self.choose(truth, values[0], values[1]));
        }
        let mut values = Vec::with_capacity(2);
        for (value, span) in arguments {
            values.push(self.number(value, &span)?);
        }
        Ok(match callable {
            Callable::Unary(function) => self.graph.call(function, values[0]),
            Callable::Extreme(extreme) => self.graph.extreme(extreme, values[0], values[1]),
            Callable::Pow => self.graph.power(values[0], values[1]),
            Callable::Sqrt | Callable::Where => self.graph.product(1.0, &[(values[0], 0.5)]),
        })
    }

    /// `then` where the truth holds, `otherwise` elsewhere: each comparison becomes one choice.
    fn choose(&mut self, truth: usize, then: NodeId, otherwise: NodeId) -> NodeId {
        let (mut truth, mut then, mut otherwise) = (truth, then, otherwise);
        // Left sides whose right side is being turned into the node they choose.
        let mut waiting = Vec::new();
        loop {
            match self.truths[truth].0 {
                Truth::Not(inner) => (truth, then, otherwise) = (inner, otherwise, then),
                Truth::And(left, right) | Truth::Or(left, right) => {
                    let joined_by_and = matches!(self.truths[truth].0, Truth::And(..));
                    waiting.push((left, joined_by_and, then, otherwise));
                    truth = right;
                }
                Truth::Less { strict, left, right } => {
                    let chosen = self.graph.choose(strict, left, right, then, otherwise);
                    let Some((left, joined_by_and, outer_then, outer_otherwise)) = waiting.pop() else {
                        return chosen;
                    };
                    truth = left;
                    (then, otherwise) =
                        if joined_by_and { (chosen, outer_otherwise) } else { (outer_then, chosen) };
                }
            }
        }
    }

    /// Applies the waiting operators that bind at least as tightly as `precedence`.
    fn reduce(&mut self, precedence: u8, right_associative: bool) -> Result<(), FormulaError> {
        while let Some(Pending::Operator(operator, _)) = self.pending.last() {
            let binds = if right_associative {
                operator.precedence() > precedence
            } else {
                operator.precedence() >= precedence
            };
            if !binds {
                break;
            }
            let Some(Pending::Operator(operator, span)) = self.pending.pop() else { break };
            self.apply(operator, &span)?;
        }
        Ok(())
    }

    fn apply(&mut self, operator: Operator, place: &Span) -> Result<(), FormulaError> {
        let Some((right, right_span)) = self.values.pop() else { return Ok(()) };
        if matches!(operator, Operator::Negate | Operator::Not) {
            let span = place.start..right_span.end;
            let value = if operator == Operator::Not {
                let truth = self.truth(&right, &right_span)?;
                Value::Truth { truth: self.add_truth(Truth::Not(truth), &span), last: None }
            } else {
                let node = self.number(right, &right_span)?;
                Value::Sum { constant: 0.0, terms: vec![(node, -1.0)] }
            };
            self.values.push((value, span));
            return Ok(());
        }
        let Some((left, left_span)) = self.values.pop() else { return Ok(()) };
        let span = left_span.start..right_span.end;
        let value = match operator {
            Operator::Add | Operator::Subtract => {
                let sign = if operator == Operator::Add { 1.0 } else { -1.0 };
                let right = self.number(right, &right_span)?;
                let (mut constant, mut terms) = match left {
                    Value::Sum { constant, terms } => (constant, terms),
                    other => (0.0, vec![(self.number(other, &left_span)?, 1.0)]),
                };
                match self.graph.as_constant(right) {
                    Some(value) => constant += sign * value,
                    None => terms.push((right, sign)),
                }
                if !constant.is_finite() {
                    return self.fail(FormulaFault::NotFinite, span);
                }
                Value::Sum { constant, terms }
            }
            Operator::Multiply | Operator::Divide => {
                let exponent = if operator == Operator::Multiply { 1.0 } else { -1.0 };
                let right = self.number(right, &right_span)?;
                let (mut coefficient, mut factors) = match left {
                    Value::Product { coefficient, factors } => (coefficient, factors),
                    other => (1.0, vec![(self.number(other, &left_span)?, 1.0)]),
                };
                match self.graph.as_constant(right) {
                    Some(value) if operator == Operator::Multiply => coefficient *= value,
                    Some(value) => coefficient /= value,
                    None => factors.push((right, exponent)),
                }
                if !coefficient.is_finite() {
                    return self.fail(FormulaFault::NotFinite, span);
                }
                Value::Product { coefficient, factors }
            }
            Operator::Power => {
                let base = self.number(left, &left_span)?;
                let exponent = self.number(right, &right_span)?;
                Value::Node(self.graph.power(base, exponent))
            }
            Operator::Compare(token) => {
                let right = self.number(right, &right_span)?;
                let (chain, left) = match left {
                    Value::Truth { truth, last: Some(last) } => (Some(truth), last),
                    other => (None, self.number(other, &left_span)?),
                };
                let strict = matches!(token, Token::Less | Token::Greater);
                let (smaller, larger) = match token {
                    Token::Less | Token::LessEqual => (left, right),
                    _ => (right, left),
                };
                let less = Truth::Less { strict, left: smaller, right: larger };
                let mut truth = self.add_truth(less, &span);
                if let Some(chain) = chain {
                    truth = self.add_truth(Truth::And(chain, truth), &span);
                }
                Value::Truth { truth, last: Some(right) }
            }
            Operator::And | Operator::Or => {
                let left = self.truth(&left, &left_span)?;
                let right = self.truth(&right, &right_span)?;
                let joined =
                    if operator == Operator::And { Truth::And(left, right) } else { Truth::Or(left, right) };
                Value::Truth { truth: self.add_truth(joined, &span), last: None }
            }
            Operator::Negate | Operator::Not => return Ok(()),
        };
        self.finite(&span)?;
        self.values.push((value, span));
        Ok(())
    }

    fn add_truth(&mut self, truth: Truth, span: &Span) -> usize {
        self.truths.push((truth, span.clone()));
        self.truths.len() - 1
    }

    fn truth(&self, value: &Value, span: &Span) -> Result<usize, FormulaError> {
        match value {
            Value::Truth { truth, .. } => Ok(*truth),
            _ => self.fail(FormulaFault::ConditionNeeded, span.clone()),
        }
    }

    /// Ends the growth of a sum or product.
    fn number(&mut self, value: Value, span: &Span) -> Result<NodeId, FormulaError> {
        let node = match value {
            Value::Node(node) => node,
            Value::Sum { constant, terms } => self.graph.sum(constant, &terms),
            Value::Product { coefficient, factors } => self.graph.product(coefficient, &factors),
            Value::Truth { .. } => return self.fail(FormulaFault::NumberNeeded, span.clone()),
        };
        self.finite(span)?;
        Ok(node)
    }

    fn finite(&self, span: &Span) -> Result<(), FormulaError> {
        self.graph.check().map_err(|fault| FormulaError::at(fault, self.text, span.clone()))
    }
}
