//! The report of a run, put together from its study, its results and its manifest.

use crate::command::plan::duration;
use crate::figures::{self, NamedFigure};
use crate::summary::show;
use sgdyn::study::{self, Datum, Manifest, Results, Study, Values};
use sgdyn_report::{Holds, Report, Table, Verdict};

/// Detail tables of more rows are told by figures and files.
const MOST_DETAIL_ROWS: usize = 100;

/// The figures of a run and the page that they go into.
pub(crate) struct Page {
    /// The figures, in the order of the page.
    pub(crate) figures: Vec<NamedFigure>,
    report: Report,
}

impl Page {
    /// Puts a page together.
    pub(crate) fn new(study: &Study, manifest: &Manifest, results: &Results) -> Self {
        let first = study.first();
        let mut report = Report::new(first.title.clone().unwrap_or_else(|| study.name().to_owned()));
        report = report.description(description(study, results));
        for verdict in &results.verdicts {
            report = report.verdict(Verdict {
                claim: verdict.claim.clone(),
                holds: match verdict.holds {
                    study::Holds::Yes => Holds::Yes,
                    study::Holds::No => Holds::No,
                    study::Holds::NotResolved => Holds::NotResolved,
                },
                detail: verdict.detail.clone(),
            });
        }
        report = report.table(table(&results.rows, "One row for each thing measured."));
        for detail in results.details.iter().filter(|detail| (1..=MOST_DETAIL_ROWS).contains(&detail.rows()))
        {
            report = report.table(table(detail, ""));
        }
        report = report.settings(study.resolved_toml());
        for (what, value) in provenance(manifest) {
            report = report.provenance(what, value);
        }
        Self { figures: figures::of(study, results), report }
    }

    /// The page.
    pub(crate) fn into_html(self) -> String {
        let add = |report: Report, named: NamedFigure| report.figure(named.figure, named.caption);
        self.figures.into_iter().fold(self.report, add).to_html()
    }
}

fn description(study: &Study, results: &Results) -> String {
    let text = study.first().description.clone().unwrap_or_default();
    let (finished, cells) = (results.finished_cells, study.cell_count());
    if finished >= cells {
        return text;
    }
    let interrupted =
        format!("Interrupted: {finished} of {cells} cells are finished; the rest is missing here.");
    if text.is_empty() { interrupted } else { format!("{interrupted} {text}") }
}

fn provenance(manifest: &Manifest) -> Vec<(&'static str, String)> {
    let machine = &manifest.machine;
    let mut lines = vec![
        ("sgdyn", manifest.version.clone()),
        ("study", manifest.study.clone()),
        ("seed", manifest.seed.to_string()),
        ("status", manifest.status.to_string()),
        ("started", manifest.started.clone()),
    ];
    lines.extend(manifest.finished.clone().map(|finished| ("ended", finished)));
    lines.extend([
        ("working time", duration(manifest.wall_seconds)),
        ("threads", manifest.threads.to_string()),
        ("processor", format!("{} ({} cores, {})", machine.cpu, machine.cores, machine.simd)),
        ("system", machine.system.clone()),
    ]);
    lines
}

pub(crate) fn table(table: &study::Table, caption: &str) -> Table {
    let values = |values: &Values| {
        let texts = || (0..table.rows()).map(|row| show(&values.datum(row))).collect();
        match values {
            Values::Number(numbers) => sgdyn_report::Values::Number(numbers.clone()),
            Values::Count(_) | Values::Integer(_) => {
                let integer = |row| match values.datum(row) {
                    Datum::Count(count) => i64::try_from(count).ok(),
                    Datum::Integer(integer) => Some(integer),
                    _ => None,
                };
                let all = (0..table.rows()).map(integer).collect::<Option<Vec<i64>>>();
                all.map_or_else(|| sgdyn_report::Values::Text(texts()), sgdyn_report::Values::Integer)
            }
            Values::Truth(_) | Values::Text(_) => sgdyn_report::Values::Text(texts()),
        }
    };
    let present = |column: &&study::Column| {
        table.rows() == 0 || (0..table.rows()).any(|row| column.values.datum(row) != Datum::Missing)
    };
    let add =
        |shown: Table, column: &study::Column| shown.column(column.name.clone(), values(&column.values));
    table.columns().iter().filter(present).fold(Table::new(table.name(), caption), add)
}
