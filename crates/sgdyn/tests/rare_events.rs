//! Rare-event studies against closed forms, quadratures, grids and brute force.

mod common;

use common::study::{number, refusal, results, results_on};
use serde_json::Value;
use sgdyn::study::Holds;

const DRIFT: &str = r#"
    study = "rare-event"
    landscape.formula = "x"
    rule = { name = "langevin", beta = 2, step_size = 0.2 }
    [rare-event]
    start = [1.0]
    before = "x <= 0"
    paths = 200
    runs = 10
"#;

/// Every estimate within 4 standard errors (significance 6e-5 each) of its exact value.
fn assert_exact(rows: &[Value], quantity: &str, slack: f64) {
    for row in rows {
        let (value, error) = (number(row, quantity), number(row, &format!("{quantity}_stderr")));
        let exact = number(row, &format!("{quantity}_exact"));
        assert!((value - exact).abs() <= 4.0 * error + slack * exact, "{row}");
        assert!(error < 0.4 * exact, "{row}");
    }
}

#[test]
fn exact_probabilities_are_the_closed_form_and_the_bits_do_not_depend_on_threads() {
    let text =
        format!("{DRIFT}\ntarget = [\"x >= 5\", \"x >= 20\"]\nmethod = [\"splitting\", \"forward-flux\"]");
    let rows = results(&text).rows.to_json_rows();
    assert_exact(&rows, "probability", 0.0);
    for row in &rows {
        let target: f64 = row["target"].as_str().unwrap().trim_start_matches("x >= ").parse().unwrap();
        let closed = 2f64.exp_m1() / (2.0 * target).exp_m1();
        assert!((number(row, "probability_exact") / closed - 1.0).abs() < 1e-9, "{row}");
        assert!((number(row, "barrier") - (target - 1.0)).abs() < 1e-9);
    }
    assert_eq!(results_on(1, &text).unwrap().rows.to_json_rows(), rows);
}

#[test]
fn discrete_sgd_has_a_probability_of_its_own() {
    // Its exact value comes from the chain on a grid. At η = 0.2 a walk seen at steps overshoots both boundaries, and its
    // equation's probability is too large by more than a quarter.
    let text = r#"
        study = "rare-event"
        landscape.formula = "x"
        rule = { name = "sgd", learning_rate = 0.2 }
        noise = { name = "gaussian", standard_deviation = 2.23606797749979 }
        ensemble.replicas = 400_000
        [rare-event]
        start = [1.0]
        target = "x >= 4"
        before = "x <= 0"
        method = ["splitting", "forward-flux", "ensemble"]
        runs = 20
    "#;
    let rows = results(text).rows.to_json_rows();
    assert_exact(&rows, "probability", 0.0);
    let exact = number(&rows[0], "probability_exact");
    assert!(exact < 0.75 * 2f64.exp_m1() / 8f64.exp_m1(), "{exact}");
    // Brute force: the exact interval of Clopper and Pearson.
    assert!(number(&rows[2], "probability_lower") < exact && exact < number(&rows[2], "probability_upper"));
}

#[test]
fn in_the_plane_the_committor_is_the_coordinate_and_the_oracle() {
    let text = r#"
        study = "rare-event"
        landscape.formula = "(x^2 - 1)^2/4 + 0.5*(1 + 3*x^2)*y^2"
        rule = { name = "langevin", beta = 40, step_size = 0.02 }
        grid.cells = [120, 80]
        [rare-event]
        start = [-0.7, 0.0]
        target = "x >= 0.3"
        before = "x <= -0.9"
        coordinate = ["automatic", "x + 0.3*y"]
        paths = 300
    "#;
    let rows = results(text).rows.to_json_rows();
    assert!(rows[0]["reaction_coordinate"].as_str().unwrap().starts_with("committor on"), "{}", rows[0]);
    // The grid cuts its sets at the faces of cells: an error of its first order.
    assert_exact(&rows, "probability", 0.1);
    assert!(number(&rows[0], "probability_exact") < 1e-2);
}

#[test]
fn a_momentum_rule_within_its_steps_agrees_with_brute_force() {
    let text = r#"
        study = "rare-event"
        landscape.formula = "x^4 - 2*x^2"
        rule = { name = "heavy-ball", learning_rate = 0.02, momentum = 0.8 }
        noise = { name = "gaussian", standard_deviation = 1.7 }
        ensemble.replicas = 100_000
        [rare-event]
        start = [1.0]
        target = "x <= -0.2"
        within_steps = 300
        method = ["splitting", "ensemble"]
        paths = 500
    "#;
    let rows = results(text).rows.to_json_rows();
    let estimate = |row: &Value| (number(row, "probability"), number(row, "probability_stderr"));
    let (split, brute) = (estimate(&rows[0]), estimate(&rows[1]));
    assert!((split.0 - brute.0).abs() < 4.0 * split.1.hypot(brute.1), "{split:?} {brute:?}");
    assert!(brute.0 > 0.0 && brute.0 < 0.1 && number(&rows[0], "stages") > 0.0, "{brute:?}");
}

#[test]
fn spent_budgets_say_how_far_paths_got() {
    let text = format!("{DRIFT}\ntarget = \"x >= 20\"\nmax_steps = 20_000");
    let results = results(&text);
    let row = &results.rows.to_json_rows()[0];
    assert_eq!(row["budget_spent"], true);
    assert!(number(row, "level_passed") > 1.0 && number(row, "probability_of_level") < 1.0, "{row}");
    assert!(
        results.verdicts.iter().any(|verdict| verdict.holds == Holds::No && verdict.claim.contains("steps"))
    );
    // Without an end, paths from the start take all steps: no hang.
    let endless = text.replace("x <= 0", "x >= 30 and x <= 29");
    assert_eq!(self::results(&endless).rows.to_json_rows()[0]["budget_spent"], true);
}

#[test]
fn refusals_name_the_key_and_the_remedy() {
    let drift = |more: &str| format!("{DRIFT}\n{more}");
    for (text, words) in [
        (drift("target = \"x >= 1\""), "in the target: nothing is left to reach"),
        (drift("target = \"x >= 5\"").replace("x <= 0", "x <= 2"), "in the region of failure"),
        (drift("target = \"x <= -3\""), "`rare-event.before` is x <= 0: it overlaps the target"),
        (drift("target = \"x >= 5\"\ncoordinate = \"x + z\""), "`rare-event.coordinate`"),
        (drift("target = \"x >= 5\"").replace("[1.0]", "[1.0, 2.0]"), "`rare-event.start`"),
        (drift("target = \"x >= 5\"\nreplaced = 200"), "`rare-event.replaced` is 200"),
        (drift("target = \"x >= 5\"").replace("before = \"x <= 0\"", ""), "`rare-event.before` is absent"),
        (drift("target = \"x >= 5\"\nquantity = \"rate\""), "outside of the core"),
        (
            drift("target = \"x >= 5\"\nquantity = \"rate\"\nmethod = \"ensemble\"")
                .replace("paths = 200\n    runs = 10", ""),
            "`rare-event.method` is ensemble",
        ),
        (
            format!("ensemble.precision = \"f32\"\n{}", drift("target = \"x >= 5\"")),
            "`ensemble.precision` is f32",
        ),
    ] {
        let found = refusal(&text);
        assert!(found.contains(words), "{found}\n{text}");
    }
    let silent = r#"
        study = "rare-event"
        landscape.formula = "x"
        rule = { name = "sgd", learning_rate = 0.1 }
        noise = { name = "gaussian", standard_deviation = 0.0 }
        rare-event = { start = [1.0], target = "x >= 5", before = "x <= 0" }
    "#;
    assert!(refusal(silent).contains("without noise"));
    let schedule = silent.replace(
        "learning_rate = 0.1",
        "learning_rate = 0.1, schedule = \"exponential\", schedule_factor = 0.9",
    );
    assert!(refusal(&schedule).contains("cannot be split"));
}
