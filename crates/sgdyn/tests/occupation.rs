//! Studies of occupation, of jumps and of momentum against quadratures, products and grids that share no code with them.
//!
//! Ensembles may be four standard errors off, a significance of 6·10⁻⁵ for each comparison; seeds are fixed.

mod common;

use common::study::{number, refusal, results, results_on};
use sgdyn::study::Holds;

const SIGMAS: f64 = 4.0;

/// The integral of `f` by Simpson's rule.
fn integral(f: impl Fn(f64) -> f64, from: f64, to: f64) -> f64 {
    let (points, mut sum) = (4000, 0.0);
    let step = (to - from) / f64::from(points);
    for point in 0..=points {
        let weight = if point == 0 || point == points { 1.0 } else { f64::from(2 + 2 * (point % 2)) };
        sum += weight * f(from + step * f64::from(point));
    }
    sum * step / 3.0
}

/// Langevin dynamics in a tilted double well: Gibbs' law by Simpson's rule, and the ensemble in its window.
#[test]
fn langevin_spends_its_time_as_gibbs_says() {
    let text = r#"
        study = "occupation"
        landscape = { formula = "x^4 - 2*x^2 + 0.3*x" }
        rule = { name = "langevin", beta = 2.0, step_size = 0.005 }
        occupation = { start = [1.0], time = 60.0, burn_in = 0.25, every = 5, snapshots = 6, regions = { left = "x < 0.1", right = "x >= 0.1" } }
        grid.cells = [300]
        ensemble.replicas = 3000
        seed = 11
    "#;
    let results = results(text);
    let rows = results.rows.to_json_rows();
    let density = |x: f64| (-2.0 * (x.powi(4) - 2.0 * x * x + 0.3 * x)).exp();
    let (left, right) = (integral(density, -4.0, 0.1), integral(density, 0.1, 4.0));
    for (row, share) in rows.iter().zip([left / (left + right), right / (left + right)]) {
        // Cells of 1/60 of a well's width, cut at 0.1 to an eighth of a cell.
        assert!((number(row, "share_stationary") - share).abs() < 2e-4, "{row}");
        // Heun's scheme of second order: its bias is below 1e-4 here.
        let off = (number(row, "share") - number(row, "share_exact")).abs();
        assert!(off < SIGMAS * number(row, "share_stderr") + 2e-4, "{row}");
    }
    // The share settles: what the window sees lies between the start and the limit.
    assert!(number(&rows[1], "share_exact") > number(&rows[1], "share_stationary"));
    let course = results.details.iter().find(|table| table.name() == "course").expect("asked for");
    for row in course.to_json_rows() {
        let off = (number(&row, "share") - number(&row, "share_exact")).abs();
        assert!(off < SIGMAS * (0.25f64 / 3000.0).sqrt() + 2e-4, "{row}");
    }
    // As text: a missing number is not equal to itself.
    assert_eq!(results_on(1, text).unwrap().rows.to_csv(), results.rows.to_csv());
}

/// Noise ∝ |H| between two valleys: the balance of exact first passages and that of the theorem, against p ∝ e^{−Φ}/D by
/// quadrature; −Φ rises by X(u² + (a − u)²) in a valley's two pieces, X = B/η per unit of noise.
#[test]
fn the_theorem_weighs_valleys_as_the_equation_does() {
    let rows = results(
        r#"
        study = "occupation"
        landscape.name = "two-valleys"
        landscape.parameters = { sharp = 8.0, flat = 2.0, barrier = 4.0 }
        rule = { name = "sgd", learning_rate = 0.005, batch_size = 30 }
        noise = { name = "hessian", scale = 400.0 }
        occupation = { start = [0.0], steps = 100, snapshots = 0, regions = { sharp = "x < 0", flat = "x >= 0" } }
        ensemble.replicas = 16
        "#,
    )
    .rows
    .to_json_rows();
    let side = |h: f64| {
        let (b, x): (f64, f64) = (4.0, 15.0);
        let u = (2.0 / (b * (1.0 + b / h))).sqrt();
        let a = u * (1.0 + b / h);
        let inner = integral(|y| (x * y * y).exp() / b, 0.0, u);
        let outer = integral(|y| (x * (u * u + (a - u).powi(2) - (y - a).powi(2))).exp() / h, u, a + 2.0);
        inner + outer
    };
    let exact = (side(2.0) / side(8.0)).ln();
    // Theorem: relative corrections of order 1/exponent to each rate. The chain's own balance: of order ηH = 0.04 in
    // exponents of 5 and 12, mostly common to both.
    assert!((number(&rows[1], "log_ratio_predicted_sgd") - exact).abs() < 0.05, "{exact}");
    assert!((number(&rows[1], "log_ratio_predicted_two_state") - exact).abs() < 0.3, "{exact}");
    // A balance of first passages is that of the law itself up to the inverse exponent of the shallower valley, 1/5.
    let (law, balance) =
        (number(&rows[1], "log_ratio_stationary"), number(&rows[1], "log_ratio_predicted_two_state"));
    assert!((law - balance).abs() < 0.2 && (law - exact).abs() < 0.3, "{law} {balance} {exact}");
}

/// Two coordinates that know nothing of each other: the exact shares of basins are products of those on a line.
#[test]
fn basins_of_independent_coordinates() {
    let rule = r#"
        rule = { name = "sgd", learning_rate = 0.03 }
        noise = { name = "gaussian", standard_deviation = 15.0 }
        ensemble.replicas = 4000
        seed = 5
    "#;
    let line = results(&format!(
        r#"
        study = "occupation"
        landscape = {{ formula = "0.5*(x^4 - 16*x^2 + 5*x)" }}
        occupation = {{ start = [0.5], steps = 40, snapshots = 1, regions = {{ low = "x < 0.156731" }} }}
        grid = {{ lower = [-5.0], upper = [5.0], cells = [400] }}
        {rule}
        "#
    ));
    let course =
        line.details.iter().find(|table| table.name() == "course").expect("asked for").to_json_rows();
    let low = number(&course[0], "share_exact");
    assert!((0.05..0.95).contains(&low), "{low}");
    let plane = results(&format!(
        r#"
        study = "occupation"
        landscape.name = "styblinski-tang"
        occupation = {{ start = [0.5, 0.5], steps = 40, basins = true }}
        grid = {{ lower = [-5.0, -5.0], upper = [5.0, 5.0], cells = [60, 60] }}
        {rule}
        "#
    ));
    let rows = plane.rows.to_json_rows();
    assert_eq!(rows.len(), 4);
    for row in &rows {
        let name = row["basin"].as_str().unwrap_or_default();
        let lows = name.matches("−2.904").count() as i32;
        let product = low.powi(lows) * (1.0 - low).powi(2 - lows);
        // Cells of a sixth of a unit belong to the basin of their centre.
        assert!((number(row, "basin_share_exact") - product).abs() < 0.02, "{row} {product}");
        let deviation = (product * (1.0 - product) / 4000.0).sqrt();
        assert!((number(row, "basin_share") - product).abs() < SIGMAS * deviation, "{row} {product}");
        assert!(number(row, "basin_share_lower") < number(row, "basin_share_upper"));
        // Gradient descent rolls down to the right on both axes.
        assert_eq!(row["without_noise"], lows == 0, "{row}");
    }
}

/// One jump: the distances of both ends count, the height does not; α = 2 is the Gaussian law with its exact chain.
#[test]
fn jumps_are_blind_to_heights() {
    let study = |quantities: &str| {
        format!(
            r#"
            study = "escape"
            landscape.name = "two-valleys"
            landscape.parameters = {{ sharp = 8.0, flat = 8.0, barrier = 4.0 }}
            escape = {{ start = [0.866], target = "x <= 0" }}
            {quantities}
            seed = 3
            "#
        )
    };
    let jumps = results(&study(
        "rule = { name = \"levy\", alpha = 1.2, scale = [0.03, 0.06], step_size = 0.01 }\nensemble.replicas = 1000",
    ));
    let rows = jumps.rows.to_json_rows();
    let ratio =
        number(&rows[0], "escape_time_predicted_levy") / number(&rows[1], "escape_time_predicted_levy");
    assert!((ratio - 2f64.powf(1.2)).abs() < 1e-9);
    for row in &rows {
        // The next order in ε is a tenth here.
        let off = number(row, "escape_time") / number(row, "escape_time_predicted_levy") - 1.0;
        assert!(off.abs() < 0.1 + SIGMAS / 1000f64.sqrt(), "{row}");
    }
    let gauss = results(&study(
        "rule = { name = \"levy\", alpha = 2.0, scale = 0.7, step_size = 0.01 }\nensemble.replicas = 20000",
    ));
    let row = &gauss.rows.to_json_rows()[0];
    assert!(row["escape_time_predicted_levy"].is_null(), "{row}");
    let off = number(row, "escape_time") - number(row, "escape_time_exact_chain");
    assert!(off.abs() < SIGMAS * number(row, "escape_time_stderr"), "{row}");
}

/// The heavy ball: the chain in phase space against the ensemble, and against Kramers and Langer's law.
#[test]
fn momentum_escapes_as_its_chain_in_phase_space() {
    let rows = results(
        r#"
        study = "escape"
        landscape.formula = "x^4 - 2*x^2"
        rule = { name = "heavy-ball", momentum = 0.8, learning_rate = 0.004 }
        noise = { name = "gaussian", standard_deviation = 5.0 }
        escape = { start = [1.0], target = "x <= -0.5" }
        ensemble.replicas = 2000
        seed = 4
        "#,
    )
    .rows
    .to_json_rows();
    let (time, exact) = (number(&rows[0], "escape_time"), number(&rows[0], "escape_time_exact"));
    let allowed =
        SIGMAS * number(&rows[0], "escape_time_stderr") + number(&rows[0], "escape_time_exact_error");
    assert!((time - exact).abs() < allowed, "{time} {exact}");
    // βΔU = 4: errors of a tenth or so.
    let kramers = number(&rows[0], "escape_time_predicted_langer");
    assert!((kramers / exact - 1.0).abs() < 0.2, "{kramers} {exact}");
}

#[test]
fn refusals_name_the_key_and_the_remedy() {
    let study = |occupation: &str| {
        format!(
            "study = \"occupation\"\nlandscape.formula = \"x^2/2\"\nrule = {{ name = \"langevin\", beta = 1.0, step_size = 0.1 }}\n{occupation}"
        )
    };
    let none = refusal(&study("occupation = { start = [0.0], time = 1.0 }"));
    assert!(none.contains("`occupation.regions` is empty") && none.contains("occupation.basins"), "{none}");
    let place = refusal(&study("occupation = { start = [0.0, 1.0], time = 1.0, basins = true }"));
    assert!(place.contains("`occupation.start` is [0.0, 1.0]") && place.contains("dimension 1"), "{place}");
    let every = refusal(&study("occupation = { start = [0.0], time = 1.0, every = 9, basins = true }"));
    assert!(every.contains("`occupation.every` is 9") && every.contains("5 steps are left"), "{every}");
    let condition = refusal(&study("occupation = { start = [0.0], time = 1.0, regions = { a = \"x <\" } }"));
    assert!(condition.contains("occupation.regions"), "{condition}");
    let risk = refusal(
        "study = \"occupation\"\nlandscape = { risk = \"fresh-regression\", input_variances = [1.0] }\nrule = { name = \"sgd\", learning_rate = 0.1 }\noccupation = { start = [0.0], steps = 5, basins = true }",
    );
    assert!(risk.contains("occupation.basins") && risk.contains("not data"), "{risk}");
}

#[test]
fn verdicts_tell_whose_law_holds() {
    let results = results(
        r#"
        study = "occupation"
        landscape.name = "two-valleys"
        rule = { name = "langevin", beta = [2.0, 3.0, 4.0], step_size = 0.01 }
        occupation = { start = [0.0], time = 100.0, every = 5, snapshots = 0, regions = { sharp = "x < 0", flat = "x >= 0" } }
        grid.cells = [200]
        ensemble.replicas = 1000
        "#,
    );
    assert_eq!(results.verdicts.len(), 2, "{:?}", results.verdicts);
    assert!(results.verdicts.iter().all(|verdict| verdict.holds == Holds::Yes), "{:?}", results.verdicts);
    assert!(results.verdicts[1].claim.contains("Gibbs"));
}
