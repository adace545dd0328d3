//! A scene as SVG. Colours are attributes, so any viewer shows them, and classes, so a page can recolour them.

use std::fmt::Write;

use crate::escape::escape;
use crate::font;
use crate::palette::Ink;
use crate::scene::{Anchor, Command, Item, Path, Scene, Text};

/// Where the font of a document comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Typeface {
    /// From the document itself.
    Embedded,
    /// From whoever shows it.
    Named,
}

/// The scene as one `<svg>` element; identifiers start with `prefix`.
pub(crate) fn document(scene: &Scene, prefix: &str, typeface: Typeface) -> String {
    let (width, height) = (number(scene.width), number(scene.height));
    let mut writer = Writer { text: String::new(), prefix, clips: 0 };
    writer.put(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"{prefix}title {prefix}desc\" font-family=\"{}\">\n",
        font::FAMILY
    ));
    writer.put(&format!("<title id=\"{prefix}title\">{}</title>\n", escape(&scene.title)));
    writer.put(&format!("<desc id=\"{prefix}desc\">{}</desc>\n", escape(&scene.description)));
    if typeface == Typeface::Embedded {
        writer.put(&format!("<style>{}</style>\n", font_face()));
    }
    for item in &scene.items {
        writer.item(item);
    }
    writer.put("</svg>\n");
    writer.text
}

/// The style rule that carries the font.
pub(crate) fn font_face() -> String {
    format!(
        "@font-face{{font-family:'DejaVu Sans';src:url(data:font/woff2;base64,{}) format('woff2')}}",
        font::WOFF2_BASE64.trim_end()
    )
}

/// A coordinate with at most two decimals: a hundredth of a pixel is not seen, and rounding hides the last bits in which
/// the logarithms of two machines may differ.
pub(crate) fn number(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    // Adding zero turns −0 into 0.
    format!("{}", rounded + 0.0)
}

struct Writer<'a> {
    text: String,
    prefix: &'a str,
    clips: usize,
}

impl Writer<'_> {
    fn put(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Path(path) => self.path(path),
            Item::Text(text) => self.words(text),
            Item::Group { x, y, clip, items } => self.group(*x, *y, *clip, items),
        }
    }

    fn group(&mut self, x: f64, y: f64, clip: Option<(f64, f64)>, items: &[Item]) {
        let mut opening = "<g".to_owned();
        if (x, y) != (0.0, 0.0) {
            opening += &format!(" transform=\"translate({} {})\"", number(x), number(y));
        }
        if let Some((width, height)) = clip {
            let name = format!("{}clip{}", self.prefix, self.clips);
            self.clips += 1;
            let (width, height) = (number(width), number(height));
            self.put(&format!(
                "<clipPath id=\"{name}\"><rect width=\"{width}\" height=\"{height}\"/></clipPath>\n"
            ));
            opening += &format!(" clip-path=\"url(#{name})\"");
        }
        self.put(&opening);
        self.put(">\n");
        for item in items {
            self.item(item);
        }
        self.put("</g>\n");
    }

    fn path(&mut self, path: &Path) {
        let mut classes = Vec::new();
        let mut style = String::new();
        match path.fill {
            Some((ink, opacity)) => {
                classes.extend(ink.class().map(|class| format!("f-{class}")));
                style += &format!(" fill=\"{}\"", ink.light());
                if opacity < 1.0 {
                    style += &format!(" fill-opacity=\"{opacity}\"");
                }
            }
            None => style += " fill=\"none\"",
        }
        if let Some(stroke) = path.stroke {
            classes.extend(stroke.ink.class().map(|class| format!("s-{class}")));
            style += &format!(" stroke=\"{}\" stroke-width=\"{}\"", stroke.ink.light(), number(stroke.width));
            if stroke.dash.is_empty() && !path.crisp {
                style += " stroke-linejoin=\"round\" stroke-linecap=\"round\"";
            } else if !stroke.dash.is_empty() {
                let dash: Vec<String> = stroke.dash.iter().map(|&length| number(length)).collect();
                style += &format!(" stroke-dasharray=\"{}\"", dash.join(" "));
            }
        }
        if path.crisp {
            style += " shape-rendering=\"crispEdges\"";
        }
        let class =
            if classes.is_empty() { String::new() } else { format!(" class=\"{}\"", classes.join(" ")) };
        self.put(&format!("<path{class}{style} d=\"{}\"/>\n", outline(&path.commands)));
    }

    fn words(&mut self, text: &Text) {
        let (x, y) = (number(text.x), number(text.y));
        let mut style = format!(" font-size=\"{}\" fill=\"{}\"", number(text.size), text.ink.light());
        let mut class = text.ink.class().map_or_else(String::new, |class| format!("f-{class}"));
        match text.anchor {
            Anchor::Start => {}
            Anchor::Middle => style += " text-anchor=\"middle\"",
            Anchor::End => style += " text-anchor=\"end\"",
        }
        if text.turn != 0.0 {
            style += &format!(" transform=\"rotate({} {x} {y})\"", number(text.turn));
        }
        if text.halo {
            class += " s-paper";
            let paper = Ink::Paper.light();
            style += &format!(
                " stroke=\"{paper}\" stroke-width=\"3\" stroke-linejoin=\"round\" paint-order=\"stroke\""
            );
        }
        let content = escape(&text.content);
        self.put(&format!("<text x=\"{x}\" y=\"{y}\" class=\"{class}\"{style}>{content}</text>\n"));
    }
}

fn outline(commands: &[Command]) -> String {
    let mut data = String::with_capacity(commands.len() * 12);
    // Where the pen is after a horizontal line: the next one of the same row starts from there, in fewer digits.
    let mut pen: Option<(f64, f64)> = None;
    for command in commands {
        let before = pen.take();
        // Writing to a string cannot fail.
        let _ = match *command {
            Command::Move(x, y) => {
                pen = Some((x, y));
                match before {
                    Some((from, row)) if row == y => write!(data, "m{} 0", number(x - from)),
                    _ => write!(data, "M{} {}", number(x), number(y)),
                }
            }
            Command::Line(x, y) => write!(data, "L{} {}", number(x), number(y)),
            Command::Across(length) => {
                pen = before.map(|(x, y)| (x + length, y));
                write!(data, "h{}", number(length))
            }
            Command::Circle(x, y, radius) => {
                let (left, y, r, across) =
                    (number(x - radius), number(y), number(radius), number(2.0 * radius));
                write!(data, "M{left} {y}a{r} {r} 0 1 0 {across} 0a{r} {r} 0 1 0 -{across} 0z")
            }
            Command::Rectangle(x, y, width, height) => {
                let (back, width, height) = (number(-width), number(width), number(height));
                write!(data, "M{} {}h{width}v{height}h{back}z", number(x), number(y))
            }
            Command::Close => write!(data, "z"),
        };
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_one_row_follow_each_other() {
        use Command::{Across, Line, Move};
        let row = [
            Move(0.5, 1.0),
            Across(2.0),
            Move(4.0, 1.0),
            Across(1.0),
            Move(0.0, 2.0),
            Line(3.0, 2.0),
            Move(4.0, 2.0),
        ];
        assert_eq!(outline(&row), "M0.5 1h2m1.5 0h1M0 2L3 2M4 2");
    }

    #[test]
    fn coordinates_are_short() {
        for (value, text) in [(1.0, "1"), (1.005, "1"), (-0.001, "0"), (2.346, "2.35"), (1e5, "100000")] {
            assert_eq!(number(value), text);
        }
    }
}
