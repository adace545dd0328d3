//! What a study concludes, and the document that holds all its results.

use super::table::Table;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// Whether a claim holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Holds {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// The data cannot tell.
    #[serde(rename = "not resolved")]
    NotResolved,
}

impl std::fmt::Display for Holds {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::NotResolved => "not resolved",
        })
    }
}

/// A claim and whether the results bear it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The claim, as a sentence.
    pub claim: String,
    /// Whether it holds.
    pub holds: Holds,
    /// The numbers behind the answer.
    pub detail: String,
}

/// The results of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyOutput {
    /// The name of the study.
    pub study: String,
    /// Its seed.
    pub seed: u64,
    /// The results, one row per cell and target or statistic.
    pub rows: Table,
    /// The conclusions.
    pub verdicts: Vec<Verdict>,
}

impl StudyOutput {
    /// The document `{"study", "seed", "rows": [flat objects], "verdicts": [{"claim", "holds", "detail"}]}`.
    pub fn to_json(&self) -> Json {
        json!({
            "study": self.study,
            "seed": self.seed,
            "rows": self.rows.to_json_rows(),
            "verdicts": self.verdicts,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::ColumnKind;

    #[test]
    fn the_document_has_its_keys_in_order() {
        let mut rows = Table::new("escape", [("beta", ColumnKind::Number)]).unwrap();
        rows.push([3.0.into()]).unwrap();
        let verdict = |holds| Verdict { claim: "c".into(), holds, detail: "d".into() };
        let output = StudyOutput {
            study: "wells".into(),
            seed: u64::MAX,
            rows,
            verdicts: vec![verdict(Holds::Yes), verdict(Holds::NotResolved)],
        };
        assert_eq!(
            output.to_json().to_string(),
            r#"{"study":"wells","seed":18446744073709551615,"rows":[{"beta":3.0}],"verdicts":[{"claim":"c","holds":"yes","detail":"d"},{"claim":"c","holds":"not resolved","detail":"d"}]}"#
        );
    }
}
