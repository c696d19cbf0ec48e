//! Principal components of the pixels: what a linear code of the same length would know and show.

use nalgebra::{DMatrix, SymmetricEigen};

use crate::eval::matrix::Matrix;
use crate::eval::product::{View, multiply};

/// Directions with less than this share of the largest variance are rounding.
const ROUNDING: f64 = 1e-7;
/// Iterations per picture after which the eigendecomposition is given up.
const PATIENCE: usize = 100;

/// Principal components of some pictures, largest variance first.
pub struct Pca {
    /// The mean picture.
    pub mean: Vec<f32>,
    /// Orthonormal, one per row: `[components, numbers of a picture]`.
    components: Matrix,
}

impl Pca {
    /// The components of the pictures `fit`, all that they have; `None` of fewer than two pictures,
    /// or of pictures that are all alike.
    ///
    /// # Shapes
    ///
    /// - `planes`: `[pictures, numbers]`, row-major
    pub fn fit(planes: &[f32], numbers: usize, fit: &[usize]) -> Option<Self> {
        let n = fit.len();
        let picture = |at: usize| &planes[at * numbers..(at + 1) * numbers];
        let mut sums = vec![0.0f64; numbers];
        for &at in fit {
            for (sum, &x) in sums.iter_mut().zip(picture(at)) {
                *sum += f64::from(x);
            }
        }
        let mean: Vec<f32> = sums.iter().map(|sum| (sum / n as f64) as f32).collect();
        let centred = fit.iter().flat_map(|&at| picture(at).iter().zip(&mean));
        let centred: Vec<f32> = centred.map(|(x, mean)| x - mean).collect();
        if n < 2 || numbers == 0 {
            return None;
        }
        let rows = View::new(&centred, numbers);
        let mut products = vec![0.0; n * n];
        multiply(&mut products, rows, rows.transposed());
        let products = DMatrix::from_iterator(n, n, products.into_iter().map(f64::from));
        let eigen = SymmetricEigen::try_new(products, f64::EPSILON, PATIENCE * n)?;
        let mut order: Vec<usize> = (0..n).collect();
        let value = |at: usize| eigen.eigenvalues[at];
        order.sort_by(|&a, &b| value(b).total_cmp(&value(a)));
        // One direction less than there are pictures, because the mean is gone.
        order.truncate(n - 1);
        let largest = value(order[0]);
        order.retain(|&at| value(at) > ROUNDING * largest);
        if order.is_empty() {
            return None;
        }
        let weights: Vec<f32> = order
            .iter()
            .flat_map(|&at| {
                let length = value(at).sqrt();
                let vector = eigen.eigenvectors.column(at);
                (0..n)
                    .map(move |i| (vector[i] / length) as f32)
                    .collect::<Vec<_>>()
            })
            .collect();
        let mut components = vec![0.0; order.len() * numbers];
        multiply(&mut components, View::new(&weights, n), rows);
        Some(Self {
            mean,
            components: Matrix::new(order.len(), numbers, components),
        })
    }

    /// Number of components.
    pub fn count(&self) -> usize {
        self.components.rows
    }

    /// The first `count` components, or all there are: orthonormal rows.
    ///
    /// # Shapes
    ///
    /// - output: `[min(count, components), numbers]`, row-major
    pub fn components(&self, count: usize) -> &[f32] {
        &self.components.data[..count.min(self.count()) * self.mean.len()]
    }

    /// Coefficients of pictures on the first `count` components, or on all there are.
    ///
    /// # Shapes
    ///
    /// - `planes`: `[n, numbers]`, row-major
    /// - output: `[n, min(count, components)]`
    pub fn coefficients(&self, planes: &[f32], count: usize) -> Matrix {
        let (numbers, count) = (self.mean.len(), count.min(self.count()));
        let components = View::new(self.components(count), numbers);
        let project = |pictures: &[f32]| {
            let mut out = vec![0.0; pictures.len() / numbers * count];
            multiply(
                &mut out,
                View::new(pictures, numbers),
                components.transposed(),
            );
            out
        };
        let offsets = project(&self.mean);
        let mut data = project(planes);
        for row in data.chunks_exact_mut(count) {
            for (x, offset) in row.iter_mut().zip(&offsets) {
                *x -= offset;
            }
        }
        Matrix::new(planes.len() / numbers, count, data)
    }

    /// The pictures that these coefficients stand for, not clamped.
    ///
    /// # Shapes
    ///
    /// - `coefficients`: `[n, count]` on the first `count` components
    /// - output: `[n, numbers]`
    pub fn pictures(&self, coefficients: &Matrix) -> Vec<f32> {
        let numbers = self.mean.len();
        let mut out = vec![0.0; coefficients.rows * numbers];
        let components = self.components(coefficients.cols);
        let rows = View::new(&coefficients.data, coefficients.cols);
        multiply(&mut out, rows, View::new(components, numbers));
        for picture in out.chunks_exact_mut(numbers) {
            for (x, mean) in picture.iter_mut().zip(&self.mean) {
                *x += mean;
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_by_hand() {
        // Points on a cross around (1, 2): variance along (1, 1) first, then along (1, −1).
        let planes = [4.0, 5.0, -2.0, -1.0, 2.0, 1.0, 0.0, 3.0, 1.0, 7.0];
        let pca = Pca::fit(&planes, 2, &[0, 1, 2, 3]).unwrap();
        assert_eq!((pca.count(), &pca.mean[..]), (2, &[1.0, 2.0][..]));
        // (1, 7) was not fitted: 5 / √2 along either, up to the sign.
        let found = pca.coefficients(&planes, 9);
        let expected = [18f32.sqrt(), 18f32.sqrt(), 0.0, 0.0, 12.5f32.sqrt()];
        for (row, expected) in expected.iter().enumerate() {
            assert!((found.row(row)[0].abs() - expected).abs() < 1e-5);
        }
        let back = pca.pictures(&found);
        assert!(back.iter().zip(&planes).all(|(a, b)| (a - b).abs() < 1e-5));
        let first = pca.pictures(&pca.coefficients(&planes[8..], 1));
        assert!(
            first
                .iter()
                .zip([3.5, 4.5])
                .all(|(a, b)| (a - b).abs() < 1e-5)
        );
    }

    #[test]
    fn errors_fall_with_every_component_until_nothing_is_left() {
        let planes: Vec<f32> = (0..12 * 30)
            .map(|i| ((i * i * 7 + i) % 31) as f32)
            .collect();
        let fit: Vec<usize> = (0..9).collect();
        let pca = Pca::fit(&planes, 30, &fit).unwrap();
        assert_eq!(pca.count(), 8);
        let error = |count: usize| -> f32 {
            let shown = pca.pictures(&pca.coefficients(&planes[..9 * 30], count));
            shown
                .iter()
                .zip(&planes)
                .map(|(a, b)| (a - b).powi(2))
                .sum()
        };
        assert!((1..8).all(|count| error(count + 1) < error(count)));
        assert!(error(8) < 1e-4 * error(1));
    }

    #[test]
    fn what_does_not_differ_has_no_components() {
        assert!(Pca::fit(&[1.0; 12], 3, &[0, 1, 2, 3]).is_none());
        assert!(Pca::fit(&[1.0, 2.0], 2, &[0]).is_none());
    }
}
