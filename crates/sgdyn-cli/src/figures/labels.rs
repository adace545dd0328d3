//! What figures call the columns of tables.

use crate::summary::show;
use sgdyn::study::Datum;
use sgdyn_report::significant;

/// Column, words, symbol.
pub(super) const NAMES: [(&str, &str, &str); 28] = [
    ("beta", "inverse temperature", "β"),
    ("learning_rate", "learning rate", "η"),
    ("batch_size", "batch size", "B"),
    ("momentum", "momentum", "μ"),
    ("step_size", "step size", "Δt"),
    ("weight_decay", "weight decay", "w"),
    ("amplification", "amplification", "l"),
    ("epsilon", "noise amplitude", "ε"),
    ("alpha", "stability index", "α"),
    ("temperature", "temperature", "T"),
    ("eigenvalue", "eigenvalue of the Hessian", "λ"),
    ("escape_time", "mean escape time", "τ"),
    ("escape_steps", "mean escape steps", "τ"),
    ("variance", "variance", "V"),
    ("mean", "mean", "⟨θ⟩"),
    ("displacement", "mean-square displacement", "⟨|Δθ|²⟩"),
    ("loss", "mean loss", "⟨L⟩"),
    ("time", "time", "t"),
    ("step", "steps", "k"),
    ("steps", "steps", "k"),
    ("replicas", "replicas", "n"),
    ("seed", "seed", ""),
    ("scale", "noise scale", "ε"),
    ("log_magnitude", "mean log-magnitude", "⟨ln|θ|⟩"),
    ("batches_over_learning_rate", "batch size over learning rate", "B/η"),
    ("log_ratio", "logarithm of the ratio of shares", ""),
    ("basin_share", "share that ends in a basin", ""),
    ("curvature_deviation", "deviation of the curvature", "s"),
];

/// Suffixes of predictions, and the theories behind them.
const THEORIES: [(&str, &str); 15] = [
    ("exact", "exact"),
    ("exact_chain", "exact, of the chain"),
    ("kramers", "Eyring–Kramers"),
    ("eyring_kramers", "Eyring–Kramers"),
    ("sde", "first-order SDE"),
    ("discrete", "discrete SGD"),
    ("fluctuating", "fluctuating Hessian"),
    ("sme2", "SME-2"),
    ("gibbs", "Gibbs"),
    ("levy", "Lévy, small ε"),
    ("kramers_langer", "Kramers with friction"),
    ("linear", "linear noise"),
    ("two_state", "exact two-state balance"),
    ("sgd", "SGD theorem"),
    ("sgld", "SGLD theorem"),
];

fn known(column: &str) -> Option<(&'static str, &'static str)> {
    NAMES.iter().find(|name| name.0 == column).map(|name| (name.1, name.2))
}

fn words(column: &str) -> String {
    column.rsplit('.').next().unwrap_or(column).replace('_', " ")
}

/// The label of an axis: words and symbol.
pub(super) fn axis(column: &str) -> String {
    match known(column) {
        Some((words, "")) => words.to_owned(),
        Some((words, symbol)) => format!("{words} {symbol}"),
        None => words(column),
    }
}

/// The words for a column.
pub(super) fn name(column: &str) -> String {
    known(column).map_or_else(|| words(column), |known| known.0.to_owned())
}

/// One setting, such as `β = 3`, or just the value where that says what it is; nothing for a key that does not fit.
pub(super) fn setting(column: &str, value: &Datum) -> String {
    match value {
        Datum::Truth(true) => words(column),
        Datum::Truth(false) => format!("no {}", words(column)),
        Datum::Text(text) => text.replace("<=", "≤").replace(">=", "≥"),
        Datum::Missing => String::new(),
        _ => {
            let value = match value {
                Datum::Number(number) => significant(*number, 4),
                other => show(other),
            };
            match known(column) {
                Some((_, symbol)) if !symbol.is_empty() => format!("{symbol} = {value}"),
                _ => format!("{} {value}", name(column)),
            }
        }
    }
}

/// The settings of a group.
pub(super) fn settings(key: &[(String, Datum)]) -> String {
    let told = key.iter().map(|(column, value)| setting(column, value));
    told.filter(|setting| !setting.is_empty()).collect::<Vec<_>>().join(", ")
}

/// The theory behind a suffix such as `sde`.
pub(super) fn theory(suffix: &str) -> String {
    THEORIES
        .iter()
        .find(|theory| theory.0 == suffix)
        .map_or_else(|| words(suffix), |theory| theory.1.to_owned())
}
