//! Axes with round ticks, linear or logarithmic.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

/// How values are spread over an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// Evenly, with ticks at whole numbers only: steps and epochs are counted.
    Whole,
    /// By their logarithm; all must be positive.
    Log,
}

/// The range of one axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    low: f64,
    high: f64,
    scale: Scale,
}

impl Axis {
    /// An axis over all `values`, with a `margin` (fraction of the range) at both ends.
    pub fn over(values: impl Iterator<Item = f64>, margin: f64, scale: Scale) -> Self {
        let mut axis = Self {
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
            scale,
        };
        for value in values {
            axis.low = axis.low.min(axis.place(value));
            axis.high = axis.high.max(axis.place(value));
        }
        if axis.low > axis.high {
            (axis.low, axis.high) = (0.0, 1.0);
        }
        let widen = (axis.high - axis.low) * margin;
        axis.low -= widen;
        axis.high += widen;
        let smallest = 1e-3 * axis.high.abs().max(1e-6);
        if axis.high - axis.low < smallest {
            axis.low -= smallest;
            axis.high += smallest;
        }
        axis
    }

    /// Where a value lies in units in which the axis is linear.
    fn place(&self, value: f64) -> f64 {
        if self.scale == Scale::Log {
            value.log10()
        } else {
            value
        }
    }

    /// At most `most` round values on the axis.
    fn ticks(&self, most: usize) -> Vec<f64> {
        let log = self.scale == Scale::Log;
        if log && self.high - self.low >= 1.0 {
            let stride = ((self.high - self.low) / most.max(1) as f64).ceil();
            let first = (self.low / stride).ceil();
            return (0..=most)
                .map(|index| (first + index as f64) * stride)
                .filter(|power| *power <= self.high)
                .map(|power| 10f64.powf(power))
                .collect();
        }
        let ends = |end: f64| if log { 10f64.powf(end) } else { end };
        let (low, high) = (ends(self.low), ends(self.high));
        let mut stride = round_stride((high - low) / most.max(1) as f64);
        if self.scale == Scale::Whole {
            stride = stride.max(1.0);
        }
        let first = (low / stride).ceil();
        (0..=most)
            .map(|index| (first + index as f64) * stride)
            .filter(|value| *value <= high)
            .collect()
    }
}

/// The smallest of 1, 2, 5 × 10ⁿ that is not below `least`.
fn round_stride(least: f64) -> f64 {
    let decade = 10f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|factor| factor * decade >= least * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * decade
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let fraction = (self.place(*value) - self.low) / (self.high - self.low);
        limit.0 + (fraction * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        self.ticks(hint.bold_points())
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format(value: &f64) -> String {
        format_tick(*value)
    }
}

/// `0.25`, `1.2k`, `50k`, `1.5M`, `2e-5`.
fn format_tick(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        size if size >= 1e6 => (value / 1e6, "M"),
        size if size >= 1e3 => (value / 1e3, "k"),
        size if size < 1e-12 => return "0".into(),
        size if size < 1e-3 => return format!("{value:.0e}"),
        _ => (value, ""),
    };
    let text = format!("{scaled:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(values: &[f64], scale: Scale) -> Axis {
        Axis::over(values.iter().copied(), 0.0, scale)
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(
            axis(&[0.0, 10.0], Scale::Linear).ticks(5),
            [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
        );
        assert_eq!(
            axis(&[1.0, 43_000.0], Scale::Linear).ticks(5),
            [1e4, 2e4, 3e4, 4e4]
        );
        let fifths = axis(&[1.0, 2.0], Scale::Linear).ticks(6);
        let fifths: Vec<_> = fifths.into_iter().map(format_tick).collect();
        assert_eq!(fifths, ["1", "1.2", "1.4", "1.6", "1.8", "2"]);
        assert_eq!(axis(&[0.002, 3.0], Scale::Log).ticks(5), [0.01, 0.1, 1.0]);
        assert_eq!(axis(&[1.0, 3.0], Scale::Whole).ticks(8), [1.0, 2.0, 3.0]);
        let decades = axis(&[1e-9, 1.0], Scale::Log).ticks(4);
        assert!(decades.len() <= 4 && decades.contains(&1.0), "{decades:?}");
        let narrow = axis(&[2.1, 2.9], Scale::Log).ticks(5);
        let narrow: Vec<_> = narrow.into_iter().map(format_tick).collect();
        assert_eq!(narrow, ["2.2", "2.4", "2.6", "2.8"]);
    }

    #[test]
    fn values_map_to_pixels() {
        let linear = axis(&[10.0, 20.0], Scale::Linear);
        assert_eq!(linear.map(&15.0, (100, 300)), 200);
        let log = axis(&[0.01, 100.0], Scale::Log);
        assert_eq!(log.map(&1.0, (300, 100)), 200);
    }

    #[test]
    fn empty_and_constant_data_still_give_a_range() {
        for values in [&[][..], &[3.0][..], &[0.0, 0.0][..]] {
            let axis = axis(values, Scale::Linear);
            assert!(axis.high > axis.low && axis.low.is_finite(), "{axis:?}");
            assert!(axis.ticks(5).len() <= 6);
        }
    }

    #[test]
    fn tick_texts() {
        let texts = [0.25, 1200.0, 50_000.0, 1.5e6, 2e-5, 0.0, 0.1 + 0.2].map(format_tick);
        assert_eq!(texts, ["0.25", "1.2k", "50k", "1.5M", "2e-5", "0", "0.3"]);
    }
}
