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
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"generator\" content=\"sgdyn\"/>\n<title>{title}</title>\n\
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

#[cfg(test)]
mod tests {
    use crate::{Axis, Figure, Panel, Report, Series, Table, Values, Verdict};

    use super::*;

    fn report() -> Report {
        let figure = |title: &str| {
            Figure::new(title).panel(
                Panel::new(Axis::linear("x"), Axis::linear("y"))
                    .series(Series::line([0.0, 1.0], [0.0, 1.0]).label("<script>")),
            )
        };
        Report::new("<script>alert(1)</script> & more")
            .description("a \"description\"")
            .verdict(Verdict { claim: "a < b".into(), holds: Holds::No, detail: "x & y".into() })
            .verdict(Verdict { claim: "c".into(), holds: Holds::NotResolved, detail: String::new() })
            .figure(figure("one"), "caption <1>")
            .figure(figure("two"), "caption 2")
            .table(Table::new("t", "c").column("v", Values::Number(vec![1.0])))
            .settings("x = \"<&>\" # </pre>")
            .provenance("machine", "<none>")
    }

    /// The page is written so that it is well-formed XML too, which lets an XML parser check it.
    #[test]
    fn page_is_well_formed_and_self_contained() {
        let page = report().to_html();
        let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
        let document = roxmltree::Document::parse_with_options(&page, options).unwrap();
        let mut identifiers = std::collections::HashSet::new();
        for node in document.descendants().filter(roxmltree::Node::is_element) {
            assert!(!["script", "link", "img", "iframe"].contains(&node.tag_name().name()));
            for attribute in node.attributes() {
                assert!(!["src", "href"].contains(&attribute.name()), "{attribute:?}");
                if attribute.name() == "id" {
                    assert!(identifiers.insert(attribute.value().to_owned()), "{attribute:?} twice");
                }
            }
            if node.tag_name().name() == "th" {
                assert!(node.has_attribute("scope"));
            }
        }
        let addresses = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!addresses.contains("http") && !page.contains("@import"));
        assert_eq!(page.matches("url(data:").count(), 1, "the font is there once");
        assert_eq!(page.matches("<svg").count(), 2);
        for text in ["does not hold", "not resolved", "2 claims: 1 does not hold, 1 not resolved."] {
            assert!(page.contains(text), "{text}");
        }
        assert_eq!(page, report().to_html());
    }

    #[test]
    fn empty_report_is_a_page() {
        let page = Report::default().to_html();
        assert!(page.ends_with("</html>\n") && !page.contains("<h2>"));
    }
}
