//! What fell short of the accuracy that was asked for: its rows, and what is said of it.

use super::look::Asked;
use crate::krylov::Unconverged;
use crate::random::Variate;
use crate::statistics::Estimate;
use crate::study::run::rows::{Row, Rows};
use crate::study::run::verdicts::verdict;
use crate::study::{Holds, Verdict};

/// What a verdict tells one by one; the table has all.
const MOST_TOLD: usize = 4;

/// What is asked for to an accuracy: a residual, or a standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    NoiseEigenvalues,
    Eigenpairs,
    Trace,
    Diagonal,
    AdaptiveSharpness,
    TensorEigenvalue,
    TensorTrace,
    TensorNoise,
    /// tr AΣ.
    ProductTrace,
    /// tr A².
    MatrixSquare,
    /// tr Σ².
    NoiseSquare,
    LeadingEigenvectors,
}

impl Quantity {
    /// In the order of their verdicts; those that share one stand together.
    const ALL: [Self; 12] = [
        Self::NoiseEigenvalues,
        Self::Eigenpairs,
        Self::Trace,
        Self::Diagonal,
        Self::AdaptiveSharpness,
        Self::TensorEigenvalue,
        Self::TensorTrace,
        Self::TensorNoise,
        Self::ProductTrace,
        Self::MatrixSquare,
        Self::NoiseSquare,
        Self::LeadingEigenvectors,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::NoiseEigenvalues => "eigenvalues",
            Self::Eigenpairs => "eigenpairs",
            Self::Trace => "trace",
            Self::Diagonal => "diagonal",
            Self::AdaptiveSharpness => "adaptive sharpness",
            Self::TensorEigenvalue => "eigenvalue of the tensor",
            Self::TensorTrace => "trace of the tensor",
            Self::TensorNoise => "noise of the tensor",
            Self::ProductTrace => "tr AΣ",
            Self::MatrixSquare => "tr A²",
            Self::NoiseSquare => "tr Σ²",
            Self::LeadingEigenvectors => "eigenvectors",
        }
    }

    pub(super) fn claim(self) -> &'static str {
        match self {
            Self::NoiseEigenvalues => {
                "the eigenvalues of the gradients' covariance are known to the residual asked for"
            }
            Self::Eigenpairs => "every eigenpair is known to the residual asked for",
            Self::Trace => "every trace is known to the standard error asked for",
            Self::Diagonal => "every diagonal is known to the standard error asked for",
            Self::AdaptiveSharpness => "every adaptive sharpness is known to the residual asked for",
            Self::TensorEigenvalue => {
                "the largest eigenvalue of every tensor is known to the residual asked for"
            }
            Self::TensorTrace | Self::TensorNoise => {
                "the traces of every tensor are known to the standard error asked for"
            }
            Self::ProductTrace | Self::MatrixSquare | Self::NoiseSquare => {
                "the traces of the alignment are known to the standard error asked for"
            }
            Self::LeadingEigenvectors => {
                "the eigenvectors whose overlap is asked for are known to their residual"
            }
        }
    }

    /// What brings a residual down; only one eigenvalue is asked of a tensor and of a scaled matrix.
    fn remedy_of_pairs(self) -> &'static str {
        match self {
            Self::AdaptiveSharpness | Self::TensorEigenvalue => {
                "allow more `curvature.products` or a larger `curvature.tolerance`"
            }
            _ => {
                "allow more `curvature.products` or a larger `curvature.tolerance`, or ask for a smaller `curvature.count`"
            }
        }
    }
}

/// What brings a standard error down.
const REMEDY_OF_ESTIMATES: &str =
    "allow more `curvature.most_vectors` or a larger `curvature.standard_error`";

/// The names of what fell short, each once.
pub(super) fn names(short: &[Quantity]) -> String {
    let of_short = Quantity::ALL.into_iter().filter(|quantity| short.contains(quantity));
    of_short.map(Quantity::name).collect::<Vec<_>>().join(", ")
}

impl<R: Variate> Asked<'_, '_, R> {
    /// Eigenpairs that did not converge; `keys` name the matrix, and the tensor if it is one's.
    pub(super) fn unconverged(&mut self, quantity: Quantity, mut keys: Row, found: &Unconverged) {
        keys.text("quantity", quantity.name()).number("asked", found.tolerance);
        keys.maybe("reached", finite(found.worst)).count("products", found.products as u64);
        keys.count("pairs", found.asked as u64).count("converged", found.converged as u64);
        keys.text("remedy", quantity.remedy_of_pairs());
        self.fell_short(quantity, keys);
    }

    /// An estimate whose relative standard error may be larger than was asked for.
    pub(super) fn compare(&mut self, quantity: Quantity, keys: Row, found: Estimate) {
        if found.relative_error() > self.look.question.standard_error {
            self.inaccurate(quantity, keys, found.relative_error(), found.n);
        }
    }

    /// An estimate by `vectors` random vectors whose relative standard error is larger than was asked for.
    pub(super) fn inaccurate(&mut self, quantity: Quantity, mut keys: Row, error: f64, vectors: u64) {
        keys.text("quantity", quantity.name()).number("asked", self.look.question.standard_error);
        keys.maybe("reached", finite(error)).count("vectors", vectors);
        keys.text("remedy", REMEDY_OF_ESTIMATES);
        self.fell_short(quantity, keys);
    }

    fn fell_short(&mut self, quantity: Quantity, entry: Row) {
        self.short.push(quantity);
        self.tables.unresolved.push(entry);
    }
}

fn finite(value: f64) -> Option<f64> {
    Some(value).filter(|value| value.is_finite())
}

/// Whether any `quantity` fell short.
pub(super) fn any(unresolved: &Rows, quantity: Quantity) -> bool {
    unresolved.iter().any(|row| row.word("quantity") == Some(quantity.name()))
}

/// A verdict for each claim that something fell short of.
pub(super) fn verdicts(unresolved: &Rows) -> Vec<Verdict> {
    let mut claims = Quantity::ALL.map(Quantity::claim).to_vec();
    claims.dedup();
    claims.into_iter().filter_map(|claim| not_resolved(claim, unresolved)).collect()
}

fn not_resolved(claim: &str, unresolved: &Rows) -> Option<Verdict> {
    let names: Vec<&str> =
        Quantity::ALL.into_iter().filter(|quantity| quantity.claim() == claim).map(Quantity::name).collect();
    let short: Vec<&Row> = unresolved
        .iter()
        .filter(|row| row.word("quantity").is_some_and(|name| names.contains(&name)))
        .collect();
    let remedy = short.first()?.word("remedy")?;
    let mut lines: Vec<String> = short.iter().take(MOST_TOLD).map(|row| told(row)).collect();
    if short.len() > MOST_TOLD {
        lines.push(format!("and {} more, in the table `unresolved`", short.len() - MOST_TOLD));
    }
    lines.push(remedy.to_owned());
    Some(verdict(claim, Holds::NotResolved, lines.join("\n")))
}

/// Where it is, and how far it came.
fn told(row: &Row) -> String {
    let mut place = vec![row.word("matrix").unwrap_or_default().to_owned()];
    place.extend(row.word("tensor").map(|tensor| format!("tensor {tensor}")));
    place.extend(row.word("quantity").map(str::to_owned));
    place.extend(row.value("rescale").map(|factor| format!("rescale = {factor}")));
    place.extend(row.value("replica").map(|replica| format!("replica {replica}")));
    place.extend(Some(row.settings()).filter(|settings| !settings.is_empty()));
    let how_far = row.value("products").map_or_else(|| error_of(row), |products| residual_of(row, products));
    format!("{}: {how_far}", place.join(", "))
}

fn residual_of(row: &Row, products: f64) -> String {
    let value = |name: &str| row.value(name).unwrap_or(f64::NAN);
    let (converged, pairs, asked) = (value("converged"), value("pairs"), value("asked"));
    let worst = row.value("reached").map_or_else(
        || "too few for so many".to_owned(),
        |worst| format!("the worst has a relative residual of {worst:.1e}, above {asked:.1e}"),
    );
    format!("{converged} of {pairs} pairs converged in {products} products, residuals included; {worst}")
}

fn error_of(row: &Row) -> String {
    let value = |name: &str| row.value(name).unwrap_or(f64::NAN);
    let (vectors, asked) = (value("vectors"), value("asked"));
    let Some(reached) = row.value("reached") else {
        return format!("the mean of {vectors} vectors is 0, which has no relative standard error");
    };
    // The error of a mean falls as one over the root of the number of vectors.
    let needed = vectors * (reached / asked).powi(2);
    format!(
        "a relative standard error of {reached:.1e} from {vectors} vectors, above {asked:.1e}; about {needed:.1e} would do"
    )
}
