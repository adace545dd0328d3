//! Predictions that stand in the rows of studies, against closed forms written out here.

mod common;

use std::f64::consts::PI;

use common::study::{number, rows};

/// A few replicas that need not arrive: only what is predicted is looked at.
fn predicted(text: &str, column: &str) -> f64 {
    let text = format!("study = \"escape\"\nensemble.replicas = 16\n{text}");
    number(&rows(&text)[0], column)
}

#[test]
fn momentum_leaves_at_langers_rate() {
    // µ = 0.9, η = 0.002, σ = 5: β = 2(1 − µ)/(ησ²), γ = (1 − µ)/√η in the time k√η; t = ηk.
    let time = predicted(
        r#"
        landscape.formula = "x^4 - 2*x^2"
        rule = { name = "heavy-ball", momentum = 0.9, learning_rate = 0.002 }
        noise = { name = "gaussian", standard_deviation = 5.0 }
        escape = { start = [1.0], target = "x <= -0.5", max_steps = 2000, theories = ["langer"] }
        "#,
        "escape_time_predicted_langer",
    );
    let (beta, friction) = (4.0f64, 0.1 / 0.002f64.sqrt());
    let (bottom, top) = (8.0f64, 4.0f64);
    let climb = (friction * friction / 4.0 + top).sqrt() - friction / 2.0;
    let rate = climb / top.sqrt() * bottom.sqrt() / (2.0 * PI) * (-beta).exp();
    assert!((time / (0.002f64.sqrt() / rate) - 1.0).abs() < 1e-6, "{time}");
}

#[test]
fn jumps_leave_at_the_rate_of_their_tail() {
    // The jumps of scale ε beyond a distance a come at the rate ε^α Γ(α) sin(πα/2)/(π a^α).
    let time = predicted(
        r#"
        landscape.formula = "x^4 - 2*x^2"
        rule = { name = "levy", scale = 0.1, alpha = 1.5, step_size = 0.01 }
        escape = { start = [1.0], target = "x <= 0", max_time = 10.0, theories = ["levy"] }
        "#,
        "escape_time_predicted_levy",
    );
    let gamma = PI.sqrt() / 2.0;
    let rate = 0.1f64.powf(1.5) * gamma * (0.75 * PI).sin() / PI;
    assert!((time * rate - 1.0).abs() < 1e-6, "{time}");
}

#[test]
fn the_least_action_of_a_gradient_is_its_barrier() {
    let action = predicted(
        r#"
        landscape.formula = "x^4 - 2*x^2"
        rule = { name = "langevin", beta = 5.0, step_size = 0.01 }
        escape = { start = [1.0], target = "x <= -0.5", max_time = 10.0, theories = ["action"] }
        "#,
        "action",
    );
    assert!((action / 5.0 - 1.0).abs() < 1e-3, "{action}");
}

#[test]
fn noise_proportional_to_the_loss_leaves_by_a_power() {
    // D = T·(L + f/c) with T = ηc/2, where D is η/2 times the covariance c·L + f: with ℓ = L + f/c,
    // τ = 2π/√(L''(bottom)·|L''(top)|·(1 + T)) · (ℓ(top)/ℓ(bottom))^(1/T + ½).
    let time = predicted(
        r#"
        landscape.formula = "(x^2 - 1)^2"
        rule = { name = "sde", learning_rate = 0.01, step_size = 0.01 }
        noise = { name = "loss-proportional", scale = 20.0, floor = 4.0 }
        escape = { start = [1.0], target = "x <= -0.5", max_time = 10.0, theories = ["loss-proportional"] }
        "#,
        "escape_time_predicted_loss_proportional",
    );
    let (temperature, lift) = (0.5 * 0.01 * 20.0f64, 0.2f64);
    let ratio = (1.0 + lift) / lift;
    let exact = 2.0 * PI / (32.0 * (1.0 + temperature)).sqrt() * ratio.powf(1.0 / temperature + 0.5);
    assert!((time / exact - 1.0).abs() < 1e-6, "{time} {exact}");
}
