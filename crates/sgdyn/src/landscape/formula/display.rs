//! Writes a formula as a text that reads back as the same function.

use std::fmt;

use super::expression::Formula;
use super::graph::{Node, NodeId, Number};
use super::lexer::MAXIMUM_LENGTH;

/// How tightly the place around a node binds: a looser node gets parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Sum,
    Factor,
    Base,
}

enum Piece {
    Text(&'static str),
    Written(String),
    Node(NodeId, Place),
}

fn number(value: f64) -> String {
    if value == 0.0 || (1e-4..1e15).contains(&value.abs()) {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}

/// The terms of a sum as people order them: those of a polynomial of one base by falling powers.
fn ordered(terms: &[(NodeId, Number)], nodes: &[Node]) -> Vec<(NodeId, Number)> {
    let power = |term: NodeId| match &nodes[term as usize] {
        Node::Product(factors) if factors.len() == 1 => (factors[0].0, factors[0].1.0),
        _ => (term, 1.0),
    };
    let mut ordered = terms.to_vec();
    if ordered.windows(2).all(|pair| power(pair[0].0).0 == power(pair[1].0).0) {
        ordered.sort_by(|a, b| power(b.0).1.total_cmp(&power(a.0).1));
    }
    ordered
}

/// The pieces of one node, first to last, and how tightly its text binds.
fn pieces(node: &Node, nodes: &[Node], variables: &[String]) -> (Vec<Piece>, Place) {
    use Piece::{Node as Child, Text, Written};
    match node {
        Node::Constant(Number(value)) => {
            (vec![Written(number(*value))], if *value < 0.0 { Place::Sum } else { Place::Base })
        }
        Node::Variable(variable) => (vec![Written(variables[*variable as usize].clone())], Place::Base),
        Node::Sum { constant, terms } => {
            let mut pieces = Vec::with_capacity(4 * terms.len() + 2);
            for (count, (term, Number(coefficient))) in ordered(terms, nodes).into_iter().enumerate() {
                pieces.push(Text(match (count, coefficient < 0.0) {
                    (0, false) => "",
                    (0, true) => "-",
                    (_, false) => " + ",
                    (_, true) => " - ",
                }));
                if coefficient.abs() != 1.0 {
                    pieces.extend([Written(number(coefficient.abs())), Text("*")]);
                }
                pieces.push(Child(term, Place::Factor));
            }
            if constant.0 != 0.0 {
                pieces.push(Text(if constant.0 < 0.0 { " - " } else { " + " }));
                pieces.push(Written(number(constant.0.abs())));
            }
            (pieces, Place::Sum)
        }
        Node::Product(factors) => {
            let mut pieces = Vec::with_capacity(4 * factors.len());
            let (below, above): (Vec<_>, Vec<_>) = factors.iter().partition(|(_, exponent)| exponent.0 < 0.0);
            for &(base, Number(exponent)) in above.into_iter().chain(below) {
                pieces.push(Text(match (pieces.is_empty(), exponent < 0.0) {
                    (true, true) => "1/",
                    (true, false) => "",
                    (false, true) => "/",
                    (false, false) => "*",
                }));
                let exponent = exponent.abs();
                if exponent == 0.5 {
                    pieces.extend([Text("sqrt("), Child(base, Place::Sum), Text(")")]);
                } else if exponent == 1.0 {
                    pieces.push(Child(base, Place::Base));
                } else {
                    pieces.extend([Child(base, Place::Base), Text("^"), Written(number(exponent))]);
                }
            }
            (pieces, Place::Factor)
        }
        Node::Power { base, exponent } => {
            (vec![Child(*base, Place::Base), Text("^"), Child(*exponent, Place::Base)], Place::Factor)
        }
        Node::Call(function, a) => {
            (vec![Text(function.name()), Text("("), Child(*a, Place::Sum), Text(")")], Place::Base)
        }
        Node::Extreme(extreme, a, b) => (
            vec![
                Text(extreme.name()),
                Text("("),
                Child(*a, Place::Sum),
                Text(", "),
                Child(*b, Place::Sum),
                Text(")"),
            ],
            Place::Base,
        ),
        Node::Where { strict, left, right, then, otherwise } => (
            vec![
                Text("where("),
                Child(*left, Place::Sum),
                Text(if *strict { " < " } else { " <= " }),
                Child(*right, Place::Sum),
                Text(", "),
                Child(*then, Place::Sum),
                Text(", "),
                Child(*otherwise, Place::Sum),
                Text(")"),
            ],
            Place::Base,
        ),
    }
}

/// A derivative whose text would be longer than any formula may be ends in `…`.
impl fmt::Display for Formula {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pending = vec![Piece::Node(self.nodes().len() as NodeId - 1, Place::Sum)];
        let mut room = MAXIMUM_LENGTH;
        while let Some(piece) = pending.pop() {
            let text = match &piece {
                Piece::Text(text) => text,
                Piece::Written(text) => text.as_str(),
                Piece::Node(node, place) => {
                    let (pieces, binds) =
                        pieces(&self.nodes()[*node as usize], self.nodes(), self.variables());
                    let enclosed = binds < *place;
                    pending.extend(enclosed.then_some(Piece::Text(")")));
                    pending.extend(pieces.into_iter().rev());
                    pending.extend(enclosed.then_some(Piece::Text("(")));
                    continue;
                }
            };
            if text.len() > room {
                return formatter.write_str("…");
            }
            room -= text.len();
            formatter.write_str(text)?;
        }
        Ok(())
    }
}
