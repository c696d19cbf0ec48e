//! Principal components of features that may be much longer than there are pictures.

use nalgebra::DMatrix;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::FigureError;
use crate::eval::matrix::Matrix;
use crate::rng::stream_seed;

/// Directions followed beyond those asked for; they make the last ones asked for reliable.
const SPARE: usize = 10;
/// Subspace iterations.
const PASSES: usize = 6;

/// Coordinates of the rows along the first `components` principal axes, largest variance first;
/// fewer where rows or columns are fewer.
///
/// By randomised subspace iteration (Halko, Martinsson & Tropp 2011), which needs neither the
/// covariance of 12,544 columns nor the Gram matrix of the rows; where `components` and a few to
/// spare span everything, the result is exact. The data are scaled to a largest magnitude of one,
/// so that no square overflows; an axis points where its largest coordinate is positive.
///
/// # Errors
/// [`FigureError::NotFinite`].
pub fn scores(features: &Matrix, components: usize, seed: u64) -> Result<Matrix, FigureError> {
    let (rows, cols) = (features.rows, features.cols);
    let centred = centred(features)?;
    let kept = components.min(rows).min(cols);
    if kept == 0 {
        return Ok(Matrix::new(rows, 0, Vec::new()));
    }
    // Row-major numbers are the columns of the transpose. The other one is a copy: nalgebra 0.34
    // writes out of bounds when it multiplies a view with strides by a small matrix.
    let transpose = DMatrix::from_vec(cols, rows, centred);
    let data = transpose.transpose();

    let width = (kept + SPARE).min(rows).min(cols);
    let mut rng = ChaCha8Rng::seed_from_u64(stream_seed(seed, "figure/pca", 0, 0));
    let start = DMatrix::from_fn(cols, width, |_, _| StandardNormal.sample(&mut rng));
    let mut basis = (&data * start).qr().q();
    for _ in 0..PASSES {
        let along = (&transpose * &basis).qr().q();
        basis = (&data * along).qr().q();
    }
    // Rayleigh–Ritz: the principal axes within the subspace.
    let within = &transpose * &basis;
    let eigen = within.tr_mul(&within).symmetric_eigen();
    let mut order: Vec<usize> = (0..width).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));

    let mut scores = vec![0.0; rows * kept];
    for (component, &axis) in order.iter().take(kept).enumerate() {
        let spread = eigen.eigenvalues[axis].max(0.0).sqrt();
        let mut column = &basis * eigen.eigenvectors.column(axis) * spread;
        if column[column.icamax()] < 0.0 {
            column.neg_mut();
        }
        for (row, value) in column.iter().enumerate() {
            scores[row * kept + component] = *value;
        }
    }
    Ok(Matrix::new(rows, kept, scores))
}

/// The numbers without their column means, at most 1 in magnitude.
fn centred(features: &Matrix) -> Result<Vec<f32>, FigureError> {
    let cols = features.cols.max(1);
    if let Some(index) = features.data.iter().position(|value| !value.is_finite()) {
        return Err(FigureError::NotFinite {
            row: index / cols,
            column: index % cols,
        });
    }
    let mut means = vec![0.0f64; cols];
    for row in features.data.chunks_exact(cols) {
        for (mean, value) in means.iter_mut().zip(row) {
            *mean += f64::from(*value) / features.rows as f64;
        }
    }
    let without_mean = |(index, value): (usize, &f32)| f64::from(*value) - means[index % cols];
    let largest = (features.data.iter().enumerate())
        .map(|at| without_mean(at).abs())
        .fold(f64::MIN_POSITIVE, f64::max);
    let scaled = |at| (without_mean(at) / largest) as f32;
    Ok(features.data.iter().enumerate().map(scaled).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points on the line (3, 4)/5 · t with a little width across it.
    fn ellipse() -> Matrix {
        let data = (0..40).flat_map(|index| {
            let (along, across) = (index as f32 - 19.5, if index % 2 == 0 { 0.5 } else { -0.5 });
            [
                10.0 + 0.6 * along - 0.8 * across,
                -5.0 + 0.8 * along + 0.6 * across,
            ]
        });
        Matrix::new(40, 2, data.collect())
    }

    #[test]
    fn first_axis_of_an_ellipse_is_its_long_one() {
        let scores = scores(&ellipse(), 2, 1).unwrap();
        let step = scores.row(21)[0] - scores.row(20)[0];
        for row in 1..40 {
            let along = scores.row(row)[0] - scores.row(row - 1)[0];
            assert!((along - step).abs() < 0.03 * step.abs(), "{along} {step}");
            assert!(scores.row(row)[1].abs() < 0.05);
        }
    }

    #[test]
    fn distances_survive_where_all_components_are_kept() {
        // 12 rows of 300: at most 11 components exist.
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let data: Vec<f32> = (0..3600).map(|_| StandardNormal.sample(&mut rng)).collect();
        let features = Matrix::new(12, 300, data);
        let scores = scores(&features, 50, 1).unwrap();
        assert_eq!((scores.rows, scores.cols), (12, 12));
        let distance = |of: &Matrix, a, b| {
            let squares = of
                .row(a)
                .iter()
                .zip(of.row(b))
                .map(|(a, b)| (a - b).powi(2));
            squares.sum::<f32>().sqrt()
        };
        let unit = distance(&scores, 0, 1) / distance(&features, 0, 1);
        for (a, b) in [(2, 3), (0, 11), (5, 7)] {
            let (got, wanted) = (distance(&scores, a, b), unit * distance(&features, a, b));
            assert!((got / wanted - 1.0).abs() < 1e-4, "{got} {wanted}");
        }
    }

    #[test]
    fn tall_and_wide_features_give_their_variance_in_order() {
        for (rows, cols) in [(300, 80), (80, 300)] {
            let mut rng = ChaCha8Rng::seed_from_u64(5);
            // Standard deviation of column c: 1/(1 + c).
            let data = (0..rows * cols).map(|index| {
                let normal: f32 = StandardNormal.sample(&mut rng);
                normal / (1 + index % cols) as f32
            });
            let features = Matrix::new(rows, cols, data.collect());
            let scores = scores(&features, 5, 1).unwrap();
            let power = |c: usize| -> f32 { (0..rows).map(|r| scores.row(r)[c].powi(2)).sum() };
            let ratio = power(0) / power(1);
            assert!((2.8..5.6).contains(&ratio), "{ratio}");
            assert!((1..5).all(|c| power(c) <= power(c - 1)));
        }
    }

    #[test]
    fn hostile_numbers() {
        let bad = Matrix::new(2, 3, vec![0.0, 1.0, 2.0, 3.0, f32::NAN, 5.0]);
        let error = scores(&bad, 2, 1).unwrap_err().to_string();
        assert!(
            error.contains("picture 1") && error.contains("element 1"),
            "{error}"
        );
        let huge = Matrix::new(3, 2, vec![1e38, 0.0, -1e38, 1e38, 3e38, -3e38]);
        assert!(
            scores(&huge, 2, 1)
                .unwrap()
                .data
                .iter()
                .all(|v| v.is_finite())
        );
        let equal = Matrix::new(9, 4, vec![0.3; 36]);
        assert!(
            scores(&equal, 2, 1)
                .unwrap()
                .data
                .iter()
                .all(|v| v.abs() < 1e-6)
        );
        for (rows, cols) in [(0, 4), (1, 4), (3, 0), (2, 1)] {
            let few = Matrix::new(rows, cols, vec![1.0; rows * cols]);
            assert_eq!(scores(&few, 50, 1).unwrap().rows, rows);
        }
    }
}
