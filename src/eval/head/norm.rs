//! Batch normalisation of features, PyTorch's `BatchNorm1d`.
//!
//! The features are frozen, so no gradient passes through the statistics: what remains to learn is
//! the scale γ and the shift β, and those meet the linear layer behind them in [`super::model`].

use rayon::prelude::*;

/// Weight of a batch in the running statistics.
const MOMENTUM: f32 = 0.1;
/// Added to the variance.
const EPS: f32 = 1e-5;
/// Columns one task covers.
const SHARE: usize = 1024;

/// Mean and variance per column: of the last batch, and running over batches for the test part.
pub(super) struct Statistics {
    mean: Vec<f32>,
    variance: Vec<f32>,
    running_mean: Vec<f32>,
    running_variance: Vec<f32>,
}

impl Statistics {
    /// Of `columns` columns, before the first batch: mean 0, variance 1.
    pub fn new(columns: usize) -> Self {
        Self {
            mean: vec![0.0; columns],
            variance: vec![0.0; columns],
            running_mean: vec![0.0; columns],
            running_variance: vec![1.0; columns],
        }
    }

    /// Normalises a batch by its own (biased) variance, and takes its mean and unbiased variance
    /// into the running statistics.
    pub fn normalise(&mut self, x: &mut [f32]) {
        let columns = self.mean.len();
        let rows = x.len() / columns;
        let (n, weight, batch) = (rows as f32, 1.0 / rows as f32, &*x);
        self.mean
            .par_chunks_mut(SHARE)
            .zip(self.variance.par_chunks_mut(SHARE))
            .zip(self.running_mean.par_chunks_mut(SHARE))
            .zip(self.running_variance.par_chunks_mut(SHARE))
            .enumerate()
            .for_each(
                |(share, (((mean, variance), running_mean), running_variance))| {
                    let width = mean.len();
                    let parts = || {
                        let rows = batch.chunks_exact(columns);
                        rows.map(|row| &row[share * SHARE..][..width])
                    };
                    mean.fill(0.0);
                    for part in parts() {
                        for (m, x) in mean.iter_mut().zip(part) {
                            *m += x * weight;
                        }
                    }
                    variance.fill(0.0);
                    for part in parts() {
                        for (v, (m, x)) in variance.iter_mut().zip(mean.iter().zip(part)) {
                            *v += (x - m) * (x - m) * weight;
                        }
                    }
                    for (r, m) in running_mean.iter_mut().zip(&*mean) {
                        *r += MOMENTUM * (m - *r);
                    }
                    for (r, v) in running_variance.iter_mut().zip(&mut *variance) {
                        *r += MOMENTUM * (*v * n / (n - 1.0) - *r);
                        // From here on only its inverse root is wanted.
                        *v = 1.0 / (*v + EPS).sqrt();
                    }
                },
            );
        x.par_chunks_exact_mut(columns).for_each(|row| {
            for ((x, m), inverse) in row.iter_mut().zip(&self.mean).zip(&self.variance) {
                *x = (*x - m) * inverse;
            }
        });
    }

    /// Running (mean, inverse standard deviation) of every column.
    pub fn running(&self) -> impl Iterator<Item = (f32, f32)> + '_ {
        let pairs = self.running_mean.iter().zip(&self.running_variance);
        pairs.map(|(&mean, &variance)| (mean, 1.0 / (variance + EPS).sqrt()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_by_hand() {
        // Column 1, 2, 6: mean 3, biased variance 14/3, unbiased 7. Column of one value: 0.
        let mut x = [1.0, 5.0, 2.0, 5.0, 6.0, 5.0];
        let mut statistics = Statistics::new(2);
        statistics.normalise(&mut x);
        let root = (14.0f32 / 3.0 + 1e-5).sqrt();
        for (x, want) in x
            .iter()
            .zip([-2.0 / root, 0.0, -1.0 / root, 0.0, 3.0 / root, 0.0])
        {
            assert!((x - want).abs() < 1e-6);
        }
        let running = statistics.running().collect::<Vec<_>>();
        assert!((running[0].0 - 0.3).abs() < 1e-6 && (running[1].0 - 0.5).abs() < 1e-6);
        assert!((running[0].1 - 1.0 / 1.6f32.sqrt()).abs() < 1e-5);
        assert!((running[1].1 - 1.0 / 0.9f32.sqrt()).abs() < 1e-5);
    }
}
