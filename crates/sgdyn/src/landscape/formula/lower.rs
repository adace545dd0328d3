//! Turns a graph into instructions: polynomials become Horner passes, products join the sums that use them.

use std::collections::BTreeMap;

use super::graph::{Graph, Node, NodeId, Number};
use super::instruction::{Combination, Destination, HORNER_DEGREE, Instruction, Shifted, Source, Step};
use crate::lanes::Real;

/// The highest power that joins a polynomial; beyond it, multiplications by squaring are cheaper.
const POLYNOMIAL_DEGREE: usize = 2 * HORNER_DEGREE;
/// The highest integer power computed by multiplications.
const INTEGER_POWER: f64 = 1024.0;

/// The steps that compute `roots` into the outputs of the same numbers. Registers are values, to be assigned later.
pub(super) fn lower<R: Real>(graph: &Graph, roots: &[NodeId]) -> Vec<Step<R>> {
    let nodes = graph.len();
    let mut lowering = Lowering {
        graph,
        uses: vec![0; nodes],
        demanded: vec![false; nodes],
        chain: Vec::new(),
        next_value: nodes as u32,
    };
    let mut outputs: Vec<Vec<u32>> = vec![Vec::new(); nodes];
    for place in 0..nodes as NodeId {
        graph.node(place).for_each_operand(|operand| lowering.uses[operand as usize] += 1);
    }
    for (output, &root) in roots.iter().enumerate() {
        outputs[root as usize].push(output as u32);
    }
    // Users come before their operands here, so that only what they ask for is computed.
    let mut chains: Vec<Vec<Step<R>>> = Vec::with_capacity(nodes);
    for place in (0..nodes as NodeId).rev() {
        let mut chain = Vec::new();
        let demanded = lowering.demanded[place as usize];
        if demanded || !outputs[place as usize].is_empty() {
            chain = lowering.node(place);
            let copied = |output: &u32| Step {
                instruction: Instruction::Copy(match graph.node(place) {
                    Node::Variable(variable) => Source::Variable(*variable),
                    _ => Source::Register(place),
                }),
                destination: Destination::Output(*output),
            };
            match (&outputs[place as usize][..], chain.last_mut()) {
                ([only], Some(last)) if !demanded => {
                    last.destination = Destination::Output(*only);
                }
                (copies, _) => chain.extend(copies.iter().map(copied)),
            }
        }
        chains.push(chain);
    }
    chains.into_iter().rev().flatten().collect()
}

struct Lowering<'a, R> {
    graph: &'a Graph,
    /// How many operands of other nodes each node is.
    uses: Vec<u32>,
    /// Which nodes an instruction reads: the others dissolve into the instructions of their users.
    demanded: Vec<bool>,
    /// The steps of the node in hand.
    chain: Vec<Step<R>>,
    next_value: u32,
}

/// A sum in the form in which it is computed.
struct Parts {
    /// Base and coefficients by power, from 0 (unused); at least degree 1.
    polynomials: BTreeMap<NodeId, Vec<f64>>,
    /// Two bases and the coefficients of x, x², xy, y, y².
    quadratics: Vec<(NodeId, NodeId, [f64; 5])>,
    products: Vec<(NodeId, NodeId, f64)>,
}

impl<R: Real> Lowering<'_, R> {
    fn source(&mut self, place: NodeId) -> Source {
        if let Node::Variable(variable) = self.graph.node(place) {
            return Source::Variable(*variable);
        }
        self.demanded[place as usize] = true;
        Source::Register(place)
    }

    fn shifted(&mut self, place: NodeId) -> Shifted<R> {
        if let Node::Sum { constant, terms } = self.graph.node(place)
            && let [(inner, Number(1.0))] = terms[..]
        {
            return Shifted { source: self.source(inner), shift: R::from_f64(constant.0) };
        }
        Shifted { source: self.source(place), shift: R::ZERO }
    }

    fn emit(&mut self, instruction: Instruction<R>) -> Source {
        let value = self.next_value;
        self.next_value += 1;
        self.chain.push(Step { instruction, destination: Destination::Register(value) });
        Source::Register(value)
    }

    /// The steps that leave the value of `place` in the value of the same number.
    fn node(&mut self, place: NodeId) -> Vec<Step<R>> {
        match self.graph.node(place).clone() {
            Node::Variable(_) => {}
            Node::Constant(Number(value)) => {
                self.emit(Instruction::Fill(R::from_f64(value)));
            }
            Node::Sum { constant, terms } => self.sum(constant.0, &terms),
            Node::Product(factors) => {
                self.product(&factors, 1.0);
            }
            Node::Power { base, exponent } => {
                let instruction = Instruction::Power(self.source(base), self.source(exponent));
                self.emit(instruction);
            }
            Node::Call(function, argument) => {
                let instruction = Instruction::Call(function, self.source(argument));
                self.emit(instruction);
            }
            Node::Extreme(extreme, a, b) => {
                let instruction = Instruction::Extreme(extreme, self.source(a), self.source(b));
                self.emit(instruction);
            }
            Node::Where { strict, left, right, then, otherwise } => {
                let instruction = Instruction::Where {
                    strict,
                    left: self.source(left),
                    right: self.source(right),
                    then: self.source(then),
                    otherwise: self.source(otherwise),
                };
                self.emit(instruction);
            }
        }
        let mut chain = std::mem::take(&mut self.chain);
        if let Some(last) = chain.last_mut() {
            last.destination = Destination::Register(place);
        }
        chain
    }

    /// A power of one base that may join a polynomial.
    fn as_power(&self, place: NodeId) -> Option<(NodeId, usize)> {
        match self.graph.node(place) {
            Node::Product(factors) => match factors[..] {
                [(base, Number(exponent))]
                    if exponent.trunc() == exponent
                        && (2.0..=POLYNOMIAL_DEGREE as f64).contains(&exponent) =>
                {
                    Some((base, exponent as usize))
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn parts(&self, terms: &[(NodeId, Number)]) -> Parts {
        fn add(polynomials: &mut BTreeMap<NodeId, Vec<f64>>, base: NodeId, power: usize, coefficient: f64) {
            let coefficients = polynomials.entry(base).or_default();
            coefficients.resize(coefficients.len().max(power + 1), 0.0);
            coefficients[power] += coefficient;
        }
        let mut parts = Parts { polynomials: BTreeMap::new(), quadratics: Vec::new(), products: Vec::new() };
        let mut pairs = Vec::new();
        for &(term, Number(coefficient)) in terms {
            if let Some((base, power)) = self.as_power(term) {
                add(&mut parts.polynomials, base, power, coefficient);
            } else if let Node::Product(factors) = self.graph.node(term)
                && let [(a, Number(1.0)), (b, Number(1.0))] = factors[..]
            {
                pairs.push((term, a, b, coefficient));
            } else {
                add(&mut parts.polynomials, term, 1, coefficient);
            }
        }
        for (term, a, b, coefficient) in pairs {
            let degree = |base: NodeId| parts.polynomials.get(&base).map_or(0, |c| c.len() - 1);
            let degrees = [degree(a), degree(b)];
            if degrees != [0, 0] && degrees.iter().all(|&degree| degree <= 2) {
                let mut taken = |base: NodeId| {
                    let c = parts.polynomials.remove(&base).unwrap_or_default();
                    [c.get(1).copied().unwrap_or(0.0), c.get(2).copied().unwrap_or(0.0)]
                };
                let ([x, xx], [y, yy]) = (taken(a), taken(b));
                parts.quadratics.push((a, b, [x, xx, coefficient, y, yy]));
            } else if self.uses[term as usize] == 1 {
                parts.products.push((a, b, coefficient));
            } else {
                add(&mut parts.polynomials, term, 1, coefficient);
            }
        }
        parts
    }

    fn sum(&mut self, constant: f64, terms: &[(NodeId, Number)]) {
        if let [(term, Number(coefficient))] = terms[..]
            && constant == 0.0
            && self.uses[term as usize] == 1
            && self.as_power(term).is_none()
            && let Node::Product(factors) = self.graph.node(term)
        {
            self.product(&factors.clone(), coefficient);
            return;
        }
        let Parts { polynomials, quadratics, products } = self.parts(terms);
        let mut sum: Option<Source> = None;
        // The constant goes into the first pass.
        let mut constant = constant;
        for (a, b, [x, xx, xy, y, yy]) in quadratics {
            let coefficients = [constant, x, xx, xy, y, yy].map(R::from_f64);
            let instruction =
                Instruction::Quadratic { x: self.shifted(a), y: self.shifted(b), coefficients, sum };
            sum = Some(self.emit(instruction));
            constant = 0.0;
        }
        let (linear, higher): (Vec<_>, Vec<_>) =
            polynomials.into_iter().partition(|(_, coefficients)| coefficients.len() == 2);
        for (base, mut coefficients) in higher {
            coefficients[0] = constant;
            sum =
                Some(self.polynomial(base, &coefficients, sum.map_or(Combination::Alone, Combination::Add)));
            constant = 0.0;
        }
        for pair in linear.chunks(2) {
            sum = Some(if let [(x, a), (y, b)] = pair {
                let instruction = Instruction::Linear {
                    x: self.shifted(*x),
                    y: self.shifted(*y),
                    a: R::from_f64(a[1]),
                    b: R::from_f64(b[1]),
                    constant: R::from_f64(constant),
                    sum,
                };
                self.emit(instruction)
            } else {
                let (base, coefficients) = &pair[0];
                let combination = sum.map_or(Combination::Alone, Combination::Add);
                self.polynomial(*base, &[constant, coefficients[1]], combination)
            });
            constant = 0.0;
        }
        if sum.is_none() && constant != 0.0 {
            sum = Some(self.emit(Instruction::Fill(R::from_f64(constant))));
        }
        for (a, b, coefficient) in products {
            let instruction = Instruction::Multiply {
                a: self.source(a),
                b: self.source(b),
                scale: R::from_f64(coefficient),
                sum,
            };
            sum = Some(self.emit(instruction));
        }
    }

    /// Σ coefficients[k] base^k, combined with another value. A sum that is added takes the place of coefficient 0.
    fn polynomial(&mut self, base: NodeId, coefficients: &[f64], combination: Combination) -> Source {
        let mut x = self.shifted(base);
        let mut combination = combination;
        let mut coefficients = coefficients.to_vec();
        let even = coefficients.iter().skip(1).step_by(2).all(|&c| c == 0.0);
        let odd = coefficients.iter().step_by(2).all(|&c| c == 0.0);
        let mut square = false;
        if even {
            coefficients = coefficients.into_iter().step_by(2).collect();
            square = true;
        } else if odd && coefficients.len() > 4 && combination == Combination::Alone {
            coefficients = coefficients.into_iter().skip(1).step_by(2).collect();
            square = true;
            if x.shift != R::ZERO {
                x = Shifted { source: self.source(base), shift: R::ZERO };
            }
            combination = Combination::Multiply(x.source);
        }
        let mut rest = coefficients.len();
        let mut leading = None;
        loop {
            let degree = HORNER_DEGREE.min(if leading.is_some() { rest } else { rest - 1 });
            let first = if leading.is_some() { rest - degree } else { rest - 1 - degree };
            let mut padded = [R::ZERO; HORNER_DEGREE + 1];
            for (padded, &c) in padded.iter_mut().zip(&coefficients[first..rest]) {
                *padded = R::from_f64(c);
            }
            let last = first == 0;
            let piece = match leading {
                Some(leading) => Combination::Continue(leading),
                None if last => combination,
                None => Combination::Alone,
            };
            let value = self.emit(Instruction::Horner {
                x,
                coefficients: padded,
                degree,
                square,
                combination: piece,
            });
            if last {
                let (one, zero) = (R::ONE, R::ZERO);
                return match combination {
                    Combination::Add(a) if leading.is_some() => {
                        let [x, y] = [value, a].map(|source| Shifted { source, shift: zero });
                        self.emit(Instruction::Linear { x, y, a: one, b: one, constant: zero, sum: None })
                    }
                    Combination::Multiply(a) if leading.is_some() => {
                        self.emit(Instruction::Multiply { a: value, b: a, scale: one, sum: None })
                    }
                    _ => value,
                };
            }
            leading = Some(value);
            rest = first;
        }
    }

    /// `place` as a polynomial of one base that nothing else uses, and that one pass can compute.
    fn as_polynomial(&self, place: NodeId) -> Option<(NodeId, Vec<f64>)> {
        let Node::Sum { constant, terms } = self.graph.node(place) else { return None };
        if self.uses[place as usize] != 1 {
            return None;
        }
        let parts = self.parts(terms);
        if !parts.quadratics.is_empty() || !parts.products.is_empty() || parts.polynomials.len() != 1 {
            return None;
        }
        let (base, mut coefficients) = parts.polynomials.into_iter().next()?;
        coefficients[0] = constant.0;
        (coefficients.len() <= HORNER_DEGREE + 1).then_some((base, coefficients))
    }

    /// scale · Π base^exponent
    fn product(&mut self, factors: &[(NodeId, Number)], scale: f64) {
        let whole =
            |exponent: f64| (2.0 * exponent).trunc() == 2.0 * exponent && exponent.abs() <= INTEGER_POWER;
        let (below, above): (Vec<_>, Vec<_>) = factors
            .iter()
            .map(|&(base, Number(exponent))| (base, exponent))
            .partition(|&(_, exponent)| exponent < 0.0 && whole(exponent));
        let below: Vec<_> = below.into_iter().map(|(base, exponent)| (base, -exponent)).collect();
        let scale_value = R::from_f64(scale);
        let above_scale = if below.is_empty() { scale } else { 1.0 };
        let above = self.factors(&above, above_scale);
        let below = self.factors(&below, 1.0);
        match (above, below) {
            (Some(a), Some(b)) => {
                self.emit(Instruction::Divide { a, b, scale: scale_value });
            }
            (None, Some(b)) => {
                self.emit(Instruction::Reciprocal { b, scale: scale_value });
            }
            _ => {}
        }
    }

    /// scale · Π base^exponent for positive half-integer and any other non-integer exponents.
    fn factors(&mut self, factors: &[(NodeId, f64)], scale: f64) -> Option<Source> {
        let fused = if factors.len() > 1 {
            factors.iter().enumerate().find_map(|(index, &(base, exponent))| {
                (exponent == 1.0).then(|| self.as_polynomial(base))?.map(|polynomial| (index, polynomial))
            })
        } else {
            None
        };
        let mut rest: Vec<_> = factors
            .iter()
            .enumerate()
            .filter(|(index, _)| fused.as_ref().is_none_or(|(fused, _)| fused != index))
            .map(|(_, &factor)| factor)
            .collect();
        // Plain values first: the powers that follow multiply on their way.
        rest.sort_by_key(|&(_, exponent)| exponent != 1.0);
        let mut scale = scale;
        let mut product: Option<Source> = None;
        for (base, exponent) in rest {
            let joined = product.map_or(Combination::Alone, Combination::Multiply);
            let polynomial_power = exponent.trunc() == exponent && exponent <= POLYNOMIAL_DEGREE as f64;
            if polynomial_power && exponent > 1.0 {
                let mut coefficients = vec![0.0; exponent as usize + 1];
                coefficients[exponent as usize] = scale;
                scale = 1.0;
                product = Some(self.polynomial(base, &coefficients, joined));
                continue;
            }
            let factor = self.power(base, exponent);
            product = Some(match product {
                None => factor,
                Some(a) => {
                    let instruction =
                        Instruction::Multiply { a, b: factor, scale: R::from_f64(scale), sum: None };
                    scale = 1.0;
                    self.emit(instruction)
                }
            });
        }
        if let (Some((_, (base, mut coefficients))), Some(product)) = (fused, product) {
            for coefficient in &mut coefficients {
                *coefficient *= scale;
            }
            return Some(self.polynomial(base, &coefficients, Combination::Multiply(product)));
        }
        if scale != 1.0
            && let Some(source) = product
        {
            let mut coefficients = [R::ZERO; HORNER_DEGREE + 1];
            coefficients[1] = R::from_f64(scale);
            let x = Shifted { source, shift: R::ZERO };
            let combination = Combination::Alone;
            product = Some(self.emit(Instruction::Horner {
                x,
                coefficients,
                degree: 1,
                square: false,
                combination,
            }));
        }
        product
    }

    /// base^exponent, by multiplications and at most one root if the exponent is half of an integer.
    fn power(&mut self, base: NodeId, exponent: f64) -> Source {
        let x = self.source(base);
        if exponent == 1.0 {
            return x;
        }
        if !(0.0..=INTEGER_POWER).contains(&exponent) || (2.0 * exponent).trunc() != 2.0 * exponent {
            return self.emit(Instruction::PowerConstant(x, R::from_f64(exponent)));
        }
        let mut product = (exponent.fract() != 0.0).then(|| self.emit(Instruction::Sqrt(x)));
        let mut square = x;
        let mut bits = exponent as u32;
        while bits != 0 {
            if bits & 1 == 1 {
                product = Some(match product {
                    None => square,
                    Some(a) => self.emit(Instruction::Multiply { a, b: square, scale: R::ONE, sum: None }),
                });
            }
            bits >>= 1;
            if bits != 0 {
                square = self.emit(Instruction::Multiply { a: square, b: square, scale: R::ONE, sum: None });
            }
        }
        product.unwrap_or(x)
    }
}
