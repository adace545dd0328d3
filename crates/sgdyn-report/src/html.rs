//! A report as one HTML page with everything inside.

use std::fmt::Write;

use crate::escape::escape;
use crate::palette::dark_rules;
use crate::svg::font_face;
use crate::{Figure, Holds, Report, Verdict};

const STYLE: &str = include_str!("../assets/report.css");

/// The page of `report`.
pub(crate) fn page(report: &Report) -> String {
    let title = escape(&report.title);
    let mut body = format!("<header>\n<h1>{title}</h1>\n");
    if !report.description.is_empty() {
        body += &format!("<p class=\"lead\">{}</p>\n", escape(&report.description));
    }
    body += "</header>\n";
    body += &verdicts(&report.verdicts);
    if !report.figures.is_empty() {
        body += "<h2>Figures</h2>\n";
    }
    for (index, (figure, caption)) in report.figures.iter().enumerate() {
        body += &self::figure(index + 1, figure, caption);
    }
    if !report.tables.is_empty() {
        body += "<h2>Tables</h2>\n";
    }
    for (index, table) in report.tables.iter().enumerate() {
        body += &table.to_html(index + 1);
    }
    if !report.settings.is_empty() {
        let settings = escape(&report.settings);
        body += &format!("<h2>Settings</h2>\n<pre tabindex=\"0\"><code>{settings}</code></pre>\n");
    }
    if !report.provenance.is_empty() {
        body += "<h2>Provenance</h2>\n<table class=\"provenance\">\n<tbody>\n";
        for (what, value) in &report.provenance {
            let (what, value) = (escape(what), escape(value));
            // Writing to a string cannot fail.
            let _ = writeln!(body, "<tr><th scope=\"row\">{what}</th><td class=\"words\">{value}</td></tr>");
        }
        body += "</tbody>\n</table>\n";
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"generator\" content=\"sgdyn\">\n<title>{title}</title>\n\
         <style>\n{STYLE}@media screen and (prefers-color-scheme: dark){{\n{}}}\n{}\n</style>\n</head>\n\
         <body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        dark_rules(),
        font_face(),
    )
}

/// Class, sign and word for each answer: colour is never the only bearer.
fn answer(holds: Holds) -> (&'static str, &'static str, &'static str) {
    match holds {
        Holds::Yes => ("yes", "✓", "holds"),
        Holds::No => ("no", "✗", "does not hold"),
        Holds::NotResolved => ("open", "?", "not resolved"),
    }
}

fn verdicts(verdicts: &[Verdict]) -> String {
    if verdicts.is_empty() {
        return String::new();
    }
    let counted: Vec<String> = [Holds::Yes, Holds::No, Holds::NotResolved]
        .into_iter()
        .map(|holds| (holds, verdicts.iter().filter(|verdict| verdict.holds == holds).count()))
        .filter(|&(_, count)| count > 0)
        .map(|(holds, count)| match holds {
            Holds::Yes => format!("{count} {}", if count == 1 { "holds" } else { "hold" }),
            Holds::No => format!("{count} {} not hold", if count == 1 { "does" } else { "do" }),
            Holds::NotResolved => format!("{count} not resolved"),
        })
        .collect();
    let claims = if verdicts.len() == 1 { "claim" } else { "claims" };
    let mut html = format!(
        "<h2>Verdicts</h2>\n<p class=\"note\">{} {claims}: {}.</p>\n<ul class=\"verdicts\">\n",
        verdicts.len(),
        counted.join(", ")
    );
    for verdict in verdicts {
        let (class, sign, word) = answer(verdict.holds);
        let (claim, detail) = (escape(&verdict.claim), escape(&verdict.detail));
        html += &format!(
            "<li class=\"{class}\"><p class=\"answer\"><span aria-hidden=\"true\">{sign}</span> {word}</p>\
             <p class=\"claim\">{claim}</p><p class=\"detail\">{detail}</p></li>\n"
        );
    }
    html + "</ul>\n"
}

fn figure(number: usize, figure: &Figure, caption: &str) -> String {
    let svg = figure.to_inline_svg(&format!("figure{number}-"));
    format!(
        "<figure id=\"figure{number}\">\n<div class=\"scroll\">{svg}</div>\n\
         <figcaption><b>Figure {number}.</b> {}</figcaption>\n</figure>\n",
        escape(caption)
    )
}
