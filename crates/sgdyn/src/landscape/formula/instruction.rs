//! The instructions of a compiled formula: each is one pass over a chunk of lanes.

use super::function::{Extreme, Function};

/// Where an instruction reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Source {
    /// A coordinate of the block.
    Variable(u32),
    /// While compiling: a value. Afterwards: a register.
    Register(u32),
}

/// Where an instruction writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Destination {
    Register(u32),
    Output(u32),
}

/// A source and a constant that is added to it: `x − 1` needs no pass of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shifted<R> {
    pub(super) source: Source,
    pub(super) shift: R,
}

/// The highest degree that one [`Instruction::Horner`] handles.
pub(super) const HORNER_DEGREE: usize = 5;

/// What a polynomial is combined with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Combination {
    /// P(t)
    Alone,
    /// The value replaces the constant coefficient: P(t) − P(0) + a.
    Add(Source),
    /// P(t) · a
    Multiply(Source),
    /// The value replaces the leading coefficient: a long polynomial in several passes.
    Continue(Source),
}

/// One operation on all lanes of a chunk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Instruction<R> {
    /// A constant in every lane.
    Fill(R),
    Copy(Source),
    /// Σ_k coefficients[k] t^k up to `degree` (1 to 5), t = x or, if `square`, x².
    Horner {
        x: Shifted<R>,
        coefficients: [R; HORNER_DEGREE + 1],
        degree: usize,
        square: bool,
        combination: Combination,
    },
    /// constant + a·x + b·y (+ sum)
    Linear {
        x: Shifted<R>,
        y: Shifted<R>,
        a: R,
        b: R,
        constant: R,
        sum: Option<Source>,
    },
    /// c0 + c1 x + c2 x² + c3 xy + c4 y + c5 y² (+ sum)
    Quadratic {
        x: Shifted<R>,
        y: Shifted<R>,
        coefficients: [R; 6],
        sum: Option<Source>,
    },
    /// scale · a · b (+ sum)
    Multiply {
        a: Source,
        b: Source,
        scale: R,
        sum: Option<Source>,
    },
    /// scale · a / b
    Divide {
        a: Source,
        b: Source,
        scale: R,
    },
    /// scale / b
    Reciprocal {
        b: Source,
        scale: R,
    },
    Sqrt(Source),
    PowerConstant(Source, R),
    Power(Source, Source),
    Call(Function, Source),
    Extreme(Extreme, Source, Source),
    /// `then` where left < right (left ≤ right unless strict), `otherwise` elsewhere.
    Where {
        strict: bool,
        left: Source,
        right: Source,
        then: Source,
        otherwise: Source,
    },
}

impl<R> Instruction<R> {
    /// Visits everything it reads.
    pub(super) fn for_each_source(&mut self, mut visit: impl FnMut(&mut Source)) {
        match self {
            Self::Fill(_) => {}
            Self::Copy(a) | Self::Sqrt(a) | Self::PowerConstant(a, _) | Self::Call(_, a) => visit(a),
            Self::Horner { x, combination, .. } => {
                visit(&mut x.source);
                match combination {
                    Combination::Alone => {}
                    Combination::Add(a) | Combination::Multiply(a) | Combination::Continue(a) => visit(a),
                }
            }
            Self::Linear { x, y, sum, .. } | Self::Quadratic { x, y, sum, .. } => {
                visit(&mut x.source);
                visit(&mut y.source);
                sum.iter_mut().for_each(visit);
            }
            Self::Multiply { a, b, sum, .. } => {
                visit(a);
                visit(b);
                sum.iter_mut().for_each(visit);
            }
            Self::Divide { a, b, .. } | Self::Power(a, b) | Self::Extreme(_, a, b) => {
                visit(a);
                visit(b);
            }
            Self::Reciprocal { b, .. } => visit(b),
            Self::Where { left, right, then, otherwise, .. } => {
                [left, right, then, otherwise].into_iter().for_each(visit);
            }
        }
    }
}

/// An instruction and the place of its result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step<R> {
    pub(super) instruction: Instruction<R>,
    pub(super) destination: Destination,
}
