//! Whether a code still tells pictures apart.

use serde::{Deserialize, Serialize};

use super::ridge::Ridges;
use super::set::ProbeSet;
use crate::eval::matrix::Matrix;

/// A deviation below this share of the features' size means that all pictures look the same.
const LEAST_STD: f64 = 1e-3;
/// Fewer directions than this mean that the code says one thing only.
const LEAST_RANK: f64 = 2.0;

/// How much a code varies from picture to picture. Absent for chance and for features that are not
/// finite.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Standard deviation over pictures, mean over dimensions.
    pub std: Option<f64>,
    /// The same, relative to the root mean square of the features.
    pub relative_std: Option<f64>,
    /// Number of directions the fit pictures spread in: exp of the entropy of the normalised
    /// eigenvalues of their centred products; at most one less than there are pictures.
    pub effective_rank: Option<f64>,
    /// A sentence for the user when the code has collapsed.
    pub collapsed: Option<String>,
}

/// Mean over dimensions of the standard deviation over pictures, and root mean square of all.
pub(super) fn scale(features: &Matrix) -> (f64, f64) {
    let (n, d) = (features.rows.max(1) as f64, features.cols.max(1));
    let mut means = vec![0.0f64; d];
    let mut squares = 0.0f64;
    for row in features.data.chunks_exact(d) {
        for (mean, &x) in means.iter_mut().zip(row) {
            *mean += f64::from(x) / n;
            squares += f64::from(x) * f64::from(x);
        }
    }
    let mut variances = vec![0.0f64; d];
    for row in features.data.chunks_exact(d) {
        for ((variance, mean), &x) in variances.iter_mut().zip(&means).zip(row) {
            *variance += (f64::from(x) - mean).powi(2) / n;
        }
    }
    let mean_std = variances.iter().map(|v| v.sqrt()).sum::<f64>() / d as f64;
    (mean_std, (squares / (n * d as f64)).sqrt())
}

/// exp of the entropy of the normalised eigenvalues, 0 where all are 0.
fn effective_rank(eigenvalues: &[f64]) -> f64 {
    let total: f64 = eigenvalues.iter().sum();
    if total <= 0.0 {
        return 0.0;
    }
    let shares = eigenvalues.iter().map(|value| value / total);
    let entropy: f64 = shares.filter(|&p| p > 0.0).map(|p| -p * p.ln()).sum();
    entropy.exp()
}

impl Spread {
    pub(super) fn new(
        code: &str,
        std: f64,
        rms: f64,
        ridges: &mut Ridges<'_>,
        set: &ProbeSet,
    ) -> Self {
        let relative = if rms > 0.0 { std / rms } else { 0.0 };
        let rank = ridges
            .on(&set.fit)
            .map(|ridge| effective_rank(ridge.eigenvalues()));
        let collapsed = if relative < LEAST_STD {
            Some(format!(
                "{code} has collapsed: it is the same for every picture (standard deviation {:.1e} \
                 of its size); lower the learning rate, or look for a loss that is not a number",
                relative
            ))
        } else {
            // Two or three pictures cannot spread in more directions.
            rank.filter(|&rank| rank < LEAST_RANK && set.fit.len() > 3).map(|rank| {
                format!(
                    "{code} may be collapsing: pictures differ in hardly more than one direction \
                     (effective rank {rank:.1})"
                )
            })
        };
        Self {
            std: Some(std),
            relative_std: Some(relative),
            effective_rank: rank,
            collapsed,
        }
    }

    pub(super) fn not_finite(code: &str) -> Self {
        Self {
            collapsed: Some(format!(
                "{code} cannot be measured: its features hold numbers that are not finite, so the \
                 weights are broken; go back to an earlier checkpoint and lower the learning rate"
            )),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_by_hand() {
        // Columns 1, 3 (deviation 1) and 2, 2 (0); squares 1 + 4 + 9 + 4.
        let (std, rms) = scale(&Matrix::new(2, 2, vec![1.0, 2.0, 3.0, 2.0]));
        assert_eq!((std, rms), (0.5, 4.5f64.sqrt()));
        assert_eq!(scale(&Matrix::default()), (0.0, 0.0));
    }

    #[test]
    fn rank_by_hand() {
        assert!((effective_rank(&[2.0, 0.0, 2.0, 2.0]) - 3.0).abs() < 1e-12);
        assert!((effective_rank(&[5.0, 0.0]) - 1.0).abs() < 1e-12);
        // Shares ½ ¼ ¼: entropy 1.5 ln 2.
        assert!((effective_rank(&[2.0, 1.0, 1.0]) - 8f64.sqrt()).abs() < 1e-12);
        assert_eq!(effective_rank(&[0.0]), 0.0);
    }
}
