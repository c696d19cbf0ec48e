//! Linear and logarithmic axes. A plot is linear by itself, so a logarithmic one gets powers of ten
//! to draw, and its texts turn them back.

use egui_plot::{GridInput, GridMark};

use super::number;

/// Points that a label of the y axis needs, so that neighbours do not touch.
const LABEL_PT: f64 = 26.0;
/// Points that a label of the x axis needs.
const WIDE_LABEL_PT: f64 = 72.0;
/// The plot's base step is the value of this many points.
const BASE_PT: f64 = 8.0;

/// How values become places on the y axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// The value itself.
    #[default]
    Linear,
    /// Its power of ten.
    Log,
}

impl Scale {
    /// Where a value lies; `None` where there is no such place.
    pub fn place(self, value: f64) -> Option<f64> {
        match self {
            Self::Linear => value.is_finite().then_some(value),
            Self::Log => (value.is_finite() && value > 0.0).then(|| value.log10()),
        }
    }

    /// The value at a place.
    pub fn value(self, place: f64) -> f64 {
        match self {
            Self::Linear => place,
            Self::Log => 10f64.powf(place),
        }
    }

    /// The text of a mark.
    pub fn label(self, place: f64) -> String {
        number::tick(self.value(place))
    }

    /// Marks of the y axis at round values.
    pub fn marks(self, input: &GridInput) -> Vec<GridMark> {
        let (low, high) = input.bounds;
        match self {
            Self::Linear => round_marks(low, high, input.base_step_size * LABEL_PT / BASE_PT),
            Self::Log if high - low < 1.0 => within_a_decade(input),
            Self::Log => decades(input),
        }
    }
}

/// Marks of an axis that counts: whole numbers only.
pub fn whole_marks(input: &GridInput) -> Vec<GridMark> {
    let least = input.base_step_size * WIDE_LABEL_PT / BASE_PT;
    round_marks(input.bounds.0, input.bounds.1, least.max(1.0))
}

/// Powers of ten; with 2 and 5 between them where there is room.
fn decades(input: &GridInput) -> Vec<GridMark> {
    let (low, high) = input.bounds;
    let least = input.base_step_size * LABEL_PT / BASE_PT;
    if least > 1.0 {
        return round_marks(low, high, least.ceil());
    }
    // From 2 to 5 it is the shortest way that has to hold a label.
    let factors: &[f64] = if least < 0.3 {
        &[1.0, 2.0, 5.0]
    } else {
        &[1.0]
    };
    let mut marks = Vec::new();
    let mut decade = low.floor();
    while decade <= high && marks.len() < 100 {
        for factor in factors {
            let value = decade + factor.log10();
            if (low..=high).contains(&value) {
                let step_size = if *factor == 1.0 { 1.0 } else { 0.3 };
                marks.push(GridMark { value, step_size });
            }
        }
        decade += 1.0;
    }
    marks
}

/// Round values where the axis shows less than a power of ten.
fn within_a_decade(input: &GridInput) -> Vec<GridMark> {
    let (low, high) = input.bounds;
    let (from, to) = (10f64.powf(low), 10f64.powf(high));
    // At the upper end the same difference takes the least room.
    let least = to * (1.0 - 10f64.powf(-input.base_step_size * LABEL_PT / BASE_PT));
    round_marks(from, to, least)
        .into_iter()
        .filter(|mark| mark.value > 0.0)
        .map(|mark| GridMark {
            value: mark.value.log10(),
            step_size: (1.0 + mark.step_size / mark.value).log10(),
        })
        .collect()
}

/// Multiples of a round number that is not below `least`.
fn round_marks(low: f64, high: f64, least: f64) -> Vec<GridMark> {
    let usable = low.is_finite() && high.is_finite() && least.is_finite() && least > 0.0;
    if !usable || (high - low) / least > 1000.0 {
        return Vec::new();
    }
    let step_size = round_step(least);
    let (first, last) = (
        (low / step_size).ceil() as i64,
        (high / step_size).floor() as i64,
    );
    (first..=last)
        .map(|index| GridMark {
            value: index as f64 * step_size,
            step_size,
        })
        .collect()
}

/// The smallest of 1, 2, 5 × 10ⁿ that is not below `least`.
fn round_step(least: f64) -> f64 {
    let decade = 10f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|factor| factor * decade >= least * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * decade
}
