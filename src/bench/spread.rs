//! Median and spread of repeated measurements.

use serde::{Deserialize, Serialize};

/// What repeated measurements say. All in the unit of what was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The middle one.
    pub median: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// Median of the distances from the median.
    pub mad: f64,
}

impl Spread {
    /// Of any number of measurements; zeros for none.
    pub fn of(samples: &[f64]) -> Self {
        let middle = median(samples);
        let distances = samples.iter().map(|s| (s - middle).abs());
        Self {
            median: middle,
            min: samples.iter().copied().reduce(f64::min).unwrap_or(0.0),
            max: samples.iter().copied().reduce(f64::max).unwrap_or(0.0),
            mad: median(&distances.collect::<Vec<_>>()),
        }
    }
}

fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_outlier_moves_neither_median_nor_mad() {
        let spread = Spread::of(&[4.0, 2.0, 3.0, 1.0, 100.0]);
        assert_eq!(
            spread,
            Spread {
                median: 3.0,
                min: 1.0,
                max: 100.0,
                mad: 1.0
            }
        );
        assert_eq!(Spread::of(&[1.0, 2.0]).median, 1.5);
        assert_eq!(Spread::of(&[]), Spread::default());
    }
}
