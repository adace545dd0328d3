//! Conditions on a point, such as `x <= -0.5 or x^2 + y^2 > 4`: the targets of first passages.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::compile::{CompiledFormulas, FormulaWorkspace};
use super::error::{FormulaError, FormulaFault};
use super::expression::Formula;
use super::function::Extreme;
use super::graph::{Graph, Node, NodeId, Number};
use super::parser::{self, Parsed, Truth};
use crate::lanes::{Block, Real, lane_kernel};

/// On which side of its threshold a half-space lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Coordinates smaller than the threshold.
    Below,
    /// Coordinates larger than the threshold.
    Above,
}

/// The points with one coordinate on one side of a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HalfSpace {
    /// The coordinate, from 0.
    pub coordinate: usize,
    /// The threshold, in units of the coordinate.
    pub threshold: f64,
    /// The side on which the points lie.
    pub side: Side,
    /// Whether the threshold itself belongs to the half-space.
    pub closed: bool,
}

impl HalfSpace {
    /// Whether a point with this value of the coordinate belongs to it.
    pub fn contains(&self, coordinate: f64) -> bool {
        match (self.side, self.closed) {
            (Side::Below, false) => coordinate < self.threshold,
            (Side::Below, true) => coordinate <= self.threshold,
            (Side::Above, false) => coordinate > self.threshold,
            (Side::Above, true) => coordinate >= self.threshold,
        }
    }
}

/// `level` < 0, or ≤ 0 unless strict.
#[derive(Clone, Debug, PartialEq)]
struct Comparison {
    level: Formula,
    strict: bool,
    half_space: Option<HalfSpace>,
}

/// One step of a condition in postfix order.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Operation {
    Comparison(usize),
    And,
    Or,
    Not,
}

/// A set of points: comparisons of formulas joined by `and`, `or` and `not`. A comparison with NaN does not hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    comparisons: Vec<Comparison>,
    operations: Vec<Operation>,
    level: Formula,
    variables: Arc<[String]>,
}

impl Condition {
    /// Reads `text`; names as in [`Formula::parse`].
    ///
    /// ```
    /// # use sgdyn::landscape::formula::{Condition, Side};
    /// let variables = ["x".to_owned(), "y".to_owned()];
    /// let target = Condition::parse("x > 0.1 and y < 2", Some(&variables), &Default::default())?;
    /// assert!(target.contains(&[1.0, 0.0]) && !target.contains(&[1.0, 3.0]));
    ///
    /// let target = Condition::parse("x <= -0.5", Some(&variables), &Default::default())?;
    /// assert_eq!(target.half_space().map(|half| (half.threshold, half.side)), Some((-0.5, Side::Below)));
    /// assert_eq!(target.level().value(&[0.0, 7.0]), 0.5);
    /// # Ok::<(), sgdyn::landscape::formula::FormulaError>(())
    /// ```
    ///
    /// # Errors
    /// A [`FormulaError`] that shows the fault at its place; a comparison without variables is one.
    pub fn parse(
        text: &str,
        variables: Option<&[String]>,
        parameters: &BTreeMap<String, f64>,
    ) -> Result<Self, FormulaError> {
        let mut outcome = parser::parse(text, variables, parameters)?;
        let Parsed::Condition(root) = outcome.parsed else {
            return Err(FormulaError::at(FormulaFault::ConditionNeeded, text, 0..text.len()));
        };
        let mut comparisons = Vec::new();
        let mut levels = Vec::new();
        let mut operations = Vec::new();
        // Each truth before its operands; reversed, that is postfix order.
        let mut pending = vec![root];
        while let Some(place) = pending.pop() {
            let (truth, span) = outcome.truths[place].clone();
            operations.push(match truth {
                Truth::And(left, right) => {
                    pending.extend([left, right]);
                    Operation::And
                }
                Truth::Or(left, right) => {
                    pending.extend([left, right]);
                    Operation::Or
                }
                Truth::Not(inner) => {
                    pending.push(inner);
                    Operation::Not
                }
                Truth::Less { strict, left, right } => {
                    let node = outcome.graph.sum(0.0, &[(left, 1.0), (right, -1.0)]);
                    let failed = |fault| FormulaError::at(fault, text, span.clone());
                    outcome.graph.check().map_err(failed)?;
                    let level = Formula::rooted(&outcome.graph, node, &outcome.variables);
                    if level.constant().is_some() {
                        return Err(failed(FormulaFault::ConstantComparison));
                    }
                    let half_space = half_space(&level, strict);
                    levels.push(node);
                    comparisons.push(Comparison { level, strict, half_space });
                    Operation::Comparison(comparisons.len() - 1)
                }
            });
        }
        operations.reverse();
        let root = joined(&mut outcome.graph, &operations, &levels);
        outcome.graph.check().map_err(|fault| FormulaError::at(fault, text, 0..text.len()))?;
        let level = Formula::rooted(&outcome.graph, root, &outcome.variables);
        Ok(Self { comparisons, operations, level, variables: outcome.variables })
    }

    /// The points x for which `factor · x`, factor > 0, satisfies the condition.
    ///
    /// # Errors
    /// As [`Formula::rescaled`].
    pub fn rescaled(&self, factor: f64) -> Result<Self, FormulaError> {
        let mut rescaled = Self { level: self.level.rescaled(factor)?, ..self.clone() };
        for comparison in &mut rescaled.comparisons {
            comparison.level = comparison.level.rescaled(factor)?;
            if let Some(half) = &mut comparison.half_space {
                half.threshold /= factor;
            }
        }
        Ok(rescaled)
    }

    /// The names of the variables, in the order of the coordinates.
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    fn single(&self) -> Option<&Comparison> {
        match (&self.operations[..], &self.comparisons[..]) {
            ([Operation::Comparison(_)], [only]) => Some(only),
            _ => None,
        }
    }

    /// The function h that is negative inside, zero on the boundary and positive outside: left − right of a comparison,
    /// the least of what `or` joins, the largest of what `and` joins. Its [gradient](Formula::gradient) is normal to the
    /// boundary, at an edge to one of the faces that meet there.
    pub fn level(&self) -> &Formula {
        &self.level
    }

    /// Whether the points with level 0 all belong to it: no comparison is strict, and none is negated.
    pub fn is_closed(&self) -> bool {
        self.comparisons.iter().all(|comparison| !comparison.strict)
            && !self.operations.contains(&Operation::Not)
    }

    /// The half-space that the condition is, if it compares one coordinate with a constant.
    pub fn half_space(&self) -> Option<HalfSpace> {
        self.single().and_then(|comparison| comparison.half_space)
    }

    /// Whether a point, `[dimension]`, satisfies the condition.
    ///
    /// # Panics
    /// If the point has another number of coordinates.
    pub fn contains(&self, point: &[f64]) -> bool {
        assert_eq!(point.len(), self.variables.len(), "coordinates of the point against variables");
        let mut stack: Vec<bool> = Vec::with_capacity(self.comparisons.len());
        for operation in &self.operations {
            let right = match operation {
                Operation::Comparison(place) => {
                    let comparison = &self.comparisons[*place];
                    stack.push(match comparison.half_space {
                        Some(half) => half.contains(point[half.coordinate]),
                        None if comparison.strict => comparison.level.value(point) < 0.0,
                        None => comparison.level.value(point) <= 0.0,
                    });
                    continue;
                }
                _ => stack.pop().unwrap_or(false),
            };
            match (operation, stack.last_mut()) {
                (Operation::And, Some(left)) => *left &= right,
                (Operation::Or, Some(left)) => *left |= right,
                _ => stack.push(!right),
            }
        }
        stack.pop().unwrap_or(false)
    }

    /// The form that evaluates whole blocks.
    ///
    /// # Errors
    /// [`FormulaFault::TooLarge`] for a total of too many terms.
    pub fn compile<R: Real>(&self) -> Result<CompiledCondition<R>, FormulaError> {
        let curved: Vec<Formula> = self
            .comparisons
            .iter()
            .filter(|comparison| comparison.half_space.is_none())
            .map(|comparison| comparison.level.clone())
            .collect();
        let mut level = 0;
        let tests = self
            .comparisons
            .iter()
            .map(|comparison| {
                if let Some(half) = comparison.half_space {
                    return Test {
                        values: Values::Coordinate(half.coordinate),
                        threshold: R::from_f64(half.threshold),
                        side: half.side,
                        closed: half.closed,
                    };
                }
                level += 1;
                Test {
                    values: Values::Level(level - 1),
                    threshold: R::ZERO,
                    side: Side::Below,
                    closed: !comparison.strict,
                }
            })
            .collect();
        Ok(CompiledCondition {
            tests,
            operations: self.operations.clone(),
            levels: CompiledFormulas::compile(&curved)?,
            dimension: self.variables.len(),
        })
    }
}

/// The level of comparisons that are joined.
fn joined(graph: &mut Graph, operations: &[Operation], levels: &[NodeId]) -> NodeId {
    let mut stack: Vec<NodeId> = Vec::with_capacity(levels.len());
    for operation in operations {
        let right = match operation {
            Operation::Comparison(place) => levels[*place],
            _ => stack.pop().unwrap_or_default(),
        };
        let level = match (operation, stack.last().copied()) {
            (Operation::And, Some(left)) => graph.extreme(Extreme::Max, left, right),
            (Operation::Or, Some(left)) => graph.extreme(Extreme::Min, left, right),
            (Operation::Not, _) => graph.sum(0.0, &[(right, -1.0)]),
            _ => right,
        };
        if matches!(operation, Operation::And | Operation::Or) {
            stack.pop();
        }
        stack.push(level);
    }
    stack.pop().unwrap_or_default()
}

/// c·x + offset < 0 as a half-space, however the sum is nested.
fn half_space(level: &Formula, strict: bool) -> Option<HalfSpace> {
    let nodes = level.nodes();
    let (mut node, mut scale, mut offset) = (nodes.last()?, 1.0, 0.0);
    while let Node::Sum { constant: Number(constant), terms } = node {
        let [(inner, Number(coefficient))] = terms[..] else { return None };
        offset += scale * constant;
        scale *= coefficient;
        node = &nodes[inner as usize];
    }
    let Node::Variable(variable) = node else { return None };
    let threshold = -offset / scale + 0.0;
    let side = if scale > 0.0 { Side::Below } else { Side::Above };
    threshold.is_finite().then_some(HalfSpace {
        coordinate: *variable as usize,
        threshold,
        side,
        closed: !strict,
    })
}

#[derive(Clone, Copy, Debug)]
enum Values {
    Coordinate(usize),
    Level(usize),
}

/// One comparison of values with a threshold.
#[derive(Clone, Copy, Debug)]
struct Test<R> {
    values: Values,
    threshold: R,
    side: Side,
    closed: bool,
}

/// A [`Condition`] ready for blocks; threads may share it, each with its own [`ConditionWorkspace`].
#[derive(Clone, Debug)]
pub struct CompiledCondition<R> {
    tests: Vec<Test<R>>,
    operations: Vec<Operation>,
    /// The levels of the tests that are no half-spaces.
    levels: CompiledFormulas<R>,
    dimension: usize,
}

/// The scratch memory of one thread for conditions.
#[derive(Clone, Debug, Default)]
pub struct ConditionWorkspace<R> {
    formulas: FormulaWorkspace<R>,
    levels: Vec<R>,
    masks: Vec<Vec<u8>>,
}

impl<R: Real> CompiledCondition<R> {
    /// Writes 1 where a lane of `at` satisfies the condition and 0 elsewhere to `mask`, `[lanes]`.
    ///
    /// # Panics
    /// If `at` is not coordinate-major or has another dimension, or if `mask` has another length than lanes.
    pub fn mask(&self, at: &Block<R>, workspace: &mut ConditionWorkspace<R>, mask: &mut [u8]) {
        let lanes = at.lanes();
        assert_eq!(at.dimension(), self.dimension, "coordinates of the block against variables");
        assert_eq!(mask.len(), lanes, "mask against lanes");
        let ConditionWorkspace { formulas, levels, masks } = workspace;
        levels.resize(self.levels.formulas() * lanes, R::ZERO);
        if self.levels.formulas() > 0 {
            self.levels.evaluate(at, formulas, levels);
        }
        let test = |test: &Test<R>, mask: &mut [u8]| {
            let values = match test.values {
                Values::Coordinate(coordinate) => at.coordinate(coordinate),
                Values::Level(level) => &levels[level * lanes..][..lanes],
            };
            compare(values, test.threshold, test.side, test.closed, mask);
        };
        if let [Operation::Comparison(only)] = self.operations[..] {
            test(&self.tests[only], mask);
            return;
        }
        let mut height = 0;
        for operation in &self.operations {
            if let Operation::Comparison(place) = operation {
                if masks.len() == height {
                    masks.push(Vec::new());
                }
                masks[height].resize(lanes, 0);
                test(&self.tests[*place], &mut masks[height]);
                height += 1;
                continue;
            }
            let (below, top) = masks.split_at_mut(height - 1);
            match (operation, below.last_mut()) {
                (Operation::And, Some(left)) => join(left, &top[0], |left, right| left & right),
                (Operation::Or, Some(left)) => join(left, &top[0], |left, right| left | right),
                _ => {
                    top[0].iter_mut().for_each(|bit| *bit ^= 1);
                    continue;
                }
            }
            height -= 1;
        }
        mask.copy_from_slice(&masks[0]);
    }
}

fn join(left: &mut [u8], right: &[u8], joined: impl Fn(u8, u8) -> u8) {
    for (left, &right) in left.iter_mut().zip(right) {
        *left = joined(*left, right);
    }
}

lane_kernel! {
    fn compare<R: Real>(values: &[R], threshold: R, side: Side, closed: bool, mask: &mut [u8]) {
        let lanes = mask.iter_mut().zip(values);
        match (side, closed) {
            (Side::Below, false) => lanes.for_each(|(bit, &value)| *bit = u8::from(value < threshold)),
            (Side::Below, true) => lanes.for_each(|(bit, &value)| *bit = u8::from(value <= threshold)),
            (Side::Above, false) => lanes.for_each(|(bit, &value)| *bit = u8::from(value > threshold)),
            (Side::Above, true) => lanes.for_each(|(bit, &value)| *bit = u8::from(value >= threshold)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::Layout;

    fn read(text: &str) -> Result<Condition, FormulaError> {
        Condition::parse(text, Some(&["x".into(), "y".into()]), &BTreeMap::new())
    }

    #[test]
    fn a_rescaled_condition_holds_where_the_scaled_point_did() -> Result<(), FormulaError> {
        for text in ["x <= -0.5", "x^2*y - exp(x) > 1 or not y < 2*x", "x*y > where(x < 1, y, 2)"] {
            let (condition, rescaled) = (read(text)?, read(text)?.rescaled(1.7)?);
            for index in 0..200 {
                let point = [0.037 * f64::from(index) - 3.0, 2.0 - 0.051 * f64::from(index)];
                let scaled = point.map(|x| x / 1.7);
                assert_eq!(rescaled.contains(&scaled), condition.contains(&point), "{text} {point:?}");
            }
        }
        assert_eq!(read("x <= -0.5")?.rescaled(2.0)?.half_space().map(|half| half.threshold), Some(-0.25));
        Ok(())
    }

    #[test]
    fn half_spaces_are_recognised_with_their_side_and_threshold() -> Result<(), FormulaError> {
        for (text, coordinate, threshold, side, closed) in [
            ("x <= -0.5", 0, -0.5, Side::Below, true),
            ("0.1 < y", 1, 0.1, Side::Above, false),
            ("2*x + 1 >= 0", 0, -0.5, Side::Above, true),
            ("(x - 1) - 2 < 4", 0, 7.0, Side::Below, false),
            ("3 - x > 1", 0, 2.0, Side::Below, false),
        ] {
            let expected = HalfSpace { coordinate, threshold, side, closed };
            assert_eq!(read(text)?.half_space(), Some(expected), "{text}");
        }
        assert_eq!(read("x + y < 0")?.half_space(), None);
        assert_eq!(read("not x < 0")?.half_space(), None);
        Ok(())
    }

    #[test]
    fn blocks_agree_with_the_comparisons_written_in_rust() -> Result<(), FormulaError> {
        type Oracle = fn(f64, f64) -> bool;
        let cases: [(&str, Oracle); 7] = [
            ("x > 0.1 and y < 2", |x, y| x > 0.1 && y < 2.0),
            ("x^2 + y^2 >= 1 or x < 0", |x, y| x * x + y * y >= 1.0 || x < 0.0),
            ("-1 < x <= 1", |x, _| -1.0 < x && x <= 1.0),
            ("not (x < y or 1 < x) and not y > 2.5", |x, y| !(x < y || 1.0 < x || 2.5 < y)),
            ("x < 0 or y < 0 and x > 1", |x, y| x < 0.0 || (y < 0.0 && x > 1.0)),
            ("x*y < x - y", |x, y| x * y < x - y),
            ("y >= -0.75", |_, y| y >= -0.75),
        ];
        let side = 33;
        let mut at = Block::zeros(2, side * side, Layout::CoordinateMajor);
        // Multiples of 1/8: every expression above is exact, so that boundaries are tested too.
        for lane in 0..side * side {
            at.set(0, lane, (lane % side) as f64 / 8.0 - 2.0);
            at.set(1, lane, (lane / side) as f64 / 8.0 - 1.0);
        }
        let mut workspace = ConditionWorkspace::default();
        for (text, oracle) in cases {
            let condition = read(text)?;
            let mut mask = vec![7; side * side];
            condition.compile::<f64>()?.mask(&at, &mut workspace, &mut mask);
            for (lane, &bit) in mask.iter().enumerate() {
                let (x, y) = (at.get(0, lane), at.get(1, lane));
                assert_eq!(bit, u8::from(oracle(x, y)), "{text} at {x}, {y}");
                assert_eq!(condition.contains(&[x, y]), oracle(x, y), "{text} at {x}, {y}");
                let level = condition.level().value(&[x, y]);
                assert!(level == 0.0 || (level < 0.0) == oracle(x, y), "{text} at {x}, {y}: {level}");
                assert!(level != 0.0 || !condition.is_closed() || oracle(x, y), "{text} at {x}, {y}");
            }
        }
        Ok(())
    }

    #[test]
    fn nothing_holds_for_nan() -> Result<(), FormulaError> {
        for text in ["x < 1", "x >= 1", "x^2 < 1", "x*y > 1"] {
            assert!(!read(text)?.contains(&[f64::NAN, 1.0]), "{text}");
        }
        Ok(())
    }

    #[test]
    fn what_is_no_condition_is_refused_at_its_place() {
        for (text, fault, position) in [
            ("x + 1", FormulaFault::ConditionNeeded, 0),
            ("x < 1 and y", FormulaFault::ConditionNeeded, 10),
            ("(x < 1) + 2 > 0", FormulaFault::NumberNeeded, 0),
            ("x < 1 or 2 < 3", FormulaFault::ConstantComparison, 9),
            ("(x < 1) < y", FormulaFault::NumberNeeded, 0),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!((error.fault(), error.position()), (&fault, Some(position)), "{error}");
        }
    }
}
