//! The colour, dash and marker of each series of a panel, chosen where the series does not say.

use crate::palette::{DASHES, Ink, REFERENCE};
use crate::series::{Color, Shape, Weight};
use crate::{Dash, Series};

/// How a series is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) ink: Ink,
    pub(crate) dash: &'static [f64],
    pub(crate) marker: usize,
    /// The width of lines in pixels.
    pub(crate) width: f64,
    /// Markers are not larger than this, in pixels.
    pub(crate) most_radius: f64,
}

const LINE_WIDTH: f64 = 1.6;
const HEAVY_WIDTH: f64 = 3.4;
const LIGHT_WIDTH: f64 = 0.9;
const LIGHT_RADIUS: f64 = 2.2;

/// One style for each series.
pub(crate) fn styles(series: &[Series]) -> Vec<Style> {
    let taken: Vec<usize> = series
        .iter()
        .filter_map(|series| if let Color::Number(number) = series.color { Some(number) } else { None })
        .collect();
    // Automatic colours avoid those that were chosen.
    let mut free = (0..).filter(|number| !taken.contains(number));
    let mut lines = 0;
    series
        .iter()
        .map(|series| {
            let automatic = series.color == Color::Auto && !matches!(series.shape, Shape::HeatMap(..));
            let number = match series.color {
                Color::Number(number) => number,
                Color::Auto if automatic => free.next().unwrap_or(0),
                _ => 0,
            };
            let ink = match series.color {
                Color::Ink => Ink::Text,
                Color::Reference => Ink::Series(REFERENCE),
                Color::Step(index) => Ink::Step(index),
                _ => Ink::Series(number),
            };
            let is_line = matches!(series.shape, Shape::Line { .. } | Shape::Steps { .. });
            let dash = match series.dash {
                Some(dash) => pattern(dash),
                None if automatic && is_line => {
                    lines += 1;
                    DASHES[(lines - 1) % DASHES.len()]
                }
                None => &[],
            };
            let width = match series.weight {
                Weight::Light => LIGHT_WIDTH,
                Weight::Normal => LINE_WIDTH,
                Weight::Heavy => HEAVY_WIDTH,
            };
            let most_radius = if series.weight == Weight::Light { LIGHT_RADIUS } else { f64::INFINITY };
            Style { ink, dash, marker: series.marker.unwrap_or(number), width, most_radius }
        })
        .collect()
}

fn pattern(dash: Dash) -> &'static [f64] {
    match dash {
        Dash::Solid => DASHES[0],
        Dash::Dashed => DASHES[1],
        Dash::Dotted => DASHES[2],
        Dash::DashDot => DASHES[3],
        Dash::LongDash => DASHES[4],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn automatic_colors_avoid_chosen_ones_and_lines_differ_in_dash() {
        let line = || Series::line([0.0], [0.0]);
        let all = styles(&[line(), line().color(1), line(), line().dash(Dash::Dotted)]);
        let inks: Vec<Ink> = all.iter().map(|style| style.ink).collect();
        assert_eq!(inks, [Ink::Series(0), Ink::Series(1), Ink::Series(2), Ink::Series(3)]);
        assert_eq!(
            all.iter().map(|style| style.dash).collect::<Vec<_>>(),
            [DASHES[0], DASHES[0], DASHES[1], DASHES[2]]
        );
    }
}
