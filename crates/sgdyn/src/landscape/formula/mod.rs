//! Formulas written by the user: parsed, differentiated symbolically, evaluated on whole blocks of lanes.
//!
//! # Grammar
//! Numbers (`2`, `.5`, `1e-3`), variables and parameters, the constants `pi` and `e`, `+ - * / ^` (`**` is read as
//! `^`, which associates to the right and binds tighter than a sign: `-x^2` is `-(x^2)`), parentheses, and the
//! functions `exp`, `expm1`, `ln`, `log` (the natural logarithm too), `log1p`, `sqrt`, `abs`, `sign`, `sin`, `cos`,
//! `tan`, `sinh`, `cosh`, `tanh`, `erf`, `min(a, b)`, `max(a, b)`, `pow(a, b)` and `where(a < b, c, d)`, which is `c`
//! where the condition holds and `d` elsewhere. A [`Condition`] joins comparisons (`<`, `<=`, `>`, `>=`, also chained
//! as in `-1 < x < 1`) by `and`, `or` and `not`.
//!
//! # Representation
//! A formula is a list of nodes in which equal subexpressions are one node and operands precede their users, so that
//! every pass (derivative, printing, evaluation) is a loop: no input can exhaust the stack. Sums collect like terms
//! and products collect powers of like bases while they are built.
//!
//! Simplification keeps the value, up to rounding, wherever the text as written is finite; where it is not (`x/x` at
//! 0) the simplified formula may give the limit. A parenthesised sum with a constant, such as `(x - 1e8)`, is never
//! merged into the sum around it, because that would lose the digits its author protected.
//!
//! # Example
//! ```
//! use std::collections::BTreeMap;
//! use sgdyn::landscape::formula::{CompiledFormulas, Formula, FormulaWorkspace};
//! use sgdyn::lanes::{Block, Layout};
//!
//! let loss = Formula::parse("x^4 - 2*x^2", None, &BTreeMap::new())?;
//! assert_eq!(loss.value(&[1.0]), -1.0);
//! let gradient = loss.gradient()?;
//! assert_eq!(gradient[0].to_string(), "4*x^3 - 4*x");
//!
//! let compiled = CompiledFormulas::<f64>::compile(&gradient)?;
//! let at = Block::zeros(1, 256, Layout::CoordinateMajor);
//! let mut slope = vec![1.0; 256];
//! compiled.evaluate(&at, &mut FormulaWorkspace::default(), &mut slope);
//! assert!(slope.iter().all(|&value| value == 0.0));
//! # Ok::<(), sgdyn::landscape::formula::FormulaError>(())
//! ```

mod compile;
mod condition;
mod differentiate;
mod display;
mod elementary;
mod error;
mod expression;
mod function;
mod graph;
mod instruction;
mod interpreter;
mod lexer;
mod lower;
mod parser;
mod scope;

pub use compile::{CompiledFormulas, FormulaWorkspace};
pub use condition::{CompiledCondition, Condition, ConditionWorkspace, HalfSpace, Side};

pub use error::{FormulaError, FormulaFault};
pub use expression::Formula;

#[cfg(test)]
mod tests;
