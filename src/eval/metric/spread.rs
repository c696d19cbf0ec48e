//! Mean and spread over folds or seeds.

use serde::{Deserialize, Serialize};

/// Mean and standard deviation of one number over folds (or seeds).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation (divisor n − 1); `None` for a single value.
    pub std: Option<f64>,
    /// How many values.
    pub n: usize,
}

impl Spread {
    /// Of these values.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len();
        let mean = super::mean_of(values);
        let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
        Self {
            mean,
            std: (n > 1).then(|| (squares / (n - 1) as f64).sqrt()),
            n,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let spread = Spread::of(&[2.0, 4.0, 4.0, 6.0]);
        assert_eq!((spread.mean, spread.n), (4.0, 4));
        assert!((spread.std.unwrap() - (8.0f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!(Spread::of(&[7.0]).std, None);
    }
}
