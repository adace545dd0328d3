//! What a report says: verdicts, figures, tables, settings and where they come from.

use crate::html;
use crate::{Figure, Table};

/// Whether a claim holds, judged with its uncertainty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// The data support it.
    Yes,
    /// The data contradict it.
    No,
    /// The data cannot tell.
    NotResolved,
}

/// A claim and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The claim, in a sentence.
    pub claim: String,
    /// Whether it holds.
    pub holds: Holds,
    /// The numbers behind the judgement.
    pub detail: String,
}

/// A study's results as one page.
///
/// ```
/// use sgdyn_report::{Holds, Report, Verdict};
/// let page = Report::new("Escape from a double well")
///     .verdict(Verdict {
///         claim: "τ grows as exp(βΔU)".into(),
///         holds: Holds::Yes,
///         detail: "slope 0.998(4)".into(),
///     })
///     .settings("seed = 7")
///     .provenance("seed", "7")
///     .to_html();
/// assert!(page.starts_with("<!DOCTYPE html>") && page.contains("0.998(4)"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) figures: Vec<(Figure, String)>,
    pub(crate) tables: Vec<Table>,
    pub(crate) settings: String,
    pub(crate) provenance: Vec<(String, String)>,
}

impl Report {
    /// An empty report.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// The paragraph under the title.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Adds a verdict.
    pub fn verdict(mut self, verdict: Verdict) -> Self {
        self.verdicts.push(verdict);
        self
    }

    /// Adds a figure with its caption.
    pub fn figure(mut self, figure: Figure, caption: impl Into<String>) -> Self {
        self.figures.push((figure, caption.into()));
        self
    }

    /// Adds a table.
    pub fn table(mut self, table: Table) -> Self {
        self.tables.push(table);
        self
    }

    /// The settings of the study, as its TOML text.
    pub fn settings(mut self, toml: impl Into<String>) -> Self {
        self.settings = toml.into();
        self
    }

    /// Adds a line to where the results come from: version, seed, machine, threads, times.
    pub fn provenance(mut self, what: impl Into<String>, value: impl Into<String>) -> Self {
        self.provenance.push((what.into(), value.into()));
        self
    }

    /// The page: one file that needs no other and no network. The same report gives the same bytes.
    pub fn to_html(&self) -> String {
        html::page(self)
    }
}
