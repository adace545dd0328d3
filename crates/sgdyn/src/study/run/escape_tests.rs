//! Studies of critical points, and predictions beside measured escapes, from the text of a study to its rows.

use std::sync::atomic::AtomicBool;

use super::{Conditions, Results, RunError, run};
use crate::study::{Datum, Holds, Overrides, Study, Table};

fn results(text: &str) -> Result<Results, RunError> {
    let study = Study::parse("test", text, &Overrides::default()).expect("a valid study");
    let stop = AtomicBool::new(false);
    run(&study, &Conditions { threads: 2, stop: &stop, directory: None, progress: &|_| {} })
}

fn number(table: &Table, row: usize, column: &str) -> f64 {
    match table.column(column).map(|column| column.values.datum(row)) {
        Some(Datum::Number(number)) => number,
        Some(Datum::Count(count)) => count as f64,
        other => panic!("{column} of row {row}: {other:?}"),
    }
}

fn text(table: &Table, row: usize, column: &str) -> String {
    match table.column(column).map(|column| column.values.datum(row)) {
        Some(Datum::Text(text)) => text,
        other => panic!("{column} of row {row}: {other:?}"),
    }
}

#[test]
fn muller_brown_to_1e_8() {
    let ready = crate::study::ready::find("muller-brown-graph").unwrap();
    let results = results(ready.text).unwrap();
    // Newton's iteration on the analytic gradient in Python, to the last digit.
    let wanted = [
        ("M1", 0.0, [-0.5582236346330243, 1.4417258418046686]),
        ("M2", 0.0, [0.6234994049308765, 0.028037758528685668]),
        ("M3", 0.0, [-0.050010822998206104, 0.4666941048719721]),
        ("S1", 1.0, [0.21248658200066203, 0.2929883251073678]),
        ("S2", 1.0, [-0.8220015587327322, 0.6243128028148713]),
    ];
    assert_eq!(results.rows.rows(), wanted.len());
    for (row, (point, index, [x, y])) in wanted.into_iter().enumerate() {
        assert_eq!(text(&results.rows, row, "point"), point);
        assert_eq!(number(&results.rows, row, "index"), index);
        let (dx, dy) = (number(&results.rows, row, "x") - x, number(&results.rows, row, "y") - y);
        // Asked for are 1e-8; rounding alone is left.
        assert!(dx.hypot(dy) < 1e-13, "{point}: {dx} {dy}");
    }
    assert!(results.verdicts.iter().all(|verdict| verdict.holds == Holds::Yes), "{:?}", results.verdicts);
    assert!(results.verdicts.iter().any(|verdict| verdict.claim.starts_with("M1 – S2 – M3 – S1 – M2")));
}

#[test]
fn styblinski_tang_in_the_plane_and_in_ten_dimensions() {
    let plane = "study = \"critical-points\"\nlandscape.name = \"styblinski-tang\"\n\
                 critical-points.lower = [-4, -4]\ncritical-points.upper = [4, 4]";
    let results_of_plane = results(plane).unwrap();
    let count = |index: f64| {
        let rows = &results_of_plane.rows;
        (0..rows.rows()).filter(|&row| number(rows, row, "index") == index).count()
    };
    assert_eq!((count(0.0), count(1.0), count(2.0)), (4, 4, 1));
    // Every coordinate of every point is a root of 2x³ − 16x + 5/2, by Newton's iteration in Python.
    let roots = [-2.903534027771177, 0.1567312567803401, 2.7468027709908367];
    for row in 0..9 {
        for variable in ["x", "y"] {
            let value = number(&results_of_plane.rows, row, variable);
            assert!(roots.iter().any(|root| (value - root).abs() < 1e-14), "{value}");
        }
    }
    let ten = "study = \"critical-points\"\nlandscape.name = \"styblinski-tang\"\n\
               landscape.parameters.dimension = 10\n\
               critical-points.from = [-3, -3, -3, -3, -3, -3, -3, -3, -3, -3]\n\
               critical-points.to = [3, -3, -3, -3, -3, -3, 3, -3, -3, -3]";
    let found = results(ten).unwrap();
    // Two coordinates change their well, one after the other.
    let saddles: Vec<usize> =
        (0..found.rows.rows()).filter(|&row| number(&found.rows, row, "index") == 1.0).collect();
    assert_eq!((found.rows.rows(), saddles.len()), (5, 2));
    assert!(found.verdicts.iter().any(|verdict| verdict.holds == Holds::NotResolved));
}

#[test]
fn what_cannot_be_searched_is_refused_with_key_value_and_remedy() {
    let refused = |text: &str| results(text).unwrap_err().to_string();
    let plane = |formula: &str, rest: &str| {
        format!("study = \"critical-points\"\nlandscape.formula = \"{formula}\"\n{rest}")
    };
    let well = "x^4 - 2*x^2 + y^2";
    let error = refused(&plane(well, "critical-points.from = [0, 0]\ncritical-points.to = [1, 0]"));
    assert!(error.contains("`critical-points.from` is [0.0, 0.0]: this is a saddle of index 1"), "{error}");
    let error = refused(&plane(well, "critical-points.from = [1, 0]\ncritical-points.to = [0.5, 0]"));
    assert!(error.contains("`critical-points.to`") && error.contains("give two different minima"), "{error}");
    let error =
        refused(&plane("x^3 - 3*x + y^2", "critical-points.from = [1, 0]\ncritical-points.to = [-2, 0]"));
    assert!(
        error.contains("`critical-points.to` = [-2.0, 0.0]") && error.contains("start in a basin"),
        "{error}"
    );
    let error = refused(&plane("x + y", "critical-points.lower = [-1, -1]\ncritical-points.upper = [1, 1]"));
    assert!(error.contains("`critical-points.lower`") && error.contains("unbounded"), "{error}");
    // A box that holds both minima and not the saddle between them is told apart from one that holds a way.
    let error = refused(&plane(
        "(x^2 - 1)^2 + y^2",
        "critical-points.from = [-1, 0]\ncritical-points.to = [1, 0]\n\
         critical-points.lower = [0.5, -1]\ncritical-points.upper = [2, 1]",
    ));
    assert!(error.contains("`critical-points.to`") && error.contains("widen the box"), "{error}");
    let error = refused(&plane(well, "critical-points.lower = [1, -1]\ncritical-points.upper = [1, 1]"));
    assert!(error.contains("the box must have volume"), "{error}");
}

const ON_A_GRID: &str =
    "study = \"escape\"\nescape.solver = \"grid\"\nrule.name = \"langevin\"\nrule.step_size = 0.01\n";

#[test]
fn kramers_over_two_gates_beside_the_grid() {
    let study = format!(
        "{ON_A_GRID}landscape.name = \"styblinski-tang\"\nrule.beta = 0.4\nescape.start = [2.7, 2.7]\n\
         escape.target = [\"min(x, y) <= 0.1567312567803401\", \"min(x, y) <= -1\"]\n\
         grid.lower = [-1.6, -1.6]\ngrid.upper = [4.4, 4.4]\ngrid.cells = [80, 80]"
    );
    let found = results(&study).unwrap();
    for row in 0..2 {
        assert_eq!(number(&found.rows, row, "target_gates"), 2.0);
        let ratio = number(&found.rows, row, "escape_time")
            / number(&found.rows, row, "escape_time_predicted_kramers");
        // Corrections of relative order 1/(βΔL) = 1/10; at the saddle half of the time.
        assert!((ratio - 1.0).abs() < 0.1, "{ratio}");
        assert_eq!(text(&found.rows, row, "assumptions_broken"), "");
    }
}

#[test]
fn no_gate_no_prediction_and_the_reason() {
    let of = |formula: &str, start: &str, target: &str| {
        let study = format!(
            "{ON_A_GRID}landscape.formula = \"{formula}\"\nrule.beta = 2.0\nescape.start = {start}\n\
             escape.target = \"{target}\"\ngrid.lower = [-3]\ngrid.upper = [3]\ngrid.cells = [300]"
        );
        let found = results(&study).unwrap();
        assert!(found.rows.column("escape_time_predicted_kramers").is_some());
        text(&found.rows, 0, "assumptions_broken")
    };
    assert_eq!(of("x^2/2", "[0.0]", "x >= 1"), "no gate leads to the target");
    assert_eq!(of("x^4 - 2*x^2", "[1.0]", "x <= 0.5"), "target below saddle");
    assert_eq!(of("x^3/3 - x", "[-1.5]", "x <= -2"), "landscape unbounded");
}

#[test]
fn zero_noise_is_refused() {
    let study = "study = \"escape\"\nlandscape.formula = \"x^4 - 2*x^2\"\nrule.name = \"sgd\"\nrule.learning_rate = 0.01\n\
                 noise.name = \"gaussian\"\nnoise.standard_deviation = 0.0\nescape.start = [1.0]\nescape.target = \"x <= -1\"";
    let error = results(study).unwrap_err().to_string();
    assert!(error.starts_with("`noise.standard_deviation` is 0: without noise nothing leaves"), "{error}");
}
