//! Ridge regression on scalar products: one eigendecomposition serves every target and every
//! strength of the penalty.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn, SymmetricEigen};

use super::gram::Gram;
use super::set::ProbeSet;

/// Iterations per picture after which the eigendecomposition is given up; a handful is usual.
const PATIENCE: usize = 100;
/// Folds of the cross-validation; with fewer people each is left out by itself.
const FOLDS: usize = 10;
/// Directions below this share of the largest eigenvalue are rounding.
const ROUNDING: f64 = 1e-13;

/// Strengths of the penalty, strongest first, as shares of the sum of all eigenvalues: from "the
/// mean and nothing else" to "follow every direction that 32-bit features can hold".
fn penalties(total: f64) -> impl Iterator<Item = f64> {
    (0..=22).map(move |half| total * 10f64.powf(2.0 - 0.5 * f64::from(half)))
}

/// Ridge regressions on parts of the same pictures. The eigendecompositions are kept, since most
/// targets are known for the same pictures.
pub(super) struct Ridges<'a> {
    gram: &'a Gram,
    set: &'a ProbeSet,
    known: Vec<Ridge>,
}

impl<'a> Ridges<'a> {
    pub fn new(set: &'a ProbeSet, gram: &'a Gram) -> Self {
        Self {
            gram,
            set,
            known: Vec::new(),
        }
    }

    pub fn gram(&self) -> &'a Gram {
        self.gram
    }

    /// The regression on the pictures `fit`; `None` for fewer than two.
    pub fn on(&mut self, fit: &[usize]) -> Option<&Ridge> {
        let at = match self.known.iter().position(|ridge| ridge.fit == fit) {
            Some(at) => at,
            None => {
                let people = self.set.people(fit);
                self.known.push(Ridge::new(self.gram, fit, &people)?);
                self.known.len() - 1
            }
        };
        Some(&self.known[at])
    }
}

/// Ridge regression with a free intercept on some pictures.
pub(super) struct Ridge {
    fit: Vec<usize>,
    /// Eigenvalues of the centred products, without those that are rounding.
    values: DVector<f64>,
    /// Their eigenvectors: fit pictures × eigenvalues.
    vectors: DMatrix<f64>,
    /// Mean scalar product of each fit picture with the fit pictures.
    means: DVector<f64>,
    /// Places in `fit` that are left out together.
    folds: Vec<Vec<usize>>,
    trials: Vec<Trial>,
}

/// A strength of the penalty.
struct Trial {
    penalty: f64,
    /// `I − S_GG` of every fold G; `None` where rounding makes that singular.
    free: Option<Vec<Cholesky<f64, Dyn>>>,
}

/// A solved regression of one or several columns of targets.
pub(super) struct Solution {
    /// Predictions for each fit picture by a regression that has not seen its person.
    pub left_out: DMatrix<f64>,
    weights: DMatrix<f64>,
    intercepts: Vec<f64>,
}

impl Ridge {
    /// `people`: for each of `fit` the number of its person, from 0 without gaps. People are left
    /// out whole, since pictures of one person are alike: leaving out a picture only would favour
    /// penalties that are far too weak for strangers.
    fn new(gram: &Gram, fit: &[usize], people: &[usize]) -> Option<Self> {
        if fit.len() < 2 {
            return None;
        }
        let (values, vectors) = spectrum(gram, fit)?;
        let folds = folds(people);
        let total = values.sum();
        let trials = penalties(if total > 0.0 { total } else { 1.0 });
        Some(Self {
            trials: trials
                .map(|penalty| Trial {
                    penalty,
                    free: free(&values, &vectors, &folds, penalty),
                })
                .collect(),
            fit: fit.to_vec(),
            values,
            vectors,
            means: DVector::from_vec(gram.means(fit, fit)),
            folds,
        })
    }

    /// Eigenvalues of the centred products, in no order, without those that are zero.
    pub fn eigenvalues(&self) -> &[f64] {
        self.values.as_slice()
    }

    /// Fits the columns of `targets` (fit pictures × columns) with the one penalty that gives them
    /// the least squared error for people left out; of equals the strongest.
    ///
    /// With `K = V D Vᵀ` the fit is `ŷ = S y`, `S = 1/n + V D (D + λ)⁻¹ Vᵀ`, and the residuals of a
    /// fold G that is left out are `(I − S_GG)⁻¹ (y − ŷ)_G`: no regression is fitted twice.
    pub fn solve(&self, targets: &DMatrix<f64>) -> Solution {
        let intercepts: Vec<f64> = targets.column_iter().map(|column| column.mean()).collect();
        let mut centred = targets.clone();
        for (mut column, mean) in centred.column_iter_mut().zip(&intercepts) {
            column.add_scalar_mut(-mean);
        }
        let turned = self.vectors.tr_mul(&centred);
        let mut best: Option<(f64, f64, DMatrix<f64>)> = None;
        for trial in &self.trials {
            let Some(free) = &trial.free else { continue };
            let kept = self.values.map(|value| value / (value + trial.penalty));
            let mut residuals = &centred - &self.vectors * scaled_rows(&turned, &kept);
            for (fold, free) in self.folds.iter().zip(free) {
                let left_out = free.solve(&residuals.select_rows(fold));
                for (&at, row) in fold.iter().zip(left_out.row_iter()) {
                    residuals.set_row(at, &row);
                }
            }
            let error = residuals.norm_squared();
            if best.as_ref().is_none_or(|(least, ..)| error < *least) {
                best = Some((error, trial.penalty, residuals));
            }
        }
        // Targets that are not finite have no best; the regression then is the mean.
        let (_, penalty, residuals) = best.unwrap_or_else(|| (0.0, f64::INFINITY, centred.clone()));
        let inverse = self.values.map(|value| 1.0 / (value + penalty));
        Solution {
            left_out: targets - residuals,
            weights: &self.vectors * scaled_rows(&turned, &inverse),
            intercepts,
        }
    }

    /// The same regression of one column as a function of features: predictions are
    /// `weights · x + intercept`.
    pub fn linear(&self, gram: &Gram, solution: &Solution) -> (DVector<f64>, f64) {
        let features = gram.centred_features(&self.fit);
        let (offset, scale) = gram.scaling();
        let weights = features.tr_mul(&solution.weights.column(0)) * scale;
        // The mean of the fit pictures is given the mean target.
        let mean = |column: usize| {
            let scaled = self.fit.iter().map(|&i| gram.features().row(i)[column]);
            offset[column] + scaled.map(f64::from).sum::<f64>() / self.fit.len() as f64 / scale
        };
        let at_mean: f64 = (weights.iter().enumerate())
            .map(|(at, weight)| weight * mean(at))
            .sum();
        let intercept = solution.intercepts[0] - at_mean;
        (weights, intercept)
    }

    /// Predictions for the pictures `picks`.
    pub fn predict(&self, gram: &Gram, solution: &Solution, picks: &[usize]) -> DMatrix<f64> {
        // The weights of a column sum to zero, so only the mean over the fit part has to go.
        let mut products = gram.between(picks, &self.fit);
        for (mut column, mean) in products.column_iter_mut().zip(self.means.iter()) {
            column.add_scalar_mut(-mean);
        }
        let mut predictions = products * &solution.weights;
        for (mut column, mean) in predictions.column_iter_mut().zip(&solution.intercepts) {
            column.add_scalar_mut(*mean);
        }
        predictions
    }
}

/// Eigenvalues and eigenvectors of the centred products of `fit`. Features that are shorter than
/// the list of pictures are decomposed themselves, which is the smaller problem.
fn spectrum(gram: &Gram, fit: &[usize]) -> Option<(DVector<f64>, DMatrix<f64>)> {
    let narrow = gram.features().cols < fit.len();
    let (square, features) = if narrow {
        let features = gram.centred_features(fit);
        (features.tr_mul(&features), Some(features))
    } else {
        (gram.centred(fit), None)
    };
    if square.is_empty() {
        return Some((DVector::zeros(0), DMatrix::zeros(fit.len(), 0)));
    }
    let rows = square.nrows();
    let eigen = SymmetricEigen::try_new(square, f64::EPSILON, PATIENCE * rows)?;
    let largest = eigen.eigenvalues.max();
    let kept: Vec<usize> = (0..rows)
        .filter(|&at| eigen.eigenvalues[at] > ROUNDING * largest)
        .collect();
    let values = DVector::from_iterator(kept.len(), kept.iter().map(|&at| eigen.eigenvalues[at]));
    let mut vectors = eigen.eigenvectors.select_columns(&kept);
    if let Some(features) = features {
        vectors = features * vectors;
        for (mut column, value) in vectors.column_iter_mut().zip(values.iter()) {
            column /= value.sqrt();
        }
    }
    Some((values, vectors))
}

/// Places that are left out together: everybody's pictures in one fold.
fn folds(people: &[usize]) -> Vec<Vec<usize>> {
    let count = people.iter().max().map_or(0, |last| last + 1);
    let mut folds = vec![Vec::new(); count.min(FOLDS)];
    for (place, person) in people.iter().enumerate() {
        folds[person % FOLDS].push(place);
    }
    folds
}

/// `I − S_GG` of every fold, factorised; `None` if one cannot be.
fn free(
    values: &DVector<f64>,
    vectors: &DMatrix<f64>,
    folds: &[Vec<usize>],
    penalty: f64,
) -> Option<Vec<Cholesky<f64, Dyn>>> {
    let mean = 1.0 / vectors.nrows() as f64;
    let kept = values.map(|value| (value / (value + penalty)).sqrt());
    let each = folds.iter().map(|fold| {
        let rows = scaled_rows(&vectors.select_rows(fold).transpose(), &kept);
        let mut square = rows.tr_mul(&rows);
        square.apply(|s| *s = -*s - mean);
        for at in 0..fold.len() {
            square[(at, at)] += 1.0;
        }
        Cholesky::new(square)
    });
    each.collect()
}

fn scaled_rows(matrix: &DMatrix<f64>, factors: &DVector<f64>) -> DMatrix<f64> {
    let mut scaled = matrix.clone();
    for mut column in scaled.column_iter_mut() {
        column.component_mul_assign(factors);
    }
    scaled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::matrix::Matrix;

    fn gram(data: Vec<f32>, cols: usize) -> Gram {
        Gram::new(Matrix::new(data.len() / cols, cols, data), 1.0)
    }

    /// Predictions for the pictures `out` by a regression on the pictures `kept` alone.
    fn refitted(
        gram: &Gram,
        ys: &[f64],
        kept: &[usize],
        out: &[usize],
        penalty: f64,
    ) -> DVector<f64> {
        let n = kept.len();
        let y = DVector::from_iterator(n, kept.iter().map(|&i| ys[i]));
        let mean = y.mean();
        let system = gram.centred(kept) + DMatrix::identity(n, n) * penalty;
        let alpha = system.lu().solve(&y.add_scalar(-mean)).unwrap();
        let means = gram.means(kept, kept);
        let products = gram.between(out, kept);
        let centred = DMatrix::from_fn(out.len(), n, |i, j| products[(i, j)] - means[j]);
        (centred * alpha).add_scalar(mean)
    }

    /// Wide features are decomposed picture by picture, narrow ones column by column.
    #[test]
    fn left_out_predictions_agree_with_leaving_people_out() {
        let noise = |i: usize| ((i * i * 7 + i * 13) % 29) as f32 / 29.0 - 0.5;
        // Pictures 9–11 and 20 are not fitted on.
        let fit: Vec<usize> = (0..24).filter(|i| !matches!(i, 9..12 | 20)).collect();
        for (cols, people_count) in [(5, 4), (5, 13), (40, 4), (40, 13)] {
            let gram = gram((0..24 * cols).map(noise).collect(), cols);
            let ys: Vec<f64> = (0..24)
                .map(|i| f64::from(noise(3 * i + 1)) * 9.0 + 2.0)
                .collect();
            let people: Vec<usize> = (0..fit.len())
                .map(|at| at * people_count / fit.len())
                .collect();
            let ridge = Ridge::new(&gram, &fit, &people).unwrap();
            assert_eq!(ridge.folds.len(), people_count.min(FOLDS));
            let targets = DMatrix::from_iterator(fit.len(), 1, fit.iter().map(|&i| ys[i]));
            let solution = ridge.solve(&targets);
            let mut errors = Vec::new();
            for penalty in penalties(ridge.values.sum()) {
                let mut left_out = vec![0.0; fit.len()];
                for fold in &ridge.folds {
                    let out: Vec<usize> = fold.iter().map(|&at| fit[at]).collect();
                    let kept: Vec<usize> =
                        fit.iter().copied().filter(|i| !out.contains(i)).collect();
                    let predicted = refitted(&gram, &ys, &kept, &out, penalty);
                    for (&at, &value) in fold.iter().zip(predicted.iter()) {
                        left_out[at] = value;
                    }
                }
                let wrong = left_out.iter().zip(targets.iter());
                errors.push((
                    wrong.map(|(p, t)| (p - t).powi(2)).sum::<f64>(),
                    penalty,
                    left_out,
                ));
            }
            let best = errors.iter().min_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
            for (got, expected) in solution.left_out.iter().zip(&best.2) {
                assert!((got - expected).abs() < 1e-6, "{cols}: {got} {expected}");
            }
            let strangers = ridge.predict(&gram, &solution, &[9, 20]);
            let expected = refitted(&gram, &ys, &fit, &[9, 20], best.1);
            assert!((strangers - expected).amax() < 1e-6, "{cols}");
        }
    }

    #[test]
    fn a_line_is_continued() {
        let gram = gram(vec![1.0, 2.0, 4.0, 8.0, -3.0], 1);
        let ridge = Ridge::new(&gram, &[0, 1, 2], &[0, 1, 2]).unwrap();
        // y = 10 − 3 x.
        let solution = ridge.solve(&DMatrix::from_column_slice(3, 1, &[7.0, 4.0, -2.0]));
        let far = ridge.predict(&gram, &solution, &[3, 4]);
        assert!((far[0] + 14.0).abs() < 1e-3 && (far[1] - 19.0).abs() < 1e-3);
    }

    #[test]
    fn the_function_of_features_gives_the_same_predictions() {
        let data: Vec<f32> = (0..30)
            .map(|i| ((i * i * 7) % 23) as f32 * 0.3 + 5.0)
            .collect();
        let gram = gram(data.clone(), 3);
        let fit = [0, 1, 2, 4, 5, 7, 8];
        let ridge = Ridge::new(&gram, &fit, &[0, 1, 2, 3, 4, 5, 6]).unwrap();
        let targets = [1.0, 4.0, -2.0, 0.5, 3.0, 2.5, -1.0];
        let solution = ridge.solve(&DMatrix::from_column_slice(7, 1, &targets));
        let (weights, intercept) = ridge.linear(&gram, &solution);
        let expected = ridge.predict(&gram, &solution, &[3, 5, 9]);
        for (&at, expected) in [3, 5, 9].iter().zip(expected.iter()) {
            let x = &data[3 * at..3 * at + 3];
            let sum: f64 = x
                .iter()
                .zip(weights.iter())
                .map(|(&x, w)| f64::from(x) * w)
                .sum();
            assert!(
                (sum + intercept - expected).abs() < 1e-5,
                "{sum} {intercept} {expected}"
            );
        }
    }

    #[test]
    fn pictures_that_are_alike_are_given_the_mean() {
        let gram = Gram::of_equals(4);
        let ridge = Ridge::new(&gram, &[0, 1, 2], &[0, 1, 2]).unwrap();
        let solution = ridge.solve(&DMatrix::from_column_slice(3, 1, &[1.0, 2.0, 6.0]));
        assert_eq!(ridge.predict(&gram, &solution, &[3])[0], 3.0);
        // Left out: the mean of the other two.
        let expected = [4.0, 3.5, 1.5];
        for (got, expected) in solution.left_out.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-9, "{got} {expected}");
        }
        assert!(Ridge::new(&gram, &[0], &[0]).is_none());
    }
}
