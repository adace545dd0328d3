//! From values to pixels: the range of an axis and the place of a value in it.

use crate::{Axis, Scale};

/// Magnitudes beyond this are treated as infinite: differences of two values must not overflow.
const LARGEST: f64 = 1e300;
/// Ranges narrower than this fraction of their ends cannot carry distinct ticks.
const NARROWEST: f64 = 1e-12;
/// The free space on either side of the data, as a fraction of their span.
const PADDING: f64 = 0.04;

/// Whether a value can be drawn on some axis.
pub(crate) fn drawable(value: f64) -> bool {
    value.abs() <= LARGEST
}

/// The span of the data along one axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Extent {
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// Whether the axis must begin at `low` without padding, as under bars.
    pub(crate) pinned: bool,
}

impl Default for Extent {
    fn default() -> Self {
        Self { low: f64::INFINITY, high: f64::NEG_INFINITY, pinned: false }
    }
}

impl Extent {
    /// Widens the span to `value`, if it can be drawn on `scale`.
    pub(crate) fn include(&mut self, value: f64, scale: &Scale) {
        if drawable(value) && (*scale != Scale::Log || value > 0.0) {
            self.low = self.low.min(value);
            self.high = self.high.max(value);
        }
    }

    /// The span that covers both.
    pub(crate) fn union(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
            pinned: self.pinned || other.pinned,
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.low > self.high
    }
}

/// Places values along `length` pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Map {
    /// Ends of the range; their decimal logarithms if `log`.
    low: f64,
    high: f64,
    log: bool,
    pub(crate) length: f64,
    /// Whether larger values lie at smaller pixels, as they do upwards.
    flipped: bool,
}

impl Map {
    /// The map of `axis` for data that span `extent`; the flag tells whether a range that was asked for had to be ignored.
    pub(crate) fn new(axis: &Axis, extent: Extent, length: f64, flipped: bool) -> (Self, bool) {
        if let Scale::Categories(names) = &axis.scale {
            let high = names.len().max(1) as f64 - 0.5;
            return (Self { low: -0.5, high, log: false, length, flipped }, false);
        }
        let log = axis.scale == Scale::Log;
        let place = |value: f64| if log { value.log10() } else { value };
        let usable = |value: &f64| drawable(*value) && (!log || *value > 0.0);
        let (lower, upper) = (axis.lower.filter(usable).map(place), axis.upper.filter(usable).map(place));
        let mut ignored = lower.is_some() != axis.lower.is_some() || upper.is_some() != axis.upper.is_some();

        let (data_low, data_high) =
            if extent.is_empty() { (0.0, 1.0) } else { (place(extent.low), place(extent.high)) };
        let fixed = |low: f64, high: f64| high - low > NARROWEST * low.abs().max(high.abs()).max(1e-280);
        let (mut low, mut high) = padded(data_low, data_high, log, extent.pinned);
        let (asked_low, asked_high) = (lower.unwrap_or(low), upper.unwrap_or(high));
        if fixed(asked_low, asked_high) {
            (low, high) = (asked_low, asked_high);
        } else {
            ignored = true;
        }
        (Self { low, high, log, length, flipped }, ignored)
    }

    /// A linear or logarithmic map between positive-length ends that are known to be good, for colour bars.
    pub(crate) fn between(low: f64, high: f64, log: bool, length: f64) -> Self {
        let axis = Axis::new("", if log { Scale::Log } else { Scale::Linear });
        let mut extent = Extent::default();
        extent.include(low, &axis.scale);
        extent.include(high, &axis.scale);
        let (map, _) = Self::new(&axis.range(low, high), extent, length, true);
        map
    }

    /// The ends of the range as values.
    pub(crate) fn ends(&self) -> (f64, f64) {
        if self.log { (10f64.powf(self.low), 10f64.powf(self.high)) } else { (self.low, self.high) }
    }

    /// The decimal logarithms of the ends of a logarithmic range, which are good even where the ends underflow.
    pub(crate) fn decades(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// Whether places follow logarithms.
    pub(crate) fn is_log(&self) -> bool {
        self.log
    }

    /// How far along the range a value lies: 0 at the lower end, 1 at the upper. `None` for what has no place.
    pub(crate) fn fraction(&self, value: f64) -> Option<f64> {
        if !drawable(value) || (self.log && value <= 0.0) {
            return None;
        }
        let position = if self.log { value.log10() } else { value };
        Some((position - self.low) / (self.high - self.low))
    }

    /// The pixel of a value, counted from the left or the top; far outside values are drawn in to 50 lengths away.
    pub(crate) fn pixel(&self, value: f64) -> Option<f64> {
        let fraction = self.fraction(value)?.clamp(-50.0, 50.0);
        Some(self.length * if self.flipped { 1.0 - fraction } else { fraction })
    }

    /// Pixels per unit at a value: how fast places move with it.
    pub(crate) fn slope(&self, value: f64) -> Option<f64> {
        let place = self.fraction(value)?;
        let slope = self.length / (self.high - self.low);
        let slope = if self.log { slope / (value * std::f64::consts::LN_10) } else { slope };
        (place.is_finite() && slope.is_finite()).then_some(if self.flipped { -slope } else { slope })
    }

    /// The pixel of the lower end.
    pub(crate) fn floor(&self) -> f64 {
        if self.flipped { self.length } else { 0.0 }
    }

    /// The pixel of a value, that of the lower end for what lies below any logarithm, `None` for NaN and infinities.
    pub(crate) fn pixel_or_floor(&self, value: f64) -> Option<f64> {
        if self.log && value <= 0.0 && drawable(value) { Some(self.floor()) } else { self.pixel(value) }
    }
}

/// The range shown for data between `low` and `high` (logarithms if `log`).
fn padded(low: f64, high: f64, log: bool, pinned: bool) -> (f64, f64) {
    let span = high - low;
    if span <= NARROWEST * low.abs().max(high.abs()) || span < 1e-280 {
        let half = match low.abs() {
            _ if log => 0.5,
            magnitude if magnitude < 1e-270 => 1.0,
            magnitude => 0.1 * magnitude,
        };
        return (if pinned { low } else { low - half }, high + half);
    }
    let padding = PADDING * span;
    (if pinned { low } else { low - padding }, high + padding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn extent(values: &[f64], scale: &Scale) -> Extent {
        let mut extent = Extent::default();
        for &value in values {
            extent.include(value, scale);
        }
        extent
    }

    #[test]
    fn ends_and_decades() {
        let axis = Axis::log("").range(1e-3, 10.0);
        let (map, ignored) = Map::new(&axis, Extent::default(), 400.0, false);
        assert!(!ignored);
        for (value, pixel) in [(1e-3, 0.0), (1e-2, 100.0), (1.0, 300.0), (10.0, 400.0)] {
            assert!((map.pixel(value).unwrap() - pixel).abs() < 1e-9);
        }
        assert_eq!(map.pixel(0.0), None);
        assert_eq!(map.pixel_or_floor(-1.0), Some(0.0));
        assert_eq!(map.pixel_or_floor(f64::NAN), None);
    }

    #[test]
    fn ranges_that_cannot_be_drawn_are_ignored() {
        for axis in [
            Axis::linear("").range(2.0, 1.0),
            Axis::linear("").range(f64::NAN, 1.0),
            Axis::log("").range(0.0, 1.0),
            Axis::linear("").lower(7.0),
        ] {
            let (map, ignored) = Map::new(&axis, extent(&[1.0, 3.0], &axis.scale), 100.0, false);
            assert!(ignored, "{axis:?}");
            assert!((0.0..=100.0).contains(&map.pixel(1.0).unwrap()) || axis.lower == Some(0.0));
        }
    }

    #[test]
    fn data_lie_inside_in_order() {
        proptest!(|(a in any::<f64>(), b in any::<f64>(), log: bool)| {
            let axis = Axis::new("", if log { Scale::Log } else { Scale::Linear });
            let (map, ignored) = Map::new(&axis, extent(&[a, b], &axis.scale), 300.0, false);
            prop_assert!(!ignored);
            let places: Vec<f64> = [a.min(b), a.max(b)].iter().filter_map(|&v| map.pixel(v)).collect();
            for place in &places {
                prop_assert!((-1e-6..=300.0 + 1e-6).contains(place), "{place}");
            }
            if let [first, second] = places[..] { prop_assert!(first <= second); }
        });
    }
}
