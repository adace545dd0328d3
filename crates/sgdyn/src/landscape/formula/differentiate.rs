//! Exact derivatives: one loop over the nodes that depend on the variable.

use std::ops::Range;

use super::error::FormulaError;
use super::expression::Formula;
use super::function::{Extreme, Function};
use super::graph::{Graph, Node, NodeId, Number};

/// ∂f/∂x_i for each `i` of `variables`.
pub(super) fn derivatives(formula: &Formula, variables: Range<usize>) -> Result<Vec<Formula>, FormulaError> {
    let mut graph = Graph::new();
    let root = graph.import(formula.nodes());
    graph.check().map_err(FormulaError::elsewhere)?;

    let mut users: Vec<Vec<NodeId>> = vec![Vec::new(); graph.len()];
    for place in 0..graph.len() as NodeId {
        graph.node(place).for_each_operand(|operand| users[operand as usize].push(place));
    }
    // The derivative of each original node that depends on the variable; none means zero.
    let mut slopes: Vec<Option<NodeId>> = vec![None; users.len()];
    let places: Vec<Option<NodeId>> = {
        let mut places = vec![None; formula.dimension()];
        for place in 0..graph.len() as NodeId {
            if let Node::Variable(variable) = graph.node(place) {
                places[*variable as usize] = Some(place);
            }
        }
        places
    };
    let (zero, one) = (graph.constant(0.0), graph.constant(1.0));

    let mut derivatives = Vec::with_capacity(variables.len());
    for variable in variables {
        let Some(start) = places[variable] else {
            derivatives.push(Formula::rooted(&graph, zero, formula.shared_variables()));
            continue;
        };
        let mut dependent = vec![start];
        let mut next = 0;
        slopes[start as usize] = Some(one);
        while next < dependent.len() {
            for &user in &users[dependent[next] as usize] {
                // Marked by any value until its own turn.
                if slopes[user as usize].replace(zero).is_none() {
                    dependent.push(user);
                }
            }
            next += 1;
        }
        dependent.sort_unstable();
        for &place in &dependent {
            if place != start {
                let slope = differentiate(&mut graph, place, &slopes);
                slopes[place as usize] = Some(slope);
            }
            graph.check().map_err(FormulaError::elsewhere)?;
        }
        let slope = slopes[root as usize].unwrap_or(zero);
        derivatives.push(Formula::rooted(&graph, slope, formula.shared_variables()));
        for place in dependent {
            slopes[place as usize] = None;
        }
    }
    Ok(derivatives)
}

/// The derivative of one node from those of its operands.
fn differentiate(graph: &mut Graph, place: NodeId, slopes: &[Option<NodeId>]) -> NodeId {
    let slope = |operand: NodeId| slopes[operand as usize];
    match graph.node(place).clone() {
        Node::Constant(_) => graph.constant(0.0),
        Node::Variable(_) => graph.constant(1.0),
        Node::Sum { terms, .. } => {
            let terms: Vec<_> = terms
                .iter()
                .filter_map(|&(term, Number(coefficient))| slope(term).map(|slope| (slope, coefficient)))
                .collect();
            graph.sum(0.0, &terms)
        }
        Node::Product(factors) => {
            let mut terms = Vec::new();
            for (changed, &(base, Number(exponent))) in factors.iter().enumerate() {
                let Some(slope) = slope(base) else { continue };
                let mut product: Vec<_> =
                    factors.iter().map(|&(base, Number(exponent))| (base, exponent)).collect();
                product[changed].1 = exponent - 1.0;
                product.push((slope, 1.0));
                terms.push((graph.product(exponent, &product), 1.0));
                if graph.check().is_err() {
                    break;
                }
            }
            graph.sum(0.0, &terms)
        }
        // (a^b)' = b a^(b−1) a' + a^b ln(a) b'
        Node::Power { base, exponent } => {
            let mut terms = Vec::with_capacity(2);
            if let Some(slope) = slope(base) {
                let reduced = graph.sum(-1.0, &[(exponent, 1.0)]);
                let power = graph.power(base, reduced);
                terms.push((graph.product(1.0, &[(exponent, 1.0), (power, 1.0), (slope, 1.0)]), 1.0));
            }
            if let Some(slope) = slope(exponent) {
                let logarithm = graph.call(Function::Ln, base);
                terms.push((graph.product(1.0, &[(place, 1.0), (logarithm, 1.0), (slope, 1.0)]), 1.0));
            }
            graph.sum(0.0, &terms)
        }
        Node::Call(function, argument) => {
            let Some(inner) = slope(argument) else { return graph.constant(0.0) };
            let mut scale = 1.0;
            let outer = match function {
                Function::Exp => (place, 1.0),
                Function::ExpM1 => (graph.call(Function::Exp, argument), 1.0),
                Function::Ln => (argument, -1.0),
                Function::Ln1p => (graph.sum(1.0, &[(argument, 1.0)]), -1.0),
                Function::Abs => (graph.call(Function::Sign, argument), 1.0),
                Function::Sign => return graph.constant(0.0),
                Function::Sin => (graph.call(Function::Cos, argument), 1.0),
                Function::Cos => {
                    scale = -1.0;
                    (graph.call(Function::Sin, argument), 1.0)
                }
                Function::Sinh => (graph.call(Function::Cosh, argument), 1.0),
                Function::Cosh => (graph.call(Function::Sinh, argument), 1.0),
                // tan' = 1 + tan², tanh' = 1 − tanh²: the value is there already.
                Function::Tan | Function::Tanh => {
                    let sign = if function == Function::Tan { 1.0 } else { -1.0 };
                    let square = graph.product(1.0, &[(place, 2.0)]);
                    (graph.sum(1.0, &[(square, sign)]), 1.0)
                }
                Function::Erf => {
                    scale = std::f64::consts::FRAC_2_SQRT_PI;
                    let square = graph.product(-1.0, &[(argument, 2.0)]);
                    (graph.call(Function::Exp, square), 1.0)
                }
            };
            graph.product(scale, &[outer, (inner, 1.0)])
        }
        Node::Extreme(extreme, a, b) => {
            let zero = graph.constant(0.0);
            let (slope_a, slope_b) = (slope(a).unwrap_or(zero), slope(b).unwrap_or(zero));
            match extreme {
                Extreme::Min => graph.choose(false, a, b, slope_a, slope_b),
                Extreme::Max => graph.choose(false, b, a, slope_a, slope_b),
            }
        }
        Node::Where { strict, left, right, then, otherwise } => {
            let zero = graph.constant(0.0);
            let (then, otherwise) = (slope(then).unwrap_or(zero), slope(otherwise).unwrap_or(zero));
            graph.choose(strict, left, right, then, otherwise)
        }
    }
}
