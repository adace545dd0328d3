//! A formula of named variables with its exact derivatives.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::differentiate;
use super::elementary;
use super::error::{FormulaError, FormulaFault};
use super::graph::{Graph, Node, NodeId, Number};
use super::parser::{self, Parsed};

/// A real function of named variables, written by the user. See the [module](super) for the grammar.
///
/// Parameters are replaced by their values when the formula is read. Displayed, it is a text that reads back as the
/// same function.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    /// Operands precede their users; the last node is the value.
    nodes: Arc<[Node]>,
    variables: Arc<[String]>,
}

impl Formula {
    /// Reads `text`.
    ///
    /// `variables` fixes the names and their order, which is the order of the coordinates; one that the text does not
    /// use is allowed. Without it, every unknown name is a variable, in natural order (x, y, z; x1, x2, …, x10).
    ///
    /// ```
    /// # use sgdyn::landscape::formula::Formula;
    /// let parameters = [("a".to_owned(), 3.0)].into();
    /// let formula = Formula::parse("a*x2^2 + x10", None, &parameters)?;
    /// assert_eq!(formula.variables(), ["x2", "x10"]);
    /// assert_eq!(formula.value(&[2.0, 1.0]), 13.0);
    /// # Ok::<(), sgdyn::landscape::formula::FormulaError>(())
    /// ```
    ///
    /// # Errors
    /// A [`FormulaError`] that shows the fault at its place.
    pub fn parse(
        text: &str,
        variables: Option<&[String]>,
        parameters: &BTreeMap<String, f64>,
    ) -> Result<Self, FormulaError> {
        let outcome = parser::parse(text, variables, parameters)?;
        match outcome.parsed {
            Parsed::Number(root) => Ok(Self::rooted(&outcome.graph, root, &outcome.variables)),
            Parsed::Condition(_) => Err(FormulaError::at(FormulaFault::NumberNeeded, text, 0..text.len())),
        }
    }

    /// The part of `graph` below `root`.
    pub(super) fn rooted(graph: &Graph, root: NodeId, variables: &Arc<[String]>) -> Self {
        Self { nodes: graph.extract(root), variables: Arc::clone(variables) }
    }

    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub(super) fn shared_variables(&self) -> &Arc<[String]> {
        &self.variables
    }

    /// `f(factor · x)`.
    ///
    /// # Errors
    /// [`FormulaFault::TooLarge`] for a result of too many terms, [`FormulaFault::NotFinite`] for a factor that is not.
    pub fn rescaled(&self, factor: f64) -> Result<Self, FormulaError> {
        let mut graph = Graph::new();
        let root = graph.import_rescaled(&self.nodes, factor);
        graph.check().map_err(FormulaError::elsewhere)?;
        Ok(Self::rooted(&graph, root, &self.variables))
    }

    /// The names of the variables, in the order of the coordinates.
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// The number of variables.
    pub fn dimension(&self) -> usize {
        self.variables.len()
    }

    /// Its value if it depends on no variable.
    pub fn constant(&self) -> Option<f64> {
        match &self.nodes[..] {
            [Node::Constant(Number(value))] => Some(*value),
            _ => None,
        }
    }

    /// ∂f/∂(variable number `variable`, from 0).
    ///
    /// The derivative of `abs` is `sign`, which is 0 at 0; `min`, `max` and `where` are differentiated branch by branch.
    ///
    /// # Errors
    /// [`FormulaFault::TooLarge`] for a derivative of too many terms, [`FormulaFault::NotFinite`] if one of its constants
    /// overflows.
    ///
    /// # Panics
    /// If there is no such variable.
    pub fn derivative(&self, variable: usize) -> Result<Self, FormulaError> {
        assert!(
            variable < self.dimension(),
            "derivative by variable {variable} of a formula of {} variables",
            self.dimension()
        );
        let mut derivatives = differentiate::derivatives(self, variable..variable + 1)?;
        Ok(derivatives.swap_remove(0))
    }

    /// All first derivatives, `[dimension]`.
    ///
    /// # Errors
    /// As [`Formula::derivative`].
    pub fn gradient(&self) -> Result<Vec<Self>, FormulaError> {
        differentiate::derivatives(self, 0..self.dimension())
    }

    /// All second derivatives, `[dimension][dimension]`; the two halves share their formulas.
    ///
    /// # Errors
    /// As [`Formula::derivative`].
    pub fn hessian(&self) -> Result<Vec<Vec<Self>>, FormulaError> {
        let dimension = self.dimension();
        let mut rows: Vec<Vec<Self>> = Vec::with_capacity(dimension);
        for (row, slope) in self.gradient()?.iter().enumerate() {
            let mut entries: Vec<Self> = rows.iter().map(|earlier| earlier[row].clone()).collect();
            entries.extend(differentiate::derivatives(slope, row..dimension)?);
            rows.push(entries);
        }
        Ok(rows)
    }

    /// The value at one point, `[dimension]`.
    ///
    /// # Panics
    /// If the point has another number of coordinates.
    pub fn value(&self, point: &[f64]) -> f64 {
        assert_eq!(
            point.len(),
            self.dimension(),
            "coordinates of the point against variables of the formula"
        );
        let mut values: Vec<f64> = Vec::with_capacity(self.nodes.len());
        for node in self.nodes.iter() {
            let of = |place: &NodeId| values[*place as usize];
            let value = match node {
                Node::Constant(Number(value)) => *value,
                Node::Variable(variable) => point[*variable as usize],
                Node::Sum { constant, terms } => terms
                    .iter()
                    .fold(constant.0, |sum, (term, coefficient)| of(term).mul_add(coefficient.0, sum)),
                Node::Product(factors) => factors
                    .iter()
                    .map(|(base, exponent)| power(of(base), exponent.0))
                    .reduce(|product, factor| product * factor)
                    .unwrap_or(1.0),
                Node::Power { base, exponent } => elementary::powf(of(base), of(exponent)),
                Node::Call(function, argument) => function.of(of(argument)),
                Node::Extreme(extreme, a, b) => extreme.of(of(a), of(b)),
                Node::Where { strict, left, right, then, otherwise } => {
                    let (left, right) = (of(left), of(right));
                    if left < right || (!strict && left == right) { of(then) } else { of(otherwise) }
                }
            };
            values.push(value);
        }
        values.last().copied().unwrap_or(0.0)
    }
}

fn power(base: f64, exponent: f64) -> f64 {
    match exponent {
        1.0 => base,
        -1.0 => 1.0 / base,
        2.0 => base * base,
        0.5 => base.sqrt(),
        _ => elementary::powf(base, exponent),
    }
}
