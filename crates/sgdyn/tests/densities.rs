//! Studies on grids against closed forms, quadratures and ensembles that share no code with them.

mod common;

use common::study::{number, refusal, results, rows};
use proptest::prelude::*;

#[test]
fn first_passages_on_a_line_are_those_of_nested_quadrature() {
    let rows = rows(
        r#"
        study = "first-passage"
        landscape.formula = "x^4 - 2*x^2"
        rule = { name = "langevin", beta = [1, 3, 5] }
        first-passage = { start = [1.0], target = ["x <= 0", "x <= -0.5", "x <= -1"], observe = ["rate"] }
        grid.cells = [400]
        "#,
    );
    assert_eq!(rows.len(), 9);
    for row in &rows {
        let ratio = number(row, "first_passage_time") / number(row, "first_passage_time_exact");
        assert!((ratio - 1.0).abs() < 1e-8, "{row}");
        // Past the saddle a late exit is exponential at the mean's own rate where the barrier is high.
        if number(row, "beta") == 5.0 && row["target"] == "x <= -0.5" {
            let product = number(row, "rate") * number(row, "first_passage_time");
            assert!((product - 1.0).abs() < 0.01, "{product}");
        }
    }
}

#[test]
fn two_thousand_million_time_units_keep_their_digits() {
    // V = x⁴/4 − x²/2 with noise √(2ε), ε = 0.0125, from 1 to −1.
    let rows = rows(
        r#"
        study = "first-passage"
        landscape.formula = "x^4/4 - x^2/2"
        rule = { name = "langevin", beta = 80 }
        first-passage = { start = [1.0], target = ["x <= 0", "x <= -1"], observe = ["rate"] }
        grid.cells = [1000]
        "#,
    );
    for row in &rows {
        let ratio = number(row, "first_passage_time") / number(row, "first_passage_time_exact");
        assert!((ratio - 1.0).abs() < 1e-8, "{row}");
    }
    assert!(number(&rows[1], "first_passage_time") > 2e9);
}

#[test]
fn a_separable_escape_in_the_plane_and_in_space_is_that_of_its_line() {
    for (dimension, formula, cells, tolerance) in
        [(2, "x^4 - 2*x^2 + y^2", "[120, 40]", 2e-4), (3, "x^4 - 2*x^2 + y^2 + z^2", "[40, 14, 14]", 2e-2)]
    {
        let start = format!("{:?}", [1.0, 0.0, 0.0].split_at(dimension).0);
        let text = format!(
            r#"
            study = "escape"
            landscape.formula = "{formula}"
            rule = {{ name = "langevin", beta = 3.0, step_size = 0.01 }}
            escape = {{ start = {start}, target = "x <= -0.5", solver = "grid" }}
            grid.cells = {cells}
            "#
        );
        let row = &rows(&text)[0];
        let ratio = number(row, "escape_time") / 24.389_763;
        assert!((ratio - 1.0).abs() < tolerance, "{dimension}: {ratio}");
        assert!(
            (number(row, "escape_time_error") / 24.389_763 - (ratio - 1.0).abs()).abs() < 20.0 * tolerance
        );
    }
}

#[test]
fn sgd_in_steps_meets_the_transfer_operator_and_the_linear_law() {
    let passage = rows(
        r#"
        study = "first-passage"
        landscape.formula = "x^4 - 2*x^2"
        rule = { name = "sgld", beta = 2, learning_rate = 0.02 }
        first-passage = { start = [1.0], target = "x <= -0.5", observe = [ "rate" ] }
        grid.cells = [600]
        "#,
    );
    let ratio = number(&passage[0], "first_passage_time") / number(&passage[0], "first_passage_time_exact");
    assert!((ratio - 1.0).abs() < 1e-4, "{ratio}");
    let law = rows(
        r#"
        study = "density"
        landscape.formula = "x^2/2"
        rule = { name = "sgd", learning_rate = [0.1, 1.0, 1.5] }
        noise = { name = "gaussian", standard_deviation = 1.0 }
        grid.cells = [400]
        "#,
    );
    for row in &law {
        let ratio = number(row, "variance_x") / number(row, "variance_x_exact");
        assert!((ratio - 1.0).abs() < 1e-5, "{row}");
    }
}

#[test]
fn heavy_ball_and_levy_flights_have_their_known_laws() {
    let heavy = rows(
        r#"
        study = "density"
        landscape.formula = "x^2/2"
        rule = { name = "heavy-ball", learning_rate = 0.1, momentum = 0.5 }
        noise = { name = "gaussian", standard_deviation = 1.0 }
        grid = { lower = [-2.6, -7.0], upper = [2.6, 7.0], cells = [80, 80] }
        "#,
    );
    // S = ηC(1+μ)/(h(1−μ)[2(1+μ)−ηh]).
    let exact = 0.1 * 1.5 / (0.5 * (3.0 - 0.1));
    assert!((number(&heavy[0], "variance_x") / exact - 1.0).abs() < 1e-3, "{}", heavy[0]);
    // Free symmetric flights from (−1, 1): Eτ = (1 − x²)^{α/2}/Γ(1 + α) = 1/Γ(2.5) from 0.
    let flight = rows(
        r#"
        study = "first-passage"
        landscape.formula = "0*x"
        rule = { name = "levy", alpha = 1.5, scale = 1.0 }
        first-passage = { start = [0.0], target = "x^2 >= 1", observe = ["survival"] }
        grid = { lower = [-1.5], upper = [1.5], cells = [1201], faces = "absorbing" }
        "#,
    );
    let exact = 1.0 / statrs::function::gamma::gamma(2.5);
    assert!((number(&flight[0], "first_passage_time") / exact - 1.0).abs() < 5e-3, "{}", flight[0]);
}

#[test]
fn modes_of_a_rotating_drift_turn_as_they_decay() {
    let results = results(
        r#"
        study = "density"
        landscape = { name = "rotating", parameters = { rotation = 1.5 } }
        rule = { name = "langevin", beta = 1.0 }
        density.modes = 2
        grid = { lower = [-5.0, -5.0], upper = [5.0, 5.0], cells = [60, 60] }
        "#,
    );
    let spectrum = results
        .details
        .iter()
        .find(|table| table.name() == "spectrum")
        .map(sgdyn::study::Table::to_json_rows);
    let mode = &spectrum.unwrap_or_default()[0];
    assert!(
        (number(mode, "decay") - 1.0).abs() < 0.02 && (number(mode, "frequency") - 1.5).abs() < 0.03,
        "{mode}"
    );
    let row = &results.rows.to_json_rows()[0];
    for column in ["entropy_production", "largest_current", "variance_x"] {
        let ratio = number(row, column) / number(row, &format!("{column}_exact"));
        assert!((ratio - 1.0).abs() < 2e-3, "{column}: {ratio}");
    }
}

#[test]
fn what_no_grid_can_answer_is_refused_with_the_place() {
    let study = |rest: &str| {
        format!(
            "study = \"density\"\nlandscape.formula = \"x^2/2\"\nrule = {{ name = \"langevin\", beta = 1 }}\n{rest}"
        )
    };
    assert!(refusal(&study("grid = { lower = [1.0], upper = [-1.0] }")).contains("grid.upper"));
    assert!(refusal(&study("grid.cells = [2.5]")).contains("grid.cells"));
    assert!(refusal(&study("grid.faces = [\"open\"]")).contains("reflecting"));
    assert!(refusal(&study("density = { times = [1.0] }")).contains("density.start"));
    assert!(
        refusal(&study(
            "density = { start = [9.0], times = [1.0] }\ngrid = { lower = [-4.0], upper = [4.0] }"
        ))
        .contains("outside the box")
    );
    let deep = "study = \"density\"\nlandscape.formula = \"w^2+x^2+y^2+z^2\"\nrule = { name = \"langevin\", beta = 1 }";
    assert!(refusal(deep).contains("4 dimensions"));
    let large = "study = \"density\"\nlandscape.formula = \"x^2+y^2+z^2\"\nrule = { name = \"langevin\", beta = 1 }\ngrid = { cells = [80, 80, 80], method = \"direct\", memory = 0.1 }";
    assert!(refusal(large).contains("would fit"));
    let unstable = "study = \"density\"\nlandscape.formula = \"x^2/2\"\nrule = { name = \"sgd\", learning_rate = 2.5 }\nnoise = { name = \"gaussian\", standard_deviation = 1.0 }\ngrid = { lower = [-20.0], upper = [20.0], cells = [200] }";
    assert!(refusal(unstable).contains("stability limit 2"), "{}", refusal(unstable));
    let indefinite = "study = \"density\"\nlandscape.formula = \"x^2+y^2\"\nrule = { name = \"sde\", learning_rate = 0.1 }\nnoise = { name = \"formula\", entries = [[\"1\", \"2\"], [\"2\", \"1\"]] }\ngrid = { lower = [-1.0, -1.0], upper = [1.0, 1.0], cells = [10, 10] }";
    assert!(refusal(indefinite).contains("positive semidefinite"), "{}", refusal(indefinite));
    let inside = "study = \"first-passage\"\nlandscape.formula = \"x^2/2\"\nrule = { name = \"langevin\", beta = 1 }\nfirst-passage = { start = [1.0], target = \"x > 0\" }";
    assert!(refusal(inside).contains("lies inside"));
    let missed = "study = \"first-passage\"\nlandscape.formula = \"x^2/2\"\nrule = { name = \"langevin\", beta = 1 }\nfirst-passage = { start = [1.0], target = \"x > 50\" }\ngrid = { lower = [-5.0], upper = [5.0] }";
    assert!(refusal(missed).contains("target"), "{}", refusal(missed));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Ensemble ≡ density: over random quartic wells, temperatures and starts the histograms of 20,000 replicas follow the
    /// density of the grid, by χ² tests at a significance of 1e-4 over all cases; the stationary variance is that of
    /// quadrature.
    #[test]
    fn ensembles_densities_and_quadrature_agree(
        quartic in 0.1_f64..1.0, quadratic in -1.5_f64..1.5, tilt in -0.5_f64..0.5,
        beta in 0.5_f64..3.0, start in -1.0_f64..1.0, seed in 1_u64..1000,
    ) {
        let rows = rows(&format!(
            r#"
            study = "density"
            seed = {seed}
            landscape.formula = "{quartic}*x^4 + {quadratic}*x^2 + {tilt}*x"
            rule = {{ name = "langevin", beta = {beta}, step_size = 0.005 }}
            density = {{ start = [{start}], times = [0.3, 1.5], ensemble = true }}
            grid.cells = [800]
            ensemble.replicas = 20000
            "#
        ));
        let ratio = number(&rows[0], "variance_x") / number(&rows[0], "variance_x_exact");
        prop_assert!((ratio - 1.0).abs() < 1e-5, "{ratio}");
        for row in &rows[1..] {
            prop_assert!(number(row, "p_value") > 1e-4 / 24.0, "{row}");
            prop_assert!((number(row, "surviving") - 1.0).abs() < 1e-12);
        }
    }
}
