//! Scalar products between all pairs of pictures.

use nalgebra::DMatrix;

use crate::eval::matrix::Matrix;

/// Rows of a block of the product; only blocks on and below the diagonal are computed.
const BLOCK: usize = 128;
/// Spread below this share of the features' size is rounding of 32-bit numbers.
const ROUNDING: f64 = 1e-6;

/// Centred features and their scalar products, up to one common factor.
pub(super) struct Gram {
    features: Matrix,
    products: DMatrix<f64>,
    /// What was taken from each dimension before it was scaled.
    offset: Vec<f64>,
    scale: f64,
}

impl Gram {
    /// Of finite features with root mean square `rms`.
    ///
    /// Dimensions are centred but not standardised: dividing each by its own deviation would blow
    /// up dimensions that hardly move, which neither distances nor cosines ever see.
    pub fn new(mut features: Matrix, rms: f64) -> Self {
        let (n, d) = (features.rows, features.cols);
        let mut means = vec![0.0f64; d];
        for row in features.data.chunks_exact(d.max(1)) {
            for (mean, &x) in means.iter_mut().zip(row) {
                *mean += f64::from(x) / n as f64;
            }
        }
        // Centred first, because products of numbers with a large common part lose what differs.
        let mut spread = 0.0f64;
        for row in features.data.chunks_exact_mut(d.max(1)) {
            for (x, &mean) in row.iter_mut().zip(&means) {
                let centred = (f64::from(*x) - mean) / rms;
                spread += centred * centred;
                *x = centred as f32;
            }
        }
        let spread = (spread / features.data.len() as f64).sqrt();
        if rms == 0.0 || spread.is_nan() || spread < ROUNDING {
            return Self::of_equals(n);
        }
        let scale = (1.0 / spread) as f32;
        features.data.iter_mut().for_each(|x| *x *= scale);
        Self {
            products: products(&features),
            features,
            offset: means,
            scale: f64::from(scale) / rms,
        }
    }

    /// Of `n` pictures that are all alike.
    pub fn of_equals(n: usize) -> Self {
        Self {
            features: Matrix::new(n, 0, Vec::new()),
            products: DMatrix::zeros(n, n),
            offset: Vec::new(),
            scale: 1.0,
        }
    }

    /// `(x − offset) · scale` of a feature x is what was multiplied.
    pub fn scaling(&self) -> (&[f64], f64) {
        (&self.offset, self.scale)
    }

    /// The features that were multiplied; without columns where all pictures are alike.
    pub fn features(&self) -> &Matrix {
        &self.features
    }

    /// Features of the pictures `picks`, centred on the mean of `picks`.
    pub fn centred_features(&self, picks: &[usize]) -> DMatrix<f64> {
        let row = |i: usize| self.features.row(picks[i]);
        let mut block =
            DMatrix::from_fn(picks.len(), self.features.cols, |i, j| f64::from(row(i)[j]));
        for mut column in block.column_iter_mut() {
            let mean = column.mean();
            column.add_scalar_mut(-mean);
        }
        block
    }

    /// Scalar products of the pictures `picks`, centred on the mean of `picks`.
    pub fn centred(&self, picks: &[usize]) -> DMatrix<f64> {
        let mut block = self.between(picks, picks);
        let means = self.means(picks, picks);
        let total = means.iter().sum::<f64>() / means.len().max(1) as f64;
        for (j, mut column) in block.column_iter_mut().enumerate() {
            for (value, mean) in column.iter_mut().zip(&means) {
                *value += total - mean - means[j];
            }
        }
        block
    }

    /// Scalar products, pictures `rows` by pictures `columns`.
    pub fn between(&self, rows: &[usize], columns: &[usize]) -> DMatrix<f64> {
        DMatrix::from_fn(rows.len(), columns.len(), |i, j| {
            self.products[(rows[i], columns[j])]
        })
    }

    /// For each of `picks` the mean scalar product with the pictures `with`.
    pub fn means(&self, picks: &[usize], with: &[usize]) -> Vec<f64> {
        let mean =
            |&i| with.iter().map(|&j| self.products[(i, j)]).sum::<f64>() / with.len() as f64;
        picks.iter().map(mean).collect()
    }

    /// Squared distance between two pictures.
    pub fn distance2(&self, a: usize, b: usize) -> f64 {
        (self.products[(a, a)] + self.products[(b, b)] - 2.0 * self.products[(a, b)]).max(0.0)
    }
}

/// `X Xᵀ` on this thread, in 64-bit arithmetic: a weak penalty follows directions that 32-bit sums
/// would drown.
fn products(features: &Matrix) -> DMatrix<f64> {
    let (n, d) = (features.rows, features.cols);
    let wide = |rows: &[f32]| rows.iter().copied().map(f64::from).collect::<Vec<f64>>();
    let mut gram = DMatrix::zeros(n, n);
    let mut block = vec![0.0f64; BLOCK * BLOCK];
    for top in (0..n).step_by(BLOCK) {
        let rows = BLOCK.min(n - top);
        let a = wide(&features.data[top * d..(top + rows) * d]);
        for left in (0..=top).step_by(BLOCK) {
            let columns = BLOCK.min(n - left);
            let b = wide(&features.data[left * d..(left + columns) * d]);
            // SAFETY: `a` holds rows × d numbers, `b` columns × d, and `block` at least
            // rows × columns; the strides stay inside.
            unsafe {
                gemm::gemm(
                    rows,
                    columns,
                    d,
                    block.as_mut_ptr(),
                    1,
                    columns as isize,
                    false,
                    a.as_ptr(),
                    1,
                    d as isize,
                    b.as_ptr(),
                    d as isize,
                    1,
                    0.0,
                    1.0,
                    false,
                    false,
                    false,
                    gemm::Parallelism::None,
                );
            }
            for (i, line) in block.chunks_exact(columns).take(rows).enumerate() {
                for (j, &value) in line.iter().enumerate() {
                    gram[(top + i, left + j)] = value;
                    gram[(left + j, top + i)] = value;
                }
            }
        }
    }
    gram
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_agree_with_their_definition() {
        let (n, d) = (BLOCK + 13, 37);
        let data = (0..n * d).map(|i| ((i * i) % 23) as f32 - 9.0).collect();
        let features = Matrix::new(n, d, data);
        let gram = products(&features);
        for (i, j) in [(0, 0), (3, 140), (140, 3), (135, 129), (127, 128)] {
            let dot: f32 = features
                .row(i)
                .iter()
                .zip(features.row(j))
                .map(|(a, b)| a * b)
                .sum();
            assert_eq!(gram[(i, j)], f64::from(dot), "{i} {j}");
        }
    }

    #[test]
    fn centring_uses_the_chosen_pictures_only() {
        // Pictures at 0, 2 and 10 on a line; scaled by one factor.
        let gram = Gram::new(Matrix::new(3, 1, vec![0.0, 2.0, 10.0]), 1.0);
        let pair = gram.centred(&[0, 1]);
        assert!((pair[(0, 0)] + pair[(0, 1)]).abs() < 1e-6);
        let ratio = gram.distance2(0, 2) / gram.distance2(0, 1);
        assert!((ratio - 25.0).abs() < 1e-4, "{ratio}");
        assert!((4.0 * pair[(0, 0)] / gram.distance2(0, 1) - 1.0).abs() < 1e-5);
    }

    #[test]
    fn neither_size_nor_a_common_part_matters() {
        let plain = Gram::new(Matrix::new(3, 1, vec![0.0, 2.0, 10.0]), 1.0);
        let huge = Gram::new(Matrix::new(3, 1, vec![0.0, 2e30, 1e31]), 1e30);
        let far = Gram::new(Matrix::new(3, 1, vec![1000.0, 1002.0, 1010.0]), 1000.0);
        for other in [huge, far] {
            assert!((other.distance2(0, 2) - plain.distance2(0, 2)).abs() < 1e-4);
        }
        let equal = Gram::new(Matrix::new(2, 2, vec![0.1, 0.7, 0.1, 0.7]), 0.5);
        assert_eq!(equal.distance2(0, 1), 0.0);
    }
}
