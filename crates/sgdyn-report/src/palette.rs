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
        }
    }
}

/// The style rules that recolour inline figures on a dark page.
pub(crate) fn dark_rules() -> String {
    let roles = ROLES.iter().map(|&(name, _, dark)| (name.to_owned(), dark));
    let series = DARK.iter().enumerate().map(|(index, &dark)| (format!("c{index}"), dark));
    roles
        .chain(series)
        .map(|(name, dark)| {
            format!("figure svg .f-{name}{{fill:{dark}}}figure svg .s-{name}{{stroke:{dark}}}\n")
        })
        .collect()
}

/// Dash patterns in pixels, from solid on; lines without a chosen dash cycle through them.
pub(crate) const DASHES: [&[f64]; 5] = [&[], &[6.0, 3.0], &[1.5, 2.5], &[8.0, 2.5, 1.5, 2.5], &[11.0, 3.5]];

const VIRIDIS: [[u8; 3]; 10] = [
    [0x44, 0x01, 0x54],
    [0x48, 0x28, 0x78],
    [0x3e, 0x49, 0x89],
    [0x31, 0x68, 0x8e],
    [0x26, 0x82, 0x8e],
    [0x1f, 0x9e, 0x89],
    [0x35, 0xb7, 0x79],
    [0x6d, 0xcd, 0x59],
    [0xb4, 0xde, 0x2c],
    [0xfd, 0xe7, 0x25],
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

/// The colour of position `t` in [0, 1]: viridis, or blue–white–red where zero is the middle.
pub(crate) fn shade(t: f64, diverging: bool) -> Ink {
    let stops: &[[u8; 3]] = if diverging { &DIVERGING } else { &VIRIDIS };
    // A byte of resolution is all that a screen shows, and cells of one shade share one path.
    let level = (t.clamp(0.0, 1.0) * 255.0).round() / 255.0;
    let position = level * (stops.len() - 1) as f64;
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
        assert_eq!(shade(0.0, false), Ink::Value(0x44, 0x01, 0x54));
        assert_eq!(shade(1.0, false), Ink::Value(0xfd, 0xe7, 0x25));
        assert_eq!(shade(0.0, true), Ink::Value(0x21, 0x66, 0xac));
        assert_eq!(shade(f64::INFINITY, true), Ink::Value(0xb2, 0x18, 0x2b));
    }

    #[test]
    fn colors_are_distinct_and_classes_cycle() {
        for (index, color) in LIGHT.iter().enumerate() {
            assert!(!LIGHT[..index].contains(color));
        }
        assert_eq!(Ink::Series(COLORS + 2).class(), Ink::Series(2).class());
    }
}
