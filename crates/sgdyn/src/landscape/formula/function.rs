//! The functions that formulas may call.

use super::elementary;
use crate::lanes::Real;

/// A function of one argument that is a node of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Function {
    Exp,
    ExpM1,
    Ln,
    Ln1p,
    Abs,
    Sign,
    Sin,
    Cos,
    Tan,
    Sinh,
    Cosh,
    Tanh,
    Erf,
}

impl Function {
    /// The name that formulas use, and printing writes.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Exp => "exp",
            Self::ExpM1 => "expm1",
            Self::Ln => "ln",
            Self::Ln1p => "log1p",
            Self::Abs => "abs",
            Self::Sign => "sign",
            Self::Sin => "sin",
            Self::Cos => "cos",
            Self::Tan => "tan",
            Self::Sinh => "sinh",
            Self::Cosh => "cosh",
            Self::Tanh => "tanh",
            Self::Erf => "erf",
        }
    }

    /// The value at one point.
    pub(super) fn of(self, x: f64) -> f64 {
        match self {
            Self::Exp => elementary::exp(x),
            Self::ExpM1 => elementary::exp_m1(x),
            Self::Ln => elementary::ln(x),
            Self::Ln1p => elementary::ln_1p(x),
            Self::Abs => Real::abs(x),
            Self::Sign => elementary::sign(x),
            Self::Sin => elementary::sin(x),
            Self::Cos => elementary::cos(x),
            Self::Tan => elementary::tan(x),
            Self::Sinh => elementary::sinh(x),
            Self::Cosh => elementary::cosh(x),
            Self::Tanh => elementary::tanh(x),
            Self::Erf => elementary::erf(x),
        }
    }
}

/// The smaller or the larger of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Extreme {
    Min,
    Max,
}

impl Extreme {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Max => "max",
        }
    }

    pub(super) fn of(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Min => elementary::min(a, b),
            Self::Max => elementary::max(a, b),
        }
    }
}

/// Whatever a name before a parenthesis can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callable {
    Unary(Function),
    Sqrt,
    Extreme(Extreme),
    Pow,
    Where,
}

const CALLABLES: [(&str, Callable); 19] = [
    ("exp", Callable::Unary(Function::Exp)),
    ("expm1", Callable::Unary(Function::ExpM1)),
    ("ln", Callable::Unary(Function::Ln)),
    ("log", Callable::Unary(Function::Ln)),
    ("log1p", Callable::Unary(Function::Ln1p)),
    ("sqrt", Callable::Sqrt),
    ("abs", Callable::Unary(Function::Abs)),
    ("sign", Callable::Unary(Function::Sign)),
    ("sin", Callable::Unary(Function::Sin)),
    ("cos", Callable::Unary(Function::Cos)),
    ("tan", Callable::Unary(Function::Tan)),
    ("sinh", Callable::Unary(Function::Sinh)),
    ("cosh", Callable::Unary(Function::Cosh)),
    ("tanh", Callable::Unary(Function::Tanh)),
    ("erf", Callable::Unary(Function::Erf)),
    ("min", Callable::Extreme(Extreme::Min)),
    ("max", Callable::Extreme(Extreme::Max)),
    ("pow", Callable::Pow),
    ("where", Callable::Where),
];

impl Callable {
    /// The function called `name`.
    pub(super) fn named(name: &str) -> Option<Self> {
        CALLABLES.iter().find(|(known, _)| *known == name).map(|&(_, callable)| callable)
    }

    /// How many arguments it takes.
    pub(super) fn arguments(self) -> usize {
        match self {
            Self::Unary(_) | Self::Sqrt => 1,
            Self::Extreme(_) | Self::Pow => 2,
            Self::Where => 3,
        }
    }
}

/// The names of all functions, in the order of the documentation.
pub(super) fn names() -> Vec<&'static str> {
    CALLABLES.iter().map(|&(name, _)| name).collect()
}
