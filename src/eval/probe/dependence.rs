//! How much one code tells about another, without any label.

use nalgebra::DMatrix;

use super::set::{ProbeSet, spaced};
use crate::eval::matrix::Matrix;

/// Pictures that are compared pair by pair.
const PICTURES: usize = 500;

/// Distance correlation (see [`super::Separation`]) of two features of the pictures of `set`, on at
/// most 500 of the test part; `None` of fewer than four pictures, of a feature that is the same for
/// all, or one that is not finite.
pub(super) fn distance_correlation(set: &ProbeSet, a: &Matrix, b: &Matrix) -> Option<f64> {
    let count = set.test.len().min(PICTURES);
    let picks: Vec<usize> = spaced(set.test.len(), count)
        .map(|at| set.test[at])
        .collect();
    of_rows(&a.select(&picks), &b.select(&picks))
}

fn of_rows(a: &Matrix, b: &Matrix) -> Option<f64> {
    if a.rows < 4 {
        return None;
    }
    let (a, b) = (centred_distances(a), centred_distances(b));
    let squared = a.dot(&b) / (a.norm_squared() * b.norm_squared()).sqrt();
    squared.is_finite().then(|| squared.clamp(0.0, 1.0).sqrt())
}

/// Euclidean distances of all pairs of rows, U-centred: each row without its diagonal sums to zero.
fn centred_distances(features: &Matrix) -> DMatrix<f64> {
    let n = features.rows;
    let mut distances = DMatrix::zeros(n, n);
    for i in 0..n {
        for j in 0..i {
            let pairs = features.row(i).iter().zip(features.row(j));
            let square: f64 = pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum();
            distances[(i, j)] = square.sqrt();
            distances[(j, i)] = distances[(i, j)];
        }
    }
    let sums: Vec<f64> = distances.column_iter().map(|column| column.sum()).collect();
    let count = n as f64;
    let total = sums.iter().sum::<f64>() / ((count - 1.0) * (count - 2.0));
    for i in 0..n {
        for j in 0..n {
            distances[(i, j)] += total - (sums[i] + sums[j]) / (count - 2.0);
        }
        distances[(i, i)] = 0.0;
    }
    distances
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that repeat nowhere.
    fn noise(rows: usize, cols: usize, tag: usize) -> Matrix {
        let number = |i: usize| ((i * i * 31 + i * tag + tag) % 1009) as f32 / 1009.0;
        Matrix::new(rows, cols, (0..rows * cols).map(number).collect())
    }

    #[test]
    fn dependence_by_definition() {
        let a = noise(60, 40, 7);
        // Turned and scaled: columns in another order, some with the other sign, times three.
        let turned = (0..60 * 40).map(|i| {
            let x = a.data[i / 40 * 40 + (i % 40 + 13) % 40];
            if i % 40 % 2 == 0 { -3.0 * x } else { 3.0 * x }
        });
        let turned = Matrix::new(60, 40, turned.collect());
        assert!((of_rows(&a, &turned).unwrap() - 1.0).abs() < 1e-6);
        // Long independent codes are not taken for dependent ones.
        let other = noise(60, 40, 356);
        assert!(of_rows(&a, &other).unwrap() < 0.45);
        assert_eq!(of_rows(&a, &Matrix::new(60, 1, vec![0.5; 60])), None);
        assert_eq!(of_rows(&noise(3, 2, 1), &noise(3, 2, 2)), None);
        assert_eq!(of_rows(&a, &Matrix::new(60, 1, vec![f32::NAN; 60])), None);
    }

    #[test]
    fn a_dependence_without_correlation_is_found() {
        // y = x² over a symmetric x; numpy: root of 0.183875.
        let x: Vec<f32> = (0..41).map(|i| i as f32 / 20.0 - 1.0).collect();
        let y: Vec<f32> = x.iter().map(|x| x * x).collect();
        let got = of_rows(&Matrix::new(41, 1, x), &Matrix::new(41, 1, y)).unwrap();
        assert!((got * got - 0.183_875).abs() < 1e-4, "{}", got * got);
    }
}
