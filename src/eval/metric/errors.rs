//! Mean absolute error (row 72).

/// Mean absolute error of each column of `[pictures, N]` in its unit: every picture counts the
/// same. (The released code averages batch means, so a picture of a short last batch counts more.)
///
/// # Panics
/// If there is not one truth per prediction.
pub fn mean_absolute_error<const N: usize>(predicted: &[f32], truth: &[[f32; N]]) -> [f64; N] {
    assert_eq!(predicted.len(), truth.len() * N);
    let mut sums = [0.0; N];
    for (predicted, truth) in predicted.chunks_exact(N).zip(truth) {
        for ((sum, p), t) in sums.iter_mut().zip(predicted).zip(truth) {
            *sum += (f64::from(*p) - f64::from(*t)).abs();
        }
    }
    sums.map(|sum| sum / truth.len() as f64)
}

/// Arithmetic mean.
pub fn mean_of(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_counts_the_same() {
        // Errors in yaw 1, 2, 6; in pitch 0, 4, 5. Batches of two would give (1.5 + 6)/2 = 3.75.
        let predicted = [11.0, 5.0, -18.0, 14.0, 0.0, -5.0];
        let truth = [[10.0, 5.0], [-20.0, 10.0], [6.0, 0.0]];
        let error = mean_absolute_error(&predicted, &truth);
        assert_eq!(error, [3.0, 3.0]);
        assert_eq!(mean_of(&error), 3.0);
    }
}
