//! The embedded typeface, the extents of its text, and line breaking by them.

use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

/// The families asked for: the embedded one first, then what most machines have.
pub(crate) const FAMILY: &str = "'DejaVu Sans',Verdana,sans-serif";
/// DejaVu Sans, reduced to the characters of scientific labels.
pub(crate) const TRUETYPE: &[u8] = include_bytes!("../assets/dejavu-sans-subset.ttf");
/// The same font for browsers.
pub(crate) const WOFF2_BASE64: &str = include_str!("../assets/dejavu-sans-subset.woff2.base64");

/// The advance of a character that the font lacks, in em.
const UNKNOWN_ADVANCE: f64 = 0.7;

/// The width of `text` set at `size`, in the unit of `size`.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let Ok(font) = FontRef::new(TRUETYPE) else {
        return text.chars().count() as f64 * UNKNOWN_ADVANCE * size;
    };
    let characters = font.charmap();
    let metrics = font.glyph_metrics(Size::new(1.0), LocationRef::default());
    let advance = |character| {
        characters
            .map(character)
            .and_then(|glyph| metrics.advance_width(glyph))
            .map_or(UNKNOWN_ADVANCE, f64::from)
    };
    text.chars().map(advance).sum::<f64>() * size
}

/// The distance between the baselines of successive lines.
pub(crate) fn line_height(size: f64) -> f64 {
    (size * 1.3).round()
}

/// Breaks `text` into lines no wider than `limit`: at spaces, inside a word only where the word alone is too wide.
pub(crate) fn wrap(text: &str, size: f64, limit: f64) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let joined = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if width(&joined, size) <= limit {
            line = joined;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for character in word.chars() {
            if !line.is_empty()
                && width(&line, size) + width(character.encode_utf8(&mut [0; 4]), size) > limit
            {
                lines.push(std::mem::take(&mut line));
            }
            line.push(character);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Advances of DejaVu Sans in units of 1/2048 em, read with fonttools 4.68: A 1401, 0 1303, θ 1253, − 1716, U+0302 0.
    #[test]
    fn widths_are_sums_of_advances() {
        for (text, units) in [("A", 1401.0), ("00", 2606.0), ("θ\u{302}", 1253.0), ("−0", 3019.0), ("", 0.0)]
        {
            let expected = units / 2048.0 * 12.0;
            assert!((width(text, 12.0) - expected).abs() < 1e-4, "{text}");
        }
    }

    #[test]
    fn wrapped_lines_fit_and_lose_no_word() {
        let text = "measured over predicted variance with anunbreakablyverylongwordinside it";
        let lines = wrap(text, 12.0, 90.0);
        assert!(lines.iter().all(|line| width(line, 12.0) <= 90.0), "{lines:?}");
        assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        assert!(wrap("  ", 12.0, 50.0).is_empty());
    }

    #[test]
    fn every_character_of_labels_is_there() {
        let font = FontRef::new(TRUETYPE).unwrap();
        let needed = "aZ09 äé×·±−≤≥≈≠∞√∂∇∫ΣΔηβλθσμτ⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺₀₁₂₉ᵢᵀℓℝ→↓∝⟨⟩…–—“”✓✗\u{302}\u{2009}";
        for character in needed.chars() {
            assert!(font.charmap().map(character).is_some(), "{character:?} is missing");
        }
    }
}
