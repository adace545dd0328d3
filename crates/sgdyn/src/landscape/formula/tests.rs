//! Properties that hold for every formula, on random ones and on hostile texts.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::lanes::{Block, Layout};

fn read(text: &str) -> Result<Formula, FormulaError> {
    Formula::parse(text, None, &BTreeMap::new())
}

fn fault(text: &str) -> FormulaFault {
    read(text).expect_err(text).fault().clone()
}

fn xyz() -> Vec<String> {
    ["x", "y", "z"].map(str::to_owned).to_vec()
}

/// An expression with the value that a direct reading gives, and the same in text: the oracle of the parser.
#[derive(Clone, Debug)]
enum Tree {
    Number(f64),
    Variable(usize),
    Unary(&'static str, fn(f64) -> f64, Box<Tree>),
    Binary(&'static str, fn(f64, f64) -> f64, Box<Tree>, Box<Tree>),
    Power(Box<Tree>, i32),
}

impl Tree {
    fn text(&self) -> String {
        match self {
            Self::Number(value) => format!("{value:?}"),
            Self::Variable(variable) => ["x", "y", "z"][*variable].into(),
            Self::Unary(name, _, a) => format!("{name}({})", a.text()),
            Self::Binary(name, _, a, b) if name.len() > 2 => format!("{name}({}, {})", a.text(), b.text()),
            Self::Binary(name, _, a, b) => format!("({}){name}({})", a.text(), b.text()),
            Self::Power(a, exponent) => format!("({})^{exponent}", a.text()),
        }
    }

    fn value(&self, point: &[f64]) -> f64 {
        match self {
            Self::Number(value) => *value,
            Self::Variable(variable) => point[*variable],
            Self::Unary(_, function, a) => function(a.value(point)),
            Self::Binary(_, function, a, b) => function(a.value(point), b.value(point)),
            Self::Power(a, exponent) => a.value(point).powi(*exponent),
        }
    }

    /// The largest magnitude in the evaluation: rounding errors are a few ulps of it at most times the slopes, which the
    /// bounded functions of these trees keep small.
    fn magnitude(&self, point: &[f64]) -> f64 {
        let inner = match self {
            Self::Number(_) | Self::Variable(_) => 1.0,
            Self::Unary(_, _, a) | Self::Power(a, _) => a.magnitude(point),
            Self::Binary(_, _, a, b) => a.magnitude(point).max(b.magnitude(point)),
        };
        inner.max(self.value(point).abs())
    }
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        (-40..40i32).prop_map(|tenths| Tree::Number(f64::from(tenths) / 10.0)),
        (0..3usize).prop_map(Tree::Variable),
        (0..3usize).prop_map(Tree::Variable),
    ];
    leaf.prop_recursive(5, 40, 2, |inner| {
        let boxed = inner.prop_map(Box::new);
        // Everywhere smooth, so that differences converge.
        let unary = prop_oneof![
            Just(("sin", f64::sin as fn(f64) -> f64)),
            Just(("cos", f64::cos as fn(f64) -> f64)),
            Just(("tanh", f64::tanh as fn(f64) -> f64)),
            Just(("-", (|a| -a) as fn(f64) -> f64)),
        ];
        let binary = prop_oneof![
            Just(("+", (|a, b| a + b) as fn(f64, f64) -> f64)),
            Just(("-", (|a, b| a - b) as fn(f64, f64) -> f64)),
            Just(("*", (|a, b| a * b) as fn(f64, f64) -> f64)),
            Just(("max", f64::max as fn(f64, f64) -> f64)),
        ];
        prop_oneof![
            (unary, boxed.clone()).prop_map(|((name, function), a)| Tree::Unary(name, function, a)),
            (binary, boxed.clone(), boxed.clone())
                .prop_map(|((name, function), a, b)| Tree::Binary(name, function, a, b)),
            (boxed, 0..4i32).prop_map(|(a, exponent)| Tree::Power(a, exponent)),
        ]
    })
}

fn point() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-1.5..1.5f64, 3)
}

/// Reads a tree; constants that overflow are refused, which these small numbers never reach.
fn formula_of(tree: &Tree) -> Formula {
    Formula::parse(&tree.text(), Some(&xyz()), &BTreeMap::new()).unwrap_or_else(|error| panic!("{error}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_are_those_of_a_direct_reading(tree in tree(), point in point()) {
        let expected = tree.value(&point);
        let tolerance = 1e-11 * tree.magnitude(&point);
        prop_assume!(tolerance < 1e3);
        prop_assert!((formula_of(&tree).value(&point) - expected).abs() <= tolerance, "{}", tree.text());
    }

    #[test]
    fn printing_reads_back_as_the_same_function(tree in tree(), point in point()) {
        let formula = formula_of(&tree);
        for formula in formula.gradient()?.into_iter().chain([formula]) {
            let text = formula.to_string();
            let again = Formula::parse(&text, Some(&xyz()), &BTreeMap::new());
            let again = again.unwrap_or_else(|error| panic!("{error}"));
            let (value, expected) = (again.value(&point), formula.value(&point));
            prop_assume!(expected.is_finite());
            // The order of terms may differ, hence rounding, amplified by whatever the tree amplifies.
            let tolerance = 1e-11 * tree.magnitude(&point).powi(2);
            prop_assert!((value - expected).abs() <= tolerance, "{text}: {value} {expected}");
        }
    }

    #[test]
    fn derivatives_agree_with_central_differences(tree in tree(), point in point()) {
        let formula = formula_of(&tree);
        for variable in 0..3 {
            let slope = formula.derivative(variable)?.value(&point);
            let at = |shift: f64| {
                let mut moved = point.clone();
                moved[variable] += shift;
                tree.value(&moved)
            };
            let central = |step: f64| (at(step) - at(-step)) / (2.0 * step);
            // Richardson's error is estimated by the difference of two steps; where that is large (a kink of `max`
            // nearby, strong curvature) the differences have no verdict.
            let (coarse, fine) = (central(2e-4), central(1e-4));
            let uncertainty = (coarse - fine).abs() + 1e-10 * tree.magnitude(&point) / 1e-4;
            let extrapolated = (4.0 * fine - coarse) / 3.0;
            prop_assume!(uncertainty < 1e-3 * (1.0 + slope.abs()));
            prop_assert!((slope - extrapolated).abs() <= uncertainty + 1e-9 * slope.abs(),
                "{}: {slope} against {extrapolated} ± {uncertainty}", tree.text());
        }
    }

    #[test]
    fn blocks_agree_with_single_points(tree in tree(), points in prop::collection::vec(point(), 1..9)) {
        let formula = formula_of(&tree);
        let mut formulas = formula.gradient()?;
        formulas.push(formula);
        let lanes = points.len();
        let mut at = Block::zeros(3, lanes, Layout::CoordinateMajor);
        for (lane, point) in points.iter().enumerate() {
            (0..3).for_each(|coordinate| at.set(coordinate, lane, point[coordinate]));
        }
        let mut outputs = vec![f64::NAN; formulas.len() * lanes];
        let compiled = CompiledFormulas::compile(&formulas)?;
        compiled.evaluate(&at, &mut FormulaWorkspace::default(), &mut outputs);
        for (index, formula) in formulas.iter().enumerate() {
            for (lane, point) in points.iter().enumerate() {
                let (value, expected) = (outputs[index * lanes + lane], formula.value(point));
                let tolerance = 1e-11 * tree.magnitude(point).powi(2);
                prop_assume!(tolerance < 1e3);
                prop_assert!((value - expected).abs() <= tolerance, "{formula}: {value} {expected}");
            }
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        let _ = read(&text).map_err(|error| error.to_string());
        let _ = Condition::parse(&text, None, &BTreeMap::new()).map_err(|error| error.to_string());
    }

    #[test]
    fn no_mutation_of_a_formula_panics(tree in tree(), cut in 0..200usize, piece in "[-+*/^(),<>.0-9a-zé ]{0,6}|min\\(|where\\(|exp\\(| and | not ") {
        let mut text: Vec<char> = tree.text().chars().collect();
        let at = cut % (text.len() + 1);
        let end = (at + cut % 3).min(text.len());
        text.splice(at..end, piece.chars());
        let text: String = text.into_iter().collect();
        if let Ok(formula) = read(&text) {
            let _ = formula.gradient().map(|gradient| gradient.iter().map(ToString::to_string).collect::<Vec<_>>());
        }
        let _ = Condition::parse(&text, None, &BTreeMap::new()).map_err(|error| error.to_string());
    }
}

#[test]
fn polynomials_collect_their_terms() -> Result<(), FormulaError> {
    for (text, expected) in [
        ("x + x + 2*x", "4*x"),
        ("x*x*x", "x^3"),
        ("x^2*x^-2*y", "y"),
        ("3*(2*x)*(x/6)", "x^2"),
        ("x*1 + 0*y + 0", "x"),
        ("-(x - y)", "-x + y"),
        ("2 + 3*4^2/8 - x", "-x + 8"),
        ("sqrt(x)^2", "x"),
        ("sqrt(x^2)", "sqrt(x^2)"),
        ("abs(x)^2", "x^2"),
        ("e^x", "exp(x)"),
        ("pow(x, 2)**2", "x^4"),
        ("(x - 1e8) + 1e8", "(x - 100000000) + 100000000"),
        ("max(x, x) + min(1, 2)", "x + 1"),
    ] {
        assert_eq!(read(text)?.to_string(), expected, "{text}");
    }
    Ok(())
}

#[test]
fn derivatives_of_every_function_are_the_textbook_ones() -> Result<(), FormulaError> {
    for (text, expected) in [
        ("x^4 - 2*x^2", "4*x^3 - 4*x"),
        ("exp(-x^2/2)", "-x*exp(-0.5*x^2)"),
        ("expm1(x)", "exp(x)"),
        ("log(x)", "1/x"),
        ("log1p(x)", "1/(x + 1)"),
        ("sqrt(x)", "0.5*1/sqrt(x)"),
        ("abs(x)", "sign(x)"),
        ("sin(2*x)", "2*cos(2*x)"),
        ("cos(x)", "-sin(x)"),
        ("tan(x)", "tan(x)^2 + 1"),
        ("tanh(x)", "-tanh(x)^2 + 1"),
        ("sinh(x)", "cosh(x)"),
        ("cosh(x)", "sinh(x)"),
        ("2^x", "0.6931471805599453*2^x"),
        ("min(x, 3*x)", "where(x <= 3*x, 1, 3)"),
        ("where(x < 0, x^2, 4*x^2)", "where(x < 0, 2*x, 8*x)"),
    ] {
        assert_eq!(read(text)?.derivative(0)?.to_string(), expected, "{text}");
    }
    // 2/√π e^{−x²} at 1/2, from mpmath: 0.878782578935445
    let erf = read("erf(x)")?.derivative(0)?;
    assert!((erf.value(&[0.5]) - 0.878782578935445).abs() < 1e-14);
    Ok(())
}

#[test]
fn precedence_is_that_of_mathematics() -> Result<(), FormulaError> {
    for (text, expected) in [
        ("-x^2", -9.0),
        ("2^-x", 0.125),
        ("2^x^2", 512.0),
        ("12/x/2", 2.0),
        ("1 - x - 1", -3.0),
        ("--x", 3.0),
        ("2*-x + +1", -5.0),
        ("-x*2", -6.0),
        ("1e-3*x", 0.003),
        (".5*x + 5.", 6.5),
        ("where(not (x < 2 or x > 5) and x >= 3, 10, 20)", 10.0),
    ] {
        assert_eq!(read(text)?.value(&[3.0]), expected, "{text}");
    }
    Ok(())
}

#[test]
fn variables_are_ordered_as_people_number_them() -> Result<(), FormulaError> {
    assert_eq!(read("x10 + x2 + b + a*x1 + sin(θ)")?.variables(), ["a", "b", "x1", "x2", "x10", "θ"]);
    assert_eq!(Formula::parse("y", Some(&xyz()), &BTreeMap::new())?.gradient()?.len(), 3);
    Ok(())
}

#[test]
fn faults_are_shown_at_their_place() {
    let declared =
        |text: &str| Formula::parse(text, Some(&xyz()), &[("alpha".into(), 2.0)].into()).unwrap_err();
    assert_eq!(
        declared("x^2 + alhpa*y").to_string(),
        "unknown name `alhpa`\n  x^2 + alhpa*y\n        ^^^^^\n  did you mean `alpha`?"
    );
    for (text, position, message) in [
        ("x + $", 4, "unknown character `$`"),
        ("(x + 1", 0, "this `(` is never closed"),
        ("x + 1)", 5, "this `)` closes nothing"),
        ("x +", 3, "a value is missing after `+`"),
        ("x + * 2", 4, "a value is missing after `+`"),
        ("min(x)", 0, "`min` takes 2 argument(s), 1 given"),
        ("1 + exp()", 4, "`exp` takes 1 argument(s), 0 given"),
        ("sinn(x)", 0, "unknown function `sinn`"),
        ("exp + 1", 0, "`exp` is a function and needs its arguments"),
        ("x y", 2, "an operator is missing before `y`"),
        ("1.2.3", 0, "`1.2.3` is not a finite number"),
        ("1e999", 0, "`1e999` is not a finite number"),
        ("0,5", 1, "a comma may only separate the arguments of a function"),
        ("x + 1/0", 4, "a constant part of the formula is infinite or undefined"),
        ("log(-1)*x", 0, "a constant part of the formula is infinite or undefined"),
        ("x < 1", 0, "this is a condition, but a number is needed here"),
        ("2*(x < 1)", 2, "this is a condition, but a number is needed here"),
        ("where(x, 1, 2)", 6, "this is a number, but a condition is needed here"),
        ("()", 1, "a value is missing after `(`"),
        ("  ", 0, "the formula is empty"),
    ] {
        let error = declared(text);
        assert_eq!(
            (error.position(), error.fault().to_string().as_str()),
            (Some(position), message),
            "{error}"
        );
    }
    let long = format!("{} + $ + {}", vec!["x"; 200].join(" + "), vec!["x"; 200].join(" + "));
    let shown = declared(&long).to_string();
    let lines: Vec<&str> = shown.lines().collect();
    let column = lines[2].find('^').expect("a caret");
    assert_eq!(lines[1].chars().nth(column), Some('$'), "{shown}");
    assert!(lines[1].chars().count() < 80);
}

#[test]
fn declared_names_are_checked() {
    for (variables, parameters, message) in [
        (vec!["pi"], vec![], "the name `pi` is reserved"),
        (vec!["exp"], vec![], "the name `exp` is reserved"),
        (vec!["x y"], vec![], "`x y` cannot be the name of a variable or parameter"),
        (vec!["x", "x"], vec![], "the name `x` is declared twice"),
        (vec!["x"], vec![("x", 1.0)], "the name `x` is declared twice"),
        (vec!["x"], vec![("a", f64::NAN)], "the parameter `a` is NaN"),
    ] {
        let variables: Vec<String> = variables.into_iter().map(str::to_owned).collect();
        let parameters = parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let error = Formula::parse("1", Some(&variables), &parameters).unwrap_err();
        assert_eq!((error.position(), error.fault().to_string().as_str()), (None, message));
    }
}

#[test]
fn hostile_texts_are_refused_or_read_but_never_exhaust_the_stack() -> Result<(), FormulaError> {
    let million = 1_000_000;
    assert!(matches!(fault(&"(".repeat(million)), FormulaFault::TooDeep { .. }));
    assert!(matches!(fault(&"sin(".repeat(million / 4)), FormulaFault::TooDeep { .. }));
    assert!(matches!(fault(&format!("{}x", "-".repeat(million))), FormulaFault::TooDeep { .. }));
    assert!(matches!(fault(&vec!["x"; million / 2].join("^")), FormulaFault::TooDeep { .. }));
    assert!(matches!(fault(&"x".repeat(2 * million)), FormulaFault::TooLong { .. }));
    assert_eq!(read(&vec!["1"; 400_000].join("+"))?.value(&[]), 400_000.0);
    let nested = format!("{}x{}", "sin(".repeat(250), ")".repeat(250));
    assert!(read(&nested)?.derivative(0)?.value(&[0.0]) == 1.0);
    Ok(())
}

#[test]
fn long_sums_and_products_stay_cheap() -> Result<(), FormulaError> {
    let count = 10_000;
    let terms: Vec<String> = (1..=count).map(|i| format!("0.5*(x{i}^4 - 16*x{i}^2 + 5*x{i})")).collect();
    let formula = read(&terms.join(" + "))?;
    let gradient = formula.gradient()?;
    assert_eq!(gradient.len(), count);
    assert_eq!(gradient[9_999].to_string(), "2*x10000^3 - 16*x10000 + 2.5");
    CompiledFormulas::<f64>::compile(&gradient)?;

    // A product of n different sums has a derivative of n² factors: refused, at once.
    let factors: Vec<String> = (1..=count).map(|i| format!("(x + {i})")).collect();
    let error = read(&factors.join("*"))?.derivative(0).unwrap_err();
    assert!(matches!(error.fault(), FormulaFault::TooLarge { .. }));
    Ok(())
}

#[test]
fn hessians_are_symmetric_and_right() -> Result<(), FormulaError> {
    let formula = read("exp(x*y) + x^3*y^2")?;
    let hessian = formula.hessian()?;
    let (x, y) = (0.3_f64, -0.7_f64);
    let e = (x * y).exp();
    let mixed = e * (1.0 + x * y) + 6.0 * x * x * y;
    let expected = [[y * y * e + 6.0 * x * y * y, mixed], [mixed, x * x * e + 2.0 * x.powi(3)]];
    for i in 0..2 {
        for j in 0..2 {
            assert!((hessian[i][j].value(&[x, y]) - expected[i][j]).abs() < 1e-14);
        }
    }
    Ok(())
}
