//! Colours, dashes and markers: distinct to colour-blind eyes, and by shape where colour is lost.

/// What a stroke or a fill means; the page decides the shade (light or dark).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ink {
    /// Text and axes.
    Text,
    /// Secondary text.
    Muted,
    /// Grid lines.
    Grid,
    /// The background.
    Paper,
    /// A data colour, by its number in the palette.
    Series(usize),
    /// A colour that encodes a value and stays what it is on any background.
    Value(u8, u8, u8),
    /// One of [`STEPS`] colours in an order, such as that of time: from pale to strong against the background.
    Step(u8),
}

/// The number of colours in an order; more could not be told apart.
pub(crate) const STEPS: u8 = 10;

/// Where the colours of an order lie in [`ORDERED`], from first to last, on white and on black: from less to more contrast
/// with the background.
const LIGHT_STEPS: (f64, f64) = (0.06, 1.0);
const DARK_STEPS: (f64, f64) = (0.7, 0.0);

fn step(index: u8, (first, last): (f64, f64)) -> String {
    let share = f64::from(index % STEPS) / f64::from(STEPS - 1);
    blend(&ORDERED, first + (last - first) * share).light()
}

/// The number of data colours.
pub(crate) const COLORS: usize = 8;
/// The grey among them, which reference lines take.
pub(crate) const REFERENCE: usize = 7;

/// After Okabe and Ito (2008), the pale ones darkened to a contrast of about 3:1 on white; index 5 is nearly black.
const LIGHT: [&str; COLORS] =
    ["#0072b2", "#d55e00", "#009e73", "#b8609a", "#c48a00", "#222222", "#3a9bd5", "#7f7f7f"];
const DARK: [&str; COLORS] =
    ["#4fa8e0", "#ff8a4c", "#2cc79c", "#e29ac6", "#edb93f", "#e6e6e6", "#93d0f7", "#a6a6a6"];

/// Paired `(role, light, dark)` of what is not data.
const ROLES: [(&str, &str, &str); 4] = [
    ("text", "#1f1f1f", "#e8e8e8"),
    ("muted", "#595959", "#b0b0b0"),
    ("grid", "#e4e4e4", "#3a3d42"),
    ("paper", "#ffffff", "#16181c"),
];

impl Ink {
    /// The colour on white.
    pub(crate) fn light(self) -> String {
        match self {
            Self::Text => ROLES[0].1.to_owned(),
            Self::Muted => ROLES[1].1.to_owned(),
            Self::Grid => ROLES[2].1.to_owned(),
            Self::Paper => ROLES[3].1.to_owned(),
            Self::Series(index) => LIGHT[index % COLORS].to_owned(),
            Self::Value(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
            Self::Step(index) => step(index, LIGHT_STEPS),
        }
    }

    /// The name by which a page can recolour it; none for colours that encode values.
    pub(crate) fn class(self) -> Option<String> {
        match self {
            Self::Text => Some("text".to_owned()),
            Self::Muted => Some("muted".to_owned()),
            Self::Grid => Some("grid".to_owned()),
            Self::Paper => Some("paper".to_owned()),
            Self::Series(index) => Some(format!("c{}", index % COLORS)),
            Self::Value(..) => None,
            Self::Step(index) => Some(format!("step{}", index % STEPS)),
        }
    }
}

/// The style rules that recolour inline figures on a dark page.
pub(crate) fn dark_rules() -> String {
    let roles = ROLES.iter().map(|&(name, _, dark)| (name.to_owned(), dark.to_owned()));
    let series = DARK.iter().enumerate().map(|(index, &dark)| (format!("c{index}"), dark.to_owned()));
    let steps = (0..STEPS).map(|index| (format!("step{index}"), step(index, DARK_STEPS)));
    roles
        .chain(series)
        .chain(steps)
        .map(|(name, dark)| {
            format!("figure svg .f-{name}{{fill:{dark}}}figure svg .s-{name}{{stroke:{dark}}}\n")
        })
        .collect()
}

/// Dash patterns in pixels, from solid on; lines without a chosen dash cycle through them.
pub(crate) const DASHES: [&[f64]; 5] = [&[], &[6.0, 3.0], &[1.5, 2.5], &[8.0, 2.5, 1.5, 2.5], &[11.0, 3.5]];

/// From white to dark violet by way of green and blue: OKLab lightness falls from 1 to 0.285 and steps between stops are of
/// equal length in OKLab (Ottosson 2020). Zero is paper, so that a density fades out and print stays light.
const SEQUENTIAL: [[u8; 3]; 17] = [
    [0xff, 0xff, 0xff],
    [0xfc, 0xfc, 0xd6],
    [0xe5, 0xf5, 0xb6],
    [0xc2, 0xed, 0xa4],
    [0x9a, 0xe3, 0x9f],
    [0x70, 0xd8, 0xa2],
    [0x42, 0xcb, 0xa7],
    [0x08, 0xbb, 0xab],
    [0x07, 0xab, 0xaa],
    [0x03, 0x99, 0xa7],
    [0x05, 0x87, 0xa2],
    [0x03, 0x77, 0x9d],
    [0x15, 0x66, 0x95],
    [0x25, 0x53, 0x87],
    [0x2b, 0x41, 0x77],
    [0x2d, 0x30, 0x65],
    [0x2b, 0x1f, 0x53],
];
/// From amber by way of magenta to dark blue, for thin lines: more hues than [`SEQUENTIAL`], no pale end; OKLab lightness
/// falls from 0.80 to 0.28, steps between stops are of equal length in OKLab.
const ORDERED: [[u8; 3]; 13] = [
    [0xf0, 0xb2, 0x1b],
    [0xf5, 0x96, 0x01],
    [0xf8, 0x78, 0x01],
    [0xf4, 0x5b, 0x31],
    [0xe8, 0x3f, 0x50],
    [0xd5, 0x28, 0x69],
    [0xbd, 0x19, 0x7d],
    [0xa1, 0x12, 0x8e],
    [0x82, 0x12, 0x98],
    [0x62, 0x13, 0x9a],
    [0x41, 0x15, 0x93],
    [0x1c, 0x17, 0x83],
    [0x00, 0x20, 0x67],
];
const DIVERGING: [[u8; 3]; 7] = [
    [0x21, 0x66, 0xac],
    [0x67, 0xa9, 0xcf],
    [0xd1, 0xe5, 0xf0],
    [0xf7, 0xf7, 0xf7],
    [0xfd, 0xdb, 0xc7],
    [0xef, 0x8a, 0x62],
    [0xb2, 0x18, 0x2b],
];

/// More levels than this are not told apart, and cells of one level share one path.
const LEVELS: f64 = 100.0;

/// The colour of position `t` in [0, 1]: from white to dark, or blue–white–red where zero is the middle.
pub(crate) fn shade(t: f64, diverging: bool) -> Ink {
    let level = (t.clamp(0.0, 1.0) * LEVELS).round() / LEVELS;
    blend(if diverging { &DIVERGING } else { &SEQUENTIAL }, level)
}

/// The colour at position `t` in [0, 1] between evenly placed stops.
fn blend(stops: &[[u8; 3]], t: f64) -> Ink {
    let position = t * (stops.len() - 1) as f64;
    let index = (position as usize).min(stops.len() - 2);
    let fraction = position - index as f64;
    let mix = |channel: usize| {
        let (a, b) = (f64::from(stops[index][channel]), f64::from(stops[index + 1][channel]));
        (a + (b - a) * fraction).round() as u8
    };
    Ink::Value(mix(0), mix(1), mix(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_meet_their_stops() {
        assert_eq!(shade(0.0, false), Ink::Value(0xff, 0xff, 0xff));
        let last = SEQUENTIAL[SEQUENTIAL.len() - 1];
        assert_eq!(shade(1.0, false), Ink::Value(last[0], last[1], last[2]));
        assert_eq!(shade(0.0, true), Ink::Value(0x21, 0x66, 0xac));
        assert_eq!(shade(f64::INFINITY, true), Ink::Value(0xb2, 0x18, 0x2b));
    }

    /// Relative luminance of WCAG 2 (sRGB, IEC 61966-2-1).
    fn luminance(color: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&color[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    /// An order that holds in grey holds for every eye and every printer.
    #[test]
    fn ordered_colors_fall_in_luminance() {
        let scale: Vec<f64> =
            (0..=20).map(|k| luminance(&shade(f64::from(k) / 20.0, false).light())).collect();
        assert!(scale.windows(2).all(|pair| pair[1] < pair[0]), "{scale:?}");
        let light: Vec<f64> = (0..STEPS).map(|k| luminance(&step(k, LIGHT_STEPS))).collect();
        assert!(light.windows(2).all(|pair| pair[1] < pair[0]), "{light:?}");
        let dark: Vec<f64> = (0..STEPS).map(|k| luminance(&step(k, DARK_STEPS))).collect();
        assert!(dark.windows(2).all(|pair| pair[1] > pair[0]), "{dark:?}");
    }

    #[test]
    fn colors_are_distinct_and_classes_cycle() {
        for (index, color) in LIGHT.iter().enumerate() {
            assert!(!LIGHT[..index].contains(color));
        }
        assert_eq!(Ink::Series(COLORS + 2).class(), Ink::Series(2).class());
    }
}
