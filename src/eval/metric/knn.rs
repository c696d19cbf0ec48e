//! The k-nearest-neighbour check (METHODS 2.6): no training, so it shows the raw feature.

use rayon::prelude::*;

use crate::eval::product::{View, multiply};
use crate::eval::rows::{Rows, RowsError, check_classes, check_parts};

/// k of the protocol.
pub const NEIGHBOURS: usize = 5;
/// Numbers in a block of rows; blocks of both parts should stay in a core's cache.
const BLOCK: usize = 1 << 19;

/// The class of each test picture by a uniform vote of its `k` nearest training pictures
/// (Euclidean). Equal votes go to the smallest class; of equally near pictures the earlier in the
/// training part counts.
///
/// Distances from a matrix product are only good to some digits, so they choose candidates with a
/// bound on their error, and the candidates are compared exactly: the result is that of comparing
/// every pair.
///
/// # Errors
/// If a part is empty, features differ in length or are not finite, or a label is not below
/// `classes`.
pub fn knn(
    train: &dyn Rows,
    labels: &[u32],
    classes: usize,
    test: &dyn Rows,
    k: usize,
) -> Result<Vec<u32>, RowsError> {
    check_parts(train, test)?;
    check_classes(labels, classes)?;
    if labels.len() != train.len() {
        return Err(RowsError::Labels {
            labels: labels.len(),
            rows: train.len(),
        });
    }
    let norms = squared_lengths(train, "training")?;
    let test_norms = squared_lengths(test, "test")?;
    let block = (BLOCK / train.dim()).clamp(8, 128);
    let mut votes = vec![0; test.len()];
    votes
        .par_chunks_mut(block)
        .zip(test_norms.par_chunks(block))
        .enumerate()
        .for_each(|(number, (votes, test_norms))| {
            let first = number * block;
            let products = products(train, test, first, votes.len(), block);
            let rows = products.chunks_exact(train.len()).zip(test_norms);
            for (i, (vote, (products, &norm))) in votes.iter_mut().zip(rows).enumerate() {
                let candidates = candidates(products, norm, &norms, k, train.dim());
                *vote = elect(train, labels, classes, test.row(first + i), candidates, k);
            }
        });
    Ok(votes)
}

/// |x|² of every row.
fn squared_lengths(rows: &dyn Rows, part: &'static str) -> Result<Vec<f64>, RowsError> {
    let square = |i| {
        rows.row(i)
            .iter()
            .map(|&x| f64::from(x).powi(2))
            .sum::<f64>()
    };
    let norms = (0..rows.len())
        .into_par_iter()
        .map(square)
        .collect::<Vec<_>>();
    match norms.iter().position(|norm| !norm.is_finite()) {
        Some(index) => Err(RowsError::NotFinite { part, index }),
        None => Ok(norms),
    }
}

/// Products of `count` test rows from `first` on with all training rows, `[count, train]`.
fn products(
    train: &dyn Rows,
    test: &dyn Rows,
    first: usize,
    count: usize,
    block: usize,
) -> Vec<f32> {
    let (dim, all) = (train.dim(), train.len());
    let fill = |rows: &dyn Rows, from: usize, count: usize, out: &mut Vec<f32>| {
        out.clear();
        for i in from..from + count {
            out.extend_from_slice(rows.row(i));
        }
    };
    let (mut left, mut right, mut part) = (Vec::new(), Vec::new(), Vec::new());
    fill(test, first, count, &mut left);
    let mut out = vec![0.0; count * all];
    for from in (0..all).step_by(block) {
        let width = block.min(all - from);
        fill(train, from, width, &mut right);
        part.resize(count * width, 0.0);
        multiply(
            &mut part,
            View::new(&left, dim),
            View::new(&right, dim).transposed(),
        );
        for (out, part) in out.chunks_exact_mut(all).zip(part.chunks_exact(width)) {
            out[from..from + width].copy_from_slice(part);
        }
    }
    out
}

/// Every training row that may be among the `k` nearest.
fn candidates(products: &[f32], norm: f64, norms: &[f64], k: usize, dim: usize) -> Vec<usize> {
    // A product of n terms in f32, summed in any order, is off by at most about n·u·|a||b|; twice
    // that for the factor 2 in |a − b|² = |a|² + |b|² − 2ab, and as much again to be safe.
    let unit = f64::from(f32::EPSILON) * (dim + 8) as f64;
    let distance = |i: usize| {
        let error = 2.0 * unit * (norm * norms[i]).sqrt() + f64::from(f32::MIN_POSITIVE);
        match f64::from(products[i]) {
            // Beyond f32: anything is possible.
            product if !product.is_finite() => (f64::NEG_INFINITY, f64::INFINITY),
            product => {
                let near = norm + norms[i] - 2.0 * product;
                (near - error, near + error)
            }
        }
    };
    let mut most = (0..products.len())
        .map(|i| distance(i).1)
        .collect::<Vec<_>>();
    let last = k.clamp(1, most.len()) - 1;
    let (_, &mut bound, _) = most.select_nth_unstable_by(last, f64::total_cmp);
    (0..products.len())
        .filter(|&i| distance(i).0 <= bound)
        .collect()
}

/// The vote of the `k` nearest of the candidates.
fn elect(
    train: &dyn Rows,
    labels: &[u32],
    classes: usize,
    x: &[f32],
    candidates: Vec<usize>,
    k: usize,
) -> u32 {
    let distance = |i: usize| {
        let squares = train
            .row(i)
            .iter()
            .zip(x)
            .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
        squares.sum::<f64>()
    };
    let mut near = candidates
        .into_iter()
        .map(|i| (distance(i), i))
        .collect::<Vec<_>>();
    near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut votes = vec![0; classes];
    for (_, i) in near.into_iter().take(k.max(1)) {
        votes[labels[i] as usize] += 1;
    }
    let first = |best: usize, class: usize| {
        if votes[class] > votes[best] {
            class
        } else {
            best
        }
    };
    (0..classes).fold(0, first) as u32
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::eval::matrix::Matrix;

    fn line(points: &[f32]) -> Matrix {
        Matrix::new(points.len(), 1, points.to_vec())
    }

    #[test]
    fn ties_by_hand() {
        // Around 0: class 2 at 1 and −2, class 1 at 3 and −4, class 0 at 5: two votes each for 2
        // and 1, so the smaller class.
        let train = line(&[1.0, -2.0, 3.0, -4.0, 5.0, 60.0]);
        let labels = [2, 2, 1, 1, 0, 0];
        assert_eq!(knn(&train, &labels, 3, &line(&[0.0]), 5), Ok(vec![1]));
        // k = 1 between two equally near pictures: the earlier.
        let train = line(&[1.0, -1.0]);
        assert_eq!(knn(&train, &[1, 0], 2, &line(&[0.0]), 1), Ok(vec![1]));
        // Fewer pictures than k: all vote.
        assert_eq!(knn(&train, &[1, 0], 2, &line(&[9.0]), 5), Ok(vec![0]));
    }

    /// Far from the origin, where the product's rounding is larger than the distances.
    #[test]
    fn equals_comparing_every_pair() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for (offset, step, dim) in [(0.0, 1.0, 3), (1000.0, 0.01, 40), (0.0, 0.25, 300)] {
            let mut rows = |count: usize| {
                let draw = |_| offset + step * rng.random_range(0..4) as f32;
                Matrix::new(count, dim, (0..count * dim).map(draw).collect())
            };
            let (train, test) = (rows(700), rows(60));
            let labels = (0..700).map(|i| i * 31 % 6).collect::<Vec<u32>>();
            let brute = (0..60).map(|t| {
                elect(
                    &train,
                    &labels,
                    6,
                    test.row(t),
                    (0..700).collect(),
                    NEIGHBOURS,
                )
            });
            let brute = brute.collect::<Vec<_>>();
            assert_eq!(knn(&train, &labels, 6, &test, NEIGHBOURS), Ok(brute));
        }
    }

    #[test]
    fn refuses_what_is_no_number() {
        let error = RowsError::NotFinite {
            part: "training",
            index: 1,
        };
        assert_eq!(
            knn(&line(&[0.0, f32::NAN]), &[0, 0], 1, &line(&[0.0]), 5),
            Err(error)
        );
    }
}
