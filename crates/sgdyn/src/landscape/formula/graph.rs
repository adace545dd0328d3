//! The expression graph: equal subexpressions are one node, operands precede their users, sums and products simplify
//! as they are built.

use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::error::FormulaFault;
use super::function::{Extreme, Function};

/// A node's place in its graph; operands have smaller places than their users.
pub(super) type NodeId = u32;

/// Terms that one operation (a parse, a gradient, a compilation) may handle: bounds both its memory and its time.
pub(super) const BUDGET: usize = 1 << 22;

/// A number that is a key: equal if its bits are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(pub(super) f64);

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}
impl Eq for Number {}
impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

/// Nodes and the number that belongs to each: a coefficient in a sum, an exponent in a product.
pub(super) type Weighted = Arc<[(NodeId, Number)]>;

/// One operation of a formula.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Node {
    Constant(Number),
    /// A variable, by its place in the list of variables.
    Variable(u32),
    /// constant + Σ coefficient · term, ordered by term. A product with a number in front is a sum of one term.
    Sum {
        constant: Number,
        terms: Weighted,
    },
    /// Π base^exponent with constant exponents, ordered by base.
    Product(Weighted),
    /// A power whose exponent is not constant.
    Power {
        base: NodeId,
        exponent: NodeId,
    },
    Call(Function, NodeId),
    Extreme(Extreme, NodeId, NodeId),
    /// `then` where left < right (or left ≤ right unless strict), `otherwise` elsewhere.
    Where {
        strict: bool,
        left: NodeId,
        right: NodeId,
        then: NodeId,
        otherwise: NodeId,
    },
}

impl Node {
    pub(super) fn for_each_operand(&self, mut visit: impl FnMut(NodeId)) {
        match self {
            Self::Constant(_) | Self::Variable(_) => {}
            Self::Sum { terms: weighted, .. } | Self::Product(weighted) => {
                weighted.iter().for_each(|&(node, _)| visit(node));
            }
            Self::Power { base: a, exponent: b } | Self::Extreme(_, a, b) => {
                [*a, *b].into_iter().for_each(visit);
            }
            Self::Call(_, a) => visit(*a),
            Self::Where { left, right, then, otherwise, .. } => {
                [*left, *right, *then, *otherwise].into_iter().for_each(visit);
            }
        }
    }

    /// The same operation on other operands. Distinct operands must stay distinct.
    fn map_operands(&self, map: impl Fn(NodeId) -> NodeId) -> Self {
        let reordered = |weighted: &Weighted| -> Weighted {
            let mut mapped: Vec<_> = weighted.iter().map(|&(node, number)| (map(node), number)).collect();
            mapped.sort_unstable_by_key(|&(node, _)| node);
            mapped.into()
        };
        match self {
            Self::Constant(_) | Self::Variable(_) => self.clone(),
            Self::Sum { constant, terms } => Self::Sum { constant: *constant, terms: reordered(terms) },
            Self::Product(factors) => Self::Product(reordered(factors)),
            Self::Power { base, exponent } => Self::Power { base: map(*base), exponent: map(*exponent) },
            Self::Call(function, a) => Self::Call(*function, map(*a)),
            Self::Extreme(extreme, a, b) => Self::Extreme(*extreme, map(*a), map(*b)),
            Self::Where { strict, left, right, then, otherwise } => Self::Where {
                strict: *strict,
                left: map(*left),
                right: map(*right),
                then: map(*then),
                otherwise: map(*otherwise),
            },
        }
    }
}

fn is_integer(value: f64) -> bool {
    value.trunc() == value
}

/// Sorts by node, adds the numbers of equal nodes and drops those that vanish.
fn collect_like(weighted: &mut Vec<(NodeId, f64)>) {
    weighted.sort_by_key(|&(node, _)| node);
    weighted.dedup_by(|next, kept| {
        let like = next.0 == kept.0;
        if like {
            kept.1 += next.1;
        }
        like
    });
    weighted.retain(|&(_, number)| number != 0.0);
}

fn numbered(weighted: &[(NodeId, f64)]) -> Weighted {
    weighted.iter().map(|&(node, number)| (node, Number(number))).collect()
}

/// A growing graph. Once something went wrong ([`Graph::check`]) it only hands out placeholders.
pub(super) struct Graph {
    nodes: Vec<Node>,
    places: HashMap<Node, NodeId>,
    budget: usize,
    fault: Option<FormulaFault>,
}

impl Graph {
    pub(super) fn new() -> Self {
        Self { nodes: Vec::new(), places: HashMap::new(), budget: BUDGET, fault: None }
    }

    /// The fault that occurred since the start, if any.
    pub(super) fn check(&self) -> Result<(), FormulaFault> {
        self.fault.clone().map_or(Ok(()), Err)
    }

    pub(super) fn node(&self, place: NodeId) -> &Node {
        &self.nodes[place as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn as_constant(&self, place: NodeId) -> Option<f64> {
        match self.node(place) {
            Node::Constant(Number(value)) => Some(*value),
            _ => None,
        }
    }

    fn spend(&mut self, entries: usize) {
        self.budget = self.budget.saturating_sub(entries + 1);
        if self.budget == 0 && self.fault.is_none() {
            self.fault = Some(FormulaFault::TooLarge { limit: BUDGET });
        }
    }

    fn intern(&mut self, node: Node) -> NodeId {
        if let Some(&place) = self.places.get(&node) {
            return place;
        }
        if self.fault.is_some() && !self.nodes.is_empty() {
            return 0;
        }
        let place = self.nodes.len() as NodeId;
        self.places.insert(node.clone(), place);
        self.nodes.push(node);
        place
    }

    pub(super) fn constant(&mut self, value: f64) -> NodeId {
        if !value.is_finite() && self.fault.is_none() {
            self.fault = Some(FormulaFault::NotFinite);
        }
        // −0 becomes 0: the two would be different keys for the same number.
        self.intern(Node::Constant(Number(value + 0.0)))
    }

    pub(super) fn variable(&mut self, variable: u32) -> NodeId {
        self.intern(Node::Variable(variable))
    }

    /// constant + Σ coefficient · term.
    pub(super) fn sum(&mut self, mut constant: f64, terms: &[(NodeId, f64)]) -> NodeId {
        let mut flat = Vec::with_capacity(terms.len());
        for &(term, coefficient) in terms {
            match &self.nodes[term as usize] {
                Node::Constant(Number(value)) => constant += coefficient * value,
                Node::Sum { constant: Number(0.0), terms } => {
                    flat.extend(terms.iter().map(|&(inner, Number(factor))| (inner, coefficient * factor)));
                }
                _ => flat.push((term, coefficient)),
            }
        }
        self.spend(flat.len());
        collect_like(&mut flat);
        if flat.iter().any(|(_, coefficient)| !coefficient.is_finite()) && self.fault.is_none() {
            self.fault = Some(FormulaFault::NotFinite);
        }
        match flat[..] {
            [] => self.constant(constant),
            [(only, 1.0)] if constant == 0.0 => only,
            _ => {
                self.constant(constant);
                self.intern(Node::Sum { constant: Number(constant + 0.0), terms: numbered(&flat) })
            }
        }
    }

    /// coefficient · Π base^exponent.
    pub(super) fn product(&mut self, mut coefficient: f64, factors: &[(NodeId, f64)]) -> NodeId {
        let mut pending = factors.to_vec();
        let mut flat = Vec::with_capacity(factors.len());
        while let Some((base, exponent)) = pending.pop() {
            if exponent == 0.0 {
                continue;
            }
            match &self.nodes[base as usize] {
                Node::Constant(Number(value)) => coefficient *= value.powf(exponent),
                Node::Product(inner)
                    if is_integer(exponent)
                        // x^a with odd or broken a keeps the sign or the domain of x; x^2 under a root does not.
                        || (inner.len() == 1 && inner[0].1.0 % 2.0 != 0.0) =>
                {
                    pending.extend(inner.iter().map(|&(factor, Number(power))| (factor, power * exponent)));
                }
                Node::Sum { constant: Number(0.0), terms }
                    if terms.len() == 1
                        && is_integer(exponent)
                        && terms[0].1.0.powf(exponent).is_normal() =>
                {
                    coefficient *= terms[0].1.0.powf(exponent);
                    pending.push((terms[0].0, exponent));
                }
                Node::Call(Function::Abs, inner) if exponent % 2.0 == 0.0 => pending.push((*inner, exponent)),
                _ => flat.push((base, exponent)),
            }
        }
        self.spend(flat.len());
        collect_like(&mut flat);
        if coefficient == 0.0 || flat.is_empty() {
            return self.constant(coefficient);
        }
        if flat.iter().any(|(_, exponent)| !exponent.is_finite()) && self.fault.is_none() {
            self.fault = Some(FormulaFault::NotFinite);
        }
        let product = match flat[..] {
            [(only, 1.0)] => only,
            _ => self.intern(Node::Product(numbered(&flat))),
        };
        self.sum(0.0, &[(product, coefficient)])
    }

    /// base^exponent.
    pub(super) fn power(&mut self, base: NodeId, exponent: NodeId) -> NodeId {
        if let Some(exponent) = self.as_constant(exponent) {
            return self.product(1.0, &[(base, exponent)]);
        }
        match self.as_constant(base) {
            Some(1.0) => base,
            Some(std::f64::consts::E) => self.call(Function::Exp, exponent),
            _ => {
                self.spend(0);
                self.intern(Node::Power { base, exponent })
            }
        }
    }

    pub(super) fn call(&mut self, function: Function, argument: NodeId) -> NodeId {
        self.spend(0);
        match self.as_constant(argument) {
            Some(value) => self.constant(function.of(value)),
            None => self.intern(Node::Call(function, argument)),
        }
    }

    pub(super) fn extreme(&mut self, extreme: Extreme, a: NodeId, b: NodeId) -> NodeId {
        self.spend(0);
        match (self.as_constant(a), self.as_constant(b)) {
            _ if a == b => a,
            (Some(a), Some(b)) => self.constant(extreme.of(a, b)),
            _ => self.intern(Node::Extreme(extreme, a, b)),
        }
    }

    pub(super) fn choose(
        &mut self,
        strict: bool,
        left: NodeId,
        right: NodeId,
        then: NodeId,
        otherwise: NodeId,
    ) -> NodeId {
        self.spend(0);
        match (self.as_constant(left), self.as_constant(right)) {
            _ if then == otherwise => then,
            (Some(left), Some(right)) => {
                if left < right || (!strict && left == right) {
                    then
                } else {
                    otherwise
                }
            }
            _ => self.intern(Node::Where { strict, left, right, then, otherwise }),
        }
    }

    /// Copies nodes that are in order (the last one is the result) and returns the result's place here.
    pub(super) fn import(&mut self, nodes: &[Node]) -> NodeId {
        let mut places: Vec<NodeId> = Vec::with_capacity(nodes.len());
        for node in nodes {
            let mut operands = 0;
            node.for_each_operand(|_| operands += 1);
            self.spend(operands);
            if self.fault.is_some() {
                return 0;
            }
            let copy = node.map_operands(|place| places[place as usize]);
            places.push(self.intern(copy));
        }
        places.last().copied().unwrap_or(0)
    }

    /// As [`Graph::import`], with every variable multiplied by `factor`.
    pub(super) fn import_rescaled(&mut self, nodes: &[Node], factor: f64) -> NodeId {
        let mut places: Vec<NodeId> = Vec::with_capacity(nodes.len());
        for node in nodes {
            let mut operands = 1;
            node.for_each_operand(|_| operands += 1);
            self.spend(operands);
            if self.fault.is_some() {
                return 0;
            }
            places.push(if let Node::Variable(variable) = node {
                let variable = self.variable(*variable);
                self.sum(0.0, &[(variable, factor)])
            } else {
                let copy = node.map_operands(|place| places[place as usize]);
                self.intern(copy)
            });
        }
        places.last().copied().unwrap_or(0)
    }

    /// The nodes that `root` needs, in order, `root` last.
    pub(super) fn extract(&self, root: NodeId) -> Arc<[Node]> {
        let mut needed = vec![root];
        let mut seen = HashSet::from([root]);
        let mut next = 0;
        while next < needed.len() {
            self.node(needed[next]).for_each_operand(|operand| {
                if seen.insert(operand) {
                    needed.push(operand);
                }
            });
            next += 1;
        }
        needed.sort_unstable();
        let places: HashMap<NodeId, NodeId> = needed.iter().copied().zip(0..).collect();
        needed.iter().map(|&place| self.node(place).map_operands(|operand| places[&operand])).collect()
    }
}
