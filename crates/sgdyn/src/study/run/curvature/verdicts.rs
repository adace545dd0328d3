//! What a look at the matrices of a network says.

use super::tables::CurvatureTables;
use super::unresolved::{self, Quantity};
use crate::statistics::Estimate;
use crate::study::run::rows::{Row, Rows};
use crate::study::run::verdicts::{all, verdict};
use crate::study::{Curvature, Holds, Precision, Verdict};

/// Estimates further apart than so many standard errors are not one number.
const SIGMAS: f64 = 4.0;
/// How near to tr H the trace of the covariance must come to be called equal.
const EQUAL: f64 = 0.1;

pub(in crate::study::run) fn verdicts(
    question: &Curvature,
    precision: Precision,
    rows: &Rows,
    tables: &CurvatureTables,
) -> Vec<Verdict> {
    let mut verdicts = unresolved::verdicts(&tables.unresolved);
    verdicts.extend(converged(rows, &tables.unresolved));
    verdicts.extend(one_trace(rows));
    verdicts.extend(one_noise(question, precision, rows));
    verdicts.extend(rows.iter().filter_map(|row| information(row, question)));
    verdicts.extend(rescaled(question, precision, rows));
    verdicts
}

/// The matrix and what is swept.
fn name(row: &Row) -> String {
    let matrix = row.word("matrix").unwrap_or("matrix");
    let settings = row.settings();
    if settings.is_empty() { matrix.to_owned() } else { format!("{matrix} at {settings}") }
}

/// That no eigenpair is missing, and how good they are.
fn converged(rows: &Rows, unresolved: &Rows) -> Option<Verdict> {
    let found: f64 = rows.iter().filter_map(|row| row.value("eigenpairs")).sum();
    if found == 0.0 || unresolved::any(unresolved, Quantity::Eigenpairs) {
        return None;
    }
    let worst = rows.iter().filter_map(|row| row.value("largest_relative_residual")).fold(0.0, f64::max);
    let detail = format!("{found} pairs, the largest |Av − λv|/|λ| is {worst:.1e}");
    Some(verdict(Quantity::Eigenpairs.claim(), Holds::Yes, detail))
}

/// Do the estimates of a trace, each by vectors of its own, agree?
fn one_trace(rows: &Rows) -> Option<Verdict> {
    let mut details = Vec::new();
    let mut answers = Vec::new();
    for row in rows.iter() {
        let ways = [("Hutch++", "trace"), ("density", "trace_density"), ("diagonal", "trace_diagonal")];
        let estimates: Vec<(&str, Estimate)> = ways
            .into_iter()
            .filter_map(|(way, column)| {
                let (value, stderr) = (row.value(column)?, row.value(&format!("{column}_stderr"))?);
                Some((way, Estimate { value, stderr, n: 0 }))
            })
            .chain(row.value("trace_exact").map(|value| ("exact", Estimate::exact(value))))
            .collect();
        let pairs = (0..estimates.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
        let agree = |(one, other): (usize, usize)| {
            let (one, other) = (estimates[one].1, estimates[other].1);
            let error = one.stderr.hypot(other.stderr);
            let rounding = 1e-5 * one.value.abs();
            if (one.value - other.value).abs() <= SIGMAS * error + rounding { Holds::Yes } else { Holds::No }
        };
        if estimates.len() > 1 {
            answers.push(all(pairs.map(agree)));
            let told: Vec<String> =
                estimates.iter().map(|(way, estimate)| format!("{way} {estimate}")).collect();
            details.push(format!("{}: {}", name(row), told.join(", ")));
        }
    }
    let holds = if answers.is_empty() { return None } else { all(answers.into_iter()) };
    Some(verdict("independent estimates of a trace agree", holds, details.join("\n")))
}

/// Are the eigenvalues of the covariance by its Gram matrix those by products?
fn one_noise(question: &Curvature, precision: Precision, rows: &Rows) -> Option<Verdict> {
    let rounding = rounding(precision);
    let is_noise = |row: &&Row| row.word("matrix") == Some("covariance");
    let row = rows.iter().find(is_noise).or_else(|| rows.iter().next())?;
    let mut told = Vec::new();
    let mut answers = Vec::new();
    let mut compare = |what: &str, one: f64, other: f64, allowed: f64| {
        let deviation = (one / other - 1.0).abs();
        answers.push(if deviation <= allowed { Holds::Yes } else { Holds::No });
        told.push(format!("{what} differ by {deviation:.1e} of {other:.6}"));
    };
    if let (Some(sum), Some(noise)) = (row.value("gram_trace"), row.value("noise")) {
        compare("the sum of all and tr Σ", sum, noise, 100.0 * rounding);
    }
    if let (Some(true), Some("covariance"), Some(gram), Some(product)) = (
        row.is("noise_by_gram"),
        row.word("matrix"),
        row.value("noise_eigenvalue_1"),
        row.value("eigenvalue_1"),
    ) {
        // An eigenvalue is nearer than its residual.
        compare("the largest", gram, product, 2.0 * question.tolerance + 100.0 * rounding);
    }
    let claim = "the Gram matrix and the products give one covariance";
    (!answers.is_empty()).then(|| verdict(claim, all(answers.into_iter()), told.join("; ")))
}

/// Is the covariance of the gradients as large as the Hessian, as where the model is the law of the labels?
fn information(row: &Row, question: &Curvature) -> Option<Verdict> {
    let trained = question.steps.is_some() || question.epochs.is_some();
    let (ratio, stderr) = (row.value("noise_over_trace")?, row.value("noise_over_trace_stderr")?);
    if !trained || row.word("matrix") != Some("hessian") || row.value("rescale").is_some() {
        return None;
    }
    let away = (ratio - 1.0).abs();
    let holds = if away + 2.0 * stderr <= EQUAL {
        Holds::Yes
    } else if away - 2.0 * stderr > EQUAL {
        Holds::No
    } else {
        Holds::NotResolved
    };
    let estimate = Estimate { value: ratio, stderr, n: 0 };
    let detail = format!(
        "tr Σ/tr H = {estimate}, of minibatches (1/B) of that; 1 where the model's probabilities are those of the labels"
    );
    Some(verdict(
        format!("the noise is as large as the curvature: tr Σ = tr H of {}", name(row)),
        holds,
        detail,
    ))
}

/// Is it the same function with another sharpness?
fn rescaled(question: &Curvature, precision: Precision, rows: &Rows) -> Vec<Verdict> {
    let of_hessian = || rows.iter().filter(|row| row.word("matrix") == Some("hessian"));
    let column = |name: &str| -> Vec<f64> {
        of_hessian()
            .filter(|row| row.value("replica") == Some(0.0))
            .filter_map(|row| row.value(name))
            .collect()
    };
    if question.rescale.len() < 2 {
        return Vec::new();
    }
    let spread = |values: &[f64]| {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (least, most, most / least - 1.0)
    };
    let mut verdicts = Vec::new();
    let losses = column("loss");
    let (least, _, change) = spread(&losses);
    let allowed = 1000.0 * rounding(precision);
    let holds = if change <= allowed { Holds::Yes } else { Holds::No };
    let detail = format!("the loss {least:.6} changes by {change:.1e} of itself");
    verdicts.push(verdict("rescaled layers are the same function to rounding", holds, detail));
    // What did not converge may lie anywhere.
    let judged = |values: &[f64], holds: bool| match holds {
        _ if values.len() < losses.len() => Holds::NotResolved,
        true => Holds::Yes,
        false => Holds::No,
    };
    let sharpness = column("eigenvalue_1");
    if !sharpness.is_empty() {
        let (least, most, change) = spread(&sharpness);
        let holds = judged(&sharpness, change > 1.0);
        let detail = format!("λ_max from {least:.4} to {most:.4}");
        verdicts.push(verdict(
            "the sharpness of one function can be made several times another",
            holds,
            detail,
        ));
    }
    let adaptive = column("adaptive_sharpness");
    if !adaptive.is_empty() {
        let (least, _, change) = spread(&adaptive);
        let holds = judged(&adaptive, change <= 2.0 * question.tolerance + allowed);
        let detail = format!("λ_max of diag|θ| H diag|θ| is {least:.6}, to {change:.1e} of itself");
        verdicts.push(verdict("the adaptive sharpness does not change", holds, detail));
    }
    verdicts
}

fn rounding(precision: Precision) -> f64 {
    match precision {
        Precision::F64 => f64::EPSILON,
        Precision::F32 => f64::from(f32::EPSILON),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{Overrides, Question, Study};

    /// Three factors, and what converged at each.
    fn answers(sharpness: [Option<f64>; 3], adaptive: [Option<f64>; 3]) -> Vec<Holds> {
        let text = "study = \"curvature\"\n[landscape]\nrisk = \"network\"\ndata = \"banknote\"\nlayers = [4, 2]\n\
                    activation = \"relu\"\n[curvature]\nrescale = [0.25, 1, 4]";
        let study = Study::parse("test", text, &Overrides::default()).unwrap();
        let Question::Curvature(question) = &study.first().question else { panic!("{text}") };
        let mut rows = Rows::default();
        for (sharpness, adaptive) in sharpness.into_iter().zip(adaptive) {
            let mut row = Row::default();
            row.text("matrix", "hessian").count("replica", 0).number("loss", 0.5);
            row.maybe("eigenvalue_1", sharpness).maybe("adaptive_sharpness", adaptive);
            rows.push(row);
        }
        rescaled(question, Precision::F64, &rows).iter().map(|verdict| verdict.holds).collect()
    }

    #[test]
    fn sharpnesses_that_are_missing_are_neither_equal_nor_different() {
        let all = answers([Some(1.0), Some(2.0), Some(9.0)], [Some(3.0); 3]);
        assert_eq!(all, [Holds::Yes; 3]);
        let some = answers([Some(1.0), None, Some(1.5)], [Some(3.0), None, None]);
        assert_eq!(some, [Holds::Yes, Holds::NotResolved, Holds::NotResolved]);
        assert_eq!(answers([None; 3], [None; 3]), [Holds::Yes]);
    }
}
